//! Tenants' names. They become file names, metric labels and fields of records; what could be
//! anything else in one of those places is not a name.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A tenant's name: 1 to 64 of `a-z 0-9 . _ -`, starting with a letter or digit. Safe as a file
/// name and as a metric label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(Arc<str>);

/// The text is not a tenant's name.
#[derive(Debug, thiserror::Error)]
#[error("tenant name `{0}` is not 1 to 64 of a-z 0-9 . _ - starting with a letter or digit")]
pub struct BadTenantName(String);

impl TenantName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantName {
    type Error = BadTenantName;

    fn try_from(text: String) -> Result<TenantName, BadTenantName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if starts && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(TenantName(text.into()))
        } else {
            Err(BadTenantName(text))
        }
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> String {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_files_and_labels() {
        for bad in ["", "A", ".a", "-a", "a/b", "a b", "é", &"a".repeat(65)] {
            assert!(TenantName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(TenantName::try_from("a.b_c-1".to_owned()).is_ok());
    }
}
