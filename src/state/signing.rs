//! The keys that sign the log: made in the data folder, or kept where the configuration says.
//!
//! A rotation is three steps that a crash may part: the next key lies where a start finds it, the
//! ledger says that it signs from here on, the old key goes. A start finishes what was begun.

use std::path::{Path, PathBuf};

use inferlayer_ledger::{KeyError, Keyring, Origin, SigningKey, VerifyingKey};

use crate::config::{LedgerSettings, SecretReference};

/// Where the keys of one log are.
pub(crate) struct SigningKeys {
    origin: Origin,
    source: Source,
}

enum Source {
    /// In the data folder, where a rotation makes the next one itself.
    Kept(Keyring),
    /// Where the configuration says; what is there is the operator's to change.
    Named { signing: SecretReference, next: Option<SecretReference>, base: PathBuf },
}

/// The key that a rotation hands the log on to.
pub(crate) struct Successor {
    pub(crate) signing: SigningKey,
    pub(crate) public: VerifyingKey,
}

/// Why a key is not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningKeyError {
    #[error("ledger.signing_key is given, so give the key that is to follow as next_signing_key")]
    NoNext,
    #[error("{field}: {problem}")]
    Reference { field: &'static str, problem: String },
    #[error("the signing key cannot be used")]
    Unusable,
    #[error("{0}")]
    Key(#[from] KeyError),
}

impl SigningKeys {
    /// Of the log `origin`. References to files start at `base`.
    pub(crate) fn new(
        origin: Origin,
        settings: &LedgerSettings,
        keyring: Keyring,
        base: &Path,
    ) -> SigningKeys {
        let source = match &settings.signing_key {
            None => Source::Kept(keyring),
            Some(signing) => Source::Named {
                signing: signing.clone(),
                next: settings.next_signing_key.clone(),
                base: base.to_owned(),
            },
        };
        SigningKeys { origin, source }
    }

    /// The log's name.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that signs, unless the log was handed on to the next one; made when there is none
    /// and the configuration names none.
    pub(crate) fn signing(&self) -> Result<SigningKey, SigningKeyError> {
        match &self.source {
            Source::Kept(keyring) => Ok(keyring.signing()?),
            Source::Named { signing, base, .. } => read("ledger.signing_key", signing, base),
        }
    }

    /// The same, if there is one.
    pub(crate) fn find(&self) -> Result<Option<SigningKey>, SigningKeyError> {
        match &self.source {
            Source::Kept(keyring) => Ok(keyring.find_signing()?),
            Source::Named { .. } => self.signing().map(Some),
        }
    }

    /// The key that a rotation hands the log on to, if one is ready.
    pub(crate) fn next(&self) -> Result<Option<SigningKey>, SigningKeyError> {
        match &self.source {
            Source::Kept(keyring) => Ok(keyring.next_signing()?),
            Source::Named { next, base, .. } => {
                next.as_ref().map(|next| read("ledger.next_signing_key", next, base)).transpose()
            }
        }
    }

    /// The same, made if it can be. It lies where the next start finds it.
    pub(crate) fn successor(&self) -> Result<Successor, SigningKeyError> {
        let signing = match &self.source {
            Source::Kept(keyring) => keyring.stage_signing()?,
            Source::Named { .. } => self.next()?.ok_or(SigningKeyError::NoNext)?,
        };
        let public = signing.verifying_key(&self.origin).ok_or(SigningKeyError::Unusable)?;
        Ok(Successor { signing, public })
    }

    /// Once the ledger says that the next key signs: puts it in the place of the old one, which is
    /// destroyed. Keys that the configuration names stay as they are.
    pub(crate) fn promote(&self) -> Result<(), KeyError> {
        match &self.source {
            Source::Kept(keyring) => keyring.promote_signing(),
            Source::Named { .. } => Ok(()),
        }
    }

    /// Whether the operator has to put the next key in the place of the old one.
    pub(crate) fn are_named(&self) -> bool {
        matches!(self.source, Source::Named { .. })
    }
}

fn read(
    field: &'static str,
    reference: &SecretReference,
    base: &Path,
) -> Result<SigningKey, SigningKeyError> {
    let wrong = |problem| SigningKeyError::Reference { field, problem };
    let secret = reference.read(base).map_err(wrong)?;
    let key = SigningKey::from_base64(secret.expose());
    key.ok_or_else(|| wrong("not the base64 of 32 bytes".to_owned()))
}
