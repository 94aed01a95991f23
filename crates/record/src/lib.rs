//! Records a fleet: every push, event and log line, every command with its
//! outcome, and what became of the links. Reads recordings again, and says when
//! to play what.
//!
//! Owns no board: the program replays recordings with virtual boards.
//! `docs/recording.md` documents the format.

mod file;
mod format;
mod lost;
mod observer;
mod player;
mod postgres;
mod reader;
mod recording;

pub use file::{FileSettings, Parts};
pub use format::{
    BoardRecord, Command, ComponentRecord, FORMAT, Header, Link, Record, Recorded, origin_text,
    seconds,
};
pub use observer::{Observer, Selection};
pub use player::{Player, Step, Window};
pub use postgres::{DatabaseAddress, DatabaseAddressError};
pub use reader::{Item, Note, ReadError, Reader};
pub use recording::{
    Destination, DestinationError, Notice, Prepared, Recording, StartError, Status,
};
