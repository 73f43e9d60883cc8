//! What passes through: audio, images, files and whatever else is no inference in JSON. It is
//! authenticated, held and recorded like an inference, but nobody collects it: both bodies flow
//! while they are counted, in memory that does not grow with them.
//!
//! ```text
//! head ─► filters ─► connect, intent durable ─► body ─► provider
//! client ◄── the last piece once the outcome is durable ◄── answer
//! ```

mod relay;
mod upload;

use http::Method;
use inferlayer_filter::exchange::{Head, Operation};
use inferlayer_filter::{CallerError, Flow, Passage, Refusal};
use pingora_proxy::Session;

use self::upload::Upload;
use crate::config::Limits;
use crate::proxy::refusal::RequestError;
use crate::proxy::{Failure, Run, body};
use crate::upstream::{PassThrough, Trial};

/// A request for a path that is not ours.
pub(crate) fn of(head: &Head) -> Result<Operation, Refusal> {
    let passage = Passage::new(&head.method, &head.path, head.query.as_deref());
    let passage = passage.ok_or(CallerError::UnknownPath)?;
    match head.method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE => Ok(Operation::Passage(passage)),
        _ => {
            let allowed = "GET, HEAD, POST, PUT, PATCH or DELETE";
            Err(RequestError::MethodNotAllowed { allowed }.into())
        }
    }
}

/// What the filters say while the body is still to come.
pub(crate) async fn decide(
    session: &Session,
    run: &mut Run<'_>,
    limits: &Limits,
) -> Result<Flow, Refusal> {
    let limit_bytes = limits.pass_through_bytes;
    if body::announced_bytes(session).is_some_and(|length| length > limit_bytes) {
        return Err(RequestError::BodyTooLarge { limit_bytes }.into());
    }
    run.request().await
}

/// From the connection to a provider to the last byte of its answer.
pub(crate) async fn forward(
    session: &mut Session,
    run: &mut Run<'_>,
    trial: &Trial<'_>,
) -> Result<(), Failure> {
    let mut upload = Upload::new(session, trial.limits, run.in_flight, run.x.tenant.need()?);
    let mut payload = PassThrough::new(run.x.head.method.clone(), &mut upload);
    let answer = trial.run(&mut run.x, &mut payload).await;
    run.x.passed = Some(upload.finish());
    relay::answer(session, run, answer?, trial.limits).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_line(method: &str, path: &str) -> Result<Operation, Refusal> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        of(&Head { method, path: path.to_owned(), query: None, headers: http::HeaderMap::new() })
    }

    #[test]
    fn any_method_that_asks_one_server_for_one_thing() {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let Ok(Operation::Passage(passage)) = of_line(method, "/v1/files/a") else {
                panic!("{method}")
            };
            assert_eq!(passage.target().as_str(), "/files/a");
        }
        for method in ["OPTIONS", "TRACE", "CONNECT", "PURGE", "get"] {
            let refusal = of_line(method, "/v1/files/a").unwrap_err();
            assert!(refusal.response().allow.is_some(), "{method}");
        }
    }

    #[test]
    fn a_path_that_is_not_plain_is_unknown() {
        for path in ["/v1/files/", "/v1/models/a/../b", "/v1/inferlayer/x", "/v2/files"] {
            let refusal = of_line("GET", path).unwrap_err();
            assert_eq!(refusal.response().code, Some("unknown_path"), "{path}");
        }
    }
}
