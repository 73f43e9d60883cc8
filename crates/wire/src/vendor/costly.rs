//! Members of a request that some provider obeys and that move what the request costs, or where it
//! goes, beyond what the gateway reads of it. A vendor's row says which kinds it obeys; a request
//! that has one is not sent there, and the refusal names the member as the caller wrote it.
//!
//! Nothing here is about members that a provider ignores: those pass as they came.

use serde::de::MapAccess;
use serde_json::value::RawValue;

use crate::json::{skip, text};
use crate::{Invalid, field};

/// What such a member moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Costly {
    /// The cap on the output, under a name that the gateway does not read.
    Cap,
    /// How many answers are made, shown or not.
    Answers,
    /// Which model answers, or what else is done for a fee.
    Model,
    /// Which host is asked, with whose key.
    Host,
    /// What the provider does beside generating, each with a price of its own.
    Service,
    /// When it is answered: behind the gateway's back.
    Later,
    /// How fast it is answered, at another price.
    Pace,
}

const CAPS: &[&str] = &[
    "n_predict",
    "num_predict",
    "max_new_tokens",
    "max_output_tokens",
    "max_tokens_to_sample",
    "max_gen_len",
    "max_length",
    "options",
];
const ANSWERS: &[&str] = &[
    "best_of",
    "n_cmpl",
    "num_return_sequences",
    "candidate_count",
    "num_beams",
    "use_beam_search",
];
const MODELS: &[&str] = &[
    "models",
    "route",
    "provider",
    "plugins",
    "transforms",
    "preset",
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "context_window_fallback_dict",
    "model_list",
    "user_config",
    "custom_llm_provider",
    "num_retries",
    "max_retries",
    "mock_response",
];
const HOSTS: &[&str] = &[
    "api_base",
    "base_url",
    "api_key",
    "api_version",
    "api_type",
    "deployment_id",
    "organization",
    "azure_ad_token",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_region_name",
    "aws_bedrock_runtime_endpoint",
    "vertex_project",
    "vertex_location",
    "vertex_credentials",
    "extra_headers",
    "extra_query",
    "extra_body",
    "kv_transfer_params",
    "data_sources",
];
const SERVICES: &[&str] = &[
    "search_parameters",
    "search_settings",
    "compound_custom",
    "enable_search",
    "search_options",
    "web_search",
];
const LATER: &[&str] = &["deferred", "background", "batch"];
const PACE: &[&str] = &["speed"];

/// Lists of probabilities that a request may ask for, for each token.
const MAX_PROBABILITIES: u64 = 20;
const PROBABILITIES: [&str; 4] = ["top_logprobs", "logprobs", "prompt_logprobs", "n_probs"];
const TIERS: [&str; 2] = ["service_tier", "serviceTier"];

impl Costly {
    const ALL: [Costly; 7] = [
        Costly::Cap,
        Costly::Answers,
        Costly::Model,
        Costly::Host,
        Costly::Service,
        Costly::Later,
        Costly::Pace,
    ];

    /// The members that do this, as providers read them.
    fn names(self) -> &'static [&'static str] {
        match self {
            Costly::Cap => CAPS,
            Costly::Answers => ANSWERS,
            Costly::Model => MODELS,
            Costly::Host => HOSTS,
            Costly::Service => SERVICES,
            Costly::Later => LATER,
            Costly::Pace => PACE,
        }
    }

    /// What to tell who sends one.
    fn why(self) -> &'static str {
        match self {
            Costly::Cap => "it may lift the cap that the cost was bounded by; use `max_tokens`",
            Costly::Answers => "it may multiply the cost; use `n`",
            Costly::Model => "it may change who answers and at which price",
            Costly::Host => "it may change which host is asked, and with whose key",
            Costly::Service => "what it asks for has a price of its own, which is not known here",
            Costly::Later => "its answer, and its cost, would not pass here",
            Costly::Pace => "it has a price of its own, which is not known here",
        }
    }

    /// Whether the value does nothing: null, false, zero, or empty; one where one
    /// comes anyway.
    fn is_idle(self, raw: &str) -> bool {
        let empty = raw.bytes().filter(|b| !b.is_ascii_whitespace()).eq(*b"[]")
            || raw.bytes().filter(|b| !b.is_ascii_whitespace()).eq(*b"{}");
        match raw {
            "null" | "false" | "0" | "\"\"" => true,
            "1" => self == Costly::Answers,
            "\"standard\"" => self == Costly::Pace,
            _ => empty,
        }
    }
}

/// The members of one request that may be costly at some provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    /// What each moves, and its name as the caller wrote it.
    costly: Vec<(Costly, Box<str>)>,
    /// Its name as the caller wrote it, and its value in lower case.
    service_tier: Option<(Box<str>, Box<str>)>,
    /// A text is given that the output is expected to be: what of it does not come is paid for
    /// beside the cap.
    pub(crate) predicts: bool,
    fault: Option<Invalid>,
}

impl Extras {
    /// Takes a member of the request that nobody else reads. Its name is compared as servers do
    /// that ignore case.
    pub(crate) fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        request: &mut A,
    ) -> Result<(), A::Error> {
        let is = |names: &[&'static str]| field::lookalike(key, names).is_some();
        let kind = Costly::ALL.into_iter().find(|kind| is(kind.names()));
        let predicts = key == "prediction";
        if kind.is_none() && !predicts && !is(&TIERS) && !is(&PROBABILITIES) {
            return skip(request);
        }
        let raw = request.next_value::<&RawValue>()?.get();
        self.predicts |= predicts && raw != "null";
        match kind {
            Some(kind) if !kind.is_idle(raw) => self.costly.push((kind, key.into())),
            _ if is(&TIERS) => self.tier(key, raw),
            _ if is(&PROBABILITIES) => self.probabilities(key, raw),
            _ => {}
        }
        Ok(())
    }

    /// Refuses what no provider should be asked.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// Refuses the first member that a provider obeys which obeys these kinds.
    pub(crate) fn check_at(&self, obeyed: &[Costly]) -> Result<(), Invalid> {
        match self.costly.iter().find(|(kind, _)| obeyed.contains(kind)) {
            Some((kind, written)) => Err(Invalid::costly(written, kind.why())),
            None => Ok(()),
        }
    }

    /// The tier that is asked for, in lower case, and the member's name as the caller wrote it.
    pub(crate) fn service_tier(&self) -> Option<(&str, &str)> {
        self.service_tier.as_ref().map(|(written, tier)| (&**written, &**tier))
    }

    fn tier(&mut self, key: &str, raw: &str) {
        match text(raw) {
            _ if raw == "null" => {}
            Some(tier) if TIERS.contains(&key) => {
                let tier = tier.to_ascii_lowercase();
                let tier = tier.strip_prefix("service_tier_").unwrap_or(&tier);
                self.service_tier = Some((key.into(), tier.into()));
            }
            Some(_) => self.refuse(Invalid::value(key, "be written in lower case")),
            None => self.refuse(Invalid::value(key, "be a string")),
        }
    }

    fn probabilities(&mut self, key: &str, raw: &str) {
        let fits = matches!(raw, "null" | "true" | "false")
            || raw.parse::<u64>().is_ok_and(|count| count <= MAX_PROBABILITIES);
        if !fits {
            self.refuse(Invalid::value(key, "be a whole number from 0 to 20"));
        }
    }

    fn refuse(&mut self, fault: Invalid) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_does_two_things_and_all_are_in_lower_case() {
        let mut names: Vec<_> = Costly::ALL.iter().flat_map(|kind| kind.names()).collect();
        names.extend(&PROBABILITIES);
        assert!(names.iter().all(|name| **name == name.to_ascii_lowercase()));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_value_that_does_nothing_is_no_matter() {
        for raw in ["null", "false", "0", "\"\"", "[]", "{ }", "[\n]"] {
            assert!(Costly::Model.is_idle(raw), "{raw}");
        }
        assert!(Costly::Answers.is_idle("1") && !Costly::Cap.is_idle("1"));
        for raw in ["true", "-1", "2", "\"x\"", "[null]", "{\"a\":1}"] {
            assert!(!Costly::Answers.is_idle(raw), "{raw}");
        }
    }
}
