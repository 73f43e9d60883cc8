//! Google's own form of a schema, an older subset of OpenAPI's, as a JSON schema: words of types in
//! lower case, `nullable` as a further type, 64-bit numbers without quotes, properties in the order
//! that `propertyOrdering` asks for.
//!
//! Source: the Gemini API reference, "Schema".

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::camel;
use crate::json::{items, members, text};
use crate::neutral::Json;

/// A schema that stands at `path`, told as a JSON schema. Whatever is no schema is refused.
pub(super) fn json_schema<'a>(raw: &RawValue, path: &str) -> Result<Json<'a>, Invalid> {
    let invalid = || Invalid::value(path, "be a schema of Google's reference");
    let mut written = String::with_capacity(raw.get().len());
    schema(raw.get(), &mut written).ok_or_else(invalid)?;
    RawValue::from_string(written).map(Json::from).map_err(|_| invalid())
}

/// Writes it behind what is there, so that no level copies what is below it. None when it has a
/// member that the reference does not have. The depth is bounded: the body passed as strict JSON.
fn schema(raw: &str, out: &mut String) -> Option<()> {
    if !raw.starts_with('{') {
        return None;
    }
    let told: Vec<(Cow<'_, str>, &str)> =
        members(raw).map(|(key, value)| (spelled(key), value)).collect();
    let find = |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let is_nullable = find("nullable") == Some("true");
    let mut list = List::open('{', out);
    for (key, value) in told.iter().filter(|(_, value)| *value != "null") {
        let name = match key.as_ref() {
            "nullable" | "propertyOrdering" => continue,
            // An array of `enum` says it already.
            "format" if *value == r#""enum""# => continue,
            "type" if says_nothing(value) => continue,
            "example" => "examples",
            "type" | "properties" | "items" | "anyOf" => key,
            other => same(other)?,
        };
        let out = list.member(name);
        match name {
            "type" => out.push_str(&type_word(value, is_nullable)?),
            "enum" if is_nullable => out.push_str(&with_null(value)),
            "properties" => properties(value, find("propertyOrdering"), out)?,
            "items" => schema(value, out)?,
            "anyOf" => each(items(value), out)?,
            "examples" => out.extend(["[", value, "]"]),
            "additionalProperties" if value.starts_with('{') => schema(value, out)?,
            other => out.push_str(&unquoted(other, value)),
        }
    }
    list.close('}');
    Some(())
}

/// An object or array that is being written.
struct List<'o> {
    out: &'o mut String,
    begun: bool,
}

impl<'o> List<'o> {
    fn open(bracket: char, out: &'o mut String) -> List<'o> {
        out.push(bracket);
        List { out, begun: false }
    }

    fn item(&mut self) -> &mut String {
        if std::mem::replace(&mut self.begun, true) {
            self.out.push(',');
        }
        self.out
    }

    /// A member of a name without anything to escape.
    fn member(&mut self, name: &str) -> &mut String {
        let out = self.item();
        out.extend(["\"", name, "\":"]);
        out
    }

    fn close(self, bracket: char) {
        self.out.push(bracket);
    }
}

fn spelled(key: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Owned(camel(&key).into_owned())
}

/// The word of a type that is none.
fn says_nothing(raw: &str) -> bool {
    text(raw).is_some_and(|word| word.eq_ignore_ascii_case("type_unspecified"))
}

/// A word in lower case, or several.
fn type_word(raw: &str, is_nullable: bool) -> Option<String> {
    let word = text(raw)?.to_ascii_lowercase();
    let is_known = matches!(
        word.as_str(),
        "string" | "number" | "integer" | "boolean" | "array" | "object" | "null"
    );
    match (is_known, is_nullable) {
        (false, _) => None,
        (true, true) => Some(format!(r#"["{word}","null"]"#)),
        (true, false) => Some(format!("\"{word}\"")),
    }
}

/// The values of an enumeration that may also be null.
fn with_null(values: &str) -> String {
    let values: Vec<&str> = items(values).chain(["null"]).collect();
    format!("[{}]", values.join(","))
}

/// Those that the ordering names come first, in its order.
fn properties(raw: &str, ordering: Option<&str>, out: &mut String) -> Option<()> {
    let mut order = HashMap::new();
    for name in items(ordering.unwrap_or("[]")).filter_map(text) {
        let at = order.len();
        order.entry(name).or_insert(at);
    }
    let mut told: Vec<_> = members(raw).collect();
    told.sort_by_key(|(name, _)| order.get(name).copied().unwrap_or(order.len()));
    let mut list = List::open('{', out);
    for (name, value) in told {
        let out = list.item();
        // A string always serialises.
        out.extend([&serde_json::to_string(&name).ok()?, ":"]);
        schema(value, out)?;
    }
    list.close('}');
    Some(())
}

fn each<'s>(schemas: impl Iterator<Item = &'s str>, out: &mut String) -> Option<()> {
    let mut list = List::open('[', out);
    for one in schemas {
        schema(one, list.item())?;
    }
    list.close(']');
    Some(())
}

/// A member that means the same in both.
fn same(name: &str) -> Option<&'static str> {
    const SAME: [&str; 18] = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
        "prefixItems",
        "required",
        "title",
        "uniqueItems",
    ];
    SAME.into_iter().find(|known| *known == name)
}

/// 64-bit numbers are written as strings by some of Google's SDKs.
fn unquoted(name: &str, value: &str) -> String {
    let counts = matches!(
        name,
        "maxItems" | "maxLength" | "maxProperties" | "minItems" | "minLength" | "minProperties"
    );
    match text(value).filter(|_| counts) {
        Some(number) if number.parse::<u64>().is_ok() => number.into_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(raw: &str) -> Option<String> {
        let mut out = String::new();
        schema(raw, &mut out).map(|()| out)
    }

    #[test]
    fn a_schema_becomes_a_json_schema() {
        for (google, json) in [
            ("{}", "{}"),
            (r#"{"type":"STRING","nullable":true}"#, r#"{"type":["string","null"]}"#),
            (
                r#"{ "type" : "OBJECT", "property_ordering":["b","a"],"required":["b"],
                    "properties":{"a":{"type":"integer","minItems":"2"},"b":{"type":"ARRAY",
                    "items":{"type":"STRING","format":"enum","enum":["x"]}}, "\"":{}}}"#,
                concat!(
                    r#"{"type":"object","required":["b"],"properties":{"b":{"type":"array","#,
                    r#""items":{"type":"string","enum":["x"]}},"#,
                    r#""a":{"type":"integer","minItems":2},"\"":{}}}"#
                ),
            ),
            (
                r#"{"any_of":[{"type":"STRING","nullable":false},{"type":"TYPE_UNSPECIFIED"}]}"#,
                r#"{"anyOf":[{"type":"string"},{}]}"#,
            ),
            (
                r#"{"type":"STRING","enum":["a"],"nullable":true,"title":null,"example":1}"#,
                r#"{"type":["string","null"],"enum":["a",null],"examples":[1]}"#,
            ),
        ] {
            assert_eq!(written(google).as_deref(), Some(json), "{google}");
        }
    }

    #[test]
    fn what_the_reference_does_not_have_is_refused() {
        for raw in ["[]", "7", r#"{"$ref":"x"}"#, r#"{"type":"WORD"}"#, r#"{"items":[]}"#] {
            assert_eq!(written(raw), None, "{raw}");
        }
    }
}
