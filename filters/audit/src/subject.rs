//! What an intent says of its request: a call that was parsed, or a path that passes through.

use bytes::Bytes;

use inferlayer_filter::exchange::Operation;
use inferlayer_filter::{Exchange, Refusal};

/// What is asked for, in the words of a record.
pub(crate) struct Subject<'a> {
    /// OpenTelemetry's word, where it has one.
    pub(crate) operation: Option<&'static str>,
    /// The API.
    pub(crate) api: &'a str,
    pub(crate) model: &'a str,
    pub(crate) stream: bool,
    pub(crate) method: Option<&'a str>,
    /// Without the query, which may hold anything.
    pub(crate) path: Option<&'a str>,
    /// Empty for what passes through: its body is not held by anyone.
    pub(crate) body: Bytes,
}

impl Subject<'_> {
    pub(crate) fn of(x: &Exchange) -> Result<Subject<'_>, Refusal> {
        if let Operation::Passage(passage) = &x.operation {
            return Ok(Subject {
                operation: None,
                api: "pass_through",
                model: passage.family().name(),
                stream: false,
                method: Some(x.head.method.as_str()),
                path: Some(passage.path().as_str()),
                body: Bytes::new(),
            });
        }
        let call = x.call.need()?;
        Ok(Subject {
            operation: call.api().operation_name(),
            api: call.api().name(),
            model: call.model(),
            stream: call.stream(),
            method: None,
            path: None,
            body: call.body().clone(),
        })
    }
}
