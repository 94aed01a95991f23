//! A board without a chip: its components, its clients and what they are sent.
//!
//! Requests, sensor readings and time go in; messages, output states and
//! [`Effects`] come out. The crate owns no socket and reads no clock: every
//! entry point that depends on time takes `now`, the time since boot.
//!
//! A driver owns a [`Board`] and changes it through [`Board::handle`] only,
//! which returns what the driver has to do afterwards, for example when
//! [`Core::run_until`] is due next.
//!
//! A command sends its client first the event, then the change, then the
//! response, so that the client has already seen the `seq` in the response.
//! Button presses at the board are pushed at once, as commands are. Changes
//! from [`Core::observe`] and from sensors are pushed in batches, which are
//! [`protocol::limits::BATCH`] apart: by the next [`Core::run_until`] if the
//! last one is older. The batch is also pushed before every snapshot and
//! command, so a `seq` always identifies one state of the board.
#![no_std]

extern crate alloc;

mod batch;
mod board;
mod change;
mod client;
mod clients;
mod commands;
mod connections;
mod contact;
mod effects;
mod fade;
pub mod gesture;
mod hardware;
mod keys;
mod listing;
mod log;
mod methods;
#[cfg(feature = "all-kinds")]
mod movement;
mod number;
mod outbound;
mod outbox;
mod pairing;
mod params;
mod plan;
mod reboot;
mod retained;
mod rules;
mod sides;
mod signatures;
mod sizes;
mod slot;
mod telemetry;
mod text;
mod update;
mod verification;

pub use board::{Board, Core};
pub use client::{CLOSED_BY_CLIENT, ClientId, Outgoing};
pub use contact::Origin;
pub use effects::Effects;
pub use hardware::{Hardware, NoHardware};
pub use keys::{locked, wrong_key};
pub use log::Unread;
#[cfg(feature = "all-kinds")]
pub use movement::Movement;
pub use outbound::OutboundAttempt;
pub use pairing::{PairingDisplay, PairingId, PairingState};
pub use plan::{Component, Identity, InputSource, Plan, PlanError, SAMPLE_EVERY};
pub use retained::{Retained, RetainedKey, SAVE_DELAY, Unsaved};
pub use sides::{SideChannelKind, no_telemetry};
pub use slot::{ImagePlace, ImageState, SlotError, UpdateSlot};
pub use telemetry::{SampleBatch, SampleSource};

use batch::Changes;
use change::Slot;
