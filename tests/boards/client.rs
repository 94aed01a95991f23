//! A plain client: a blocking WebSocket and one HTTP exchange. It judges
//! nothing, and returns what happened.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tungstenite::{Error, Message, WebSocket, handshake::HandshakeError};

use crate::program::SOON;

/// A WebSocket at `/rpc`.
pub(crate) struct Client {
    socket: WebSocket<TcpStream>,
    last_id: i64,
}

/// Why a board refused a connection.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An HTTP status and the body.
    Http(u16, String),
    /// Anything else, for messages.
    Other(#[expect(dead_code, reason = "printed")] String),
}

/// Received data.
#[derive(Debug)]
pub(crate) enum Heard {
    Json(Value),
    /// A close frame with its code, or the end of the stream without one.
    Closed(Option<u16>),
    Nothing,
}

impl Client {
    /// Connects without a subprotocol, like websocat.
    ///
    /// # Errors
    /// The board does not listen, or refuses.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self, Refusal> {
        let stream = TcpStream::connect_timeout(&address, SOON)
            .map_err(|error| Refusal::Other(error.to_string()))?;
        Self::over(stream, address)
    }

    /// Opens the WebSocket over a connection to this address.
    ///
    /// # Errors
    /// The board refuses.
    pub(crate) fn over(stream: TcpStream, address: SocketAddr) -> Result<Self, Refusal> {
        let other = |error: &dyn ToString| Refusal::Other(error.to_string());
        stream
            .set_read_timeout(Some(SOON))
            .map_err(|error| other(&error))?;
        stream
            .set_write_timeout(Some(SOON))
            .map_err(|error| other(&error))?;
        match tungstenite::client(format!("ws://{address}/rpc"), stream) {
            Ok((socket, _)) => Ok(Self { socket, last_id: 0 }),
            Err(HandshakeError::Failure(Error::Http(response))) => Err(Refusal::Http(
                response.status().as_u16(),
                String::from_utf8_lossy(response.body().as_deref().unwrap_or_default())
                    .into_owned(),
            )),
            Err(error) => Err(other(&error)),
        }
    }

    /// Connects to a board that may be restarting.
    ///
    /// # Errors
    /// The last refusal.
    pub(crate) fn connect_soon(address: SocketAddr) -> Result<Self, Refusal> {
        let deadline = Instant::now() + SOON;
        loop {
            match Self::connect(address) {
                Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                outcome => return outcome,
            }
        }
    }

    /// Connects and calls `Device.Subscribe`; with its result.
    pub(crate) fn subscribed(address: SocketAddr) -> (Self, Value) {
        let mut client = Self::connect(address).expect("a connection");
        let mut answer = client.call("Device.Subscribe", &json!({}));
        (client, answer["result"].take())
    }

    /// Sends a message; `false` if the connection has ended.
    pub(crate) fn say(&mut self, text: &str) -> bool {
        self.socket.send(Message::text(text)).is_ok()
    }

    /// What arrives next, within this time.
    pub(crate) fn hear(&mut self, within: Duration) -> Heard {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Heard::Nothing;
            }
            if self.socket.get_ref().set_read_timeout(Some(left)).is_err() {
                return Heard::Closed(None);
            }
            match self.socket.read() {
                Ok(Message::Text(text)) => match serde_json::from_str(&text) {
                    Ok(json) => return Heard::Json(json),
                    Err(error) => panic!("the board sent no JSON, {error}: {text}"),
                },
                Ok(Message::Close(frame)) => {
                    // Answers it.
                    let _ = self.socket.flush();
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Heard::Closed(None),
            }
        }
    }

    /// Sends a request and reads until its response; pushes in between are
    /// skipped.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        assert!(self.say(&request.to_string()), "the connection has ended");
        self.until(method, |message| message["id"] == id)
    }

    /// Reads until a message passes.
    pub(crate) fn until(&mut self, what: &str, pass: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            match self.hear(deadline.saturating_duration_since(Instant::now())) {
                Heard::Json(message) if pass(&message) => return message,
                Heard::Json(_) => {}
                other => panic!("{other:?} instead of {what}"),
            }
        }
    }
}

/// The response to one HTTP request.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The fields of the head.
    head: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// The value of a field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.iter();
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// One HTTP request over a connection of its own.
///
/// # Errors
/// The connection failed, or there is no response.
pub(crate) fn http(address: SocketAddr, request: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, SOON)?;
    stream.set_read_timeout(Some(SOON))?;
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    let mut response = Response {
        status: status.ok_or_else(|| io::Error::other("no status"))?,
        head: lines.filter_map(field).collect(),
        body: String::new(),
    };
    let length = response
        .field("Content-Length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    response.body = String::from_utf8_lossy(&body).into_owned();
    Ok(response)
}

/// `POST /rpc` with a body.
///
/// # Errors
/// As [`http`].
pub(crate) fn post(address: SocketAddr, body: &str) -> io::Result<Response> {
    let length = body.len();
    http(
        address,
        &format!(
            "POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ),
    )
}
