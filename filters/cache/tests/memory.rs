//! An index keeps within its budget however much it is given. A program of its own, because it
//! counts every byte that is allocated.
#![allow(clippy::unwrap_used, clippy::panic)]

use inferlayer_cache::index::{ENTRY_BYTES, Entry, Index};
use inferlayer_filter::cached::CacheKey;
use inferlayer_ledger::{Entry as Record, Hash, Kind, Ledger, Options, Place, SigningKey};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

#[test]
fn ten_times_the_budget_takes_no_more_than_the_budget() {
    let place = place();
    // Right behind a doubling of what holds entries and remembered keys, most of it is empty.
    for entries in [160, 264, 524, 1_031, 4_200, 15_000, 43_691] {
        let budget = entries * ENTRY_BYTES;
        let before = ALLOCATED.current_usage();
        let index = Index::new(budget);
        for number in 0..entries * 10 {
            let entry = Entry { place, record_hash: Hash([0; 32]), time_us: 0, ttl_seconds: 1 };
            index.keep(key(number), entry);
        }
        let used = (ALLOCATED.current_usage() - before) as u64;
        assert!(used * 10 <= budget * 11, "{entries} entries: {used} of {budget} bytes");
        assert!(index.len() as u64 * 10 >= entries * 9, "{} of {entries}", index.len());
    }
}

fn key(number: u64) -> CacheKey {
    let mut key = [0; 32];
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    key.iter_mut().zip(scattered).for_each(|(to, from)| *to = from);
    CacheKey(key)
}

/// Only a ledger makes places.
fn place() -> Place {
    let data = tempfile::tempdir().unwrap();
    let signing = SigningKey::from_seed(&[1; 32].into()).unwrap();
    let mut options = Options::new(data.path(), "gw".parse().unwrap(), signing);
    options.view = None;
    let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
    let record = Record::system(Kind::Config, b"{}".to_vec());
    let place = ledger.append(record).unwrap().wait_blocking().unwrap().place();
    ledger.close().unwrap();
    place
}
