//! The refusal of a request body: always the client's fault, always a 400.

use crate::NotSegment;

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

impl From<NotSegment> for Invalid {
    fn from(rule: NotSegment) -> Invalid {
        Invalid::value("model", &rule.to_string())
    }
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
    pub fn value(param: &str, rule: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` must {rule}"),
            param: Some(param.to_owned()),
            code: Some("invalid_value"),
        }
    }

    /// A field that the only provider of the model cannot be told of.
    pub(crate) fn unsupported(param: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` is not supported for this model"),
            param: Some(param.to_owned()),
            code: Some("unsupported_parameter"),
        }
    }

    /// A value that the only provider of the model cannot be told; `rule` completes
    /// "`param` must …".
    pub(crate) fn unsupported_value(param: &str, rule: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` must {rule} for this model"),
            param: Some(param.to_owned()),
            code: Some("unsupported_value"),
        }
    }

    /// A field that would move the cost of the request beyond what was read of it.
    pub(crate) fn costly(param: &str, why: &str) -> Invalid {
        Invalid {
            message: format!("`{param}` must be left out for this model: {why}"),
            param: Some(param.to_owned()),
            code: Some("unsupported_parameter"),
        }
    }

    /// An object holds a member whose name we do not know and therefore do not repeat; `path` is
    /// empty for the request itself.
    pub(crate) fn unknown_member(path: &str) -> Invalid {
        let whole = if path.is_empty() { "the request".to_owned() } else { format!("`{path}`") };
        Invalid {
            message: format!("{whole} has a field that is not supported for this model"),
            param: Some(path.to_owned()).filter(|path| !path.is_empty()),
            code: Some("unsupported_parameter"),
        }
    }
}
