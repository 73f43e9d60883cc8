//! Watches a ledger from outside while it works: durable records in each second, and how old what
//! the view has not taken in yet is.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use inferlayer_ledger::Ledger;

const TICK: Duration = Duration::from_millis(20);
const TICKS_A_LOOK: usize = 5;
const TICKS_A_SECOND: usize = 50;

/// A thread that looks at a ledger.
pub struct Watch {
    ends: Arc<AtomicBool>,
    thread: JoinHandle<(Spread, Spread)>,
}

/// Middle and extremes of what was seen.
pub struct Spread(Vec<f64>, &'static str);

impl Watch {
    pub fn start(ledger: &Ledger) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (ledger, until) = (ledger.clone(), Arc::clone(&ends));
        let thread = thread::Builder::new().name("watch".into());
        Self { ends, thread: thread.spawn(move || watch(&ledger, &until)).unwrap() }
    }

    /// Records in each second, and seconds that the view was behind.
    pub fn end(self) -> (Spread, Spread) {
        self.ends.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

fn watch(ledger: &Ledger, ends: &AtomicBool) -> (Spread, Spread) {
    let (mut rates, mut lags) = (Spread(Vec::new(), "/s"), Spread(Vec::new(), "s"));
    let mut heads = VecDeque::new();
    let (mut second, mut size) = (Instant::now(), ledger.head().size);
    for tick in 1.. {
        if ends.load(Ordering::Acquire) {
            break;
        }
        thread::sleep(TICK);
        heads.push_back((Instant::now(), ledger.head().size));
        if tick % TICKS_A_LOOK == 0 {
            lags.0.push(lag(&mut heads, ledger.indexed()));
        }
        if tick % TICKS_A_SECOND == 0 {
            let now = ledger.head().size;
            rates.0.push((now - size) as f64 / second.elapsed().as_secs_f64());
            (second, size) = (Instant::now(), now);
        }
    }
    (rates, lags)
}

/// Seconds since the log was first seen with more records than the view has.
fn lag(heads: &mut VecDeque<(Instant, u64)>, indexed: u64) -> f64 {
    while heads.front().is_some_and(|(_, size)| *size <= indexed) {
        heads.pop_front();
    }
    heads.front().map_or(0.0, |(when, _)| when.elapsed().as_secs_f64())
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let [Some(least), Some(middle), Some(most)] =
            [sorted.first(), sorted.get(sorted.len() / 2), sorted.last()]
        else {
            return f.write_str("not seen");
        };
        let (unit, count) = (self.1, sorted.len());
        let digits = if *most < 100.0 { 3 } else { 0 };
        write!(f, "median {middle:.digits$}{unit}, {least:.digits$} to {most:.digits$} ({count})")
    }
}
