//! `switchboard new`: what it refuses and what it asks; and that every project
//! builds, as far as this computer can build it, and passes its own check.

#[path = "../program/mod.rs"]
mod program;
#[cfg(unix)]
#[path = "../program/terminal.rs"]
mod terminal;

mod arguments;
#[cfg(unix)]
mod c;
#[cfg(unix)]
mod micropython;
#[cfg(unix)]
mod project;
#[cfg(unix)]
mod rust;
