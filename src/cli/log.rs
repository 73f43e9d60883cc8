//! The log: our own lines, and those of the libraries under us, which others can provoke and which
//! are therefore bounded. Below `info` libraries print heads and bodies as they are, keys and
//! prompts in them, so nothing of that is heard, whatever INFERLAYER_LOG says.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// What is logged unless INFERLAYER_LOG says otherwise. h2 warns of each connection that resets too
/// many streams, which is counted in a metric.
const DEFAULT: &str = "info,pingora_core=warn,pingora_proxy=warn,h2=error,sled=warn";
/// Lines of libraries in a second.
const LINES_MAX: u32 = 10;
const SECOND: Duration = Duration::from_secs(1);
/// Our own lines are bounded where they are made.
const OURS: &str = "inferlayer";

/// Writes to standard error from here on. Libraries that speak `log` are heard as well.
pub(super) fn start() {
    let filter = EnvFilter::try_from_env("INFERLAYER_LOG");
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let ansi = io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(ansi).with_target(false);
    tracing_subscriber::registry().with(filter).with(Bounded::default()).with(lines).init();
}

/// Drops what libraries say below `info`, and beyond a number of lines a second.
#[derive(Default)]
struct Bounded(Mutex<Option<Window>>);

struct Window {
    since: Instant,
    lines: u32,
}

impl<S: Subscriber> Layer<S> for Bounded {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_ours(metadata) || *metadata.level() <= Level::INFO
    }

    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        is_ours(event.metadata()) || self.has_room(Instant::now())
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OURS)
}

impl Bounded {
    fn has_room(&self, now: Instant) -> bool {
        // Whoever panics in here has logged nothing; a line more does no harm.
        let Ok(mut window) = self.0.lock() else { return false };
        let window = window.get_or_insert(Window { since: now, lines: 0 });
        if now.duration_since(window.since) >= SECOND {
            *window = Window { since: now, lines: 0 };
        }
        window.lines = window.lines.saturating_add(1);
        window.lines <= LINES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_ten_lines_and_the_next_one_ten_more() {
        let (bounded, start) = (Bounded::default(), Instant::now());
        for second in 0..3 {
            let now = start + SECOND * second;
            let lines = (0..100).filter(|_| bounded.has_room(now)).count();
            assert_eq!(lines, LINES_MAX as usize);
        }
    }
}
