//! The configuration of a gateway that was given none: loopback, one tenant with a small budget,
//! and whichever providers the environment knows. Written as YAML and read like any file, so that
//! it can be printed, kept and changed.

use std::fmt::Write;

/// What the environment knows.
pub(crate) struct Embedded {
    openai: bool,
    local_url: Option<String>,
}

/// The tenant of the embedded default.
pub(crate) const TENANT: &str = "default";

impl Embedded {
    /// `OPENAI_API_KEY` and `INFERLAYER_LOCAL_URL`.
    pub(crate) fn from_env() -> Embedded {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Embedded { openai: set("OPENAI_API_KEY").is_some(), local_url: set("INFERLAYER_LOCAL_URL") }
    }

    /// The model that the printed curl command asks for.
    pub(crate) fn model(&self) -> &'static str {
        match (&self.local_url, self.openai) {
            (Some(_), _) => "local",
            (None, true) => "gpt-4o-mini",
            (None, false) => "simulated-small",
        }
    }

    /// The configuration.
    pub(crate) fn yaml(&self) -> String {
        let mut yaml = String::from("# The embedded default of `inferlayer serve`.\n");
        let mut push = |text: std::fmt::Arguments<'_>| {
            let _ = yaml.write_fmt(text);
        };
        push(format_args!("tenants:\n  - {{ name: {TENANT}, budget_usd: 10 }}\n\nproviders:\n"));
        if let Some(url) = &self.local_url {
            // A JSON string is a YAML string.
            let url = serde_json::to_string(url).unwrap_or_default();
            push(format_args!(
                "  - {{ name: local, kind: openai, base_url: {url}, free: true }}\n"
            ));
        }
        if self.openai {
            push(format_args!(
                "  - name: openai\n    kind: openai\n    base_url: https://api.openai.com/v1\n    \
                 key: {{ env: OPENAI_API_KEY }}\n"
            ));
        }
        if self.local_url.is_none() && !self.openai {
            push(format_args!("  - {{ name: simulated, kind: simulated }}\n"));
        }
        push(format_args!("\nfilters:\n  - authenticate: {{}}\n  - route:\n      models:\n"));
        self.routes(&mut push);
        push(format_args!("  - meter: {{}}\n  - audit: {{}}\n"));
        yaml
    }

    fn routes(&self, push: &mut impl FnMut(std::fmt::Arguments<'_>)) {
        let mut route = |name: &str, provider: &str| {
            push(format_args!(
                "        - {{ name: \"{name}\", candidates: [{{ provider: {provider} }}] }}\n"
            ));
        };
        match (self.local_url.is_some(), self.openai) {
            (true, true) => {
                route("local", "local");
                route("*", "openai");
            }
            (true, false) => {
                route("local", "local");
                route("*", "local");
            }
            (false, true) => {
                route("gpt-4o-mini", "openai");
                route("*", "openai");
            }
            (false, false) => {
                route("simulated-small", "simulated");
                route("simulated-large", "simulated");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::Registration;

    use super::*;
    use crate::config::Config;

    const FILTERS: &[Registration] = &[
        Registration::of::<inferlayer_authenticate::AuthenticateSettings>(),
        Registration::of::<inferlayer_route::RouteSettings>(),
        Registration::of::<inferlayer_meter::MeterSettings>(),
        Registration::of::<inferlayer_audit::AuditSettings>(),
    ];

    #[test]
    fn every_environment_gives_a_configuration_that_serves_the_printed_model() {
        for (openai, local) in [(false, false), (true, false), (false, true), (true, true)] {
            let local_url = local.then(|| "http://127.0.0.1:1/v1".to_owned());
            let embedded = Embedded { openai, local_url };
            let yaml = embedded.yaml();
            let config = Config::parse("embedded".into(), yaml.clone(), None, FILTERS);
            let providers = config.unwrap_or_else(|error| panic!("{error}\n{yaml}")).providers;
            let names: Vec<_> = providers.iter().map(|p| p.name.as_str().to_owned()).collect();
            assert_eq!(names.contains(&"simulated".to_owned()), !openai && !local);
            assert_eq!(names.contains(&"openai".to_owned()), openai);
            assert!(yaml.contains(&format!("name: \"{}\"", embedded.model())), "{yaml}");
        }
    }
}
