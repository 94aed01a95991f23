//! What a board keeps in flash, on a flash that loses its power.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod chip;
mod cuts;
mod entries;
mod wear;
