//! The refusal of a request body: always the client's fault, always a 400.

/// Why a request body is refused, ready to be told in the caller's dialect.
///
/// Neither field ever quotes the input beyond names that we know ourselves: bodies hold prompts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// One sentence for the client.
    pub message: String,
    /// The field at fault as the client wrote it, such as `stream_options.include_usage`.
    pub param: Option<String>,
    /// What a program can act on, in OpenAI's words, such as `missing_required_parameter`.
    pub code: Option<&'static str>,
}

impl Invalid {
    /// The body as a whole cannot be read.
    pub(crate) fn body(message: impl Into<String>) -> Invalid {
        Invalid { message: message.into(), param: None, code: None }
    }

    /// A required field is not there.
    pub(crate) fn missing(param: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` is required"),
            param: Some(param.to_owned()),
            code: Some("missing_required_parameter"),
        }
    }

    /// A field is of the wrong type or outside its range; `rule` completes "`param` must …".
    pub(crate) fn value(param: &str, rule: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` must {rule}"),
            param: Some(param.to_owned()),
            code: Some("invalid_value"),
        }
    }
}
