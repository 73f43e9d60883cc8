//! File descriptors: every connection is one, every provider's too, and the ledger must never want
//! for one. The soft limit, which a container or a shell sets low, is raised to the hard one at the
//! start, and connections get a part of what there is.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Kept for the ledger, its view, anchors and listeners.
const RESERVE: usize = 64;

/// Raises the limit; gives the number of client connections that there are descriptors for, which
/// is at most as many as are wanted. Each may need a second one to a provider.
pub(crate) fn connections(wanted: usize) -> usize {
    let Some(limit) = raise() else { return wanted };
    let fit = fitting(limit);
    if fit < wanted {
        tracing::warn!(
            wanted,
            fit,
            limit,
            "limits.connections is more than this process may open files for; raise LimitNOFILE \
             (ulimit -n) to twice as many and some"
        );
    }
    wanted.min(fit)
}

fn fitting(limit: usize) -> usize {
    let free = limit.saturating_sub(RESERVE.min(limit / 2));
    (free / 2).max(1)
}

/// The limit as it is then; nothing when there is none.
fn raise() -> Option<usize> {
    let mut limit = getrlimit(Resource::Nofile);
    let (soft, hard) = (limit.current, limit.maximum);
    limit.current = hard;
    // The kernel caps what it calls unlimited; then the old limit stays.
    let raised = setrlimit(Resource::Nofile, limit).is_ok();
    let now = if raised { hard } else { soft };
    now.and_then(|now| usize::try_from(now).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_keeps_its_share_of_few_descriptors() {
        assert_eq!([65_536, 1024, 256, 64, 2].map(fitting), [32_736, 480, 96, 16, 1]);
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(connections(1), 1);
    }
}
