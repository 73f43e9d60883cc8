//! What is written is read back as the same, for each vendor within its reach.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::neutral::arbitrary::{self, Chance, Reach};
use crate::neutral::{ReadSteps, Step, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::chat::{Reader, Writer, read_prompt, read_reply, write_prompt, write_reply};
use crate::{Api, ChatRequest, FinishReason, Quirks, Target, Usage, Vendor};

const RUNS: usize = 2_000;

fn reach(quirks: &Quirks) -> Reach {
    Reach {
        late_instructions: true,
        texts: quirks.text_parts,
        names: true,
        cache_marks: quirks.cache_marks,
        thoughts: quirks.reasoning_content,
        refusals: true,
        audio: true,
        detail: true,
        files: true,
        schema: quirks.json_schema,
        effort: quirks.reasoning_effort,
        top_k: quirks.top_k,
        seed: quirks.seed == "seed",
        penalties: true,
        choices: quirks.choices,
        logprobs: true,
        user: quirks.user,
    }
}

#[test]
fn a_prompt_is_read_back_as_it_was_written() {
    let vendors = Vendor::all();
    for vendor in vendors.filter(|vendor| vendor.answers(Api::Chat)) {
        let mut chance = Chance::new(7);
        let to = Target { api: Api::Chat, ..Target::main(vendor, "m") };
        for _ in 0..RUNS {
            let prompt = arbitrary::prompt(&mut chance, &reach(vendor.quirks()));
            let body = write_prompt(&prompt, &to).unwrap();
            let request = ChatRequest::parse(Bytes::from(body)).unwrap();
            assert_eq!(read_prompt(&request), Ok(prompt), "{vendor:?}");
        }
    }
}

fn caller(choices: usize) -> ChatRequest {
    let body = format!(
        r#"{{"model":"m","n":{choices},"messages":[{{"role":"user","content":"Hi"}}],
            "stream_options":{{"include_usage":true}}}}"#
    );
    ChatRequest::parse(body.into()).unwrap()
}

#[test]
fn a_reply_is_read_back_as_it_was_written() {
    let mut chance = Chance::new(8);
    let reach = Reach { choices: true, thoughts: true, refusals: true, logprobs: true, ..NOTHING };
    for _ in 0..RUNS {
        let reply = arbitrary::reply(&mut chance, &reach);
        let body = write_reply(&reply, &caller(1), 0);
        assert_eq!(read_reply(&body), Ok(reply));
    }
}

const NOTHING: Reach = Reach {
    late_instructions: false,
    texts: false,
    names: false,
    cache_marks: false,
    thoughts: false,
    refusals: false,
    audio: false,
    detail: false,
    files: false,
    schema: false,
    effort: false,
    top_k: false,
    seed: false,
    penalties: false,
    choices: false,
    logprobs: false,
    user: false,
};

/// What the steps of a stream come to.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    choices: BTreeMap<u32, Said>,
    usage: Option<Usage>,
}

#[derive(Debug, Default, PartialEq)]
struct Said {
    text: String,
    refusal: String,
    thought: String,
    signatures: Vec<String>,
    calls: Vec<(String, String, String)>,
    logprobs: usize,
    finish: Option<FinishReason>,
}

impl Sum {
    fn add(&mut self, step: &Step<'_>) {
        let Some(choice) = choice_of(step) else {
            if let Step::Usage(usage) = step {
                self.usage = Some(*usage);
            }
            return;
        };
        let said = self.choices.entry(choice).or_default();
        match step {
            Step::Text { text, .. } => said.text += text,
            Step::Refusal { text, .. } => said.refusal += text,
            Step::Thought { text, .. } => said.thought += text,
            Step::Signature { signature, .. } => said.signatures.push(signature.to_string()),
            Step::SealedThought { data, .. } => said.signatures.push(format!("sealed {data}")),
            Step::CallBegin { id, name, .. } => {
                said.calls.push((id.to_string(), name.to_string(), String::new()));
            }
            Step::CallInput { call, json, .. } => said.calls[*call as usize].2 += json,
            Step::Logprobs { tokens, .. } => said.logprobs += tokens.len(),
            Step::Finish { reason, .. } => said.finish = Some(*reason),
            Step::Begin { .. } | Step::Usage(_) => unreachable!("said of no choice"),
        }
    }

    /// Every choice is begun and ended, and calls have arguments, whether a step says so or not.
    fn completed(mut self) -> Sum {
        self.choices.entry(0).or_default();
        for said in self.choices.values_mut() {
            said.finish.get_or_insert(FinishReason::Stop);
            for (_, _, input) in said.calls.iter_mut().filter(|(_, _, input)| input.is_empty()) {
                input.push_str("{}");
            }
            if !said.calls.is_empty() && said.finish == Some(FinishReason::Stop) {
                said.finish = Some(FinishReason::ToolCalls);
            }
        }
        self
    }
}

fn choice_of(step: &Step<'_>) -> Option<u32> {
    match step {
        Step::Begin { .. } | Step::Usage(_) => None,
        Step::Text { choice, .. }
        | Step::Refusal { choice, .. }
        | Step::Thought { choice, .. }
        | Step::Signature { choice, .. }
        | Step::SealedThought { choice, .. }
        | Step::CallBegin { choice, .. }
        | Step::CallInput { choice, .. }
        | Step::Logprobs { choice, .. }
        | Step::Finish { choice, .. } => Some(*choice),
    }
}

/// Steps in whatever order: of several choices in turn, usage anywhere, maybe without a beginning.
fn steps(chance: &mut Chance, choices: u32) -> Vec<Step<'static>> {
    let mut steps = Vec::new();
    let mut calls = vec![0_u32; choices as usize];
    let begin = Step::Begin { id: Some("id".into()), model: None, usage: None };
    steps.extend(chance.maybe(true, |_| begin));
    for _ in 0..chance.below(12) {
        let choice = chance.below(choices as usize) as u32;
        let begun = &mut calls[choice as usize];
        steps.push(match chance.below(9) {
            0 | 1 => Step::Text { choice, text: chance.text() },
            2 => Step::Refusal { choice, text: chance.text() },
            3 => Step::Thought { choice, text: chance.text() },
            4 => Step::Signature { choice, signature: chance.word() },
            5 => Step::SealedThought { choice, data: chance.word() },
            6 => Step::Usage(arbitrary::usage(chance)),
            7 => Step::Logprobs { choice, tokens: arbitrary::logprobs(chance) },
            _ => {
                *begun += 1;
                let id = format!("{choice}_{begun}").into();
                Step::CallBegin { choice, call: *begun - 1, id, name: chance.word() }
            }
        });
        if let Some(call) = calls[choice as usize].checked_sub(1 + chance.below(2) as u32) {
            steps.push(Step::CallInput { choice, call, json: chance.text() });
        }
    }
    for choice in 0..chance.below(choices as usize + 1) as u32 {
        steps.push(Step::Finish { choice, reason: FinishReason::Stop, stop_sequence: None });
    }
    steps.extend(chance.maybe(true, |chance| Step::Usage(arbitrary::usage(chance))));
    steps
}

#[test]
fn whatever_steps_come_are_read_back_from_their_chunks() {
    let mut chance = Chance::new(9);
    for _ in 0..RUNS {
        let choices = 1 + chance.below(3);
        let steps = steps(&mut chance, choices as u32);
        let mut writer = Writer::new(&caller(choices), 0);
        let mut stream = Vec::new();
        let mut expected = Sum::default();
        for step in &steps {
            writer.write(step, &mut stream);
            expected.add(step);
        }
        writer.finish(&mut stream);
        assert_eq!(read(stream), expected.completed(), "{steps:?}");
    }
}

/// What a stream of chunks says; each is looked at too.
fn read(stream: Vec<u8>) -> Sum {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(stream.into()).unwrap();
    let mut reader = Reader::default();
    let mut sum = Sum::default();
    let mut begins = 0;
    while let Some(event) = decoder.next() {
        let chunk: serde_json::Value = serde_json::from_slice(&event.data()).unwrap();
        if let Some(choice) = chunk["choices"].get(0) {
            let index = choice["index"].as_u64().unwrap() as u32;
            let is_new = !sum.choices.contains_key(&index);
            assert_eq!(choice["delta"]["role"] == "assistant", is_new, "{chunk}");
            let said = sum.choices.entry(index).or_default();
            assert_eq!(said.finish, None, "nothing follows the end: {chunk}");
        }
        let mut tell = |step: Step<'_>| {
            begins += usize::from(matches!(step, Step::Begin { .. }));
            sum.add(&step);
        };
        reader.read(&event, &mut tell).unwrap();
    }
    assert_eq!(begins, 1);
    sum
}
