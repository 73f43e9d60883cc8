//! The text of a user's message, apart from how it was written down: the part of a request by which
//! two that mean the same may be found to.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json;

/// The text of a user's message.
pub(super) struct Question {
    /// Line ends as LF, without blanks around it.
    pub(super) text: String,
    /// How many bytes of `text` came from each part; empty for a content that is one string.
    pub(super) parts: Vec<usize>,
}

/// Reads a message's `content`, raw JSON. None when it is more than text.
pub(super) fn question(content: &str) -> Option<Question> {
    if content.starts_with('"') {
        let text = json::text(content)?;
        let text = with_lf(&text).trim_matches(BLANKS).to_owned();
        return Some(Question { text, parts: Vec::new() });
    }
    let parts: Vec<Part> = serde_json::from_str(content).ok()?;
    let text_only = parts.iter().all(|part| part.kind == "text");
    (text_only && !parts.is_empty()).then(|| joined(&parts))
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// A part that is text and nothing else; one that says more, such as a cache mark, is no question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

fn joined(parts: &[Part<'_>]) -> Question {
    let last = parts.len().saturating_sub(1);
    let mut question = Question { text: String::new(), parts: Vec::with_capacity(parts.len()) };
    for (index, part) in parts.iter().enumerate() {
        let text = with_lf(&part.text);
        let mut text = &*text;
        if index == 0 {
            text = text.trim_start_matches(BLANKS);
        }
        if index == last {
            text = text.trim_end_matches(BLANKS);
        }
        question.text.push_str(text);
        question.parts.push(text.len());
    }
    question
}

fn with_lf(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Option<(String, Vec<usize>)> {
        question(content).map(|question| (question.text, question.parts))
    }

    #[test]
    fn text_is_evened_out_at_its_line_ends_and_edges_only() {
        let text = |content| read(content).unwrap().0;
        assert_eq!(text(r#"" \r\n\tWhat is\r\n  2\t+ 2?\n ""#), "What is\n  2\t+ 2?");
        assert_eq!(text(r#""a\rb\u00a0""#), "a\rb\u{a0}");
        assert_eq!(text(r#""\u0041 caf\u00e9 😀""#), "A café 😀");
        assert_eq!(text(r#""   ""#), "");
    }

    #[test]
    fn parts_are_told_from_one_another() {
        let part = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
        let of = |parts: &[&str]| {
            let parts: Vec<String> = parts.iter().map(|text| part(text)).collect();
            read(&format!("[{}]", parts.join(","))).unwrap()
        };
        assert_eq!(of(&[" a ", " b "]), ("a  b".to_owned(), vec![2, 2]));
        assert_eq!(of(&["a b"]), ("a b".to_owned(), vec![3]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(read(r#""abc""#).unwrap(), of(&["abc"]));
    }

    #[test]
    fn more_than_text_is_no_question() {
        for content in [
            "null",
            "7",
            "{}",
            "[]",
            r#"["a"]"#,
            r#"[{"type":"text"}]"#,
            r#"[{"type":"text","text":null}]"#,
            r#"[{"type":"refusal","text":"a"}]"#,
            r#"[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]"#,
            r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]"#,
        ] {
            assert_eq!(read(content), None, "{content}");
        }
    }
}
