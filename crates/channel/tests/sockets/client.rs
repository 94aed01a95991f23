//! A client for tests: opens a channel and waits for what it reports.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use channel::{
    Channel, ChannelRuntime, ChannelSettings, ChannelStatus, Content, DRAW_INTERVAL, Direction,
    EndCause, Entry, EntryKind, WhenFull,
};

use crate::server::{SOON, Server};

/// The default settings for a channel to this server.
pub(crate) fn settings_for(server: &Server) -> ChannelSettings {
    ChannelSettings::new(server.url().parse().expect("an address"))
}

/// A channel with everything that it has reported so far.
pub(crate) struct TestClient {
    pub(crate) channel: Channel,
    woken: Receiver<()>,
    next: u64,
    pub(crate) seen: Vec<Arc<Entry>>,
    pub(crate) dropped: u64,
}

impl TestClient {
    pub(crate) fn open(runtime: &ChannelRuntime, settings: ChannelSettings) -> Self {
        let (wake, woken) = sync_channel(1);
        // A reader that needs every entry reads at once; a display is woken as
        // often as a window.
        let every = if settings.retention.when_full == WhenFull::Wait {
            Duration::ZERO
        } else {
            DRAW_INTERVAL
        };
        let channel = runtime.open(settings, every, move || {
            let _ = wake.try_send(());
        });
        Self {
            channel,
            woken,
            next: 0,
            seen: Vec::new(),
            dropped: 0,
        }
    }

    /// Reads the channel at each wake-up until `find` returns something.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&ChannelStatus, &[Arc<Entry>]) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            let view = self.channel.status();
            let since = self.channel.entries_since(self.next, usize::MAX);
            self.next = since.next;
            self.dropped += since.dropped;
            self.seen.extend(since.entries);
            if let Some(found) = find(&view, &self.seen) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.woken.recv_timeout(left).is_err() {
                let last: Vec<_> = self.seen.iter().rev().take(20).collect();
                panic!("not within {SOON:?}: {what}; {view:#?}; newest first: {last:#?}");
            }
        }
    }

    pub(crate) fn wait_open(&mut self) {
        self.until("it is open", |view, _| view.state.is_open().then_some(()));
    }

    pub(crate) fn receives(&mut self, text: &str) {
        self.until(text, |_, seen| {
            received(seen)
                .any(|content| content.text() == Some(text))
                .then_some(())
        });
    }

    /// Why the connection number `nth` ended, from 0.
    pub(crate) fn end_cause(&mut self, nth: usize) -> EndCause {
        self.until("it ends", |view, _| {
            view.past
                .get(nth)
                .map(|connection| connection.cause.clone())
        })
    }
}

/// The messages received.
pub(crate) fn received(seen: &[Arc<Entry>]) -> impl Iterator<Item = &Content> {
    seen.iter().filter_map(|entry| match &entry.kind {
        EntryKind::Message(Direction::In, content) => Some(content),
        _ => None,
    })
}

pub(crate) fn message(text: &str) -> Content {
    Content::Text(text.into())
}
