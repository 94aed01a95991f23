//! Test doubles of boards that are reached through an MQTT broker: each has a
//! connection and a thread of its own. They are judged by the families' own
//! reference clients (`tests/families`), not by this project.

mod homie;
mod tasmota;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rumqttc::{Client, Connection, Event, LastWill, MqttOptions, Packet, QoS};
use serde_json::Value;

pub use homie::Homie;
pub use tasmota::{Tasmota, TasmotaModel};

/// How often a double looks whether it is to end.
const TICK: Duration = Duration::from_millis(500);

/// How long it waits after a connection failed.
const PAUSE: Duration = Duration::from_millis(200);

/// A message that a double publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: String,
    /// Whether the broker keeps it.
    pub retain: bool,
}

impl Message {
    fn new(topic: String, payload: impl Into<String>) -> Self {
        Self {
            topic,
            payload: payload.into(),
            retain: false,
        }
    }

    fn retained(topic: String, payload: impl Into<String>) -> Self {
        Self {
            retain: true,
            ..Self::new(topic, payload)
        }
    }
}

/// A device as messages see it.
pub trait Gadget: Send + 'static {
    /// The id that Switchboard gives it.
    fn id(&self) -> String;
    /// How it is called at the broker.
    fn client_id(&self) -> String;
    /// What the broker publishes when it disappears.
    fn will(&self) -> Message;
    /// The topics that it obeys.
    fn filters(&self) -> Vec<String>;
    /// What it publishes when it is connected.
    fn hello(&mut self) -> Vec<Message>;
    /// A message arrived.
    fn receive(&mut self, topic: &str, payload: &str) -> Vec<Message>;
    /// Someone does something at the device.
    ///
    /// # Errors
    /// What it understands instead.
    fn act(&mut self, verb: &str, arguments: &str) -> Result<Vec<Message>, String>;
    /// Its state, for tests.
    fn state(&self) -> Value;
}

/// The broker of a double.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A user and a password.
    pub login: Option<(String, String)>,
}

/// A double that runs until it is dropped.
pub struct Brokered {
    gadget: Arc<Mutex<Box<dyn Gadget>>>,
    at: At,
    running: Option<Running>,
}

struct Running {
    client: Client,
    ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Brokered {
    /// Plugs a device in. It connects on its own, as often as it has to.
    pub fn start(gadget: impl Gadget, at: At) -> Self {
        let mut started = Self {
            gadget: Arc::new(Mutex::new(Box::new(gadget))),
            at,
            running: None,
        };
        started.power_on();
        started
    }

    fn gadget(&self) -> MutexGuard<'_, Box<dyn Gadget>> {
        lock(&self.gadget)
    }

    /// The id that Switchboard gives it.
    pub fn id(&self) -> String {
        self.gadget().id()
    }

    /// Its state.
    pub fn state(&self) -> Value {
        self.gadget().state()
    }

    /// Someone does something at the device.
    ///
    /// # Errors
    /// What it understands instead.
    pub fn act(&self, verb: &str, arguments: &str) -> Result<(), String> {
        let messages = self.gadget().act(verb, arguments)?;
        if let Some(running) = &self.running {
            publish(&running.client, messages);
        }
        Ok(())
    }

    /// Cuts the power: the broker notices that the connection has ended.
    pub fn power_off(&mut self) {
        if let Some(Running { ended, thread, .. }) = self.running.take() {
            ended.store(true, Ordering::Relaxed);
            let _ = thread.join();
        }
    }

    /// Powers it on again.
    pub fn power_on(&mut self) {
        self.power_off();
        let (options, filters) = {
            let gadget = self.gadget();
            let mut options =
                MqttOptions::new(gadget.client_id(), self.at.host.clone(), self.at.port);
            let will = gadget.will();
            let will = LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, will.retain);
            options.set_keep_alive(Duration::from_secs(30));
            options.set_last_will(will);
            if let Some((user, password)) = &self.at.login {
                options.set_credentials(user, password);
            }
            (options, gadget.filters())
        };
        let (client, connection) = Client::new(options, 64);
        let ended = Arc::new(AtomicBool::new(false));
        let serving = Serving {
            gadget: Arc::clone(&self.gadget),
            client: client.clone(),
            filters,
            ended: Arc::clone(&ended),
        };
        let thread = thread::spawn(move || serving.run(connection));
        self.running = Some(Running {
            client,
            ended,
            thread,
        });
    }
}

impl Drop for Brokered {
    fn drop(&mut self) {
        self.power_off();
    }
}

struct Serving {
    gadget: Arc<Mutex<Box<dyn Gadget>>>,
    client: Client,
    filters: Vec<String>,
    ended: Arc<AtomicBool>,
}

impl Serving {
    fn run(&self, mut connection: Connection) {
        while !self.ended.load(Ordering::Relaxed) {
            match connection.recv_timeout(TICK) {
                Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => {
                    for filter in &self.filters {
                        let _ = self.client.try_subscribe(filter, QoS::AtLeastOnce);
                    }
                    let hello = lock(&self.gadget).hello();
                    publish(&self.client, hello);
                }
                Ok(Ok(Event::Incoming(Packet::Publish(message)))) => {
                    let payload = String::from_utf8_lossy(&message.payload);
                    let answers = lock(&self.gadget).receive(&message.topic, &payload);
                    publish(&self.client, answers);
                }
                Ok(Err(_)) => thread::sleep(PAUSE),
                Ok(Ok(_)) | Err(_) => {}
            }
        }
    }
}

/// Publishes messages; while there is no connection some are lost, as on a real
/// device.
fn publish(client: &Client, messages: Vec<Message>) {
    for message in messages {
        let Message {
            topic,
            payload,
            retain,
        } = message;
        let _ = client.try_publish(topic, QoS::AtLeastOnce, retain, payload);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // A gadget is consistent after each of its methods.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
