//! The boards of a broker, by their retained discovery messages.

use std::collections::{BTreeMap, BTreeSet};

use protocol::mdns::Announcement;

use crate::{
    Change, Directory, Family, Found,
    announced::{self, board_id},
    directory::{BOARDS, KEPT, PAYLOAD},
};

use super::{components, config::Config};

/// Where boards describe themselves.
const DISCOVERY: &str = "tasmota/discovery";

/// The boards of one broker.
#[derive(Debug, Default)]
pub(crate) struct Boards {
    /// By id.
    boards: BTreeMap<String, Board>,
    /// Which boards say on this topic whether they are connected.
    wills: BTreeMap<String, BTreeSet<String>>,
    /// Bytes of payload that are kept.
    kept: usize,
}

#[derive(Debug, Default)]
struct Board {
    /// The digits of the topic.
    mac: String,
    config: Option<Described>,
    sensors: Option<Vec<u8>>,
    will: Option<Vec<u8>>,
}

/// The message `config`, and what follows from it.
#[derive(Debug)]
struct Described {
    payload: Vec<u8>,
    will: String,
    online: String,
    sleeps: bool,
}

impl Board {
    fn size(&self) -> usize {
        let payloads = [
            self.config.as_ref().map(|config| &config.payload),
            self.sensors.as_ref(),
            self.will.as_ref(),
        ];
        payloads.into_iter().flatten().map(Vec::len).sum()
    }
}

impl Directory for Boards {
    fn filters(&self) -> Vec<String> {
        ["config", "sensors"]
            .map(|what| format!("{DISCOVERY}/+/{what}"))
            .to_vec()
    }

    fn message(&mut self, topic: &str, payload: &[u8]) -> Vec<Change> {
        let discovered = topic
            .strip_prefix(DISCOVERY)
            .and_then(|rest| rest.strip_prefix('/')?.split_once('/'));
        match discovered {
            Some((mac, "config")) => self.config(mac, payload),
            Some((mac, "sensors")) => self.sensors(mac, payload),
            _ => self.will(topic, payload),
        }
    }

    fn disconnected(&mut self) {
        for board in self.boards.values_mut() {
            let freed = board.will.take().map_or(0, |will| will.len());
            self.kept = self.kept.saturating_sub(freed);
        }
    }

    fn known(&self, id: &str) -> Vec<(String, Vec<u8>)> {
        let Some((board, config)) = self
            .boards
            .get(id)
            .and_then(|board| Some((board, board.config.as_ref()?)))
        else {
            return Vec::new();
        };
        let topic = |what: &str| format!("{DISCOVERY}/{}/{what}", board.mac);
        let sensors = board.sensors.clone();
        let will = board.will.clone().map(|will| (config.will.clone(), will));
        [
            sensors.map(|sensors| (topic("sensors"), sensors)),
            will,
            // Last: the dialect begins with it.
            Some((topic("config"), config.payload.clone())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Boards {
    fn config(&mut self, mac: &str, payload: &[u8]) -> Vec<Change> {
        let Some(id) = id_of(mac) else {
            return Vec::new();
        };
        if payload.is_empty() {
            return self.remove(&id);
        }
        let config = match Config::parse(payload) {
            Ok(config) if board_id(Family::Tasmota, &config.mac) == id => config,
            // Another board's, or unreadable: what is known stays.
            _ => return Vec::new(),
        };
        let described = Described {
            payload: payload.to_vec(),
            will: config.will(),
            online: config.online.clone(),
            sleeps: config.sleeps,
        };
        let Some(board) = self.room(&id, mac, payload.len()) else {
            return Vec::new();
        };
        let mut changes = Vec::new();
        let before = board.config.replace(described);
        let before_will = before.as_ref().map(|before| before.will.clone());
        let freed = before.map_or(0, |before| before.payload.len());
        self.kept = (self.kept + payload.len()).saturating_sub(freed);
        if before_will.as_ref() != Some(&config.will()) {
            if let Some(old) = before_will {
                changes.extend(self.unwatch(&id, &old));
                // What was said there is not about the new topic.
                if let Some(board) = self.boards.get_mut(&id) {
                    let freed = board.will.take().map_or(0, |will| will.len());
                    self.kept = self.kept.saturating_sub(freed);
                }
            }
            let watching = self.wills.entry(config.will()).or_default();
            if watching.is_empty() {
                changes.push(Change::Watch(config.will()));
            }
            watching.insert(id.clone());
        }
        changes.push(Change::Found(Box::new(Found {
            announcement: announcement(&config),
            family: Family::Tasmota,
            filters: config.filters(),
            bridge: None,
        })));
        changes.push(Change::Forward(id));
        changes
    }

    fn sensors(&mut self, mac: &str, payload: &[u8]) -> Vec<Change> {
        let Some(id) = id_of(mac) else {
            return Vec::new();
        };
        if payload.is_empty() {
            let board = self.boards.get_mut(&id);
            let freed = board.and_then(|board| board.sensors.take());
            self.kept = self
                .kept
                .saturating_sub(freed.map_or(0, |freed| freed.len()));
            return vec![Change::Forward(id)];
        }
        let Some(board) = self.room(&id, mac, payload.len()) else {
            return Vec::new();
        };
        let freed = board.sensors.replace(payload.to_vec());
        let freed = freed.map_or(0, |freed| freed.len());
        self.kept = (self.kept + payload.len()).saturating_sub(freed);
        vec![Change::Forward(id)]
    }

    fn will(&mut self, topic: &str, payload: &[u8]) -> Vec<Change> {
        let mut changes = Vec::new();
        if payload.len() > PAYLOAD {
            return changes;
        }
        for id in self.wills.get(topic).into_iter().flatten() {
            let Some(board) = self.boards.get_mut(id) else {
                continue;
            };
            let before = board.size();
            board.will = (!payload.is_empty()).then(|| payload.to_vec());
            self.kept = (self.kept + board.size()).saturating_sub(before);
            let config = board.config.as_ref();
            if config.is_some_and(|config| config.online.as_bytes() == payload || config.sleeps) {
                changes.push(Change::Online(id.clone()));
            }
            changes.push(Change::Forward(id.clone()));
        }
        changes
    }

    /// The board with this id, known or new, if there is room for this many
    /// more bytes.
    fn room(&mut self, id: &str, mac: &str, more: usize) -> Option<&mut Board> {
        let is_new = !self.boards.contains_key(id);
        if more > PAYLOAD || self.kept + more > KEPT || (is_new && self.boards.len() >= BOARDS) {
            return None;
        }
        let board = self.boards.entry(id.to_owned()).or_default();
        mac.clone_into(&mut board.mac);
        Some(board)
    }

    fn remove(&mut self, id: &str) -> Vec<Change> {
        let Some(board) = self.boards.remove(id) else {
            return Vec::new();
        };
        self.kept = self.kept.saturating_sub(board.size());
        let mut changes = Vec::new();
        if let Some(config) = board.config {
            changes.extend(self.unwatch(id, &config.will));
            changes.push(Change::Gone(id.to_owned()));
        }
        changes
    }

    fn unwatch(&mut self, id: &str, will: &str) -> Option<Change> {
        let watching = self.wills.get_mut(will)?;
        watching.remove(id);
        let unused = watching.is_empty();
        if unused {
            self.wills.remove(will);
        }
        unused.then(|| Change::Unwatch(will.to_owned()))
    }
}

/// The id of the board whose topic has these digits.
fn id_of(mac: &str) -> Option<String> {
    let mac = announced::mac(mac)?;
    Some(board_id(Family::Tasmota, &mac))
}

fn announcement(config: &Config) -> Announcement {
    let info = components::info(config);
    let mut announcement = announced::announcement(Family::Tasmota, info.id, &info.name);
    announcement.mac = info.mac;
    announcement.version = info.version;
    announcement.board = info.board;
    announcement
}
