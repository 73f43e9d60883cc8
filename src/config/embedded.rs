//! The configuration of a gateway that was given none: loopback, one tenant with a small budget,
//! and whichever providers the environment knows. Written as YAML and read like any file, so that
//! it can be printed, kept and changed.

use std::fmt::Write;

/// What the environment knows.
pub(crate) struct Embedded {
    openai: bool,
    anthropic: bool,
    gemini: bool,
    local_url: Option<String>,
}

/// The tenant of the embedded default.
pub(crate) const TENANT: &str = "default";

/// A name that clients may ask for, and the providers that answer for it.
struct Model {
    name: &'static str,
    candidates: Vec<&'static str>,
}

impl Embedded {
    /// `OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` and `INFERLAYER_LOCAL_URL`.
    pub(crate) fn from_env() -> Embedded {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Embedded {
            openai: set("OPENAI_API_KEY").is_some(),
            anthropic: set("ANTHROPIC_API_KEY").is_some(),
            gemini: set("GEMINI_API_KEY").is_some(),
            local_url: set("INFERLAYER_LOCAL_URL"),
        }
    }

    /// The configuration.
    pub(crate) fn yaml(&self) -> String {
        let mut yaml = format!(
            "# The embedded default of `inferlayer serve`.\n\
             tenants:\n  - {{ name: {TENANT}, budget_usd: 10 }}\n\nproviders:\n"
        );
        self.providers(&mut yaml);
        let (simple, complex) = (self.simple(), self.complex());
        let fallbacks = if simple == complex { "" } else { complex };
        let _ = write!(
            yaml,
            "\nfilters:\n  - authenticate: {{}}\n  - classify:\n      \
             simple: {{ model: {simple}, fallbacks: [{fallbacks}] }}\n      \
             complex: {{ model: {complex} }}\n  - cache: {{}}\n  - route:\n      models:\n"
        );
        for Model { name, candidates } in self.models() {
            let candidates: Vec<_> =
                candidates.iter().map(|candidate| format!("{{ provider: {candidate} }}")).collect();
            let candidates = candidates.join(", ");
            let _ = writeln!(yaml, "        - {{ name: \"{name}\", candidates: [{candidates}] }}");
        }
        yaml.push_str("  - meter: {}\n  - audit: {}\n");
        yaml
    }

    fn providers(&self, yaml: &mut String) {
        if let Some(url) = &self.local_url {
            // A JSON string is a YAML string.
            let url = serde_json::to_string(url).unwrap_or_default();
            let local = "local: true, free: true";
            let _ = writeln!(yaml, "  - {{ name: local, kind: openai, base_url: {url}, {local} }}");
        }
        if self.openai {
            yaml.push_str(
                "  - name: openai\n    kind: openai\n    base_url: https://api.openai.com/v1\n    \
                 key: { env: OPENAI_API_KEY }\n",
            );
        }
        if self.anthropic {
            yaml.push_str(
                "  - name: anthropic\n    kind: anthropic\n    \
                 base_url: https://api.anthropic.com/v1\n    key: { env: ANTHROPIC_API_KEY }\n",
            );
        }
        if self.gemini {
            yaml.push_str(
                "  - name: gemini\n    kind: gemini\n    \
                 base_url: https://generativelanguage.googleapis.com/v1beta\n    \
                 key: { env: GEMINI_API_KEY }\n",
            );
        }
        if self.knows_nobody() {
            yaml.push_str("  - { name: simulated, kind: simulated }\n");
        }
    }

    /// Every model that classify or the printed command names, and who answers for all others.
    fn models(&self) -> Vec<Model> {
        let model = |name, candidate| Model { name, candidates: vec![candidate] };
        let mut models = Vec::new();
        if self.knows_nobody() {
            models.push(model("simulated-small", "simulated"));
            models.push(model("simulated-large", "simulated"));
        }
        if self.local_url.is_some() {
            models.push(model("local", "local"));
        }
        if self.openai {
            models.push(model("gpt-4o-mini", "openai"));
            models.push(model("gpt-5.4", "openai"));
        }
        if self.anthropic {
            models.push(model("claude-*", "anthropic"));
        }
        if self.gemini {
            models.push(model("gemini-*", "gemini"));
        }
        let others = [(self.openai, "openai"), (self.local_url.is_some(), "local")];
        models.extend(others.iter().find(|(known, _)| *known).map(|(_, by)| model("*", by)));
        models
    }

    fn simple(&self) -> &'static str {
        match self {
            Embedded { local_url: Some(_), .. } => "local",
            Embedded { openai: true, .. } => "gpt-4o-mini",
            Embedded { anthropic: true, .. } => "claude-haiku-4-5",
            Embedded { gemini: true, .. } => "gemini-2.5-flash-lite",
            _ => "simulated-small",
        }
    }

    fn complex(&self) -> &'static str {
        match self {
            Embedded { openai: true, .. } => "gpt-5.4",
            Embedded { anthropic: true, .. } => "claude-sonnet-5-5",
            Embedded { gemini: true, .. } => "gemini-2.5-pro",
            Embedded { local_url: Some(_), .. } => "local",
            _ => "simulated-large",
        }
    }

    fn knows_nobody(&self) -> bool {
        !self.openai && !self.anthropic && !self.gemini && self.local_url.is_none()
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::Registration;

    use super::*;
    use crate::config::{Config, Overrides};

    const FILTERS: &[Registration] = &[
        Registration::of::<inferlayer_authenticate::AuthenticateSettings>(),
        Registration::of::<inferlayer_classify::ClassifySettings>(),
        Registration::of::<inferlayer_cache::CacheSettings>(),
        Registration::of::<inferlayer_route::RouteSettings>(),
        Registration::of::<inferlayer_meter::MeterSettings>(),
        Registration::of::<inferlayer_audit::AuditSettings>(),
    ];

    #[test]
    fn every_environment_gives_a_configuration_that_serves_what_it_names() {
        for known in 0..16 {
            let (openai, anthropic, local) = (known & 1 > 0, known & 2 > 0, known & 4 > 0);
            let gemini = known & 8 > 0;
            let local_url = local.then(|| "http://127.0.0.1:1/v1".to_owned());
            let embedded = Embedded { openai, anthropic, gemini, local_url };
            let yaml = embedded.yaml();
            let config = Config::parse(
                "embedded".into(),
                yaml.clone(),
                None,
                &Overrides::default(),
                FILTERS,
            );
            let providers = config.unwrap_or_else(|error| panic!("{error}\n{yaml}")).providers;
            let names: Vec<_> = providers.iter().map(|p| p.name.as_str().to_owned()).collect();
            for (name, expected) in [
                ("simulated", !openai && !anthropic && !gemini && !local),
                ("openai", openai),
                ("anthropic", anthropic),
                ("gemini", gemini),
                ("local", local),
            ] {
                assert_eq!(names.contains(&name.to_owned()), expected, "{yaml}");
            }
        }
    }
}
