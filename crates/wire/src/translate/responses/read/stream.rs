//! The steps of a provider's stream.
//!
//! Text comes in deltas and once more whole, when a part and when an item is done. Some servers
//! leave the one or the other out, so what is done is told as far as its deltas were missing.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::part::BETWEEN_THOUGHTS;
use super::reply::{Item, Response, Token};
use crate::neutral::{Content, Logprob, ReadSteps, Step, Untold};
use crate::sse;

/// Reads a provider's stream.
#[derive(Default)]
pub(in crate::translate) struct Reader {
    begun: bool,
    /// Something of the open item was told; of its open part.
    item_told: bool,
    part_told: bool,
    /// Some item was told.
    told: bool,
    calls: Vec<Call>,
}

/// A call that was begun.
struct Call {
    output_index: Option<u32>,
    item_id: Option<String>,
    has_input: bool,
}

/// The members of events. Which ones there are depends on the type.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    response: Option<Response<'a>>,
    #[serde(borrow)]
    item: Option<Item<'a>>,
    output_index: Option<u32>,
    #[serde(borrow)]
    item_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    delta: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    refusal: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Cow<'a, str>,
    #[serde(borrow)]
    logprobs: Option<Vec<Token<'a>>>,
}

type Tell<'t> = dyn FnMut(Step<'_>) + 't;

impl ReadSteps for Reader {
    fn read(&mut self, event: &sse::Event, tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold> {
        let data = event.data();
        let text = str::from_utf8(&data).map_err(|_| Untold)?;
        let event: Event = serde_json::from_str(text).map_err(|_| Untold)?;
        self.begin(event.response.as_ref(), tell);
        match event.kind.as_ref() {
            "response.output_item.added" => self.item_added(event, tell)?,
            "response.content_part.added" | "response.reasoning_summary_part.added" => {
                self.part_told = false;
            }
            "response.output_text.delta" => self.text(event.delta, event.logprobs, tell),
            "response.refusal.delta" => self.refusal(event.delta, tell),
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.thought(event.delta, tell);
            }
            "response.function_call_arguments.delta" => self.input(&event, &event.delta, tell),
            "response.output_text.done" if !self.part_told => {
                self.text(event.text, event.logprobs, tell);
            }
            "response.refusal.done" if !self.part_told => self.refusal(event.refusal, tell),
            "response.reasoning_summary_text.done" | "response.reasoning_text.done"
                if !self.part_told =>
            {
                self.thought(event.text, tell);
            }
            "response.function_call_arguments.done" => self.whole_input(&event, tell),
            "response.output_item.done" => self.item_done(event, tell)?,
            "response.completed" | "response.incomplete" => self.end(event.response, tell)?,
            name if name.ends_with(".delta") => return Err(Untold),
            _ => {}
        }
        Ok(())
    }
}

impl Reader {
    fn begin(&mut self, response: Option<&Response<'_>>, tell: &mut Tell<'_>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let id = response.and_then(|response| response.id.clone());
        let model = response.and_then(|response| response.model.clone());
        tell(Step::Begin { id, model, usage: None });
    }

    fn item_added(&mut self, event: Event<'_>, tell: &mut Tell<'_>) -> Result<(), Untold> {
        (self.item_told, self.part_told) = (false, false);
        let item = event.item.ok_or(Untold)?;
        match item.kind.as_ref() {
            "message" | "reasoning" => Ok(()),
            "function_call" => self.call(event.output_index, &item, tell),
            _ => Err(Untold),
        }
    }

    fn call(
        &mut self,
        output_index: Option<u32>,
        item: &Item<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<(), Untold> {
        let id = item.call_id.clone().ok_or(Untold)?;
        let name = item.name.clone().ok_or(Untold)?;
        let item_id = item.id.clone().map(Cow::into_owned);
        let call = u32::try_from(self.calls.len()).map_err(|_| Untold)?;
        self.calls.push(Call { output_index, item_id, has_input: false });
        self.told = true;
        tell(Step::CallBegin { choice: 0, call, id, name });
        Ok(())
    }

    fn text(&mut self, text: Cow<'_, str>, tokens: Option<Vec<Token<'_>>>, tell: &mut Tell<'_>) {
        if !text.is_empty() {
            self.note();
            tell(Step::Text { choice: 0, text });
        }
        let tokens: Vec<Logprob> = tokens.into_iter().flatten().map(Logprob::from).collect();
        if !tokens.is_empty() {
            tell(Step::Logprobs { choice: 0, tokens });
        }
    }

    fn refusal(&mut self, text: Cow<'_, str>, tell: &mut Tell<'_>) {
        if !text.is_empty() {
            self.note();
            tell(Step::Refusal { choice: 0, text });
        }
    }

    fn thought(&mut self, text: Cow<'_, str>, tell: &mut Tell<'_>) {
        if text.is_empty() {
            return;
        }
        if self.item_told && !self.part_told {
            tell(Step::Thought { choice: 0, text: Cow::Borrowed(BETWEEN_THOUGHTS) });
        }
        self.note();
        tell(Step::Thought { choice: 0, text });
    }

    fn note(&mut self) {
        (self.told, self.item_told, self.part_told) = (true, true, true);
    }

    fn input(&mut self, event: &Event<'_>, json: &str, tell: &mut Tell<'_>) {
        let Some(place) = self.place(event.output_index, event.item_id.as_deref()) else { return };
        let Some(known) = self.calls.get_mut(place).filter(|_| !json.is_empty()) else { return };
        known.has_input = true;
        let call = u32::try_from(place).unwrap_or(u32::MAX);
        tell(Step::CallInput { choice: 0, call, json: Cow::Borrowed(json) });
    }

    fn whole_input(&mut self, event: &Event<'_>, tell: &mut Tell<'_>) {
        let place = self.place(event.output_index, event.item_id.as_deref());
        let known = place.and_then(|place| self.calls.get(place));
        if known.is_some_and(|call| !call.has_input) {
            self.input(event, &event.arguments, tell);
        }
    }

    /// The number of a call: by its place in the output, or its id where a server does not tell.
    fn place(&self, output_index: Option<u32>, item_id: Option<&str>) -> Option<usize> {
        self.calls.iter().rposition(|call| match (call.output_index, output_index) {
            (Some(known), Some(index)) => known == index,
            _ => call.item_id.as_deref() == item_id,
        })
    }

    fn item_done(&mut self, event: Event<'_>, tell: &mut Tell<'_>) -> Result<(), Untold> {
        let item = event.item.ok_or(Untold)?;
        let told = self.item_told;
        match item.kind.as_ref() {
            "function_call" => {
                let id = item.id.as_deref();
                if self.place(event.output_index, id).is_none() {
                    self.call(event.output_index, &item, tell)?;
                }
                let arguments = item.arguments.unwrap_or_default();
                let (output_index, item_id) = (event.output_index, item.id);
                let whole = Event { output_index, item_id, arguments, ..Event::default() };
                self.whole_input(&whole, tell);
            }
            "reasoning" if told => {
                if let Some(signature) = item.encrypted_content.filter(|seal| !seal.is_empty()) {
                    tell(Step::Signature { choice: 0, signature });
                }
            }
            "message" if told => {}
            _ => self.contents(item, tell)?,
        }
        (self.item_told, self.part_told) = (false, false);
        Ok(())
    }

    /// An item of which nothing was told yet.
    fn contents(&mut self, item: Item<'_>, tell: &mut Tell<'_>) -> Result<(), Untold> {
        let mut tokens = Vec::new();
        for content in item.contents(&mut tokens).map_err(|_| Untold)? {
            self.told = true;
            match content {
                Content::Text(text) => tell(Step::Text { choice: 0, text }),
                Content::Refusal(text) => tell(Step::Refusal { choice: 0, text }),
                Content::SealedThought(data) => tell(Step::SealedThought { choice: 0, data }),
                Content::Thought { text, signature } => {
                    if !text.is_empty() {
                        tell(Step::Thought { choice: 0, text });
                    }
                    if let Some(signature) = signature {
                        tell(Step::Signature { choice: 0, signature });
                    }
                }
                _ => return Err(Untold),
            }
        }
        if !tokens.is_empty() {
            tell(Step::Logprobs { choice: 0, tokens });
        }
        Ok(())
    }

    fn end(&mut self, response: Option<Response<'_>>, tell: &mut Tell<'_>) -> Result<(), Untold> {
        let mut response = response.ok_or(Untold)?;
        let usage = response.usage();
        let output = response.output.take().unwrap_or_default();
        if !self.told {
            for (item, output_index) in output.into_iter().zip(0..) {
                let item = Some(item);
                let output_index = Some(output_index);
                self.item_done(Event { item, output_index, ..Event::default() }, tell)?;
            }
        }
        if let Some(reason) = response.finish(!self.calls.is_empty()) {
            tell(Step::Finish { choice: 0, reason, stop_sequence: None });
        }
        if let Some(usage) = usage {
            tell(Step::Usage(usage));
        }
        Ok(())
    }
}
