//! Whole answers, written and read.

use serde_json::Value;

use super::super::{read_reply, write_reply};
use super::{Chance, hi};
use crate::neutral::{Choice, Content, Reply};
use crate::{FinishReason, Usage};

#[test]
fn what_an_answer_says_is_read_back() {
    let mut chance = Chance(12);
    for _ in 0..3_000 {
        let contents = chance.some(4, Chance::answer);
        let calls = contents.iter().any(|content| matches!(content, Content::Call { .. }));
        let done = if calls { FinishReason::ToolCalls } else { FinishReason::Stop };
        let finish = chance.pick(&[done, done, FinishReason::Length, FinishReason::ContentFilter]);
        let stopped = finish == FinishReason::Stop && chance.below(2) == 0;
        let said = Reply {
            id: Some("msg_1".into()),
            model: Some("claude-opus-5".into()),
            created: None,
            choices: vec![Choice {
                contents,
                finish: Some(finish),
                stop_sequence: stopped.then(|| "END".into()),
                logprobs: None,
            }],
            usage: Some(chance.usage()),
        };
        let body = write_reply(&said, &hi(), 0);
        let read = read_reply(&body).unwrap();
        assert_eq!(read, said, "{}", String::from_utf8_lossy(&body));
    }
}

/// The answer as JSON.
fn written(choices: Vec<Choice<'_>>, usage: Option<Usage>) -> Value {
    let reply = Reply { choices, usage, ..Reply::default() };
    serde_json::from_slice(&write_reply(&reply, &hi(), 0)).unwrap()
}

#[test]
fn an_answer_that_says_nothing_has_every_member_that_callers_read() {
    for choices in [Vec::new(), vec![Choice::default()]] {
        let message = written(choices, None);
        assert_eq!(
            message,
            serde_json::json!({
                "id": "", "type": "message", "role": "assistant", "model": "claude",
                "content": [], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {
                    "input_tokens": 0, "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0, "output_tokens": 0,
                },
            })
        );
    }
}

#[test]
fn the_word_for_the_end_is_the_one_that_callers_act_on() {
    let call = Chance(2).input();
    let call = Content::Call { id: "c".into(), name: "f".into(), input: call };
    let text = || Content::Text("a".into());
    for (content, finish, expected) in [
        (text(), None, "end_turn"),
        (text(), Some(FinishReason::Stop), "end_turn"),
        (text(), Some(FinishReason::Other), "end_turn"),
        (text(), Some(FinishReason::Length), "max_tokens"),
        (text(), Some(FinishReason::ContentFilter), "refusal"),
        (text(), Some(FinishReason::FunctionCall), "tool_use"),
        (call.clone(), Some(FinishReason::Stop), "tool_use"),
        (call.clone(), Some(FinishReason::Length), "max_tokens"),
        (call, Some(FinishReason::ToolCalls), "tool_use"),
        (Content::Refusal("No.".into()), Some(FinishReason::Stop), "refusal"),
    ] {
        let choice = Choice { contents: vec![content], finish, ..Choice::default() };
        let message = written(vec![choice], None);
        assert_eq!(message["stop_reason"], expected, "{finish:?}");
        assert_eq!(message["stop_sequence"], Value::Null);
    }
}

#[test]
fn an_unsigned_thought_has_an_empty_signature() {
    let contents = vec![Content::Thought { text: "hm".into(), signature: None }];
    let message = written(vec![Choice { contents, ..Choice::default() }], None);
    let block = serde_json::json!({"type": "thinking", "thinking": "hm", "signature": ""});
    assert_eq!(message["content"][0], block);
}
