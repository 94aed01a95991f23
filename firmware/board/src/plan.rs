//! What a board is built from. A plan is checked once, before the board starts.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use protocol::{Caps, ComponentKey, Descriptor, Kind, Quoted, State, limits};

use crate::{RetainedKey, rules, sizes};

/// The identity of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Lowercase letters, digits and hyphens; unique and permanent.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The MAC address, as `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The firmware's version.
    pub version: String,
    /// The platform, for example `esp32c3` or `virtual`.
    pub platform: String,
    /// The product or development board.
    pub board: String,
}

/// The default time from one reading of a sensor to the next.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Where the value of a component comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSource {
    /// Commands, buttons and [`crate::Core::observe`] only.
    Reported,
    /// [`crate::Hardware::read_input`], periodically.
    Read {
        /// The time from one reading to the next; more than 0.
        every: Duration,
    },
    /// The time since boot in seconds, every 60 s.
    Uptime,
    /// [`crate::Hardware::free_memory`] in bytes, every 10 s.
    FreeMemory,
    /// [`crate::Hardware::rssi`] in dBm, every 10 s.
    Rssi,
}

impl InputSource {
    /// The time from one reading to the next; `None` if it is not read.
    pub(crate) const fn period(self) -> Option<Duration> {
        match self {
            Self::Reported => None,
            Self::Read { every } => Some(every),
            Self::Uptime => Some(Duration::from_secs(60)),
            Self::FreeMemory | Self::Rssi => Some(Duration::from_secs(10)),
        }
    }
}

/// A component as a board is built with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Its description.
    pub descriptor: Descriptor,
    /// The whole state at boot; empty for a button.
    pub state: State,
    /// Where its value comes from.
    pub input: InputSource,
    /// Whether its state survives a reboot and a power cut; default false. If
    /// not, each boot begins with `state`.
    pub retained: bool,
}

impl Component {
    /// A component that is read every [`SAMPLE_EVERY`] if it is a sensor or
    /// binary sensor, and not read otherwise.
    pub fn new(descriptor: Descriptor, state: State) -> Self {
        let input = match descriptor.kind {
            Kind::Sensor | Kind::BinarySensor => InputSource::Read {
                every: SAMPLE_EVERY,
            },
            _ => InputSource::Reported,
        };
        Self {
            descriptor,
            state,
            input,
            retained: false,
        }
    }

    /// The same component with its state retained. Flash wears with each
    /// change, so measured values cannot be retained.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retained = true;
        self
    }

    /// The same component with another source of its value.
    #[must_use]
    pub fn with_input(mut self, input: InputSource) -> Self {
        self.input = input;
        self
    }
}

/// Everything that a board is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The identity of the board.
    pub identity: Identity,
    /// The components, in the order in which they are shown.
    pub components: Vec<Component>,
    /// Buttons that act without a controller: a press of the first component
    /// toggles the second.
    pub bindings: Vec<(ComponentKey, ComponentKey)>,
    /// The most controllers at the same time; [`protocol::limits::CONTROLLERS`]
    /// on a chip.
    pub controllers: usize,
}

/// Why no board can be built from a plan, for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

impl Plan {
    /// Checks the plan, and adds the component of its firmware if it can be
    /// updated. States are normalized to the form in which they are compared
    /// and sent.
    pub(crate) fn checked(mut self, firmware: Option<Component>) -> Result<Self, PlanError> {
        let refuse = |message: String| Err(PlanError(message));
        rules::check_name(&self.identity.name).map_err(|error| PlanError(error.message))?;
        let id_may_have = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.identity.id.is_empty()
            || self.identity.id.len() > limits::NAME
            || !self.identity.id.bytes().all(id_may_have)
        {
            return refuse(format!(
                "an id has lowercase letters, digits and hyphens, not {}",
                Quoted(&self.identity.id)
            ));
        }
        if self.controllers == 0 {
            return refuse("a board needs a slot for at least one controller".to_string());
        }
        let mut keys = BTreeSet::new();
        for component in &mut self.components {
            let key = component.descriptor.key.clone();
            if key.kind != component.descriptor.kind {
                return refuse(format!(
                    "{key} is described as a {}",
                    component.descriptor.kind
                ));
            }
            if key.kind == Kind::Update {
                return refuse(format!(
                    "{key} is added by the board itself if its hardware can be updated"
                ));
            }
            let caps = &component.descriptor.caps;
            let of_cover = Caps {
                position: caps.position && key.kind == Kind::Cover,
                ..Caps::default()
            };
            if key.kind != Kind::Light && *caps != of_cover {
                return refuse(format!("{key} has the capabilities of another kind"));
            }
            if component.input.period() == Some(Duration::ZERO) {
                return refuse(format!("{key} would be read continuously"));
            }
            let can_measure = match component.input {
                InputSource::Reported => true,
                InputSource::Read { .. } => matches!(
                    key.kind,
                    Kind::Sensor
                        | Kind::BinarySensor
                        | Kind::TextSensor
                        | Kind::Cover
                        | Kind::Event
                        | Kind::Unknown(_)
                ),
                InputSource::Uptime | InputSource::FreeMemory | InputSource::Rssi => {
                    key.kind == Kind::Sensor
                }
            };
            if !can_measure {
                return refuse(format!("{key} would be read, but is not a sensor"));
            }
            if component.retained
                && (component.input != InputSource::Reported || !rules::has_state(&key.kind))
            {
                return refuse(format!(
                    "{key} cannot be retained: it is measured, or lacks a state"
                ));
            }
            if component.retained
                && RetainedKey::Component(key.clone()).to_string().len() > RetainedKey::MAX_LEN
            {
                return refuse(format!(
                    "{key} cannot be retained: its name has more than {} bytes",
                    RetainedKey::MAX_LEN
                ));
            }
            component.state = rules::whole_state(&component.descriptor, &component.state)
                .map_err(|error| PlanError(format!("{key}: {}", error.message)))?;
            if !keys.insert(key.clone()) {
                return refuse(format!("two components have the key {key}"));
            }
        }
        for (button, target) in &self.bindings {
            if button.kind != Kind::Button || !keys.contains(button) {
                return refuse(format!("{button} is bound, but there is no such button"));
            }
            if !matches!(target.kind, Kind::Switch | Kind::Light) || !keys.contains(target) {
                return refuse(format!(
                    "{button} is bound to {target}, but there is no such switch or light"
                ));
            }
        }
        self.components.extend(firmware);
        sizes::check(&self)?;
        Ok(self)
    }
}
