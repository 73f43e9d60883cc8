//! What the Open Responses specification requires of a response and of its events, as its
//! compliance suite checks it.

use serde_json::Value;

use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};

/// A test for a kind of value.
type Is = fn(&Value) -> bool;

const TEXT: Is = Value::is_string;
const COUNT: Is = Value::is_u64;
const NUMBER: Is = Value::is_number;
const FLAG: Is = Value::is_boolean;
const OBJECT: Is = Value::is_object;
const LIST: Is = Value::is_array;

fn or_null(is: Is) -> impl Fn(&Value) -> bool {
    move |value| value.is_null() || is(value)
}

fn require(object: &Value, names: &[&str], is: impl Fn(&Value) -> bool) {
    for name in names {
        let value = object.get(*name).unwrap_or_else(|| panic!("no {name} in {object}"));
        assert!(is(value), "{name} is {value} in {object}");
    }
}

/// A whole response, or one on its way.
pub(super) fn check_response(response: &Value) {
    assert_eq!(response["object"], "response");
    require(response, &["id", "status", "model", "truncation", "service_tier"], TEXT);
    require(response, &["created_at", "top_logprobs"], COUNT);
    require(response, &["temperature", "top_p", "presence_penalty", "frequency_penalty"], NUMBER);
    require(response, &["parallel_tool_calls", "store", "background"], FLAG);
    require(response, &["text", "metadata"], OBJECT);
    require(response, &["output", "tools"], LIST);
    let texts = ["previous_response_id", "instructions", "safety_identifier", "prompt_cache_key"];
    require(response, &texts, or_null(TEXT));
    require(response, &["completed_at", "max_output_tokens", "max_tool_calls"], or_null(COUNT));
    require(response, &["incomplete_details", "error", "reasoning", "usage"], or_null(OBJECT));
    require(response, &["tool_choice"], |choice| choice.is_string() || choice.is_object());
    require(&response["text"]["format"], &["type"], TEXT);
    if response["text"]["format"]["type"] == "json_schema" {
        let format = &response["text"]["format"];
        require(format, &["name"], TEXT);
        require(format, &["description"], or_null(TEXT));
        require(format, &["schema"], or_null(OBJECT));
        require(format, &["strict"], FLAG);
    }
    for tool in response["tools"].as_array().unwrap() {
        require(tool, &["type", "name"], TEXT);
        require(tool, &["description"], or_null(TEXT));
        require(tool, &["parameters"], or_null(OBJECT));
        require(tool, &["strict"], or_null(FLAG));
    }
    if !response["usage"].is_null() {
        let usage = &response["usage"];
        require(usage, &["input_tokens", "output_tokens", "total_tokens"], COUNT);
        let details = ["cached_tokens", "cache_write_tokens"];
        require(&usage["input_tokens_details"], &details, COUNT);
        require(&usage["output_tokens_details"], &["reasoning_tokens"], COUNT);
    }
    response["output"].as_array().unwrap().iter().for_each(check_item);
}

pub(super) fn check_item(item: &Value) {
    require(item, &["id", "type"], TEXT);
    let own = match item["type"].as_str().unwrap() {
        "message" => {
            require(item, &["role", "status"], TEXT);
            &item["content"]
        }
        "function_call" => {
            return require(item, &["call_id", "name", "arguments", "status"], TEXT);
        }
        "reasoning" => {
            assert!(item.get("encrypted_content").is_none_or(Value::is_string));
            &item["summary"]
        }
        other => panic!("{other}"),
    };
    own.as_array().unwrap().iter().for_each(check_part);
}

fn check_part(part: &Value) {
    match part["type"].as_str().unwrap() {
        "output_text" => {
            require(part, &["text"], TEXT);
            require(part, &["annotations", "logprobs"], LIST);
            for token in part["logprobs"].as_array().unwrap() {
                require(token, &["token"], TEXT);
                require(token, &["logprob"], NUMBER);
                require(token, &["bytes", "top_logprobs"], LIST);
            }
        }
        "refusal" => require(part, &["refusal"], TEXT),
        "summary_text" => require(part, &["text"], TEXT),
        other => panic!("{other}"),
    }
}

/// The events of a stream that is in order: numbered, each item and part begun and ended once,
/// what is done made of its deltas, and the last response made of the items that are done.
pub(super) fn check_stream(stream: &[u8]) -> Vec<Value> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(stream.to_vec().into()).unwrap();
    let mut events: Vec<Value> = Vec::new();
    while let Some(event) = decoder.next() {
        let data: Value = serde_json::from_slice(&event.data()).unwrap();
        assert_eq!(event.name(), data["type"].as_str());
        assert_eq!(data["sequence_number"], events.len());
        events.push(data);
    }
    assert!(decoder.finish().is_none(), "an event without its end");
    let [created, in_progress, body @ .., last] = events.as_slice() else { panic!("too short") };
    for (event, name) in [(created, "response.created"), (in_progress, "response.in_progress")] {
        assert_eq!(event["type"], name);
        assert_eq!(event["response"]["status"], "in_progress");
        assert_eq!(event["response"]["id"], last["response"]["id"]);
        check_response(&event["response"]);
    }
    check_response(&last["response"]);
    let status = last["response"]["status"].as_str().unwrap();
    assert_eq!(last["type"], format!("response.{status}"));
    let mut items: Vec<Open> = Vec::new();
    for event in body {
        step(&mut items, event);
    }
    assert!(items.iter().all(|item| item.done && item.part.is_none()));
    let done: Vec<Value> = items.into_iter().map(|item| item.item).collect();
    assert_eq!(last["response"]["output"], Value::from(done));
    events
}

/// An item that was begun.
struct Open {
    item: Value,
    done: bool,
    /// What its open part has said.
    part: Option<String>,
    parts: usize,
    arguments: String,
}

fn step(items: &mut Vec<Open>, event: &Value) {
    let name = event["type"].as_str().unwrap().strip_prefix("response.").unwrap();
    let index = event["output_index"].as_u64().unwrap() as usize;
    if name == "output_item.added" {
        assert_eq!(index, items.len());
        check_item(&event["item"]);
        let item = event["item"].clone();
        let arguments = String::new();
        return items.push(Open { item, done: false, part: None, parts: 0, arguments });
    }
    let open = &mut items[index];
    assert!(!open.done, "{event}");
    if name == "output_item.done" {
        check_item(&event["item"]);
        assert_eq!(open.item["id"], event["item"]["id"]);
        open.done = true;
        return open.item = event["item"].clone();
    }
    assert_eq!(open.item["id"], event["item_id"]);
    let place = event.get("content_index").or(event.get("summary_index"));
    assert!(place.is_none_or(|place| place == open.parts), "{event}");
    open.tell(name, event);
}

impl Open {
    /// Something happens in it.
    fn tell(&mut self, name: &str, event: &Value) {
        match name {
            "content_part.added" | "reasoning_summary_part.added" => {
                check_part(&event["part"]);
                assert!(self.part.replace(String::new()).is_none(), "{event}");
            }
            "content_part.done" | "reasoning_summary_part.done" => {
                check_part(&event["part"]);
                let said = event["part"].get("text").or(event["part"].get("refusal")).unwrap();
                assert_eq!(said, &self.part.take().unwrap());
                self.parts += 1;
            }
            "function_call_arguments.delta" => self.arguments += event["delta"].as_str().unwrap(),
            "function_call_arguments.done" => {
                assert_eq!(event["arguments"], self.arguments);
                assert_eq!(event["name"], self.item["name"]);
            }
            "output_text.done" | "reasoning_summary_text.done" => {
                assert_eq!(event["text"], self.part.clone().unwrap());
            }
            "refusal.done" => assert_eq!(event["refusal"], self.part.clone().unwrap()),
            _ => {
                assert!(name.ends_with(".delta"), "{name}");
                assert_eq!(event.get("logprobs").is_some(), name == "output_text.delta");
                self.part.as_mut().unwrap().push_str(event["delta"].as_str().unwrap());
            }
        }
    }
}
