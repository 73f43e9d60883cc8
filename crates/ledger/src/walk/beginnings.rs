//! Where retention records let a log begin: at the head of a segment, behind the tree whose root
//! they state. A walk knows the segments that it has entered; what names an earlier one is kept for
//! who knows the whole log.

use crate::format::damage::{Damage, Fault};
use crate::format::hash::Hash;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::stated::{Beginning, retention};

/// The segments so far, and what retentions say of others.
#[derive(Clone, Default)]
pub(crate) struct Beginnings {
    /// Each with the root of the tree before it.
    heads: Vec<(Segment, Hash)>,
    /// Of segments before the first of these, with where it was said.
    unproven: Vec<(Beginning, Fault)>,
    /// Where the last retention lets the log begin.
    stated: u64,
}

impl Beginnings {
    /// A segment begins, behind a tree of this root.
    pub(crate) fn enter(&mut self, segment: Segment, root: Hash) {
        self.heads.push((segment, root));
    }

    /// Takes a retention record at `offset` of the segment that was entered last.
    pub(crate) fn accept(&mut self, record: &Record<'_>, offset: u64) -> Result<(), Damage> {
        let beginning = retention(record).ok_or(Damage::Retention)?;
        self.stated = beginning.first_sequence;
        let segment = self.heads.last().map_or(Segment(0), |(segment, _)| *segment);
        if self.heads.first().is_some_and(|(first, _)| beginning.first_sequence < first.0) {
            let (sequence, what) = (record.sequence(), Damage::Retention);
            self.unproven.push((beginning, Fault { segment, offset, sequence, what }));
            return Ok(());
        }
        if self.has(beginning) { Ok(()) } else { Err(Damage::Retention) }
    }

    /// Takes what a walk over the next segments has found; answers the first retention among it
    /// that the segments so far contradict.
    pub(crate) fn join(&mut self, next: Self) -> Option<Fault> {
        let first = self.heads.first().or(next.heads.first()).map_or(0, |(first, _)| first.0);
        self.heads.extend(next.heads);
        self.stated = self.stated.max(next.stated);
        let known = next.unproven.into_iter().filter(|(said, _)| said.first_sequence >= first);
        known.into_iter().find(|(said, _)| !self.has(*said)).map(|(_, fault)| fault)
    }

    /// Whether a log may begin with `first`: no snapshot says so, only a record that is there.
    pub(crate) fn judge(&self, first: Segment) -> Result<(), Fault> {
        let what = Damage::CutHead { found: first };
        match first.0 > self.stated {
            true => Err(Fault { segment: first, offset: 0, sequence: first.0, what }),
            false => Ok(()),
        }
    }

    fn has(&self, Beginning { first_sequence, root }: Beginning) -> bool {
        let segment = Segment(first_sequence);
        let at = self.heads.binary_search_by_key(&segment, |(head, _)| *head);
        at.ok().and_then(|at| self.heads.get(at)).is_some_and(|(_, stated)| *stated == root)
    }
}
