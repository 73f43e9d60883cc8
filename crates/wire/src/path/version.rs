//! The version of an API that is dated.

use std::fmt;

use serde::Deserialize;

/// `2024-10-21`, `2025-04-01-preview`: 1 to 32 of `a-z 0-9 . -`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ApiVersion(String);

impl TryFrom<String> for ApiVersion {
    type Error = &'static str;

    fn try_from(text: String) -> Result<ApiVersion, &'static str> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
        match (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            true => Ok(ApiVersion(text)),
            false => Err("api_version is not 1 to 32 of a-z 0-9 . -"),
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
