//! Every string of a JSON value of which nothing is known, keys included, in one pass whatever its
//! depth.

use crate::json;

/// A string without its quotes, and what its place is known by.
pub(super) struct Flat<'a> {
    pub(super) inner: &'a str,
    /// The same for the same keys above it; places in arrays make no difference. None of a key.
    pub(super) field: Option<u64>,
}

/// Tells of every string of `value`. `field` stands for what is above it.
pub(super) fn strings<'a>(value: &'a str, field: u64, mut tell: impl FnMut(Flat<'a>)) {
    // The fields of the containers that are open, and the key that was read last in each.
    let mut open = vec![field];
    let mut field = field;
    let mut at = 0;
    while let Some((rest, byte)) = value.get(at..).zip(value.as_bytes().get(at)) {
        match byte {
            b'"' => {
                let length = json::string_end(rest.as_bytes());
                let inner = rest.get(1..length - 1).unwrap_or_default();
                at += length;
                let above = open.last().copied().unwrap_or_default();
                if is_key(value.get(at..).unwrap_or_default()) {
                    field = named(above, inner);
                    tell(Flat { inner, field: None });
                } else {
                    tell(Flat { inner, field: Some(field) });
                }
                continue;
            }
            b'{' | b'[' => open.push(field),
            b'}' | b']' => {
                open.pop();
                field = open.last().copied().unwrap_or_default();
            }
            _ => {}
        }
        // What stands between strings is ASCII.
        at += 1;
    }
}

/// What the field of this name is known by (FNV-1a).
pub(super) fn named(above: u64, name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().chain([0]).fold(above ^ 0xcbf2_9ce4_8422_2325, step)
}

fn is_key(behind: &str) -> bool {
    behind.trim_start().starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &str) -> Vec<(&str, Option<u64>)> {
        let mut told = Vec::new();
        strings(value, 7, |flat| told.push((flat.inner, flat.field)));
        told
    }

    #[test]
    fn every_string_is_told_once() {
        let value = r#" {"a" : ["x\"", {"b":"é", "c": [[ "y" ]]}, "x2"], "d":1, "e":"z"} "#;
        let texts: Vec<&str> = told(value).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["a", r#"x\""#, "b", "é", "c", "y", "x2", "d", "e", "z"]);
        assert_eq!(told(r#""alone""#), [("alone", Some(7))]);
        assert_eq!(told("12"), []);
    }

    #[test]
    fn a_field_is_its_keys_and_not_its_places() {
        let field = |value: &str, text: &str| {
            told(value).into_iter().find(|(found, _)| *found == text).unwrap().1
        };
        let one = field(r#"[{"a":"x"}]"#, "x");
        assert_eq!(one, field(r#"[{"b":1,"c":"q"},{"a":"x"}]"#, "x"));
        assert_ne!(one, field(r#"[{"b":"x"}]"#, "x"));
        assert_ne!(one, field(r#"{"a":{"a":"x"}}"#, "x"));
        // Behind a container that has ended stands the key of the one around it.
        assert_eq!(field(r#"{"a":[{"q":"r"},"x"]}"#, "x"), field(r#"{"a":["x"]}"#, "x"));
    }
}
