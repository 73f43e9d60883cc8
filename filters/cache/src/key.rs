//! What a question is found by: a MAC under a key of the tenant over everything that decides about
//! its answer. Two steps, so that all questions of one context share a namespace: the tiers that
//! compare questions by their meaning will search in one and never leave it.

use ring::hmac;
use zeroize::Zeroizing;

use inferlayer_filter::cached::CacheKey;
use inferlayer_ledger::TenantSeal;
use inferlayer_wire::openai::Identity;

/// Makes the keys of one tenant. Without its secret nobody can tell what was asked, or whether two
/// tenants asked the same.
pub struct KeyMaker(Zeroizing<[u8; 32]>);

/// Who is asked, and where the question may go.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The API that the caller speaks.
    pub dialect: &'a str,
    /// The effective model.
    pub model: &'a str,
    /// The tenant's requests stay on local providers.
    pub local_only: bool,
    /// Who answers for the model: under another configuration another may stand behind the name.
    pub answered_by: &'a str,
    /// A digest of the filters that may change what is asked or answered.
    pub filters_sha256: &'a str,
}

impl KeyMaker {
    /// The keys of the tenant whose seal this is.
    pub fn new(seal: &TenantSeal) -> KeyMaker {
        KeyMaker(seal.derive(b"inferlayer/cache/v1"))
    }

    /// The key of a question in its namespace.
    pub fn key(&self, scope: Scope<'_>, identity: &Identity) -> CacheKey {
        let namespace = mac(
            &*self.0,
            &[
                scope.dialect.as_bytes(),
                scope.model.as_bytes(),
                &[u8::from(scope.local_only)],
                scope.answered_by.as_bytes(),
                scope.filters_sha256.as_bytes(),
                identity.context(),
            ],
        );
        CacheKey(mac(&namespace, &[identity.question().as_bytes()]))
    }
}

/// HMAC-SHA256 over `fields`, each behind its length, so that none runs into the next.
fn mac(key: &[u8], fields: &[&[u8]]) -> [u8; 32] {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(mac.sign().as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}

#[cfg(test)]
mod tests {
    use inferlayer_wire::ChatRequest;

    use super::*;

    const SCOPE: Scope<'_> = Scope {
        dialect: "openai",
        model: "m",
        local_only: false,
        answered_by: "p",
        filters_sha256: "c",
    };

    fn key(tenant: u8, scope: Scope<'_>, body: &'static str) -> CacheKey {
        let keys = KeyMaker::new(&TenantSeal::new([tenant; 32].into()));
        keys.key(scope, &ChatRequest::parse(body.into()).unwrap().identity())
    }

    #[test]
    fn everything_that_decides_about_the_answer_changes_the_key() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        let keys = [
            key(1, SCOPE, body),
            key(2, SCOPE, body),
            key(1, Scope { dialect: "other", ..SCOPE }, body),
            key(1, Scope { model: "n", ..SCOPE }, body),
            key(1, Scope { local_only: true, ..SCOPE }, body),
            key(1, Scope { answered_by: "q", ..SCOPE }, body),
            key(1, Scope { filters_sha256: "d", ..SCOPE }, body),
            key(1, Scope { dialect: "openaim", model: "", ..SCOPE }, body),
            key(1, SCOPE, r#"{"model":"m","messages":[{"role":"user","content":"ho"}]}"#),
            key(1, SCOPE, r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1}"#),
        ];
        let different: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(key(1, SCOPE, body), keys[0]);
    }
}
