//! Secrets by reference: `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }`. A secret that
//! stands in the configuration itself is refused, and the refusal does not repeat it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::upstream::Secret;

/// Where a secret is.
#[derive(Clone, Debug)]
pub(crate) enum SecretReference {
    /// An environment variable.
    Env(String),
    /// A file; its trailing newline is dropped.
    File(PathBuf),
    /// A systemd credential: a file of this name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl SecretReference {
    /// Reads the secret. Relative files start at `base`.
    pub(crate) fn read(&self, base: &Path) -> Result<Secret, String> {
        let read = |path: PathBuf| {
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let text = match self {
            SecretReference::Env(name) => std::env::var(name)
                .map_err(|_| format!("environment variable {name} is not set"))?,
            SecretReference::File(path) => read(base.join(path))?,
            SecretReference::Credential(name) => {
                let directory = std::env::var_os("CREDENTIALS_DIRECTORY")
                    .ok_or("systemd gave no credentials: CREDENTIALS_DIRECTORY is not set")?;
                read(Path::new(&directory).join(name))?
            }
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err("the secret is empty".to_owned());
        }
        Ok(Secret::new(secret.to_owned()))
    }
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<SecretReference, D::Error> {
        d.deserialize_any(Reference)
    }
}

struct Reference;

const KINDS: &[&str] = &["env", "file", "credential"];

impl<'de> Visitor<'de> for Reference {
    type Value = SecretReference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of { env: NAME }, { file: PATH }, { credential: NAME }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretReference, A::Error> {
        let kind: String = map.next_key()?.ok_or_else(|| Error::invalid_length(0, &self))?;
        let reference = match kind.as_str() {
            "env" => SecretReference::Env(map.next_value()?),
            "file" => SecretReference::File(map.next_value()?),
            "credential" => SecretReference::Credential(map.next_value()?),
            other => return Err(Error::unknown_field(other, KINDS)),
        };
        match map.next_key::<String>()? {
            None => Ok(reference),
            Some(_) => Err(Error::custom("a secret has one place; name only one")),
        }
    }

    // Serde's own messages would print what was written here.
    fn visit_str<E: Error>(self, _: &str) -> Result<SecretReference, E> {
        in_the_clear()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretReference, E> {
        in_the_clear()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretReference, E> {
        in_the_clear()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretReference, E> {
        in_the_clear()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretReference, E> {
        in_the_clear()
    }
}

fn in_the_clear<E: Error>() -> Result<SecretReference, E> {
    Err(E::custom("a secret never stands in a configuration; write { env: NAME }"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_clear_is_refused_and_not_repeated() {
        for secret in ["sk-canary-71", "7171", "-7171", "71.71", "1e71"] {
            let error = serde_yaml::from_str::<SecretReference>(secret).unwrap_err().to_string();
            assert!(error.contains("never stands"), "{error}");
            assert!(!error.contains("71"), "{error}");
        }
    }

    #[test]
    fn takes_exactly_one_place() {
        let read = serde_yaml::from_str::<SecretReference>;
        assert!(matches!(read("{ env: A }").unwrap(), SecretReference::Env(_)));
        for text in ["{}", "{ env: A, file: b }", "{ vault: A }", "[a]"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
