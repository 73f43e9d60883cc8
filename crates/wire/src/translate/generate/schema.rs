//! Google's own form of a schema, an older subset of OpenAPI's, as a JSON schema: words of types in
//! lower case, `nullable` as a further type, 64-bit numbers without quotes, properties in the order
//! that `propertyOrdering` asks for.
//!
//! Source: the Gemini API reference, "Schema".

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::camel;
use crate::json::{items, members, text};
use crate::neutral::Json;

/// A schema that stands at `path`, told as a JSON schema. Whatever is no schema is refused.
pub(super) fn json_schema<'a>(raw: &RawValue, path: &str) -> Result<Json<'a>, Invalid> {
    let invalid = || Invalid::value(path, "be a schema of Google's reference");
    let written = schema(raw.get()).ok_or_else(invalid)?;
    RawValue::from_string(written).map(Json::from).map_err(|_| invalid())
}

/// None when it has a member that the reference does not have. The depth is bounded: the body
/// passed as strict JSON.
fn schema(raw: &str) -> Option<String> {
    if !raw.starts_with('{') {
        return None;
    }
    let told: Vec<(Cow<'_, str>, &str)> =
        members(raw).map(|(key, value)| (spelled(key), value)).collect();
    let find = |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let is_nullable = find("nullable") == Some("true");
    let mut written = Vec::new();
    for (key, value) in told.iter().filter(|(_, value)| *value != "null") {
        let (name, value) = match key.as_ref() {
            "nullable" | "propertyOrdering" => continue,
            // An array of `enum` says it already.
            "format" if *value == r#""enum""# => continue,
            "type" => match type_word(value, is_nullable)? {
                Some(word) => ("type", word),
                None => continue,
            },
            "enum" if is_nullable => ("enum", with_null(value)),
            "properties" => ("properties", properties(value, find("propertyOrdering"))?),
            "items" => ("items", schema(value)?),
            "anyOf" => ("anyOf", format!("[{}]", each(items(value).map(schema))?)),
            "example" => ("examples", format!("[{value}]")),
            "additionalProperties" if value.starts_with('{') => {
                ("additionalProperties", schema(value)?)
            }
            other => (same(other)?, unquoted(other, value)),
        };
        written.push(format!("\"{name}\":{value}"));
    }
    Some(format!("{{{}}}", written.join(",")))
}

fn spelled(key: Cow<'_, str>) -> Cow<'_, str> {
    Cow::Owned(camel(&key).into_owned())
}

/// A word in lower case, or several; none when it says nothing.
fn type_word(raw: &str, is_nullable: bool) -> Option<Option<String>> {
    let word = text(raw)?.to_ascii_lowercase();
    if !matches!(
        word.as_str(),
        "string" | "number" | "integer" | "boolean" | "array" | "object" | "null"
    ) {
        return (word == "type_unspecified").then_some(None);
    }
    Some(Some(if is_nullable { format!(r#"["{word}","null"]"#) } else { format!("\"{word}\"") }))
}

/// The values of an enumeration that may also be null.
fn with_null(values: &str) -> String {
    let values: Vec<&str> = items(values).chain(["null"]).collect();
    format!("[{}]", values.join(","))
}

/// Those that the ordering names come first, in its order.
fn properties(raw: &str, ordering: Option<&str>) -> Option<String> {
    let order: Vec<_> = items(ordering.unwrap_or("[]")).filter_map(text).collect();
    let mut told: Vec<_> = members(raw).collect();
    told.sort_by_key(|(name, _)| {
        order.iter().position(|known| known == name).unwrap_or(order.len())
    });
    let written = told.into_iter().map(|(name, value)| {
        // A string always serialises.
        let name = serde_json::to_string(&name).ok()?;
        Some(format!("{name}:{}", schema(value)?))
    });
    Some(format!("{{{}}}", each(written)?))
}

fn each(written: impl Iterator<Item = Option<String>>) -> Option<String> {
    Some(written.collect::<Option<Vec<_>>>()?.join(","))
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
            assert_eq!(schema(google).as_deref(), Some(json), "{google}");
        }
    }

    #[test]
    fn what_the_reference_does_not_have_is_refused() {
        for raw in ["[]", "7", r#"{"$ref":"x"}"#, r#"{"type":"WORD"}"#, r#"{"items":[]}"#] {
            assert_eq!(schema(raw), None, "{raw}");
        }
    }
}
