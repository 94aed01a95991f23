//! Decides how many attempts to connect run at once and which one is next, so
//! that a network that announces thousands of unreachable boards costs a
//! bounded number of sockets and delays no other board for long. Opens no
//! sockets.

use std::{
    collections::{BTreeMap, HashMap},
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
    by_host: HashMap<String, usize>,
    /// Queued attempts, by priority and age.
    waiting: BTreeMap<(Priority, u64), Waiting>,
    asked: u64,
    granted: u64,
}

#[derive(Debug)]
struct Waiting {
    host: String,
    slot: oneshot::Sender<Slot>,
}

/// The permission for one attempt. On drop the next one starts.
#[derive(Debug)]
pub(super) struct Slot {
    attempts: Attempts,
    host: String,
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
        if queue.has_room(host, priority) {
            let within = queue.begin(host, priority);
            return Ok(Slot {
                attempts: self.clone(),
                host: host.to_owned(),
                within,
            });
        }
        queue.asked += 1;
        let place = (priority, queue.asked);
        let (slot, granted) = oneshot::channel();
        queue.waiting.insert(
            place,
            Waiting {
                host: host.to_owned(),
                slot,
            },
        );
        Err(Ticket {
            attempts: self.clone(),
            place,
            granted,
        })
    }

    fn release(&self, host: &str) {
        let mut queue = self.queue();
        queue.running = queue.running.saturating_sub(1);
        if let Some(count) = queue.by_host.get_mut(host) {
            *count -= 1;
            if *count == 0 {
                queue.by_host.remove(host);
            }
        }
        let mut granted = Vec::new();
        while let Some((place, waiting)) = queue.next() {
            let within = queue.begin(&waiting.host, place.0);
            granted.push((
                waiting.slot,
                Slot {
                    attempts: self.clone(),
                    host: waiting.host,
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
            || (room > 0 && (priority == Priority::Trusted || !self.by_host.contains_key(host)))
    }

    /// Counts an attempt that starts; returns its timeout.
    fn begin(&mut self, host: &str, priority: Priority) -> Duration {
        self.running += 1;
        *self.by_host.entry(host.to_owned()).or_default() += 1;
        match priority {
            Priority::New | Priority::Failing if self.running > AT_ONCE / 2 => SHORTENED,
            _ => CONNECT_TIMEOUT,
        }
    }

    /// The next attempt, if there is room for it: of those with the best
    /// priority one whose host has the fewest running attempts, so that a host
    /// that announces thousands of boards delays only its own. Of these,
    /// alternately the oldest and the newest: a board that appears behind
    /// thousands is tried soon, and every queued one is tried eventually.
    fn next(&mut self) -> Option<((Priority, u64), Waiting)> {
        if self.running >= AT_ONCE {
            return None;
        }
        let eligible = self
            .waiting
            .iter()
            .filter(|((priority, _), waiting)| self.has_room(&waiting.host, *priority));
        let running = |host: &String| self.by_host.get(host).copied().unwrap_or_default();
        let newest_first = self.granted % 2 == 1;
        let (place, _) = eligible.min_by_key(|((priority, asked), waiting)| {
            let order = if newest_first {
                u64::MAX - *asked
            } else {
                *asked
            };
            (*priority, running(&waiting.host), order)
        })?;
        let place = *place;
        self.granted += 1;
        self.waiting.remove(&place).map(|waiting| (place, waiting))
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
    place: (Priority, u64),
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
        self.attempts.queue().waiting.remove(&self.place);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
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
        assert_eq!(attempts.queue().waiting.len(), 1);
        slots.pop();
        assert!(granted(&mut next).is_some());
        slots.clear();
        let queue = attempts.queue();
        assert_eq!(
            (queue.running, queue.by_host.len(), queue.waiting.len()),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_slot_that_is_granted_to_a_dropped_ticket_is_passed_on() {
        let (attempts, mut slots) = full("10.0.0.1");
        let mut left = attempts.take("10.0.0.1", Priority::New).unwrap_err();
        let mut next = attempts.take("10.0.0.1", Priority::New).unwrap_err();
        left.granted.close();
        slots.pop();
        assert!(granted(&mut next).is_some());
        drop(left);
    }
}
