//! What is measured, one file for each row of the table. A row starts what it
//! needs, warms up, and alternates rounds of ours and of the peers.

mod broadcast;
mod command;
mod core;
mod emulated;
mod foreign;
mod linked;
mod many_boards;
mod memory;
mod mqtt;
mod repaint;
mod scale;
mod site;
mod sliders;

use clap::ValueEnum;

use crate::{Outcome, table::Line};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// A command, from the method call to its confirmation
    Command,
    /// Ten sliders of one board, dragged at the same time
    Sliders,
    /// An event at the board until the window requests a repaint
    Repaint,
    /// A change that is pushed to many clients
    Broadcast,
    /// Memory per connection, and per board
    Memory,
    /// Boards that are connected and idle
    Idle,
    /// A thousand boards that push ten times a second
    Events,
    /// Boards of other families that push ten times a second
    Foreign,
    /// From 1,000 to 10,000 boards in several processes. The mDNS traffic is
    /// only that of these boards in a network namespace of its own
    Scale,
    /// A bridge to an MQTT broker
    Mqtt,
    /// Instructions of the firmware's core
    Core,
}

impl Row {
    /// Measures it; `quick` only tests that it runs.
    pub(crate) fn measure(self, quick: bool) -> Outcome<Vec<Line>> {
        match self {
            Self::Command => command::measure(quick),
            Self::Sliders => sliders::measure(quick),
            Self::Repaint => repaint::measure(quick),
            Self::Broadcast => broadcast::measure(quick),
            Self::Memory => memory::measure(quick),
            Self::Idle => many_boards::idle(quick),
            Self::Events => many_boards::events(quick),
            Self::Foreign => foreign::measure(quick),
            Self::Scale => scale::measure(quick),
            Self::Mqtt => mqtt::measure(quick),
            Self::Core => core::measure(quick),
        }
    }
}
