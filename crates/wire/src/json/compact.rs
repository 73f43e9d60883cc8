//! JSON without the white space between its values.

use memchr::{memchr, memchr2};

/// Appends `value`, one valid JSON value, without insignificant white space. Every other byte
/// stays: two different values never become the same text.
pub(crate) fn compact(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(quote) = memchr(b'"', rest) {
        let (between, string) = rest.split_at(quote);
        between_strings(between, out);
        let (string, behind) = string.split_at(string_end(string));
        out.extend_from_slice(string);
        rest = behind;
    }
    between_strings(rest, out);
}

/// Structure, numbers and words.
fn between_strings(text: &[u8], out: &mut Vec<u8>) {
    out.extend(text.iter().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
}

/// How long the string is that starts `text`, quotes included.
pub(crate) fn string_end(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at + 1;
        }
        // The escaped byte is never the end.
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(value: &str) -> String {
        let mut out = Vec::new();
        compact(value.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_white_space_between_values_goes() {
        for (value, expected) in [
            ("  7 ", "7"),
            ("\t{ \"a b\" : [ 1 ,\r\n2 , true ] }", r#"{"a b":[1,2,true]}"#),
            (r#"[ " \" , \\", "\\" , " x " ]"#, r#"[" \" , \\","\\"," x "]"#),
            (r#"{"a":"😀  é\u0020"}"#, r#"{"a":"😀  é\u0020"}"#),
        ] {
            assert_eq!(compacted(value), expected);
            assert_eq!(compacted(expected), expected);
        }
    }

    #[test]
    fn what_is_cut_ends_where_it_ends() {
        for value in [r#""abc"#, r#""abc\"#, r#"["\"#, ""] {
            assert_eq!(compacted(value), value);
        }
    }
}
