//! Why a board is missing: an [`Examination`] gathers [`Evidence`] on a thread of its own, and [`findings()`] says what it means.
//! Changes nothing on this computer and commands no board.

mod boards;
mod evidence;
mod examination;
mod findings;
mod interfaces;
mod multicast;
mod port;

pub use evidence::{Echo, Evidence, Examined, Holder, Host, Interface, Link, Multicast, Port, Record};
pub use examination::{Asked, Check, Examination, Known, Step};
pub use findings::{Advice, Finding, Kind, Verdict, findings};
