//! A Shelly of the second generation or later: JSON-RPC over HTTP and
//! WebSockets, without the member `jsonrpc`.

mod auth;
mod battery;
mod commands;
mod components;
mod core;
mod delta;
mod device;
mod life;
mod methods;
mod model;
mod nonces;
mod world;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

pub use self::{
    core::{Seen, Transport},
    model::Model,
    nonces::{Firmware, NonceRules},
};
use crate::{
    Announce, Counts, StartError,
    announce::{Announced, Record},
    serve::Served,
};
use device::ShellyDevice;

/// A Shelly to start.
#[derive(Debug, Clone, PartialEq)]
pub struct ShellyOptions {
    /// Which kind. Default: two metered switches.
    pub model: Model,
    /// The generation of its firmware. Default: 1.
    pub firmware: Firmware,
    /// The password of the user `admin`. Default: none.
    pub password: Option<String>,
    /// The name that its owner gave it. Default: none.
    pub name: Option<String>,
    /// The address to listen on. Default: loopback, any free port.
    pub bind: SocketAddr,
    /// The MAC address. Default: random.
    pub mac: Option<[u8; 6]>,
    /// How it is announced. Default: not at all.
    pub announce: Announce,
    /// Whether values drift and someone presses buttons. Default: no, so that
    /// nothing changes that a test did not change.
    pub world: bool,
    /// How often a measured value changes per second. Default: 0.
    pub changes_per_second: f64,
    /// The limits of its nonces.
    pub nonces: NonceRules,
    /// The clients that may be connected by WebSocket at once. Default 6; the
    /// next one is refused with 503, which is our choice, since what the
    /// device does is not documented.
    pub channels: usize,
    /// How long a cover takes from one end to the other. Default 10 s.
    pub cover_travel: Duration,
    /// The version that it finds on its server. Default: none.
    pub update: Option<String>,
    /// Where a battery-powered one connects to: `ws://HOST:PORT/PATH`. Default:
    /// nowhere.
    pub server: Option<String>,
    /// How long it sleeps in between. Default 5 s.
    pub sleep: Duration,
    /// How long it stays awake after the last message on that connection.
    /// Default 2 s.
    pub awake: Duration,
}

impl Default for ShellyOptions {
    fn default() -> Self {
        Self {
            model: Model::default(),
            firmware: Firmware::default(),
            password: None,
            name: None,
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            mac: None,
            announce: Announce::No,
            world: false,
            changes_per_second: 0.0,
            nonces: NonceRules::default(),
            channels: 6,
            cover_travel: Duration::from_secs(10),
            update: None,
            server: None,
            sleep: Duration::from_secs(5),
            awake: Duration::from_secs(2),
        }
    }
}

/// A Shelly that runs until this is dropped. Its methods act at the device or
/// look at it; they return when that has happened.
pub struct Shelly {
    served: Served<ShellyDevice>,
    announced: Option<Announced>,
}

impl Shelly {
    /// Starts a Shelly; it listens when this returns.
    ///
    /// # Errors
    /// If it cannot listen, or mDNS cannot be started.
    pub fn start(options: ShellyOptions) -> Result<Self, StartError> {
        let announce = options.announce.clone();
        let served = Served::start(options.bind, |address| ShellyDevice::new(options, address))?;
        let mut shelly = Self {
            served,
            announced: None,
        };
        // A device that sleeps is not found by mDNS.
        if !shelly.device().is_battery_powered() {
            shelly.announce(&announce)?;
        }
        Ok(shelly)
    }

    fn announce(&mut self, how: &Announce) -> Result<(), StartError> {
        let device = self.device();
        let generation = device.generation().to_string();
        let version = device.with(|core, _| core.version.clone());
        let app = device.app();
        let txt = [
            ("gen", generation.as_str()),
            ("app", app),
            ("ver", version.as_str()),
        ];
        // The instance has the device's own case.
        let instance = format!("Shelly{app}-{}", device.mac);
        let record = Record {
            service: "_shelly._tcp.local.",
            instance: &instance,
            txt: &txt,
            http_txt: &txt[..1],
        };
        self.announced = Announced::start(how, &record, self.served.address)?;
        Ok(())
    }

    fn device(&self) -> &Arc<ShellyDevice> {
        &self.served.device
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.served.address
    }

    /// Its id, in lowercase.
    pub fn id(&self) -> &str {
        &self.device().id
    }

    /// Its MAC address in capitals, without colons.
    pub fn mac(&self) -> &str {
        &self.device().mac
    }

    /// Someone presses an input or a virtual button: `single_push`,
    /// `double_push`, `triple_push`, `long_push`. An input of type switch
    /// changes its state instead.
    pub fn press(&self, key: &str, event: &str) {
        self.device().with(|core, now| core.press(now, key, event));
    }

    /// Someone switches `switch:ID` at the device.
    pub fn set_output(&self, id: u16, on: bool) {
        let key = format!("switch:{id}");
        self.device()
            .with(|core, now| core.switch_at_device(now, &key, on));
    }

    /// Changes the status of a component, as if it happened at the device.
    pub fn set_status(&self, key: &str, patch: &Value) {
        self.device().with(|core, now| core.change(now, key, patch));
    }

    /// Changes the configuration of a component, as its owner may on the
    /// device's page.
    pub fn set_config(&self, key: &str, patch: &Value) {
        self.device()
            .with(|core, now| core.configure(now, key, patch));
    }

    /// Adds a component, as its owner may.
    pub fn add_component(&self, key: &str, config: &Value, status: &Value) {
        self.device()
            .with(|core, now| core.add(now, key, config.clone(), status.clone()));
    }

    /// Removes a component.
    pub fn remove_component(&self, key: &str) {
        self.device().with(|core, now| core.remove(now, key));
    }

    /// Sets or clears the password.
    pub fn set_password(&self, password: Option<&str>) {
        self.device().with(|core, _| {
            core.options.password = password.map(str::to_owned);
            core.nonces.expire_all();
        });
    }

    /// The status of everything, as `Shelly.GetStatus` answers.
    pub fn state(&self) -> Value {
        self.device().with(|core, now| core.full_status(now))
    }

    /// The status of a component; `null` without one.
    pub fn status(&self, key: &str) -> Value {
        self.device()
            .with(|core, _| core.status_of(key).cloned().unwrap_or(json!(null)))
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
        self.device().with(|core, now| core.boot(now));
        self.served.power_on()
    }

    /// Ends the lifetime of all nonces.
    pub fn expire_nonce(&self) {
        self.device().with(|core, _| core.nonces.expire_all());
    }

    /// Uses up all slots for nonces, as other clients might.
    pub fn exhaust_nonces(&self) {
        self.device().with(|core, now| core.nonces.exhaust(now));
    }

    /// Ends all nonces, and answers 429 to each request that needs a new one
    /// for this long.
    pub fn throttle(&self, length: Duration) {
        self.device()
            .with(|core, now| core.nonces.throttle(now, length));
    }

    /// Answers a method with this from now on, whatever it is; `None` ends it.
    pub fn answer_with(&self, method: &str, result: Option<&Value>) {
        self.device()
            .with(|core, _| core.answer_with(method, result));
    }

    /// Sends a text on every connection, whatever it is.
    pub fn send_raw(&self, text: &str) {
        self.device().with(|core, _| core.send_raw(text));
    }

    /// Wakes a battery-powered one.
    pub fn wake(&self) {
        self.device().wake();
    }

    /// The last 1,000 HTTP requests, as `GET /path`, the oldest first.
    pub fn http_requests(&self) -> Vec<String> {
        self.device().links.requests()
    }

    /// What it has counted.
    pub fn counts(&self) -> Counts {
        self.device().links.counts()
    }

    /// The last 1,000 requests, the oldest first.
    pub fn log(&self) -> Vec<Seen> {
        self.device().with(|core, _| core.log())
    }
}
