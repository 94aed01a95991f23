//! Decides how many attempts to connect run at once and which one is next, so
//! that a network that announces thousands of unreachable boards costs a
//! bounded number of sockets and delays no other board for long. Opens no
//! sockets.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use link::socket::Priority;
use protocol::limits::CONNECT_TIMEOUT;
use tokio::sync::oneshot;

/// How many attempts may run at once. A process may have at least 1,024 open
/// files on the supported systems.
pub(super) const AT_ONCE: usize = 256;

/// How many of them are reserved for trusted boards, and for hosts without
/// another running attempt.
const RESERVED: usize = 32;

/// The timeout of an attempt at a board that was never connected while many
/// others are running.
const SHORTENED: Duration = Duration::from_secs(3);

/// The attempts of one fleet.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    running: usize,
    /// Running attempts, by host.
    by_host: HashMap<Arc<str>, usize>,
    waiting: Waiting,
    asked: u64,
    granted: u64,
}

/// Queued attempts. With ten thousand boards, the next one must be found
/// without looking at all of them.
#[derive(Debug, Default)]
struct Waiting {
    /// By age.
    of: BTreeMap<(Priority, Arc<str>), BTreeMap<u64, oneshot::Sender<Slot>>>,
    /// Hosts by their running attempts and their oldest queued attempt.
    oldest: BTreeSet<(Priority, usize, u64, Arc<str>)>,
    /// The same by their newest queued attempt.
    newest: BTreeSet<(Priority, usize, Reverse<u64>, Arc<str>)>,
}

/// A position in the queue.
#[derive(Debug, Clone)]
struct Place {
    priority: Priority,
    host: Arc<str>,
    asked: u64,
}

/// The permission for one attempt. On drop the next one starts.
#[derive(Debug)]
pub(super) struct Slot {
    attempts: Attempts,
    host: Arc<str>,
    /// The timeout of the attempt.
    pub(super) within: Duration,
}

impl Attempts {
    /// Takes a slot for an attempt at this host if one is free.
    ///
    /// # Errors
    /// The position in the queue, if none is free.
    pub(super) fn take(&self, host: &str, priority: Priority) -> Result<Slot, Ticket> {
        let mut queue = self.queue();
        let host: Arc<str> = Arc::from(host);
        if queue.has_room(&host, priority) {
            let within = queue.begin(&host, priority);
            return Ok(Slot {
                attempts: self.clone(),
                host,
                within,
            });
        }
        queue.asked += 1;
        let place = Place {
            priority,
            host,
            asked: queue.asked,
        };
        let (slot, granted) = oneshot::channel();
        queue.add(&place, slot);
        Err(Ticket {
            attempts: self.clone(),
            place,
            granted,
        })
    }

    fn release(&self, host: &Arc<str>) {
        let mut queue = self.queue();
        queue.running = queue.running.saturating_sub(1);
        let others = queue.running_at(host).saturating_sub(1);
        queue.set_running(host, others);
        let mut granted = Vec::new();
        while let Some((place, waiting)) = queue.next() {
            let within = queue.begin(&place.host, place.priority);
            granted.push((
                waiting,
                Slot {
                    attempts: self.clone(),
                    host: place.host,
                    within,
                },
            ));
        }
        // A slot that is no longer wanted is released on drop, which takes the
        // lock.
        drop(queue);
        for (waiting, slot) in granted {
            let _ = waiting.send(slot);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn has_room(&self, host: &str, priority: Priority) -> bool {
        let room = AT_ONCE - self.running;
        room > RESERVED
            || (room > 0 && (priority == Priority::Trusted || self.running_at(host) == 0))
    }

    /// The running attempts at this host.
    fn running_at(&self, host: &str) -> usize {
        self.by_host.get(host).copied().unwrap_or_default()
    }

    fn set_running(&mut self, host: &Arc<str>, running: usize) {
        let before = match running {
            0 => self.by_host.remove(host),
            _ => self.by_host.insert(Arc::clone(host), running),
        };
        self.waiting.rank(host, before.unwrap_or_default(), running);
    }

    /// Counts an attempt that starts; returns its timeout.
    fn begin(&mut self, host: &Arc<str>, priority: Priority) -> Duration {
        self.running += 1;
        self.set_running(host, self.running_at(host) + 1);
        match priority {
            Priority::New | Priority::Failing if self.running > AT_ONCE / 2 => SHORTENED,
            _ => CONNECT_TIMEOUT,
        }
    }

    fn add(&mut self, place: &Place, slot: oneshot::Sender<Slot>) {
        let running = self.running_at(&place.host);
        self.waiting.change(place, running, |of| {
            of.insert(place.asked, slot);
        });
    }

    fn remove(&mut self, place: &Place) -> Option<oneshot::Sender<Slot>> {
        let running = self.running_at(&place.host);
        let mut removed = None;
        self.waiting
            .change(place, running, |of| removed = of.remove(&place.asked));
        removed
    }

    /// The next attempt, if there is room for it: of those with the best
    /// priority one whose host has the fewest running attempts, so that a host
    /// that announces thousands of boards delays only its own. Of these,
    /// alternately the oldest and the newest: a board that appears behind
    /// thousands is tried soon, and every queued one is tried eventually.
    fn next(&mut self) -> Option<(Place, oneshot::Sender<Slot>)> {
        let place = self.first()?;
        let waiting = self.remove(&place)?;
        self.granted += 1;
        Some((place, waiting))
    }

    fn first(&self) -> Option<Place> {
        if self.running >= AT_ONCE {
            return None;
        }
        // If there is no room for the host with the fewest running attempts,
        // other hosts of this priority have none either.
        [Priority::Trusted, Priority::New, Priority::Failing]
            .into_iter()
            .filter_map(|priority| self.waiting.first(priority, self.granted % 2 == 1))
            .find(|place| self.has_room(&place.host, place.priority))
    }
}

impl Waiting {
    /// The first attempt of this priority.
    fn first(&self, priority: Priority, newest: bool) -> Option<Place> {
        let none: Arc<str> = Arc::from("");
        let (of, asked, host) = if newest {
            let begin = (priority, 0, Reverse(u64::MAX), none);
            let (of, _, Reverse(asked), host) = self.newest.range(begin..).next()?;
            (of, asked, host)
        } else {
            let (of, _, asked, host) = self.oldest.range((priority, 0, 0, none)..).next()?;
            (of, asked, host)
        };
        (*of == priority).then(|| Place {
            priority,
            host: Arc::clone(host),
            asked: *asked,
        })
    }

    /// Changes what is queued for a host that has so many running attempts.
    fn change(
        &mut self,
        place: &Place,
        running: usize,
        change: impl FnOnce(&mut BTreeMap<u64, oneshot::Sender<Slot>>),
    ) {
        let (priority, host) = (place.priority, &place.host);
        self.set_ranked(priority, host, running, false);
        let key = (priority, Arc::clone(host));
        let of = self.of.entry(key.clone()).or_default();
        change(of);
        if of.is_empty() {
            self.of.remove(&key);
        }
        self.set_ranked(priority, host, running, true);
    }

    /// The number of attempts that run at a host has changed.
    fn rank(&mut self, host: &Arc<str>, before: usize, running: usize) {
        for priority in [Priority::Trusted, Priority::New, Priority::Failing] {
            self.set_ranked(priority, host, before, false);
            self.set_ranked(priority, host, running, true);
        }
    }

    fn set_ranked(&mut self, priority: Priority, host: &Arc<str>, running: usize, ranked: bool) {
        let Some(of) = self.of.get(&(priority, Arc::clone(host))) else {
            return;
        };
        let (Some(oldest), Some(newest)) = (of.first_key_value(), of.last_key_value()) else {
            return;
        };
        let oldest = (priority, running, *oldest.0, Arc::clone(host));
        let newest = (priority, running, Reverse(*newest.0), Arc::clone(host));
        if ranked {
            self.oldest.insert(oldest);
            self.newest.insert(newest);
        } else {
            self.oldest.remove(&oldest);
            self.newest.remove(&newest);
        }
    }
}

/// The slot of an attempt, shared by its task and by the socket's owner, who
/// knows when a board has answered. Released when both have dropped it.
#[derive(Debug, Clone, Default)]
pub(super) struct HeldSlot(Arc<Mutex<Option<Slot>>>);

impl HeldSlot {
    pub(super) fn hold(&self, slot: Slot) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
    }

    /// The attempt is over.
    pub(super) fn release(&self) {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(slot);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.attempts.release(&self.host);
    }
}

/// A position in the queue; given up on drop.
#[derive(Debug)]
pub(super) struct Ticket {
    attempts: Attempts,
    place: Place,
    granted: oneshot::Receiver<Slot>,
}

impl Ticket {
    /// Waits until the attempt may start. Never `None`: the queue lives as long
    /// as its tickets.
    pub(super) async fn slot(mut self) -> Option<Slot> {
        (&mut self.granted).await.ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.attempts.queue().remove(&self.place);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full(host: &str) -> (Attempts, Vec<Slot>) {
        let attempts = Attempts::default();
        let mut slots = Vec::new();
        while let Ok(slot) = attempts.take(host, Priority::New) {
            slots.push(slot);
        }
        (attempts, slots)
    }

    fn granted(ticket: &mut Ticket) -> Option<Slot> {
        ticket.granted.try_recv().ok()
    }

    #[test]
    fn one_host_cannot_take_every_slot() {
        let (attempts, slots) = full("10.0.0.1");
        assert_eq!(slots.len(), AT_ONCE - RESERVED);
        let other = attempts.take("10.0.0.2", Priority::New).unwrap();
        assert!(attempts.take("10.0.0.2", Priority::New).is_err());
        let trusted = attempts.take("10.0.0.1", Priority::Trusted).unwrap();
        assert_eq!(trusted.within, CONNECT_TIMEOUT);
        drop((other, trusted));
        let mut hosts = Vec::new();
        while let Ok(slot) = attempts.take(&format!("10.0.1.{}", hosts.len()), Priority::Failing) {
            hosts.push(slot);
        }
        assert_eq!(slots.len() + hosts.len(), AT_ONCE);
        assert!(attempts.take("10.0.0.1", Priority::Trusted).is_err());
    }

    #[test]
    fn the_queue_is_served_by_priority_then_by_host_then_from_both_ends() {
        let (attempts, mut slots) = full("10.0.0.1");
        let wait = |host, priority| attempts.take(host, priority).unwrap_err();
        let first_of_host = attempts.take("10.0.0.2", Priority::New).unwrap();
        let mut failing = wait("10.0.0.1", Priority::Failing);
        let mut old_host = wait("10.0.0.1", Priority::New);
        let mut old_host_between = wait("10.0.0.1", Priority::New);
        let mut old_host_last = wait("10.0.0.1", Priority::New);
        let mut other_host = wait("10.0.0.2", Priority::New);
        // One more than is free for hosts with running attempts.
        slots.pop();
        assert!(granted(&mut other_host).is_none());
        slots.pop();
        let other = granted(&mut other_host).unwrap();
        assert_eq!(other.within, SHORTENED);
        for ticket in [
            &mut old_host_last,
            &mut old_host,
            &mut old_host_between,
            &mut failing,
        ] {
            assert!(granted(ticket).is_none());
            slots.pop();
            slots.push(granted(ticket).unwrap());
        }
        drop(first_of_host);
    }

    #[test]
    fn a_ticket_that_is_dropped_takes_no_slot_and_is_forgotten() {
        let (attempts, mut slots) = full("10.0.0.1");
        let canceled = attempts.take("10.0.0.1", Priority::New).unwrap_err();
        let mut next = attempts.take("10.0.0.1", Priority::New).unwrap_err();
        drop(canceled);
        assert_eq!(attempts.queue().waiting.of.len(), 1);
        slots.pop();
        assert!(granted(&mut next).is_some());
        slots.clear();
        let queue = attempts.queue();
        assert_eq!(
            (queue.running, queue.by_host.len(), queue.waiting.of.len()),
            (0, 0, 0)
        );
        let ranked = queue.waiting.oldest.len() + queue.waiting.newest.len();
        assert_eq!(ranked, 0, "and nothing of it is left");
    }

    proptest! {
        /// The order does not depend on how the next one is found: it is that
        /// of a search through everything that is queued.
        #[test]
        fn the_next_attempt_is_that_of_a_search_through_all(
            steps in prop::collection::vec((0u8..8, 0usize..6, 0usize..3, 0usize..=AT_ONCE), 1..200)
        ) {
            let mut queue = Queue::default();
            let mut places: Vec<Place> = Vec::new();
            for (step, host, priority, number) in steps {
                let host: Arc<str> = Arc::from(format!("10.0.0.{host}"));
                match step {
                    0 => queue.running = number,
                    1 => queue.set_running(&host, number % 3),
                    2 if !places.is_empty() => {
                        let place = places.swap_remove(number % places.len());
                        prop_assert!(queue.remove(&place).is_some());
                    }
                    _ => {
                        queue.asked += 1;
                        let priorities = [Priority::Trusted, Priority::New, Priority::Failing];
                        let priority = priorities[priority];
                        let place = Place { priority, host, asked: queue.asked };
                        queue.add(&place, oneshot::channel().0);
                        places.push(place);
                    }
                }
                queue.granted += 1;
                prop_assert_eq!(queue.first().map(|place| place.asked), by_search(&queue, &places));
            }
        }
    }

    fn by_search(queue: &Queue, places: &[Place]) -> Option<u64> {
        let newest_first = queue.granted % 2 == 1;
        let eligible = places
            .iter()
            .filter(|place| queue.running < AT_ONCE && queue.has_room(&place.host, place.priority));
        let first = eligible.min_by_key(|place| {
            let order = if newest_first {
                u64::MAX - place.asked
            } else {
                place.asked
            };
            (place.priority, queue.running_at(&place.host), order)
        });
        first.map(|place| place.asked)
    }
}
