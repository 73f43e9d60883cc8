//! The members of one JSON object, taken one by one until none is left that was not understood.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::neutral::Said;
use crate::text::Text;

/// Members of which the provider is not told, each with the values for which that changes nothing
/// in the answer. No values: it never does.
pub(in crate::translate) type LeftOut = [(&'static str, &'static [&'static str])];

/// The members of an object that have not been taken yet. Null is as good as absent.
pub(in crate::translate) struct Members<'a> {
    /// Where the object stands, such as `messages[1]`; empty for the request itself.
    path: String,
    members: BTreeMap<String, &'a RawValue>,
}

impl<'a> Members<'a> {
    /// The members of the object `raw`, which stands at `path`.
    pub(in crate::translate) fn of(raw: &'a str, path: String) -> Result<Members<'a>, Invalid> {
        let Ok(mut members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw) else {
            return Err(Invalid::value(&path, "be an object"));
        };
        members.retain(|_, value| value.get() != "null");
        Ok(Members { path, members })
    }

    /// The same where a dialect has several spellings of a name: `spelling` tells the one by which
    /// members are taken. Two of one name are refused.
    pub(in crate::translate) fn spelled(
        raw: &'a str,
        path: String,
        spelling: fn(&str) -> Cow<'_, str>,
    ) -> Result<Members<'a>, Invalid> {
        let Members { path, members: written } = Members::of(raw, path)?;
        let count = written.len();
        let spelled = |(name, value): (String, _)| (spelling(&name).into_owned(), value);
        let members: BTreeMap<String, &RawValue> = written.into_iter().map(spelled).collect();
        if members.len() < count {
            let whole = if path.is_empty() { "the request" } else { &path };
            return Err(Invalid::body(format!("{whole} has two spellings of one name")));
        }
        Ok(Members { path, members })
    }

    /// Where a member stands, such as `messages[1].role`.
    pub(in crate::translate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Where the object itself stands.
    pub(in crate::translate) fn place(&self) -> &str {
        &self.path
    }

    /// A value as it stands.
    pub(in crate::translate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.members.remove(name)
    }

    pub(in crate::translate) fn object(
        &mut self,
        name: &str,
    ) -> Result<Option<Members<'a>>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        Members::of(raw.get(), self.path(name)).map(Some)
    }

    pub(in crate::translate) fn required_object(
        &mut self,
        name: &str,
    ) -> Result<Members<'a>, Invalid> {
        self.object(name)?.ok_or_else(|| Invalid::missing(&self.path(name)))
    }

    pub(in crate::translate) fn array(&mut self, name: &str) -> Result<Vec<&'a RawValue>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(Vec::new()) };
        serde_json::from_str(raw.get()).map_err(|_| Invalid::value(&self.path(name), "be an array"))
    }

    pub(in crate::translate) fn string(
        &mut self,
        name: &str,
    ) -> Result<Option<Cow<'a, str>>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let text = Text::of(raw).ok_or_else(|| Invalid::value(&self.path(name), "be a string"))?;
        Ok(Some(text))
    }

    pub(in crate::translate) fn required_string(
        &mut self,
        name: &str,
    ) -> Result<Cow<'a, str>, Invalid> {
        self.string(name)?.ok_or_else(|| Invalid::missing(&self.path(name)))
    }

    pub(in crate::translate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let flag = serde_json::from_str(raw.get());
        flag.map(Some).map_err(|_| Invalid::value(&self.path(name), "be true or false"))
    }

    /// A value as it stands, and where.
    pub(in crate::translate) fn said_raw(&mut self, name: &str) -> Option<Said<&'a RawValue>> {
        self.take(name).map(|raw| Said::new(raw, self.path(name)))
    }

    /// A string, and where it stands.
    pub(in crate::translate) fn said_string(
        &mut self,
        name: &str,
    ) -> Result<Option<Said<Cow<'a, str>>>, Invalid> {
        Ok(self.string(name)?.map(|text| Said::new(text, self.path(name))))
    }

    /// A number, and where it stands.
    pub(in crate::translate) fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<f64>,
    ) -> Result<Option<Said<f64>>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let path = self.path(name);
        match serde_json::from_str(raw.get()) {
            Ok(number) if range.contains(&number) => Ok(Some(Said::new(number, path))),
            _ => {
                let rule = format!("be a number from {} to {}", range.start(), range.end());
                Err(Invalid::value(&path, &rule))
            }
        }
    }

    /// A whole number that `N` holds, and where it stands.
    pub(in crate::translate) fn whole<N: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<Said<N>>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let path = self.path(name);
        let number = serde_json::from_str(raw.get());
        let number = number.map_err(|_| Invalid::value(&path, "be a whole number in range"))?;
        Ok(Some(Said::new(number, path)))
    }

    /// A number from 0 to 1 as it stands.
    pub(in crate::translate) fn fraction(
        &mut self,
        name: &str,
    ) -> Result<Option<&'a RawValue>, Invalid> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        match serde_json::from_str(raw.get()) {
            Ok(0.0..=1.0) => Ok(Some(raw)),
            _ => Err(Invalid::unsupported_value(&self.path(name), "be from 0 to 1")),
        }
    }

    /// Drops what `left_out` says may be dropped.
    pub(in crate::translate) fn leave_out(&mut self, left_out: &LeftOut) {
        for (name, values) in left_out {
            let idle = |raw: &RawValue| values.is_empty() || values.iter().any(|v| same(raw, v));
            if self.members.get(*name).is_some_and(|raw| idle(raw)) {
                self.members.remove(*name);
            }
        }
    }

    /// Refuses what is left. The name of a member is told only if it is OpenAI's.
    pub(in crate::translate) fn finish(self) -> Result<(), Invalid> {
        self.finish_of(&UNTOLD)
    }

    /// Refuses what is left. The name of a member is told only if it is among those `known`.
    pub(in crate::translate) fn finish_of(self, known: &[&str]) -> Result<(), Invalid> {
        if let Some(name) = known.iter().find(|name| self.members.contains_key(**name)) {
            return Err(Invalid::unsupported(&self.path(name)));
        }
        if self.members.is_empty() { Ok(()) } else { Err(Invalid::unknown_member(&self.path)) }
    }
}

/// Whether two values are the same, 0 and 0.0 among them.
fn same(raw: &RawValue, json: &str) -> bool {
    let (Ok(one), Ok(other)) =
        (serde_json::from_str::<Value>(raw.get()), serde_json::from_str::<Value>(json))
    else {
        return false;
    };
    one == other || one.as_f64().is_some_and(|number| Some(number) == other.as_f64())
}

/// Members of OpenAI's objects that may be left over, because a provider of Anthropic's dialect
/// cannot be told of them.
const UNTOLD: [&str; 21] = [
    "audio",
    "detail",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "modalities",
    "n",
    "name",
    "prediction",
    "presence_penalty",
    "reasoning_effort",
    "refusal",
    "response_format",
    "seed",
    "service_tier",
    "tool_calls",
    "top_logprobs",
    "verbosity",
    "web_search_options",
];
