//! A request body on its way through: read as the provider takes it, counted and hashed as it
//! passes, kept nowhere.

use async_trait::async_trait;
use bytes::Bytes;
use inferlayer_accounts::{ContentPolicy, Tenant};
use inferlayer_filter::Refusal;
use inferlayer_filter::passage::Passed;
use inferlayer_ledger::ContentMac;
use pingora_proxy::Session;

use crate::config::Limits;
use crate::in_flight::InFlight;
use crate::proxy::body::Pace;
use crate::proxy::refusal::RequestError;
use crate::proxy::{body, client};
use crate::upstream::{Length, RequestBody};

/// A request body on its way through.
pub(crate) struct Upload<'a> {
    session: &'a mut Session,
    limits: &'a Limits,
    in_flight: &'a InFlight,
    pace: Pace,
    mac: Option<ContentMac>,
    bytes: u64,
    ended: bool,
}

impl<'a> Upload<'a> {
    /// The body of the request that the session has read the head of.
    pub(crate) fn new(
        session: &'a mut Session,
        limits: &'a Limits,
        in_flight: &'a InFlight,
        tenant: &Tenant,
    ) -> Upload<'a> {
        let hashed = tenant.content() != ContentPolicy::None;
        let mac = hashed.then(|| tenant.seal().content_mac());
        Upload { session, limits, in_flight, pace: Pace::default(), mac, bytes: 0, ended: false }
    }

    /// What has passed. A part of a body has no MAC.
    pub(crate) fn finish(self) -> Passed {
        // A provider may answer the last byte before the end behind it was seen.
        let whole = self.ended || body::announced_bytes(self.session) == Some(self.bytes);
        let mac = self.mac.filter(|_| whole && self.bytes > 0);
        let request_hmac = mac.map(ContentMac::finish);
        Passed { request_bytes: self.bytes, request_hmac, answer_bytes: 0 }
    }
}

#[async_trait]
impl RequestBody for Upload<'_> {
    fn length(&mut self) -> Length {
        match body::announced_bytes(self.session) {
            Some(bytes) => Length::Bytes(bytes),
            None if self.session.as_downstream_mut().is_body_empty() => Length::NoBody,
            None => Length::Unknown,
        }
    }

    async fn invite(&mut self) -> Result<(), Refusal> {
        body::invite(self.session).await
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let Some(piece) = body::next(self.session, self.limits, &mut self.pace).await? else {
            self.ended = true;
            return Ok(None);
        };
        self.bytes += piece.len() as u64;
        let limit_bytes = self.limits.pass_through_bytes;
        if self.bytes > limit_bytes {
            return Err(RequestError::BodyTooLarge { limit_bytes }.into());
        }
        self.mac.iter_mut().for_each(|mac| mac.update(&piece));
        Ok(Some(piece))
    }

    async fn interrupted(&mut self) -> Refusal {
        client::interrupted(self.session, self.in_flight).await
    }
}
