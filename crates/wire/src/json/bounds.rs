//! How much structure one document may have. A megabyte of text costs a parser a millisecond, a
//! megabyte of keys a hundred times that; so what costs is counted before anything is read, in one
//! pass that stops at the first bound.

use memchr::memchr2;

use crate::Invalid;

/// How much structure one JSON document may have. Each field has a setting of its name in `limits`,
/// behind `json_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Members of all objects together.
    pub members: usize,
    /// Elements of all arrays together.
    pub elements: usize,
    /// Strings, keys included.
    pub strings: usize,
    /// Objects and arrays.
    pub containers: usize,
}

/// A document that has more than one of its [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body has more than {most} json {what} (limits.{setting})")]
pub struct TooMuch {
    most: usize,
    what: &'static str,
    setting: &'static str,
}

impl Default for Bounds {
    /// Far above what a model can read, and a fraction of a second for a parser: a million tokens
    /// are at most 300,000 members or, as numbers, a million elements.
    fn default() -> Bounds {
        Bounds { members: 500_000, elements: 4_000_000, strings: 1_000_000, containers: 250_000 }
    }
}

impl From<TooMuch> for Invalid {
    fn from(too_much: TooMuch) -> Invalid {
        Invalid { code: Some("request_too_complex"), ..Invalid::body(too_much.to_string()) }
    }
}

impl Bounds {
    /// Counts the structure of `document`, which need not be valid JSON, up to the first bound that
    /// it passes. Free for documents that are too short to pass one.
    pub fn check(&self, document: &[u8]) -> Result<(), TooMuch> {
        if document.len() <= self.harmless_bytes() { Ok(()) } else { Count::of(document, self) }
    }

    /// A document of no more bytes passes no bound: `"":1,` is a member, `1,` an element, `"",` a
    /// string, `[]` a container.
    fn harmless_bytes(&self) -> usize {
        let least =
            [(self.members, 5), (self.elements, 2), (self.strings, 3), (self.containers, 2)];
        let bytes = least.map(|(most, bytes)| most.saturating_mul(bytes));
        bytes.into_iter().min().unwrap_or_default()
    }

    fn judge(&self, count: &Count) -> Result<(), TooMuch> {
        let [members, elements, strings, containers] = [
            (count.members, self.members, "object members", "json_members"),
            (count.elements, self.elements, "array elements", "json_elements"),
            (count.strings, self.strings, "strings", "json_strings"),
            (count.containers, self.containers, "objects and arrays", "json_containers"),
        ];
        for (count, most, what, setting) in [members, elements, strings, containers] {
            if count > most {
                return Err(TooMuch { most, what, setting });
            }
        }
        Ok(())
    }
}

/// What was seen of a document.
#[derive(Default)]
struct Count {
    members: usize,
    elements: usize,
    strings: usize,
    containers: usize,
    /// A bit for each container that is open, the innermost lowest: 1 for an array. Strict JSON is
    /// less deep than there are bits.
    arrays: u128,
}

impl Count {
    fn of(document: &[u8], bounds: &Bounds) -> Result<(), TooMuch> {
        let (mut count, mut rest) = (Count::default(), document);
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'"' => {
                    count.strings += 1;
                    rest = behind_string(after);
                }
                b':' => count.members += 1,
                b',' => count.elements += usize::from(count.arrays & 1 == 1),
                b'{' => count.open(false),
                b'[' => {
                    count.open(true);
                    count.elements += usize::from(after.trim_ascii_start().first() != Some(&b']'));
                }
                b'}' | b']' => count.arrays >>= 1,
                _ => continue,
            }
            bounds.judge(&count)?;
        }
        Ok(())
    }

    fn open(&mut self, array: bool) {
        self.containers += 1;
        self.arrays = self.arrays << 1 | u128::from(array);
    }
}

/// What comes behind the string that begins before `text`.
fn behind_string(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some(at) = memchr2(b'"', b'\\', rest) {
        // An escaped byte is never the end.
        let length = if rest.get(at) == Some(&b'"') { 1 } else { 2 };
        rest = rest.get(at + length..).unwrap_or_default();
        if length == 1 {
            return rest;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Bounds = Bounds { members: 3, elements: 4, strings: 6, containers: 3 };

    fn excess(document: &str) -> Option<&'static str> {
        FEW.check(document.as_bytes()).err().map(|too_much| too_much.setting)
    }

    #[test]
    fn each_bound_is_met_and_not_passed() {
        for (document, setting) in [
            (r#"{"a":1,"b":2,"c":3}"#, None),
            (r#"{"a":1,"b":2,"c":3,"d":4}"#, Some("json_members")),
            (r#"[{"a":1},{"a":2,"b":3,"c":[4]}]"#, Some("json_members")),
            ("[1,2,3,4]", None),
            ("[1,2,3,4,5]", Some("json_elements")),
            ("[ 1 ,[2,3,4] ]", Some("json_elements")),
            ("[ [ \n] , 1, [ ] ]", None),
            (r#"{"a":["","",""],"b":"","c":1}"#, Some("json_strings")),
            (r#"{"a":["",""],"b":"","c":1}"#, None),
            ("[[],[]]", None),
            ("[[],[{}]]", Some("json_containers")),
            ("[[[[]]]]", Some("json_containers")),
        ] {
            assert_eq!(excess(document), setting, "{document}");
        }
    }

    #[test]
    fn what_stands_in_strings_is_text() {
        for text in [r"[[[[{{:::,,,", r#"\",\":\"["#, r"\\", r"\\\\\u005b[[[[", "é[😀,,,,,"] {
            assert_eq!(excess(&format!(r#"["{text}", "{text}"]"#)), None, "{text}");
        }
        assert_eq!(excess(r#"["\",1,2,3,4,5,6,7"#), None, "a string that does not end");
    }

    #[test]
    fn a_comma_belongs_to_the_container_around_it() {
        assert_eq!(excess(r#"{"a":[1,2],"b":[3,4],"c":0}"#), None);
        assert_eq!(excess(r#"[1,{"a":0,"b":0,"c":0},2,3,4]"#), Some("json_elements"));
    }

    #[test]
    fn nothing_harmless_is_looked_at_and_nothing_else_is_missed() {
        let dense = [
            ("\"\":1,", FEW.members),
            ("1,", FEW.elements),
            ("\"\",", FEW.strings),
            ("[]", FEW.containers),
        ];
        for (least, most) in dense {
            assert!(least.len() * most >= FEW.harmless_bytes(), "{least}");
        }
        // Without an outer container at all, as no parser would take it.
        assert_eq!(excess("[][][][]"), Some("json_containers"));
    }

    #[test]
    fn the_refusal_names_bound_and_setting() {
        let invalid = Invalid::from(FEW.check(b"[1,2,3,4,5]").unwrap_err());
        let message = "the body has more than 4 json array elements (limits.json_elements)";
        assert_eq!(
            (invalid.message.as_str(), invalid.code),
            (message, Some("request_too_complex"))
        );
    }
}
