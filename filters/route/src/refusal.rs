//! What no route leads to.

use inferlayer_filter::{ErrorResponse, RefusalCause};

/// What no route leads to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRouted {
    /// No route for this model.
    #[error("the model `{model}` does not exist or is not routed here")]
    UnknownModel {
        /// The name as asked for.
        model: String,
    },
    /// The path may pass through, but not for this tenant.
    #[error("this tenant may not use the path `{path}`")]
    PathNotAllowed {
        /// The path as asked for.
        path: String,
    },
}

impl RefusalCause for NotRouted {
    fn response(&self) -> ErrorResponse {
        match self {
            NotRouted::UnknownModel { .. } => {
                ErrorResponse::caller(404, "model_not_found").with_param("model")
            }
            NotRouted::PathNotAllowed { .. } => {
                ErrorResponse::caller(403, "path_not_allowed").without_retry()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        assert_eq!(
            told(NotRouted::UnknownModel { model: "m".to_owned() }),
            "404 invalid_request_error model_not_found model - -: the model `m` does not exist or \
             is not routed here"
        );
        assert_eq!(
            told(NotRouted::PathNotAllowed { path: "/v1/x".to_owned() }),
            "403 permission_error path_not_allowed - - final: this tenant may not use the path \
             `/v1/x`"
        );
    }
}
