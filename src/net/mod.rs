//! Where other servers are, and how they are reached: base URLs, which addresses a name may lead
//! to, and an HTTP client for all that is no provider.

mod address;
mod base_url;
mod http_client;
mod resolver;

pub(crate) use address::{AllowedAddresses, Reach};
pub(crate) use base_url::{BadBaseUrl, BaseUrl};
pub(crate) use http_client::{HttpAnswer, HttpClient, HttpConnection, HttpError};
pub(crate) use resolver::{ResolveError, Resolver};
