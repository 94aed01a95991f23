//! What a channel's task writes and its handle reads: how it is, and the newest
//! of what happened, in bounded memory.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use tokio::sync::Notify;

use super::{
    cause::Cause,
    entry::{Direction, Entry, What},
    meter::Meter,
    recording::Recorder,
    settings::{Full, Keep},
    view::{Life, Pings, State, Sum, View},
};
use net::client::Traffic;

/// So many lives are kept.
const LIVES: usize = 64;

/// What happened since somebody looked last.
#[derive(Debug, Default)]
pub struct Since {
    /// What happened, the oldest first.
    pub entries: Vec<Arc<Entry>>,
    /// How many before these were forgotten.
    pub forgotten: u64,
    /// Where to go on.
    pub next: u64,
}

/// Shared by a channel's task and its handle.
pub(super) struct Store {
    inner: Mutex<Inner>,
    keep: Keep,
    started: Instant,
    pub(super) traffic: Arc<Traffic>,
    /// Something changed.
    changed: Notify,
    /// There is room again.
    room: Notify,
    /// The face has looked since it was woken last.
    looked: AtomicBool,
    /// It is to be closed for good. Not a command alone: those that a
    /// connection leaves behind are dropped.
    unwanted: AtomicBool,
}

struct Inner {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    next: u64,
    state: State,
    since: Instant,
    began: SystemTime,
    lives: VecDeque<Arc<Life>>,
    ended: u64,
    pings: Pings,
    meter: Meter,
    /// What came and what was sent: messages and their bytes, in all lives.
    sums: [(u64, u64); 2],
    /// Messages of the life that goes on.
    of_this_life: [u64; 2],
    unsent: u64,
    queued: (usize, usize),
    repeating: Option<u64>,
    recorder: Option<Recorder>,
}

impl Store {
    /// What offsets count from.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn new(keep: Keep) -> Self {
        let inner = Inner {
            entries: VecDeque::new(),
            bytes: 0,
            next: 0,
            state: State::Connecting,
            since: Instant::now(),
            began: SystemTime::now(),
            lives: VecDeque::new(),
            ended: 0,
            pings: Pings::default(),
            meter: Meter::default(),
            sums: Default::default(),
            of_this_life: [0; 2],
            unsent: 0,
            queued: (0, 0),
            repeating: None,
            recorder: None,
        };
        Self {
            inner: Mutex::new(inner),
            keep,
            started: Instant::now(),
            traffic: Arc::default(),
            changed: Notify::new(),
            room: Notify::new(),
            looked: AtomicBool::new(true),
            unwanted: AtomicBool::new(false),
        }
    }

    /// It is to be closed for good from now on.
    pub(super) fn give_up(&self) {
        self.unwanted.store(true, Ordering::Release);
    }

    /// Whether it is to be closed for good.
    pub(super) fn is_unwanted(&self) -> bool {
        self.unwanted.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened. Waits where there is no room, or where a recording
    /// is written too slowly.
    pub(super) async fn add(&self, what: What) {
        let entry = loop {
            let room = self.room.notified();
            {
                let mut inner = self.lock();
                if self.keep.full == Full::Forget || inner.has_room(self.keep) {
                    break self.put(&mut inner, what);
                }
            }
            room.await;
        };
        self.changed.notify_one();
        let room = self
            .lock()
            .recorder
            .as_ref()
            .and_then(|recorder| recorder.write(&entry));
        if let Some(room) = room {
            room.wait().await;
        }
    }

    fn put(&self, inner: &mut Inner, what: What) -> Arc<Entry> {
        let offset = self.started.elapsed();
        if let What::Message(way, content) = &what {
            let (messages, bytes) = &mut inner.sums[*way as usize];
            *messages += 1;
            *bytes += content.len() as u64;
            inner.of_this_life[*way as usize] += 1;
            inner.meter.message(*way, content.len(), offset);
        }
        inner
            .meter
            .wire(self.traffic.received(), self.traffic.sent(), offset);
        match &what {
            What::Ping(Direction::Out) => inner.pings.sent += 1,
            What::Pong(took) => inner.pings.answered(*took),
            _ => {}
        }
        let entry = Arc::new(Entry {
            number: inner.next,
            at: SystemTime::now(),
            offset,
            what,
        });
        inner.next += 1;
        inner.bytes += entry.size();
        inner.entries.push_back(Arc::clone(&entry));
        while inner.entries.len() > 1
            && (inner.entries.len() > self.keep.entries || inner.bytes > self.keep.bytes)
            && let Some(oldest) = inner.entries.pop_front()
        {
            inner.bytes -= oldest.size();
        }
        entry
    }

    /// The channel is now so.
    pub(super) async fn enter(&self, state: State) {
        let what = match &state {
            State::Connecting => Some(What::Connecting),
            State::Open(protocol) => Some(What::Open(protocol.clone())),
            State::Waiting(until) => Some(What::Waiting(
                until.saturating_duration_since(Instant::now()),
            )),
            State::Closed => None,
        };
        {
            let mut inner = self.lock();
            if matches!(state, State::Open(_) | State::Connecting) {
                inner.began = SystemTime::now();
                inner.of_this_life = [0; 2];
            }
            (inner.state, inner.since) = (state, Instant::now());
        }
        match what {
            Some(what) => self.add(what).await,
            None => self.changed.notify_one(),
        }
    }

    /// A life, or an attempt, ended.
    pub(super) async fn end(&self, cause: Cause) {
        {
            let mut inner = self.lock();
            let lasted = inner.state.is_open().then(|| inner.since.elapsed());
            let life = Life {
                began: inner.began,
                lasted,
                cause: cause.clone(),
                messages: inner.of_this_life,
            };
            if inner.lives.len() == LIVES {
                inner.lives.pop_front();
            }
            inner.lives.push_back(Arc::new(life));
            inner.ended += 1;
            inner.repeating = None;
        }
        self.add(What::End(cause)).await;
    }

    /// How long the life that goes on, or ended last, has been in its state.
    pub(super) fn in_state_for(&self) -> std::time::Duration {
        self.lock().since.elapsed()
    }

    /// A message waits to be sent, unless there is no room for it or the
    /// channel is not open.
    pub(super) fn enqueue(
        &self,
        bytes: usize,
        most: (usize, usize),
    ) -> Result<(), super::SendError> {
        let mut inner = self.lock();
        if !inner.state.is_open() {
            return Err(super::SendError::NotOpen);
        }
        // One that alone is larger than all may be has the queue for itself.
        if inner.queued.0 > 0 && (inner.queued.0 >= most.0 || inner.queued.1 + bytes > most.1) {
            return Err(super::SendError::Full);
        }
        inner.queued = (inner.queued.0 + 1, inner.queued.1 + bytes);
        Ok(())
    }

    /// A message waits no longer: it was sent, or it was not.
    pub(super) fn dequeue(&self, bytes: usize, sent: bool) {
        let mut inner = self.lock();
        inner.queued = (
            inner.queued.0.saturating_sub(1),
            inner.queued.1.saturating_sub(bytes),
        );
        inner.unsent += u64::from(!sent);
    }

    pub(super) fn repeats(&self, times: Option<u64>) {
        self.lock().repeating = times;
        self.changed.notify_one();
    }

    pub(super) fn record(&self, recorder: Option<Recorder>) -> Option<Recorder> {
        let before = std::mem::replace(&mut self.lock().recorder, recorder);
        self.changed.notify_one();
        before
    }

    /// Calls this when something changed, but no more often than `every`, and
    /// not again before somebody has looked.
    pub(super) async fn wake(&self, every: std::time::Duration, wake: impl Fn()) {
        loop {
            self.changed.notified().await;
            if self.looked.swap(false, Ordering::AcqRel) {
                wake();
                tokio::time::sleep(every).await;
            }
        }
    }

    pub(super) fn view(&self) -> View {
        self.looked.store(true, Ordering::Release);
        let now = self.started.elapsed();
        let mut inner = self.lock();
        let wire = [self.traffic.received(), self.traffic.sent()];
        inner.meter.wire(wire[0], wire[1], now);
        let sum = |way: Direction| {
            let (messages, bytes) = inner.sums[way as usize];
            Sum {
                messages,
                bytes,
                wire: wire[way as usize],
                rate: inner.meter.rate(way, now),
            }
        };
        View {
            state: inner.state.clone(),
            since: inner.since,
            lives: inner.lives.iter().cloned().collect(),
            ended: inner.ended,
            pings: inner.pings.clone(),
            received: sum(Direction::In),
            sent: sum(Direction::Out),
            unsent: inner.unsent,
            queued: inner.queued.0,
            repeating: inner.repeating,
            recording: inner.recorder.as_ref().map(Recorder::recorded),
            quiet: inner.meter.is_quiet(now),
        }
    }

    /// What happened from this number on, at most `most`.
    pub(super) fn since(&self, next: u64, most: usize) -> Since {
        self.looked.store(true, Ordering::Release);
        let mut inner = self.lock();
        let first = inner
            .entries
            .front()
            .map_or(inner.next, |entry| entry.number);
        let from = next.max(first);
        let at = usize::try_from(from - first).unwrap_or(usize::MAX);
        let entries: Vec<Arc<Entry>> = inner.entries.iter().skip(at).take(most).cloned().collect();
        let since = Since {
            next: from + entries.len() as u64,
            forgotten: from.saturating_sub(next),
            entries,
        };
        let more = since.next < inner.next;
        if self.keep.full == Full::Wait {
            while inner
                .entries
                .front()
                .is_some_and(|entry| entry.number < since.next)
                && let Some(taken) = inner.entries.pop_front()
            {
                inner.bytes -= taken.size();
            }
            self.room.notify_one();
        }
        drop(inner);
        if more {
            self.changed.notify_one();
        }
        since
    }
}

impl Inner {
    fn has_room(&self, keep: Keep) -> bool {
        self.entries.is_empty() || (self.entries.len() < keep.entries && self.bytes < keep.bytes)
    }
}
