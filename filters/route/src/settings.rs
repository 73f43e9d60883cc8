//! The block `route`.

use inferlayer_accounts::NanoUsd;
use inferlayer_accounts::money::usd;
use inferlayer_filter::PlainPath;
use inferlayer_wire::Api;
use serde::Deserialize;

/// The block `route`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// Models that clients may ask for.
    pub models: Vec<ModelSettings>,
    /// Paths that pass through to a provider as they are.
    #[serde(default)]
    pub pass_through: Vec<PassThroughSettings>,
}

/// Where a path and all below it pass through to. The longest path that a request's begins with
/// counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassThroughSettings {
    /// Whole segments below `/v1/`; what follows `/v1` is appended to the provider's base URL.
    pub path: PlainPath,
    /// The name of a provider.
    pub provider: String,
    /// What one request costs that is answered 2xx or may be billed, in US dollars.
    #[serde(default)]
    pub price_usd: Option<FlatPrice>,
}

/// The price of one request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct FlatPrice(#[serde(deserialize_with = "usd::deserialize")] pub NanoUsd);

/// A model that clients may ask for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// What clients call it. `*` stands for every name that has no route of its own.
    pub name: String,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Who may answer, best first. The next is tried when one is refused, times out, or answers
    /// 401, 403, 408, 429 or 5xx before the first byte of its answer.
    pub candidates: Vec<CandidateSettings>,
    /// Whether a candidate that a request cannot use ends the list, whatever stands behind: for
    /// want of a price, by the tenant's policy, or because its API cannot express the request.
    #[serde(default)]
    pub strict_order: bool,
}

/// A provider that may answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CandidateSettings {
    /// The name of a provider.
    pub provider: String,
    /// What that provider calls the model; as the client named it when absent.
    #[serde(default)]
    pub model: Option<String>,
    /// What that provider is asked for in a conversation, for models that know but one of its APIs.
    #[serde(default)]
    pub api: Option<ConversationApi>,
}

/// An API in which conversations are held.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationApi {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
    /// Gemini's `generateContent`.
    GenerateContent,
}

impl ConversationApi {
    pub(crate) fn api(self) -> Api {
        match self {
            ConversationApi::Chat => Api::Chat,
            ConversationApi::Responses => Api::Responses,
            ConversationApi::Messages => Api::Messages,
            ConversationApi::GenerateContent => Api::Generate,
        }
    }
}
