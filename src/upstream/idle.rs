//! Connections to a provider that wait for their next request. Each is kept for the tenant that
//! used it: whatever a provider sends too much on one can then only be taken for an answer to the
//! same tenant. Pingora's own pool keeps a task, a timer and a system call for each of them and
//! each time, which costs more than the request's own writes.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use inferlayer_accounts::TenantName;
use pingora_core::protocols::Stream;
use tokio::io::AsyncReadExt;

/// The idle connections of one provider.
pub(super) struct Idle {
    connections_max: usize,
    timeout: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Of each tenant, the longest idle first. No list is empty.
    of: HashMap<TenantName, VecDeque<Waiting>>,
    count: usize,
    /// A task closes those that nobody takes.
    is_swept: bool,
}

/// Whose an idle connection is, and where it leads.
pub(super) struct Home {
    pub(super) tenant: TenantName,
    pub(super) address: SocketAddr,
}

struct Waiting {
    stream: Stream,
    address: SocketAddr,
    since: Instant,
}

/// How often those are closed that are idle for too long, or that the provider has closed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Idle {
    pub(super) fn new(connections_max: usize, timeout: Duration) -> Arc<Idle> {
        Arc::new(Idle { connections_max, timeout, kept: Mutex::default() })
    }

    /// The tenant's connection that was used last, if its address is still one of the provider's.
    pub(super) fn take(
        &self,
        tenant: &TenantName,
        is_known: impl Fn(SocketAddr) -> bool,
    ) -> Option<(Stream, Home)> {
        let now = Instant::now();
        loop {
            let mut waiting = self.lock().pop(tenant)?;
            if is_known(waiting.address) && self.is_usable(&mut waiting, now) {
                let home = Home { tenant: tenant.clone(), address: waiting.address };
                return Some((waiting.stream, home));
            }
        }
    }

    /// Keeps a connection on which nothing is under way.
    pub(super) fn keep(self: &Arc<Idle>, stream: Stream, Home { tenant, address }: Home) {
        let mut waiting = Waiting { stream, address, since: Instant::now() };
        if self.connections_max == 0 || !is_quiet(&mut waiting.stream) {
            return;
        }
        let mut kept = self.lock();
        let surplus = if kept.count >= self.connections_max { kept.pop_of_most() } else { None };
        kept.of.entry(tenant).or_default().push_back(waiting);
        kept.count += 1;
        let begins = !std::mem::replace(&mut kept.is_swept, true);
        drop(kept);
        // Closing is a system call that nobody has to wait for.
        drop(surplus);
        if begins {
            tokio::spawn(Idle::sweep(Arc::downgrade(self)));
        }
    }

    /// Until none is left, or the provider's configuration is no more: then all of them go at once.
    async fn sweep(idle: Weak<Idle>) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            let Some(idle) = idle.upgrade() else { return };
            let now = Instant::now();
            let mut kept = idle.lock();
            kept.retain(|waiting| idle.is_usable(waiting, now));
            if kept.count == 0 {
                kept.is_swept = false;
                return;
            }
        }
    }

    fn is_usable(&self, waiting: &mut Waiting, now: Instant) -> bool {
        now.duration_since(waiting.since) < self.timeout && is_quiet(&mut waiting.stream)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn pop(&mut self, tenant: &TenantName) -> Option<Waiting> {
        let list = self.of.get_mut(tenant)?;
        let waiting = list.pop_back();
        if list.is_empty() {
            self.of.remove(tenant);
        }
        self.count -= usize::from(waiting.is_some());
        waiting
    }

    /// The longest idle of the tenant that has most, so that no tenant takes another's.
    fn pop_of_most(&mut self) -> Option<Waiting> {
        let (tenant, _) = self.of.iter().max_by_key(|(_, list)| list.len())?;
        let tenant = tenant.clone();
        let list = self.of.get_mut(&tenant)?;
        let waiting = list.pop_front();
        if list.is_empty() {
            self.of.remove(&tenant);
        }
        self.count -= usize::from(waiting.is_some());
        waiting
    }

    fn retain(&mut self, mut keep: impl FnMut(&mut Waiting) -> bool) {
        self.of.retain(|_, list| {
            list.retain_mut(&mut keep);
            !list.is_empty()
        });
        self.count = self.of.values().map(VecDeque::len).sum();
    }
}

/// That the provider has neither sent anything nor closed the connection.
fn is_quiet(stream: &mut Stream) -> bool {
    let mut byte = [0];
    // The runtime's budget is no reason to take a connection for quiet.
    let read = pin!(tokio::task::unconstrained(stream.read(&mut byte)));
    matches!(read.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    const SECOND: Duration = Duration::from_secs(1);

    fn tenant(name: &str) -> TenantName {
        name.to_owned().try_into().unwrap()
    }

    /// Both ends of a connection.
    async fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (theirs, _) = listener.accept().await.unwrap();
        (Box::new(pingora_core::protocols::l4::stream::Stream::from(ours)), theirs)
    }

    fn at() -> SocketAddr {
        ([127, 0, 0, 1], 1).into()
    }

    fn home(name: &str) -> Home {
        Home { tenant: tenant(name), address: at() }
    }

    #[tokio::test]
    async fn a_connection_goes_to_its_tenant_once_and_to_a_known_address() {
        let idle = Idle::new(8, SECOND);
        let (stream, _theirs) = pair().await;
        idle.keep(stream, home("a"));
        assert!(idle.take(&tenant("b"), |_| true).is_none());
        assert!(idle.take(&tenant("a"), |address| address == at()).is_some());
        assert!(idle.take(&tenant("a"), |_| true).is_none());
        let (stream, _theirs) = pair().await;
        idle.keep(stream, home("a"));
        assert!(idle.take(&tenant("a"), |_| false).is_none());
    }

    #[tokio::test]
    async fn what_spoke_or_closed_is_not_used_again() {
        let idle = Idle::new(8, SECOND);
        let (stream, mut speaks) = pair().await;
        idle.keep(stream, home("a"));
        let (stream, closes) = pair().await;
        idle.keep(stream, home("a"));
        speaks.write_all(b"x").await.unwrap();
        drop(closes);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(idle.take(&tenant("a"), |_| true).is_none());
    }

    #[tokio::test]
    async fn the_sweep_closes_what_is_idle_for_too_long() {
        let idle = Idle::new(8, Duration::from_millis(100));
        let (stream, mut theirs) = pair().await;
        idle.keep(stream, home("a"));
        let closed = tokio::time::timeout(5 * SECOND, theirs.read(&mut [0])).await;
        assert_eq!(closed.unwrap().unwrap(), 0);
        assert!(!idle.lock().is_swept);
    }

    #[tokio::test]
    async fn who_has_most_gives_room() {
        let idle = Idle::new(3, SECOND);
        let mut theirs = Vec::new();
        for name in ["a", "b", "b", "b", "b"] {
            let (stream, other) = pair().await;
            idle.keep(stream, home(name));
            theirs.push(other);
        }
        assert_eq!(idle.lock().count, 3);
        assert!(idle.take(&tenant("a"), |_| true).is_some());
    }
}
