//! Where what passes through goes: the rule of the longest path that the request's begins with.

use std::cmp::Reverse;
use std::sync::Arc;

use inferlayer_accounts::{NanoUsd, Tenant};
use inferlayer_filter::passage::Family;
use inferlayer_filter::{
    CallerError, Candidate, Candidates, Passage, PlainPath, Provider, Refusal,
};

use crate::refusal::NotRouted;
use crate::settings::{FlatPrice, PassThroughSettings};

/// The rules, the longest path first.
pub(crate) struct Rules(Vec<Rule>);

struct Rule {
    path: PlainPath,
    provider: Arc<Provider>,
    price: Option<NanoUsd>,
}

impl Rules {
    /// Those whose provider there is; `check` has refused the others.
    pub(crate) fn new(settings: &[PassThroughSettings], providers: &[Arc<Provider>]) -> Rules {
        let rule = |settings: &PassThroughSettings| {
            let provider = providers.iter().find(|known| *known.name == *settings.provider)?;
            let price = settings.price_usd.map(|FlatPrice(price)| price);
            Some(Rule { path: settings.path.clone(), provider: Arc::clone(provider), price })
        };
        let mut rules: Vec<Rule> = settings.iter().filter_map(rule).collect();
        rules.sort_by_key(|rule| Reverse(rule.path.as_str().len()));
        Rules(rules)
    }

    /// The one candidate of a request, and its price if there is one.
    pub(crate) fn lead(
        &self,
        passage: &Passage,
        tenant: &Tenant,
    ) -> Result<(Candidates, Option<NanoUsd>), Refusal> {
        let path = passage.path();
        let rule = self.0.iter().find(|rule| path.is_at_or_below(&rule.path));
        let rule = rule.ok_or(CallerError::UnknownPath)?;
        if passage.family() == Family::Other && !tenant.allows_pass_through() {
            return Err(NotRouted::PathNotAllowed { path: path.to_string() }.into());
        }
        let family = passage.family().name();
        let candidate = Candidate::new(Arc::clone(&rule.provider), family.into());
        let permitted = Candidates::permitted(tenant, [candidate]);
        let candidates =
            permitted.map_err(|_| CallerError::NotLocal { model: path.to_string() })?;
        Ok((candidates, rule.price))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use inferlayer_filter::testkit;

    use super::*;

    const RULES: &str = "
- { path: /v1/audio, provider: remote, price_usd: 0.05 }
- { path: /v1/audio/speech, provider: house }
- { path: /v1/fine_tuning, provider: remote, price_usd: 0 }
- { path: /v1/lost, provider: nobody }
";
    const ANYBODY: &str = "{ name: a, budget_usd: 1 }";

    /// Provider and nano-dollars, or the code of the refusal.
    fn lead(tenant: &str, path: &str) -> Result<(String, Option<u64>), Option<&'static str>> {
        let provider = |name: &str, local| {
            let candidate = testkit::candidate(name, "");
            let mut provider = Arc::into_inner(candidate.provider).unwrap();
            provider.local = local;
            Arc::new(provider)
        };
        let providers = [provider("remote", false), provider("house", true)];
        let settings: Vec<PassThroughSettings> = serde_yaml::from_str(RULES).unwrap();
        let passage = Passage::new(&Method::POST, path, None).unwrap();
        let tenant = testkit::tenant(tenant).unwrap();
        let led = Rules::new(&settings, &providers).lead(&passage, &tenant);
        let (candidates, price) = led.map_err(|refusal| refusal.response().code)?;
        assert_eq!(candidates.len(), 1);
        let candidate = candidates.get(0).unwrap();
        assert_eq!(&*candidate.model, passage.family().name());
        Ok((candidate.provider.name.to_string(), price.map(NanoUsd::nano)))
    }

    #[test]
    fn the_longest_path_at_a_segments_end_counts() {
        let led = |path| lead(ANYBODY, path);
        let remote = Ok(("remote".to_owned(), Some(50_000_000)));
        assert_eq!(led("/v1/audio/transcriptions"), remote);
        assert_eq!(led("/v1/audio/speeches"), remote);
        assert_eq!(led("/v1/audio/speech"), Ok(("house".to_owned(), None)));
        assert_eq!(led("/v1/audio/speech/x"), Ok(("house".to_owned(), None)));
        for path in ["/v1/audiobooks", "/v1/images/edits", "/v1/lost"] {
            assert_eq!(led(path), Err(Some("unknown_path")), "{path}");
        }
    }

    #[test]
    fn other_paths_are_open_to_those_who_may_pass_through() {
        let allowed = "{ name: a, budget_usd: 1, allow_pass_through: true }";
        let path = "/v1/fine_tuning/jobs";
        assert_eq!(lead(ANYBODY, path), Err(Some("path_not_allowed")));
        assert_eq!(lead(allowed, path), Ok(("remote".to_owned(), Some(0))));
        assert_eq!(lead(allowed, "/v1/assistants"), Err(Some("unknown_path")));
    }

    #[test]
    fn who_stays_local_goes_nowhere_else() {
        let local = "{ name: a, budget_usd: 1, local_only: true, allow_pass_through: true }";
        assert_eq!(lead(local, "/v1/audio/speech"), Ok(("house".to_owned(), None)));
        for path in ["/v1/audio/translations", "/v1/fine_tuning/jobs"] {
            assert_eq!(lead(local, path), Err(Some("model_not_allowed")), "{path}");
        }
    }
}
