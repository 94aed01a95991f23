//! How many boards there are, for `/healthz`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use fleet::{BoardKey, Fleet, Shown, Watch};
use tokio::sync::Notify;

/// The boards, and whether each is connected.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<BoardKey, bool>>>);

impl Counts {
    /// Known and connected boards.
    pub(crate) fn get(&self) -> (usize, usize) {
        let boards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = boards.values().filter(|connected| **connected).count();
        (boards.len(), connected)
    }

    /// Counts from now on.
    pub(crate) async fn follow(self, fleet: Arc<Fleet>) {
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let mut watch = fleet.watch(move |_| wake.notify_one());
        // Readings change no count.
        watch.shows(Shown::default());
        loop {
            self.count(&mut watch);
            changed.notified().await;
        }
    }

    fn count(&self, watch: &mut Watch) {
        let changes = watch.drain();
        let mut boards = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for board in &changes.boards {
            boards.insert(board.key, board.link.is_up());
        }
        for key in &changes.forgotten {
            boards.remove(key);
        }
    }
}
