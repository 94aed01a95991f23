//! A client for tests: opens a channel and waits for what it reports.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use channel::{
    Cause, Channel, Content, DRAWING, Direction, Entry, Full, Host, Settings, View, What,
};

use crate::server::{SOON, Server};

/// The default settings for a channel to this server.
pub(crate) fn settings_for(server: &Server) -> Settings {
    Settings::new(server.url().parse().expect("an address"))
}

/// Somebody who waits on a channel.
pub(crate) struct Waiting {
    pub(crate) channel: Channel,
    woken: Receiver<()>,
    next: u64,
    pub(crate) seen: Vec<Arc<Entry>>,
    pub(crate) forgotten: u64,
}

impl Waiting {
    pub(crate) fn open(host: &Host, settings: Settings) -> Self {
        let (wake, woken) = sync_channel(1);
        // Who must have everything takes it as it comes; who looks on is woken
        // as a window is.
        let every = if settings.keep.full == Full::Wait {
            Duration::ZERO
        } else {
            DRAWING
        };
        let channel = host.open(settings, every, move || {
            let _ = wake.try_send(());
        });
        Self {
            channel,
            woken,
            next: 0,
            seen: Vec::new(),
            forgotten: 0,
        }
    }

    /// Looks each time that it is woken, until what is there passes.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&View, &[Arc<Entry>]) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            let view = self.channel.view();
            let since = self.channel.since(self.next, usize::MAX);
            self.next = since.next;
            self.forgotten += since.forgotten;
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

    pub(crate) fn is_open(&mut self) {
        self.until("it is open", |view, _| view.state.is_open().then_some(()));
    }

    pub(crate) fn hears(&mut self, text: &str) {
        self.until(text, |_, seen| {
            came(seen)
                .any(|content| content.text() == Some(text))
                .then_some(())
        });
    }

    /// Why the first, the second and so on life ended, `nth` from 0.
    pub(crate) fn end(&mut self, nth: usize) -> Cause {
        self.until("it ends", |view, _| {
            view.lives.get(nth).map(|life| life.cause.clone())
        })
    }
}

/// The messages that came.
pub(crate) fn came(seen: &[Arc<Entry>]) -> impl Iterator<Item = &Content> {
    seen.iter().filter_map(|entry| match &entry.what {
        What::Message(Direction::In, content) => Some(content),
        _ => None,
    })
}

pub(crate) fn text(text: &str) -> Content {
    Content::Text(text.into())
}
