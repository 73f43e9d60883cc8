//! The view of texts: complete over every file that SDKs and providers really send, edits that leave
//! every other byte, and a request that stays what its bytes say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "common/golden.rs"]
#[allow(dead_code)]
mod golden;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use inferlayer_wire::texts::{Item, Kind, Role, Text, Texts};
use inferlayer_wire::{Api, Asked, Call, sse};
use serde_json::Value;

/// Every golden file below a folder of this name.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|known| known == extension)
                && path.parent().unwrap().ends_with(folder)
            {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The strings of a document that are values.
fn values(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| values(item, found)),
        Value::Object(members) => members.values().for_each(|value| values(value, found)),
        _ => {}
    }
}

fn told(texts: &Texts) -> Vec<(Kind, String)> {
    let mut told = Vec::new();
    texts.each(|text| told.push((text.kind, text.text.into_owned())));
    told
}

/// Every string is told of once, but for media, of which the type is.
fn check_complete(texts: &Texts, json: &[u8], name: &str) {
    let mut expected = Vec::new();
    values(&serde_json::from_slice(json).unwrap(), &mut expected);
    let told = told(texts);
    let media = told.iter().filter(|(kind, _)| *kind == Kind::Media).count();
    expected.retain(|value| !told.iter().any(|(_, text)| text == value));
    assert!(expected.len() <= media, "{name}: {expected:?}");
}

#[test]
fn every_string_of_every_document_is_told() {
    for path in files("requests", "json") {
        let body = Bytes::from(fs::read(&path).unwrap());
        check_complete(&Texts::of_request(&body), &body, &path.display().to_string());
    }
    for path in files("answers", "json") {
        let body = Bytes::from(fs::read(&path).unwrap());
        check_complete(&Texts::of_response(&body), &body, &path.display().to_string());
    }
    for path in files("streams", "sse") {
        for event in sse::split(fs::read(&path).unwrap().into()) {
            let texts = Texts::of_event(&event);
            let data = data(&event);
            match serde_json::from_slice::<Value>(&data).is_ok() {
                true => check_complete(&texts, &data, &path.display().to_string()),
                false => assert!(data.is_empty() || !told(&texts).is_empty(), "{path:?}"),
            }
        }
    }
}

fn data(event: &Bytes) -> Vec<u8> {
    let mut decoder = sse::Decoder::new(usize::MAX);
    decoder.push(event.clone()).unwrap();
    let event = decoder.next().or_else(|| decoder.finish()).unwrap();
    event.data().into_owned()
}

/// Each text replaced by itself in every document changes at most how it is written, and replaced
/// by another one changes that text alone.
#[test]
fn an_edit_changes_one_text_and_nothing_else() {
    for (folder, extension) in [("requests", "json"), ("answers", "json"), ("streams", "sse")] {
        for path in files(folder, extension) {
            let bytes = Bytes::from(fs::read(&path).unwrap());
            let documents: Vec<Bytes> = match extension {
                "sse" => sse::split(bytes).collect(),
                _ => vec![bytes],
            };
            documents.iter().for_each(|document| edit_each(document, extension, &path));
        }
    }
}

fn edit_each(document: &Bytes, extension: &str, path: &Path) {
    let view = |bytes: &Bytes| match extension {
        "sse" => Texts::of_event(bytes),
        _ => Texts::of_response(bytes),
    };
    let texts = view(document);
    assert_eq!(texts.edited(&[]), document);
    let before = told(&texts);
    let mut edits = Vec::new();
    texts.each(|text| {
        let edit = text.edit(0..text.text.len(), "new \"text\"\\ é");
        edits.push((text.kind, edit));
    });
    for (n, (kind, edit)) in edits.iter().enumerate().take(40) {
        let edited = texts.edited(std::slice::from_ref(edit));
        if *kind == Kind::Media {
            assert_eq!(edited, document);
            continue;
        }
        // Labels sort a document, and what was a URL is one media less.
        if *kind == Kind::Label || before.get(n).is_some_and(|(_, text)| text.contains("://")) {
            continue;
        }
        let after = told(&view(&edited));
        assert_eq!(after.len(), before.len(), "{path:?} {n}");
        for (at, (old, new)) in before.iter().zip(&after).enumerate() {
            let expected = if at == n { "new \"text\"\\ é" } else { &old.1 };
            assert_eq!(new.1, expected, "{path:?} {n}");
        }
    }
}

/// One line for each text that is no label: who says it, what it is, and where.
fn view(texts: &Texts) -> String {
    let mut lines = String::new();
    texts.each(|text| {
        if text.kind != Kind::Label {
            let path = texts.path(&text);
            let Text { role, kind, text, .. } = text;
            lines += &format!("{role:?} {kind:?} {path} {text:?}\n");
        }
    });
    lines
}

#[test]
fn the_same_conversation_is_told_alike_in_four_dialects() {
    let chat = r#"{"model":"m","messages":[{"role":"system","content":"S"},
        {"content":[{"type":"text","text":"U"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}],"role":"user"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"A\"}"}}]},
        {"role":"tool","tool_call_id":"c","content":"R"}]}"#;
    let responses = r#"{"model":"m","instructions":"S","input":[
        {"role":"user","content":[{"type":"input_text","text":"U"},{"type":"input_image","image_url":"data:image/png;base64,AA"}]},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":\"A\"}"},
        {"type":"function_call_output","call_id":"c","output":"R"}]}"#;
    let messages = r#"{"model":"m","max_tokens":9,"system":"S","messages":[
        {"role":"user","content":[{"type":"text","text":"U"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{"a":"A"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"R"}]}]}]}"#;
    let generate = r#"{"systemInstruction":{"parts":[{"text":"S"}]},"contents":[
        {"role":"user","parts":[{"text":"U"},{"inlineData":{"mimeType":"image/png","data":"AA"}}]},
        {"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":"A"}}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"b":"R"}}}]}]}"#;
    let seen = |body: &'static str| {
        let mut seen = Vec::new();
        Texts::of_request(&Bytes::from_static(body.as_bytes())).each(|text| {
            let is_key = matches!(&*text.text, "a" | "b");
            if text.kind != Kind::Label && !is_key {
                let text_of = text.text.replace("{\"a\":\"A\"}", "A");
                seen.push((text.role, text.kind, text_of));
            }
        });
        seen.dedup();
        // In Gemini's dialect the name of the tool stands beside its result too.
        seen.retain(|seen| *seen != (Role::Tool, Kind::ToolName, "f".to_owned()));
        seen.into_iter().map(|(role, kind, text)| format!("{role:?} {kind:?} {text}")).collect()
    };
    let expected = vec![
        "System Text S",
        "User Text U",
        "User Media image/png",
        "Assistant ToolName f",
        "Assistant ToolArguments A",
        "Tool Text R",
    ];
    for body in [chat, messages, generate] {
        let seen: Vec<String> = seen(body);
        assert_eq!(seen, expected, "{body}");
    }
    // Nothing says there that a call is the assistant's but its type.
    let seen: Vec<String> = seen(responses);
    assert_eq!(seen, expected);
}

#[test]
fn where_a_text_stands_is_told() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a\n"}]}],
        "metadata":{"k":["v"]},"tools":[{"type":"function","function":{"name":"f","description":"d"}}]}"#;
    let told = view(&Texts::of_request(&Bytes::from(body)));
    assert_eq!(
        told,
        "User Text messages[0].content[0].text \"a\\n\"\n\
         User Other metadata.k \"k\"\n\
         User Other metadata.k[0] \"v\"\n\
         System ToolName tools[0].function.name \"f\"\n\
         System ToolDefinition tools[0].function.description \"d\"\n"
    );
}

/// What one event says of texts that go on, as `choice kind text`, and what ends.
fn event(event: &str) -> Vec<String> {
    let mut told = Vec::new();
    let bytes = Bytes::copy_from_slice(event.as_bytes());
    Texts::of_event(&bytes).items(|item| match item {
        Item::End { choice } => told.push(format!("{choice} ends")),
        Item::Text(Text { kind, text, channel: Some(channel), .. }) => {
            let whole = if channel.is_whole { " whole" } else { "" };
            told.push(format!("{} {kind:?}{whole} {text}", channel.choice));
        }
        Item::Text(_) => {}
    });
    told
}

#[test]
fn pieces_of_a_text_share_a_channel() {
    for (data, expected) in [
        (
            r#"{"choices":[{"index":1,"delta":{"content":"a","tool_calls":[{"index":2,"function":{"name":"f","arguments":"{"}}]},"finish_reason":null}]}"#,
            vec!["1 Text a", "1 ToolName f", "1 ToolArguments {"],
        ),
        (
            r#"{"choices":[{"index":0,"delta":{"reasoning_content":"r","refusal":"no"},"finish_reason":"stop"}]}"#,
            vec!["0 ends", "0 Reasoning r", "0 Refusal no"],
        ),
        (r#"{"choices":[{"index":0,"text":"a","finish_reason":""}]}"#, vec!["0 Text a"]),
        (
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a"}}"#,
            vec!["0 Text a"],
        ),
        (
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
            vec!["0 ToolArguments {"],
        ),
        (r#"{"type":"content_block_stop","index":3}"#, vec!["0 ends"]),
        (r#"{"type":"response.output_text.delta","output_index":0,"delta":"a"}"#, vec!["0 Text a"]),
        (r#"{"type":"response.reasoning_summary_text.delta","delta":"a"}"#, vec!["0 Reasoning a"]),
        (r#"{"type":"response.output_text.done","text":"ab"}"#, vec!["0 ends", "0 Text whole ab"]),
        (
            r#"{"type":"response.completed","response":{"instructions":"i","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ab"}]}]}}"#,
            vec!["0 ends", "0 Text whole ab"],
        ),
        (
            r#"{"candidates":[{"content":{"parts":[{"text":"t","thought":true},{"text":"a"}],"role":"model"},"finishReason":"STOP"}]}"#,
            vec!["0 ends", "0 Reasoning t", "0 Text a"],
        ),
    ] {
        assert_eq!(event(&format!("data: {data}\n\n")), expected, "{data}");
    }
}

#[test]
fn everything_beside_the_data_of_an_event_is_text_too() {
    let told = |event: &'static str| told(&Texts::of_event(&Bytes::from_static(event.as_bytes())));
    let lines = told(": a@b.c\nid: x\ndata: {\"type\":\ndata: \"ping\"}\n\n");
    let lines: Vec<&str> = lines.iter().map(|(_, text)| &**text).collect();
    assert_eq!(lines, [": a@b.c", "id: x", "ping"]);
    let lines = told("data: half\r\ndata: {\r\n\r\n");
    assert_eq!(lines.len(), 2);
    assert_eq!(told("data: [DONE]\n\n"), [(Kind::Label, "[DONE]".to_owned())]);
    // A body that is no JSON is one text.
    let page = Texts::of_response(&Bytes::from_static(b"<p>\xffa</p>"));
    let mut edit = None;
    page.each(|text| edit = Some(text.edit(6..7, "b")));
    assert_eq!(page.edited(&[edit.unwrap()]), "<p>\u{fffd}b</p>");
}

#[test]
fn a_line_that_is_edited_stays_one() {
    let event = Bytes::from_static(b": a\r\ndata: {\"a\":\r\ndata: \"x\"}\r\n\r\n");
    let texts = Texts::of_event(&event);
    let mut edits = Vec::new();
    texts.each(|text| edits.push(text.edit(0..text.text.len(), "b\ndata: c")));
    let expected = "b data: c\r\ndata: {\"b\\ndata: c\":\r\ndata: \"b\\ndata: c\"}\r\n\r\n";
    assert_eq!(texts.edited(&edits), expected);
}

#[test]
fn strings_that_cannot_be_unescaped_are_told_as_written() {
    let body = Bytes::from_static(br#"{"choices":[{"message":{"content":"a@b.c \ud800 x"}}]}"#);
    let texts = Texts::of_response(&body);
    let mut edits = Vec::new();
    texts.each(|text| {
        if text.kind == Kind::Text {
            edits.push(text.edit(0..5, "[x]"));
        }
    });
    assert_eq!(texts.edited(&edits), r#"{"choices":[{"message":{"content":"[x] \ud800 x"}}]}"#);
}

#[test]
fn depth_hides_nothing() {
    let deep = |levels: usize| {
        let (open, close) = (r#"{"content":["#.repeat(levels), "]}".repeat(levels));
        Bytes::from(format!(r#"{{"messages":[{open}"needle"{close}]}}"#))
    };
    for levels in [1, 5, 6, 7, 8, 40, 60] {
        let told = told(&Texts::of_request(&deep(levels)));
        assert_eq!(told.iter().filter(|(_, text)| text == "needle").count(), 1, "{levels}");
    }
}

#[test]
fn an_edited_request_is_what_its_bytes_say() {
    let body = r#"{"model" : "m","messages":[{"role":"user","content":"to a\u0040b.c, \"x\"\n"}],"user":"u" }"#;
    let call = Call::parse(Api::Chat, body.into()).unwrap();
    assert!(call.edited(|_| Vec::new()).unwrap().is_none());
    let mask = |text: &Text<'_>| {
        let found = text.text.find("a@b.c");
        found.map(|at| text.edit(at..at + 5, "[x]")).into_iter().collect()
    };
    let (edited, edits) = call.edited(mask).unwrap().unwrap();
    assert_eq!(edits, 1);
    let expected = body.replace(r"a\u0040b.c", "[x]");
    assert_eq!(edited.body(), expected.as_bytes());
    let other = Call::parse(Api::Chat, expected.into()).unwrap();
    assert_eq!((edited.shape(), edited.model()), (other.shape(), other.model()));
    // A request whose path names the model keeps it.
    let asked = Asked { api: Api::Generate, model: Some("g".to_owned()), stream: true };
    let body = r#"{"contents":[{"parts":[{"text":"a@b.c"}]}]}"#;
    let call = Call::parse(asked, body.into()).unwrap();
    let (edited, _) = call.edited(mask).unwrap().unwrap();
    assert_eq!((edited.model(), edited.stream(), edited.api()), ("g", true, Api::Generate));
    // What is edited into something else than a request is refused.
    let nothing = |text: &Text<'_>| vec![text.edit(0..text.text.len(), "")];
    let call = Call::parse(Api::Chat, r#"{"model":"m","messages":[{"role":"user"}]}"#.into());
    assert_eq!(call.unwrap().edited(nothing).unwrap_err().param.as_deref(), Some("model"));
}

#[test]
fn inputs_of_other_operations_are_texts() {
    for (api, body) in [
        (Api::Embeddings, r#"{"model":"m","input":["needle"]}"#),
        (Api::Moderations, r#"{"model":"m","input":[{"type":"text","text":"needle"}]}"#),
        (Api::Completions, r#"{"model":"m","prompt":"needle"}"#),
        (Api::InputTokens, r#"{"model":"m","input":"needle"}"#),
        (Api::MessageTokens, r#"{"model":"m","messages":[{"role":"user","content":"needle"}]}"#),
    ] {
        let call = Call::parse(api, body.into()).unwrap();
        let mut found = Vec::new();
        call.texts().each(|text| {
            if text.text == "needle" {
                found.push((text.role, text.kind));
            }
        });
        assert_eq!(found, [(Role::User, Kind::Text)], "{body}");
    }
}
