//! What damage is called before a court: the attack that it looks like.

use crate::format::damage::Damage;

impl Damage {
    /// The attack that it looks like, as tabled in `FORMAT.md` §8: one of `edit`, `delete`,
    /// `insert`, `reorder`, `cut_head`, `cut_tail`, `rollback`, `fork`, `retired_key`, `clock`,
    /// `replayed_receipt`, `corruption`. Who can rewrite hashes can make one look like another.
    pub fn verdict(&self) -> &'static str {
        match self {
            Self::Magic
            | Self::Version(_)
            | Self::Kind(_)
            | Self::Flags(_)
            | Self::Length
            | Self::Unfinished => "corruption",
            Self::Deleted { .. } | Self::SegmentGap { .. } | Self::ContentMissing | Self::Empty => {
                "delete"
            }
            Self::Inserted { .. } | Self::RunAgain => "insert",
            Self::Size { found, counted } if found > counted => "delete",
            Self::Size { .. } => "insert",
            Self::Sequence { .. } | Self::Reordered { .. } => "reorder",
            Self::CutHead { .. } => "cut_head",
            Self::CutTail { .. } => "cut_tail",
            Self::RolledBack { .. } => "rollback",
            Self::Fork { .. } | Self::OtherKey { .. } => "fork",
            Self::RetiredKey => "retired_key",
            Self::Time => "clock",
            Self::ForeignReceipt => "replayed_receipt",
            Self::NoOpen
            | Self::Open
            | Self::OtherRun
            | Self::Rotation
            | Self::NoSnapshot
            | Self::Snapshot
            | Self::Retention
            | Self::Restore
            | Self::OtherTenant
            | Self::LogId
            | Self::PreviousHash
            | Self::Replaced
            | Self::Metadata
            | Self::NotJson
            | Self::Content
            | Self::Checkpoint
            | Self::Root
            | Self::Signature => "edit",
        }
    }
}
