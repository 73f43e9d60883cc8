//! What a record tells of.

/// What a record tells of (`FORMAT.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kind {
    /// A run starts.
    Open = 0,
    /// An inference is about to be sent to a provider.
    Intent = 1,
    /// That inference ended.
    Outcome = 2,
    /// A request was refused before any provider was called.
    Refusal = 3,
    /// A request was answered from the cache.
    Hit = 4,
    /// A configuration was loaded.
    Config = 5,
    /// A virtual key was made, changed or revoked.
    KeyEvent = 6,
    /// The signing key changes.
    SigningKeyRotation = 7,
    /// A tenant's key was destroyed.
    Shred = 8,
    /// Old segments were dropped.
    Retention = 9,
    /// The clock stepped.
    Clock = 10,
    /// A run ended in good order.
    Close = 11,
    /// State that lets a reader start at this segment.
    Snapshot = 12,
    /// The journal was restored from a backup that lacks later records.
    Restore = 13,
}

impl Kind {
    /// Every kind with its name, in the order of their numbers.
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

    /// Whether only the ledger itself writes records of this kind.
    pub fn is_own(self) -> bool {
        use Kind::{Clock, Close, Open, Restore, Retention, SigningKeyRotation, Snapshot};
        matches!(self, Open | Close | SigningKeyRotation | Retention | Clock | Snapshot | Restore)
    }

    /// The name used in reports, for example `key_event`.
    pub fn name(self) -> &'static str {
        Self::ALL.get(usize::from(self as u16)).map_or("unknown", |(_, name)| name)
    }
}

impl TryFrom<u16> for Kind {
    /// The number that no kind has.
    type Error = u16;

    fn try_from(number: u16) -> Result<Self, u16> {
        Self::ALL.get(usize::from(number)).map(|(kind, _)| *kind).ok_or(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_their_numbers() {
        for (index, (kind, name)) in Kind::ALL.iter().enumerate() {
            let number = u16::try_from(index).unwrap();
            assert_eq!(*kind as u16, number);
            assert_eq!(Kind::try_from(number), Ok(*kind));
            assert_eq!(kind.name(), *name);
        }
        assert_eq!(Kind::try_from(14), Err(14));
    }
}
