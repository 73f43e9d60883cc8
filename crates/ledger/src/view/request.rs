//! A request's records. Its id is no key of the view: a key for each request would cost more than
//! all else that the view does. But an id that is a UUID of version 7 tells when it was made, and
//! rows stand in the order of time, so that the search begins there.

use super::store::View;
use crate::format::entry::RequestId;
use crate::format::kind::Kind;
use crate::index::row::Row;

/// Beyond so many rows behind the place where it should stand nothing is looked for.
const MAX_SCANNED_ROWS: usize = 1 << 20;
/// An id may be made by a clock that is a little behind the one of the records.
const SLACK_US: u64 = 2_000_000;

impl View {
    /// Sequence numbers of a request's records, ascending: what begins it and, if it is wanted, the
    /// outcome among the million records after that. An id without a time is looked for from the
    /// beginning on.
    pub(crate) fn sequences_of(&self, request: RequestId, outcome: bool) -> Vec<u64> {
        let hint = request.made_at_us().map(|time| self.first_at(time.saturating_sub(SLACK_US)));
        let hinted = hint.map(|from| self.search(from, MAX_SCANNED_ROWS, request, outcome));
        hinted
            .filter(|found| !found.is_empty())
            .unwrap_or_else(|| self.search(self.base().size(), usize::MAX, request, outcome))
    }

    fn search(&self, from: u64, limit: usize, request: RequestId, outcome: bool) -> Vec<u64> {
        let mut found = Vec::new();
        let mut left = limit;
        for row in self.rows_from(from) {
            if left == 0 {
                break;
            }
            left -= 1;
            if row.request != Some(request) {
                continue;
            }
            found.push(row.sequence);
            if row.kind != Kind::Intent || !outcome {
                break;
            }
            left = MAX_SCANNED_ROWS;
        }
        found
    }

    /// The first record of that time or later.
    fn first_at(&self, time_us: u64) -> u64 {
        let (mut low, mut high) = (self.base().size(), self.indexed());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle) {
                Some(Row { time_us: found, .. }) if found >= time_us => high = middle,
                _ => low = middle + 1,
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hash::{Hash, LogId};
    use crate::format::segment::Segment;
    use crate::format::tree::Frontier;

    /// A millisecond apart; the id is a UUID of version 7 of that time, unless it is `timeless`.
    fn id(number: u64, timeless: bool) -> RequestId {
        let mut bytes = [0xb7; 16];
        bytes[..6].copy_from_slice(&(10_000 + number).to_be_bytes()[2..]);
        if !timeless {
            bytes[6] = 0x70;
            bytes[8] = 0x80;
        }
        RequestId::new(bytes).unwrap()
    }

    /// 500 intents, a second later their outcomes.
    fn view(folder: &std::path::Path, timeless: bool) -> View {
        let view = View::open(folder, LogId([1; 32]), &Frontier::default()).unwrap();
        let row = |sequence: u64| Row {
            sequence,
            segment: Segment(0),
            offset: sequence,
            bytes: 1,
            kind: if sequence < 500 { Kind::Intent } else { Kind::Outcome },
            time_us: (10_000 + sequence % 500 + sequence / 500 * 1000) * 1000,
            tenant_tag: None,
            request: Some(id(sequence % 500, timeless)),
            record_hash: Hash([7; 32]),
        };
        view.put(&(0..1000).map(row).collect::<Vec<_>>()).unwrap();
        view
    }

    #[test]
    fn records_are_found_by_an_id_with_and_without_a_time() {
        for timeless in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let view = view(folder.path(), timeless);
            for number in [0, 250, 499] {
                assert_eq!(view.sequences_of(id(number, timeless), true), [number, number + 500]);
                assert_eq!(view.sequences_of(id(number, timeless), false), [number]);
            }
            assert!(view.sequences_of(id(900, timeless), true).is_empty());
        }
    }

    #[test]
    fn the_search_begins_where_the_time_says() {
        let folder = tempfile::tempdir().unwrap();
        let view = view(folder.path(), false);
        for (time_us, first) in [(0, 0), (10_000_000, 0), (10_250_000, 250), (99_000_000, 1000)] {
            assert_eq!(view.first_at(time_us), first);
        }
    }
}
