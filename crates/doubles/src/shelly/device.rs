//! A Shelly behind its sockets: which request needs a password, the frames of a
//! WebSocket, and the clock.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    ShellyOptions,
    auth::{self, Presented},
    core::{Core, Failure, Seen, Transport},
    life,
    methods::{self, Caller},
    nonces::Verdict,
};
use crate::{
    http::{Connection, Request, Response, query_fields},
    links::Links,
    serve::Device,
};

/// The longest message of a client, in bytes. A longer one ends the connection.
const LONGEST: usize = 64 * 1024;

/// How many bytes are read at a time.
const READ_BUFFER: usize = 4 * 1024;

pub(crate) struct ShellyDevice {
    pub(crate) id: String,
    pub(crate) mac: String,
    pub(crate) links: Links,
    started: Instant,
    core: Mutex<Core>,
    wake: Notify,
}

/// A request, however it arrived.
struct Call<'a> {
    transport: Transport,
    method: &'a str,
    params: &'a Value,
    source: Option<&'a str>,
    presented: Option<Presented>,
}

/// Why a request fails: what to answer, and the challenge that goes with it.
struct Denial {
    failure: Failure,
    header: Option<String>,
}

impl ShellyDevice {
    pub(crate) fn new(options: ShellyOptions, _address: SocketAddr) -> Self {
        let mac = options.mac.unwrap_or_else(|| {
            let mut mac: [u8; 6] = [0; 6];
            fastrand::Rng::new().fill(&mut mac);
            // Locally administered, for one device.
            mac[0] = 0x02;
            mac
        });
        let mac: String = mac.iter().map(|byte| format!("{byte:02X}")).collect();
        let app = options.model.app();
        let id = format!("shelly{app}-{mac}").to_ascii_lowercase();
        Self {
            core: Mutex::new(Core::new(
                id.clone(),
                mac.clone(),
                options,
                fastrand::u64(..),
            )),
            id,
            mac,
            links: Links::default(),
            started: Instant::now(),
            wake: Notify::new(),
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Core, Duration) -> T) -> T {
        act(&mut self.core(), self.now())
    }

    pub(crate) fn is_battery_powered(&self) -> bool {
        self.core().options.model.is_battery_powered()
    }

    pub(crate) fn generation(&self) -> u8 {
        self.core().options.model.generation()
    }

    pub(crate) fn app(&self) -> &'static str {
        self.core().options.model.app()
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Authorizes and carries out a request.
    fn execute(self: &Arc<Self>, call: &Call<'_>) -> Result<Value, Denial> {
        let now = self.now();
        let mut core = self.core();
        let outcome = authorize(&mut core, now, call).and_then(|()| {
            let caller = Caller {
                source: match call.transport {
                    Transport::Http => "HTTP_in",
                    Transport::WebSocket => "WS_in",
                    Transport::Outbound => "WS_out",
                },
            };
            core.call(now, call.method, call.params, caller)
                .map_err(|failure| Denial {
                    failure,
                    header: None,
                })
        });
        core.record(Seen {
            at: now,
            transport: call.transport,
            method: call.method.to_owned(),
            authenticated: call.presented.is_some(),
            source: call.source.map(str::to_owned),
            code: outcome
                .as_ref()
                .map_or_else(|denial| denial.failure.code, |_| 200),
        });
        for later in core.later.drain(..) {
            self.links.start(life::carry_out(self.clone(), later));
        }
        outcome
    }

    /// Answers a frame; `None` to what is no request.
    fn frame(self: &Arc<Self>, number: u64, transport: Transport, text: &str) -> Option<String> {
        let frame: Value = serde_json::from_str(text).ok()?;
        let source = frame.get("src").and_then(Value::as_str);
        if let Some(source) = source {
            self.core().identify(number, source);
        }
        let method = frame.get("method")?.as_str()?;
        let auth = frame.get("auth");
        let presented = auth.and_then(Presented::in_frame);
        let nothing = json!({});
        let outcome = self.execute(&Call {
            transport,
            method,
            params: frame.get("params").unwrap_or(&nothing),
            source,
            presented,
        });
        let mut answer = json!({ "id": frame.get("id")?, "src": self.id });
        if let Some(source) = source {
            answer["dst"] = json!(source);
        }
        match outcome {
            Ok(result) => answer["result"] = result,
            Err(Denial { failure, .. }) => {
                answer["error"] = json!({ "code": failure.code, "message": failure.message });
            }
        }
        Some(answer.to_string())
    }

    /// Serves a WebSocket until it ends, or until nothing was requested for
    /// `patience`.
    pub(crate) async fn serve<S>(
        self: &Arc<Self>,
        socket: &mut S,
        number: u64,
        mut notifications: mpsc::Receiver<String>,
        transport: Transport,
        patience: Option<Duration>,
    ) where
        S: Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin,
    {
        let _open = self.links.opened();
        loop {
            let text = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.links.message();
                        self.links.awake().await;
                        self.frame(number, transport, &text)
                    }
                    // A ping was answered by the library.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                    _ => return,
                },
                notification = notifications.recv() => {
                    self.links.awake().await;
                    notification
                }
                () = sleep(patience.unwrap_or(Duration::MAX)), if patience.is_some() => return,
            };
            let sent = match text {
                Some(text) => socket.send(Message::text(text)).await,
                None => socket.flush().await,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// Whether a request may be carried out. An outbound connection needs no
/// password, and neither does the one method that says who the device is.
fn authorize(core: &mut Core, now: Duration, call: &Call<'_>) -> Result<(), Denial> {
    let Some(password) = core.options.password.clone() else {
        return Ok(());
    };
    if call.transport == Transport::Outbound || call.method == methods::FREE {
        return Ok(());
    }
    let realm = core.id.clone();
    let presented = call.presented.as_ref();
    match auth::judge(&mut core.nonces, now, &realm, &password, presented) {
        Verdict::Allowed => Ok(()),
        Verdict::Challenge { nonce, stale } => Err(Denial {
            failure: Failure::new(401, auth::challenge(&realm, &nonce, stale)),
            header: Some(auth::challenge_header(&realm, &nonce, stale)),
        }),
        Verdict::Refused(reason) => Err(Denial {
            failure: Failure::new(429, reason),
            header: None,
        }),
    }
}

impl Device for ShellyDevice {
    fn links(&self) -> &Links {
        &self.links
    }

    fn respond(self: &Arc<Self>, request: &Request) -> Response {
        if !self.core().awake {
            return asleep();
        }
        let firmware = self.core().options.firmware;
        let target = request.target();
        let in_header = request
            .header("authorization")
            .and_then(|header| Presented::in_header(header, &request.method, &target, firmware));
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let in_frame = body.get("auth").and_then(Presented::in_frame);
        // A frame by POST; otherwise the method is in the path.
        let framed = request.path == "/rpc";
        let params = match (framed, request.method.as_str()) {
            (true, _) => body.get("params").cloned().unwrap_or(json!({})),
            (false, "POST") => body.clone(),
            (false, _) => query_params(&request.query),
        };
        let method = match request.path.as_str() {
            "/shelly" => Some(methods::FREE),
            "/rpc" => body.get("method").and_then(Value::as_str),
            path => path.strip_prefix("/rpc/"),
        };
        let Some(method) = method else {
            return page(&request.path, &self.id);
        };
        let outcome = self.execute(&Call {
            transport: Transport::Http,
            method,
            params: &params,
            source: body.get("src").and_then(Value::as_str),
            presented: in_header.or(in_frame),
        });
        match outcome {
            Ok(result) if framed => {
                let answer = json!({ "id": body.get("id"), "src": self.id, "result": result });
                Response::json(200, &answer)
            }
            Ok(result) => Response::json(200, &result),
            Err(Denial { failure, header }) => {
                let status = u16::try_from(failure.code).unwrap_or(500);
                let error = json!({ "code": failure.code, "message": failure.message });
                let mut response = Response::json(status, &error);
                response
                    .headers
                    .extend(header.map(|header| ("WWW-Authenticate", header)));
                response
            }
        }
    }

    fn admit(&self, request: &Request) -> Result<(), Response> {
        if request.path != "/rpc" {
            return Err(Response::text(404, "text/plain", "Not found"));
        }
        let core = self.core();
        if !core.awake {
            return Err(asleep());
        }
        if !core.has_slot() {
            return Err(Response::text(503, "text/plain", "No channel is free"));
        }
        Ok(())
    }

    async fn talk(self: Arc<Self>, connection: Connection) {
        let mut socket = WebSocketStream::from_partially_read(
            connection.stream,
            connection.unread,
            Role::Server,
            Some(
                WebSocketConfig::default()
                    .max_message_size(Some(LONGEST))
                    .max_frame_size(Some(LONGEST))
                    .read_buffer_size(READ_BUFFER),
            ),
        )
        .await;
        let (number, notifications) = self.core().open_channel(None);
        let channel = ChannelGuard {
            device: &self,
            number,
        };
        self.serve(
            &mut socket,
            number,
            notifications,
            Transport::WebSocket,
            None,
        )
        .await;
        drop(channel);
    }

    async fn live(self: Arc<Self>) {
        life::live(&self).await;
    }
}

/// Frees the slot of a client, also when its task is aborted.
pub(crate) struct ChannelGuard<'a> {
    pub(crate) device: &'a ShellyDevice,
    pub(crate) number: u64,
}

impl Drop for ChannelGuard<'_> {
    fn drop(&mut self) {
        self.device.core().close_channel(self.number);
    }
}

/// The parameters in a query; a value that is JSON is taken as it.
fn query_params(query: &str) -> Value {
    query_fields(query)
        .into_iter()
        .map(|(name, text)| {
            let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            (name, value)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// A device that sleeps answers nothing; this is as near as a listening socket
/// comes.
fn asleep() -> Response {
    Response::text(503, "text/plain", "The device is asleep")
}

fn page(path: &str, id: &str) -> Response {
    if path == "/" {
        let body = format!("<!doctype html><title>{id}</title><p>This is {id}, a test double.");
        Response::text(200, "text/html", &body)
    } else {
        Response::text(404, "text/plain", "Not found")
    }
}
