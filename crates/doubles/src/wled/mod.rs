//! A WLED: its state and info over HTTP and a WebSocket.

mod core;
mod device;
mod leds;
mod names;
mod state;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use serde_json::{Value, json};

use crate::{
    Announce, Counts, StartError,
    announce::{Announced, Record},
    serve::Served,
};
use device::WledDevice;

/// The chip, which limits the clients and the length of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Chip {
    /// Four clients, 1,428 bytes.
    #[default]
    Esp32,
    /// Three clients, 528 bytes.
    Esp8266,
}

/// What it answers where the names of its palettes belong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Palettes {
    /// The names.
    #[default]
    Named,
    /// `null`.
    Null,
    /// Nothing: the field is missing.
    Missing,
}

/// A WLED to start.
#[derive(Debug, Clone, PartialEq)]
pub struct WledOptions {
    /// Its name. Default: `WLED`, as on a new device.
    pub name: String,
    /// The address to listen on. Default: loopback, any free port.
    pub bind: SocketAddr,
    /// The MAC address. Default: random.
    pub mac: Option<[u8; 6]>,
    /// How it is announced. Default: not at all.
    pub announce: Announce,
    /// Whether someone changes the light at times. Default: no, so that
    /// nothing changes that a test did not change.
    pub world: bool,
    /// How often the brightness changes per second; it is pushed at most once
    /// a second. Default: 0.
    pub changes_per_second: f64,
    /// The LEDs. Default 60.
    pub leds: u64,
    /// Whether they have white LEDs with a color temperature. Default: no.
    pub white: bool,
    /// The segments at the start, 1 to 32. Default 1.
    pub segments: usize,
    /// The chip. Default: ESP32.
    pub chip: Chip,
    /// The WebSockets at once; for one more the oldest is closed. Default: by
    /// the chip.
    pub clients: Option<usize>,
    /// The palettes. Default: named.
    pub palettes: Palettes,
}

impl Default for WledOptions {
    fn default() -> Self {
        Self {
            name: "WLED".to_owned(),
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            mac: None,
            announce: Announce::No,
            world: false,
            changes_per_second: 0.0,
            leds: 60,
            white: false,
            segments: 1,
            chip: Chip::default(),
            clients: None,
            palettes: Palettes::default(),
        }
    }
}

/// A WLED that runs until this is dropped. Its methods act at the device or
/// look at it.
pub struct Wled {
    served: Served<WledDevice>,
    id: String,
    _announced: Option<Announced>,
}

impl Wled {
    /// Starts a WLED; it listens when this returns.
    ///
    /// # Errors
    /// If it cannot listen, or mDNS cannot be started.
    pub fn start(options: WledOptions) -> Result<Self, StartError> {
        let announce = options.announce.clone();
        let served = Served::start(options.bind, |address| WledDevice::new(options, address))?;
        let mac = &served.device.mac;
        // The default name ends in the last half of the MAC address.
        let instance = format!("wled-{}", mac.get(6..).unwrap_or_default());
        let record = Record {
            service: "_wled._tcp.local.",
            instance: &instance,
            txt: &[("mac", mac)],
            http_txt: &[],
        };
        Ok(Self {
            _announced: Announced::start(&announce, &record, served.address)?,
            id: format!("wled-{mac}"),
            served,
        })
    }

    fn device(&self) -> &Arc<WledDevice> {
        &self.served.device
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.served.address
    }

    /// The id that Switchboard gives it: `wled-` and its MAC address.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its MAC address in lowercase, without colons.
    pub fn mac(&self) -> &str {
        &self.device().mac
    }

    /// Changes the state at the device, with the fields of the JSON interface;
    /// whether anything differs.
    pub fn set(&self, change: &Value) -> bool {
        self.device().apply(change)
    }

    /// Switches it at the device.
    pub fn set_output(&self, on: bool) {
        self.set(&json!({ "on": on }));
    }

    /// Someone presses the button at the device, which toggles it.
    pub fn press(&self) {
        self.set(&json!({ "on": "t" }));
    }

    /// Adds a segment, or changes its bounds.
    pub fn add_segment(&self, id: u64, start: u64, stop: u64) {
        self.set(&json!({ "seg": [{ "id": id, "start": start, "stop": stop }] }));
    }

    /// Removes a segment; the last one stays.
    pub fn remove_segment(&self, id: u64) {
        self.set(&json!({ "seg": [{ "id": id, "stop": 0 }] }));
    }

    /// Sets fields of the info, and pushes them.
    pub fn set_info(&self, patch: &Value) {
        if let Some(fields) = patch.as_object() {
            self.device().with(|core| core.set_info(fields));
            self.device().push();
        }
    }

    /// The state, as `/json/state` answers.
    pub fn state(&self) -> Value {
        self.device().with(|core| core.state.to_json())
    }

    /// The info, as `/json/info` answers.
    pub fn info(&self) -> Value {
        self.device().snapshot()["info"].take()
    }

    /// Refuses the next requests as busy.
    pub fn refuse(&self, requests: usize) {
        self.device().with(|core| core.refuse(requests));
    }

    /// Sends a text on every WebSocket, whatever it is.
    pub fn send_raw(&self, text: &str) {
        self.device().send_all(text);
    }

    /// Closes all connections.
    pub fn drop_link(&self) {
        self.served.drop_links();
    }

    /// Makes it hang: its sockets stay open, but nothing is answered.
    pub fn hold(&self) {
        self.device().links.hang(true);
    }

    /// Lets it continue.
    pub fn release(&self) {
        self.device().links.hang(false);
    }

    /// Cuts its power, without an mDNS goodbye.
    pub fn power_off(&self) {
        self.served.power_off();
    }

    /// Powers it on again, at the address it had.
    ///
    /// # Errors
    /// If the address is in use.
    pub fn power_on(&self) -> Result<(), StartError> {
        let now = self.device().now();
        self.device().with(|core| core.boot(now));
        self.served.power_on()
    }

    /// Whether a client gets the live frames.
    pub fn is_watched(&self) -> bool {
        self.device().is_watched()
    }

    /// The last 1,000 HTTP requests, as `GET /path`, the oldest first.
    pub fn http_requests(&self) -> Vec<String> {
        self.device().links.requests()
    }

    /// What it has counted.
    pub fn counts(&self) -> Counts {
        self.device().links.counts()
    }
}
