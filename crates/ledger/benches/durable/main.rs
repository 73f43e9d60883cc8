//! What durability costs on the disk at hand: the disk alone beside the ledger on it, in one run.
//!
//! Asserts nothing: a shared disk's figures stray by more than any bound would forgive, so each
//! phase prints the machine's load beside them, and the disk alone is measured between the others.
//!
//! ```text
//! cargo bench -p inferlayer-ledger --bench durable -- [--seconds 5] [--records 100000]
//!     [--only disk|callers|turn|size|verify|start] [--data FOLDER]
//! ```
//!
//! Without `--data` everything goes to a folder for temporary files and is removed at the end.
//! On a busy machine a thread that a sync woke waits for its time slice of some milliseconds, and
//! that is what is measured then; `chrt --rr 5` before the program shows the disk.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod disk;
mod load;
mod machine;
mod stored;
mod watch;

use std::env;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use load::Load;

const CALLERS: usize = 256;

/// What to measure, and for how long.
struct Plan {
    data: PathBuf,
    seconds: u64,
    records: u64,
    only: Option<String>,
}

fn main() {
    if let Some(data) = option::<PathBuf>("--start") {
        return stored::start_here(&data);
    }
    let scratch = tempfile::tempdir().unwrap();
    let plan = Plan {
        data: option("--data").unwrap_or_else(|| scratch.path().to_path_buf()),
        seconds: option("--seconds").unwrap_or(5),
        records: option("--records").unwrap_or(100_000),
        only: option("--only"),
    };
    let callers = plan.data.join("callers");
    plan.phase("disk", || disk::report(&plan.data, plan.slice()));
    plan.phase("callers", || measure_callers(&callers, Duration::from_secs(plan.seconds)));
    plan.phase("disk", || disk::report(&plan.data, plan.slice()));
    plan.phase("turn", || measure_turns(&plan.data.join("turn"), plan.seconds));
    plan.phase("size", || stored::report_sizes(&plan.data));
    if plan.wants("verify") || plan.wants("start") {
        fill(&callers, plan.records);
    }
    plan.phase("verify", || stored::report_verify(&callers));
    plan.phase("start", || stored::report_start(&callers));
}

impl Plan {
    fn phase(&self, name: &str, measure: impl FnOnce()) {
        if self.wants(name) {
            println!("\n== {name} (load average {})", machine::load_average());
            measure();
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    /// The disk alone gets half the time, in two phases of four ways each.
    fn slice(&self) -> Duration {
        Duration::from_secs(self.seconds) / 16
    }
}

/// Many callers for a while: what one ledger takes, how long they wait, how far the view is behind.
fn measure_callers(data: &Path, time: Duration) {
    let load = Load::open(data, 1024);
    load.run(CALLERS, time / 10);
    let (watch, before) = (watch::Watch::start(load.ledger()), machine::Cpu::now());
    let records_before = load.ledger().head().size;
    let waits = load.run(CALLERS, time);
    let (rates, lag) = watch.end();
    let records = load.ledger().head().size - records_before;
    println!("{CALLERS} callers, 1 KB sealed: {records} records in {time:?}");
    println!("  durable records/s: {rates}");
    println!("  a caller waits: {waits}");
    println!("  the view is behind by: {lag}");
    println!("  CPU per record: {}", before.since_per(records));
    load.close();
}

/// One caller's intent and outcome beside two bare syncs, turn about, so that both see one disk.
fn measure_turns(data: &Path, seconds: u64) {
    let load = Load::open(data, 1024);
    let mut file = disk::Growing::new(&data.join("alone"));
    let (mut turns, mut alone) = (machine::Times::default(), machine::Times::default());
    for _ in 0..seconds * 2 {
        turns.extend(load.turns(Duration::from_millis(250)));
        alone.extend(disk::sync_for(Duration::from_millis(250), 1024, &mut file));
    }
    let above = turns.quantile_ms(0.5) - 2.0 * alone.quantile_ms(0.5);
    println!("one caller, intent and outcome: {turns}");
    println!("1 KB append and fdatasync:      {alone}");
    println!("a turn above two syncs: {above:.3} ms");
    load.close();
}

/// Appends until the journal has `records`, for the phases that read it.
fn fill(data: &Path, records: u64) {
    let load = Load::open(data, 1024);
    while load.ledger().head().size < records {
        load.run(CALLERS, Duration::from_secs(1));
    }
    load.close();
}

/// The value that follows `name` on the command line.
fn option<T: FromStr>(name: &str) -> Option<T> {
    let value = env::args().skip_while(|word| word != name).nth(1)?;
    value.parse().ok()
}
