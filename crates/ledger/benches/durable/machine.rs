//! What the machine says: times and their quantiles, CPU by thread, memory, load, room on the disk.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Measured times.
#[derive(Default)]
pub struct Times(Vec<u32>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap());
    }

    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let index = (sorted.len().saturating_sub(1)) as f64 * quantile;
        f64::from(sorted.get(index as usize).copied().unwrap_or(0)) / 1000.0
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|quantile| self.quantile_ms(quantile));
        let count = self.0.len();
        write!(f, "p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.1} ms ({count} times)")
    }
}

/// CPU nanoseconds so far, by name of thread.
pub struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    pub fn now() -> Self {
        let mut used = BTreeMap::new();
        for task in fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok) {
            let read = |name: &str| fs::read_to_string(task.path().join(name));
            let (Ok(name), Ok(schedule)) = (read("comm"), read("schedstat")) else { continue };
            let ran = schedule.split(' ').next().and_then(|word| word.parse::<u64>().ok());
            *used.entry(name.trim().to_owned()).or_default() += ran.unwrap_or(0);
        }
        Self(used)
    }

    /// What each name has used since then, for each of `count`.
    pub fn since_per(&self, count: u64) -> String {
        let now = Self::now();
        let used =
            now.0.iter().map(|(name, ran)| (ran - self.0.get(name).copied().unwrap_or(0), name));
        let lines = used.filter(|(ran, _)| ran / count.max(1) > 0);
        let lines: Vec<String> =
            lines.map(|(ran, name)| format!("{name} {} ns", ran / count.max(1))).collect();
        lines.join(", ")
    }
}

/// CPU seconds of the process so far, those of threads that have ended included.
pub fn process_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(") ").unwrap().1;
    let ticks =
        |index: usize| -> f64 { behind_name.split(' ').nth(index).unwrap().parse().unwrap() };
    // User and system time in hundredths of a second: proc_pid_stat(5).
    (ticks(11) + ticks(12)) / 100.0
}

/// Of one, five and fifteen minutes.
pub fn load_average() -> String {
    let line = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    line.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The most memory that this process has had, in MiB.
pub fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Bytes of all files under `folder`: as read, and as they lie on the disk.
pub fn folder_bytes(folder: &Path) -> (u64, u64) {
    let (mut apparent, mut on_disk) = (0, 0);
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let status = entry.metadata().unwrap();
        let (a, d) = match status.is_dir() {
            true => folder_bytes(&entry.path()),
            false => (status.len(), status.blocks() * 512),
        };
        (apparent, on_disk) = (apparent + a, on_disk + d);
    }
    (apparent, on_disk)
}
