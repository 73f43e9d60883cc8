//! Where a request came from, as far as its tenant lets the ledger keep that.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Who sent a request, and where it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client<'a> {
    /// Its IP address, or the network that it is in, such as `203.0.113.0/24`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Cow<'a, str>>,
    /// The listener that took the connection, as the configuration names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listener: Option<Cow<'a, str>>,
    /// What it calls itself, up to a bound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<Cow<'a, str>>,
}
