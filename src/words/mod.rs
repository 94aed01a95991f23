//! Formats times, quantities, states, events and errors as text, the same for
//! the window and the command line.

mod comparison;
mod event;
mod number;
mod state;
mod time;

pub(crate) use comparison::{SUMS, follower, stage, sums};
pub(crate) use event::{Line, answer, event};
#[cfg_attr(
    not(feature = "window"),
    expect(unused_imports, reason = "only the window needs them")
)]
pub(crate) use number::{amount, grouped, quantity_exact, significant};
pub(crate) use number::{bytes, count, quantity, rounded_sample, sample, short_number};
pub(crate) use state::{also_claimed, cause, fields, link, link_of, origin, problem, slug, update};
#[cfg_attr(
    not(feature = "window"),
    expect(unused_imports, reason = "only the window needs them")
)]
pub(crate) use time::{ago, length_holds};
pub(crate) use time::{length, local_zone, round, short, time_of_day};

pub(crate) use crate::plain::plain;
