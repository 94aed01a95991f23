//! Home Assistant's view of the boards: discovery, states in its own shape, and
//! its commands as methods of ours. Pure functions of a [`BoardView`]; what is
//! sent when is decided by [`Announcer`], which reads no clock.
//!
//! The facts are those of Home Assistant's MQTT integration
//! (<https://www.home-assistant.io/integrations/mqtt/>), and
//! `tests/home_assistant` lets Home Assistant judge them.

mod announcer;
mod birth;
mod classes;
mod commands;
mod device;
mod entity;
mod light;
mod names;
mod removals;
mod seen;
mod states;

use fleet::BoardView;
use serde_json::{Value, json};

pub use announcer::{Announcer, Due};
pub use commands::{Command, Refusal, command};
pub use states::{state, states};

use crate::Context;
use birth::{Announce, Birth};
use removals::Removals;

/// The largest discovery payload, in bytes: with its topic it stays below
/// [`mqtt::LIMIT`]. Components that would exceed it are left out, the last ones
/// first.
pub const PAYLOAD: usize = 256_000;

/// By which this program's payloads are told from those of others.
const ORIGIN: &str = "Switchboard";

/// A retained message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub topic: String,
    /// JSON.
    pub payload: String,
}

/// The discovery payload of a board, with all of its components; `None` until
/// the board has been connected to once.
pub fn discovery(view: &BoardView, ctx: &Context) -> Option<Message> {
    let board = view.id.as_deref()?;
    let device = device::device(view)?;
    let mut entities = entity::entities(view, ctx);
    let mut payload = json!({
        "device": device,
        "origin": { "name": ORIGIN, "sw_version": ctx.version },
        "availability": [
            availability(&ctx.bridge_topic()),
            availability(&ctx.board_topic(board, "$availability")),
        ],
        "availability_mode": "all",
        "components": {},
    });
    loop {
        let components = entities
            .iter()
            .map(|entity| (entity.key.clone(), Value::Object(entity.config.clone())))
            .collect();
        if let Some(slot) = payload.get_mut("components") {
            *slot = Value::Object(components);
        }
        let text = payload.to_string();
        if text.len() <= PAYLOAD || entities.is_empty() {
            return Some(Message {
                topic: ctx.discovery_topic(board),
                payload: text,
            });
        }
        // A tenth at a time, so that this ends soon.
        let kept = entities.len() - entities.len().div_ceil(10);
        log::warn!(
            "{board}: only {kept} of its {} components fit into a discovery payload of {PAYLOAD} \
             bytes",
            entities.len()
        );
        entities.truncate(kept);
    }
}

/// Removes a board from Home Assistant: the message to publish with an empty,
/// retained payload.
pub fn forget(board: &str, ctx: &Context) -> Message {
    Message {
        topic: ctx.discovery_topic(board),
        payload: String::new(),
    }
}

fn availability(topic: &str) -> Value {
    json!({ "topic": topic, "value_template": "{{ value_json.state }}" })
}
