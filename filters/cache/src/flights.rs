//! One request for all who ask the same at the same time. The first to come leads: it goes on to a
//! provider. Those who come while it is under way wait for what becomes of it.
//!
//! ```text
//! the leader's answer is kept      ─► the followers are given it
//! it ends without one to keep      ─► the followers go on alone
//! it is dropped without a word     ─► the next follower leads
//! ```
//!
//! Whose turn it is to lead is one permit of a semaphore: passing it on in the order of arrival,
//! and to nobody who has gone, is what a semaphore does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

use inferlayer_filter::cached::CacheKey;

/// The questions of one tenant that are under way.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<CacheKey, Open>>);

/// A flight that may be boarded.
struct Open {
    flight: Arc<Flight>,
    /// The leader's and the followers'.
    seats: u64,
}

struct Flight {
    /// One permit for the leader; closed when the flight has ended.
    lead: Semaphore,
    landed: AtomicBool,
}

/// A place in a flight; leaves when dropped.
pub(crate) struct Seat {
    flights: Arc<Flights>,
    key: CacheKey,
    flight: Arc<Flight>,
}

/// What a place in a flight leads to.
pub(crate) enum Turn {
    /// This request is the one that goes on.
    Lead(Lead),
    /// The answer is kept.
    Landed,
    /// There is nothing to wait for any more, or not for so long.
    Alone,
}

/// The duty to say how the flight ended. Dropped without a word, the next follower leads.
pub(crate) struct Lead {
    seat: Seat,
    ended: AtomicBool,
}

impl Flights {
    /// Takes a seat in the flight of `key`, which begins if there is none; none when
    /// `followers_max` wait already.
    pub(crate) fn board(self: &Arc<Self>, key: CacheKey, followers_max: u64) -> Option<Seat> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = flights.entry(key).or_insert_with(Open::begin);
        if open.seats > followers_max {
            return None;
        }
        open.seats += 1;
        Some(Seat { flights: Arc::clone(self), key, flight: Arc::clone(&open.flight) })
    }

    /// Nobody boards `flight` any more.
    fn remove(&self, key: &CacheKey, flight: &Arc<Flight>) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.get(key).is_some_and(|open| Arc::ptr_eq(&open.flight, flight)) {
            flights.remove(key);
        }
    }

    fn leave(&self, key: &CacheKey, flight: &Arc<Flight>) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = flights.get_mut(key) else { return };
        if !Arc::ptr_eq(&open.flight, flight) {
            return;
        }
        open.seats -= 1;
        if open.seats == 0 {
            flights.remove(key);
        }
    }
}

impl Open {
    fn begin() -> Open {
        let flight = Flight { lead: Semaphore::new(1), landed: AtomicBool::new(false) };
        Open { flight: Arc::new(flight), seats: 0 }
    }
}

impl Seat {
    /// Waits for the turn to lead or the end of the flight, at most `wait`.
    pub(crate) async fn turn(self, wait: Duration) -> Turn {
        let lead = &self.flight.lead;
        let permit = match lead.try_acquire() {
            Err(TryAcquireError::NoPermits) => {
                match tokio::time::timeout(wait, lead.acquire()).await {
                    Ok(permit) => permit.ok(),
                    Err(_) => return Turn::Alone,
                }
            }
            permit => permit.ok(),
        };
        // It is given back by whoever leads, or never.
        match permit.map(SemaphorePermit::forget) {
            Some(()) => Turn::Lead(Lead { seat: self, ended: AtomicBool::new(false) }),
            None if self.flight.landed.load(Ordering::Acquire) => Turn::Landed,
            None => Turn::Alone,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.flights.leave(&self.key, &self.flight);
    }
}

impl Lead {
    /// The answer is kept: the followers find it where they looked before.
    pub(crate) fn land(&self) {
        self.seat.flight.landed.store(true, Ordering::Release);
        self.end();
    }

    /// There is no answer to keep.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        // First, so that whoever comes now begins a flight of its own.
        self.seat.flights.remove(&self.seat.key, &self.seat.flight);
        self.seat.flight.lead.close();
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Acquire) {
            self.seat.flight.lead.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const KEY: CacheKey = CacheKey([1; 32]);
    const WAIT: Duration = Duration::from_secs(30);

    async fn lead(flights: &Arc<Flights>) -> Lead {
        match flights.board(KEY, 9).unwrap().turn(WAIT).await {
            Turn::Lead(lead) => lead,
            Turn::Landed | Turn::Alone => panic!("someone else leads"),
        }
    }

    async fn follow(flights: &Arc<Flights>) -> JoinHandle<Turn> {
        let follower = tokio::spawn(flights.board(KEY, 9).unwrap().turn(WAIT));
        // It waits before the test goes on.
        yield_now().await;
        follower
    }

    fn under_way(flights: &Flights) -> usize {
        flights.0.lock().unwrap().len()
    }

    #[tokio::test]
    async fn followers_hear_how_the_flight_ended() {
        let flights: Arc<Flights> = Arc::default();
        for lands in [true, false] {
            let lead = lead(&flights).await;
            let followers = [follow(&flights).await, follow(&flights).await];
            if lands {
                lead.land()
            } else {
                lead.end()
            }
            assert_eq!(under_way(&flights), 0);
            for follower in followers {
                let turn = follower.await.unwrap();
                assert!(
                    matches!(turn, Turn::Landed if lands) || matches!(turn, Turn::Alone if !lands)
                );
            }
        }
    }

    #[tokio::test]
    async fn an_abandoned_lead_goes_to_the_next_who_still_waits() {
        let flights: Arc<Flights> = Arc::default();
        let first = lead(&flights).await;
        let (gone, second, third) =
            (follow(&flights).await, follow(&flights).await, follow(&flights).await);
        gone.abort();
        assert!(gone.await.is_err());
        drop(first);
        let Turn::Lead(second) = second.await.unwrap() else { panic!("nobody leads") };
        assert!(!third.is_finished());
        second.land();
        assert!(matches!(third.await.unwrap(), Turn::Landed));
        drop(second);
        assert_eq!(under_way(&flights), 0);
    }

    #[tokio::test]
    async fn whoever_leaves_leaves_nothing_behind() {
        let flights: Arc<Flights> = Arc::default();
        drop(flights.board(KEY, 9));
        let lead = lead(&flights).await;
        let follower = follow(&flights).await;
        drop(lead);
        drop(follower.await.unwrap());
        assert_eq!(under_way(&flights), 0);
    }

    #[tokio::test]
    async fn a_new_flight_begins_where_one_has_ended() {
        let flights: Arc<Flights> = Arc::default();
        let first = lead(&flights).await;
        first.end();
        let second = lead(&flights).await;
        drop(first);
        assert_eq!(under_way(&flights), 1, "the first one's leaving is none of the second's");
        drop(second);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_too_long_or_behind_too_many() {
        let flights: Arc<Flights> = Arc::default();
        let lead = lead(&flights).await;
        let seats: Vec<_> = (0..9).map_while(|_| flights.board(KEY, 3)).collect();
        assert_eq!(seats.len(), 3);
        drop(seats);
        assert!(matches!(follow(&flights).await.await.unwrap(), Turn::Alone));
        drop(lead);
        assert_eq!(under_way(&flights), 0);
    }
}
