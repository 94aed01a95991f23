//! A plain client: a blocking WebSocket and plain TCP, for sending invalid data
//! on purpose.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Instant,
};

use serde_json::{Value, json};
use tungstenite::{
    Error, Message, WebSocket, client::IntoClientRequest, handshake::HandshakeError, http,
};

use super::SOON;

/// A WebSocket connection to a board.
pub(crate) struct Wire {
    pub(crate) socket: WebSocket<TcpStream>,
    last_id: i64,
}

impl Wire {
    /// Connects to `/rpc` without a subprotocol, like websocat.
    pub(crate) fn open(address: &str) -> Self {
        Self::request(address, "/rpc", &[]).expect("the board takes the connection")
    }

    /// Connects to any path, with subprotocols.
    ///
    /// # Errors
    /// The HTTP response of a board that refuses the connection, with its body.
    pub(crate) fn request(
        address: &str,
        path: &str,
        subprotocols: &[&str],
    ) -> Result<Self, (u16, String)> {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .expect("a request");
        if !subprotocols.is_empty() {
            // Without spaces, which this version of tungstenite takes as part
            // of the name.
            let names = subprotocols.join(",").parse().expect("a header");
            request
                .headers_mut()
                .insert(http::header::SEC_WEBSOCKET_PROTOCOL, names);
        }
        let stream = TcpStream::connect(address).expect("the board listens");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self { socket, last_id: 0 }),
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let body = response
                    .body()
                    .as_deref()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default()
                    .into_owned();
                Err((response.status().as_u16(), body))
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .expect("the board listens");
    }

    /// The next JSON message; `None` if the board closed the connection, with
    /// the code in `closed`.
    pub(crate) fn hear(&mut self) -> Heard {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Heard::Json(serde_json::from_str(&text).expect("JSON"));
                }
                Ok(Message::Binary(data)) => return Heard::Binary(data.to_vec()),
                Ok(Message::Close(frame)) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Ok(_) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Heard::Closed(None),
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    panic!("the board said nothing for {SOON:?}")
                }
                Err(_) => return Heard::Cut,
            }
        }
    }

    /// The next JSON message.
    pub(crate) fn json(&mut self) -> Value {
        match self.hear() {
            Heard::Json(value) => value,
            other => panic!("JSON was expected, not {other:?}"),
        }
    }

    /// Sends a request and reads until its response; pushes in between are
    /// skipped.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "parameters are written where they are used"
    )]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.say(
            &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string(),
        );
        loop {
            let message = self.json();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Reads until the connection is closed with this code.
    pub(crate) fn until_closed(&mut self, code: u16) {
        loop {
            match self.hear() {
                Heard::Json(_) | Heard::Binary(_) => {}
                end => return assert_eq!(end, Heard::Closed(Some(code))),
            }
        }
    }

    /// Reads until a message passes.
    pub(crate) fn until(&mut self, what: &str, pass: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            let message = self.json();
            if pass(&message) {
                return message;
            }
            assert!(Instant::now() < deadline, "never heard: {what}");
        }
    }
}

/// Received data.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Json(Value),
    Binary(Vec<u8>),
    /// A close frame, with its code.
    Closed(Option<u16>),
    /// The connection ended without one.
    Cut,
}

/// One HTTP exchange over a new connection: the status and the body.
pub(crate) fn http(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the board listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream
        .write_all(request.as_bytes())
        .expect("the board reads");
    let mut response = Vec::new();
    // A board may reset the connection after an error response; what was
    // received before is used.
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8_lossy(&response).into_owned();
    let status = response
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    let body = response
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default();
    (status, body)
}

/// `POST /rpc` with a body.
pub(crate) fn post(address: &str, body: &str) -> (u16, String) {
    let length = body.len();
    http(
        address,
        &format!(
            "POST /rpc HTTP/1.1\r\nHost: board.local\r\nContent-Type: \
                 application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ),
    )
}
