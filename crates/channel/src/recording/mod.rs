//! Recordings of channels: JSON Lines, one object per log entry.
//!
//! The first line is
//! `{"what":"recording","version":1,"address":"ws://…","at":"…"}`. Every other
//! line has `what`, the wall-clock time `at` (RFC 3339), `offset_ms`, the time
//! since the channel was opened by a monotonic clock, and these fields:
//!
//! | `what` | fields |
//! |---|---|
//! | `message` | `way` (`in`, `out`), and `text` or `hex` |
//! | `ping` | `way` |
//! | `pong` | `round_trip_ms`, for a ping that this program sent |
//! | `connecting` | |
//! | `open` | `protocol`: the subprotocol, or `null` |
//! | `end` | `cause`, a name; `words`, a message for people; if `closed`, `by` (`us`, `peer`), `code` and `reason`; if `refused`, `status` |
//! | `waiting` | `for_ms`: the time until the next attempt |
//! | `missing` | `entries`: how many lines are missing here |
//!
//! Lines of unknown kinds are kept unchanged; unknown fields are ignored.

mod fields;
mod json;
mod reader;
mod recorder;

pub use json::to_line;
pub use reader::{ReadError, Reader};
pub use recorder::Recorder;
