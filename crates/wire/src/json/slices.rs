//! Cutting JSON that was read strictly before into the slices of its values, for what is asked of
//! it later: nothing is checked again and nothing is copied.

use std::borrow::Cow;

use super::compact::string_end;

/// The members of an object: key, unescaped, and raw value. Ends early where the text is no JSON.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
    let mut values = items(object);
    std::iter::from_fn(move || Some((text(values.next()?)?, values.next()?)))
}

/// The raw values in an array. Ends early where the text is no JSON.
pub(crate) fn items(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = array.trim_start_matches(BLANKS).get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        // What stands between values says nothing that the values do not.
        rest = rest.trim_start_matches(BLANKS).trim_start_matches(BETWEEN);
        let (value, after) = rest.split_at_checked(value_end(rest.as_bytes()))?;
        rest = after;
        (!value.is_empty()).then_some(value)
    })
}

/// The text of a raw string; none when it is another value.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    match memchr::memchr(b'\\', inner.as_bytes()) {
        None => Some(Cow::Borrowed(inner)),
        Some(_) => serde_json::from_str(raw).ok().map(Cow::Owned),
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];
const BETWEEN: [char; 6] = [',', ':', ' ', '\t', '\n', '\r'];

/// How long the value is that starts `text`; 0 where there is none.
fn value_end(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_end(text),
        Some(b'{' | b'[') => nest_end(text),
        _ => {
            let ends =
                |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
            text.iter().position(ends).unwrap_or(text.len())
        }
    }
}

/// Behind the bracket that closes the first one.
fn nest_end(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(rest) = text.get(at..) {
        match rest.first() {
            None => break,
            Some(b'"') => {
                at += string_end(rest);
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth = depth.saturating_sub(1),
            Some(_) => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn values_are_cut_where_they_end() {
        let array = r#" [ 1 ,-2.5e3,"a,]\"\\" , {"x":[{}, "}"]},[ ] , null,true ] "#;
        let expected = ["1", "-2.5e3", r#""a,]\"\\""#, r#"{"x":[{}, "}"]}"#, "[ ]", "null", "true"];
        assert_eq!(items(array).collect::<Vec<_>>(), expected);
        assert_eq!(items("[]").next(), None);
        assert_eq!(items(" { } ").next(), None);
    }

    #[test]
    fn keys_are_unescaped_and_values_are_not() {
        let object = r#"{ "a" : "\u0041" ,"\u0062\"":{"c":1}, "é":2}"#;
        let members: Vec<_> = members(object).collect();
        let expected = [("a", r#""\u0041""#), ("b\"", r#"{"c":1}"#), ("é", "2")];
        assert_eq!(members, expected.map(|(key, value)| (Cow::from(key), value)));
    }

    /// The value put together again from its slices.
    fn joined(raw: &str) -> Value {
        match raw.as_bytes()[0] {
            b'{' => members(raw).map(|(key, value)| (key.into_owned(), joined(value))).collect(),
            b'[' => items(raw).map(joined).collect(),
            b'"' => text(raw).unwrap().into(),
            _ => serde_json::from_str(raw).unwrap(),
        }
    }

    /// A value of at most `depth` levels, written with odd blanks and escapes.
    fn written(chance: &mut u64, depth: u32) -> String {
        let mut below = |end: u64| {
            *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from((*chance >> 33) % end).unwrap()
        };
        let texts =
            [r#""""#, r#""a""#, r#""\\""#, r#""\"]""#, r#""},{""#, r#""\u00e9é\n""#, r#"" , ""#];
        let others = ["0", "-1.5e-7", "true", "null", "[]", "{ }"];
        let blank = ["", " ", "\n\t"][below(3)];
        let (kind, count, text) = (below(4), below(4), texts[below(7)]);
        let other = others[below(6)];
        let value = |chance: &mut u64| written(chance, depth - 1);
        match kind {
            0 => text.to_owned(),
            _ if depth == 0 => other.to_owned(),
            1 => other.to_owned(),
            2 => {
                let items: Vec<_> = (0..count).map(|_| value(chance)).collect();
                format!("[{blank}{}]", items.join(&format!("{blank},{blank}")))
            }
            _ => {
                let members = (0..count)
                    .map(|n| format!("\"{n}{}{blank}:{blank}{}", &text[1..], value(chance)));
                format!("{{{blank}{}{blank}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn slices_are_what_a_parser_reads() {
        let mut chance = 1;
        for _ in 0..20_000 {
            let raw = written(&mut chance, 4);
            assert_eq!(joined(&raw), serde_json::from_str::<Value>(&raw).unwrap(), "{raw}");
        }
    }

    #[test]
    fn what_is_no_json_ends() {
        for text in
            ["", "{", "[", "[\"", "{\"a\"", "{\"a\":", "{1:2}", "[[[", "]", "é", "[é", "{\"\\"]
        {
            assert!(items(text).count() < 4 && members(text).count() < 2, "{text}");
        }
    }
}
