//! `generateContent` requests: what is accepted, and what is known of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use inferlayer_wire::{
    Api, Asked, Call, ChatRequest, Gist, Invalid, PlainRequest, Shape, Target, Vendor,
};

fn asked(api: Api) -> Asked {
    Asked { api, model: Some("alias".to_owned()), stream: false }
}

fn parse(body: &str) -> Result<Call, Invalid> {
    Call::parse(asked(Api::Generate), body.to_owned().into())
}

fn gist(body: &str) -> Gist {
    parse(body).unwrap().gist().clone()
}

/// A good request with further members.
fn with(members: &str) -> String {
    format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"hi"}}]}}],{members}}}"#)
}

/// A request of one part.
fn part(part: &str) -> Gist {
    gist(&format!(r#"{{"contents":[{{"parts":[{part}]}}]}}"#))
}

fn param(body: &str) -> String {
    parse(body).unwrap_err().param.unwrap()
}

#[test]
fn the_path_names_the_model_and_the_body_may_repeat_it() {
    for model in ["alias", "models/alias"] {
        let body = with(&format!(r#""model":"{model}""#));
        let call = parse(&body).unwrap();
        assert_eq!((call.model(), call.stream()), ("alias", false));
        let sent = call.for_provider(&Target::main(Vendor::Gemini, "gemini-2.5-pro")).unwrap();
        assert_eq!(sent, with(r#""model":"models/gemini-2.5-pro""#));
        assert_eq!(call.for_provider(&Target::main(Vendor::Gemini, "alias")).unwrap(), body);
    }
    for model in [r#""other""#, r#""tunedModels/alias""#, "7", "null"] {
        assert_eq!(param(&with(&format!(r#""model":{model}"#))), "model");
    }
}

#[test]
fn money_is_read_in_either_spelling() {
    for config in [
        r#""generationConfig":{"candidateCount":3,"maxOutputTokens":70}"#,
        r#""generation_config":{"candidate_count":3,"max_output_tokens":70}"#,
    ] {
        let gist = gist(&with(config));
        assert_eq!((gist.choices(), gist.max_output_tokens()), (3, Some(70)));
    }
    let gist = gist(&with(r#""generationConfig":null"#));
    assert_eq!((gist.choices(), gist.max_output_tokens()), (1, None));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for (members, at) in [
        (r#""generationConfig":{},"generation_config":{}"#, "generationConfig"),
        (
            r#""generationConfig":{"maxOutputTokens":1,"max_output_tokens":2}"#,
            "generationConfig.maxOutputTokens",
        ),
        (r#""GenerationConfig":{}"#, "generationConfig"),
        (r#""generationConfig":{"MaxOutputTokens":1}"#, "generationConfig.maxOutputTokens"),
        (r#""systemInstruction":null,"system_instruction":null"#, "systemInstruction"),
        (r#""Contents":[]"#, "contents"),
    ] {
        assert_eq!(param(&with(members)), at, "{members}");
    }
}

#[test]
fn odd_values_are_refused_with_their_field() {
    for (body, at) in [
        (with(r#""generationConfig":{"candidateCount":9}"#), "generationConfig.candidateCount"),
        (with(r#""generationConfig":{"candidateCount":0}"#), "generationConfig.candidateCount"),
        (with(r#""generationConfig":{"maxOutputTokens":0}"#), "generationConfig.maxOutputTokens"),
        (with(r#""generationConfig":{"maxOutputTokens":"9"}"#), "generationConfig.maxOutputTokens"),
        (with(r#""generationConfig":[]"#), "generationConfig"),
        (with(r#""systemInstruction":"be kind""#), "systemInstruction"),
        ("{}".to_owned(), "contents"),
        (r#"{"contents":[]}"#.to_owned(), "contents"),
        (r#"{"contents":"hi"}"#.to_owned(), "contents"),
        (r#"{"contents":["hi"]}"#.to_owned(), "contents"),
        (r#"{"contents":[{"parts":["hi"]}]}"#.to_owned(), "contents"),
        (r#"{"contents":[{"parts":"hi"}]}"#.to_owned(), "contents"),
    ] {
        assert_eq!(param(&body), at, "{body}");
    }
    assert!(parse(r#"{"contents":[{"parts":[{"text":"a","text":"b"}]}]}"#).is_err());
}

#[test]
fn a_conversation_has_the_shape_that_it_has_in_chat() {
    let chat = r#"{"model":"m","messages":[{"role":"system","content":"be kind"},
        {"role":"user","content":"Fix this: `a == b`\n- one\n- two"},
        {"role":"assistant","content":"Let me look","tool_calls":[{"id":"1"},{"id":"2"}]},
        {"role":"tool","content":"12"},{"role":"tool","content":"345"},
        {"role":"user","content":[{"type":"text","text":"and"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}],
        "tools":[{"type":"function"}],"reasoning_effort":"high",
        "response_format":{"type":"json_schema"}}"#;
    let generate = r#"{"system_instruction":{"parts":{"text":"be kind"}},"contents":[
        {"role":"user","parts":[{"text":"Fix this: `a == b`\n- one\n- two"}]},
        {"parts":[{"text":"a thought","thought":true},{"text":"Let me look"},
            {"functionCall":{"name":"f"}},{"function_call":{"name":"g"}}],"role":"model"},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"12"}}},
            {"functionResponse":{"name":"g","response":{"a":["3",{"b":"45"}]}}}]},
        {"role":"user","parts":[{"text":"and"},
            {"inlineData":{"mimeType":"image/png","data":"AA=="}}]}],
        "tools":{"functionDeclarations":{"name":"f"}},
        "generationConfig":{"thinkingConfig":{"thinkingLevel":"high"},"responseSchema":{}}}"#;
    let expected = ChatRequest::parse(chat.into()).unwrap().gist().shape();
    assert_eq!(expected.messages, 6);
    assert_eq!(gist(generate).shape(), expected);
}

#[test]
fn one_object_is_as_good_as_an_array_of_it() {
    let alone = gist(r#"{"contents":{"parts":{"text":"hi"}},"tools":{"functionDeclarations":[]}}"#);
    assert_eq!(alone.shape(), gist(&with(r#""tools":[]"#)).shape());
    assert_eq!(alone.shape(), Shape { messages: 1, ..alone.shape() });
}

#[test]
fn only_text_bounds_its_tokens() {
    for bounded in [
        r#"{"text":"a","thoughtSignature":"AA=="}"#,
        r#"{"inlineData":{"mimeType":"text/plain","data":"AA=="}}"#,
        r#"{"functionCall":{"name":"f"}}"#,
        r#"{"functionResponse":{"name":"f","response":{}}}"#,
        r#"{"executableCode":{"language":"PYTHON","code":"1"}}"#,
    ] {
        assert!(!part(bounded).has_remote_input(), "{bounded}");
    }
    for unbounded in [
        r#"{"inlineData":{"mimeType":"image/png","data":"AA=="}}"#,
        r#"{"inline_data":{"mime_type":"audio/wav","data":"AA=="}}"#,
        r#"{"inlineData":{"data":"AA=="}}"#,
        r#"{"fileData":{"mimeType":"text/plain","fileUri":"https://host/file"}}"#,
        r#"{"functionResponse":{"name":"f","response":{},"parts":[{}]}}"#,
        r#"{"somethingNew":{}}"#,
    ] {
        assert!(part(unbounded).has_remote_input(), "{unbounded}");
    }
    for members in [
        r#""tools":[{"googleSearch":{}}]"#,
        r#""tools":[{"url_context":{}}]"#,
        r#""tools":{"codeExecution":{}}"#,
        r#""cachedContent":"cachedContents/1""#,
    ] {
        assert!(gist(&with(members)).has_remote_input(), "{members}");
    }
}

#[test]
fn what_is_embedded_is_for_one_model_and_bounded_if_text() {
    let parse = |api, body: &str| PlainRequest::parse(asked(api), body.to_owned().into());
    let one = r#"{"model":"models/alias","content":{"parts":[{"text":"a"}]}}"#;
    let batch = format!(r#"{{"requests":[{one},{one}]}}"#);
    for (api, body) in [(Api::EmbedContent, one), (Api::BatchEmbedContents, &batch)] {
        let request = Call::Plain(parse(api, body).unwrap());
        assert!(!request.has_remote_input());
        let target = Target { api, ..Target::main(Vendor::Gemini, "embedding") };
        let expected = body.replace("models/alias", "models/embedding");
        assert_eq!(request.for_provider(&target).unwrap(), expected);
        let other = body.replacen("alias", "other", 1);
        assert_eq!(parse(api, &other).unwrap_err().param.as_deref(), Some("model"));
        let picture = body.replace(r#""text":"a""#, r#""inlineData":{"mimeType":"image/png"}"#);
        assert!(parse(api, &picture).unwrap().gist().has_remote_input());
    }
    let counted = r#"{"generateContentRequest":{"model":"models/other","contents":[]}}"#;
    assert!(parse(Api::ContentTokens, counted).is_err());
}
