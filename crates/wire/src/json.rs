//! Strict JSON (RFC 8259): a body that two parsers could read differently is refused.
//!
//! A gateway decides on what it reads and a provider acts on what *it* reads, so the two must not
//! differ. Beyond the grammar this refuses: a byte order mark; duplicate keys in any object,
//! compared after unescaping; NUL in a key; lone surrogates; numbers that no IEEE 754 double
//! holds; nesting beyond serde_json's limit (127 levels); bytes after the document; and a
//! document that is not an object.
//!
//! How much structure a document may have is counted before ([`Bounds`]), so that nobody is kept
//! busy by millions of keys.
//!
//! The walk is one pass by serde_json without building a tree. What a caller wants to know is
//! picked up on the way by a `Reader`.

mod bounds;
mod compact;
mod keys;
mod slices;
mod tell;
mod walk;

use serde::de::DeserializeSeed;

pub use self::bounds::{Bounds, TooMuch};
pub(crate) use self::compact::{compact, string_end};
pub(crate) use self::slices::{items, members, text};
pub(crate) use self::tell::{Text, Type, is_set};
pub(crate) use self::walk::{Kind, Reader, Skip, Walk, skip};
use crate::Invalid;

/// Checks that `body` is one strict JSON object within the default [`Bounds`]. For documents that
/// stand in a string of another one, whose bounds do not see them.
pub fn check(body: &[u8]) -> Result<(), Invalid> {
    Bounds::default().check(body)?;
    read(body, &mut Skip)
}

/// Checks `body` and tells `reader` of its members.
pub(crate) fn read<'de>(body: &'de [u8], reader: &mut impl Reader<'de>) -> Result<(), Invalid> {
    if body.is_empty() {
        return Err(Invalid::body("the body is empty"));
    }
    if body.starts_with(b"\xEF\xBB\xBF") {
        return Err(Invalid::body("the body starts with a byte order mark"));
    }
    let text = str::from_utf8(body).map_err(|_| Invalid::body("the body is not utf-8"))?;
    match read_text(text, reader).map_err(malformed)? {
        Kind::Object => Ok(()),
        _ => Err(Invalid::body("the body must be a json object")),
    }
}

/// Walks one value that is known to be UTF-8, such as the text of a raw member.
pub(crate) fn read_text<'de>(
    text: &'de str,
    reader: &mut impl Reader<'de>,
) -> Result<Kind, serde_json::Error> {
    let mut document = serde_json::Deserializer::from_str(text);
    let kind = Walk(reader).deserialize(&mut document)?;
    document.end()?;
    Ok(kind)
}

/// serde_json's own messages are fixed texts with a position, and the walk adds only fixed texts
/// to them: nothing of the body is quoted.
fn malformed(error: serde_json::Error) -> Invalid {
    Invalid::body(format!("the body is not strict json: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: impl AsRef<[u8]>) -> String {
        check(body.as_ref()).unwrap_err().message
    }

    fn nested(open: &str, close: &str, depth: usize) -> String {
        format!("{{\"a\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    }

    #[test]
    fn accepts_what_the_grammar_allows() {
        for body in [
            "{}",
            " \t\r\n{ } \n",
            r#"{"":{"":[]},"a":[{},{}],"b":[1,-0,2.5e-3,18446744073709551616,true,false,null]}"#,
            r#"{"a":"\ud83d\ude00 \u0000 \/","b":"é😀"}"#,
            r#"{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":2}]}"#,
            r#"{"$serde_json::private::RawValue":"1","$serde_json::private::Number":"1"}"#,
        ] {
            assert_eq!(check(body.as_bytes()), Ok(()), "{body}");
        }
    }

    #[test]
    fn refuses_malformed_and_truncated_documents() {
        let whole = r#"{"a":[1,{"b":"c\n"}],"d":null}"#;
        for end in 0..whole.len() {
            assert!(check(&whole.as_bytes()[..end]).is_err(), "{}", &whole[..end]);
        }
        for body in [
            " ",
            "{",
            "[]",
            "1",
            "\"a\"",
            "null",
            "{,}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{'a':1}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":1e400}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":1}//",
            "{}{}",
            "{}\0",
            "{} x",
            "{\"a\":[1,]}",
        ] {
            assert!(check(body.as_bytes()).is_err(), "{body:?}");
        }
    }

    #[test]
    fn refuses_bytes_that_are_not_utf8_and_marks() {
        assert_eq!(refusal(b"{\"a\":\"\xff\"}"), "the body is not utf-8");
        assert_eq!(refusal(b"{\"a\":\"\xed\xa0\x80\"}"), "the body is not utf-8");
        assert_eq!(refusal("\u{feff}{}"), "the body starts with a byte order mark");
        assert!(check(b"\xff\xfe{\0}\0").is_err());
        assert!(check(b"{\0}\0").is_err());
    }

    #[test]
    fn refuses_lone_surrogates_anywhere() {
        for text in
            [r"\ud800", r"\udc00", r"\ud800x", r"\ud800\n", r"\ud800\ud800", r"\udc00\ud800"]
        {
            assert!(check(format!(r#"{{"a":[{{"b":"{text}"}}]}}"#).as_bytes()).is_err(), "{text}");
            assert!(check(format!(r#"{{"{text}":1}}"#).as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_duplicate_keys_in_any_object_after_unescaping() {
        for body in [
            r#"{"model":1,"model":2}"#,
            r#"{"model":1,"mod\u0065l":2}"#,
            r#"{"a":[0,{"b":{"\u0063":1,"d":2,"c":3}}]}"#,
            r#"{"":1,"":2}"#,
            r#"{"😀":1,"\ud83d\ude00":2}"#,
        ] {
            assert!(refusal(body).contains("same key twice"), "{body}");
        }
    }

    #[test]
    fn refuses_a_duplicate_among_many_keys_wherever_it_stands() {
        let keys: Vec<String> = (0..100).map(|n| format!("\"k{n}\":{n}")).collect();
        assert_eq!(check(format!("{{{}}}", keys.join(",")).as_bytes()), Ok(()));
        for twice in [0, 15, 16, 17, 99] {
            let body = format!("{{{},\"k{twice}\":0}}", keys.join(","));
            assert!(refusal(body).contains("same key twice"), "{twice}");
        }
    }

    #[test]
    fn refuses_nul_in_keys_only() {
        assert!(refusal(r#"{"a":{"b\u0000":1}}"#).contains("nul"));
        assert_eq!(check(br#"{"a":"b\u0000"}"#), Ok(()));
    }

    #[test]
    fn bounds_the_depth() {
        assert_eq!(check(nested("[", "]", 126).as_bytes()), Ok(()));
        assert!(refusal(nested("[", "]", 128)).contains("recursion limit"));
        assert!(refusal(nested("{\"a\":", "}", 128)).contains("recursion limit"));
        assert!(check("[".repeat(100_000).as_bytes()).is_err());
        assert!(check("{\"a\":".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn never_quotes_the_body() {
        for body in [
            r#""secret prompt""#,
            r#"{"a":"secret"#,
            r#"{"secret":1,"secret":2}"#,
            r#"{"a":"secret" "#,
            r#"{"a":"secret\ud800"}"#,
            r#"{"secret\u0000":1}"#,
        ] {
            assert!(!refusal(body).contains("secret"), "{body}");
        }
    }
}
