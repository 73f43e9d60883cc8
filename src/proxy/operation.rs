//! What a request asks for, told from method and path alone. A path that is not here
//! passes through if a rule leads it somewhere, and reaches no provider otherwise.

use http::Method;
use inferlayer_filter::exchange::{Head, Operation};
use inferlayer_filter::{CallerError, Refusal};
use inferlayer_ledger::RequestId;
use inferlayer_wire::{Api, Asked, Dialect, Invalid};
use uuid::Uuid;

use crate::proxy::passage;
use crate::proxy::refusal::RequestError;

/// The shape of errors and answers that a caller understands, told from the path; where that says
/// nothing, from the header that Anthropic's SDKs send.
pub(crate) fn dialect_of(head: &Head) -> Dialect {
    let path = head.path.as_str();
    if let Some((_, api)) = INFERENCE.iter().find(|(fixed, _)| *fixed == path) {
        return api.dialect();
    }
    if path.starts_with(GEMINI_MODELS) || gemini_method(path).is_some() || path == "/v1beta/models"
    {
        Dialect::Gemini
    } else if head.headers.contains_key("anthropic-version") {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

/// Where a model is asked for something in the body's own words.
const INFERENCE: &[(&str, Api)] = &[
    ("/v1/chat/completions", Api::Chat),
    ("/v1/completions", Api::Completions),
    ("/v1/responses", Api::Responses),
    ("/v1/responses/input_tokens", Api::InputTokens),
    ("/v1/embeddings", Api::Embeddings),
    ("/v1/moderations", Api::Moderations),
    ("/v1/messages", Api::Messages),
    ("/v1/messages/count_tokens", Api::MessageTokens),
];

/// What may be asked of a model whose name stands in the path, and whether as a stream.
const GEMINI_METHODS: &[(&str, Api, bool)] = &[
    ("generateContent", Api::Generate, false),
    ("streamGenerateContent", Api::Generate, true),
    ("countTokens", Api::ContentTokens, false),
    ("embedContent", Api::EmbedContent, false),
    ("batchEmbedContents", Api::BatchEmbedContents, false),
];

const MODELS: &str = "/v1/models";
/// Google's SDKs say `v1beta` unless they are told otherwise.
const GEMINI_MODELS: &str = "/v1beta/models/";
const RECEIPTS: &str = "/v1/inferlayer/receipts/";

/// The operation of a request.
pub(crate) fn of(head: &Head) -> Result<Operation, Refusal> {
    let path = head.path.as_str();
    let inference = INFERENCE.iter().find(|(fixed, _)| *fixed == path);
    if let Some((_, api)) = inference {
        return with(Method::POST, head, Operation::Inference((*api).into()));
    }
    if let Some((model, method)) = gemini_method(path) {
        let asked = gemini(model, method, head)?;
        return with(Method::POST, head, Operation::Inference(asked));
    }
    if let Some(id) = path.strip_prefix(RECEIPTS) {
        let id = Uuid::try_parse(id).ok().and_then(|id| RequestId::new(id.into_bytes()));
        return with(Method::GET, head, Operation::Receipt(id.ok_or(CallerError::UnknownPath)?));
    }
    if path == MODELS || path == "/v1beta/models" {
        return with(Method::GET, head, Operation::Models);
    }
    let id = path.strip_prefix(MODELS).and_then(|rest| rest.strip_prefix('/'));
    match id.or_else(|| path.strip_prefix(GEMINI_MODELS)).filter(|id| is_model_id(id)) {
        Some(id) => with(Method::GET, head, Operation::Model(id.to_owned())),
        None => passage::of(head),
    }
}

fn with(method: Method, head: &Head, operation: Operation) -> Result<Operation, Refusal> {
    if head.method == method {
        return Ok(operation);
    }
    let allowed = if method == Method::POST { "POST" } else { "GET" };
    Err(RequestError::MethodNotAllowed { allowed }.into())
}

/// Model and method of `/v1beta/models/MODEL:METHOD`, when it is one of Gemini's.
fn gemini_method(path: &str) -> Option<(&str, &str)> {
    let named = path.strip_prefix(GEMINI_MODELS).or_else(|| path.strip_prefix("/v1/models/"))?;
    let (model, method) = named.rsplit_once(':')?;
    let known = GEMINI_METHODS.iter().any(|(name, ..)| *name == method);
    (known && is_model_id(model)).then_some((model, method))
}

fn gemini(model: &str, method: &str, head: &Head) -> Result<Asked, Refusal> {
    let found = GEMINI_METHODS.iter().find(|(name, ..)| *name == method);
    let (_, api, stream) = *found.ok_or(CallerError::UnknownPath)?;
    if stream && head.parameter("alt") != Some("sse") {
        return Err(Invalid::value("alt", "be sse: streams are event streams here").into());
    }
    Ok(Asked { api, model: Some(model.to_owned()), stream })
}

/// Model names may have slashes (`org/model`); nothing that is decoded or resolved later.
fn is_model_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@".contains(&b);
    (1..=256).contains(&id.len()) && id.bytes().all(allowed) && !id.split('/').any(|s| s == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_path(method: Method, path: &str) -> Result<Operation, Refusal> {
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let (path, query) = (path.to_owned(), query.map(str::to_owned));
        of(&Head { method, path, query, headers: http::HeaderMap::new() })
    }

    #[test]
    fn knows_what_is_served() {
        assert_eq!(
            of_path(Method::POST, "/v1/chat/completions").unwrap(),
            Operation::Inference(Api::Chat.into())
        );
        assert_eq!(of_path(Method::GET, "/v1/models").unwrap(), Operation::Models);
        let one = of_path(Method::GET, "/v1/models/org/model:free").unwrap();
        assert_eq!(one, Operation::Model("org/model:free".into()));
    }

    #[test]
    fn gemini_s_model_and_method_stand_in_the_path() {
        for (path, api, model, stream) in [
            ("/v1beta/models/g-2.5:generateContent", Api::Generate, "g-2.5", false),
            ("/v1/models/g:streamGenerateContent?alt=sse", Api::Generate, "g", true),
            ("/v1beta/models/org/m:free:countTokens", Api::ContentTokens, "org/m:free", false),
        ] {
            let asked = Asked { api, model: Some(model.to_owned()), stream };
            assert_eq!(of_path(Method::POST, path).unwrap(), Operation::Inference(asked), "{path}");
        }
        let array = of_path(Method::POST, "/v1beta/models/g:streamGenerateContent").unwrap_err();
        assert_eq!(array.response().param.as_deref(), Some("alt"));
        let other = of_path(Method::POST, "/v1beta/models/g:predict").unwrap_err();
        assert_eq!(other.response().allow, Some("GET"));
    }

    #[test]
    fn refuses_the_rest() {
        for path in [
            "/",
            "/v1",
            "/v1/chat/completions/",
            "//v1/chat/completions",
            "/v1/../v1/models",
            "/v1/models/",
            "/v1/models/..",
            "/v1/models/a/../b",
            "/v1/models/%2e%2e",
            "/v1/inferlayer/receipts/",
            "/v1/inferlayer/receipts/1",
            "/v1/inferlayer/receipts/00000000-0000-0000-0000-000000000000",
            "/v1/inferlayer/receipts/0192f0c1-2233-7455-8677-8899aabbccdd/",
        ] {
            let refusal = of_path(Method::GET, path).unwrap_err();
            assert_eq!(refusal.response().code, Some("unknown_path"), "{path}");
        }
        let refusal = of_path(Method::GET, "/v1/chat/completions").unwrap_err();
        assert_eq!(refusal.response().allow, Some("POST"));
    }
}
