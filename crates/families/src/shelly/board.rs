//! What is known of one Shelly: what it is, its configuration, its status, and
//! our components that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{ComponentKey, Descriptor, DeviceInfo, Epoch, Object, PROTOCOL_MAJOR, State};
use sanitize::bounds;
use serde_json::Value;
use web_time::Instant;

use super::{
    announcement::FIRST_GENERATION,
    components::{self, Part, Reading},
    merge::{Components, merge_component},
    source::{Source, Type},
};
use crate::{Family, announced::mac};

/// The first firmware with `Shelly.GetComponents`: the date in `fw_id`,
/// 2024-02-13.
const DYNAMIC_SINCE: u32 = 20_240_213;

/// Whether the board asks for a password: a field of [`DeviceInfo::extra`].
const PROTECTED: &str = "auth_en";

/// The board as a whole.
pub(super) const SYS: Source = Source {
    kind: Type::Sys,
    id: 0,
};

/// Everything that is known.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) info: DeviceInfo,
    /// Whether the firmware lists components that users create.
    lists_dynamic: bool,
    config: Components,
    status: Components,
    update: Object,
    parts: BTreeMap<Source, Vec<Part>>,
}

/// What a change of one component of theirs means for ours.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Refreshed {
    /// Components have appeared, so that all have to be listed again.
    pub(super) grew: bool,
    /// The states that differ from before.
    pub(super) states: States,
}

/// The states of components of ours.
pub(super) type States = Vec<(ComponentKey, State)>;

/// All components and their states.
pub(super) type Description = (Vec<Descriptor>, BTreeMap<ComponentKey, State>);

impl Board {
    /// Reads the answer to `Shelly.GetDeviceInfo`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn identify(answer: &Value) -> Result<Self, String> {
        let text = |field: &str| answer.get(field).and_then(Value::as_str);
        let said = text("id").ok_or("its answer to Shelly.GetDeviceInfo lacks id")?;
        let generation = answer.get("gen").and_then(Value::as_u64).unwrap_or(0);
        if generation < FIRST_GENERATION {
            return Err(format!("it is of generation {generation}, not 2 or newer"));
        }
        let mut board = Self::named(said)?;
        board.info.mac = text("mac").and_then(mac).unwrap_or_default();
        board.set_name(text("name"));
        let some = |field| bounds::text(text(field).unwrap_or_default().to_owned());
        board.info.version = some("ver");
        board.info.board = match (some("app"), some("model")) {
            (app, model) if app.is_empty() => model,
            (app, model) if model.is_empty() => app,
            (app, model) => format!("{app} ({model})"),
        };
        if let Some(Value::Bool(protected)) = answer.get("auth_en") {
            let extra = &mut board.info.extra;
            extra.insert(PROTECTED.to_owned(), (*protected).into());
        }
        let built = text("fw_id").and_then(|id| id.get(..8)?.parse::<u32>().ok());
        board.lists_dynamic = built.is_some_and(|built| built >= DYNAMIC_SINCE);
        Ok(board)
    }

    /// A board about which only its id is known.
    ///
    /// # Errors
    /// If that is no board id.
    pub(super) fn named(said: &str) -> Result<Self, String> {
        let id = said.to_ascii_lowercase();
        protocol::board_id(&id).map_err(|error| error.to_string())?;
        Ok(Self {
            info: DeviceInfo {
                name: id.clone(),
                id,
                mac: String::new(),
                version: String::new(),
                platform: Family::Shelly.as_str().to_owned(),
                board: String::new(),
                proto: PROTOCOL_MAJOR,
                features: vec!["transition".to_owned()],
                epoch: Epoch(0),
                uptime_ms: 0,
                reset_reason: None,
                extra: Object::new(),
            },
            lists_dynamic: false,
            config: Components::new(),
            status: Components::new(),
            update: Object::new(),
            parts: BTreeMap::new(),
        })
    }

    /// The name given by the user; without one, the board is called by its id.
    pub(super) fn set_name(&mut self, name: Option<&str>) {
        let name = name.map(bounds::name).filter(|name| !name.is_empty());
        self.info.name = name.unwrap_or_else(|| self.info.id.clone());
    }

    /// Whether `Shelly.GetComponents` is worth a request. A board that sleeps
    /// has no such components.
    pub(super) fn lists_dynamic(&self) -> bool {
        let sleeps = self.sys("wakeup_period").is_some_and(|seconds| seconds > 0);
        self.lists_dynamic && !sleeps
    }

    /// How long the board has been running, in seconds.
    pub(super) fn uptime(&self) -> Option<u64> {
        self.sys("uptime")
    }

    /// The revision of the configuration, by the status and by what was read.
    pub(super) fn revisions(&self) -> (Option<u64>, Option<u64>) {
        let read = self.config.get(&SYS).and_then(|sys| sys.get("cfg_rev"));
        (self.sys("cfg_rev"), read.and_then(Value::as_u64))
    }

    fn sys(&self, field: &str) -> Option<u64> {
        self.status.get(&SYS)?.get(field)?.as_u64()
    }

    /// The configuration of everything that a user did not create.
    pub(super) fn set_config(&mut self, config: Object) {
        replace(&mut self.config, config);
        let device = self.config.get(&SYS).and_then(|sys| sys.get("device"));
        let name = device.and_then(|device| device.get("name"));
        let name = name.and_then(Value::as_str).map(str::to_owned);
        if device.is_some() {
            self.set_name(name.as_deref());
        }
    }

    /// The status of everything that a user did not create.
    pub(super) fn set_status(&mut self, status: Object) {
        replace(&mut self.status, status);
        if self.info.mac.is_empty() {
            let said = self.status.get(&SYS).and_then(|sys| sys.get("mac"));
            let said = said.and_then(Value::as_str).and_then(mac);
            self.info.mac = said.unwrap_or_default();
        }
    }

    /// Takes over the status that was received before the board said more about
    /// itself.
    pub(super) fn take_status_of(&mut self, first: Self) {
        self.status = first.status;
    }

    /// The components that users create are listed again.
    pub(super) fn forget_dynamic(&mut self) {
        for all in [&mut self.config, &mut self.status] {
            all.retain(|source, _| !source.is_dynamic());
        }
    }

    /// Some of the components that users created.
    pub(super) fn add_dynamic(&mut self, components: Vec<Value>) {
        for component in components {
            let Value::Object(mut component) = component else {
                continue;
            };
            let source = match component.get("key").and_then(Value::as_str) {
                Some(key) => Source::parse(key).filter(|source| source.is_dynamic()),
                None => None,
            };
            let Some(source) = source else {
                continue;
            };
            for (field, all) in [("config", &mut self.config), ("status", &mut self.status)] {
                let part = match component.remove(field) {
                    Some(Value::Object(part)) => part,
                    _ => Object::new(),
                };
                all.remove(&source);
                merge_component(all, source, part);
            }
        }
    }

    /// A component reported a change; whether the board has to be read again,
    /// because the component is new or gone.
    pub(super) fn change(&mut self, source: Source, change: Value) -> bool {
        match change {
            Value::Null => self.status.remove(&source).is_some(),
            Value::Object(change) => {
                let new = !self.status.contains_key(&source);
                merge_component(&mut self.status, source, change) && new
            }
            _ => false,
        }
    }

    /// How an update proceeds.
    pub(super) fn set_update(&mut self, in_progress: bool, percent: Value, error: Value) {
        self.update = Object::from_iter([
            ("in_progress".to_owned(), in_progress.into()),
            ("update_percentage".to_owned(), percent),
            ("last_error".to_owned(), error),
        ]);
    }

    /// Who changed a component last, in the board's words.
    pub(super) fn source_of(&self, source: Source) -> Option<&str> {
        self.status.get(&source)?.get("source")?.as_str()
    }

    /// Whether anything is known of a component.
    pub(super) fn knows(&self, source: Source) -> bool {
        self.status.contains_key(&source) || self.parts.contains_key(&source)
    }

    /// Our components for one of theirs.
    pub(super) fn parts(&self, source: Source) -> &[Part] {
        self.parts.get(&source).map_or(&[], Vec::as_slice)
    }

    /// All of our components, from the start.
    pub(super) fn describe(&mut self) -> Description {
        self.parts.clear();
        let mut taken = BTreeSet::new();
        for source in self.status.keys().copied().collect::<Vec<_>>() {
            let mut parts = self.translate(source, true);
            parts.retain(|part| {
                taken.len() < bounds::COMPONENTS && taken.insert(part.descriptor.key.clone())
            });
            self.parts.insert(source, parts);
        }
        self.description()
    }

    /// All of our components as known.
    pub(super) fn description(&self) -> Description {
        let parts = || self.parts.values().flatten();
        (
            parts().map(|part| part.descriptor.clone()).collect(),
            parts()
                .filter(|part| !part.state.is_empty())
                .map(|part| (part.descriptor.key.clone(), part.state.clone()))
                .collect(),
        )
    }

    /// The state of everything that is described.
    pub(super) fn refresh_all(&mut self) -> Refreshed {
        let known = self.status.keys().chain(self.parts.keys());
        let mut all = Refreshed::default();
        for source in known.copied().collect::<BTreeSet<_>>() {
            let refreshed = self.refresh(source);
            all.grew |= refreshed.grew;
            all.states.extend(refreshed.states);
        }
        all
    }

    /// The states of our components for one of theirs that differ from before.
    /// Those that the status no longer supports stay, with unknown values.
    pub(super) fn refresh(&mut self, source: Source) -> Refreshed {
        let mut new = self.translate(source, false);
        let mut parts = self.parts.remove(&source).unwrap_or_default();
        let is_in = |list: &[Part], part: &Part| {
            let key = &part.descriptor.key;
            list.iter().any(|one| one.descriptor.key == *key)
        };
        let described_in_all = || self.parts.values().map(Vec::len).sum::<usize>() + parts.len();
        let grew =
            new.iter().any(|part| !is_in(&parts, part)) && described_in_all() < bounds::COMPONENTS;
        if grew {
            let mut all = self.translate(source, true);
            parts.retain(|part| !is_in(&all, part));
            all.append(&mut parts);
            parts = all;
        }
        let mut states = States::new();
        for part in &mut parts {
            let key = &part.descriptor.key;
            let state = match new.iter_mut().find(|one| one.descriptor.key == *key) {
                Some(part) => std::mem::take(&mut part.state),
                None => part.unknown().1,
            };
            if state != part.state {
                states.push((key.clone(), state.clone()));
                part.state = state;
            }
        }
        if !parts.is_empty() {
            self.parts.insert(source, parts);
        }
        Refreshed { grew, states }
    }

    fn translate(&self, source: Source, is_described: bool) -> Vec<Part> {
        let Some(status) = self.status.get(&source) else {
            return Vec::new();
        };
        let empty = Object::new();
        let config = self.config.get(&source.configured_as());
        let same = self.status.range(source.kind.sources());
        components::parts(&Reading {
            source,
            config: config.unwrap_or(&empty),
            status,
            single: same.take(2).count() == 1,
            version: &self.info.version,
            update: &self.update,
            is_described,
        })
    }
}

/// When the board booted, by its uptime.
pub(super) fn booted(now: Instant, uptime_s: u64) -> Option<Instant> {
    now.checked_sub(std::time::Duration::from_secs(uptime_s))
}

/// Replaces everything except the components that users created, of what is
/// translated.
fn replace(known: &mut Components, all: Object) {
    known.retain(|source, _| source.is_dynamic());
    for (name, part) in all {
        if let (Some(source), Value::Object(part)) = (Source::parse(&name), part) {
            known.remove(&source);
            merge_component(known, source, part);
        }
    }
}
