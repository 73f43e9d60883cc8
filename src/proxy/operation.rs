//! What a request asks for, told from method and path alone. A path that is not here
//! passes through if a rule leads it somewhere, and reaches no provider otherwise.

use http::Method;
use inferlayer_filter::Refusal;
use inferlayer_filter::exchange::{Head, Operation};
use inferlayer_ledger::RequestId;
use inferlayer_wire::{Api, Dialect};
use uuid::Uuid;

use crate::proxy::passage;

/// The shape of errors and answers that a caller understands, told from the path; where that says
/// nothing, from the header that Anthropic's SDKs send.
pub(crate) fn dialect_of(head: &Head) -> Dialect {
    match head.path.as_str() {
        MESSAGES => Dialect::Anthropic,
        CHAT => Dialect::OpenAi,
        _ if head.headers.contains_key("anthropic-version") => Dialect::Anthropic,
        _ => Dialect::OpenAi,
    }
}

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RECEIPTS: &str = "/v1/inferlayer/receipts/";

/// The operation of a request.
pub(crate) fn of(head: &Head) -> Result<Operation, Refusal> {
    const MODELS: &str = "/v1/models";
    if let Some(id) = head.path.strip_prefix(RECEIPTS) {
        return receipt(id, head);
    }
    let (operation, method) = match head.path.as_str() {
        CHAT => (Operation::Inference(Api::Chat.into()), Method::POST),
        MESSAGES => (Operation::Inference(Api::Messages.into()), Method::POST),
        MODELS => (Operation::Models, Method::GET),
        path => match path.strip_prefix(MODELS).and_then(|rest| rest.strip_prefix('/')) {
            Some(id) if is_model_id(id) => (Operation::Model(id.to_owned()), Method::GET),
            _ => return passage::of(head),
        },
    };
    match (head.method == method, method) {
        (true, _) => Ok(operation),
        (false, Method::POST) => Err(Refusal::MethodNotAllowed { allowed: "POST" }),
        (false, _) => Err(Refusal::MethodNotAllowed { allowed: "GET" }),
    }
}

fn receipt(id: &str, head: &Head) -> Result<Operation, Refusal> {
    let id = Uuid::try_parse(id).ok().and_then(|id| RequestId::new(id.into_bytes()));
    match (id, head.method == Method::GET) {
        (None, _) => Err(Refusal::UnknownPath),
        (Some(_), false) => Err(Refusal::MethodNotAllowed { allowed: "GET" }),
        (Some(id), true) => Ok(Operation::Receipt(id)),
    }
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
        let headers = http::HeaderMap::new();
        of(&Head { method, path: path.to_owned(), query: None, headers })
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
            assert!(matches!(refusal, Refusal::UnknownPath), "{path}");
        }
        let refusal = of_path(Method::GET, "/v1/chat/completions").unwrap_err();
        assert!(matches!(refusal, Refusal::MethodNotAllowed { allowed: "POST" }));
    }
}
