//! Requests to providers of responses: what they hold, and what is refused.

use serde_json::{Value, json};

use super::arbitrary;
use super::common::Chance;
use crate::neutral::{Content, Effort, Part, Path, Prompt, Reasoning, Role, Said, Turn};
use crate::translate::responses::write_prompt;
use crate::{Api, Target, Vendor};

fn to(vendor: Vendor) -> Target<'static> {
    Target { api: Api::Responses, ..Target::main(vendor, "theirs") }
}

fn turn(role: Role, contents: Vec<Content<'static>>) -> Turn<'static> {
    let parts = contents.into_iter().map(|content| Part::new(content, "the.part")).collect();
    Turn { role, parts, name: None, path: Path("the.turn".to_owned()) }
}

fn asking(prompt: Prompt<'static>) -> Prompt<'static> {
    let hello = turn(Role::User, vec![Content::Text("hi".into())]);
    Prompt { turns: vec![hello], ..prompt }
}

fn body(prompt: &Prompt<'_>, to: &Target<'_>) -> Value {
    serde_json::from_slice(&write_prompt(prompt, to).unwrap()).unwrap()
}

#[test]
fn the_least_request_is_not_stored() {
    let written = body(&asking(Prompt::default()), &to(Vendor::OpenAi));
    let input = json!([{"type": "message", "role": "user", "content": "hi"}]);
    assert_eq!(written, json!({"model": "theirs", "store": false, "input": input}));
}

#[test]
fn the_smaller_cap_counts() {
    for (callers, models, expected) in
        [(Some(9), Some(5), json!(5)), (Some(9), None, json!(9)), (None, Some(5), json!(5))]
    {
        let prompt = asking(Prompt { output_tokens: callers, ..Prompt::default() });
        let target = Target { max_output_tokens: models, ..to(Vendor::OpenAi) };
        assert_eq!(body(&prompt, &target)["max_output_tokens"], expected);
    }
}

#[test]
fn what_has_no_word_is_refused_with_the_caller_s_place() {
    let said = |value| Some(Said::new(value, "the.place"));
    let refused = [
        Prompt { presence_penalty: said(0.5), ..Prompt::default() },
        Prompt { frequency_penalty: said(-1.0), ..Prompt::default() },
        Prompt { choices: Some(Said::new(2, "the.place")), ..Prompt::default() },
        Prompt { seed: Some(Said::new(0, "the.place")), ..Prompt::default() },
        Prompt { top_k: Some(Said::new(1, "the.place")), ..Prompt::default() },
        Prompt { stop: Some(Said::new(vec!["x".into()], "the.place")), ..Prompt::default() },
    ];
    for prompt in refused {
        let refused = write_prompt(&asking(prompt), &to(Vendor::OpenAi)).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some("the.place"));
    }
    let idle = Prompt {
        presence_penalty: said(0.0),
        choices: Some(Said::new(1, "the.place")),
        stop: Some(Said::new(Vec::new(), "the.place")),
        ..Prompt::default()
    };
    assert!(write_prompt(&asking(idle), &to(Vendor::OpenAi)).is_ok());
    let mut named = asking(Prompt::default());
    named.turns[0].name = Some(Said::new("Ann".into(), "the.name"));
    let refused = write_prompt(&named, &to(Vendor::OpenAi)).unwrap_err();
    assert_eq!(refused.param.as_deref(), Some("the.name"));
}

#[test]
fn reasoning_is_asked_for_in_words_and_comes_sealed() {
    let asked = |effort, budget_tokens, shown| {
        let reasoning = Reasoning { effort, budget_tokens, shown };
        asking(Prompt { reasoning: Some(Said::new(reasoning, "think")), ..Prompt::default() })
    };
    let written = body(&asked(None, Some(5000), Some(true)), &to(Vendor::OpenAi));
    assert_eq!(written["reasoning"], json!({"effort": "medium", "summary": "auto"}));
    assert_eq!(written["include"], json!(["reasoning.encrypted_content"]));
    let none = body(&asked(Some(Effort::None), None, None), &to(Vendor::OpenAi));
    assert_eq!((&none["reasoning"]["effort"], &none["include"]), (&json!("none"), &Value::Null));
    assert_eq!(body(&asked(None, None, None), &to(Vendor::OpenAi))["reasoning"], Value::Null);
    let refused = write_prompt(&asked(Some(Effort::Low), None, None), &to(Vendor::LlamaCpp));
    assert_eq!(refused.unwrap_err().param.as_deref(), Some("think"));
}

#[test]
fn thoughts_without_a_seal_go_only_to_those_who_read_them() {
    let bare = Content::Thought { text: "hm".into(), signature: None };
    let signed = Content::Thought { text: "so".into(), signature: Some("sig".into()) };
    let prompt = Prompt {
        turns: vec![turn(Role::Assistant, vec![bare, signed, Content::Text("yes".into())])],
        ..Prompt::default()
    };
    let kinds = |vendor| body(&prompt, &to(vendor))["input"].clone();
    let summary = json!([{"type": "summary_text", "text": "so"}]);
    let told = kinds(Vendor::OpenAi);
    assert_eq!(told[0]["summary"], summary);
    assert_eq!(told[0]["encrypted_content"], "sig");
    assert_eq!(told[1], json!({"type": "message", "role": "assistant", "content": "yes"}));
    assert_eq!(told.as_array().unwrap().len(), 2);
    let told = kinds(Vendor::Vllm);
    assert_eq!(told[0]["content"], json!([{"type": "reasoning_text", "text": "hm"}]));
    assert_eq!(told.as_array().unwrap().len(), 3);
}

#[test]
fn a_request_at_random_is_one_that_openai_reads() {
    let mut chance = Chance::new(8);
    for _ in 0..500 {
        let prompt = arbitrary::prompt(&mut chance);
        let written = body(&prompt, &to(Vendor::OpenAi));
        assert_eq!(written["store"], false);
        for item in written["input"].as_array().unwrap() {
            assert!(item["type"].is_string(), "{item}");
        }
    }
}
