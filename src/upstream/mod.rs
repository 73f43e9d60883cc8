//! Providers: who they are, how to reach them, and how one request is tried on several.
//!
//! ```text
//! candidates ─► health ──► connect ────────┐
//!                          intent durable ──┴► credential ─► send(warrant) ─► Reply ─► Answer
//! ```
//!
//! A `local_only` tenant cannot get hold of a provider that is not local: [`Upstreams::permitted`]
//! is the only way to one, and asks.
//!
//! Connecting overlaps the ledger's sync; sending demands a [`Warrant`], which cannot be had
//! without a tenant, a hold and a durable intent. An unmetered or unrecorded call does not compile.

mod answer;
mod attempts;
mod connect;
mod connection;
mod credential;
mod failure;
mod forwarded;
mod gather;
mod health;
mod idle;
mod inference;
mod mask;
mod passing;
mod patience;
mod provider;
mod reply;
mod request;
mod request_body;
mod send;
mod settings;
mod shortage;
mod split_key;
mod streamed;
mod told;

pub(crate) use answer::{Answer, EventStream, Long, Whole, read as read_answer};
pub(crate) use attempts::Trial;
pub(crate) use failure::UpstreamError;
pub(crate) use forwarded::check as check_forwarded;
pub(crate) use health::HealthBook;
pub(crate) use inference::Inference;
pub(crate) use passing::{Kind, PassThrough, Passing};
pub(crate) use provider::{Upstream, UpstreamSettings, Upstreams};
pub(crate) use reply::Reply;
pub(crate) use request_body::{Length, RequestBody};

use inferlayer_accounts::{Hold, Tenant};
use inferlayer_ledger::Receipt;

/// The right to send one request to a provider: it is somebody's, it is paid for, it is recorded.
pub(crate) struct Warrant<'a> {
    _tenant: &'a Tenant,
    _intent: &'a Receipt,
}

impl<'a> Warrant<'a> {
    /// From here on a provider may bill for the request, so the hold is exposed.
    pub(crate) fn new(tenant: &'a Tenant, hold: &mut Hold, intent: &'a Receipt) -> Warrant<'a> {
        hold.expose();
        Warrant { _tenant: tenant, _intent: intent }
    }
}
