//! What a board says of itself: in its announcement, and in a
//! `DeviceInfoResponse`.

use std::collections::BTreeMap;

use protocol::{
    DeviceInfo, Epoch, PROTOCOL_MAJOR,
    mdns::{Announcement, key},
};
use sanitize::bounds;
use serde_json::json;

use crate::{
    Family, Problem, TxtError,
    announced::{self, Txt, board_id, mac},
};

use super::{entity::narrow, frames::ServerHello, wire::Fields};

/// The most devices behind one board.
const MOST_DEVICES: usize = 64;

/// A board, and the devices that it is the gateway of.
#[derive(Debug, Clone)]
pub(super) struct Info {
    pub(super) device: DeviceInfo,
    /// Whether it asks for a password, which older firmware may.
    pub(super) uses_password: bool,
    /// The names of the devices by their number.
    pub(super) devices: BTreeMap<u32, String>,
}

impl Info {
    /// Reads a `DeviceInfoResponse`. Its name must be the one that the board
    /// said before, and so must be the hardware address if it said one.
    ///
    /// # Errors
    /// If they differ, or if there is no hardware address.
    pub(super) fn parse(fields: Fields<'_>, hello: &ServerHello) -> Result<Self, Problem> {
        let address = fields.text(3);
        let mac = mac(&address).ok_or_else(|| {
            let address = bounds::name(&address);
            Problem::NotABoard(format!("it reports {address:?} as its hardware address"))
        })?;
        let name = fields.text(2);
        same("name", &hello.name, &name)?;
        if let Some(said) = self::mac(&hello.mac) {
            same("hardware address", &said, &mac)?;
        }
        let title = bounds::name(&fields.text(13));
        let mut device = DeviceInfo {
            id: board_id(Family::Esphome, &mac),
            name: if title.is_empty() {
                bounds::name(&name)
            } else {
                title
            },
            mac,
            version: bounds::text(fields.text(4)),
            platform: Family::Esphome.as_str().to_owned(),
            board: bounds::text(fields.text(6)),
            proto: PROTOCOL_MAJOR,
            features: Vec::new(),
            epoch: Epoch(1),
            uptime_ms: 0,
            reset_reason: None,
            extra: protocol::Object::new(),
        };
        for (field, number) in [
            ("project_name", 8),
            ("project_version", 9),
            ("manufacturer", 12),
            ("suggested_area", 16),
        ] {
            let text = bounds::name(&fields.text(number));
            if !text.is_empty() {
                device.extra.insert(field.to_owned(), json!(text));
            }
        }
        let port = fields.number(10);
        if port != 0 {
            device
                .extra
                .insert("webserver_port".to_owned(), json!(port));
        }
        Ok(Self {
            device,
            uses_password: fields.flag(1),
            devices: devices(fields),
        })
    }

    /// The name of a device, or of the board.
    pub(super) fn owner(&self, device: u32) -> &str {
        self.devices.get(&device).unwrap_or(&self.device.name)
    }
}

/// The devices behind a board: 1 number, 2 name.
fn devices(fields: Fields<'_>) -> BTreeMap<u32, String> {
    fields
        .bytes(20)
        .take(MOST_DEVICES)
        .filter_map(|bytes| Fields::parse(bytes).ok())
        .map(|device| (narrow(device.number(1)), bounds::name(&device.text(2))))
        .filter(|(number, name)| *number != 0 && !name.is_empty())
        .collect()
}

/// Compares what a board said before and after it was authenticated.
pub(super) fn same(what: &str, before: &str, after: &str) -> Result<(), Problem> {
    if before.is_empty() || before == after {
        return Ok(());
    }
    let (before, after) = (bounds::name(before), bounds::name(after));
    Err(Problem::NotABoard(format!(
        "its {what} is {after:?}, but it said {before:?} before"
    )))
}

/// Reads the announcement of a board: `instance` is its name.
///
/// # Errors
/// If it lacks a valid hardware address.
pub(crate) fn announcement<'a>(
    instance: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Announcement, TxtError> {
    let txt = Txt::new(pairs);
    let mac = txt.mac(key::MAC)?;
    let text = |name: &str| txt.get(name).unwrap_or_default().to_owned();
    let name = txt.get(key::FRIENDLY_NAME).unwrap_or(instance);
    Ok(Announcement {
        version: text(key::VERSION),
        board: text(key::BOARD),
        api_encryption: txt.get(key::API_ENCRYPTION).map(str::to_owned),
        mac: mac.clone(),
        ..announced::announcement(Family::Esphome, board_id(Family::Esphome, &mac), name)
    })
}
