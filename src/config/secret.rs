//! Secrets by reference: `{ env: NAME }`, `{ file: PATH }` or `{ credential: NAME }`. A secret that
//! stands in the configuration itself is refused, and the refusal does not repeat it.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use zeroize::Zeroizing;

use crate::secret::Secret;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            let text = std::fs::read_to_string(&path).map(Zeroizing::new);
            text.map_err(|error| format!("{}: {error}", path.display()))
        };
        let text = match self {
            SecretReference::Env(name) => std::env::var(name)
                .map(Zeroizing::new)
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

impl SecretReference {
    /// What is wrong with where the secret is, wherever the gateway is to run.
    pub(crate) fn check(&self, base: &Path) -> Result<(), String> {
        if let SecretReference::Env(name) = self
            && !is_variable(name)
        {
            // Not repeated: it may be the secret.
            return Err("no name of an environment variable: letters, digits and `_`".to_owned());
        }
        match self.path(base) {
            Some(path) if mode(&path).is_some_and(|mode| mode & 0o002 != 0) => {
                let path = path.display();
                Err(format!("{path}: every user can write to it; run `chmod 600 {path}`"))
            }
            _ => Ok(()),
        }
    }

    /// What is odd about where the secret is, for the user and the machine of this moment.
    pub(crate) fn warning(&self, base: &Path) -> Option<String> {
        if let Err(problem) = self.read(base) {
            // Only the unit is given its credentials.
            let elsewhere =
                matches!(self, SecretReference::Credential(_)) && self.path(base).is_none();
            return (!elsewhere).then(|| format!("{problem}; `serve` will not start without it"));
        }
        let path = self.path(base)?;
        let is_open = mode(&path)? & 0o024 != 0;
        let path = path.display();
        is_open
            .then(|| format!("{path}: other users can read or change it; run `chmod 600 {path}`"))
    }

    /// The file that the secret is in.
    pub(crate) fn path(&self, base: &Path) -> Option<PathBuf> {
        match self {
            SecretReference::Env(_) => None,
            SecretReference::File(path) => Some(base.join(path)),
            SecretReference::Credential(name) => {
                Some(Path::new(&std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name))
            }
        }
    }
}

/// As POSIX has it.
fn is_variable(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    begins_well && name.bytes().all(allowed)
}

/// The permissions of a file that is there.
fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode())
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
    fn a_secret_s_place_is_judged() {
        let folder = tempfile::tempdir().unwrap();
        let reference = |yaml: &str| serde_yaml::from_str::<SecretReference>(yaml).unwrap();
        let file = reference("{ file: key }");
        assert_eq!(file.check(folder.path()), Ok(()));
        assert!(file.warning(folder.path()).unwrap().contains("will not start"));
        let path = folder.path().join("key");
        std::fs::write(&path, "sk-1\n").unwrap();
        for (mode, mistake, warning) in [
            (0o600, false, false),
            (0o640, false, false),
            (0o644, false, true),
            (0o660, false, true),
            (0o666, true, true),
        ] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let told = (file.check(folder.path()).is_err(), file.warning(folder.path()).is_some());
            assert_eq!(told, (mistake, warning), "{mode:o}");
        }
        for name in ["", "OPENAI KEY", "1KEY", "$KEY", "A=B", "sk-canary"] {
            let reference = reference(&format!("{{ env: '{name}' }}"));
            assert!(reference.check(folder.path()).is_err(), "{name}");
        }
        assert_eq!(reference("{ env: OPENAI_API_KEY }").check(folder.path()), Ok(()));
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
