//! Embeddings as base64. OpenAI's SDKs ask for it, and many servers answer with numbers all the
//! same; the SDKs of typed languages then fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::splice::{Edit, span, splice};

/// The answer with every list of numbers as base64 of little-endian 32-bit floats. As it came when
/// there is none, or when it has another form.
pub(crate) fn with_base64(body: Bytes) -> Bytes {
    let Some(edits) = str::from_utf8(&body).ok().and_then(edits) else { return body };
    if edits.is_empty() {
        return body;
    }
    splice(&body, &edits.iter().collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

fn edits(body: &str) -> Option<Vec<Edit>> {
    let answer: Answer = serde_json::from_str(body).ok()?;
    let lists = answer.data.iter().map(|item| item.embedding.get());
    let lists = lists.filter(|raw| raw.starts_with('['));
    lists.map(|raw| Some(Edit::text(span(body.as_bytes(), raw), base64(raw)?))).collect()
}

/// A list of numbers as a JSON string of base64.
fn base64(list: &str) -> Option<String> {
    let numbers: Vec<f32> = serde_json::from_str(list).ok()?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Some(format!("\"{}\"", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_base64_and_all_else_stays() {
        let body = r#"{"data":[{"x":1,"embedding":[1.0, -0.5],"index":0},{"embedding":"AAA="}]} "#;
        let expected =
            r#"{"data":[{"x":1,"embedding":"AACAPwAAAL8=","index":0},{"embedding":"AAA="}]} "#;
        assert_eq!(with_base64(body.into()), expected);
    }

    #[test]
    fn what_is_none_stays() {
        for body in ["", "{}", r#"{"data":[{"embedding":["a"]}]}"#, r#"{"data":[{"embedding":7}]}"#]
        {
            assert_eq!(with_base64(body.into()), body);
        }
    }
}
