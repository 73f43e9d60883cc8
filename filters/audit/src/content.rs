//! What of a prompt or an answer goes into its record: the tenant's policy decides.

use bytes::Bytes;

use inferlayer_accounts::{ContentPolicy, Tenant};
use inferlayer_ledger::Content;

/// A record's content, and what its metadata say of content that is withheld.
pub(crate) struct Kept {
    pub(crate) content: Content,
    /// In hexadecimal.
    pub(crate) hmac_sha256: Option<String>,
    pub(crate) bytes: Option<u64>,
}

impl Kept {
    /// What is kept of `content`. Where there is nothing, nothing is withheld.
    pub(crate) fn of(tenant: &Tenant, content: Bytes) -> Kept {
        if content.is_empty() {
            return Kept { content: Content::None, hmac_sha256: None, bytes: None };
        }
        let bytes = Some(content.len() as u64);
        let withheld = |hmac_sha256| Kept { content: Content::Withheld, hmac_sha256, bytes };
        match tenant.content() {
            ContentPolicy::Full => {
                let content = Content::Sealed(vec![content]);
                Kept { content, hmac_sha256: None, bytes: None }
            }
            ContentPolicy::Hash => withheld(Some(tenant.seal().content_hmac(&content).to_string())),
            ContentPolicy::None => withheld(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit;

    use super::*;

    fn kept(policy: &str, content: &'static str) -> (&'static str, Option<String>, Option<u64>) {
        let yaml = format!("{{ name: a, budget_usd: 1, content: {policy} }}");
        let kept = Kept::of(&testkit::tenant(&yaml).unwrap(), content.into());
        let form = match kept.content {
            Content::None | Content::External(_) => "none",
            Content::Withheld => "withheld",
            Content::Sealed(parts) if parts == [content] => "sealed",
            Content::Sealed(_) => "sealed, and not what it was",
        };
        (form, kept.hmac_sha256, kept.bytes)
    }

    #[test]
    fn the_policy_decides() {
        let seal = testkit::tenant("{ name: a, budget_usd: 1 }").unwrap().seal().clone();
        let hmac = seal.content_hmac(b"words").to_string();
        assert_eq!(kept("full", "words"), ("sealed", None, None));
        assert_eq!(kept("hash", "words"), ("withheld", Some(hmac), Some(5)));
        assert_eq!(kept("none", "words"), ("withheld", None, Some(5)));
        for policy in ["full", "hash", "none"] {
            assert_eq!(kept(policy, ""), ("none", None, None), "{policy}");
        }
    }
}
