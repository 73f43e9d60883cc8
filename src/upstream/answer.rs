//! Whether what a provider sends is an answer. It is looked at before the client hears of it: a
//! status of success over an error, a page of HTML, or a stream that breaks or begins with nonsense
//! is a failed attempt, and the next candidate is asked as if this one had answered 500.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use inferlayer_accounts::Tenant;
use inferlayer_accounts::tenant::unix_seconds;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_filter::{LARGE_BYTES, offload};
use inferlayer_wire::{
    self as wire, Api, Call, Completion, ErrorParts, Meaning, NotAnswer, Piece, StreamReader, sse,
};
use serde::de::IgnoredAny;

use crate::config::Limits;
use crate::upstream::reply::{Cut, Reply};
use crate::upstream::split_key::{SplitKey, Told};

/// Comments and pings that may come before the first word of a stream while its head is kept
/// back. A provider that sends more is taken for one that answers, and its client sees them.
const ASIDES_MAX: usize = 16;

/// The longest answer that is translated, or read by a filter.
const WHOLE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// What a provider answers, in its caller's dialect.
pub(crate) enum Answer {
    /// All of it.
    Whole(Whole),
    /// Too large to collect.
    Long(Long),
    /// A stream of events, from its first word on.
    Stream(Box<EventStream>),
}

/// A whole answer.
pub(crate) struct Whole {
    pub(crate) status: StatusCode,
    /// Of a body that was not understood; what was is JSON.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
    /// What a successful answer says of itself.
    pub(crate) facts: Option<Completion>,
}

/// An answer too large to collect, as far as it has come.
pub(crate) struct Long {
    pub(crate) reply: Reply,
    pub(crate) begun: Bytes,
}

/// A stream of events, read as it comes.
pub(crate) struct EventStream {
    reply: Reply,
    decoder: sse::Decoder,
    reader: StreamReader,
    /// Read and not passed on yet.
    pieces: VecDeque<Piece>,
    ended: bool,
    split_key: SplitKey,
    /// How many of the last pieces wait until it is known that they are no part of our key.
    held: usize,
}

impl Answer {
    /// Looks at a reply whose status is final. One that is translated or `is_read` by a filter has
    /// to be whole.
    pub(crate) async fn begin(
        reply: Reply,
        tenant: &Tenant,
        call: &Call,
        provider: Api,
        is_read: bool,
        limits: &Limits,
    ) -> Result<Answer, AttemptResult> {
        if reply.is_encoded() {
            return Err(reply.unreadable());
        }
        if reply.status.is_success() && reply.is_event_stream() {
            let stream = EventStream::open(reply, call, provider, limits).await?;
            return Ok(Answer::Stream(Box::new(stream)));
        }
        collect(reply, tenant, call, provider, is_read, limits).await
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Answer::Whole(whole) => whole.status,
            Answer::Long(long) => long.reply.status,
            Answer::Stream(stream) => stream.status(),
        }
    }
}

async fn collect(
    mut reply: Reply,
    tenant: &Tenant,
    call: &Call,
    provider: Api,
    is_read: bool,
    limits: &Limits,
) -> Result<Answer, AttemptResult> {
    let is_whole = is_read || call.api() != provider;
    let collected = limits.collected_answer_bytes;
    let max_bytes = if is_whole { collected.max(WHOLE_MAX_BYTES) } else { collected };
    let mut body = BytesMut::new();
    while let Some(bytes) = reply.next().await.map_err(|Cut| cut_in(reply.status))? {
        body.extend_from_slice(&bytes);
        if body.len() > max_bytes && is_whole {
            return Err(AttemptResult::BadAnswer);
        }
        if body.len() > max_bytes && !reply.status.is_success() {
            return Err(AttemptResult::Status { status: reply.status.as_u16() });
        }
        if body.len() > max_bytes {
            return Ok(Answer::Long(Long { reply, begun: body.freeze() }));
        }
    }
    let body = body.freeze();
    match reply.status.is_success() {
        true => whole(reply, tenant, call, provider, body).await,
        false => error(reply, call, provider, body).await,
    }
}

/// An answer with a status of success; what was understood is JSON, whatever its type says.
async fn whole(
    mut reply: Reply,
    tenant: &Tenant,
    call: &Call,
    provider: Api,
    body: Bytes,
) -> Result<Answer, AttemptResult> {
    let status = reply.status;
    let read = read(tenant, call, provider, body).await;
    if read.as_ref().is_ok_and(|read| !read.facts.is_error) {
        reply.answered();
    }
    reply.release().await;
    match read {
        Ok(read) if !read.facts.is_error => {
            let (body, facts) = (read.body, Some(read.facts));
            Ok(Answer::Whole(Whole { status, content_type: None, body, facts }))
        }
        // It says something, which may be billed.
        Err(NotAnswer::Odd) => Err(AttemptResult::BadAnswer),
        Ok(_) => Err(AttemptResult::ErrorAnswer { status: status.as_u16() }),
        Err(NotAnswer::Other) => Err(AttemptResult::UnreadableAnswer { status: status.as_u16() }),
    }
}

/// A body that broke off. What follows a status of error is no answer, whole or not.
pub(super) fn cut_in(status: StatusCode) -> AttemptResult {
    match status.is_success() {
        true => AttemptResult::Broken,
        false => AttemptResult::Status { status: status.as_u16() },
    }
}

/// A provider's 4xx that its caller can mend. What is no JSON, such as a page, keeps its type.
async fn error(
    mut reply: Reply,
    call: &Call,
    provider: Api,
    body: Bytes,
) -> Result<Answer, AttemptResult> {
    let status = reply.status;
    if provider.blames_key(status.as_u16(), &body) {
        reply.refuses_key();
        return Err(AttemptResult::Status { status: status.as_u16() });
    }
    let content_type = reply.headers.get(CONTENT_TYPE).cloned();
    reply.release().await;
    let body = call.read_error(provider, status.as_u16(), body);
    let is_json = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
    let content_type = content_type.filter(|_| !is_json);
    Ok(Answer::Whole(Whole { status, content_type, body, facts: None }))
}

/// Reads an answer, a large one away from the threads that serve. One that was paid for is not
/// lost for want of a turn.
pub(crate) async fn read(
    tenant: &Tenant,
    call: &Call,
    provider: Api,
    body: Bytes,
) -> Result<wire::Answer, NotAnswer> {
    if body.len() > LARGE_BYTES {
        let (call, body) = (call.clone(), body.clone());
        let reading = offload(tenant, move || call.read_answer(provider, unix_seconds(), body));
        if let Ok(read) = reading.await {
            return read;
        }
    }
    call.read_answer(provider, unix_seconds(), body)
}

impl EventStream {
    /// Reads until the provider has said a word.
    async fn open(
        reply: Reply,
        call: &Call,
        provider: Api,
        limits: &Limits,
    ) -> Result<EventStream, AttemptResult> {
        let status = reply.status.as_u16();
        let mut stream = EventStream {
            reply,
            decoder: sse::Decoder::new(limits.event_bytes),
            reader: StreamReader::new(call, provider, unix_seconds()),
            pieces: VecDeque::new(),
            ended: false,
            split_key: SplitKey::default(),
            held: 0,
        };
        while stream.pieces.len() <= ASIDES_MAX {
            match stream.first_word() {
                Some(Meaning::Error) => return Err(AttemptResult::ErrorAnswer { status }),
                Some(Meaning::Garbage) => return Err(AttemptResult::BadAnswer),
                Some(_) => break,
                None if stream.ended => {
                    stream.broke();
                    return Err(AttemptResult::Broken);
                }
                None => stream.fill().await.map_err(|Cut| AttemptResult::Broken)?,
            }
        }
        Ok(stream)
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.reply.status
    }

    /// The next of what has come.
    pub(crate) fn pop(&mut self) -> Option<Piece> {
        if self.pieces.len() <= self.held { None } else { self.pieces.pop_front() }
    }

    /// Whether nothing more will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether all that was asked for has been said, so that an end without an end mark is one.
    pub(crate) fn is_finished(&self) -> bool {
        self.reader.is_finished()
    }

    /// What its caller has still to hear when it ended without an end mark.
    pub(crate) fn finish(&mut self) -> Bytes {
        self.reader.finish()
    }

    /// What tells its caller that it broke.
    pub(crate) fn error_event(&self, error: ErrorParts<'_>) -> Bytes {
        self.reader.error_event(error)
    }

    /// It ended before all was said.
    pub(crate) fn broke(&mut self) {
        self.reply.broke();
    }

    /// What ends the stream for its caller.
    pub(crate) fn end_mark(&self) -> Bytes {
        self.reader.end_mark()
    }

    /// Waits for more.
    pub(crate) async fn fill(&mut self) -> Result<(), Cut> {
        let Some(bytes) = self.reply.next().await? else {
            self.ended = true;
            if let Some(event) = self.decoder.finish() {
                let last = self.read(&event);
                let last = if event.is_terminated() { last } else { terminated(last) };
                self.pieces.push_back(last);
            }
            self.held = 0;
            return Ok(());
        };
        // An event beyond the limit ends the stream where it stands.
        self.ended = self.decoder.push(bytes).is_err();
        while let Some(event) = self.decoder.next() {
            let piece = self.read(&event);
            self.pieces.push_back(piece);
        }
        Ok(())
    }

    fn read(&mut self, event: &sse::Event) -> Piece {
        let piece = self.reader.read(event);
        let told = self.reply.key().map(|key| self.split_key.read(key, &event.raw));
        match told {
            None | Some(Told::Nothing) => self.held = 0,
            Some(Told::Part) => self.held += 1,
            Some(Told::Key) => {
                self.pieces.truncate(self.pieces.len().saturating_sub(self.held));
                self.held = 0;
                return Piece {
                    bytes: Bytes::new(),
                    facts: piece.facts,
                    meaning: Meaning::Garbage,
                };
            }
        }
        piece
    }

    /// All was said.
    pub(crate) fn answered(&mut self) {
        self.reply.answered();
    }

    /// Reads what may be left beside the request that goes on, to keep the connection.
    pub(crate) fn discard(self) {
        self.reply.discard();
    }

    fn first_word(&self) -> Option<Meaning> {
        let mut meanings = self.pieces.iter().map(|piece| piece.meaning);
        meanings.find(|meaning| *meaning != Meaning::Aside)
    }
}

/// An event that the end of the stream cut, with the end it lacks: nothing of ours runs into it.
fn terminated(mut piece: Piece) -> Piece {
    if !piece.bytes.is_empty() {
        piece.bytes = [&piece.bytes, &b"\n\n"[..]].concat().into();
    }
    piece
}
