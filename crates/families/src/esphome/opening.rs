//! The beginning of a connection: hello, information, the list of entities, and
//! their first states. The board is described once all of them are there.

use std::{collections::BTreeMap, time::Duration};

use protocol::{ComponentKey, State};
use sanitize::bounds;
use web_time::Instant;

use crate::{Actions, Credential, Problem};

use super::{
    Entities, Esphome, Phase,
    entity::{Entity, numbered},
    frames::ServerHello,
    info::{Info, same},
    kinds::Layout,
    messages, states,
    wire::{Fields, Message},
};

/// The version of the API that is spoken. From 1.14 on, boards omit object ids,
/// which are not needed here.
pub(super) const API_MAJOR: u64 = 1;
pub(super) const API_MINOR: u64 = 14;

/// The newest major version that is understood: aioesphomeapi accepts it too.
const NEWEST_MAJOR: u64 = 2;

/// How long the first states may take after they were subscribed. Normally each
/// entity sends one within a few loops of the board's program.
const STATES: Duration = Duration::from_millis(500);

/// What is known of a board while it is read.
#[derive(Debug, Default)]
pub(super) struct Opening {
    pub(super) hello: ServerHello,
    /// Whether it said hello after that.
    greeted: bool,
    info: Option<Info>,
    entities: Vec<Entity>,
    /// Set when the list is complete.
    listed: Option<Listed>,
}

#[derive(Debug)]
struct Listed {
    entities: Entities,
    states: BTreeMap<ComponentKey, State>,
    until: Instant,
}

impl Opening {
    /// When the states that are missing are no longer waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.listed.as_ref().map(|listed| listed.until)
    }
}

impl Listed {
    fn is_complete(&self) -> bool {
        self.entities
            .components
            .iter()
            .all(|(key, entity)| !entity.layout.has_state() || self.states.contains_key(key))
    }
}

impl Esphome {
    /// A message while the board is read.
    pub(super) fn opening_message(
        &mut self,
        now: Instant,
        message: u32,
        fields: Fields<'_>,
        out: &mut Actions,
    ) -> Result<(), Problem> {
        let Phase::Opening(opening) = &mut self.phase else {
            return Ok(());
        };
        match message {
            messages::HELLO_RESPONSE if !opening.greeted => {
                opening.greeted = true;
                let name = fields.text(4);
                same("name", &opening.hello.name, &name)?;
                opening.hello.name = name;
                self.greeted(fields, out)?;
            }
            messages::AUTHENTICATION_RESPONSE if fields.flag(1) => {
                return Err(match self.credential {
                    Some(Credential::Password(_)) => Problem::WrongCredential,
                    _ => Problem::CredentialNeeded,
                });
            }
            messages::DEVICE_INFO_RESPONSE => {
                let info = Info::parse(fields, &opening.hello)?;
                let needless = matches!(self.credential, Some(Credential::Password(_)));
                if needless && !info.uses_password {
                    return Err(Problem::NotProtected);
                }
                opening.info = Some(info);
            }
            messages::LIST_ENTITIES_DONE if opening.listed.is_none() => {
                let entities = std::mem::take(&mut opening.entities);
                opening.listed = Some(Listed {
                    entities: Entities::new(numbered(entities)),
                    states: BTreeMap::new(),
                    until: now + STATES,
                });
                self.send(messages::SUBSCRIBE_STATES_REQUEST, &[], out);
                self.describe_if_complete(now, out);
            }
            _ => {
                opening.entity_or_state(message, fields);
                self.describe_if_complete(now, out);
            }
        }
        Ok(())
    }

    /// The board said hello: everything else is requested. Only older firmware
    /// asks for a password, and it expects this message even if it has none.
    fn greeted(&mut self, fields: Fields<'_>, out: &mut Actions) -> Result<(), Problem> {
        let (major, minor) = (fields.number(1), fields.number(2));
        if major > NEWEST_MAJOR {
            return Err(Problem::NotABoard(format!(
                "it speaks version {major}.{minor} of ESPHome's native API; up to \
                 {NEWEST_MAJOR} is supported"
            )));
        }
        if major < API_MAJOR || (major == API_MAJOR && minor < API_MINOR) {
            let message = match &self.credential {
                Some(Credential::Password(password)) => Message::new().text(1, password),
                _ => Message::new(),
            };
            let message = message.into_bytes();
            self.send(messages::AUTHENTICATION_REQUEST, &message, out);
        }
        self.send(messages::DEVICE_INFO_REQUEST, &[], out);
        self.send(messages::LIST_ENTITIES_REQUEST, &[], out);
        Ok(())
    }

    fn describe_if_complete(&mut self, now: Instant, out: &mut Actions) {
        if let Phase::Opening(opening) = &self.phase
            && opening.listed.as_ref().is_some_and(Listed::is_complete)
        {
            self.describe(now, out);
        }
    }

    /// Describes the board with the states that are there.
    pub(super) fn describe(&mut self, now: Instant, out: &mut Actions) {
        let Phase::Opening(opening) = &mut self.phase else {
            return;
        };
        let Some(mut listed) = opening.listed.take() else {
            return;
        };
        let Some(info) = opening.info.take() else {
            let what = "it listed its entities but not what it is";
            return self.end(Problem::NotABoard(what.to_owned()), out);
        };
        for (key, entity) in &listed.entities.components {
            if let Some(unknown) = entity.unknown_state() {
                listed.states.entry(key.clone()).or_insert(unknown);
            }
        }
        let descriptors = listed
            .entities
            .components
            .iter()
            .map(|(key, entity)| entity.descriptor(key.id, info.owner(entity.device)))
            .collect();
        self.phase = Phase::Ready(listed.entities);
        self.shadow
            .describe(now, info.device, descriptors, listed.states, out);
    }
}

impl Opening {
    /// An entity of the list, or the first state of one. More entities than a
    /// session keeps are ignored.
    fn entity_or_state(&mut self, message: u32, fields: Fields<'_>) {
        if let Some(listed) = &mut self.listed {
            if let Some((key, entity)) = listed.entities.of(message, fields)
                && entity.layout.has_state()
            {
                let state = states::state(entity, fields);
                listed.states.insert(key.clone(), state);
            }
        } else if let Some(layout) = Layout::listed_by(message)
            && self.entities.len() < bounds::COMPONENTS
        {
            self.entities.push(Entity::parse(layout, fields));
        }
    }
}
