//! What a channel's task writes and its handle reads: the status and the newest
//! log entries, in bounded memory.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use net::client::Traffic;
use tokio::sync::Notify;

use super::{
    SendError,
    cause::EndCause,
    entry::{Direction, Entry, EntryKind},
    meter::Meter,
    recording::Recorder,
    settings::{Retention, WhenFull},
    status::{ChannelState, ChannelStatus, PastConnection, PingStats, TrafficTotal},
};

/// Past connections that are kept.
const MAX_PAST: usize = 64;

/// Log entries since the last read.
#[derive(Debug, Default)]
pub struct NewEntries {
    /// The entries, oldest first.
    pub entries: Vec<Arc<Entry>>,
    /// How many entries before these were dropped.
    pub dropped: u64,
    /// The number to continue from.
    pub next: u64,
}

/// Shared by a channel's task and its handle.
pub(super) struct Store {
    inner: Mutex<Inner>,
    retention: Retention,
    started: Instant,
    pub(super) traffic: Arc<Traffic>,
    changed: Notify,
    /// Entries were read, so that more fit.
    has_room: Notify,
    /// The handle was read since the last wake-up.
    was_read: AtomicBool,
    /// The channel is to be closed for good. Not only a command, because the
    /// commands that a connection leaves unread are dropped.
    close_requested: AtomicBool,
}

struct Inner {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    next: u64,
    state: ChannelState,
    since: Instant,
    began: SystemTime,
    past: VecDeque<Arc<PastConnection>>,
    ended: u64,
    pings: PingStats,
    meter: Meter,
    /// Messages and bytes received and sent, over all connections.
    totals: [(u64, u64); 2],
    /// Messages of the current connection.
    messages: [u64; 2],
    unsent: u64,
    /// Messages and bytes waiting to be sent.
    queued: (usize, usize),
    repeating: Option<u64>,
    recorder: Option<Recorder>,
}

impl Store {
    /// The time that offsets count from.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn new(retention: Retention) -> Self {
        let inner = Inner {
            entries: VecDeque::new(),
            bytes: 0,
            next: 0,
            state: ChannelState::Connecting,
            since: Instant::now(),
            began: SystemTime::now(),
            past: VecDeque::new(),
            ended: 0,
            pings: PingStats::default(),
            meter: Meter::default(),
            totals: Default::default(),
            messages: [0; 2],
            unsent: 0,
            queued: (0, 0),
            repeating: None,
            recorder: None,
        };
        Self {
            inner: Mutex::new(inner),
            retention,
            started: Instant::now(),
            traffic: Arc::default(),
            changed: Notify::new(),
            has_room: Notify::new(),
            was_read: AtomicBool::new(true),
            close_requested: AtomicBool::new(false),
        }
    }

    /// Requests that the channel is closed for good.
    pub(super) fn request_close(&self) {
        self.close_requested.store(true, Ordering::Release);
    }

    /// Whether the channel is to be closed for good.
    pub(super) fn is_close_requested(&self) -> bool {
        self.close_requested.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an entry. Waits until there is room, and until the recording has
    /// caught up.
    pub(super) async fn add(&self, kind: EntryKind) {
        let entry = loop {
            let has_room = self.has_room.notified();
            {
                let mut inner = self.lock();
                if self.retention.when_full == WhenFull::DropOldest
                    || inner.has_room(self.retention)
                {
                    break self.append(&mut inner, kind);
                }
            }
            has_room.await;
        };
        self.changed.notify_one();
        let backlog = self
            .lock()
            .recorder
            .as_ref()
            .and_then(|recorder| recorder.write(&entry));
        if let Some(backlog) = backlog {
            backlog.wait().await;
        }
    }

    fn append(&self, inner: &mut Inner, kind: EntryKind) -> Arc<Entry> {
        let offset = self.started.elapsed();
        if let EntryKind::Message(direction, content) = &kind {
            let (messages, bytes) = &mut inner.totals[*direction as usize];
            *messages += 1;
            *bytes += content.len() as u64;
            inner.messages[*direction as usize] += 1;
            inner.meter.message(*direction, content.len(), offset);
        }
        inner
            .meter
            .wire(self.traffic.received(), self.traffic.sent(), offset);
        match &kind {
            EntryKind::Ping(Direction::Out) => inner.pings.sent += 1,
            EntryKind::Pong(round_trip) => inner.pings.add(*round_trip),
            _ => {}
        }
        let entry = Arc::new(Entry {
            number: inner.next,
            at: SystemTime::now(),
            offset,
            kind,
        });
        inner.next += 1;
        inner.bytes += entry.size();
        inner.entries.push_back(Arc::clone(&entry));
        while inner.entries.len() > 1
            && (inner.entries.len() > self.retention.entries || inner.bytes > self.retention.bytes)
            && let Some(oldest) = inner.entries.pop_front()
        {
            inner.bytes -= oldest.size();
        }
        entry
    }

    /// Changes the state and logs it.
    pub(super) async fn enter(&self, state: ChannelState) {
        let kind = match &state {
            ChannelState::Connecting => Some(EntryKind::Connecting),
            ChannelState::Open(subprotocol) => Some(EntryKind::Open(subprotocol.clone())),
            ChannelState::Waiting(until) => Some(EntryKind::Waiting(
                until.saturating_duration_since(Instant::now()),
            )),
            ChannelState::Closed => None,
        };
        {
            let mut inner = self.lock();
            if matches!(state, ChannelState::Open(_) | ChannelState::Connecting) {
                inner.began = SystemTime::now();
                inner.messages = [0; 2];
            }
            (inner.state, inner.since) = (state, Instant::now());
        }
        match kind {
            Some(kind) => self.add(kind).await,
            None => self.changed.notify_one(),
        }
    }

    /// Logs the end of a connection or of an attempt.
    pub(super) async fn end(&self, cause: EndCause) {
        {
            let mut inner = self.lock();
            let lasted = inner.state.is_open().then(|| inner.since.elapsed());
            let connection = PastConnection {
                began: inner.began,
                lasted,
                cause: cause.clone(),
                messages: inner.messages,
            };
            if inner.past.len() == MAX_PAST {
                inner.past.pop_front();
            }
            inner.past.push_back(Arc::new(connection));
            inner.ended += 1;
            inner.repeating = None;
        }
        self.add(EntryKind::End(cause)).await;
    }

    /// How long the channel has been in its current state.
    pub(super) fn time_in_state(&self) -> Duration {
        self.lock().since.elapsed()
    }

    /// Counts a message as queued, unless the queue is full or the channel is
    /// not open.
    pub(super) fn enqueue(&self, bytes: usize, limit: (usize, usize)) -> Result<(), SendError> {
        let mut inner = self.lock();
        if !inner.state.is_open() {
            return Err(SendError::NotOpen);
        }
        // A message larger than the limit is accepted into an empty queue.
        if inner.queued.0 > 0 && (inner.queued.0 >= limit.0 || inner.queued.1 + bytes > limit.1) {
            return Err(SendError::QueueFull);
        }
        inner.queued = (inner.queued.0 + 1, inner.queued.1 + bytes);
        Ok(())
    }

    /// Counts a message as no longer queued, because it was sent or dropped.
    pub(super) fn dequeue(&self, bytes: usize, sent: bool) {
        let mut inner = self.lock();
        inner.queued = (
            inner.queued.0.saturating_sub(1),
            inner.queued.1.saturating_sub(bytes),
        );
        inner.unsent += u64::from(!sent);
    }

    pub(super) fn set_repeating(&self, times: Option<u64>) {
        self.lock().repeating = times;
        self.changed.notify_one();
    }

    pub(super) fn record(&self, recorder: Option<Recorder>) -> Option<Recorder> {
        let before = std::mem::replace(&mut self.lock().recorder, recorder);
        self.changed.notify_one();
        before
    }

    /// Calls `wake` after changes, at most once per `every`, and not again
    /// until the handle has been read.
    pub(super) async fn wake(&self, every: Duration, wake: impl Fn()) {
        loop {
            self.changed.notified().await;
            if self.was_read.swap(false, Ordering::AcqRel) {
                wake();
                tokio::time::sleep(every).await;
            }
        }
    }

    pub(super) fn status(&self) -> ChannelStatus {
        self.was_read.store(true, Ordering::Release);
        let now = self.started.elapsed();
        let mut inner = self.lock();
        let wire = [self.traffic.received(), self.traffic.sent()];
        inner.meter.wire(wire[0], wire[1], now);
        let total = |direction: Direction| {
            let (messages, bytes) = inner.totals[direction as usize];
            TrafficTotal {
                messages,
                bytes,
                wire: wire[direction as usize],
                rate: inner.meter.rate(direction, now),
            }
        };
        ChannelStatus {
            state: inner.state.clone(),
            since: inner.since,
            past: inner.past.iter().cloned().collect(),
            ended: inner.ended,
            pings: inner.pings.clone(),
            received: total(Direction::In),
            sent: total(Direction::Out),
            unsent: inner.unsent,
            queued: inner.queued.0,
            repeating: inner.repeating,
            recording: inner.recorder.as_ref().map(Recorder::status),
            quiet: inner.meter.is_quiet(now),
        }
    }

    /// The entries from this number on, at most `most`.
    pub(super) fn entries_since(&self, next: u64, most: usize) -> NewEntries {
        self.was_read.store(true, Ordering::Release);
        let mut inner = self.lock();
        let first = inner
            .entries
            .front()
            .map_or(inner.next, |entry| entry.number);
        let from = next.max(first);
        let at = usize::try_from(from - first).unwrap_or(usize::MAX);
        let entries: Vec<Arc<Entry>> = inner.entries.iter().skip(at).take(most).cloned().collect();
        let new = NewEntries {
            next: from + entries.len() as u64,
            dropped: from.saturating_sub(next),
            entries,
        };
        let more = new.next < inner.next;
        if self.retention.when_full == WhenFull::Wait {
            while inner
                .entries
                .front()
                .is_some_and(|entry| entry.number < new.next)
                && let Some(read) = inner.entries.pop_front()
            {
                inner.bytes -= read.size();
            }
            self.has_room.notify_one();
        }
        drop(inner);
        if more {
            self.changed.notify_one();
        }
        new
    }
}

impl Inner {
    fn has_room(&self, retention: Retention) -> bool {
        self.entries.is_empty()
            || (self.entries.len() < retention.entries && self.bytes < retention.bytes)
    }
}
