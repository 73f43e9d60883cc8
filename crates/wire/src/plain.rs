//! Requests that only a provider of the same dialect answers and of which little has to be known:
//! older completions, embeddings, moderations, counts of tokens.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Error, MapAccess};
use serde_json::value::RawValue;

use crate::gemini::{self, Embedded};
use crate::json::{Bounds, Reader, Skip, Walk};
use crate::openai::StreamOptions;
use crate::splice::{Edit, splice};
use crate::vendor::Extras;
use crate::{
    Api, Asked, Completion, Gist, Invalid, NotCompletion, Shape, Usage, field, json, text,
};

/// A request of which the model, the cap and the stream were read.
#[derive(Debug, Clone)]
pub struct PlainRequest {
    api: Api,
    pub(crate) gist: Gist,
    wants_usage: bool,
    usage_edit: Option<Edit>,
    wants_base64: bool,
    /// Where the body repeats the model of the path.
    repeated_models: Vec<Range<usize>>,
}

/// What OpenAI moderates with when the request does not say.
const MODERATIONS: &str = "omni-moderation-latest";

impl PlainRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, and sane values in the fields
    /// that decide about money. All else is left to the provider.
    pub fn parse(asked: Asked, body: Bytes) -> Result<PlainRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names(asked.api)?;
        let (model, model_span) = fields.model(&asked, &body)?;
        let repeated_models = fields.repeated_models(&asked, &body)?;
        let is_completion = asked.api == Api::Completions;
        let stream = is_completion && field::boolean("stream", fields.stream)?;
        let options = StreamOptions::parse(fields.stream_options, &body)?;
        let wants_usage = options.include_usage();
        let behind_model = model_span.clone().map_or(0, |span| span.end);
        Ok(PlainRequest {
            wants_usage,
            usage_edit: if stream { options.edit(behind_model) } else { None },
            repeated_models,
            wants_base64: fields.encoding_format == Some("\"base64\""),
            gist: Gist {
                stream,
                choices: if is_completion { fields.choices()? } else { 1 },
                max_output_tokens: match is_completion {
                    true => field::token_cap("max_tokens", fields.max_tokens)?,
                    false => None,
                },
                unbounded_input: fields.has_parts || fields.embedded.is_unbounded(),
                shape: Shape::default(),
                extras: fields.extras,
                model,
                model_span,
                body,
                bounds: Bounds::default(),
            },
            api: asked.api,
        })
    }

    /// What is asked for.
    pub fn api(&self) -> Api {
        self.api
    }

    /// What the gateway must know of it.
    pub fn gist(&self) -> &Gist {
        &self.gist
    }

    /// Whether the caller itself asked for the usage frame of a stream.
    pub(crate) fn wants_usage(&self) -> bool {
        self.wants_usage
    }

    /// Whether embeddings are wanted as base64 and not as numbers.
    pub(crate) fn wants_base64(&self) -> bool {
        self.wants_base64
    }

    /// The body for a provider: the caller's bytes except the model's value and, in streams, the
    /// wish for usage.
    pub(crate) fn for_provider(&self, model: &str, stream_options: bool) -> Bytes {
        let name = self.gist.model_edit(model);
        let repeated = self.repeated_models.iter().filter(|_| model != self.gist.model);
        let repeated: Vec<Edit> = repeated.map(|place| gemini::model::edit(place, model)).collect();
        let usage = self.usage_edit.as_ref().filter(|_| stream_options);
        let mut edits: Vec<&Edit> = name.iter().chain(&repeated).chain(usage).collect();
        edits.sort_by_key(|edit| edit.start());
        if edits.is_empty() { self.gist.body.clone() } else { splice(&self.gist.body, &edits) }
    }
}

/// What the pass over the body found; texts are raw JSON values.
#[derive(Default)]
struct Fields<'a> {
    model: Option<&'a str>,
    stream: Option<&'a str>,
    stream_options: Option<&'a str>,
    n: Option<&'a str>,
    best_of: Option<&'a str>,
    max_tokens: Option<&'a str>,
    encoding_format: Option<&'a str>,
    prompt: Option<&'a str>,
    /// Something in the input is an object, so it may point at more than its bytes say.
    has_parts: bool,
    /// What Gemini's callers want embedded or counted.
    embedded: Embedded<'a>,
    lookalike: Option<&'static str>,
    extras: Extras,
}

const OURS: [&str; 8] =
    ["model", "stream", "stream_options", "n", "best_of", "max_tokens", "input", "prompt"];

impl<'a> Reader<'a> for Fields<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "model" => &mut self.model,
            "stream" => &mut self.stream,
            "stream_options" => &mut self.stream_options,
            "n" => &mut self.n,
            "best_of" => &mut self.best_of,
            "max_tokens" => &mut self.max_tokens,
            "encoding_format" => &mut self.encoding_format,
            "content" | "contents" => return self.embedded.member(key, object),
            "requests" | "generateContentRequest" | "generate_content_request" => {
                return object.next_value_seed(Walk(&mut self.embedded)).map(drop);
            }
            "input" | "prompt" => {
                let raw = object.next_value::<&RawValue>()?.get();
                json::read_text(raw, &mut Skip).map_err(A::Error::custom)?;
                self.has_parts |= raw.contains('{');
                self.prompt = Some(raw).filter(|_| key == "prompt").or(self.prompt);
                return Ok(());
            }
            _ => {
                self.lookalike = self.lookalike.or_else(|| field::lookalike(key, &OURS));
                return self.extras.member(key, object);
            }
        };
        *field = Some(object.next_value::<&RawValue>()?.get());
        Ok(())
    }
}

impl Fields<'_> {
    fn check_names(&self, api: Api) -> Result<(), Invalid> {
        match self.lookalike.filter(|_| !matches!(api, Api::ContentTokens | Api::EmbedContent)) {
            Some(name) => Err(Invalid::value(name, "be written in lower case")),
            None => self.extras.check(),
        }
    }

    /// The model, and where its value stands: in the path for Gemini, by default for moderations.
    fn model(&self, asked: &Asked, body: &[u8]) -> Result<(String, Option<Range<usize>>), Invalid> {
        if let Some(model) = &asked.model {
            return Ok((model.clone(), None));
        }
        if asked.api == Api::Moderations && self.model.is_none() {
            return Ok((MODERATIONS.to_owned(), None));
        }
        field::model(self.model, body).map(|(model, span)| (model, Some(span)))
    }

    /// Where Gemini's callers repeat the model of the path.
    fn repeated_models(&self, asked: &Asked, body: &[u8]) -> Result<Vec<Range<usize>>, Invalid> {
        let Some(asked) = &asked.model else { return Ok(Vec::new()) };
        let named = self.model.iter().chain(&self.embedded.models);
        named.map(|raw| gemini::model::repeated(raw, asked, body)).collect()
    }

    /// For each prompt `best_of` answers are generated and paid for, and `n` of them are shown.
    fn choices(&self) -> Result<u32, Invalid> {
        let n = field::choices("n", self.n)?;
        let each = n.max(field::choices("best_of", self.best_of)?);
        Ok(each.saturating_mul(self.prompt.map_or(1, prompts)))
    }
}

/// How many prompts there are: a text and a list of tokens are one, a list of such are many.
fn prompts(raw: &str) -> u32 {
    let many = |item: &str| item.starts_with(['"', '[']);
    let count = match raw.starts_with('[') {
        true => json::items(raw).take_while(|item| many(item)).count(),
        false => 1,
    };
    u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

/// The facts of an answer: embeddings, a verdict, a count.
pub(crate) fn facts(api: Api, body: &[u8]) -> Result<Completion, NotCompletion> {
    let text = str::from_utf8(body).map_err(|_| NotCompletion)?;
    let told: Told = serde_json::from_str(text).map_err(|_| NotCompletion)?;
    let is_error = told.error.is_some_and(|raw| raw.get() != "null");
    if !is_error && !told.answers(api) {
        return Err(NotCompletion);
    }
    let counted = told.usage.as_ref().and_then(|usage| usage.prompt_tokens);
    let input_tokens = counted.or(told.usage_metadata.and_then(|usage| usage.prompt_token_count));
    let usage = input_tokens.map(|input_tokens| Usage { input_tokens, ..Usage::default() });
    Ok(Completion {
        usage: usage.filter(Usage::is_consistent),
        model: text::name(told.model),
        id: text::name(told.id),
        is_error,
        ..Completion::default()
    })
}

/// The members of an answer that matter here.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(borrow)]
    input_tokens: Option<&'a RawValue>,
    #[serde(borrow, rename = "totalTokens")]
    total_tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow)]
    embeddings: Option<&'a RawValue>,
    usage: Option<Counted>,
    #[serde(rename = "usageMetadata")]
    usage_metadata: Option<GeminiCounted>,
}

#[derive(Deserialize)]
struct Counted {
    prompt_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct GeminiCounted {
    #[serde(rename = "promptTokenCount")]
    prompt_token_count: Option<u64>,
}

impl Told<'_> {
    /// Whether it has what an answer to this has.
    fn answers(&self, api: Api) -> bool {
        let member = match api {
            Api::Embeddings => self.data,
            Api::Moderations => self.results,
            Api::ContentTokens => self.total_tokens,
            Api::EmbedContent => self.embedding,
            Api::BatchEmbedContents => self.embeddings,
            _ => self.input_tokens,
        };
        member.is_some()
    }
}
