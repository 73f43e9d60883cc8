//! The story of the demo: what is asked, and what has to come of it.

use serde_json::{Value, json};

use crate::cli::demo::client::Answer;

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenant {
    /// Has a budget.
    Demo,
    /// Has none left.
    Broke,
    /// Its requests stay on local providers.
    Local,
}

/// One request.
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) tenant: Tenant,
    pub(super) body: Value,
    pub(super) expected: Expected,
}

/// What has to come of a request; nothing is expected of what is left out.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    pub(super) status: u16,
    /// How the header `x-inferlayer-route` begins.
    route: Option<&'static str>,
    tier: Option<&'static str>,
    cache: Option<&'static str>,
    code: Option<&'static str>,
    stream: bool,
}

const ANSWERED: Expected =
    Expected { status: 200, route: None, tier: None, cache: None, code: None, stream: false };
const REFUSED: Expected = Expected { status: 429, ..ANSWERED };

/// The requests, in order.
pub(super) fn all() -> Vec<Step> {
    let small = Expected { route: Some("simulated/simulated-small"), ..ANSWERED };
    let simple = Expected { tier: Some("simple"), cache: Some("miss"), ..small };
    let complex = Expected { tier: Some("complex"), cache: Some("bypass"), ..ANSWERED };
    let hit = Expected { route: Some("cache"), cache: Some("hit-exact"), ..ANSWERED };
    let question = chat("auto", "What is the capital of France?");
    let other = chat("auto", "Name three rivers.");
    let step = |what, tenant, body, expected| Step { what, tenant, body, expected };
    vec![
        step("a simple question", Tenant::Demo, question.clone(), simple),
        step("one with tools", Tenant::Demo, with_tools(question.clone()), complex),
        step("the first again", Tenant::Demo, question.clone(), hit),
        step(
            "streamed",
            Tenant::Demo,
            streamed(other.clone()),
            Expected { stream: true, ..simple },
        ),
        step("streamed again", Tenant::Demo, streamed(other), Expected { stream: true, ..hit }),
        step("another tenant's turn", Tenant::Local, question, simple),
        step("a provider is down", Tenant::Demo, chat("resilient", "Anybody?"), small),
        step("all of them are", Tenant::Demo, chat("remote", "Anybody?"), failed()),
        step("over budget", Tenant::Broke, chat("auto", "What is a rich man?"), over_budget()),
        step("a remote model", Tenant::Local, chat("remote", "Stay here."), not_allowed()),
    ]
}

fn failed() -> Expected {
    Expected { status: 502, code: Some("upstream_error"), ..REFUSED }
}

fn over_budget() -> Expected {
    Expected { code: Some("insufficient_quota"), ..REFUSED }
}

fn not_allowed() -> Expected {
    Expected { status: 403, code: Some("model_not_allowed"), ..REFUSED }
}

fn chat(model: &str, question: &str) -> Value {
    let messages = json!([{"role": "user", "content": question}]);
    json!({"model": model, "messages": messages, "max_tokens": 64})
}

fn streamed(mut body: Value) -> Value {
    body["stream"] = true.into();
    body
}

fn with_tools(mut body: Value) -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let function = json!({"name": "weather", "parameters": parameters});
    body["tools"] = json!([{"type": "function", "function": function}]);
    body
}

impl Tenant {
    pub(super) const ALL: [Tenant; 3] = [Tenant::Demo, Tenant::Broke, Tenant::Local];

    /// Its name in the configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Tenant::Demo => "demo",
            Tenant::Broke => "broke",
            Tenant::Local => "local",
        }
    }
}

impl Expected {
    /// What is not as told, if anything is.
    pub(super) fn surprise(&self, answer: &Answer) -> Option<String> {
        if answer.status != self.status {
            return Some(format!("status {} in place of {}", answer.status, self.status));
        }
        let begins = |name: &str, wanted: Option<&str>| {
            let found = answer.fact(name).unwrap_or("nothing");
            let wanted = wanted.filter(|wanted| !found.starts_with(wanted))?;
            Some(format!("{name} is {found} in place of {wanted}"))
        };
        let tier = self.tier.map(|tier| format!("tier={tier}"));
        let told_tier =
            |tier: &String| answer.fact("x-inferlayer-route")?.contains(tier).then_some(());
        let code = answer.error_code();
        let unrecorded = self.status == 200 && answer.fact("x-inferlayer-receipt").is_none();
        let unfinished = self.stream && !answer.body.trim_end().ends_with("data: [DONE]");
        begins("x-inferlayer-route", self.route)
            .or_else(|| begins("x-inferlayer-cache", self.cache))
            .or_else(|| tier.filter(|t| told_tier(t).is_none()).map(|t| format!("no {t}")))
            .or_else(|| (code.as_deref() != self.code).then(|| format!("code {code:?}")))
            .or_else(|| unrecorded.then(|| "no receipt".to_owned()))
            .or_else(|| unfinished.then(|| "a stream without its end".to_owned()))
    }
}
