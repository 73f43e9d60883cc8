//! Who is asking. Reads the key from `Authorization: Bearer`, `x-api-key`, `api-key` or
//! `x-goog-api-key` and turns it into a [`Tenant`]; nothing else in the gateway can. A request with
//! several keys that disagree is refused: "last one wins" is how a proxy and a server end up
//! serving two different callers.

mod refusal;

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use serde::Deserialize;

use inferlayer_accounts::tenant::{AuthenticateError, KeyHolder};
use inferlayer_accounts::{Accounts, PresentedKey, Tenants};
use inferlayer_filter::exchange::Head;
use inferlayer_filter::{BuildError, Exchange, Fact, Filter, Flow, Refusal, Settings, Site};
use inferlayer_wire::Dialect;

use crate::refusal::NotAuthenticated;

/// The block `authenticate`; it has no fields.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticateSettings {}

/// Turns keys into tenants.
struct Authenticate {
    accounts: Arc<Accounts>,
    tenants: Arc<Tenants>,
}

impl Settings for AuthenticateSettings {
    const NAME: &'static str = "authenticate";
    const GIVES: &'static [Fact] = &[Fact::Tenant];

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        let (accounts, tenants) = (Arc::clone(&site.accounts), Arc::clone(&site.tenants));
        Ok(Box::new(Authenticate { accounts, tenants }))
    }
}

#[async_trait]
impl Filter for Authenticate {
    async fn request_headers(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        let key = presented_key(&x.head, x.dialect)?;
        let presented = PresentedKey::parse(key).map_err(|_| NotAuthenticated::NoKey)?;
        match self.accounts.authenticate(&self.tenants, &presented) {
            Ok(tenant) => {
                let admitted = tenant.admit();
                x.tenant.fill(tenant)?;
                let full = |full| Refusal::full(full, "parallel requests");
                x.admitted.fill(admitted.map_err(full)?)?;
            }
            Err(error) => {
                let (refusal, holder) = refusal_of(error);
                x.refused_key = holder;
                return Err(refusal.into());
            }
        }
        Ok(Flow::Continue)
    }
}

/// What the caller hears. Why a key is not accepted is said to whoever has its secret.
fn refusal_of(error: AuthenticateError) -> (NotAuthenticated, Option<KeyHolder>) {
    match error {
        AuthenticateError::Unknown => (NotAuthenticated::NoKey, None),
        AuthenticateError::Revoked(holder) => (NotAuthenticated::Revoked, Some(holder)),
        AuthenticateError::Expired(holder) => (NotAuthenticated::Expired, Some(holder)),
        AuthenticateError::NoTenant(holder) => (NotAuthenticated::NoTenant, Some(holder)),
    }
}

/// The one key of a request.
fn presented_key(head: &Head, dialect: Dialect) -> Result<&[u8], NotAuthenticated> {
    let headers = &head.headers;
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| bearer_token(value.as_bytes()));
    let plain = ["x-api-key", "api-key", "x-goog-api-key"]
        .into_iter()
        .flat_map(|name| headers.get_all(name).iter().map(|value| Some(value.as_bytes())));
    // Google's own examples put it into the query.
    let query = head.parameter("key").filter(|_| dialect == Dialect::Gemini);
    let query = query.map(|key| Some(key.as_bytes()));
    let mut keys = bearer.chain(plain).chain(query);
    let key = keys.next().flatten().ok_or(NotAuthenticated::NoKey)?;
    match keys.all(|other| other == Some(key)) {
        true => Ok(key),
        false => Err(NotAuthenticated::DifferingKeys),
    }
}

/// RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1).
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    fn head(pairs: &[(&'static str, &'static str)], query: &str) -> Head {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        Head { method: Method::POST, path: String::new(), query: Some(query.to_owned()), headers }
    }

    fn key_of(pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let head = head(pairs, "key=q");
        let key = presented_key(&head, Dialect::OpenAi).ok()?;
        Some(String::from_utf8_lossy(key).into_owned())
    }

    #[test]
    fn a_query_has_a_key_for_gemini_s_callers_alone() {
        for (pairs, query, key) in [
            (&[][..], "alt=sse&key=k", Some("k")),
            (&[("x-goog-api-key", "k")], "key=k", Some("k")),
            (&[("x-goog-api-key", "k")], "key=other", None),
            (&[], "keys=k", None),
        ] {
            let head = head(pairs, query);
            let presented = presented_key(&head, Dialect::Gemini).ok();
            assert_eq!(presented, key.map(str::as_bytes), "{query}");
        }
    }

    #[test]
    fn takes_the_key_from_each_header_that_sdks_send() {
        for pair in [
            ("authorization", "Bearer k"),
            ("authorization", "bearer  k "),
            ("x-api-key", "k"),
            ("api-key", "k"),
            ("x-goog-api-key", "k"),
        ] {
            assert_eq!(key_of(&[pair]).as_deref(), Some("k"), "{pair:?}");
        }
    }

    #[test]
    fn refuses_none_another_scheme_and_keys_that_disagree() {
        assert_eq!(key_of(&[]), None);
        let differing = head(&[("api-key", "a"), ("x-api-key", "b")], "");
        let refusal = presented_key(&differing, Dialect::OpenAi).unwrap_err();
        assert!(refusal.to_string().contains("differ"), "{refusal}");
        assert_eq!(key_of(&[("authorization", "Basic k")]), None);
        assert_eq!(key_of(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]), None);
        assert_eq!(key_of(&[("authorization", "Bearer a"), ("x-api-key", "b")]), None);
        assert_eq!(key_of(&[("authorization", "Basic a"), ("x-api-key", "a")]), None);
        assert_eq!(key_of(&[("authorization", "Bearer a"), ("x-api-key", "a")]).unwrap(), "a");
    }
}
