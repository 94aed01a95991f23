//! A fake board, which implements enough of WebSocket to be connected to and
//! then does what a test specifies.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    handshake::server::{Request, Response},
    http::HeaderValue,
};

use crate::SOON;

/// Listens, and treats every controller alike.
pub(crate) struct Pretender {
    pub(crate) address: String,
}

impl Pretender {
    /// Behaves like a board, or worse.
    pub(crate) fn that(does: impl Fn(&mut Wire) -> Option<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Continues after a controller disconnects.
                let _ = Wire::accept(stream).and_then(|mut wire| does(&mut wire));
            }
        });
        Self { address }
    }
}

/// One controller, seen from the pretender.
pub(crate) struct Wire {
    socket: WebSocket<TcpStream>,
}

impl Wire {
    pub(crate) fn accept(stream: TcpStream) -> Option<Self> {
        stream.set_read_timeout(Some(SOON)).ok()?;
        stream.set_write_timeout(Some(SOON)).ok()?;
        #[expect(clippy::result_large_err, reason = "tungstenite's own signature")]
        let agree = |request: &Request, mut response: Response| {
            // Boards of other families have none.
            if request.headers().contains_key("Sec-WebSocket-Protocol") {
                response.headers_mut().insert(
                    "Sec-WebSocket-Protocol",
                    HeaderValue::from_static(protocol::SUBPROTOCOL),
                );
            }
            Ok(response)
        };
        Some(Self {
            socket: tungstenite::accept_hdr(stream, agree).ok()?,
        })
    }

    /// The next request.
    pub(crate) fn request(&mut self) -> Option<Value> {
        loop {
            if let Message::Text(text) = self.socket.read().ok()? {
                return serde_json::from_str(&text).ok();
            }
        }
    }

    /// Reads until the controller disconnects, and answers nothing.
    pub(crate) fn stay(&mut self) -> Option<()> {
        while self.socket.read().is_ok() {}
        None
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "results are written where they are used"
    )]
    pub(crate) fn answer(&mut self, request: &Value, result: Value) -> Option<()> {
        self.text(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string())
    }

    pub(crate) fn binary(&mut self, bytes: Vec<u8>) -> Option<()> {
        self.socket.send(Message::binary(bytes)).ok()
    }

    pub(crate) fn text(&mut self, text: String) -> Option<()> {
        self.socket.send(Message::text(text)).ok()
    }

    /// Raw bytes, without WebSocket framing.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        self.socket.get_mut().write_all(bytes).ok()
    }

    /// Answers a controller's first requests with a name and one sensor, until
    /// it has subscribed.
    pub(crate) fn introduce(&mut self, name: &str) -> Option<()> {
        self.introduce_as(&info(name))
    }

    /// The same with the whole result of `Device.GetInfo`.
    pub(crate) fn introduce_as(&mut self, info: &Value) -> Option<()> {
        loop {
            let request = self.request()?;
            let method = request["method"].as_str().unwrap_or_default().to_owned();
            let result = match method.as_str() {
                "Device.GetInfo" => info.clone(),
                "Device.GetComponents" => {
                    let sensor =
                        json!({ "key": "sensor:0", "kind": "sensor", "name": info["name"] });
                    json!({ "offset": 0, "total": 1, "components": [sensor] })
                }
                _ => json!({
                    "epoch": info["epoch"], "seq": 1, "uptime_ms": 1, "client": 1,
                    "sensor:0": { "value": 1 },
                }),
            };
            self.answer(&request, result)?;
            if method == "Device.Subscribe" {
                return Some(());
            }
        }
    }
}

/// The result of `Device.GetInfo` with this name.
pub(crate) fn info(name: &str) -> Value {
    json!({
        "id": "sb-pretender", "name": name, "mac": "02:00:00:00:00:01",
        "version": "1", "platform": "none", "board": "none", "proto": 1,
        "features": [], "epoch": "00c0ffee", "uptime_ms": 1,
    })
}

/// An unmasked frame (RFC 6455, section 5.2) that announces this many bytes,
/// more than 65,535.
pub(crate) fn frame_header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first, 127];
    header.extend(length.to_be_bytes());
    header
}
