//! The inside of the app for programs that try it: the Autobahn suite's client
//! and the fuzzer's targets. No face uses it, and it promises nothing.

mod announcements;
mod echo;
mod link;

pub use announcements::Announcements;
pub use echo::{Echoed, echo};
pub use link::Link;
