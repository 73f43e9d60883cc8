//! Attempts at providers: what was tried, and what came of it.

use std::sync::Arc;

use inferlayer_accounts::NanoUsd;

use crate::candidate::{Candidate, Provider};
use crate::money::Quote;

/// One attempt at one provider.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where it went.
    pub provider: Arc<Provider>,
    /// What was asked for.
    pub model: Arc<str>,
    /// It stands in for the plan's own model.
    pub fallback: bool,
    /// What it costs at worst.
    pub quote: Option<Arc<Quote>>,
    /// What came of it.
    pub result: AttemptResult,
}

impl Attempt {
    /// An attempt at a candidate.
    pub fn new(candidate: &Candidate, result: AttemptResult) -> Attempt {
        Attempt {
            provider: Arc::clone(&candidate.provider),
            model: Arc::clone(&candidate.model),
            fallback: candidate.fallback,
            quote: candidate.quote.clone(),
            result,
        }
    }

    /// The most that a provider may bill for it; nothing where it may not bill.
    pub fn billable(&self) -> NanoUsd {
        let quote = self.quote.as_ref().filter(|_| self.result.may_be_billed());
        quote.map_or(NanoUsd::ZERO, |quote| quote.worst_case)
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// Not yet connected.
    Connecting,
    /// The request is on its way, or its answer is.
    Sent,
    /// The provider's answer is the client's answer.
    Answered {
        /// Its status.
        status: u16,
    },
    /// The name has no address.
    Unresolved,
    /// The name has no address where the provider may be: it is `local` and the address is not, or
    /// the address is never a provider's.
    AddressNotAllowed,
    /// Nobody listens there.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// The TLS handshake failed.
    TlsFailed,
    /// The connection could not be made for another reason.
    ConnectFailed,
    /// A connection kept from before was closed by the provider when it was used again. It broke
    /// at once and nothing of an answer came; tried again on another.
    Stale,
    /// The connection failed at once, or before the whole request was sent, and not a byte came: a
    /// certificate was wanted, or nobody had a use for the connection.
    NoHttp,
    /// The connection broke before an answer began.
    Broken,
    /// No answer began in time.
    FirstByteTimeout,
    /// Bytes came at once that are no HTTP: plain text and TLS met, or it is another service.
    NotHttp,
    /// Something came before the request was sent, so it was not sent on this connection; tried
    /// again on another.
    SpokeFirst,
    /// Not sent: the request cannot be written for this provider. Nobody's fault but the gateway's.
    Unsendable,
    /// Not made: the gateway itself is short of descriptors, ports or memory for a connection.
    OwnShortage,
    /// An answer that is not one: nonsense, cut off, too large, encoded unasked, a head that cannot
    /// be read, or heads without end.
    BadAnswer,
    /// A status of success over an error.
    ErrorAnswer {
        /// The status.
        status: u16,
    },
    /// A status of success over what cannot be read as an answer: a page, compressed bytes, or
    /// nothing.
    UnreadableAnswer {
        /// The status.
        status: u16,
    },
    /// Not made: the provider, or its model, failed again and again and is left alone for a while.
    CircuitOpen,
    /// Not made: the provider asked to be left alone.
    Cooling,
    /// Not made: the provider refuses its key.
    KeyRefused,
    /// Not sent: the credential for it could not be had, such as a token that is fetched.
    CredentialUnavailable,
    /// A status that another provider may do better than.
    Status {
        /// The status.
        status: u16,
    },
}

impl AttemptResult {
    /// Whether the provider may bill for it although it gave no answer.
    pub fn may_be_billed(self) -> bool {
        matches!(
            self,
            AttemptResult::Sent
                | AttemptResult::Broken
                | AttemptResult::FirstByteTimeout
                | AttemptResult::BadAnswer
                | AttemptResult::UnreadableAnswer { .. }
        )
    }

    /// Whether the provider was not asked at all, because of what is known of it.
    pub fn was_not_asked(self) -> bool {
        matches!(
            self,
            AttemptResult::CircuitOpen | AttemptResult::Cooling | AttemptResult::KeyRefused
        )
    }

    /// The word in records and messages.
    pub fn name(self) -> &'static str {
        match self {
            AttemptResult::Connecting => "connecting",
            AttemptResult::Sent => "sent",
            AttemptResult::Answered { .. } => "answered",
            AttemptResult::Unresolved => "unresolved",
            AttemptResult::AddressNotAllowed => "address_not_allowed",
            AttemptResult::Refused => "refused",
            AttemptResult::ConnectTimeout => "connect_timeout",
            AttemptResult::TlsFailed => "tls_failed",
            AttemptResult::ConnectFailed => "connect_failed",
            AttemptResult::Stale => "stale",
            AttemptResult::NoHttp => "no_http",
            AttemptResult::Broken => "broken",
            AttemptResult::FirstByteTimeout => "first_byte_timeout",
            AttemptResult::NotHttp => "not_http",
            AttemptResult::SpokeFirst => "spoke_first",
            AttemptResult::Unsendable => "unsendable",
            AttemptResult::OwnShortage => "own_shortage",
            AttemptResult::BadAnswer => "bad_answer",
            AttemptResult::ErrorAnswer { .. } => "error_answer",
            AttemptResult::UnreadableAnswer { .. } => "unreadable_answer",
            AttemptResult::CircuitOpen => "circuit_open",
            AttemptResult::Cooling => "cooling",
            AttemptResult::KeyRefused => "key_refused",
            AttemptResult::CredentialUnavailable => "credential_unavailable",
            AttemptResult::Status { .. } => "status",
        }
    }

    /// The provider's status, when it gave one.
    pub fn status(self) -> Option<u16> {
        match self {
            AttemptResult::Answered { status }
            | AttemptResult::ErrorAnswer { status }
            | AttemptResult::UnreadableAnswer { status }
            | AttemptResult::Status { status } => Some(status),
            _ => None,
        }
    }
}
