//! Clients of boards that this window opened in addition to its links, such as
//! those of the lab: what they do counts as done by this window, although
//! boards report them as other clients.

use std::collections::BTreeMap;

use fleet::{BoardKey, LogEntry, LogEvent, Origin, ResyncCause};

/// The names of these clients, by board and number.
#[derive(Debug, Default)]
pub(crate) struct OwnClients(BTreeMap<(BoardKey, u32), String>);

impl OwnClients {
    /// A client was opened.
    pub(crate) fn add(&mut self, board: BoardKey, number: u32, name: String) {
        self.0.insert((board, number), name);
    }

    /// The name of the client that caused something, if it is one of these.
    pub(crate) fn name(&self, board: BoardKey, origin: &Origin) -> Option<&str> {
        match origin {
            Origin::OtherController(number) => self.0.get(&(board, *number)).map(String::as_str),
            _ => None,
        }
    }

    /// The name of the client that caused an event.
    pub(crate) fn of_event(&self, entry: &LogEntry) -> Option<&str> {
        match &entry.what {
            LogEvent::Changed { origin, .. } | LogEvent::Event { origin, .. } => {
                self.name(entry.board, origin)
            }
            _ => None,
        }
    }

    /// A board that was reset numbers its clients from the beginning again.
    pub(crate) fn notice(&mut self, entry: &LogEntry) {
        if entry.what == LogEvent::Resync(ResyncCause::NewEpoch) {
            self.0.retain(|(board, _), _| *board != entry.board);
        }
    }
}
