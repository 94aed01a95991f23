//! The devices of a broker, by their retained descriptions and states.

use std::collections::{BTreeMap, BTreeSet};

use protocol::board_id;

use crate::{
    Change, Directory, Family, Found, announced,
    directory::{BOARDS, KEPT, PAYLOAD},
    is_plain_topic,
    numbering::fnv_1a,
};

use super::{
    components,
    description::{Description, is_id},
};

/// The domain that devices use unless they are configured otherwise.
const DOMAIN: &str = "homie";

/// The longest domain, in bytes.
const LONGEST_DOMAIN: usize = 64;

/// The devices of one broker.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    /// By id of our board.
    devices: BTreeMap<String, Device>,
    /// Which devices are part of this one.
    parts: BTreeMap<String, BTreeSet<String>>,
    /// Bytes of payload that are kept.
    kept: usize,
}

#[derive(Debug, Default)]
struct Device {
    /// `DOMAIN/5/ID`.
    topic: String,
    description: Option<Vec<u8>>,
    /// The root of its tree, as id of our board.
    root: Option<String>,
    state: Option<Vec<u8>>,
    announced: bool,
}

impl Device {
    fn size(&self) -> usize {
        let payloads = [self.description.as_ref(), self.state.as_ref()];
        payloads.into_iter().flatten().map(Vec::len).sum()
    }
}

/// The id of a device as a board's id; `None` if it is not an id, or too long.
pub(super) fn id_of(domain: &str, device: &str) -> Option<String> {
    let id = match domain == DOMAIN {
        true => format!("homie-{device}"),
        false => format!("homie-{device}-at-{:08x}", fnv_1a(domain)),
    };
    (is_id(device) && board_id(&id).is_ok()).then_some(id)
}

/// Domain, device and attribute of a topic: `homie/5/ID/$state`.
fn parts_of(topic: &str) -> Option<(&str, &str, &str)> {
    let mut levels = topic.split('/');
    let (domain, version) = (levels.next()?, levels.next()?);
    let (device, attribute) = (levels.next()?, levels.next()?);
    let fits = version == "5"
        && levels.next().is_none()
        && domain.len() <= LONGEST_DOMAIN
        && is_plain_topic(domain);
    fits.then_some((domain, device, attribute))
}

impl Directory for Devices {
    fn filters(&self) -> Vec<String> {
        ["$state", "$description"]
            .map(|attribute| format!("+/5/+/{attribute}"))
            .to_vec()
    }

    fn message(&mut self, topic: &str, payload: &[u8]) -> Vec<Change> {
        let Some((domain, device, attribute)) = parts_of(topic) else {
            return Vec::new();
        };
        let Some(id) = id_of(domain, device) else {
            return Vec::new();
        };
        let topic = format!("{domain}/5/{device}");
        // A device could be named so that it has the id of another one, in
        // another domain: the first one keeps it.
        let known = self.devices.get(&id);
        if known.is_some_and(|known| known.topic != topic) {
            return Vec::new();
        }
        match attribute {
            "$state" => self.state(&id, topic, payload),
            "$description" => self.description(id, domain, topic, payload),
            _ => Vec::new(),
        }
    }

    fn disconnected(&mut self) {
        for device in self.devices.values_mut() {
            let freed = device.state.take().map_or(0, |state| state.len());
            self.kept = self.kept.saturating_sub(freed);
        }
    }

    fn known(&self, id: &str) -> Vec<(String, Vec<u8>)> {
        let Some(device) = self.devices.get(id) else {
            return Vec::new();
        };
        let of = |device: &Device, attribute: &str, payload: &Option<Vec<u8>>| {
            let payload = payload.clone()?;
            Some((format!("{}/{attribute}", device.topic), payload))
        };
        let root = device.root.as_ref().and_then(|root| self.devices.get(root));
        let root = root.and_then(|root| of(root, "$state", &root.state));
        let description = of(device, "$description", &device.description);
        let state = of(device, "$state", &device.state);
        description.into_iter().chain(state).chain(root).collect()
    }
}

impl Devices {
    fn state(&mut self, id: &str, topic: String, payload: &[u8]) -> Vec<Change> {
        if payload.is_empty() {
            return self.remove(id);
        }
        let Some(device) = self.room(id, topic, payload.len()) else {
            return Vec::new();
        };
        let before = device.size();
        device.state = Some(payload.to_vec());
        let after = device.size();
        let announced = device.announced;
        self.kept = (self.kept + after).saturating_sub(before);
        let mut changes = Vec::new();
        if !announced {
            changes.extend(self.found(id));
        }
        let is_ready = matches!(payload, b"ready" | b"sleeping" | b"init");
        let parts = self.parts.get(id).into_iter().flatten();
        for id in [id].into_iter().chain(parts.map(String::as_str)) {
            if is_ready {
                changes.push(Change::Online(id.to_owned()));
            }
            changes.push(Change::Forward(id.to_owned()));
        }
        changes
    }

    fn description(
        &mut self,
        id: String,
        domain: &str,
        topic: String,
        payload: &[u8],
    ) -> Vec<Change> {
        let Ok(description) = Description::parse(payload) else {
            // What is known stays.
            return Vec::new();
        };
        let root = description.root.as_deref();
        let root = root
            .and_then(|root| id_of(domain, root))
            .filter(|root| *root != id);
        let Some(device) = self.room(&id, topic, payload.len()) else {
            return Vec::new();
        };
        let before = device.size();
        device.description = Some(payload.to_vec());
        let old_root = std::mem::replace(&mut device.root, root.clone());
        let after = device.size();
        self.kept = (self.kept + after).saturating_sub(before);
        if old_root != root {
            self.leave(&id, old_root);
            if let Some(root) = root {
                self.parts.entry(root).or_default().insert(id.clone());
            }
        }
        let mut changes: Vec<_> = self.found(&id).into_iter().collect();
        changes.push(Change::Forward(id));
        changes
    }

    /// A device exists once it has described itself and has a state.
    fn found(&mut self, id: &str) -> Option<Change> {
        let device = self.devices.get_mut(id)?;
        let description = Description::parse(device.description.as_ref()?).ok()?;
        // Without a state, it was removed, or the broker has restarted.
        if device.state.is_none() && !device.announced {
            return None;
        }
        device.announced = true;
        let info = components::info(id.to_owned(), &description);
        let mut announcement = announced::announcement(Family::Homie, info.id, &info.name);
        announcement.board = info.board;
        let topic = &device.topic;
        Some(Change::Found(Box::new(Found {
            announcement,
            family: Family::Homie,
            filters: vec![format!("{topic}/+/+"), format!("{topic}/+/+/$target")],
            bridge: None,
        })))
    }

    fn room(&mut self, id: &str, topic: String, more: usize) -> Option<&mut Device> {
        let is_new = !self.devices.contains_key(id);
        if more > PAYLOAD || self.kept + more > KEPT || (is_new && self.devices.len() >= BOARDS) {
            return None;
        }
        let device = self.devices.entry(id.to_owned()).or_default();
        if is_new {
            device.topic = topic;
        }
        Some(device)
    }

    fn remove(&mut self, id: &str) -> Vec<Change> {
        let Some(device) = self.devices.remove(id) else {
            return Vec::new();
        };
        self.kept = self.kept.saturating_sub(device.size());
        self.leave(id, device.root);
        match device.announced {
            true => vec![Change::Gone(id.to_owned())],
            false => Vec::new(),
        }
    }

    fn leave(&mut self, id: &str, root: Option<String>) {
        if let Some(root) = root
            && let Some(parts) = self.parts.get_mut(&root)
        {
            parts.remove(id);
            if parts.is_empty() {
                self.parts.remove(&root);
            }
        }
    }
}
