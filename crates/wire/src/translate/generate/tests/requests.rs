//! Requests: read, written, and refused.

use super::common::Chance;
use super::{gemini, request, said, written};
use crate::neutral::{
    Content, Effort, Format, Media, Part, Path, Prompt, Role, Said, Source, ToolChoice, Turn,
};
use crate::translate::generate::{read_prompt, write_prompt};
use crate::{Invalid, Target};

fn with(members: &str) -> String {
    format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"hi"}}]}}],{members}}}"#)
}

fn config(members: &str) -> String {
    with(&format!(r#""generationConfig":{{{members}}}"#))
}

fn contents(contents: &str) -> String {
    format!(r#"{{"contents":[{contents}]}}"#)
}

/// The result of a call to `f`, after that call.
fn answered(response: &str) -> String {
    let call = r#"{"role":"model","parts":[{"functionCall":{"name":"f"}}]}"#;
    contents(&format!(r#"{call},{{"parts":[{{"functionResponse":{response}}}]}}"#))
}

fn refused(body: &str) -> String {
    let refusal = read_prompt(&request(body)).err();
    refusal.unwrap_or_else(|| panic!("{body}")).param.unwrap_or_default()
}

#[test]
fn what_is_written_is_read_as_it_was_said() {
    let mut chance = Chance::new(7);
    for _ in 0..2000 {
        let prompt = said::prompt(&mut chance);
        let body = String::from_utf8(write_prompt(&prompt, &gemini()).unwrap()).unwrap();
        let request = request(&body);
        assert_eq!(read_prompt(&request).unwrap(), prompt, "{body}");
    }
}

#[test]
fn either_spelling_and_lone_objects_are_read() {
    let body = r#"{"system_instruction":{"role":"user","parts":{"text":"be kind"}},
        "contents":{"parts":{"inline_data":{"mime_type":"image/png","data":"_-8"}}},
        "tools":{"function_declarations":{"name":"f","parameters":{"type":"OBJECT"}}},
        "tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}},
        "generation_config":{"top_k":40.0,"stop_sequences":["x"],"thinking_config":
            {"thinking_budget":-1,"include_thoughts":true},"response_mime_type":"text/plain"}}"#;
    let expected = concat!(
        r#"{"systemInstruction":{"parts":[{"text":"be kind"}]},"#,
        r#""tools":[{"functionDeclarations":[{"name":"f","#,
        r#""parametersJsonSchema":{"type":"object"}}]}],"#,
        r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"#,
        r#""contents":[{"role":"user","parts":["#,
        r#"{"inlineData":{"mimeType":"image/png","data":"/+8="}}]}],"#,
        r#""generationConfig":{"topK":40,"stopSequences":["x"],"#,
        r#""thinkingConfig":{"includeThoughts":true}}}"#,
    );
    assert_eq!(written(body).unwrap(), expected);
}

#[test]
fn calls_without_ids_get_some_and_responses_theirs() {
    let body = contents(
        r#"{"role":"model","parts":[{"text":"a"},{"functionCall":{"name":"f"}},
            {"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AA=="},
            {"functionCall":{"name":"g","id":"mine"}}]},
        {"role":"function","parts":[{"functionResponse":{"name":"g","response":{"error":"no"}}},
            {"functionResponse":{"name":"f","response":{"a":"b"}}},
            {"functionResponse":{"name":"f","id":"","response":{"output":{"c":2}}}}]}"#,
    );
    let request = request(&body);
    let prompt = read_prompt(&request).unwrap();
    let parts = prompt.turns.iter().flat_map(|turn| &turn.parts);
    let told: Vec<String> = parts
        .map(|part| match &part.content {
            Content::Call { id, name, input } => format!("{id} {name} {}", input.get()),
            Content::Result { id, content, is_error, .. } => match &content[0].content {
                Content::Text(text) => format!("{id} {text} {is_error}"),
                other => panic!("{other:?}"),
            },
            Content::Thought { signature, .. } => format!("{signature:?}"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected = [
        r#"Text("a")"#,
        "call_0_1 f {}",
        r#"Some("AA==")"#,
        r#"call_0_2 f {"a":1}"#,
        "mine g {}",
        "mine no true",
        r#"call_0_1 {"a":"b"} false"#,
        r#"call_0_2 {"c":2} false"#,
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_no_other_dialect_can_say_is_refused_with_its_place() {
    for (members, at) in [
        (r#""safetySettings":[{"category":"x","threshold":"y"}]"#, "safetySettings"),
        (r#""cached_content":"cachedContents/1""#, "cachedContent"),
        (r#""labels":{"a":"b"}"#, "labels"),
        (r#""tools":[{"googleSearch":{}}]"#, "tools[0].googleSearch"),
        (r#""tools":[{},{"code_execution":{}}]"#, "tools[1].codeExecution"),
        (
            r#""tools":[{"functionDeclarations":[{"name":"f","response":{}}]}]"#,
            "tools[0].functionDeclarations[0].response",
        ),
        (
            r#""tools":[{"functionDeclarations":[{"name":"f","parameters":{"$ref":"x"}}]}]"#,
            "tools[0].functionDeclarations[0].parameters",
        ),
        (r#""toolConfig":{"retrievalConfig":{}}"#, "toolConfig.retrievalConfig"),
        (
            r#""toolConfig":{"functionCallingConfig":{"mode":"any"}}"#,
            "toolConfig.functionCallingConfig.mode",
        ),
        (
            r#""toolConfig":{"functionCallingConfig":
                {"mode":"AUTO","allowedFunctionNames":["f"]}}"#,
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
        (
            r#""toolConfig":{"functionCallingConfig":
                {"mode":"ANY","allowedFunctionNames":["f","g"]}}"#,
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
        // An unknown name is not repeated.
        (r#""secret":1"#, ""),
    ] {
        assert_eq!(refused(&with(members)), at, "{members}");
    }
}

#[test]
fn settings_of_the_answer_are_refused_with_their_place() {
    for (members, at) in [
        (r#""speechConfig":{}"#, "speechConfig"),
        (r#""responseModalities":["AUDIO"]"#, "responseModalities"),
        (r#""mediaResolution":"MEDIA_RESOLUTION_LOW""#, "mediaResolution"),
        (r#""responseMimeType":"text/x.enum""#, "responseMimeType"),
        (r#""responseSchema":{"type":"STRING"}"#, "responseMimeType"),
        (r#""responseMimeType":"application/json","responseSchema":7"#, "responseSchema"),
        (r#""temperature":"hot""#, "temperature"),
        (r#""topK":1.5"#, "topK"),
        (r#""seed":1.5"#, "seed"),
        (r#""stopSequences":[""]"#, "stopSequences"),
        (r#""stopSequences":"x""#, "stopSequences"),
        (r#""logprobs":3"#, "responseLogprobs"),
        (r#""thinkingConfig":{"thinkingLevel":"deep"}"#, "thinkingConfig.thinkingLevel"),
        (r#""secret":1"#, ""),
    ] {
        let at = format!("generationConfig.{at}");
        assert_eq!(refused(&config(members)), at.trim_end_matches('.'), "{members}");
    }
}

#[test]
fn parts_that_have_no_place_are_refused_with_theirs() {
    for (content, at) in [
        (r#"{"role":"system","parts":[]}"#, "contents[0].role"),
        (r#"{"parts":[{"functionCall":{"name":"f"}}]}"#, "contents[0].parts[0].functionCall"),
        (r#"{"parts":[{"executableCode":{}}]}"#, "contents[0].parts[0].executableCode"),
        (r#"{"parts":[{"secret":{}}]}"#, "contents[0].parts[0]"),
        (
            r#"{"parts":[{"fileData":{"fileUri":"gs://a"},"videoMetadata":{"fps":1}}]}"#,
            "contents[0].parts[0].videoMetadata",
        ),
        (
            r#"{"role":"model","parts":[{"functionCall":{"name":"f","args":[]}}]}"#,
            "contents[0].parts[0].functionCall.args",
        ),
        (
            r#"{"parts":[{"functionResponse":{"name":"f","response":{}}}]}"#,
            "contents[0].parts[0].functionResponse.name",
        ),
    ] {
        assert_eq!(refused(&contents(content)), at, "{content}");
    }
    for (response, at) in [
        (r#"{"name":"f","response":{},"parts":[{}]}"#, "parts"),
        (r#"{"name":"f","response":{},"willContinue":true}"#, "willContinue"),
        (r#"{"name":"f"}"#, "response"),
    ] {
        let at = format!("contents[1].parts[0].functionResponse.{at}");
        assert_eq!(refused(&answered(response)), at, "{response}");
    }
}

/// Why a prompt cannot be written.
fn unwritten(prompt: Prompt<'_>) -> Invalid {
    write_prompt(&prompt, &gemini()).unwrap_err()
}

#[test]
fn what_gemini_cannot_say_is_refused_where_the_caller_wrote_it() {
    let at = |invalid: Invalid| invalid.param.unwrap();
    let no = || Prompt::default();
    assert_eq!(at(unwritten(Prompt { parallel_calls: Some(Said::new(false, "a")), ..no() })), "a");
    assert_eq!(at(unwritten(Prompt { choices: Some(Said::new(9, "n")), ..no() })), "n");
    assert_eq!(at(unwritten(Prompt { seed: Some(Said::new(1 << 40, "seed")), ..no() })), "seed");
    let source = Source::FileId("file-of-another".into());
    let file = Content::Document(Media { source, name: None, detail: None });
    let (role, path) = (Role::User, Path::default());
    let turn = Turn { role, parts: vec![Part::new(file, "file")], name: None, path };
    assert_eq!(at(unwritten(Prompt { turns: vec![turn], ..no() })), "file");
    let stop = Some(Said::new(vec!["a".into(); 6], "stop"));
    assert_eq!(at(unwritten(Prompt { stop, ..no() })), "stop");
}

#[test]
fn the_smaller_cap_counts_and_strict_tools_are_validated() {
    let body = with(
        r#""tools":[{"functionDeclarations":[{"name":"f"}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}},
        "generationConfig":{"maxOutputTokens":900,"thinkingConfig":{"thinkingLevel":"HIGH"}}"#,
    );
    let request = request(&body);
    let prompt = read_prompt(&request).unwrap();
    assert_eq!(prompt.tools[0].strict.as_ref().map(|strict| strict.value), Some(true));
    assert_eq!(prompt.tool_choice.as_ref().map(|said| &said.value), Some(&ToolChoice::Auto));
    assert_eq!(prompt.reasoning.as_ref().unwrap().value.effort, Some(Effort::High));
    let to = Target { max_output_tokens: Some(500), ..gemini() };
    let body = String::from_utf8(write_prompt(&prompt, &to).unwrap()).unwrap();
    assert!(body.contains(r#""mode":"VALIDATED""#), "{body}");
    assert!(body.contains(r#""maxOutputTokens":500"#), "{body}");
    assert!(body.contains(r#""thinkingBudget":24576"#), "{body}");
}

#[test]
fn what_a_format_is_for_goes_into_its_schema() {
    let written = |schema: &str| {
        let schema = serde_json::value::RawValue::from_string(schema.to_owned()).unwrap().into();
        let (name, description) = (Some("a".into()), Some("\"b\"".into()));
        let format = Format::Schema { name, description, schema, strict: Some(true) };
        let prompt = Prompt { format: Some(Said::new(format, "format")), ..Prompt::default() };
        let body = write_prompt(&prompt, &gemini())?;
        Ok::<_, Invalid>(String::from_utf8(body).unwrap())
    };
    for (schema, expected) in [
        ("{}", r#""responseJsonSchema":{"description":"\"b\""}"#),
        (
            r#"{ "type":"object"}"#,
            r#""responseJsonSchema":{"description":"\"b\"", "type":"object"}"#,
        ),
    ] {
        let body = written(schema).unwrap();
        assert!(body.contains(expected), "{body}");
    }
    for schema in [r#"{"description":"c"}"#, "true"] {
        assert_eq!(written(schema).unwrap_err().param.as_deref(), Some("format"));
    }
}
