//! The connection pool: how many connections there are, and which one ends when
//! another comes and all slots are taken. A connection that only waits for its
//! client can be evicted; a controller or a side channel cannot. Owns no socket
//! and reads no clock.
//!
//! During a flood every choice is unfair to someone, so it is made by what an
//! attacker cannot choose freely. A source address that opened many connections
//! in the last seconds goes first, then one that has many slots. Among equals
//! one goes at random that has been there for [`HOLD`], so that a client that
//! needs one round trip to send the next message has it. Without one,
//! the newcomer goes if this is a flood, and otherwise the oldest.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{serve::ServerSettings, source_rates::SourceRates};

/// Evicted connections that have not ended yet.
const LEAVING: usize = 1;

/// Refused connections that get a response; while there is one, others are
/// closed without one.
const REFUSED: usize = 1;

/// In a flood a connection is not evicted by its equals within this time,
/// during which a client in a local network answers.
const HOLD: Duration = Duration::from_millis(60);

/// A flood: more connections came in the last seconds than the slots could each
/// hold for [`HOLD`].
const FLOOD_PER_SLOT: u32 = 16;

/// The connections of a board.
pub(crate) struct Pool {
    slots: usize,
    side_channel_slots: usize,
    connections: RefCell<BTreeMap<u64, Connection>>,
    refused: Cell<usize>,
    side_channels: Cell<usize>,
    sources: RefCell<SourceRates>,
    last_number: Cell<u64>,
    acceptor: RefCell<Option<Waker>>,
}

struct Connection {
    from: IpAddr,
    state: State,
    /// Since when it is in this state.
    since: Duration,
    waker: Option<Waker>,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Something that must not be interrupted.
    Kept,
    /// It waits for its client.
    Waits(Stage),
    /// Its slot was given to another connection.
    Evicted,
}

/// How far a connection that waits for its client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It had its answer: it may send another request, or is being closed (RFC
    /// 9112, section 9.5: either side may close an idle connection).
    Idle,
    /// Its request is incomplete.
    Silent,
    /// Its request has arrived; the body, the proof of a key or the reading of
    /// the answer is missing.
    Requested,
}

/// What is done with a new connection.
pub(crate) enum Admission<'a> {
    /// It has a slot.
    Admitted(Slot<'a>),
    /// It has none and gets a response.
    Refused(RefusedSlot<'a>),
    /// It has none and is closed: another is being refused.
    Dropped,
}

impl Pool {
    /// A pool whose choices depend on `secret`, which should be random.
    pub(crate) fn new(settings: &ServerSettings, secret: u64) -> Self {
        Self {
            slots: settings.connections,
            side_channel_slots: settings.side_channels,
            connections: RefCell::default(),
            refused: Cell::new(0),
            side_channels: Cell::new(0),
            sources: RefCell::new(SourceRates::new(secret)),
            last_number: Cell::new(0),
            acceptor: RefCell::default(),
        }
    }

    /// Waits until the next connection may be accepted: until evicted ones have
    /// ended.
    pub(crate) async fn may_accept(&self) {
        poll_fn(|cx| {
            if self.connections.borrow().len() < self.slots + LEAVING {
                return Poll::Ready(());
            }
            *self.acceptor.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// A connection from this address was accepted.
    pub(crate) fn admit(&self, now: Duration, from: IpAddr) -> Admission<'_> {
        self.sources.borrow_mut().connected(now, from);
        if self.connections.borrow().len() >= self.slots && !self.evict_for(now, from) {
            if self.refused.get() >= REFUSED {
                return Admission::Dropped;
            }
            self.refused.set(self.refused.get() + 1);
            return Admission::Refused(RefusedSlot { pool: self });
        }
        self.last_number.set(self.last_number.get() + 1);
        let number = self.last_number.get();
        let connection = Connection {
            from,
            state: State::Waits(Stage::Silent),
            since: now,
            waker: None,
        };
        self.connections.borrow_mut().insert(number, connection);
        Admission::Admitted(Slot { pool: self, number })
    }

    /// Gives a slot to a newcomer from this address; `false` if the newcomer
    /// has to go.
    fn evict_for(&self, now: Duration, newcomer: IpAddr) -> bool {
        let mut connections = self.connections.borrow_mut();
        let of =
            |stage: Stage| move |connection: &Connection| connection.state == State::Waits(stage);
        let count = |stage| {
            connections
                .values()
                .filter(|connection| of(stage)(connection))
                .count()
        };
        let idle = connections
            .iter()
            .filter(|(_, connection)| of(Stage::Idle)(connection));
        let longest_idle = idle
            .min_by_key(|(number, connection)| (connection.since, **number))
            .map(|(number, _)| *number);
        let victim = longest_idle.or_else(|| {
            // Those whose request has arrived keep three quarters of what
            // neither is kept nor idle: connections that send nothing cannot
            // displace them.
            let (silent, requested) = (count(Stage::Silent), count(Stage::Requested));
            let share = (silent + requested).saturating_sub(((silent + requested) / 4).max(1));
            let stage = if silent == 0 || requested > share {
                Stage::Requested
            } else {
                Stage::Silent
            };
            let candidates: Vec<(u64, IpAddr, Duration)> = connections
                .iter()
                .filter(|(_, connection)| of(stage)(connection))
                .map(|(number, connection)| (*number, connection.from, connection.since))
                .collect();
            self.choose(now, newcomer, &candidates)
        });
        let Some(connection) = victim.and_then(|victim| connections.get_mut(&victim)) else {
            return false;
        };
        connection.state = State::Evicted;
        if let Some(waker) = connection.waker.take() {
            waker.wake();
        }
        true
    }

    /// Which of these goes; `None` if it is the newcomer.
    fn choose(
        &self,
        now: Duration,
        newcomer: IpAddr,
        candidates: &[(u64, IpAddr, Duration)],
    ) -> Option<u64> {
        let mut sources = self.sources.borrow_mut();
        let slots = |from| {
            candidates
                .iter()
                .filter(|(_, other, _)| *other == from)
                .count()
        };
        let burden = |from: IpAddr, own: usize| (sources.heat(from), slots(from) + own);
        let burdens: Vec<_> = candidates
            .iter()
            .map(|(_, from, _)| burden(*from, usize::from(*from == newcomer)))
            .collect();
        let (own, most) = (burden(newcomer, 1), burdens.iter().max().copied()?);
        if own > most {
            return None;
        }
        let heaviest = candidates
            .iter()
            .zip(&burdens)
            .filter(|(_, burden)| **burden == most)
            .map(|(candidate, _)| candidate);
        if own < most {
            // It may be interrupted at once.
            let chosen: Vec<u64> = heaviest.map(|(number, ..)| *number).collect();
            return chosen.get(sources.random(chosen.len())).copied();
        }
        let held: Vec<u64> = heaviest
            .clone()
            .filter(|(.., since)| now.saturating_sub(*since) >= HOLD)
            .map(|(number, ..)| *number)
            .collect();
        let flood = usize::try_from(sources.total() / FLOOD_PER_SLOT)
            .is_ok_and(|times| times >= self.slots);
        match held.get(sources.random(held.len())) {
            Some(chosen) => Some(*chosen),
            None if flood => None,
            None => heaviest
                .min_by_key(|(number, _, since)| (*since, *number))
                .map(|(number, ..)| *number),
        }
    }
}

/// A connection's slot, until it is dropped.
pub(crate) struct Slot<'a> {
    pool: &'a Pool,
    number: u64,
}

impl<'a> Slot<'a> {
    /// Runs `work`, which waits for the client. `None` if the connection was
    /// evicted meanwhile: it has to end now. It is pinned by the caller: passed
    /// by value it would be kept twice, some 4 kB for each connection.
    pub(crate) async fn wait<F: Future>(
        &self,
        now: Duration,
        stage: Stage,
        mut work: Pin<&mut F>,
    ) -> Option<F::Output> {
        self.change(now, State::Waits(stage));
        let output = poll_fn(|cx| {
            if self.is_evicted(cx) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await;
        self.change(now, State::Kept);
        output
    }

    /// A slot for a side channel, if one is free: side channels last as long as
    /// their clients want, and must not fill the pool.
    pub(crate) fn side_channel(&self) -> Option<SideSlot<'a>> {
        let pool = self.pool;
        if pool.side_channels.get() >= pool.side_channel_slots {
            return None;
        }
        pool.side_channels.set(pool.side_channels.get() + 1);
        Some(SideSlot { pool })
    }

    /// Once evicted, it stays so.
    fn change(&self, now: Duration, to: State) {
        if let Some(connection) = self.pool.connections.borrow_mut().get_mut(&self.number)
            && connection.state != State::Evicted
        {
            connection.state = to;
            connection.since = now;
        }
    }

    fn is_evicted(&self, cx: &Context<'_>) -> bool {
        match self.pool.connections.borrow_mut().get_mut(&self.number) {
            Some(Connection {
                state: State::Waits(_),
                waker,
                ..
            }) => {
                *waker = Some(cx.waker().clone());
                false
            }
            Some(Connection {
                state: State::Evicted,
                ..
            }) => true,
            Some(Connection {
                state: State::Kept, ..
            })
            | None => false,
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pool.connections.borrow_mut().remove(&self.number);
        if let Some(waker) = self.pool.acceptor.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// What a connection without a slot holds while it is refused.
pub(crate) struct RefusedSlot<'a> {
    pool: &'a Pool,
}

impl Drop for RefusedSlot<'_> {
    fn drop(&mut self) {
        self.pool.refused.set(self.pool.refused.get() - 1);
    }
}

/// A slot for a side channel, until it is dropped.
pub(crate) struct SideSlot<'a> {
    pool: &'a Pool,
}

impl Drop for SideSlot<'_> {
    fn drop(&mut self) {
        self.pool
            .side_channels
            .set(self.pool.side_channels.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use alloc::{boxed::Box, vec::Vec};
    use core::{net::Ipv4Addr, pin::pin};

    use super::*;

    fn pool(connections: usize) -> Pool {
        Pool::new(
            &ServerSettings {
                connections,
                ..ServerSettings::for_controllers(4)
            },
            7,
        )
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn host(number: u8) -> IpAddr {
        Ipv4Addr::new(192, 168, 1, number).into()
    }

    fn admitted(admission: Admission<'_>) -> Option<Slot<'_>> {
        match admission {
            Admission::Admitted(slot) => Some(slot),
            Admission::Refused(_) | Admission::Dropped => None,
        }
    }

    /// A connection that is in this stage since then; polled once, so that it
    /// waits.
    fn in_stage(
        slot: Slot<'_>,
        now: Duration,
        stage: Stage,
    ) -> Pin<Box<dyn Future<Output = Option<()>> + '_>> {
        let mut waiting: Pin<Box<dyn Future<Output = Option<()>> + '_>> = Box::pin(async move {
            slot.wait(now, stage, pin!(core::future::pending::<()>()))
                .await
        });
        let polled = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        waiting
    }

    fn is_evicted(waiting: &mut Pin<Box<dyn Future<Output = Option<()>> + '_>>) -> bool {
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            == Poll::Ready(None)
    }

    /// How many of an honest client's connections, about five a second, survive
    /// `round_trip` while others connect so many times a second from so many
    /// addresses.
    fn survivors(
        slots: usize,
        rate: u64,
        sources: u64,
        stage: Stage,
        honest: IpAddr,
        round_trip: Duration,
    ) -> usize {
        let (pool, mut chance) = (pool(slots), SourceRates::new(11));
        let mut flood = Vec::new();
        let (mut now, mut strangers, mut survived) = (ms(0), 0_u64, 0);
        let (mut client, mut next_attempt, mut attempts) = (None, ms(1_000), 0);
        while attempts < 30 || client.is_some() {
            now += Duration::from_micros(1_000_000 / rate);
            // Of those that come in the same moment, either may be first.
            for is_stranger in if chance.random(2) == 0 {
                [true, false]
            } else {
                [false, true]
            } {
                if is_stranger {
                    strangers += 1;
                    let from = host(u8::try_from(100 + strangers % sources).unwrap_or(255));
                    flood.extend(
                        admitted(pool.admit(now, from)).map(|slot| in_stage(slot, now, stage)),
                    );
                } else if attempts < 30 && client.is_none() && now >= next_attempt {
                    (next_attempt, attempts) =
                        (now + ms(150 + chance.random(100) as u64), attempts + 1);
                    client = admitted(pool.admit(now, honest))
                        .map(|slot| (now, in_stage(slot, now, stage)));
                }
                flood.retain_mut(|stranger| !is_evicted(stranger));
                client.take_if(|(_, waiting)| is_evicted(waiting));
            }
            survived += usize::from(
                client
                    .take_if(|(since, _)| now.saturating_sub(*since) >= round_trip)
                    .is_some(),
            );
        }
        survived
    }

    #[test]
    fn a_flood_from_one_address_evicts_no_client_from_another() {
        for stage in [Stage::Silent, Stage::Requested] {
            assert_eq!(
                survivors(8, 900, 1, stage, host(1), ms(20)),
                30,
                "{stage:?}"
            );
            assert_eq!(
                survivors(8, 900, 1, stage, host(1), ms(500)),
                30,
                "{stage:?}, a slow client"
            );
        }
    }

    #[test]
    fn a_flood_from_twenty_addresses_evicts_no_client_from_another() {
        for stage in [Stage::Silent, Stage::Requested] {
            let survived = survivors(8, 900, 20, stage, host(1), ms(20));
            assert!(survived >= 28, "{stage:?}: {survived} of 30");
        }
    }

    #[test]
    fn a_flood_from_the_clients_own_address_leaves_it_a_fair_share() {
        // Eight slots for 900 connections per second, each held for 60 ms: one
        // in seven survives; evicting the oldest first, none would.
        let survived = survivors(8, 900, 1, Stage::Requested, host(100), ms(20));
        assert!(survived >= 1, "{survived} of 30");
        let survived = survivors(128, 900, 1, Stage::Requested, host(100), ms(20));
        assert_eq!(survived, 30);
    }

    #[test]
    fn connections_that_send_nothing_displace_none_whose_request_has_arrived() {
        let pool = pool(8);
        let mut requested: Vec<_> = (0..6)
            .filter_map(|_| admitted(pool.admit(ms(0), host(1))))
            .map(|slot| in_stage(slot, ms(0), Stage::Requested))
            .collect();
        let mut silent = Vec::new();
        for at in 1..2_000 {
            silent.extend(
                admitted(pool.admit(ms(at), host(2)))
                    .map(|slot| in_stage(slot, ms(at), Stage::Silent)),
            );
            silent.retain_mut(|stranger| !is_evicted(stranger));
        }
        assert!(requested.iter_mut().all(|client| !is_evicted(client)));
    }

    #[test]
    fn requests_that_never_end_leave_room_for_a_newcomer() {
        let pool = pool(8);
        let mut strangers: Vec<_> = (0..8)
            .filter_map(|_| admitted(pool.admit(ms(0), host(2))))
            .map(|slot| in_stage(slot, ms(0), Stage::Requested))
            .collect();
        assert!(admitted(pool.admit(ms(1), host(1))).is_some());
        assert_eq!(
            strangers
                .iter_mut()
                .filter_map(|stranger| is_evicted(stranger).then_some(()))
                .count(),
            1
        );
    }

    #[test]
    fn what_is_kept_is_never_evicted_and_one_newcomer_at_a_time_is_told() {
        let pool = pool(2);
        // Between two waits a connection does what must not be interrupted.
        let kept: Vec<_> = (0..2)
            .filter_map(|_| admitted(pool.admit(ms(0), host(1))))
            .inspect(|slot| slot.change(ms(0), State::Kept))
            .collect();
        let told = pool.admit(ms(9_000), host(2));
        assert!(matches!(told, Admission::Refused(_)));
        assert!(matches!(pool.admit(ms(9_000), host(2)), Admission::Dropped));
        drop(told);
        assert!(matches!(
            pool.admit(ms(9_000), host(2)),
            Admission::Refused(_)
        ));
        drop(kept);
        assert!(admitted(pool.admit(ms(9_000), host(2))).is_some());
    }
}
