//! What cannot be told is refused with the field as its caller wrote it.

use super::super::{read_prompt, write_prompt};
use super::{Chance, json, request};
use crate::neutral::{
    Content, Format, Media, Part, Path, Prompt, Reasoning, Role, Said, Source, ToolChoice, Turn,
};
use crate::{Invalid, Target, Vendor};

const HI: &str = r#""messages":[{"role":"user","content":"Hi"}]"#;

/// Where a caller's request is refused.
fn refused_at(members: &str) -> String {
    let request = request(members);
    let refused = read_prompt(&request).unwrap_err();
    assert!(!format!("{refused:?}").contains("secret"), "{refused}");
    refused.param.unwrap_or_default()
}

#[test]
fn members_that_others_cannot_be_told_are_refused_by_name() {
    for (member, param) in [
        (r#""container":"secret""#, "container"),
        (r#""mcp_servers":[{"type":"url","url":"https://example.com"}]"#, "mcp_servers"),
        (r#""context_management":{"edits":[{"type":"secret"}]}"#, "context_management"),
        (r#""service_tier":"secret""#, "service_tier"),
        (r#""secret":1"#, ""),
        (r#""metadata":{"secret":1}"#, "metadata"),
        (r#""stop_sequences":["a",""]"#, "stop_sequences"),
        (r#""stop_sequences":"secret""#, "stop_sequences"),
        (r#""temperature":"secret""#, "temperature"),
        (r#""top_k":-1"#, "top_k"),
        (r#""thinking":{"type":"secret"}"#, "thinking.type"),
        (r#""thinking":{"type":"enabled"}"#, "thinking.budget_tokens"),
        (r#""thinking":{"type":"adaptive","display":"secret"}"#, "thinking.display"),
        (r#""thinking":{"type":"adaptive","budget_tokens":9}"#, "thinking"),
        (r#""output_config":{"effort":"secret"}"#, "output_config.effort"),
        (r#""output_config":{"task_budget":{"total":1}}"#, "output_config"),
        (r#""output_config":{"format":{"type":"secret"}}"#, "output_config.format.type"),
        (r#""output_format":{"type":"json_schema"}"#, "output_format.schema"),
        (
            r#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#,
            "output_config.effort",
        ),
        (r#""tool_choice":{"type":"secret"}"#, "tool_choice.type"),
        (r#""tool_choice":{"type":"tool"}"#, "tool_choice.name"),
        (r#""tools":[{"type":"bash_20250124","name":"bash"}]"#, "tools[0].type"),
        (r#""tools":[{"name":"f"}]"#, "tools[0].input_schema"),
        (r#""tools":[{"name":"f","input_schema":{},"defer_loading":true}]"#, "tools[0]"),
    ] {
        assert_eq!(refused_at(&format!("{HI},{member}")), param, "{member}");
    }
}

#[test]
fn blocks_that_others_cannot_be_told_are_refused_at_their_place() {
    for (role, block, param) in [
        ("user", r#""secret""#, ""),
        ("user", r#"{"text":"a"}"#, ".type"),
        ("user", r#"{"type":"secret"}"#, ".type"),
        ("user", r#"{"type":"search_result","source":"a"}"#, ".type"),
        ("user", r#"{"type":"container_upload","file_id":"f"}"#, ".type"),
        ("user", r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#, ".type"),
        ("user", r#"{"type":"text"}"#, ".text"),
        ("user", r#"{"type":"text","text":"a","secret":1}"#, ""),
        ("user", r#"{"type":"image"}"#, ".source"),
        ("user", r#"{"type":"image","source":{"type":"secret"}}"#, ".source.type"),
        ("user", r#"{"type":"image","source":{"type":"url","url":"secret:"}}"#, ".source.url"),
        ("user", r#"{"type":"image","source":{"type":"base64","data":"a"}}"#, ".source.media_type"),
        ("user", r#"{"type":"document","source":{"type":"content"}}"#, ".source.type"),
        ("user", r#"{"type":"document","citations":{"enabled":true}}"#, ".citations"),
        ("user", r#"{"type":"document","context":"secret"}"#, ".context"),
        ("user", r#"{"type":"tool_result"}"#, ".tool_use_id"),
        (
            "user",
            r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_reference"}]}"#,
            ".content[0].type",
        ),
        ("assistant", r#"{"type":"server_tool_use","id":"a"}"#, ".type"),
        ("assistant", r#"{"type":"mcp_tool_use","id":"a"}"#, ".type"),
        ("assistant", r#"{"type":"tool_use","id":"a","name":"f","input":"secret"}"#, ".input"),
        (
            "assistant",
            r#"{"type":"tool_use","id":"a","name":"f","input":{},"caller":{"type":"secret"}}"#,
            "",
        ),
        ("assistant", r#"{"type":"redacted_thinking"}"#, ".data"),
        ("system", r#"{"type":"image"}"#, ".type"),
    ] {
        let last = r#"{"role":"user","content":"Hi"}"#;
        let members = format!(r#""messages":[{{"role":"{role}","content":[{block}]}},{last}]"#);
        assert_eq!(refused_at(&members), format!("messages[0].content[0]{param}"), "{block}");
    }
    let members = format!(r#"{HI},"system":[{{"type":"image"}}]"#);
    assert_eq!(refused_at(&members), "system[0].type");
}

#[test]
fn turns_that_others_cannot_be_told_are_refused_at_their_place() {
    let result = r#"{"type":"tool_result","tool_use_id":"a"}"#;
    for (messages, param) in [
        (r#"{"role":"user","content":"a"},{"role":"assistant","content":"b"}"#.into(), "messages"),
        (r#"{"role":"secret","content":"a"}"#.to_owned(), "messages[0].role"),
        (r#"{"role":"user","content":7}"#.to_owned(), "messages[0].content"),
        (r#"{"role":"user","content":"a","secret":1}"#.to_owned(), "messages[0]"),
        (
            format!(r#"{{"role":"user","content":[{{"type":"text","text":"a"}},{result}]}}"#),
            "messages[0].content[1]",
        ),
    ] {
        assert_eq!(refused_at(&format!(r#""messages":[{messages}]"#)), param, "{messages}");
    }
}

#[test]
fn what_changes_nothing_is_left_out() {
    let plain = request(HI);
    let idle = request(
        r#""messages":[{"role":"user","content":[{"type":"text","text":"Hi","citations":null},
            {"type":"text","text":""}]}],"mcp_servers":[],"service_tier":"auto","container":null,
            "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
            "system":"","tools":[],"stop_sequences":[],"thinking":{"type":"adaptive"},
            "metadata":{"user_id":null}"#,
    );
    assert_eq!(read_prompt(&idle), read_prompt(&plain));
}

/// Why a prompt is refused by a provider of this dialect.
fn refusal(change: impl FnOnce(&mut Prompt<'static>)) -> Invalid {
    let text = Part::new(Content::Text("Hi".into()), "contents[0].parts[0]");
    let turns = vec![turn(Role::User, text)];
    let mut prompt = Prompt { turns, output_tokens: Some(1024), ..Prompt::default() };
    let to = Target::main(Vendor::Anthropic, "claude");
    assert!(write_prompt(&prompt, &to).is_ok());
    change(&mut prompt);
    write_prompt(&prompt, &to).unwrap_err()
}

fn turn(role: Role, part: Part<'static>) -> Turn<'static> {
    Turn { role, parts: vec![part], name: None, path: Path("contents[0]".into()) }
}

fn said<T>(value: T) -> Option<Said<T>> {
    Some(Said::new(value, "here"))
}

#[test]
fn values_that_anthropic_has_no_word_for_are_refused_at_their_place() {
    let budget = Reasoning { budget_tokens: Some(2048), ..Reasoning::default() };
    let described = Format::Schema {
        name: None,
        description: Some("a".into()),
        schema: json("{}"),
        strict: None,
    };
    let changes: [fn(&mut Prompt<'static>); 11] = [
        |prompt| prompt.seed = said(0),
        |prompt| prompt.logprobs = said(0),
        |prompt| prompt.choices = said(2),
        |prompt| prompt.presence_penalty = said(0.1),
        |prompt| prompt.frequency_penalty = said(-1.0),
        |prompt| prompt.temperature = said(1.5),
        |prompt| prompt.top_p = said(f64::NAN),
        |prompt| prompt.stop = said(vec!["a".into(), "\n".into()]),
        |prompt| prompt.format = said(Format::Json),
        |prompt| prompt.tool_choice = said(ToolChoice::Required),
        |prompt| prompt.turns[0].name = said("Ann".into()),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(refusal(change).param.as_deref(), Some("here"), "{index}");
    }
    let refused = refusal(|prompt| prompt.reasoning = said(budget));
    assert_eq!(refused.param.as_deref(), Some("here"));
    let refused = refusal(|prompt| prompt.format = said(described));
    assert_eq!(refused.param.as_deref(), Some("here"));
}

#[test]
fn parts_that_anthropic_has_no_block_for_are_refused_at_their_place() {
    let media = |source| Media { source, name: None, detail: None };
    let base64 = |media_type: &'static str, data: &'static str| Source::Base64 {
        media_type: media_type.into(),
        data: data.into(),
    };
    let url = |url: &'static str| Source::Url { url: url.into(), media_type: None };
    let call = |id: &'static str| Content::Call {
        id: id.into(),
        name: "f".into(),
        input: Chance(1).input(),
    };
    let result =
        Content::Result { id: "a".into(), name: None, content: Vec::new(), is_error: false };
    for (role, content) in [
        (Role::User, Content::Audio(media(base64("audio/wav", "AA")))),
        (Role::User, Content::Video(media(url("https://example.com/a.mp4")))),
        (Role::User, Content::Image(media(base64("image/bmp", "AA")))),
        (Role::User, Content::Image(media(base64("image/png", "")))),
        (Role::User, Content::Image(media(url("gs://bucket/a.png")))),
        (Role::User, Content::Image(media(Source::Text("a".into())))),
        (Role::User, Content::Document(media(base64("text/csv", "AA")))),
        (Role::User, result),
        (Role::User, call("a")),
        (Role::Assistant, call("a:b")),
        (Role::Assistant, call("")),
        (Role::Assistant, Content::Image(media(url("https://example.com/a.png")))),
        (Role::System, Content::Image(media(url("https://example.com/a.png")))),
    ] {
        let part = Part::new(content, "contents[0].parts[1]");
        let refused = refusal(|prompt| {
            prompt.turns.push(turn(role, part));
            prompt.turns.push(turn(Role::User, Part::new(Content::Text("b".into()), "")));
        });
        assert_eq!(refused.param.as_deref(), Some("contents[0].parts[1]"), "{refused}");
    }
}

#[test]
fn a_conversation_begins_and_ends_with_the_user() {
    let answer = || turn(Role::Assistant, Part::new(Content::Text("a".into()), ""));
    let first = refusal(|prompt| prompt.turns.insert(0, answer()));
    let last = refusal(|prompt| prompt.turns.push(answer()));
    let unsigned = Content::Thought { text: "hm".into(), signature: None };
    let nothing = refusal(|prompt| {
        prompt.turns.push(turn(Role::Assistant, Part::new(unsigned, "")));
    });
    assert_eq!([first.param.as_deref(), last.param.as_deref()], [Some("contents"); 2]);
    assert_eq!(nothing.param.as_deref(), Some("contents[0]"));
}

#[test]
fn a_budget_is_brought_between_anthropic_s_bounds() {
    let to = Target::main(Vendor::Anthropic, "claude");
    for (asked, cap, expected) in [(1, 4096, 1024), (2048, 4096, 2048), (9000, 4096, 4095)] {
        let reasoning = Reasoning { budget_tokens: Some(asked), ..Reasoning::default() };
        let request = request(HI);
        let mut prompt = read_prompt(&request).unwrap();
        prompt.reasoning = said(reasoning);
        prompt.output_tokens = Some(cap);
        let body = String::from_utf8(write_prompt(&prompt, &to).unwrap()).unwrap();
        let thinking = format!(r#""thinking":{{"type":"enabled","budget_tokens":{expected}}}"#);
        assert!(body.contains(&thinking), "{body}");
    }
}
