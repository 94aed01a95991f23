//! What a board is built from, and whether that can work. Decided once, before
//! the board starts; nothing here is asked again.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use protocol::{Caps, ComponentKey, Descriptor, Kind, State, limits};

use crate::{RetainedKey, rules, sizes};

/// What a board is, apart from what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Lower-case letters, digits and hyphens; unique for ever.
    pub id: String,
    /// For people.
    pub name: String,
    /// `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The firmware's version.
    pub version: String,
    /// `esp32c3`, `virtual`.
    pub platform: String,
    /// The product or development board.
    pub board: String,
}

/// How often a sensor is read where nothing else is said.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// Where the value of a component comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputSource {
    /// Commands, hands and [`crate::Core::observe`] only.
    Reported,
    /// [`crate::Hardware::read_input`], this often.
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
    /// How often it is asked; `None` where it never is.
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
    /// How it describes itself.
    pub descriptor: Descriptor,
    /// The whole state at boot; empty for a button.
    pub state: State,
    /// Where its value comes from.
    pub input: InputSource,
    /// Whether its state is kept without power. By default it is not, and each
    /// boot begins with `state`.
    pub retained: bool,
}

impl Component {
    /// A component whose hardware is read every [`SAMPLE_EVERY`] where it is a
    /// sensor or binary sensor, and not otherwise.
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

    /// The same component, its state kept over a restart and without power.
    /// Flash wears with each change, so what is measured cannot be kept, nor
    /// what has no state.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.retained = true;
        self
    }

    /// The same component with another input.
    #[must_use]
    pub fn with_input(mut self, input: InputSource) -> Self {
        self.input = input;
        self
    }
}

/// Everything that a board is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it is.
    pub identity: Identity,
    /// What is on it, in the order in which it is shown.
    pub components: Vec<Component>,
    /// Buttons that act at the board itself, with or without a network: a press
    /// of the first toggles the second.
    pub bindings: Vec<(ComponentKey, ComponentKey)>,
    /// Controllers at once; [`protocol::limits::CONTROLLERS`] on a chip.
    pub controllers: usize,
}

/// A plan that no board can follow, in a sentence for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

impl Plan {
    /// Whether a board can be built from it, and from the component of its
    /// firmware where it can be updated. States are brought into the form in
    /// which they are compared and sent.
    pub(crate) fn checked(mut self, firmware: Option<Component>) -> Result<Self, PlanError> {
        let refuse = |message: String| Err(PlanError(message));
        rules::check_name(&self.identity.name).map_err(|error| PlanError(error.message))?;
        let id_may_have = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.identity.id.is_empty()
            || self.identity.id.len() > limits::NAME
            || !self.identity.id.bytes().all(id_may_have)
        {
            return refuse(format!(
                "an id has lower-case letters, digits and hyphens, not {:?}",
                self.identity.id
            ));
        }
        if self.controllers == 0 {
            return refuse("a board needs a place for one controller at least".to_string());
        }
        let mut keys = BTreeSet::new();
        for component in &mut self.components {
            let key = component.descriptor.key.clone();
            if key.kind != component.descriptor.kind {
                return refuse(format!(
                    "{key} says of itself that it is a {}",
                    component.descriptor.kind
                ));
            }
            if key.kind == Kind::Update {
                return refuse(format!(
                    "{key} is added by the board itself where its hardware can be updated"
                ));
            }
            if key.kind != Kind::Light && component.descriptor.caps != Caps::default() {
                return refuse(format!("{key} has the capabilities of a light"));
            }
            if component.input.period() == Some(Duration::ZERO) {
                return refuse(format!("{key} would be read without a pause"));
            }
            let can_measure = match component.input {
                InputSource::Reported => true,
                InputSource::Read { .. } => matches!(
                    key.kind,
                    Kind::Sensor | Kind::BinarySensor | Kind::Unknown(_)
                ),
                InputSource::Uptime | InputSource::FreeMemory | InputSource::Rssi => {
                    key.kind == Kind::Sensor
                }
            };
            if !can_measure {
                return refuse(format!("{key} is no sensor, but would be read"));
            }
            if component.retained
                && (component.input != InputSource::Reported || key.kind == Kind::Button)
            {
                return refuse(format!(
                    "{key} cannot be kept: it is measured, or has no state"
                ));
            }
            if component.retained
                && RetainedKey::Component(key.clone()).to_string().len() > RetainedKey::LONGEST
            {
                return refuse(format!(
                    "{key} cannot be kept: its name has more than {} bytes",
                    RetainedKey::LONGEST
                ));
            }
            component.state = rules::whole_state(&component.descriptor, &component.state)
                .map_err(|error| PlanError(format!("{key}: {}", error.message)))?;
            if !keys.insert(key.clone()) {
                return refuse(format!("two components are named {key}"));
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
