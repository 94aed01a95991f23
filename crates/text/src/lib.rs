//! Formats times, quantities, states, events and errors as text, the same for
//! the window and the command line; [`export`] writes them as JSON, and
//! [`matching`] finds the board whose name was typed. Prints and draws nothing.

mod brief;
mod event;
pub mod export;
pub mod matching;
mod number;
mod shell;
mod state;
mod time;

pub use brief::{binary, brief, cover, on};
pub use event::{Line, answer, event};
pub use number::{
    bytes, count, grouped, quantity, quantity_exact, rounded_sample, sample, short_number,
    significant,
};
pub use sanitize::plain::plain;
pub use shell::shell_word;
pub use state::{
    also_claimed, capitalized, cause, credential, fields, link, link_of, origin, problem,
    problem_of, reading, slug, unit, update,
};
pub use time::{ago, length, length_holds, local_zone, round, short, time_of_day, timestamp};
