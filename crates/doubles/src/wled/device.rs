//! A WLED behind its sockets: pushes to all clients at most once a second, the
//! limits of a message, and who is evicted.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;

use super::{
    Chip, WledOptions,
    core::{BUSY, Core, NOT_WHOLE},
    leds::live_frame,
};
use crate::{
    frames::{self, Incoming},
    http::{Connection, Request, Response},
    links::Links,
    serve::Device,
};

/// The shortest time between two pushes to all.
const COOLDOWN: Duration = Duration::from_secs(1);
/// The time between two live frames.
const LIVE: Duration = Duration::from_millis(40);
/// From the request of a reboot to the end of all connections.
const REBOOT: Duration = Duration::from_millis(300);
/// What waits for one client; more is dropped.
const QUEUE: usize = 32;
/// The pause between two visits, in seconds.
const VISITS: std::ops::Range<u64> = 12..30;

/// What a connection is told.
enum Order {
    Send(String),
    Close,
}

struct Client {
    number: u64,
    orders: mpsc::Sender<Order>,
}

/// The clients, the oldest first.
#[derive(Default)]
struct Clients {
    all: Vec<Client>,
    next: u64,
    /// The one that is shown the LEDs.
    watching: Option<u64>,
}

pub(crate) struct WledDevice {
    pub(crate) mac: String,
    pub(crate) links: Links,
    started: Instant,
    core: Mutex<Core>,
    clients: Mutex<Clients>,
    /// A push to all is due.
    changed: Notify,
}

impl WledDevice {
    pub(crate) fn new(options: WledOptions, address: SocketAddr) -> Self {
        let mac = options.mac.unwrap_or_else(|| {
            let mut mac: [u8; 6] = [0; 6];
            fastrand::Rng::new().fill(&mut mac);
            // Locally administered, for one device.
            mac[0] = 0x02;
            mac
        });
        let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            core: Mutex::new(Core::new(options, mac.clone(), address.ip().to_string())),
            mac,
            links: Links::default(),
            started: Instant::now(),
            clients: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Core) -> T) -> T {
        act(&mut self.core())
    }

    /// Something changed that all clients are told.
    pub(crate) fn push(&self) {
        self.changed.notify_one();
    }

    /// Changes the state; whether anything differs.
    pub(crate) fn apply(&self, change: &Value) -> bool {
        let changed = self.core().apply(change);
        if changed {
            self.push();
        }
        changed
    }

    /// Carries out what a client sends, which may also request a reboot;
    /// whether anything differs.
    fn command(self: &Arc<Self>, change: &Value) -> bool {
        let changed = self.apply(change);
        if change.get("rb").and_then(Value::as_bool) == Some(true) {
            self.links.start(reboot(self.clone()));
        }
        changed
    }

    /// State and info.
    pub(crate) fn snapshot(&self) -> Value {
        let clients = self.clients().all.len();
        self.core().snapshot(self.now(), clients)
    }

    /// Sends a text to every client as it is, whatever it is.
    pub(crate) fn send_all(&self, text: &str) {
        for client in &self.clients().all {
            // A full queue loses it, as on the device.
            let _ = client.orders.try_send(Order::Send(text.to_owned()));
        }
    }

    /// Adds a client; the oldest is evicted if there are too many.
    fn register(&self) -> (u64, mpsc::Receiver<Order>) {
        let most = self.core().options.clients();
        let (orders, receiver) = mpsc::channel(QUEUE + 1);
        let mut clients = self.clients();
        clients.next += 1;
        let number = clients.next;
        clients.all.push(Client { number, orders });
        while clients.all.len() > most {
            let oldest = clients.all.remove(0);
            // A client whose queue is full notices the closed channel.
            let _ = oldest.orders.try_send(Order::Close);
        }
        (number, receiver)
    }

    /// Whether a client is shown the LEDs.
    pub(crate) fn is_watched(&self) -> bool {
        self.clients().watching.is_some()
    }

    fn watch(&self, number: u64, watch: bool) {
        let mut clients = self.clients();
        if watch {
            clients.watching = Some(number);
        } else if clients.watching == Some(number) {
            clients.watching = None;
        }
    }

    /// Answers a message of a client.
    fn message(self: &Arc<Self>, number: u64, payload: &[u8], whole: bool) -> Option<String> {
        let limit = self.core().options.message_limit();
        let text = std::str::from_utf8(payload).unwrap_or_default();
        if payload.len() < 10 && text.starts_with('p') {
            return Some("pong".into());
        }
        let error = |code: u8| Some(json!({ "error": code }).to_string());
        if !whole || payload.len() > limit {
            return error(NOT_WHOLE);
        }
        if self.core().takes_busy() {
            return error(BUSY);
        }
        let Ok(change @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
            return error(NOT_WHOLE);
        };
        if let Some(watch) = change.get("lv").and_then(Value::as_bool) {
            self.watch(number, watch);
            return None;
        }
        let changed = self.command(&change);
        if change.get("v").and_then(Value::as_bool) == Some(true) {
            return Some(self.snapshot().to_string());
        }
        // A change is answered by the push to all.
        (!changed).then(|| json!({ "success": true }).to_string())
    }

    async fn converse(
        self: &Arc<Self>,
        connection: &mut Connection,
        number: u64,
        orders: &mut mpsc::Receiver<Order>,
    ) -> io::Result<()> {
        frames::write(connection, frames::text(&self.snapshot().to_string())).await?;
        let mut live = interval(LIVE);
        live.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let watching = self.clients().watching == Some(number);
            let frame = tokio::select! {
                incoming = frames::read(connection) => match incoming? {
                    Incoming::Data { payload, whole } => {
                        self.links.message();
                        self.links.awake().await;
                        self.message(number, &payload, whole).map(|text| frames::text(&text))
                    }
                    Incoming::Ping(payload) => Some(Frame::pong(payload)),
                    Incoming::Pong => None,
                    Incoming::Close => return Ok(()),
                },
                order = orders.recv() => match order {
                    Some(Order::Send(text)) => {
                        self.links.awake().await;
                        Some(frames::text(&text))
                    }
                    Some(Order::Close) | None => {
                        return frames::write(connection, Frame::close(None)).await;
                    }
                },
                _ = live.tick(), if watching => {
                    let core = self.core();
                    let leds = core.options.leds;
                    Some(frames::binary(live_frame(&core.state, leds, self.now())))
                }
            };
            if let Some(frame) = frame {
                frames::write(connection, frame).await?;
            }
        }
    }

    fn post(self: &Arc<Self>, body: &str) -> Response {
        let Ok(change @ Value::Object(_)) = serde_json::from_str::<Value>(body) else {
            return Response::json(400, &json!({ "error": NOT_WHOLE }));
        };
        self.command(&change);
        if change.get("v").and_then(Value::as_bool) == Some(true) {
            Response::json(200, &self.core().state.to_json())
        } else {
            Response::json(200, &json!({ "success": true }))
        }
    }

    /// Sets the name, the only part of the configuration that can be changed.
    fn configure(&self, body: &str) -> Response {
        let config: Value = serde_json::from_str(body).unwrap_or_default();
        if let Some(name) = config.get("id").and_then(|id| id.get("name")?.as_str()) {
            self.core().options.name = name.chars().take(32).collect();
            self.push();
        }
        Response::json(200, &json!({ "success": true }))
    }

    /// What a path under `/json` answers; `None` if there is no such.
    fn read(&self, path: &str) -> Option<Value> {
        let core = self.core();
        let value = match path {
            "/json" => {
                drop(core);
                let mut all = self.snapshot();
                let core = self.core();
                all["effects"] = core.effects();
                if let Some(palettes) = core.palettes() {
                    all["palettes"] = palettes;
                }
                all
            }
            "/json/si" => {
                drop(core);
                self.snapshot()
            }
            "/json/state" => core.state.to_json(),
            "/json/info" => {
                drop(core);
                self.snapshot()["info"].take()
            }
            "/json/eff" | "/json/effects" => core.effects(),
            "/json/pal" | "/json/palettes" => core.palettes().unwrap_or_default(),
            "/json/fxdata" => core.effect_data(),
            "/json/cfg" => core.config(),
            "/json/nodes" => json!({ "nodes": [] }),
            "/presets.json" => core.presets(),
            _ => return None,
        };
        Some(value)
    }
}

impl Device for WledDevice {
    fn links(&self) -> &Links {
        &self.links
    }

    fn respond(self: &Arc<Self>, request: &Request) -> Response {
        let path = request.path.trim_end_matches('/');
        let is_json = path.starts_with("/json");
        if is_json && self.core().takes_busy() {
            return Response::json(503, &json!({ "error": BUSY }));
        }
        match (request.method.as_str(), path) {
            ("POST", "/json/cfg") => return self.configure(&request.body),
            ("POST", _) if is_json => return self.post(&request.body),
            _ => {}
        }
        match (self.read(path), path) {
            (Some(value), _) => Response::json(200, &value),
            (None, "/reset") => {
                self.links.start(reboot(self.clone()));
                Response::text(200, "text/html", "Rebooting")
            }
            (None, "") => {
                let body = "<!doctype html><title>WLED</title><p>This is a test double.";
                Response::text(200, "text/html", body)
            }
            (None, _) => Response::text(404, "text/plain", "Not found"),
        }
    }

    fn admit(&self, request: &Request) -> Result<(), Response> {
        if request.path == "/ws" {
            Ok(())
        } else {
            Err(Response::text(404, "text/plain", "Not found"))
        }
    }

    async fn talk(self: Arc<Self>, mut connection: Connection) {
        let _open = self.links.opened();
        let (number, mut orders) = self.register();
        let _slot = Slot {
            device: &self,
            number,
        };
        // An error ends the connection, as the end does.
        let _ = self.converse(&mut connection, number, &mut orders).await;
    }

    async fn live(self: Arc<Self>) {
        let (world, rate) = self.with(|core| (core.options.world, core.options.changes_per_second));
        tokio::join!(
            pushes(&self),
            async {
                if world {
                    visits(&self).await;
                }
            },
            async {
                if rate > 0.0 {
                    flicker(&self, rate).await;
                }
            },
        );
    }
}

/// Frees the slot of a client, also when its task is aborted.
struct Slot<'a> {
    device: &'a WledDevice,
    number: u64,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.device.watch(self.number, false);
        let mut clients = self.device.clients();
        clients.all.retain(|client| client.number != self.number);
    }
}

async fn reboot(device: Arc<WledDevice>) {
    // The answer goes out first.
    sleep(REBOOT).await;
    let now = device.now();
    device.core().boot(now);
    device.links.abort();
}

async fn pushes(device: &WledDevice) {
    loop {
        device.changed.notified().await;
        device.send_all(&device.snapshot().to_string());
        sleep(COOLDOWN).await;
    }
}

/// Someone turns a knob at the device at times.
async fn visits(device: &WledDevice) {
    let mut random = fastrand::Rng::new();
    loop {
        sleep(Duration::from_secs(random.u64(VISITS))).await;
        let color = [random.u8(..), random.u8(..), random.u8(..)];
        let change = match random.u8(0..4) {
            0 => json!({ "bri": random.u8(20..) }),
            1 => json!({ "seg": { "col": [color] } }),
            2 => json!({ "seg": { "fx": random.u8(..180) } }),
            _ => json!({ "on": "t" }),
        };
        device.apply(&change);
    }
}

async fn flicker(device: &WledDevice, rate: f64) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / rate.clamp(0.001, 1_000.0)));
    let mut count = 0;
    loop {
        ticks.tick().await;
        count += 1;
        device.apply(&json!({ "bri": 1 + count % 255 }));
    }
}

impl WledOptions {
    fn clients(&self) -> usize {
        self.clients.unwrap_or(match self.chip {
            Chip::Esp32 => 4,
            Chip::Esp8266 => 3,
        })
    }

    /// The longest message, in bytes: what fits one TCP segment.
    fn message_limit(&self) -> usize {
        match self.chip {
            Chip::Esp32 => 1_428,
            Chip::Esp8266 => 528,
        }
    }
}
