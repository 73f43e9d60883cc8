//! The one table of what providers do differently. A row is what is known of a vendor's API; code
//! asks the row and never the name.

mod costly;
mod names;

use serde::Deserialize;

use crate::api::Place;
use crate::path::ModelResource;
use crate::{Api, ApiVersion, NotSegment, PathSegment, UpstreamPath};

pub use self::costly::Costly;
pub(crate) use self::costly::Extras;

/// Whose API a provider has: the `kind` of a provider in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// OpenAI.
    #[serde(rename = "openai")]
    OpenAi,
    /// Azure OpenAI.
    Azure,
    /// A server that has OpenAI's API and no row of its own.
    #[serde(rename = "openai_compatible")]
    Compatible,
    /// vLLM.
    Vllm,
    /// llama.cpp's server.
    LlamaCpp,
    /// Ollama.
    Ollama,
    /// Hugging Face's Text Generation Inference.
    Tgi,
    /// Groq.
    Groq,
    /// Mistral.
    Mistral,
    /// DeepSeek.
    #[serde(rename = "deepseek")]
    DeepSeek,
    /// OpenRouter.
    #[serde(rename = "openrouter")]
    OpenRouter,
    /// xAI.
    Xai,
    /// Together.
    Together,
    /// Fireworks.
    Fireworks,
    /// Anthropic.
    Anthropic,
    /// Google's Gemini API with an API key.
    Gemini,
    /// The gateway's own stand-in, which makes its answers up.
    Simulated,
}

/// A row of the table.
#[derive(Debug)]
pub struct Quirks {
    /// What it answers in its own words; the first is what conversations of other dialects are
    /// translated to.
    pub apis: &'static [Api],
    /// What its base URL ends with; empty where that differs.
    pub base_version: &'static str,
    /// The header that its key stands in.
    pub key: KeyHeader,
    /// It takes `stream_options.include_usage`; the others count in every stream unasked, or refuse
    /// a request that has it.
    pub stream_options: bool,
    /// What it calls the cap on the output in a chat request that is written for it.
    pub output_cap: &'static str,
    /// The names of the cap that it is known to obey in a chat request.
    pub caps: &'static [&'static str],
    /// What it obeys in its callers' own words that moves a request's cost beyond what the gateway
    /// reads.
    pub costly: &'static [Costly],
    /// Service tiers that cost what the price book says of no tier.
    pub usual_tiers: &'static [&'static str],
    /// What it calls the seed.
    pub seed: &'static str,
    /// It takes `reasoning_effort`.
    pub reasoning_effort: bool,
    /// It takes the assistant's earlier thoughts as `reasoning_content`.
    pub reasoning_content: bool,
    /// It takes `response_format` with a schema.
    pub json_schema: bool,
    /// It may answer several choices.
    pub choices: bool,
    /// It takes `top_k`.
    pub top_k: bool,
    /// It takes `user`.
    pub user: bool,
    /// A message may hold several texts; the others want one string.
    pub text_parts: bool,
    /// It takes ids of calls only as it makes them itself: nine letters and digits.
    pub short_call_ids: bool,
    /// It reads Anthropic's `cache_control` marks. OpenAI and most others cache prefixes by
    /// themselves, and some refuse a request that has them.
    pub cache_marks: bool,
}

/// Where a provider reads its key from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer …`
    Bearer,
    /// `x-api-key`
    XApiKey,
    /// `api-key`
    ApiKey,
    /// `x-goog-api-key`
    XGoogApiKey,
}

const OPENAI: &[Api] = &[
    Api::Chat,
    Api::Completions,
    Api::Responses,
    Api::InputTokens,
    Api::Embeddings,
    Api::Moderations,
];
const WITH_RESPONSES: &[Api] =
    &[Api::Chat, Api::Completions, Api::Responses, Api::Embeddings, Api::Moderations];
const WITHOUT_RESPONSES: &[Api] = &[Api::Chat, Api::Completions, Api::Embeddings, Api::Moderations];
const MESSAGES: &[Api] = &[Api::Messages, Api::MessageTokens];
const GEMINI: &[Api] =
    &[Api::Generate, Api::ContentTokens, Api::EmbedContent, Api::BatchEmbedContents];

const BOTH_CAPS: &[&str] = &["max_tokens", "max_completion_tokens"];
/// A server that nobody knows may be a proxy of any kind.
const ANYTHING: &[Costly] = &[
    Costly::Cap,
    Costly::Answers,
    Costly::Model,
    Costly::Host,
    Costly::Service,
    Costly::Later,
    Costly::Pace,
];
/// Servers of one's own: what they do not know they ignore.
const OWN_SERVER: &[Costly] = &[Costly::Cap, Costly::Answers, Costly::Host];

/// What a server of OpenAI's API does unless its row says otherwise.
const COMPATIBLE: Quirks = Quirks {
    apis: WITHOUT_RESPONSES,
    base_version: "/v1",
    key: KeyHeader::Bearer,
    stream_options: true,
    output_cap: "max_tokens",
    caps: &["max_tokens"],
    costly: ANYTHING,
    usual_tiers: &["auto", "default", "standard"],
    seed: "seed",
    reasoning_effort: false,
    reasoning_content: false,
    json_schema: true,
    choices: true,
    top_k: false,
    user: true,
    text_parts: true,
    short_call_ids: false,
    cache_marks: false,
};

const OPENAI_ITSELF: Quirks = Quirks {
    apis: OPENAI,
    output_cap: "max_completion_tokens",
    caps: BOTH_CAPS,
    // It refuses what it does not know.
    costly: &[Costly::Answers, Costly::Host, Costly::Later],
    reasoning_effort: true,
    ..COMPATIBLE
};

const TABLE: &[(Vendor, Quirks)] = &[
    (Vendor::OpenAi, OPENAI_ITSELF),
    (Vendor::Azure, Quirks { base_version: "", key: KeyHeader::ApiKey, ..OPENAI_ITSELF }),
    (Vendor::Compatible, Quirks { base_version: "", ..COMPATIBLE }),
    (
        Vendor::Vllm,
        Quirks {
            apis: WITH_RESPONSES,
            caps: BOTH_CAPS,
            costly: OWN_SERVER,
            reasoning_effort: true,
            reasoning_content: true,
            top_k: true,
            ..COMPATIBLE
        },
    ),
    // It has responses of its own, made from its chat completions; but their streams come without
    // the numbers, model and time that SDKs insist on, and a route may still ask for them.
    (
        Vendor::LlamaCpp,
        Quirks {
            base_version: "",
            costly: OWN_SERVER,
            reasoning_content: true,
            top_k: true,
            ..COMPATIBLE
        },
    ),
    (
        Vendor::Ollama,
        Quirks { costly: OWN_SERVER, reasoning_effort: true, choices: false, ..COMPATIBLE },
    ),
    (Vendor::Tgi, Quirks { costly: OWN_SERVER, choices: false, ..COMPATIBLE }),
    (
        Vendor::Groq,
        Quirks {
            output_cap: "max_completion_tokens",
            caps: BOTH_CAPS,
            costly: &[Costly::Answers, Costly::Service],
            // Flex and on demand have one price.
            usual_tiers: &["auto", "on_demand", "flex"],
            reasoning_effort: true,
            choices: false,
            ..COMPATIBLE
        },
    ),
    // Counts in every stream, and refuses members that it does not know.
    (
        Vendor::Mistral,
        Quirks {
            stream_options: false,
            costly: &[],
            seed: "random_seed",
            user: false,
            short_call_ids: true,
            ..COMPATIBLE
        },
    ),
    (
        Vendor::DeepSeek,
        Quirks {
            base_version: "",
            reasoning_content: true,
            json_schema: false,
            choices: false,
            text_parts: false,
            ..COMPATIBLE
        },
    ),
    (
        Vendor::OpenRouter,
        Quirks {
            reasoning_effort: true,
            choices: false,
            top_k: true,
            cache_marks: true,
            ..COMPATIBLE
        },
    ),
    (
        Vendor::Xai,
        Quirks {
            caps: BOTH_CAPS,
            costly: &[Costly::Service, Costly::Later],
            reasoning_effort: true,
            ..COMPATIBLE
        },
    ),
    (Vendor::Together, Quirks { top_k: true, ..COMPATIBLE }),
    (Vendor::Fireworks, Quirks { reasoning_effort: true, top_k: true, ..COMPATIBLE }),
    (
        Vendor::Anthropic,
        Quirks {
            apis: MESSAGES,
            key: KeyHeader::XApiKey,
            costly: &[Costly::Pace],
            usual_tiers: &["auto", "standard", "standard_only"],
            ..COMPATIBLE
        },
    ),
    (
        Vendor::Gemini,
        Quirks {
            apis: GEMINI,
            base_version: "/v1beta",
            key: KeyHeader::XGoogApiKey,
            costly: &[],
            usual_tiers: &["unspecified", "standard"],
            ..COMPATIBLE
        },
    ),
    (
        Vendor::Simulated,
        Quirks { apis: &[Api::Chat], base_version: "", caps: BOTH_CAPS, costly: &[], ..COMPATIBLE },
    ),
];

impl Vendor {
    /// Its row.
    pub fn quirks(self) -> &'static Quirks {
        // Every vendor has a row; a test says so.
        TABLE.iter().find(|(vendor, _)| *vendor == self).map_or(&COMPATIBLE, |(_, row)| row)
    }

    /// Every vendor.
    pub fn all() -> impl Iterator<Item = Vendor> {
        TABLE.iter().map(|(vendor, _)| *vendor)
    }

    /// What it is asked for a conversation in a dialect that it does not speak.
    pub fn main_api(self) -> Api {
        self.quirks().apis.first().copied().unwrap_or(Api::Chat)
    }

    /// Whether it answers this in its own words.
    pub fn answers(self, api: Api) -> bool {
        self.quirks().apis.contains(&api)
    }
}

/// How one candidate is asked.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Whose API it has.
    pub vendor: Vendor,
    /// What it is asked for.
    pub api: Api,
    /// What it calls the model.
    pub model: &'a str,
    /// The most tokens that the model can generate, if that is known.
    pub max_output_tokens: Option<u64>,
    /// Of Azure's dated API, which has the model in its paths.
    pub api_version: Option<&'a ApiVersion>,
}

impl<'a> Target<'a> {
    /// Asked for what its vendor's row begins with.
    pub fn main(vendor: Vendor, model: &'a str) -> Target<'a> {
        let api = vendor.main_api();
        Target { vendor, api, model, max_output_tokens: None, api_version: None }
    }

    /// Where it is asked, below its base URL, query included. An error is about the model's name,
    /// where that is to stand in a path and cannot.
    pub fn path(&self, stream: bool) -> Result<UpstreamPath, NotSegment> {
        match (self.api.place(stream), self.api_version) {
            (Place::Fixed(path), None) => Ok(path.into()),
            (Place::Fixed(path), Some(version)) => {
                Ok(path.at_deployment(&PathSegment::try_from(self.model)?, version))
            }
            (Place::OfModel(method), _) => Ok(ModelResource::try_from(self.model)?.method(method)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_has_one_row_in_the_order_of_their_names() {
        for (index, (vendor, row)) in TABLE.iter().enumerate() {
            assert_eq!(*vendor as usize, index);
            assert!(row.apis.first().is_some_and(|api| api.converses()), "{vendor:?}");
        }
        assert_eq!(TABLE.len(), Vendor::Simulated as usize + 1);
    }
}
