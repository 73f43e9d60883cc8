//! Checkpoints that left this machine and were read back at start. A journal that does not contain
//! each of them was rolled back, cut or replaced, and must not be written on.

use std::sync::Arc;

use tracing::warn;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::{Damage, ReadError};
use crate::format::note_key::Origin;
use crate::format::segment::Segment;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::start::error::OpenError;
use crate::storage::Storage;
use crate::walk::Walker;
use crate::walk::scope::Scope;

/// A checkpoint as it was found elsewhere.
#[derive(Clone, Debug)]
pub struct Anchored {
    /// Where, for messages: a file, a witness.
    pub source: String,
    /// The signed note, cosignatures included.
    pub note: Vec<u8>,
}

/// The anchors of one start, compared while the journal is replayed.
pub(crate) struct Anchors(Vec<Anchor>);

struct Anchor {
    source: String,
    note: Vec<u8>,
    head: Head,
    /// What the journal's tree of that size turned out to be.
    found: Option<Head>,
}

impl Anchors {
    /// Reads what each note claims; who signed it is judged when the log's keys are known.
    pub(crate) fn read(anchored: Vec<Anchored>, origin: &Origin) -> Result<Self, OpenError> {
        let read = |Anchored { source, note }: Anchored| match Checkpoint::claimed(&note, origin) {
            Some(head) => Ok(Anchor { source, note, head, found: None }),
            None => Err(OpenError::Anchor { anchor: source, what: Damage::Checkpoint }),
        };
        anchored.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Takes the head of a commit of the journal.
    pub(crate) fn see(&mut self, head: Head) {
        for anchor in self.0.iter_mut().filter(|anchor| anchor.head.size == head.size) {
            anchor.found = Some(head);
        }
    }

    /// The largest size that any of them speaks of.
    pub(crate) fn largest(&self) -> u64 {
        self.0.iter().map(|anchor| anchor.head.size).max().unwrap_or(0)
    }

    /// Whether `log`, replayed from `replayed` on, contains them all. With `restoring` a log may
    /// lack what a backup could not have.
    pub(crate) fn judge(
        mut self,
        log: &Log,
        replayed: Segment,
        storage: &Arc<dyn Storage>,
        restoring: bool,
    ) -> Result<(), OpenError> {
        for anchor in &mut self.0 {
            if anchor.head.size <= replayed.0 {
                anchor.look_back(storage)?;
            }
            let lost = match restoring {
                true => Some(Loss::BeingNamed),
                false => log.story.admits_loss_of(anchor.head.size).then_some(Loss::Admitted),
            };
            anchor.judge(log, replayed, lost)?;
        }
        Ok(())
    }
}

/// Why a log may lack what an anchor holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// A restore is under way, and is about to name it.
    BeingNamed,
    /// A restore has named it.
    Admitted,
}

impl Anchor {
    /// Finds the commit of that size before the part that was replayed.
    fn look_back(&mut self, storage: &Arc<dyn Storage>) -> Result<(), OpenError> {
        let scope = Scope::whole(&**storage).map_err(ReadError::from)?;
        let before = scope.segments.iter().rev().find(|segment| segment.0 < self.head.size);
        let Some(segment) = before.copied() else {
            warn!(anchor = %self.source, "its records were dropped: nothing to compare with");
            self.found = Some(self.head);
            return Ok(());
        };
        let scope = scope.only(segment);
        let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope);
        while self.found.is_none() && walker.advance()? {
            let head = walker.log().map(|log| log.chain.head());
            self.found = head.filter(|head| head.size == self.head.size);
        }
        Ok(())
    }

    fn judge(&self, log: &Log, replayed: Segment, lost: Option<Loss>) -> Result<(), OpenError> {
        // A log without records knows no key to judge by.
        let records = log.chain.next_sequence();
        if records > 0 {
            self.judge_signature(log)?;
        }
        if self.found == Some(self.head) {
            return Ok(());
        }
        let (anchor, anchored) = (self.source.clone(), self.head.size);
        match lost {
            Some(Loss::Admitted) => {
                warn!(
                    %anchor, anchored, records,
                    "the journal is not the one that was anchored, and only a restore record \
                     explains it: if no backup was restored here, records were removed; \
                     `inferlayer ledger verify` tells which"
                );
                Ok(())
            }
            Some(Loss::BeingNamed) => Ok(()),
            None if anchored > records || replayed.0 > records => {
                Err(OpenError::RolledBack { anchor, anchored, records })
            }
            None => Err(OpenError::Forked { anchor, anchored }),
        }
    }

    /// Whether a key signed it that may sign a log of its size.
    fn judge_signature(&self, log: &Log) -> Result<(), OpenError> {
        let signed = |key| Checkpoint::from_note(&self.note, key).is_ok();
        let mut what = Damage::Signature;
        for (_, sizes) in log.story.signers().filter(|(key, _)| signed(key)) {
            if sizes.contains(&self.head.size) {
                return Ok(());
            }
            what = Damage::RetiredKey;
        }
        Err(OpenError::Anchor { anchor: self.source.clone(), what })
    }
}
