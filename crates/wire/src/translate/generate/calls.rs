//! Calls and the signatures on them. Google's callers may leave calls without an id, and match
//! responses by name and order; every other dialect wants ids.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use serde_json::value::RawValue;

use crate::neutral::{Content, Json};

/// The calls of a conversation that have not been answered yet.
#[derive(Default)]
pub(super) struct OpenCalls<'a> {
    /// By id, the name.
    names: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// By name, the ids in their order, of which some may have been answered.
    ids: BTreeMap<Cow<'a, str>, VecDeque<Cow<'a, str>>>,
}

impl<'a> OpenCalls<'a> {
    pub(super) fn begin(&mut self, id: Cow<'a, str>, name: Cow<'a, str>) {
        self.ids.entry(name.clone()).or_default().push_back(id.clone());
        self.names.insert(id, name);
    }

    /// The id and name of the call that is answered: the one of this id, or else the first of this
    /// name. None when there is none.
    pub(super) fn answer(
        &mut self,
        id: Option<&str>,
        name: &str,
    ) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
        if let Some(known) = id.and_then(|id| self.names.remove_entry(id)) {
            return Some(known);
        }
        let ids = self.ids.get_mut(name)?;
        std::iter::from_fn(|| ids.pop_front()).find_map(|id| self.names.remove_entry(&id))
    }
}

/// The id of a call that has none: letters, digits and `_`, as every dialect takes them.
pub(super) fn made_id(turn: usize, index: usize) -> String {
    format!("call_{turn}_{index}")
}

/// A signature on something that came of the thought before it, which it signs; where there is
/// none, it goes before what it stands on, as a thought without words.
pub(super) fn sign<'a>(
    last: Option<&mut Content<'a>>,
    signature: Cow<'a, str>,
) -> Option<Content<'a>> {
    if let Some(Content::Thought { signature: unsigned @ None, .. }) = last {
        *unsigned = Some(signature);
        return None;
    }
    Some(Content::Thought { text: Cow::Borrowed(""), signature: Some(signature) })
}

/// The id of a call of an answer that has none: of the answer's own id, so that it is another in
/// each, and always the same.
pub(super) fn answer_call_id(answer: Option<&str>, choice: u32, call: u32) -> String {
    const MAX_BYTES: usize = 32;
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let answer: String =
        answer.unwrap_or_default().chars().filter(allowed).take(MAX_BYTES).collect();
    format!("call_{answer}_{choice}_{call}")
}

/// `{}`, the input of a call without any.
pub(super) fn no_arguments() -> Json<'static> {
    // A literal that always parses.
    Json::new(serde_json::from_str("{}").unwrap_or(RawValue::NULL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_belong_to_ids_and_otherwise_to_names_in_order() {
        let mut calls = OpenCalls::default();
        for (id, name) in [("1", "f"), ("2", "g"), ("3", "f"), ("4", "f")] {
            calls.begin(id.into(), name.into());
        }
        let mut answer = |id, name| calls.answer(id, name).map(|(id, _)| id.into_owned());
        assert_eq!(answer(Some("3"), "other"), Some("3".to_owned()));
        assert_eq!(answer(None, "f"), Some("1".to_owned()));
        assert_eq!(answer(Some("unknown"), "f"), Some("4".to_owned()));
        assert_eq!(answer(None, "f"), None);
        assert_eq!(answer(Some("1"), "g"), Some("2".to_owned()));
        assert_eq!(answer(None, "h"), None);
    }
}
