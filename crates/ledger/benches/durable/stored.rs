//! What lies on the disk afterwards: its size, how fast it verifies, how soon a start is ready.

use std::env;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use inferlayer_ledger::verify::Examination;
use inferlayer_ledger::{Keyring, Trust};
use sha2::{Digest, Sha256};

use crate::load::{Load, open_ledger};
use crate::machine::{folder_bytes, peak_mib, process_seconds};

const CONTENT_BYTES: u64 = 64 << 20;

/// Bytes on the disk for each byte of content, journal and view apart.
pub fn report_sizes(folder: &Path) {
    for bytes in [1024, 4096, 16384] {
        let data = folder.join(format!("size-{bytes}"));
        let load = Load::open(&data, bytes);
        while load.ledger().head().size < CONTENT_BYTES / bytes as u64 {
            load.run(64, Duration::from_millis(200));
        }
        let content = (load.ledger().head().size * bytes as u64) as f64;
        load.close();
        let ratio = |bytes: u64| bytes as f64 / content;
        let (journal, journal_disk) = folder_bytes(&data.join("journal"));
        let (view, view_disk) = folder_bytes(&data.join("view"));
        let (journal, view) = (ratio(journal), ratio(view));
        let (all, all_disk) = (journal + view, ratio(journal_disk + view_disk));
        println!(
            "{bytes:5} bytes of content: journal {journal:.2} + view {view:.2} = {all:.2} bytes \
             per byte, {all_disk:.2} on the disk"
        );
    }
}

/// Records verified in a second of one core, from the page cache; and how many there would be if
/// nothing but SHA-256 over as many bytes were to be done.
pub fn report_verify(data: &Path) {
    for _ in 0..2 {
        let whole = Examination::new(data, Trust::FirstUse).threads(1);
        let (begun, cpu) = (Instant::now(), process_seconds());
        let report = whole.run().unwrap();
        let (wall, busy) = (begun.elapsed().as_secs_f64(), process_seconds() - cpu);
        let records = report.records as f64;
        println!(
            "{} records, {:.1} in a commit: {wall:.2} s, {:.0} records/s; {:.0} per core second",
            report.records,
            records / report.commits as f64,
            records / wall,
            records / busy,
        );
        let chain = Examination::new(data, Trust::FirstUse).threads(1).chain_only();
        let cpu = process_seconds();
        chain.run().unwrap();
        println!("chain alone: {:.0} per core second", records / (process_seconds() - cpu));
        let (journal, _) = folder_bytes(&data.join("journal"));
        let alone = hashes_per_second((journal / report.records) as usize);
        println!("SHA-256 alone: {alone:.0} per core second");
    }
}

fn hashes_per_second(bytes: usize) -> f64 {
    const HASHES: u32 = 200_000;
    let (record, cpu) = (vec![b'x'; bytes], process_seconds());
    for _ in 0..HASHES {
        black_box(Sha256::digest(black_box(&record)));
    }
    f64::from(HASHES) / (process_seconds() - cpu)
}

/// A start in a process of its own, so that its memory is its own.
pub fn report_start(data: &Path) {
    let start = Command::new(env::current_exe().unwrap()).arg("--start").arg(data).status();
    assert!(start.unwrap().success(), "the start");
}

/// Opens the ledger, says how long that took, and closes it.
pub fn start_here(data: &Path) {
    let keyring = Keyring::open(&data.join("keys")).unwrap();
    let begun = Instant::now();
    let ledger = open_ledger(data, &keyring);
    let ready = begun.elapsed().as_secs_f64();
    let records = ledger.head().size;
    ledger.close().unwrap();
    let closed = begun.elapsed().as_secs_f64();
    println!(
        "{records} records: ready in {ready:.2} s, closed after {closed:.2} s, {} MiB at most",
        peak_mib()
    );
}
