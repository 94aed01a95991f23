//! The boards and counts that scrapes show, shared by the loop of the bridge
//! and the server.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fleet::{BoardKey, BoardView, LogEntry};

use super::{Counters, render};
use crate::Context;

/// What scrapes show. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    ctx: Arc<Context>,
    boards: Arc<Mutex<Boards>>,
}

#[derive(Debug, Default)]
struct Boards {
    views: BTreeMap<BoardKey, Arc<BoardView>>,
    counters: Counters,
}

impl Store {
    /// One without boards.
    pub fn new(ctx: Context) -> Self {
        Self {
            ctx: Arc::new(ctx),
            boards: Arc::default(),
        }
    }

    fn boards(&self) -> MutexGuard<'_, Boards> {
        self.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A board changed.
    pub fn board(&self, view: &Arc<BoardView>) {
        let mut boards = self.boards();
        boards.counters.board(view);
        boards.views.insert(view.key, Arc::clone(view));
    }

    /// A board was removed.
    pub fn forget(&self, board: BoardKey) {
        let mut boards = self.boards();
        boards.counters.forget(board);
        boards.views.remove(&board);
    }

    /// An entry of the log of a board that is shown.
    pub fn log(&self, entry: &LogEntry) {
        let mut boards = self.boards();
        if boards.views.contains_key(&entry.board) {
            boards.counters.log(entry);
        }
    }

    /// Entries of the log were dropped.
    pub fn missed(&self, entries: u64) {
        self.boards().counters.missed(entries);
    }

    /// The text of a scrape.
    pub fn render(&self) -> String {
        let boards = self.boards();
        let views = boards.views.values().map(|view| &**view);
        render(views, &boards.counters, &self.ctx)
    }
}
