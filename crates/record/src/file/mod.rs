//! Recordings as files: how their parts are named, and how they are written.

mod parts;
mod writer;

pub use parts::Parts;
pub use writer::FileSettings;
pub(crate) use writer::{FLUSH_EVERY, FileSink};
