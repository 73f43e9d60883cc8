//! What stands in a refusal: requests that no provider was asked for, refused or answered by a
//! filter.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::charged::Charged;
use super::client::Client;
use crate::key_id::KeyId;

/// Kind 3: requests that ended before any provider was asked, refused or answered by a filter; one
/// or several of the same cause.
#[derive(Serialize, Deserialize)]
pub struct Refused<'a> {
    /// The request's id, when the record is about one request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Cow<'a, str>>,
    /// Whose request it was, when that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Cow<'a, str>>,
    /// Which key asked, when one was accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<KeyId>,
    /// The HTTP status given.
    pub status: u16,
    /// The error code given; `answered` for an answer of a filter.
    pub code: Cow<'a, str>,
    /// The filter that refused or answered, if it was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<Cow<'a, str>>,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<Client<'a>>,
    /// The budgets that had no room for it, where that is why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub charged: Vec<Charged<'a>>,
    /// How many requests this record stands for.
    pub count: u64,
}
