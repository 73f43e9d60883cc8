//! What a record tells of (`FORMAT.md` §2): the kinds of this version, and those that it does not
//! know. A later writer may add kinds; which of them a reader of today may pass over, the record
//! itself says by a flag. So an old verifier stops at what may change its result, and at nothing
//! else.

use std::fmt;

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A run starts.
    Open,
    /// An inference is about to be sent to a provider.
    Intent,
    /// That inference ended.
    Outcome,
    /// A request was refused before any provider was called.
    Refusal,
    /// A request was answered from the cache.
    Hit,
    /// A configuration was loaded.
    Config,
    /// A virtual key was made, changed or revoked.
    KeyEvent,
    /// The signing key changes.
    SigningKeyRotation,
    /// A tenant's key was destroyed.
    Shred,
    /// Old segments were dropped.
    Retention,
    /// The clock stepped.
    Clock,
    /// A run ended in good order.
    Close,
    /// State that lets a reader start at this segment.
    Snapshot,
    /// The journal was restored from a backup that lacks later records.
    Restore,
    /// A kind of a later version, or of somebody else: only in records that may be passed over.
    Unknown(UnknownKind),
}

/// The number of a kind that this version does not know. Only [`Kind::from`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownKind(u16);

/// From here on numbers are for anybody's use; those below are for later versions.
const FIRST_PRIVATE: u16 = 0x8000;

impl Kind {
    /// Every kind that is known, with its name, in the order of their numbers from 0.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Open, "open"),
        (Self::Intent, "intent"),
        (Self::Outcome, "outcome"),
        (Self::Refusal, "refusal"),
        (Self::Hit, "hit"),
        (Self::Config, "config"),
        (Self::KeyEvent, "key_event"),
        (Self::SigningKeyRotation, "signing_key_rotation"),
        (Self::Shred, "shred"),
        (Self::Retention, "retention"),
        (Self::Clock, "clock"),
        (Self::Close, "close"),
        (Self::Snapshot, "snapshot"),
        (Self::Restore, "restore"),
    ];

    /// The number in the header.
    pub fn number(self) -> u16 {
        match self {
            Self::Open => 0,
            Self::Intent => 1,
            Self::Outcome => 2,
            Self::Refusal => 3,
            Self::Hit => 4,
            Self::Config => 5,
            Self::KeyEvent => 6,
            Self::SigningKeyRotation => 7,
            Self::Shred => 8,
            Self::Retention => 9,
            Self::Clock => 10,
            Self::Close => 11,
            Self::Snapshot => 12,
            Self::Restore => 13,
            Self::Unknown(UnknownKind(number)) => number,
        }
    }

    /// Whether only the ledger itself writes records of this kind.
    pub fn is_own(self) -> bool {
        use Kind::{Clock, Close, Open, Restore, Retention, SigningKeyRotation, Snapshot};
        matches!(self, Open | Close | SigningKeyRotation | Retention | Clock | Snapshot | Restore)
    }

    /// Whether the number is kept for a later version, so that this one may not write it.
    pub(crate) fn is_reserved(self) -> bool {
        matches!(self, Self::Unknown(UnknownKind(..FIRST_PRIVATE)))
    }

    /// Whether a record of this kind may say that a reader who does not know it passes over it.
    /// All that this version knows counts; only key events may have events that are not known.
    pub(crate) fn may_be_skippable(self) -> bool {
        matches!(self, Self::Unknown(_) | Self::KeyEvent)
    }

    /// The name used in reports, for example `key_event`.
    pub fn name(self) -> &'static str {
        Self::ALL.get(usize::from(self.number())).map_or("unknown", |(_, name)| name)
    }
}

/// Any number is a kind; those that are not known come as [`Kind::Unknown`].
impl From<u16> for Kind {
    fn from(number: u16) -> Self {
        let unknown = Self::Unknown(UnknownKind(number));
        Self::ALL.get(usize::from(number)).map_or(unknown, |(kind, _)| *kind)
    }
}

/// The name; of a kind that is not known, the number.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(UnknownKind(number)) => number.fmt(f),
            known => f.pad(known.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_their_numbers() {
        for (index, (kind, name)) in Kind::ALL.iter().enumerate() {
            let number = u16::try_from(index).unwrap();
            assert_eq!(kind.number(), number);
            assert_eq!(Kind::from(number), *kind);
            assert_eq!((kind.name(), kind.to_string().as_str()), (*name, *name));
        }
        for number in [14, 0x7FFF, 0x8000, u16::MAX] {
            let kind = Kind::from(number);
            assert_eq!((kind.number(), kind.to_string()), (number, number.to_string()));
            assert!(!kind.is_own() && kind.may_be_skippable());
            assert_eq!(kind.is_reserved(), number < 0x8000);
        }
    }
}
