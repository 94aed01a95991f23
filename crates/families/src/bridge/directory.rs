//! The boards that bridges forward to a broker, by their retained descriptions
//! and availability.

use std::collections::{BTreeMap, BTreeSet};

use protocol::mdns::Announcement;

use crate::{
    Bridge, Change, Directory, Family, Found,
    directory::{BOARDS, KEPT, PAYLOAD},
    is_plain_topic,
};

use super::{Description, is_online};

/// The most bridges that are kept.
const BRIDGES: usize = 1_024;

/// The longest level of a topic, in bytes.
const LEVEL: usize = 128;

/// The boards of one broker.
#[derive(Debug)]
pub(super) struct Boards {
    prefix: String,
    sender: String,
    /// By id.
    boards: BTreeMap<String, Board>,
    /// What each bridge says of itself, by site and name, and its boards.
    bridges: BTreeMap<Bridge, OfBridge>,
    kept: usize,
}

#[derive(Debug, Default)]
struct Board {
    /// `PREFIX/SITE/BOARD`.
    topic: String,
    site: String,
    description: Option<Vec<u8>>,
    availability: Option<Vec<u8>>,
    bridge: Option<Bridge>,
}

#[derive(Debug, Default)]
struct OfBridge {
    state: Option<Vec<u8>>,
    boards: BTreeSet<String>,
}

impl Board {
    fn size(&self) -> usize {
        let payloads = [self.description.as_ref(), self.availability.as_ref()];
        payloads.into_iter().flatten().map(Vec::len).sum()
    }
}

impl Boards {
    pub(super) fn new(prefix: &str, sender: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            sender: sender.to_owned(),
            boards: BTreeMap::new(),
            bridges: BTreeMap::new(),
            kept: 0,
        }
    }

    /// The topic of replies for a board.
    fn replies(&self, site: &str, id: &str) -> String {
        format!("{}/{site}/$replies/{}/{id}", self.prefix, self.sender)
    }
}

impl Directory for Boards {
    fn filters(&self) -> Vec<String> {
        ["+/+/$description", "+/+/$availability", "+/$bridge/+"]
            .map(|rest| format!("{}/{rest}", self.prefix))
            .to_vec()
    }

    fn message(&mut self, topic: &str, payload: &[u8]) -> Vec<Change> {
        let rest = topic.strip_prefix(self.prefix.as_str());
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix('/')) else {
            return Vec::new();
        };
        let levels: Vec<_> = rest.split('/').take(4).collect();
        let [site, board, attribute] = levels[..] else {
            return Vec::new();
        };
        if site.len() > LEVEL || !is_plain_topic(site) || payload.len() > PAYLOAD {
            return Vec::new();
        }
        match (board, attribute) {
            ("$bridge", name) if name.len() <= LEVEL => self.bridge(site, name, payload),
            (id, "$description") => self.description(site, id, payload),
            (id, "$availability") => self.availability(site, id, payload),
            _ => Vec::new(),
        }
    }

    fn disconnected(&mut self) {
        for board in self.boards.values_mut() {
            let freed = board.availability.take();
            let freed = freed.map_or(0, |freed| freed.len());
            self.kept = self.kept.saturating_sub(freed);
        }
        self.boards.retain(|_, board| board.description.is_some());
        for bridge in self.bridges.values_mut() {
            bridge.state = None;
        }
        self.bridges.retain(|_, bridge| !bridge.boards.is_empty());
    }

    fn known(&self, id: &str) -> Vec<(String, Vec<u8>)> {
        let Some(board) = self.boards.get(id) else {
            return Vec::new();
        };
        let of = |attribute: &str, payload: &Option<Vec<u8>>| {
            let payload = payload.clone()?;
            Some((format!("{}/{attribute}", board.topic), payload))
        };
        let bridge = board.bridge.as_ref().and_then(|bridge| {
            let state = self.bridges.get(bridge)?.state.clone()?;
            let topic = format!("{}/{}/$bridge/{}", self.prefix, bridge.site, bridge.name);
            Some((topic, state))
        });
        // Where replies go: no message of the broker is empty and retained.
        let replies = (self.replies(&board.site, id), Vec::new());
        [
            of("$availability", &board.availability),
            bridge,
            Some(replies),
            of("$description", &board.description),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Boards {
    fn description(&mut self, site: &str, id: &str, payload: &[u8]) -> Vec<Change> {
        if payload.is_empty() {
            return self.remove(site, id);
        }
        let Ok(description) = Description::parse(payload) else {
            return Vec::new();
        };
        if description.info.id != id {
            return Vec::new();
        }
        // A site that does not describe a board does not keep it from others.
        if let Some(board) = self.boards.get(id)
            && board.description.is_none()
        {
            let other = board.site.clone();
            if other != site {
                self.remove(&other, id);
            }
        }
        if !self.is_of(site, id) {
            return Vec::new();
        }
        let bridge = Bridge {
            site: site.to_owned(),
            name: description.bridge.clone(),
        };
        let Some(board) = self.room(site, id, payload.len()) else {
            return Vec::new();
        };
        let before = board.size();
        board.description = Some(payload.to_vec());
        let after = board.size();
        let old = board.bridge.replace(bridge.clone());
        let topic = board.topic.clone();
        self.kept = (self.kept + after).saturating_sub(before);
        if old.as_ref() != Some(&bridge) {
            self.leave(id, old);
            if self.bridges.len() < BRIDGES || self.bridges.contains_key(&bridge) {
                let of = self.bridges.entry(bridge.clone()).or_default();
                of.boards.insert(id.to_owned());
            }
        }
        let replies = self.replies(site, id);
        let found = Found {
            announcement: announcement(&description),
            family: description
                .family
                .map_or_else(Family::default, Family::from),
            filters: vec![format!("{topic}/+"), format!("{topic}/+/event"), replies],
            bridge: Some(bridge),
        };
        vec![
            Change::Found(Box::new(found)),
            Change::Forward(id.to_owned()),
        ]
    }

    fn availability(&mut self, site: &str, id: &str, payload: &[u8]) -> Vec<Change> {
        if !self.is_of(site, id) {
            return Vec::new();
        }
        let Some(board) = self.room(site, id, payload.len()) else {
            return Vec::new();
        };
        let before = board.size();
        board.availability = (!payload.is_empty()).then(|| payload.to_vec());
        let after = board.size();
        self.kept = (self.kept + after).saturating_sub(before);
        if after == 0 {
            self.boards.remove(id);
            return Vec::new();
        }
        let mut changes = Vec::new();
        if is_online(payload) == Some(true) {
            changes.push(Change::Online(id.to_owned()));
        }
        changes.push(Change::Forward(id.to_owned()));
        changes
    }

    fn bridge(&mut self, site: &str, name: &str, payload: &[u8]) -> Vec<Change> {
        let bridge = Bridge {
            site: site.to_owned(),
            name: name.to_owned(),
        };
        if !self.bridges.contains_key(&bridge) && self.bridges.len() >= BRIDGES {
            return Vec::new();
        }
        let of = self.bridges.entry(bridge.clone()).or_default();
        of.state = (!payload.is_empty()).then(|| payload.to_vec());
        if of.state.is_none() && of.boards.is_empty() {
            self.bridges.remove(&bridge);
            return Vec::new();
        }
        let is_up = is_online(payload) == Some(true);
        let changes = of.boards.iter().flat_map(|id| {
            let online = is_up.then(|| Change::Online(id.clone()));
            online.into_iter().chain([Change::Forward(id.clone())])
        });
        changes.collect()
    }

    /// Whether a board is known at this site, or not at all. A board that two
    /// sites forward is that of the first.
    fn is_of(&self, site: &str, id: &str) -> bool {
        self.boards.get(id).is_none_or(|board| board.site == site)
    }

    fn room(&mut self, site: &str, id: &str, more: usize) -> Option<&mut Board> {
        let is_new = !self.boards.contains_key(id);
        let full = self.kept + more > KEPT || (is_new && self.boards.len() >= BOARDS);
        if full || protocol::board_id(id).is_err() {
            return None;
        }
        let board = self.boards.entry(id.to_owned()).or_default();
        if is_new {
            board.topic = format!("{}/{site}/{id}", self.prefix);
            site.clone_into(&mut board.site);
        }
        Some(board)
    }

    fn remove(&mut self, site: &str, id: &str) -> Vec<Change> {
        if !self.is_of(site, id) {
            return Vec::new();
        }
        let Some(board) = self.boards.remove(id) else {
            return Vec::new();
        };
        self.kept = self.kept.saturating_sub(board.size());
        let was_known = board.description.is_some();
        self.leave(id, board.bridge);
        match was_known {
            true => vec![Change::Gone(id.to_owned())],
            false => Vec::new(),
        }
    }

    fn leave(&mut self, id: &str, bridge: Option<Bridge>) {
        if let Some(bridge) = bridge
            && let Some(of) = self.bridges.get_mut(&bridge)
        {
            of.boards.remove(id);
            if of.state.is_none() && of.boards.is_empty() {
                self.bridges.remove(&bridge);
            }
        }
    }
}

fn announcement(description: &Description) -> Announcement {
    let info = &description.info;
    Announcement {
        id: info.id.clone(),
        mac: info.mac.clone(),
        friendly_name: info.name.clone(),
        version: info.version.clone(),
        platform: info.platform.clone(),
        board: info.board.clone(),
        proto: info.proto,
        path: String::new(),
        api_encryption: None,
    }
}
