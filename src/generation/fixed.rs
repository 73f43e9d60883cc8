//! What cannot change while the gateway runs. A configuration that wants it otherwise is refused as
//! a whole, with a sentence for each.

use crate::config::{Config, ConfigError, Mistake, is_below};

/// A setting that a start alone can change.
struct Fixed {
    /// Its path, and all below it.
    path: &'static str,
    /// Why.
    why: &'static str,
    is_same: fn(&Config, &Config) -> bool,
}

const FIXED: &[Fixed] = &[
    Fixed {
        path: "data_dir",
        why: "the ledger in it is open",
        is_same: |old, new| old.data_dir == new.data_dir,
    },
    Fixed {
        path: "listen.http",
        why: "its socket is bound",
        is_same: |old, new| old.listen.http == new.listen.http,
    },
    Fixed {
        path: "listen.metrics",
        why: "its socket is bound",
        is_same: |old, new| old.listen.metrics == new.listen.metrics,
    },
    Fixed { path: "threads", why: "they run", is_same: |old, new| old.threads == new.threads },
    Fixed {
        path: "ledger",
        why: "the ledger is open, and its anchors follow it",
        is_same: |old, new| old.ledger == new.ledger,
    },
];

/// Refuses what would need another start.
pub(super) fn check(old: &Config, new: &Config) -> Result<(), ConfigError> {
    let changed = FIXED.iter().filter(|fixed| !(fixed.is_same)(old, new));
    let mistakes: Vec<_> = changed.flat_map(|fixed| fixed.mistakes(old, new)).collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(ConfigError { file: new.source.clone(), mistakes }),
    }
}

impl Fixed {
    /// One for each value that differs, at its place in the file.
    fn mistakes(&self, old: &Config, new: &Config) -> Vec<Mistake> {
        let problem = format!("cannot change while the gateway runs ({}): restart it", self.why);
        let changes = old.values.changes(&new.values);
        let below = changes.iter().filter(|change| is_below(&change.path, self.path));
        let mut paths: Vec<&str> = below.map(|change| until_list(&change.path)).collect();
        paths.dedup();
        if paths.is_empty() {
            paths.push(self.path);
        }
        let mistakes = paths.into_iter().map(|path| new.error_at(path, problem.clone()).mistakes);
        mistakes.flatten().collect()
    }
}

/// Of a list the whole: its entries have names here and numbers in the file.
fn until_list(path: &str) -> &str {
    path.split('[').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
