//! Which requests ask for the same thing: equal ones however they are laid out, and no others.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::HashMap;

use common::Chance;
use inferlayer_wire::ChatRequest;
use inferlayer_wire::openai::Identity;

fn identity(body: &str) -> Identity {
    ChatRequest::parse(body.to_owned().into()).unwrap().identity()
}

fn of(body: &str) -> (String, String) {
    let identity = identity(body);
    let context = String::from_utf8(identity.context().to_vec()).unwrap();
    (context, identity.question().to_owned())
}

/// A request of one user's message, with further members.
fn asking(further: &str) -> String {
    format!(r#"{{"model":"m"{further},"messages":[{{"role":"user","content":"hi"}}]}}"#)
}

fn reason(body: &str) -> Option<&'static str> {
    identity(body).unrepeatable(0.2)
}

#[test]
fn layout_and_what_only_concerns_the_transport_do_not_count() {
    let plain = of(r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"seed":1}"#);
    assert_eq!(
        plain,
        (r#""messages":[{"role":"user","content":?,},],"seed":1,"#.into(), "hi".into())
    );
    for same in [
        r#" { "seed" : 1 , "model" : "other" , "messages" : [ { "role" : "user" , "content" : "hi" } ] } "#,
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"seed":1,
            "messages":[{"role":"user","content":" \r\nhi\t"}]}"#,
        r#"{"model":"m","messages":[{"role":"user","content":"h\u0069"}],"seed":1,"stop":null}"#,
        r#"{"model":"m","messages":[{"role":"\u0075ser","content":"hi"}],"se\u0065d":1}"#,
    ] {
        let same = of(same);
        assert_eq!(same.1, plain.1);
        assert_eq!(same.0.replace("\\u0075", "u"), plain.0);
    }
}

#[test]
fn any_other_difference_counts() {
    let bodies = [
        asking(""),
        asking(r#","user":"a""#),
        asking(r#","user":"b""#),
        asking(r#","unheard_of":{"a":[1,2]}"#),
        asking(r#","unheard_of":{"a":[1,{}]}"#),
        asking(r#","unheard_of":{"a":[12]}"#),
        asking(r#","temperature":0"#),
        asking(r#","temperature":0.0"#),
        asking(r#","max_tokens":5"#),
        asking(r#","response_format":{"type":"json_object"}"#),
        asking(r#","stop":"a b""#),
        asking(r#","stop":"a  b""#),
        asking("").replace("user", "system"),
        asking("").replace("hi", "hi?"),
        asking("").replace("hi", "Hi"),
        asking("").replace(r#""hi""#, r#"[{"type":"text","text":"hi"}]"#),
        asking("").replace(r#""hi""#, r#"[{"type":"text","text":"h"},{"type":"text","text":"i"}]"#),
        asking("").replace(r#""hi""#, r#""hi","name":"bob""#),
        asking("").replace("[{", r#"[{"role":"system","content":""},{"#),
        asking("").replace("[{", r#"[{"role":"system","content":"x"},{"#),
        asking("").replace("[{", r#"[{"role":"user","content":"hi"},{"#),
        asking("").replace(r#""hi"}"#, r#""hi"},{"role":"assistant","content":"hi"}"#),
    ];
    let mut seen = HashMap::new();
    for body in &bodies {
        if let Some(other) = seen.insert(of(body), body) {
            panic!("{body}\nasks as\n{other}");
        }
    }
}

#[test]
fn the_question_is_the_last_message_of_the_user() {
    let turns = |last: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"system","content":"s"}},{last}]}}"#)
    };
    let (context, question) = of(&turns(r#"{"content":"a \"q\"?","name":"n","role":"user"}"#));
    assert_eq!(question, "a \"q\"?");
    assert_eq!(
        context,
        r#""messages":[{"role":"system","content":"s",},{"content":?,"name":"n","role":"user",},],"#
    );
    for (last, in_context) in [
        (r#"{"role":"assistant","content":"q"}"#, r#""content":"q""#),
        (r#"{"role":"user","content":null}"#, r#""content":null"#),
        (r#"{"content":"q"}"#, r#""content":"q""#),
    ] {
        let (context, question) = of(&turns(last));
        assert_eq!(question, "");
        assert!(context.contains(in_context), "{context}");
    }
}

/// Requests made of a few values in each place; equal places must mean equal identities, and
/// different ones different identities.
#[test]
fn identities_are_equal_exactly_when_their_requests_are() {
    let texts = ["", "a", "b", "a b", "?", "\\\"", "},", "?[1]", "\\\\", "],", "a\\nb"];
    let mut chance = Chance::new(7);
    let mut seen: HashMap<(String, String), Vec<String>> = HashMap::new();
    for _ in 0..20_000 {
        let mut places = Vec::new();
        let mut messages = Vec::new();
        for _ in 0..=chance.below(2) {
            let role = chance.pick(&["user", "system", "assistant"]);
            let text = chance.pick(&texts);
            let (kind, content) = match chance.below(3) {
                0 => ("string", format!("\"{text}\"")),
                1 => ("part", format!(r#"[{{"type":"text","text":"{text}"}}]"#)),
                _ => (
                    "parts",
                    format!(r#"[{{"type":"text","text":"{text}"}},{{"type":"text","text":"x"}}]"#),
                ),
            };
            places.push(format!("{role} {kind} {text}"));
            messages.push(format!(r#"{{"role":"{role}", "content":{content}}}"#));
        }
        let (user, stop) = (chance.pick(&texts), chance.pick(&texts));
        places.push(format!("user {user} stop {stop}"));
        let messages = messages.join(", ");
        let body = match chance.below(2) {
            0 => format!(
                r#"{{"model":"m","messages":[{messages}],"user":"{user}","stop":"{stop}"}}"#
            ),
            _ => format!(
                r#"{{"stop": "{stop}", "user": "{user}", "model":"n","messages":[{messages}]}}"#
            ),
        };
        let known = seen.entry(of(&body)).or_insert_with(|| places.clone());
        assert_eq!(*known, places);
    }
    assert!(seen.len() > 5_000, "{} different requests", seen.len());
    let places: std::collections::HashSet<_> = seen.values().collect();
    assert_eq!(places.len(), seen.len(), "equal requests share an identity");
}

#[test]
fn what_must_not_be_repeated_says_why() {
    assert_eq!(reason(&asking("")), None);
    for (further, why) in [
        (r#","n":2"#, "choices"),
        (r#","tools":[{"type":"function","function":{"name":"f"}}]"#, "tools"),
        (r#","functions":[{"name":"f"}]"#, "tools"),
        (r#","audio":{"voice":"v"}"#, "media"),
        (r#","web_search_options":{}"#, "remote"),
        (r#","logprobs":true"#, "logprobs"),
        (r#","store":true"#, "store"),
        (r#","temperature":0.21"#, "sampling"),
        (r#","temperature":1e0"#, "sampling"),
        (r#","temperature":"0""#, "sampling"),
        (r#","top_p":0.9"#, "sampling"),
    ] {
        assert_eq!(reason(&asking(further)), Some(why), "{further}");
    }
    for further in [
        r#","n":1,"tools":[],"logprobs":false,"store":false,"seed":7"#,
        r#","temperature":0.2,"top_p":1"#,
        r#","temperature":null,"top_p":0.1"#,
        r#","tools":null,"logprobs":null,"store":null"#,
    ] {
        assert_eq!(reason(&asking(further)), None, "{further}");
    }
    assert_eq!(identity(&asking(r#","temperature":0.7"#)).unrepeatable(1.0), None);
}

#[test]
fn tools_used_earlier_and_media_are_seen_in_the_messages() {
    let after = |message: &str| {
        format!(r#"{{"model":"m","messages":[{message},{{"role":"user","content":"hi"}}]}}"#)
    };
    for (message, why) in [
        (r#"{"role":"assistant","content":null,"tool_calls":[]}"#, "tools"),
        (r#"{"role":"assistant","function_call":{"name":"f"}}"#, "tools"),
        (r#"{"role":"tool","content":"r","tool_call_id":"c"}"#, "tools"),
        (r#"{"role":"function","name":"f","content":"r"}"#, "tools"),
        (r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#, "media"),
        (r#"{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}"#, "media"),
        (r#"{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}"#, "remote"),
    ] {
        assert_eq!(reason(&after(message)), Some(why), "{message}");
    }
    assert_eq!(reason(&after(r#"{"role":"assistant","content":"a","tool_calls":null}"#)), None);
}
