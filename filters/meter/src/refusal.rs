//! What the meter refuses: what does not fit the budget, and what has no price to hold it by.

use inferlayer_accounts::OverBudget;
use inferlayer_filter::{ErrorResponse, RefusalCause};

/// What the meter refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotHeld {
    /// The worst case does not fit the budget.
    #[error("budget exceeded: {cause}{}", assumption(*assumed_output_tokens))]
    OverBudget {
        /// What does not fit.
        cause: OverBudget,
        /// What was taken for the output of a request that names no cap.
        assumed_output_tokens: Option<u64>,
    },
    /// No price is known and the tenant does not allow that.
    #[error("`{model}` has no price, so its cost cannot be held against the budget")]
    Unpriced {
        /// The name as asked for; the path of what passes through.
        model: String,
    },
}

impl RefusalCause for NotHeld {
    fn response(&self) -> ErrorResponse {
        const QUOTA: &str = "insufficient_quota";
        let response = match self {
            NotHeld::OverBudget { .. } => ErrorResponse::caller(429, QUOTA).with_kind(QUOTA),
            NotHeld::Unpriced { .. } => ErrorResponse::caller(403, "model_not_priced"),
        };
        response.without_retry()
    }
}

fn assumption(output_tokens: Option<u64>) -> String {
    output_tokens.map_or_else(String::new, |tokens| {
        format!(
            "; it names no max_tokens, so {tokens} tokens of output were assumed, and a lower cap \
             lets it fit more easily"
        )
    })
}

#[cfg(test)]
mod tests {
    use inferlayer_accounts::NanoUsd;
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        let over = |assumed_output_tokens| {
            let (asked, left) =
                (NanoUsd::from_nano(2_000_000_000), NanoUsd::from_nano(500_000_000));
            told(NotHeld::OverBudget { cause: OverBudget { asked, left }, assumed_output_tokens })
        };
        let cause = "429 insufficient_quota insufficient_quota - - final: budget exceeded: the \
                     call could cost 2 USD and 0.5 USD of the budget is free";
        assert_eq!(over(None), cause);
        let assumed = "; it names no max_tokens, so 9 tokens of output were assumed, and a lower \
                       cap lets it fit more easily";
        assert_eq!(over(Some(9)), format!("{cause}{assumed}"));
        assert_eq!(
            told(NotHeld::Unpriced { model: "m".to_owned() }),
            "403 permission_error model_not_priced - - final: `m` has no price, so its cost \
             cannot be held against the budget"
        );
    }
}
