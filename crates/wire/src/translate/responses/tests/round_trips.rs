//! What is written is read back as the same.

use std::borrow::Cow;

use super::common::Chance;
use super::{arbitrary, read, request, written};
use crate::neutral::Step;
use crate::translate::responses::{read_prompt, read_reply, write_prompt, write_reply};
use crate::{Api, FinishReason, ResponsesRequest, Target, Vendor};

const ROUNDS: usize = 3000;

#[test]
fn prompts_are_read_back() {
    let mut chance = Chance::new(1);
    // One that reads thoughts that nobody has sealed.
    let to = Target { api: Api::Responses, ..Target::main(Vendor::Vllm, "m") };
    for _ in 0..ROUNDS {
        let prompt = arbitrary::prompt(&mut chance);
        let body = write_prompt(&prompt, &to).unwrap();
        let request = ResponsesRequest::parse(body.clone().into()).unwrap();
        assert_eq!(read_prompt(&request).unwrap(), prompt, "{}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn replies_are_read_back() {
    let mut chance = Chance::new(2);
    let to = request("");
    for _ in 0..ROUNDS {
        let reply = arbitrary::reply(&mut chance);
        let body = write_reply(&reply, &to, 0);
        assert_eq!(read_reply(&body).unwrap(), reply, "{}", String::from_utf8_lossy(&body));
    }
}

/// Texts that follow each other are one, and a call without an input has an empty one.
fn joined(steps: Vec<Step<'static>>) -> Vec<Step<'static>> {
    let mut all: Vec<Step<'static>> = Vec::new();
    for step in steps {
        match (all.last_mut(), step) {
            (Some(Step::Text { text, .. }), Step::Text { text: more, .. })
            | (Some(Step::Refusal { text, .. }), Step::Refusal { text: more, .. })
            | (Some(Step::Thought { text, .. }), Step::Thought { text: more, .. }) => {
                text.to_mut().push_str(&more);
            }
            (_, step) => all.push(step),
        }
    }
    all
}

fn with_inputs(mut steps: Vec<Step<'static>>) -> Vec<Step<'static>> {
    let has_input = |steps: &[Step<'_>], number: u32| {
        steps.iter().any(|step| matches!(step, Step::CallInput { call, .. } if *call == number))
    };
    let calls = steps.iter().filter(|step| matches!(step, Step::CallBegin { .. })).count();
    for call in 0..calls as u32 {
        if !has_input(&steps, call) {
            steps.push(Step::CallInput { choice: 0, call, json: Cow::Borrowed("{}") });
        }
    }
    steps
}

#[test]
fn steps_are_read_back() {
    let mut chance = Chance::new(3);
    let to = request("");
    for _ in 0..ROUNDS {
        let said = arbitrary::steps(&mut chance);
        let usage = arbitrary::usage(&mut chance);
        let calls = said.iter().any(|step| matches!(step, Step::CallBegin { .. }));
        let reason = match chance.below(2) {
            0 => FinishReason::Length,
            _ if calls => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        let begin = Step::Begin {
            id: Some(Cow::Borrowed("resp_7")),
            model: Some(Cow::Borrowed("m")),
            usage: None,
        };
        let finish = Step::Finish { choice: 0, reason, stop_sequence: None };
        let steps = [vec![begin.clone()], said.clone(), vec![finish.clone(), Step::Usage(usage)]];
        let stream = written(&to, &steps.concat());
        let expected = [vec![begin], with_inputs(said), vec![finish, Step::Usage(usage)]].concat();
        let got = joined(read(&stream).unwrap());
        assert_eq!(got, joined(expected), "{}", String::from_utf8_lossy(&stream));
    }
}

#[test]
fn likelihoods_are_read_back_with_their_texts() {
    let mut chance = Chance::new(4);
    let to = request(r#","include":["message.output_text.logprobs"]"#);
    for _ in 0..300 {
        let mut steps = vec![Step::Begin { id: None, model: None, usage: None }];
        for _ in 0..chance.below(5) {
            steps.push(Step::Text { choice: 0, text: arbitrary::text(&mut chance) });
            let tokens = arbitrary::tokens(&mut chance);
            steps.push(Step::Logprobs { choice: 0, tokens });
        }
        let got = read(&written(&to, &steps)).unwrap();
        let finish = FinishReason::Stop;
        let finish = Step::Finish { choice: 0, reason: finish, stop_sequence: None };
        assert_eq!(got.get(1..), [&steps[1..], &[finish]].concat().get(0..));
    }
}
