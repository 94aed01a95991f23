//! Who announces itself: a pure [`registry`], and [`mdns`], the one file that knows mdns-sd. Says nothing about who is alive.

pub(crate) mod mdns;
pub(crate) mod registry;
