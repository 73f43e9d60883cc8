//! Where snapshots may stand: at the head of every segment but the first, whole, and nowhere else.

use crate::format::damage::Damage;
use crate::format::kind::Kind;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::state::part_of;

/// Follows the snapshots of a walk.
#[derive(Default)]
pub(crate) struct Snapshots {
    next: Next,
}

/// What the next record may be.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    /// Anything but a snapshot.
    #[default]
    Other,
    /// This part of so many, and nothing else.
    Part { part: u32, parts: Option<u32> },
}

impl Snapshots {
    /// A segment begins.
    pub(crate) fn enter(&mut self, segment: Segment) {
        self.next = match segment.0 {
            0 => Next::Other,
            _ => Next::Part { part: 0, parts: None },
        };
    }

    /// Takes the next record.
    pub(crate) fn accept(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        let found = match record.kind() {
            Kind::Snapshot => Some(part_of(record).ok_or(Damage::Snapshot)?),
            _ => None,
        };
        self.next = match (self.next, found) {
            (Next::Other, None) => Next::Other,
            (Next::Part { part: 0, .. }, None) => return Err(Damage::NoSnapshot),
            (Next::Part { part, parts }, Some(found))
                if found.part == part && parts.is_none_or(|parts| parts == found.parts) =>
            {
                match part + 1 == found.parts {
                    true => Next::Other,
                    false => Next::Part { part: part + 1, parts: Some(found.parts) },
                }
            }
            _ => return Err(Damage::Snapshot),
        };
        Ok(())
    }

    /// A snapshot is whole within its commit.
    pub(crate) fn end_commit(&self) -> Result<(), Damage> {
        match self.next {
            Next::Part { part, .. } if part > 0 => Err(Damage::Snapshot),
            _ => Ok(()),
        }
    }
}
