//! The storage on a simulated flash that can lose power.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod chip;
mod cuts;
mod entries;
mod wear;
