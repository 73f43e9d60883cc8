//! What a provider is sent for a prompt, and what it cannot be sent.

use serde_json::{Value, json};

use crate::neutral::{
    Content, Effort, Format, Json, Media, Part, Prompt, Reasoning, Role, Said, Source, Turn,
};
use crate::translate::chat::write_prompt;
use crate::{Api, Invalid, Target, Vendor};

fn said<T>(value: T) -> Said<T> {
    Said::new(value, "place")
}

fn turn(role: Role, contents: Vec<Content<'static>>) -> Turn<'static> {
    let parts = contents.into_iter().map(|content| Part::new(content, "part")).collect();
    Turn { role, parts, name: None, path: Default::default() }
}

fn asked(contents: Vec<Content<'static>>) -> Prompt<'static> {
    Prompt { turns: vec![turn(Role::User, contents)], ..Prompt::default() }
}

fn hi() -> Prompt<'static> {
    asked(vec![Content::Text("hi".into())])
}

fn written(prompt: &Prompt<'_>, vendor: Vendor) -> Result<Value, Invalid> {
    let to = Target { api: Api::Chat, max_output_tokens: Some(100), ..Target::main(vendor, "m") };
    write_prompt(prompt, &to).map(|body| serde_json::from_slice(&body).unwrap())
}

/// The members beside model and messages.
fn members(prompt: &Prompt<'_>, vendor: Vendor) -> Value {
    let mut body = written(prompt, vendor).unwrap();
    body.as_object_mut().unwrap().retain(|name, _| !["model", "messages"].contains(&name.as_str()));
    body
}

#[track_caller]
fn refused(prompt: &Prompt<'_>, vendor: Vendor, place: &str) {
    let refused = written(prompt, vendor).unwrap_err();
    assert_eq!(refused.param.as_deref(), Some(place));
}

#[test]
fn members_have_the_vendor_s_names() {
    let prompt = Prompt {
        output_tokens: Some(500),
        seed: Some(said(7)),
        stream: true,
        user: Some(said("u".into())),
        ..hi()
    };
    let usage = json!({"include_usage": true});
    assert_eq!(
        members(&prompt, Vendor::OpenAi),
        json!({"max_completion_tokens": 100, "seed": 7, "user": "u", "stream": true,
            "stream_options": usage})
    );
    assert_eq!(
        members(&prompt, Vendor::Mistral),
        json!({"max_tokens": 100, "random_seed": 7, "stream": true})
    );
    assert_eq!(members(&hi(), Vendor::OpenAi), json!({}), "no cap that nobody asked for");
}

#[test]
fn a_name_of_a_user_that_openai_refuses_is_left_out() {
    let named = |length: usize| Prompt { user: Some(said("é".repeat(length).into())), ..hi() };
    assert_eq!(members(&named(65), Vendor::OpenAi), json!({}));
    assert!(members(&named(64), Vendor::OpenAi)["user"].is_string());
}

#[test]
fn a_budget_is_an_effort_where_there_is_one() {
    let thinking = |reasoning| Prompt { reasoning: Some(said(reasoning)), ..hi() };
    let budget = thinking(Reasoning { budget_tokens: Some(10_000), ..Reasoning::default() });
    assert_eq!(members(&budget, Vendor::OpenAi), json!({"reasoning_effort": "high"}));
    refused(&budget, Vendor::Compatible, "place");
    let both = Reasoning { effort: Some(Effort::Low), ..Reasoning::default() };
    let both = thinking(Reasoning { budget_tokens: Some(10_000), ..both });
    assert_eq!(members(&both, Vendor::OpenAi), json!({"reasoning_effort": "low"}));
    let shown = thinking(Reasoning { shown: Some(true), ..Reasoning::default() });
    assert_eq!(members(&shown, Vendor::Compatible), json!({}));
}

#[test]
fn what_a_vendor_does_not_take_is_refused() {
    refused(&Prompt { top_k: Some(said(1)), ..hi() }, Vendor::OpenAi, "place");
    refused(&Prompt { choices: Some(said(2)), ..hi() }, Vendor::Groq, "place");
    assert_eq!(members(&Prompt { choices: Some(said(1)), ..hi() }, Vendor::Groq), json!({}));
    let raw = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
    let (schema, strict) = (Json::from(raw), None);
    let format = Format::Schema { name: None, description: None, schema, strict };
    let prompt = Prompt { format: Some(said(format)), ..hi() };
    refused(&prompt, Vendor::DeepSeek, "place");
    let named = json!({"type": "json_schema", "json_schema": {"name": "response", "schema": {}}});
    assert_eq!(members(&prompt, Vendor::OpenAi), json!({"response_format": named}));
}

#[test]
fn content_without_a_form_is_refused_at_its_place() {
    let media = |source| Media { source, name: None, detail: None };
    let url = || Source::Url { url: "https://example.com".into(), media_type: None };
    let here = || Source::Base64 { media_type: "audio/ogg".into(), data: "AA".into() };
    for content in [
        Content::Video(media(url())),
        Content::Audio(media(url())),
        Content::Audio(media(here())),
        Content::Document(media(url())),
        Content::Image(media(Source::FileId("a".into()))),
        Content::SealedThought("a".into()),
    ] {
        refused(&asked(vec![content]), Vendor::OpenAi, "part");
    }
    let image = turn(Role::System, vec![Content::Image(media(url()))]);
    refused(&Prompt { turns: vec![image], ..Prompt::default() }, Vendor::OpenAi, "part");
    let shown = vec![Part::new(Content::Image(media(url())), "inside")];
    refused(&asked(vec![result(shown, false)]), Vendor::OpenAi, "inside");
}

fn result(content: Vec<Part<'static>>, is_error: bool) -> Content<'static> {
    Content::Result { id: "c".into(), name: None, content, is_error }
}

#[test]
fn a_conversation_that_is_to_be_continued_is_refused() {
    let mut prompt = hi();
    prompt.turns.push(turn(Role::Assistant, vec![Content::Text("{".into())]));
    assert!(written(&prompt, Vendor::OpenAi).is_err());
}

#[test]
fn results_come_first_and_failed_ones_say_so() {
    let text = |text: &'static str| Part::new(Content::Text(text.into()), "inside");
    let prompt = asked(vec![
        result(vec![text("a"), text("b")], true),
        result(Vec::new(), false),
        Content::Text("so?".into()),
    ]);
    let failed = r#"{"is_error":true,"content":"a\n\nb"}"#;
    assert_eq!(
        written(&prompt, Vendor::OpenAi).unwrap()["messages"],
        json!([
            {"role": "tool", "tool_call_id": "c", "content": failed},
            {"role": "tool", "tool_call_id": "c", "content": ""},
            {"role": "user", "content": "so?"},
        ])
    );
}

#[test]
fn a_result_finds_its_call_where_ids_are_made_anew() {
    let raw = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
    let (name, input) = ("f".into(), Json::from(raw));
    let mut prompt = hi();
    prompt.turns.push(turn(Role::Assistant, vec![Content::Call { id: "c".into(), name, input }]));
    prompt.turns.push(turn(Role::User, vec![result(Vec::new(), false)]));
    for (vendor, length) in [(Vendor::OpenAi, 1), (Vendor::Mistral, 9)] {
        let messages = written(&prompt, vendor).unwrap()["messages"].clone();
        let id = &messages[1]["tool_calls"][0]["id"];
        assert_eq!(&messages[2]["tool_call_id"], id);
        assert_eq!(id.as_str().unwrap().len(), length);
    }
}

#[test]
fn thoughts_go_to_those_who_read_them() {
    let thought = |text: &'static str, signature: Option<&'static str>| Content::Thought {
        text: text.into(),
        signature: signature.map(Into::into),
    };
    let thoughts = vec![
        thought("One.", Some("signed")),
        thought("Two.", None),
        thought("", Some("signed")),
        Content::SealedThought("sealed".into()),
        Content::Text("3".into()),
    ];
    let mut prompt = hi();
    prompt.turns.push(turn(Role::Assistant, thoughts));
    prompt.turns.push(turn(Role::User, vec![]));
    let answer = |vendor| written(&prompt, vendor).unwrap()["messages"][1].clone();
    let plain = json!({"role": "assistant", "content": "3"});
    assert_eq!(answer(Vendor::OpenAi), plain);
    let thinking = json!({"role": "assistant", "content": "3", "reasoning_content": "One.Two."});
    assert_eq!(answer(Vendor::DeepSeek), thinking);
}

#[test]
fn several_texts_and_marks_are_written_for_those_who_read_them() {
    let mut prompt = asked(vec![Content::Text("a".into()), Content::Text("b".into())]);
    let raw = serde_json::value::RawValue::from_string(r#"{"type":"ephemeral"}"#.to_owned());
    prompt.turns[0].parts[1].cache_control = Some(said(Json::from(raw.unwrap())));
    let content = |vendor| written(&prompt, vendor).unwrap()["messages"][0]["content"].clone();
    let text = |text| json!({"type": "text", "text": text});
    assert_eq!(content(Vendor::DeepSeek), json!("a\n\nb"));
    assert_eq!(content(Vendor::OpenAi), json!([text("a"), text("b")]));
    let mut marked = text("b");
    marked["cache_control"] = json!({"type": "ephemeral"});
    assert_eq!(content(Vendor::OpenRouter), json!([text("a"), marked]));
}
