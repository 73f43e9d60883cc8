//! Recomputes a whole log from its segments: the auditor's question, answered without trusting us.
//!
//! Segments are verified side by side, each from the snapshot at its head, and joined in order.

mod admission;
mod companion;
mod evidence;
mod part;
mod report;
mod seen;
mod standing;
mod tally;
mod whole;
mod words;

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use self::part::Part;
use self::seen::Wanted;
use self::whole::Whole;
use crate::format::damage::ReadError;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::trust::Trust;
use crate::read::journal_in;
use crate::storage::{FileStorage, Storage};
use crate::walk::scope::{Depth, Scope};

pub use self::admission::Admission;
pub use self::companion::Companion;
pub use self::evidence::{Evidence, NoEvidence};
pub use self::report::{Compared, Conclusion, Piece, Report};
pub use self::standing::{Silence, Standing};

/// What is to be verified, and against what.
pub struct Examination<'a> {
    storage: Arc<dyn Storage>,
    trust: Trust,
    threads: usize,
    depth: Depth,
    evidence: Vec<Evidence>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

/// Verifies the log in `directory` (the journal's folder or the data folder around it), and names
/// the first record that does not hold.
pub fn verify(directory: &Path, trust: Trust) -> Result<Report, ReadError> {
    Examination::new(directory, trust).run()
}

impl<'a> Examination<'a> {
    /// Of the log in `directory`, with as many threads as there are processors.
    pub fn new(directory: &Path, trust: Trust) -> Self {
        Self::over(Arc::new(FileStorage::new(&journal_in(directory))), trust)
    }

    /// Of the log in `storage`.
    pub fn over(storage: Arc<dyn Storage>, trust: Trust) -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let (depth, evidence) = (Depth::Files, Vec::new());
        Self { storage, trust, threads, depth, evidence, progress: None }
    }

    /// With so many threads, which take a segment each.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Without looking at metadata and content: order, completeness and signatures in a fraction of
    /// the time.
    pub fn chain_only(self) -> Self {
        Self { depth: Depth::Chain, ..self }
    }

    /// Against these too.
    pub fn evidence(self, evidence: Vec<Evidence>) -> Self {
        Self { evidence, ..self }
    }

    /// Tells `progress` how many bytes of segments were done, from any thread.
    pub fn progress(self, progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Verifies everything, and names the first record that does not hold. A log that holds in
    /// itself has a report, which says what the evidence makes of it.
    pub fn run(self) -> Result<Report, ReadError> {
        self.run_beside(&(), &mut |()| {})
    }

    /// The same, while `companion` reads every record; `join` is given what it made of each segment
    /// that holds, in order.
    pub fn run_beside<C: Companion>(
        self,
        companion: &C,
        join: &mut dyn FnMut(C::Part),
    ) -> Result<Report, ReadError> {
        let scope = Scope { depth: self.depth, ..Scope::whole(&*self.storage)? };
        let parts: Vec<Scope> = scope.singly().collect();
        let mut whole = Whole::default();
        let (next, wanted) = (AtomicUsize::new(0), Wanted::by(&self.evidence));
        let (send, receive) = sync_channel(0);
        thread::scope(|threads| {
            for _ in 0..self.threads.min(parts.len()) {
                let (send, next, parts, storage) = (send.clone(), &next, &parts, &self.storage);
                let (wanted, progress) = (&wanted, self.progress.unwrap_or(&|_| {}));
                threads.spawn(move || {
                    while let index = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(scope) = parts.get(index)
                        && let part = verify_part(storage, scope, wanted, progress, companion)
                        && send.send((index, part)).is_ok()
                    {}
                });
            }
            drop(send);
            // Dropped with the first fault, so that nobody goes on.
            whole.take_in_order(receive, join)
        })?;
        whole.judge(&scope, &self.trust, &self.evidence)
    }
}

fn verify_part<C: Companion>(
    storage: &Arc<dyn Storage>,
    scope: &Scope,
    wanted: &Wanted,
    progress: &(dyn Fn(u64) + Sync),
    companion: &C,
) -> (Part, C::Part) {
    let segment = scope.segments.first().copied().unwrap_or(Segment(0));
    let mut read = companion.begin(segment);
    let mut see = |record: &Record<'_>| companion.record(&mut read, record);
    (Part::verify(storage, scope.clone(), wanted, progress, &mut see), read)
}
