//! The members of Google's objects.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::gemini::camel;
use crate::neutral::Said;
use crate::translate::object::Members;

/// Members of Google's objects that may be left over, because other dialects have no word for them.
const UNTOLD: &[&str] = &[
    "allowedFunctionNames",
    "audioTimestamp",
    "behavior",
    "cachedContent",
    "codeExecution",
    "codeExecutionResult",
    "computerUse",
    "enableEnhancedCivicAnswers",
    "executableCode",
    "fileSearch",
    "functionCall",
    "functionResponse",
    "googleMaps",
    "googleSearch",
    "googleSearchRetrieval",
    "imageConfig",
    "labels",
    "mcpServers",
    "mediaResolution",
    "parts",
    "partialArgs",
    "response",
    "responseJsonSchema",
    "responseModalities",
    "retrievalConfig",
    "safetySettings",
    "scheduling",
    "serviceTier",
    "speechConfig",
    "thought",
    "thoughtSignature",
    "urlContext",
    "videoMetadata",
    "willContinue",
];

/// The members of the object `raw`, which stands at `path`.
pub(super) fn members(raw: &str, path: String) -> Result<Members<'_>, Invalid> {
    Members::spelled(raw, path, camel)
}

/// A member that is an object.
pub(super) fn object<'a>(
    members: &mut Members<'a>,
    name: &str,
) -> Result<Option<Members<'a>>, Invalid> {
    let Some(raw) = members.take(name) else { return Ok(None) };
    self::members(raw.get(), members.path(name)).map(Some)
}

/// The objects of an array, each with its place; one alone is as good as an array of it.
pub(super) fn objects<'a>(
    members: &mut Members<'a>,
    name: &str,
) -> Result<Vec<Members<'a>>, Invalid> {
    let path = members.path(name);
    let Some(raw) = members.take(name) else { return Ok(Vec::new()) };
    if raw.get().starts_with('{') {
        return Ok(vec![self::members(raw.get(), path)?]);
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| Invalid::value(&path, "be an array of objects"))?;
    let items = items.into_iter().enumerate();
    items.map(|(at, raw)| self::members(raw.get(), format!("{path}[{at}]"))).collect()
}

/// A value and its place; `rule` completes "`path` must …" where it is another.
pub(super) fn said<T: DeserializeOwned>(
    members: &mut Members<'_>,
    name: &str,
    rule: &str,
) -> Result<Option<Said<T>>, Invalid> {
    let path = members.path(name);
    let Some(raw) = members.take(name) else { return Ok(None) };
    match serde_json::from_str(raw.get()) {
        Ok(value) => Ok(Some(Said::new(value, path))),
        Err(_) => Err(Invalid::value(&path, rule)),
    }
}

/// Refuses what is left.
pub(super) fn finish(members: Members<'_>) -> Result<(), Invalid> {
    members.finish_of(UNTOLD)
}
