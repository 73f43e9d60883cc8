//! Whether a provider's base URL can be what was meant: a key that would travel in the clear, an
//! address that is not what `local` says, a path that lacks what its kind of API has. The host is
//! judged as it is written; where a name leads is looked at when it is resolved.

use std::net::IpAddr;

use inferlayer_wire::Vendor;

use crate::config::providers::ProviderSettings;
use crate::net::{BaseUrl, Reach};

/// Domains of public providers. All below them are meant as well.
const PUBLIC_DOMAINS: [&str; 20] = [
    "openai.com",
    "azure.com",
    "anthropic.com",
    "googleapis.com",
    "groq.com",
    "mistral.ai",
    "deepseek.com",
    "openrouter.ai",
    "x.ai",
    "together.xyz",
    "together.ai",
    "fireworks.ai",
    "cohere.com",
    "cohere.ai",
    "perplexity.ai",
    "cerebras.ai",
    "sambanova.ai",
    "deepinfra.com",
    "huggingface.co",
    "nvidia.com",
];

/// Ends of names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`)
/// or that are used as if.
const PRIVATE_SUFFIXES: [&str; 10] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "lan",
    "corp",
    "intranet",
    "home",
    "private",
    "svc",
];

/// Paths that the gateway appends itself.
const OPERATIONS: [&str; 8] = [
    "/chat/completions",
    "/completions",
    "/responses",
    "/messages",
    "/embeddings",
    "/moderations",
    "/models",
    "/messages/count_tokens",
];

/// What cannot work or must not be.
pub(crate) fn mistakes(provider: &ProviderSettings) -> Vec<String> {
    let Ok(Some(url)) = provider.address() else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(operation) = OPERATIONS.iter().find(|operation| url.path.ends_with(*operation)) {
        found.push(format!(
            "`{operation}` is appended by the gateway; end before it, such as at /v1"
        ));
    }
    if url.path.contains("/deployments") {
        found.push(
            "the deployment is the candidate's model; end at /openai, with api_version, or at \
             /openai/v1"
                .to_owned(),
        );
    }
    if provider.key.is_some() && !url.tls && is_public_provider(&url.host) {
        found.push("the key would travel in the clear; write https://".to_owned());
    }
    if provider.local && Host::of(&url.host) == Host::Public && !allows(provider, &url.host) {
        found.push(
            "the provider is local and this address is public; add its network to local_networks, \
             or leave `local` out"
                .to_owned(),
        );
    }
    found
}

/// What somebody may mean.
pub(crate) fn warnings(provider: &ProviderSettings) -> Vec<String> {
    let Ok(Some(url)) = provider.address() else { return Vec::new() };
    let mut found = Vec::new();
    let host = Host::of(&url.host);
    if !url.tls && matches!(host, Host::Public | Host::Name) && !allows(provider, &url.host) {
        let what = if provider.key.is_some() { "the key and all prompts" } else { "all prompts" };
        found.push(format!("{what} travel in the clear to `{}`; write https://", url.host));
    }
    if provider.local && is_public_provider(&url.host) {
        found.push(
            "the provider is local and this is a public one's name; a request goes there only \
             while the name leads to a private address"
                .to_owned(),
        );
    }
    if provider.key.is_none() && is_public_provider(&url.host) {
        found.push(
            "the provider has no `key`, and a public one refuses requests without".to_owned(),
        );
    }
    found.extend(shape(provider, &url));
    found
}

/// A path that lacks what the kind's API has; a proxy in front of it may have another.
fn shape(provider: &ProviderSettings, url: &BaseUrl) -> Option<String> {
    if provider.kind == Vendor::Azure {
        return azure(provider, url);
    }
    let last = url.path.rsplit('/').next().unwrap_or_default();
    let digit = last.strip_prefix('v').and_then(|rest| rest.bytes().next());
    let versioned = digit.is_some_and(|b| b.is_ascii_digit());
    let version = provider.kind.quirks().base_version;
    (!versioned && !version.is_empty())
        .then(|| format!("an API of this kind lies below {version}: `…{}{version}`", url.path))
}

fn azure(provider: &ProviderSettings, url: &BaseUrl) -> Option<String> {
    let dated = provider.has_api_version();
    let problem = match url.path.as_str() {
        path if path.ends_with("/openai/v1") && dated => {
            "api_version makes this the dated API, which ends at /openai; leave one of them out"
        }
        path if path.ends_with("/openai/v1") => return None,
        path if path.ends_with("/openai") && dated => return None,
        path if path.ends_with("/openai") => {
            "the API below /openai wants api_version; add it, or end at /openai/v1"
        }
        _ => "Azure's API lies below /openai/v1, or below /openai with api_version",
    };
    Some(problem.to_owned())
}

/// What is known of a host as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// An address or a name of a private network.
    Private,
    /// A public address.
    Public,
    /// A name that may be anywhere.
    Name,
}

impl Host {
    fn of(host: &str) -> Host {
        if let Ok(address) = host.parse::<IpAddr>() {
            return if Reach::of(address).is_local() { Host::Private } else { Host::Public };
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let is_private = PRIVATE_SUFFIXES.iter().any(|suffix| is_below(&name, suffix));
        match !name.contains('.') || is_private {
            true => Host::Private,
            false => Host::Name,
        }
    }
}

/// Whether the host is an address that the provider may have.
fn allows(provider: &ProviderSettings, host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    provider.local && address.is_ok_and(|address| provider.addresses().allows(address))
}

fn is_public_provider(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    PUBLIC_DOMAINS.iter().any(|domain| is_below(&name, domain))
}

/// Whether a name is this domain or below it.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a provider: mistakes, then warnings.
    fn told(yaml: &str) -> (String, String) {
        let provider: ProviderSettings =
            serde_yaml::from_str(&format!("{{ name: p, {yaml} }}")).unwrap();
        (mistakes(&provider).join(" + "), warnings(&provider).join(" + "))
    }

    #[test]
    fn a_url_that_its_kind_of_api_has_is_not_spoken_of() {
        for yaml in [
            "kind: openai, base_url: 'https://api.openai.com/v1', key: { env: K }",
            "kind: anthropic, base_url: 'https://api.anthropic.com/v1', key: { env: K }",
            "kind: gemini, base_url: 'https://generativelanguage.googleapis.com/v1beta', key: { env: K }",
            "kind: groq, base_url: 'https://api.groq.com/openai/v1/', key: { env: K }",
            "kind: azure, base_url: 'https://x.openai.azure.com/openai/v1', key: { env: K }",
            "kind: azure, base_url: 'https://x.openai.azure.com/openai', api_version: 2024-10-21, key: { env: K }",
            "kind: deepseek, base_url: 'https://api.deepseek.com', key: { env: K }",
            "kind: llama_cpp, base_url: 'http://127.0.0.1:8080', local: true",
            "kind: openai_compatible, base_url: 'http://llm:8000/api', key: { env: K }",
            "kind: vllm, base_url: 'http://gpu-1.internal:8000/v1', key: { env: K }, local: true",
            "kind: ollama, base_url: 'http://192.168.1.5:11434/v1', local: true",
            "kind: openai, base_url: 'http://203.0.113.5/v1', local: true, local_networks: [203.0.113.0/24]",
            "kind: simulated",
        ] {
            assert_eq!(told(yaml), (String::new(), String::new()), "{yaml}");
        }
    }

    #[test]
    fn what_cannot_work_is_a_mistake() {
        for (yaml, expected) in [
            (
                "kind: openai, base_url: 'https://a.example/v1/chat/completions'",
                "appended by the gateway",
            ),
            (
                "kind: anthropic, base_url: 'https://a.example/v1/messages/'",
                "appended by the gateway",
            ),
            (
                "kind: azure, base_url: 'https://x.openai.azure.com/openai/deployments/gpt-4o', key: { env: K }",
                "the deployment is the candidate's model",
            ),
            ("kind: openai, base_url: 'http://api.openai.com/v1', key: { env: K }", "in the clear"),
            (
                "kind: openai, base_url: 'http://API.OpenAI.com./v1', key: { env: K }",
                "in the clear",
            ),
            ("kind: openai, base_url: 'https://8.8.8.8/v1', local: true", "local_networks"),
            (
                "kind: openai, base_url: 'https://[2001:4860:4860::8888]/v1', local: true",
                "local_networks",
            ),
        ] {
            let (mistakes, _) = told(yaml);
            assert!(mistakes.contains(expected), "{yaml}: {mistakes}");
        }
    }

    #[test]
    fn what_may_be_meant_is_a_warning() {
        for (yaml, expected) in [
            ("kind: openai, base_url: 'https://api.openai.com', key: { env: K }", "lies below /v1"),
            (
                "kind: anthropic, base_url: 'https://api.anthropic.com/', key: { env: K }",
                "lies below /v1",
            ),
            ("kind: ollama, base_url: 'http://127.0.0.1:11434'", "lies below /v1"),
            ("kind: gemini, base_url: 'https://proxy.example/gemini'", "lies below /v1beta"),
            (
                "kind: azure, base_url: 'https://x.openai.azure.com/openai', key: { env: K }",
                "wants api_version",
            ),
            (
                "kind: azure, base_url: 'https://x.openai.azure.com', key: { env: K }",
                "lies below /openai/v1",
            ),
            (
                "kind: azure, base_url: 'https://x.openai.azure.com/openai/v1', api_version: 2024-10-21, key: { env: K }",
                "leave one of them out",
            ),
            (
                "kind: openai, base_url: 'http://llm.example.com/v1', key: { env: K }",
                "the key and all prompts",
            ),
            ("kind: openai, base_url: 'http://8.8.8.8/v1'", "all prompts travel"),
            (
                "kind: openai, base_url: 'https://api.openai.com/v1', local: true, key: { env: K }",
                "public one's name",
            ),
            ("kind: openai, base_url: 'https://api.openai.com/v1'", "has no `key`"),
        ] {
            let (mistakes, warnings) = told(yaml);
            assert_eq!(mistakes, "", "{yaml}");
            assert!(warnings.contains(expected), "{yaml}: {warnings}");
        }
    }
}
