//! What decides about the answer to a chat request: two requests with the same identity, for the
//! same model, ask for the same thing.
//!
//! Everything counts that is not known to change nothing, so fields we have never heard of do. Only
//! white space between values and the order of the request's own members are evened out; other
//! spellings of the same value make another identity, which costs a cache a hit and nobody a wrong
//! answer.

mod question;

use std::ops::Range;

use self::question::{Question, question};
use super::ChatRequest;
use crate::json::{self, compact};

/// What decides about the answer to a chat request, apart from the model that gives it. Holds the
/// prompt, so it has no `Debug`.
pub struct Identity {
    context: Vec<u8>,
    question: String,
    reason: Option<&'static str>,
    temperature: Option<f64>,
    top_p: Option<f64>,
}

impl Identity {
    /// Everything except the question, in canonical bytes: no two different contexts share them.
    pub fn context(&self) -> &[u8] {
        &self.context
    }

    /// The text of the last message, if that is the user's and nothing but text: line ends as LF,
    /// without blanks around it. Empty otherwise; then it stands in the context.
    pub fn question(&self) -> &str {
        &self.question
    }

    /// Why an answer to this request is not for another one, if so: a word such as `tools`.
    ///
    /// A temperature above `temperature_max` asks for variety. Without one, `top_p` is judged by
    /// the same bound; without either the caller does not ask for variety.
    pub fn unrepeatable(&self, temperature_max: f64) -> Option<&'static str> {
        let sampling = self.temperature.or(self.top_p);
        let varied = sampling.is_some_and(|asked| asked > temperature_max);
        self.reason.or(varied.then_some("sampling"))
    }
}

impl ChatRequest {
    /// What decides about the answer to this request.
    pub fn identity(&self) -> Identity {
        // The body was read before, so it is text.
        let body = str::from_utf8(self.gist().body()).unwrap_or_default();
        let mut canonical = Canonical::with_capacity(body.len());
        json::members(body).for_each(|(key, value)| canonical.member(&key, value));
        let reason = self.reason().or(canonical.reason);
        Identity {
            context: canonical.context(),
            question: canonical.question,
            reason,
            temperature: canonical.temperature,
            top_p: canonical.top_p,
        }
    }

    /// What its shape says against repeating the answer.
    fn reason(&self) -> Option<&'static str> {
        let shape = self.gist().shape();
        let reasons = [
            (self.gist().choices() > 1, "choices"),
            (shape.tools, "tools"),
            (shape.images > 0 || shape.audio, "media"),
            (self.gist().has_remote_input(), "remote"),
        ];
        reasons.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
    }
}

/// The members of a request as they will stand in its context, in the order they came.
#[derive(Default)]
struct Canonical {
    text: Vec<u8>,
    members: Vec<Range<usize>>,
    question: String,
    reason: Option<&'static str>,
    temperature: Option<f64>,
    top_p: Option<f64>,
}

impl Canonical {
    fn with_capacity(bytes: usize) -> Canonical {
        let (text, members) = (Vec::with_capacity(bytes), Vec::with_capacity(16));
        Canonical { text, members, ..Canonical::default() }
    }

    fn member(&mut self, key: &str, value: &str) {
        if matches!(key, "model" | "stream" | "stream_options") || value == "null" {
            return;
        }
        let start = self.text.len();
        put_key(&mut self.text, key);
        if key == "messages" {
            self.messages(value);
        } else {
            self.judge(key, value);
            compact(value.as_bytes(), &mut self.text);
        }
        self.members.push(start..self.text.len());
    }

    /// The members in their canonical order.
    fn context(&mut self) -> Vec<u8> {
        let Canonical { text, members, .. } = self;
        let slice = |member: &Range<usize>| text.get(member.clone()).unwrap_or_default();
        members.sort_unstable_by(|one, other| slice(one).cmp(slice(other)));
        let mut context = Vec::with_capacity(text.len() + members.len());
        for member in members.iter() {
            context.extend_from_slice(slice(member));
            context.push(b',');
        }
        context
    }

    fn messages(&mut self, messages: &str) {
        let mut last = Message::default();
        self.text.push(b'[');
        for message in json::items(messages) {
            last = Message::put(message, &mut self.text);
            if last.uses_tools {
                self.reason = Some("tools");
            }
        }
        self.text.push(b']');
        let Some(Question { text, parts }) = last.question() else { return };
        self.question = text;
        // No JSON value starts with a question mark, so nothing else has this context.
        let mark = match parts.as_slice() {
            [] => "?".to_owned(),
            parts => format!("?{parts:?}"),
        };
        drop(self.text.splice(last.content_at, mark.into_bytes()));
    }

    /// What a member says against repeating the answer.
    fn judge(&mut self, key: &str, value: &str) {
        // What is no number is not known to be small.
        let number = || Some(value.parse().unwrap_or(f64::INFINITY));
        match key {
            "temperature" => self.temperature = number(),
            "top_p" => self.top_p = number(),
            "logprobs" if value != "false" => self.reason = Some("logprobs"),
            "store" if value != "false" => self.reason = Some("store"),
            _ => {}
        }
    }
}

/// What is to be known of a message.
#[derive(Default)]
struct Message<'a> {
    by_user: bool,
    content: Option<&'a str>,
    /// Where the content stands in the text it was put to.
    content_at: Range<usize>,
    /// It calls tools, or tells what they answered.
    uses_tools: bool,
}

impl<'a> Message<'a> {
    /// Appends a message to `text`, its members in the order they came.
    fn put(message: &'a str, text: &mut Vec<u8>) -> Message<'a> {
        let mut known = Message::default();
        text.push(b'{');
        for (key, value) in json::members(message) {
            put_key(text, &key);
            let start = text.len();
            compact(value.as_bytes(), text);
            known.note(&key, value, start..text.len());
            text.push(b',');
        }
        text.extend_from_slice(b"},");
        known
    }

    fn note(&mut self, key: &str, value: &'a str, at: Range<usize>) {
        match key {
            "content" => {
                self.content = Some(value);
                self.content_at = at;
            }
            "role" => {
                let role = json::text(value).unwrap_or_default();
                self.by_user = role == "user";
                self.uses_tools |= matches!(&*role, "tool" | "function");
            }
            "tool_calls" | "function_call" => self.uses_tools |= value != "null",
            _ => {}
        }
    }

    fn question(&self) -> Option<Question> {
        self.content.filter(|_| self.by_user).and_then(question)
    }
}

/// An object's key and its colon.
fn put_key(text: &mut Vec<u8>, key: &str) {
    // Strings always serialise, and a `Vec` always has room.
    let _ = serde_json::to_writer(&mut *text, key);
    text.push(b':');
}
