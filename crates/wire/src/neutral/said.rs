//! A value, and where its caller wrote it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Invalid;

/// A value of a request that some dialects cannot say, with its place for the refusal, such as
/// `generationConfig.seed`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) path: Path,
}

/// Where something stood. Says nothing of what it is: the same thing said elsewhere is equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path(pub(crate) String);

/// A JSON text as it stands; equal when it says the same.
#[derive(Debug, Clone)]
pub(crate) struct Json<'a>(pub(crate) Cow<'a, RawValue>);

impl<T> Said<T> {
    pub(crate) fn new(value: T, path: impl Into<String>) -> Said<T> {
        Said { value, path: Path(path.into()) }
    }

    /// The refusal of it by a dialect that has no word for it.
    pub(crate) fn unsupported(&self) -> Invalid {
        Invalid::unsupported(&self.path.0)
    }

    /// The refusal of it by a dialect that can say other values; `rule` completes "`path` must …".
    pub(crate) fn unsupported_value(&self, rule: &str) -> Invalid {
        Invalid::unsupported_value(&self.path.0, rule)
    }
}

impl<'a> Json<'a> {
    pub(crate) fn new(raw: &'a RawValue) -> Json<'a> {
        Json(Cow::Borrowed(raw))
    }

    /// The text as it stands.
    pub(crate) fn get(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for Json<'_> {
    fn from(raw: Box<RawValue>) -> Self {
        Json(Cow::Owned(raw))
    }
}

impl serde::Serialize for Json<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl PartialEq for Path {
    fn eq(&self, _: &Path) -> bool {
        true
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        let said = |json: &Json<'_>| serde_json::from_str::<serde_json::Value>(json.get()).ok();
        self.get() == other.get() || said(self) == said(other)
    }
}
