//! Who may connect, and who makes room. A connection that waits (for its first request, or for its
//! next one) is worth less than one that comes: at a limit the oldest that waits is closed for the
//! newcomer. So silent connections, however many, take no place from a client that asks. What is
//! busy is never closed.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::front::rules::Rules;

/// The connections of one listener. As large as they are many, and they are bounded.
#[derive(Default)]
pub(super) struct Clients {
    table: Mutex<Table>,
    left: Notify,
}

/// A connection's place; given back when it is dropped.
pub(super) struct Place {
    clients: Arc<Clients>,
    slot: Arc<Slot>,
}

/// What came of asking for a place.
pub(super) enum Admission {
    /// After so many others were closed.
    Admitted(Place, u64),
    /// This client has as many as it may, and all of them are busy.
    ClientFull,
    /// All places are taken by connections that are busy.
    Full,
}

/// An IPv4 address, or the /64 that one IPv6 customer has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    V4([u8; 4]),
    V6([u8; 8]),
}

#[derive(Default)]
struct Table {
    all: Queue,
    of: HashMap<Client, Queue>,
    made_room: u64,
}

/// Connections by age. One that has left is dropped when it is met, or when too many have.
#[derive(Default)]
struct Queue {
    live: usize,
    slots: VecDeque<Arc<Slot>>,
}

struct Slot {
    client: Option<Client>,
    state: AtomicU8,
    task: OnceLock<AbortHandle>,
}

const WAITING: u8 = 0;
const BUSY: u8 = 1;
const GONE: u8 = 2;
/// How many busy ones are looked at, at most, before a newcomer is told that there is no room. A
/// client with many streams has its idle connections behind them.
const LOOKS_MAX: usize = 4096;

impl Clients {
    /// Asks for a place, under the rules of this moment.
    pub(super) fn admit(self: &Arc<Clients>, peer: Option<IpAddr>, rules: &Rules) -> Admission {
        let client = peer.filter(|peer| !rules.is_balancer(*peer)).map(Client::of);
        let mut table = self.table();
        let before = table.made_room;
        if let Some(client) = client
            && table.of.get(&client).is_some_and(|queue| queue.live >= rules.per_client)
            && !table.make_room(Some(client))
        {
            return Admission::ClientFull;
        }
        if table.all.live >= rules.connections && !table.make_room(None) {
            return Admission::Full;
        }
        let slot = Arc::new(Slot { client, state: AtomicU8::new(WAITING), task: OnceLock::new() });
        table.enter(&slot);
        let made_room = table.made_room - before;
        Admission::Admitted(Place { clients: Arc::clone(self), slot }, made_room)
    }

    /// Waits until a connection has left.
    pub(super) async fn room(&self) {
        self.left.notified().await;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whose task ends when the place is needed for another.
    pub(super) fn of(&self, task: AbortHandle) {
        // Set once, before anybody else asks for a place.
        let _ = self.slot.task.set(task);
    }

    /// A request begins. False: the place is needed, and the connection is about to be closed.
    pub(super) fn busy(&self) -> bool {
        self.slot.change(WAITING, BUSY) || !self.slot.is_gone()
    }

    /// Nothing is served any more.
    pub(super) fn waiting(&self) {
        self.slot.change(BUSY, WAITING);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.slot.state.swap(GONE, Ordering::AcqRel) != GONE {
            self.clients.table().leave(&self.slot);
        }
        self.clients.left.notify_one();
    }
}

impl Client {
    fn of(peer: IpAddr) -> Client {
        match peer.to_canonical() {
            IpAddr::V4(address) => Client::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Client::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

impl Table {
    fn enter(&mut self, slot: &Arc<Slot>) {
        self.all.push(slot);
        if let Some(client) = slot.client {
            self.of.entry(client).or_default().push(slot);
        }
    }

    fn leave(&mut self, slot: &Slot) {
        self.all.leave();
        let Some(client) = slot.client else { return };
        if let Some(queue) = self.of.get_mut(&client) {
            queue.leave();
            if queue.live == 0 {
                self.of.remove(&client);
            }
        }
    }

    /// Closes the oldest connection that waits: of this client, or of anybody.
    fn make_room(&mut self, client: Option<Client>) -> bool {
        let queue = match client {
            Some(client) => self.of.get_mut(&client),
            None => Some(&mut self.all),
        };
        let Some(slot) = queue.and_then(Queue::close_one) else { return false };
        self.leave(&slot);
        self.made_room += 1;
        true
    }
}

impl Queue {
    fn push(&mut self, slot: &Arc<Slot>) {
        if self.slots.len() > 2 * self.live + 16 {
            self.slots.retain(|slot| !slot.is_gone());
        }
        self.slots.push_back(Arc::clone(slot));
        self.live += 1;
    }

    fn leave(&mut self) {
        self.live = self.live.saturating_sub(1);
    }

    fn close_one(&mut self) -> Option<Arc<Slot>> {
        let (mut looks, most) = (0, self.live.min(LOOKS_MAX));
        while looks < most {
            let slot = self.slots.pop_front()?;
            if slot.change(WAITING, GONE) {
                slot.task.get().inspect(|task| task.abort());
                return Some(slot);
            }
            if !slot.is_gone() {
                looks += 1;
                self.slots.push_back(slot);
            }
        }
        None
    }
}

impl Slot {
    fn change(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn is_gone(&self) -> bool {
        self.state.load(Ordering::Acquire) == GONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Balancer, Limits};

    fn peer(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// At most so many connections, and so many of one client; the network `10.1.0.0/16` is that
    /// of balancers.
    fn rules(connections: usize, per_client: usize) -> Rules {
        let limits = Limits { balancers: vec![balancer()], ..Limits::default() };
        Rules { connections, per_client, ..Rules::small(&limits) }
    }

    fn balancer() -> Balancer {
        serde_json::from_str("\"10.1.0.0/16\"").unwrap()
    }

    fn admit(clients: &Arc<Clients>, rules: &Rules, from: &str) -> Option<Place> {
        match clients.admit(peer(from), rules) {
            Admission::Admitted(place, _) => Some(place),
            Admission::ClientFull | Admission::Full => None,
        }
    }

    #[test]
    fn the_oldest_that_waits_makes_room_for_one_more_of_its_client() {
        let (clients, rules) = (Arc::<Clients>::default(), rules(100, 3));
        let held: Vec<_> = (0..3).map(|_| admit(&clients, &rules, "10.0.0.1").unwrap()).collect();
        assert!(held[0].busy());
        let fourth = admit(&clients, &rules, "10.0.0.1").unwrap();
        assert!(!held[1].busy(), "it was closed");
        assert!(held[2].busy() && fourth.busy());
        assert!(matches!(clients.admit(peer("10.0.0.1"), &rules), Admission::ClientFull));
        assert!(admit(&clients, &rules, "10.0.0.2").is_some(), "others are not concerned");
        held[0].waiting();
        assert!(admit(&clients, &rules, "10.0.0.1").is_some());
        assert_eq!(clients.table().made_room, 2);
        drop((held, fourth));
        assert_eq!(clients.table().all.live, 0);
        assert!(clients.table().of.is_empty());
    }

    #[test]
    fn an_ipv6_client_is_a_64_and_an_ipv4_client_is_one_in_either_spelling() {
        let (clients, rules) = (Arc::<Clients>::default(), rules(100, 1));
        for (a, b, same) in [
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
            ("::ffff:10.0.0.9", "10.0.0.9", true),
        ] {
            let first = admit(&clients, &rules, a).unwrap();
            assert!(first.busy());
            assert_eq!(admit(&clients, &rules, b).is_none(), same, "{a} {b}");
        }
    }

    #[test]
    fn a_full_house_closes_who_waits_and_counts_balancers_for_nobody() {
        let (clients, rules) = (Arc::<Clients>::default(), rules(2, 1));
        let first = admit(&clients, &rules, "10.1.2.3").unwrap();
        let second = admit(&clients, &rules, "10.1.2.3").unwrap();
        assert!(first.busy());
        let third = admit(&clients, &rules, "10.9.9.9").unwrap();
        assert!(!second.busy() && third.busy());
        assert!(matches!(clients.admit(peer("10.1.2.3"), &rules), Admission::Full));
        drop(first);
        assert!(admit(&clients, &rules, "10.1.2.3").is_some());
    }

    #[test]
    fn what_has_left_is_not_kept() {
        let (clients, rules) = (Arc::<Clients>::default(), rules(1000, 1000));
        let busy = admit(&clients, &rules, "10.0.0.1").unwrap();
        for _ in 0..10_000 {
            drop(admit(&clients, &rules, "10.0.0.1"));
        }
        assert!(clients.table().all.slots.len() < 100);
        drop(busy);
    }
}
