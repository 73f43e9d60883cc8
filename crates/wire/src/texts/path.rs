//! Where a value stands in a JSON document, found when somebody asks.

use std::fmt::Write;

use crate::json;
use crate::splice::span;

/// The path to the innermost value that holds the byte at `place`.
pub(super) fn of(document: &str, place: usize) -> Option<String> {
    let mut path = String::new();
    let mut value = document.trim_start();
    while let Some((step, inner)) = step(document, value, place) {
        match step {
            Step::Member(key) if path.is_empty() => path.push_str(key),
            Step::Member(key) => write!(path, ".{key}").ok()?,
            Step::Item(index) => write!(path, "[{index}]").ok()?,
        }
        value = inner;
    }
    Some(path)
}

enum Step<'a> {
    /// A key as it is written.
    Member(&'a str),
    Item(usize),
}

/// One step from `value` towards `place`.
fn step<'a>(document: &'a str, value: &'a str, place: usize) -> Option<(Step<'a>, &'a str)> {
    let holds = |value: &&str| span(document.as_bytes(), value).contains(&place);
    if value.starts_with('[') {
        let (index, item) = json::items(value).enumerate().find(|(_, item)| holds(item))?;
        return Some((Step::Item(index), item));
    }
    if !value.starts_with('{') {
        return None;
    }
    let mut values = json::items(value);
    loop {
        let (key, value) = (values.next()?, values.next()?);
        if holds(&key) || holds(&value) {
            return Some((Step::Member(key.trim_matches('"')), value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_what_stands_there() {
        let document = r#" { "a" : [ 1, {"b.c":"x", "d":["y"]} ], "e":"z" }"#;
        let path = |text: &str| of(document, document.find(text).unwrap()).unwrap();
        assert_eq!(path("x\""), "a[1].b.c");
        assert_eq!(path("y"), "a[1].d[0]");
        assert_eq!(path("z"), "e");
        assert_eq!(path("1,"), "a[0]");
    }
}
