//! Each rule at its threshold and just below, their order, and that conversations only move up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};

use inferlayer_classify::Rules;
use inferlayer_filter::Tier;
use inferlayer_wire::{Api, Call, Shape};

const SIMPLE: (Tier, &str) = (Tier::Simple, "short");

fn rules(json: Value) -> Rules {
    serde_json::from_value(json).unwrap()
}

fn judge(shape: Shape) -> (Tier, &'static str) {
    Rules::default().judge(&shape)
}

fn judge_messages(messages: &[Value]) -> (Tier, &'static str) {
    let body = json!({"model": "auto", "messages": messages}).to_string();
    judge(Call::parse(Api::Chat, body.into()).unwrap().shape())
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

#[test]
fn each_rule_begins_at_its_threshold() {
    let none = Shape::default();
    let cases = [
        ("images", Shape { images: 1, ..none }, none),
        ("audio", Shape { audio: true, ..none }, none),
        ("tools", Shape { tools: true, ..none }, none),
        ("tools", Shape { tool_calls: 1, ..none }, none),
        ("tools", Shape { tool_results: 1, ..none }, none),
        ("reasoning", Shape { reasoning: true, ..none }, none),
        ("code", Shape { code_marks: 2, ..none }, Shape { code_marks: 1, ..none }),
        ("math", Shape { math_marks: 2, ..none }, Shape { math_marks: 1, ..none }),
        ("list", Shape { list_items: 4, ..none }, Shape { list_items: 3, ..none }),
        (
            "long",
            Shape { longest_user_bytes: 3_000, ..none },
            Shape { longest_user_bytes: 2_999, ..none },
        ),
        ("context", Shape { text_bytes: 24_000, ..none }, Shape { text_bytes: 23_999, ..none }),
        (
            "instruction",
            Shape { longest_instruction_bytes: 80, ..none },
            Shape { longest_instruction_bytes: 79, ..none },
        ),
    ];
    for (rule, at, below) in cases {
        assert_eq!(judge(at), (Tier::Complex, rule));
        assert_eq!(judge(below), SIMPLE, "{rule}");
    }
}

#[test]
fn what_no_rule_looks_at_is_simple() {
    let shape = Shape {
        messages: u32::MAX,
        user_turns: u32::MAX,
        assistant_turns: u32::MAX,
        json_schema: true,
        system_bytes: 23_999,
        text_bytes: 23_999,
        ..Shape::default()
    };
    assert_eq!(judge(shape), SIMPLE);
}

#[test]
fn the_first_rule_that_says_complex_is_the_reason() {
    let shape = Shape { code_marks: 9, longest_user_bytes: 9_000, ..Shape::default() };
    assert_eq!(judge(shape).1, "code");
    assert_eq!(judge(Shape { images: 1, ..shape }).1, "images");
    assert_eq!(rules(json!({"code_marks": 10})).judge(&shape).1, "long");
}

#[test]
fn rules_can_be_switched_off() {
    let shape = Shape { images: 1, audio: true, tools: true, reasoning: true, ..Shape::default() };
    let off = ["images", "audio", "tools", "reasoning"];
    let settings = |off: &[&str]| off.iter().map(|&rule| (rule.to_owned(), json!(false))).collect();
    for at in 0..off.len() {
        let verdict = rules(Value::Object(settings(&off[..at]))).judge(&shape);
        assert_eq!(verdict, (Tier::Complex, off[at]));
    }
    assert_eq!(rules(Value::Object(settings(&off))).judge(&shape), SIMPLE);
}

#[test]
fn plain_requests_of_both_tiers() {
    for simple in [
        "good morning!",
        "Translate to French: \"Prove the theorem step by step and analyse the algorithm.\"",
        "Fix the grammar:\nhe go to Lyon yesterday",
        "What does the acronym SQL stand for?",
    ] {
        assert_eq!(judge_messages(&[user(simple)]), SIMPLE, "{simple}");
    }
    for (rule, complex) in [
        ("code", "What does this do?\n```\nx\n```"),
        ("math", r"Solve \(x^2 = 4\)"),
        ("list", "Write an app that\n- counts\n- sorts\n- prints\n- stops"),
        ("long", &"Summarise this.\n".repeat(200)),
        (
            "instruction",
            "Compare three rollout plans, weigh the risks of each and recommend one, with reasons",
        ),
    ] {
        assert_eq!(judge_messages(&[user(complex)]), (Tier::Complex, rule), "{complex}");
    }
}

#[test]
fn messages_of_anthropics_dialect_are_judged_alike() {
    let judge_turn = |content: Value| {
        let messages = json!([{"role": "user", "content": content}]);
        let body = json!({"model": "auto", "max_tokens": 9, "messages": messages}).to_string();
        judge(Call::parse(Api::Messages, body.into()).unwrap().shape())
    };
    assert_eq!(judge_turn(json!("good morning!")), SIMPLE);
    assert_eq!(judge_turn(json!(r"Solve \(x^2 = 4\)")), (Tier::Complex, "math"));
    let result = json!([{"type": "tool_result", "tool_use_id": "1", "content": "12"}]);
    assert_eq!(judge_turn(result), (Tier::Complex, "tools"));
}

/// Every conversation of up to four turns out of these, each of which trips a rule or none.
#[test]
fn a_further_turn_never_makes_a_conversation_simple() {
    let turns = [
        user("hi"),
        user("```\nlet x = 1;\n```"),
        user(r"Solve \(x^2 = 4\)"),
        user("Do\n- a\n- b\n- c\n- d"),
        user(&"word ".repeat(700)),
        user("please tell me in your own words why it is that the sky looks blue to us at noon"),
        json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}),
        json!({"role": "system", "content": "be kind"}),
        json!({"role": "assistant", "content": "Hello! How can I help?"}),
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]}),
        json!({"role": "tool", "content": "12"}),
    ];
    let mut conversations: Vec<Vec<Value>> = vec![Vec::new()];
    let mut complex = 0;
    for _ in 0..4 {
        let mut longer = Vec::new();
        for conversation in &conversations {
            let before = (!conversation.is_empty()).then(|| judge_messages(conversation).0);
            for turn in &turns {
                let mut conversation = conversation.clone();
                conversation.push(turn.clone());
                let after = judge_messages(&conversation).0;
                complex += u32::from(after == Tier::Complex);
                assert!(before != Some(Tier::Complex) || after == Tier::Complex);
                longer.push(conversation);
            }
        }
        conversations = longer;
    }
    assert!(complex > 1_000, "{complex}");
}
