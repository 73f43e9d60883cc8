//! What each dialect's clients ask and its providers answer: a text, then a call of a tool.

use inferlayer_wire::Api;
use serde_json::{Value, json};

/// A dialect that conversations are translated from and to.
pub struct Dialect {
    pub name: &'static str,
    pub api: Api,
}

pub const DIALECTS: [Dialect; 4] = [
    Dialect { name: "chat", api: Api::Chat },
    Dialect { name: "responses", api: Api::Responses },
    Dialect { name: "messages", api: Api::Messages },
    Dialect { name: "generate", api: Api::Generate },
];

/// A request that says this; whether to stream stands in Gemini's path.
pub fn request(api: Api, stream: bool, text: &str) -> String {
    let user = json!([{"role": "user", "content": text}]);
    match api {
        Api::Responses => json!({"model": "m", "stream": stream, "input": user, "store": false}),
        Api::Messages => {
            json!({"model": "m", "stream": stream, "max_tokens": 99, "messages": user})
        }
        Api::Generate => json!({"contents": [{"role": "user", "parts": [{"text": text}]}]}),
        _ => json!({"model": "m", "stream": stream, "messages": user}),
    }
    .to_string()
}

/// A provider's whole answer.
pub fn answer(api: Api, text: &str, arguments: &str) -> String {
    let input: Value = serde_json::from_str(arguments).unwrap();
    match api {
        Api::Responses => response("completed", text, arguments),
        Api::Messages => json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "text", "text": text},
                {"type": "tool_use", "id": "toolu_1", "name": "send", "input": input},
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 5, "output_tokens": 9},
        }),
        Api::Generate => json!({
            "candidates": [{
                "content": {"role": "model", "parts": [
                    {"text": text}, {"functionCall": {"id": "c1", "name": "send", "args": input}},
                ]},
                "finishReason": "STOP", "index": 0,
            }],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 9, "totalTokenCount": 14},
            "modelVersion": "m", "responseId": "r1",
        }),
        _ => json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{
                "index": 0, "finish_reason": "tool_calls",
                "message": {"role": "assistant", "content": text, "tool_calls": [{
                    "id": "call_1", "type": "function",
                    "function": {"name": "send", "arguments": arguments},
                }]},
            }],
            "usage": {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14},
        }),
    }
    .to_string()
}

/// A provider's stream that brings text and arguments in these pieces.
pub fn stream(api: Api, text: &[&str], arguments: &[&str]) -> String {
    match api {
        Api::Responses => responses(text, arguments),
        Api::Messages => messages(text, arguments),
        Api::Generate => generate(text, &arguments.concat()),
        _ => chat(text, arguments),
    }
}

fn chat(text: &[&str], arguments: &[&str]) -> String {
    let chunk = |delta: Value, finish: Value| {
        data(&json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }))
    };
    let call = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let mut out = chunk(json!({"role": "assistant", "content": ""}), Value::Null);
    text.iter().for_each(|text| out += &chunk(json!({"content": text}), Value::Null));
    let function = json!({"name": "send", "arguments": ""});
    out += &call(json!({"index": 0, "id": "call_1", "type": "function", "function": function}));
    for piece in arguments {
        out += &call(json!({"index": 0, "function": {"arguments": piece}}));
    }
    out += &chunk(json!({}), "tool_calls".into());
    out + "data: [DONE]\n\n"
}

fn messages(text: &[&str], arguments: &[&str]) -> String {
    let mut out = named(&json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 1},
    }}));
    let mut block = |index: u32, begin: Value, deltas: Vec<Value>| {
        let start = json!({"type": "content_block_start", "index": index, "content_block": begin});
        out += &named(&start);
        for delta in deltas {
            out += &named(&json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        out += &named(&json!({"type": "content_block_stop", "index": index}));
    };
    let texts = text.iter().map(|text| json!({"type": "text_delta", "text": text}));
    block(0, json!({"type": "text", "text": ""}), texts.collect());
    let tool = json!({"type": "tool_use", "id": "toolu_1", "name": "send", "input": {}});
    let inputs =
        arguments.iter().map(|json| json!({"type": "input_json_delta", "partial_json": json}));
    block(1, tool, inputs.collect());
    let delta = json!({"stop_reason": "tool_use", "stop_sequence": null});
    out += &named(&json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}));
    out + &named(&json!({"type": "message_stop"}))
}

fn generate(text: &[&str], arguments: &str) -> String {
    let chunk = |part: Value, finish: Value| {
        let mut candidate = json!({"content": {"role": "model", "parts": [part]}, "index": 0});
        if finish.is_string() {
            candidate["finishReason"] = finish;
        }
        data(&json!({"candidates": [candidate], "modelVersion": "m", "responseId": "r1"}))
    };
    let mut out = String::new();
    text.iter().for_each(|text| out += &chunk(json!({"text": text}), Value::Null));
    let input: Value = serde_json::from_str(arguments).unwrap();
    let call = json!({"functionCall": {"id": "c1", "name": "send", "args": input}});
    out + &chunk(call, "STOP".into())
}

fn responses(text: &[&str], arguments: &[&str]) -> String {
    let (said, input) = (text.concat(), arguments.concat());
    let message = message(&said);
    let part = message["content"][0].clone();
    let empty = json!({"type": "output_text", "text": "", "annotations": []});
    let place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0});
    let item = |name: &str, index: u32, item: Value| {
        named(&json!({"type": name, "output_index": index, "item": item}))
    };
    let with = |name: &str, place: &Value, member: &str, value: Value| {
        let mut event = place.clone();
        (event["type"], event[member]) = (name.into(), value);
        named(&event)
    };
    let begun = json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []});
    let mut out = named(&json!({"type": "response.created", "response": {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m", "output": [],
    }}));
    out += &item("response.output_item.added", 0, begun);
    out += &with("response.content_part.added", &place, "part", empty);
    for text in text {
        out += &with("response.output_text.delta", &place, "delta", (*text).into());
    }
    out += &with("response.output_text.done", &place, "text", said.clone().into());
    out += &with("response.content_part.done", &place, "part", part);
    out += &item("response.output_item.done", 0, message);
    out += &item("response.output_item.added", 1, function_call("in_progress", ""));
    let place = json!({"item_id": "fc_1", "output_index": 1});
    for piece in arguments {
        out += &with("response.function_call_arguments.delta", &place, "delta", (*piece).into());
    }
    out +=
        &with("response.function_call_arguments.done", &place, "arguments", input.clone().into());
    out += &item("response.output_item.done", 1, function_call("completed", &input));
    out + &named(&json!({
        "type": "response.completed", "response": response("completed", &said, &input),
    }))
}

fn response(status: &str, text: &str, arguments: &str) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m",
        "output": [message(text), function_call("completed", arguments)],
        "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14},
    })
}

fn message(text: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    })
}

fn function_call(status: &str, arguments: &str) -> Value {
    json!({
        "id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "send",
        "status": status, "arguments": arguments,
    })
}

fn data(event: &Value) -> String {
    format!("data: {event}\n\n")
}

fn named(event: &Value) -> String {
    format!("event: {}\n{}", event["type"].as_str().unwrap(), data(event))
}
