//! A caller's stream: each event is a piece of an answer. Google tells calls whole, and why a
//! candidate ended together with the counts; so both are kept until they are known.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::answer::{WrittenAnswer, WrittenCandidate, WrittenUsage};
use super::calls::no_arguments;
use super::logprobs::WrittenLogprobs;
use crate::gemini::finish_word;
use crate::neutral::{Content, Json, Logprob, Step, WriteSteps};
use crate::{FinishReason, GenerateRequest, Usage, json};

/// Writes a caller's stream.
pub(in crate::translate) struct Writer {
    id: Option<String>,
    model: String,
    usage: Option<Usage>,
    choices: BTreeMap<u32, Kept>,
}

/// What of a choice has not been told yet.
#[derive(Default)]
struct Kept {
    signature: Option<String>,
    /// By the numbers that their provider's stream gives them.
    calls: BTreeMap<u32, KeptCall>,
    reason: Option<&'static str>,
}

/// A call whose input is coming.
struct KeptCall {
    id: String,
    name: String,
    input: String,
    signature: Option<String>,
}

/// What Google says of a call that is no JSON object.
const MALFORMED: &str = "MALFORMED_FUNCTION_CALL";

impl Writer {
    /// A stream that answers `to`. Google's events have no time of creation.
    pub(in crate::translate) fn new(to: &GenerateRequest, _created_unix_seconds: u64) -> Writer {
        let model = to.gist().model().to_owned();
        Writer { id: None, model, usage: None, choices: BTreeMap::new() }
    }
}

impl WriteSteps for Writer {
    fn write(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, usage } => {
                self.id = id.as_deref().map(str::to_owned);
                if let Some(model) = model {
                    self.model = model.clone().into_owned();
                }
                self.usage = *usage;
            }
            Step::Text { choice, text } | Step::Refusal { choice, text } => {
                self.say(*choice, Content::Text(text.as_ref().into()), out);
            }
            Step::Thought { choice, text } => {
                let text = text.as_ref().into();
                self.say(*choice, Content::Thought { text, signature: None }, out);
            }
            Step::Signature { choice, signature } => self.sign(*choice, signature, out),
            Step::SealedThought { choice, data } => self.sign(*choice, data, out),
            Step::CallBegin { choice, call, id, name } => self.begin_call(*choice, *call, id, name),
            Step::CallInput { choice, call, json } => {
                let kept = self.choices.entry(*choice).or_default();
                if let Some(call) = kept.calls.get_mut(call) {
                    call.input.push_str(json);
                }
            }
            Step::Logprobs { choice, tokens } => self.logprobs(*choice, tokens, out),
            Step::Finish { choice, reason, .. } => self.end(*choice, *reason, out),
            Step::Usage(usage) => self.usage = Some(*usage),
        }
    }

    /// The last event: why each candidate ended, and the counts.
    fn finish(&mut self, out: &mut Vec<u8>) {
        // Something is said even of an answer that says nothing.
        self.choices.entry(0).or_default();
        let choices: Vec<u32> = self.choices.keys().copied().collect();
        choices.into_iter().for_each(|choice| self.tell_calls(choice, out));
        let unknown = finish_word(FinishReason::Other);
        let candidates = self.choices.iter().map(|(index, kept)| {
            let signed = kept.signature.as_deref().map(signature);
            let reason = kept.reason.unwrap_or(unknown);
            (*index, signed, reason)
        });
        let told: Vec<_> = candidates.collect();
        let candidates = told.iter().map(|(index, signed, reason)| WrittenCandidate {
            finish_reason: Some(reason),
            ..WrittenCandidate::of(*index, signed.as_slice())
        });
        self.event(candidates.collect(), self.usage, out);
    }

    fn end_mark(&self) -> Bytes {
        Bytes::new()
    }
}

impl Writer {
    /// Tells a text or a thought behind what was kept for it.
    fn say(&mut self, choice: u32, content: Content<'_>, out: &mut Vec<u8>) {
        self.tell_calls(choice, out);
        let kept = self.choices.entry(choice).or_default();
        let signed = kept.signature.take();
        let signed = signed.as_deref().map(signature);
        let said: Vec<Content<'_>> = signed.into_iter().chain([content]).collect();
        self.event(vec![WrittenCandidate::of(choice, &said)], None, out);
    }

    /// Keeps a signature for what comes next.
    fn sign(&mut self, choice: u32, signed: &str, out: &mut Vec<u8>) {
        let kept = self.choices.entry(choice).or_default();
        if let Some(before) = kept.signature.replace(signed.to_owned()) {
            self.tell_calls(choice, out);
            self.event(vec![WrittenCandidate::of(choice, &[signature(&before)])], None, out);
        }
    }

    fn begin_call(&mut self, choice: u32, call: u32, id: &str, name: &str) {
        let kept = self.choices.entry(choice).or_default();
        let (id, name, signature) = (id.to_owned(), name.to_owned(), kept.signature.take());
        kept.calls.insert(call, KeptCall { id, name, input: String::new(), signature });
    }

    /// Tells the calls that have come, because something else follows.
    fn tell_calls(&mut self, choice: u32, out: &mut Vec<u8>) {
        let kept = self.choices.entry(choice).or_default();
        let calls = std::mem::take(&mut kept.calls);
        let mut said = Vec::new();
        for call in calls.values() {
            let Some(whole) = call.whole() else {
                kept.reason = Some(MALFORMED);
                continue;
            };
            said.extend(call.signature.as_deref().map(signature));
            said.push(whole);
        }
        if !said.is_empty() {
            self.event(vec![WrittenCandidate::of(choice, &said)], None, out);
        }
    }

    fn logprobs(&self, choice: u32, tokens: &[Logprob<'_>], out: &mut Vec<u8>) {
        let logprobs_result = Some(WrittenLogprobs::of(tokens));
        let told = WrittenCandidate { logprobs_result, ..WrittenCandidate::of(choice, &[]) };
        self.event(vec![told], None, out);
    }

    /// Keeps why a choice ended; a call that was none is the reason.
    fn end(&mut self, choice: u32, reason: FinishReason, out: &mut Vec<u8>) {
        self.tell_calls(choice, out);
        let kept = self.choices.entry(choice).or_default();
        kept.reason = kept.reason.or(Some(finish_word(reason)));
    }

    fn event(
        &self,
        candidates: Vec<WrittenCandidate<'_>>,
        usage: Option<Usage>,
        out: &mut Vec<u8>,
    ) {
        let answer = WrittenAnswer {
            candidates,
            usage_metadata: usage.map(WrittenUsage::from),
            model_version: &self.model,
            response_id: self.id.as_deref(),
        };
        // Strings, numbers and raw JSON in one line always serialise, and in one line.
        let json = serde_json::to_vec(&answer).unwrap_or_default();
        out.extend([b"data: ", &json[..], b"\r\n\r\n"].concat());
    }
}

impl KeptCall {
    /// The call, when its input is a JSON object.
    fn whole(&self) -> Option<Content<'_>> {
        let input = match self.input.trim_ascii() {
            "" => no_arguments(),
            text => one_line(text)?,
        };
        Some(Content::Call { id: self.id.as_str().into(), name: self.name.as_str().into(), input })
    }
}

/// A JSON object without ends of lines, which would end an event.
fn one_line(text: &str) -> Option<Json<'static>> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut line = Vec::with_capacity(text.len());
    json::compact(raw.get().as_bytes(), &mut line);
    let line = String::from_utf8(line).ok().filter(|line| line.starts_with('{'))?;
    RawValue::from_string(line).ok().map(Json::from)
}

/// A signature that goes before what it belongs to.
fn signature(text: &str) -> Content<'_> {
    Content::Thought { text: "".into(), signature: Some(text.into()) }
}
