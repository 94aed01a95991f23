//! Many boards as an observer of the fleet sees them: how many were found, how
//! many are connected, and when.

use std::{
    collections::HashMap,
    sync::mpsc,
    time::{Duration, Instant},
};

use fleet::{BoardKey, Changes, Fleet, LinkState, Watch};

/// How long to wait for boards.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(90);

/// What the fleet reports about its boards.
pub(crate) struct Observer {
    watch: Watch,
    woken: mpsc::Receiver<()>,
    boards: HashMap<BoardKey, (bool, bool)>,
    pub(crate) problem: Option<String>,
}

impl Observer {
    pub(crate) fn watch(fleet: &Fleet) -> Self {
        let (wake, woken) = mpsc::channel();
        let watch = fleet.watch(move |_| {
            // At the end there is no receiver any more.
            let _ = wake.send(());
        });
        Self {
            watch,
            woken,
            boards: HashMap::new(),
            problem: None,
        }
    }

    pub(crate) fn found(&self) -> usize {
        self.boards.values().filter(|(found, _)| *found).count()
    }

    pub(crate) fn connected(&self) -> usize {
        self.boards
            .values()
            .filter(|(_, connected)| *connected)
            .count()
    }

    pub(crate) fn take(&mut self) {
        let Changes {
            boards,
            forgotten,
            status,
            ..
        } = self.watch.drain();
        for board in boards {
            self.boards.insert(
                board.key,
                (
                    board.announcement.is_some(),
                    board.link == LinkState::Connected,
                ),
            );
        }
        for key in forgotten {
            self.boards.remove(&key);
        }
        if let Some(status) = status {
            self.problem = status.discovery_problem;
        }
    }

    /// How long after `begun` the condition became true.
    pub(crate) fn wait(&mut self, begun: Instant, so: impl Fn(&Self) -> bool) -> Option<Duration> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            self.take();
            if so(self) {
                return Some(begun.elapsed());
            }
            self.woken
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                .ok()?;
        }
    }
}
