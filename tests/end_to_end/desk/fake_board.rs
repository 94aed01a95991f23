//! A fake board that sends what a test specifies, for cases that a real board
//! never causes.

use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    handshake::server::{Request, Response},
    http::HeaderValue,
};

use super::SOON;

const EPOCH: &str = "00c0ffee";

/// Listens on loopback.
pub(crate) struct FakeBoard {
    listener: TcpListener,
    pub(crate) address: String,
}

impl FakeBoard {
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        Self { listener, address }
    }

    /// Accepts the next controller.
    pub(crate) fn accept(&self) -> FakeWire {
        let (stream, _) = self.listener.accept().expect("a controller");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        #[expect(clippy::result_large_err, reason = "tungstenite's own signature")]
        let agree = |_: &Request, mut response: Response| {
            response.headers_mut().insert(
                "Sec-WebSocket-Protocol",
                HeaderValue::from_static(protocol::SUBPROTOCOL),
            );
            Ok(response)
        };
        FakeWire {
            socket: tungstenite::accept_hdr(stream, agree).expect("a WebSocket"),
        }
    }
}

/// One controller, seen from the board.
pub(crate) struct FakeWire {
    socket: WebSocket<TcpStream>,
}

impl FakeWire {
    /// Reads requests until one for this method; the others are dropped.
    pub(crate) fn hears(&mut self, method: &str) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("a message") {
                let request: Value = serde_json::from_str(&text).expect("JSON");
                if request["method"] == method {
                    return request;
                }
            }
        }
    }

    pub(crate) fn says(&mut self, message: &Value) {
        self.socket
            .send(Message::text(message.to_string()))
            .expect("the controller listens");
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "results are written where they are used"
    )]
    pub(crate) fn answers(&mut self, request: &Value, result: Value) {
        self.says(&json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }));
    }

    /// Answers a controller's first requests: info, and two switches, both off,
    /// at `seq` 1.
    pub(crate) fn introduce(&mut self) {
        let mut left = vec!["Device.GetInfo", "Device.GetComponents", "Device.Subscribe"];
        while !left.is_empty() {
            let Message::Text(text) = self.socket.read().expect("a message") else {
                continue;
            };
            let request: Value = serde_json::from_str(&text).expect("JSON");
            let method = request["method"].as_str().unwrap_or_default().to_owned();
            left.retain(|name| *name != method);
            let result = match method.as_str() {
                "Device.GetInfo" => self.info(1),
                "Device.GetComponents" => {
                    let switch = |id: u16| {
                        let key = format!("switch:{id}");
                        json!({ "key": key, "kind": "switch", "name": format!("S{id}") })
                    };
                    json!({ "offset": 0, "total": 2, "components": [switch(0), switch(1)] })
                }
                "Device.Subscribe" => self.snapshot(
                    1,
                    json!({ "switch:0": { "on": false }, "switch:1": { "on": false } }),
                ),
                _ => json!({ "uptime_ms": 1_000 }),
            };
            self.answers(&request, result);
        }
    }

    /// The result of `Device.GetInfo` with this major version.
    pub(crate) fn info(&self, proto: u32) -> Value {
        json!({
            "id": "sb-fake", "name": "Fake", "mac": "02:00:00:00:00:01", "version": "0.0.1",
            "platform": "test", "board": "none", "proto": proto, "features": [], "epoch": EPOCH,
            "uptime_ms": 1_000,
        })
    }

    /// A snapshot at `seq`.
    pub(crate) fn snapshot(&self, seq: u64, components: Value) -> Value {
        with_components(
            json!({ "epoch": EPOCH, "seq": seq, "uptime_ms": 1_000, "client": 1 }),
            components,
        )
    }

    /// `NotifyStatus`.
    pub(crate) fn push(&mut self, prev: u64, seq: u64, components: Value) {
        let params = json!({
            "epoch": EPOCH, "prev": prev, "seq": seq, "uptime_ms": 2_000, "source": "physical",
        });
        let params = with_components(params, components);
        self.says(&json!({ "jsonrpc": "2.0", "method": "NotifyStatus", "params": params }));
    }
}

fn with_components(mut message: Value, components: Value) -> Value {
    if let (Some(fields), Value::Object(components)) = (message.as_object_mut(), components) {
        fields.extend(components);
    }
    message
}
