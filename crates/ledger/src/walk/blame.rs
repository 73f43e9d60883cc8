//! A second look at what does not hold, for a name that says more than the first check could.

use crate::format::checkpoint::Checkpoint;
use crate::format::damage::Damage;
use crate::format::frame::frames;
use crate::format::record::Record;
use crate::log::Log;

/// A record that stands too early and one that is gone look alike, unless the one that should stand
/// here comes later in the segment.
pub(crate) fn name_disorder(damage: Damage, bytes: &[u8], sequence: u64) -> Damage {
    match damage {
        Damage::Sequence { found } if found > sequence => {
            let later = frames(bytes).filter_map(|frame| Record::parse(frame).ok());
            match later.map(|record| record.sequence()).any(|found| found == sequence) {
                true => Damage::Reordered { found },
                false => Damage::Deleted { found },
            }
        }
        Damage::Sequence { found } => Damage::Inserted { found },
        other => other,
    }
}

/// A signature by a key that the log had replaced says more than one that nobody made.
pub(crate) fn blame_retired_key(damage: Damage, frame: &[u8], log: &Log) -> Damage {
    let retired = |key| Checkpoint::decode(frame, key).is_ok();
    if damage == Damage::Signature && log.story.retired_keys().any(retired) {
        return Damage::RetiredKey;
    }
    damage
}
