//! Hand-written HTTP and WebSocket frames over one connection, so that a check
//! can send what no library would. Reads are bounded; nothing is validated.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout_at},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use net::client::{Endpoint, Stream, Traffic, Trust, dial};

/// Timeout of an answer. Boards answer within milliseconds; the app gives up a
/// command after 5 s.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum size of a head, body or frame, in bytes.
const LIMIT: usize = 64 * 1024;

/// Opcodes (RFC 6455, section 5.2).
pub(super) mod opcode {
    pub(crate) const CONTINUATION: u8 = 0;
    pub(crate) const TEXT: u8 = 1;
    pub(crate) const BINARY: u8 = 2;
    pub(crate) const CLOSE: u8 = 8;
    pub(crate) const PING: u8 = 9;
    pub(crate) const PONG: u8 = 10;
}

/// The board to check.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) trust: Trust,
}

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Status, headers and a body that is text in one line, for display.
    pub(super) fn shown(&self) -> String {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        let body = if self.body.is_empty() || self.header("Content-Encoding").is_some() {
            String::new()
        } else {
            format!(" | {}", self.body.trim())
        };
        format!("{} | {}{body}", self.status, headers.join(" | "))
    }
}

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// A frame.
    Frame {
        fin: bool,
        opcode: u8,
        payload: Vec<u8>,
    },
    /// The other side ended the connection.
    End,
    /// Nothing in time.
    Silence,
    /// Not a valid frame of a server, and why.
    Broken(String),
}

impl Received {
    /// For display.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Frame {
                opcode: opcode::CLOSE,
                payload,
                ..
            } => match close_code(payload) {
                Some(code) => format!("close {code}"),
                None => "close without a code".to_owned(),
            },
            Self::Frame {
                opcode: opcode::TEXT,
                payload,
                ..
            } => String::from_utf8_lossy(payload).into_owned(),
            Self::Frame {
                opcode, payload, ..
            } => {
                let name = match *opcode {
                    opcode::CONTINUATION => "continuation",
                    opcode::BINARY => "binary",
                    opcode::PING => "ping",
                    opcode::PONG => "pong",
                    _ => "unknown frame",
                };
                format!("{name} of {} bytes", payload.len())
            }
            Self::End => "the end of the connection".to_owned(),
            Self::Silence => "nothing".to_owned(),
            Self::Broken(what) => what.clone(),
        }
    }
}

/// The code of a close frame's payload (RFC 6455, section 5.5.1).
pub(super) fn close_code(payload: &[u8]) -> Option<u16> {
    payload
        .first_chunk::<2>()
        .map(|bytes| u16::from_be_bytes(*bytes))
}

/// A connection.
pub(super) struct RawConnection {
    stream: Stream,
    buffer: Vec<u8>,
}

impl RawConnection {
    /// Connects.
    ///
    /// # Errors
    /// If nothing answers; says why.
    pub(super) async fn connect(board: &Target) -> Result<Self, String> {
        let stream = dial(&board.endpoint, &board.trust, Arc::new(Traffic::default()))
            .await
            .map_err(|e| e.to_string())?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads more; returns false at the end.
    async fn fill(&mut self, end: Instant) -> Result<bool, Received> {
        if self.buffer.len() > LIMIT {
            return Err(Received::Broken(format!("more than {LIMIT} bytes")));
        }
        let mut more = [0; 4096];
        match timeout_at(end, self.stream.read(&mut more)).await {
            Err(_) => Err(Received::Silence),
            // A reset counts as an end too.
            Ok(Err(_) | Ok(0)) => Ok(false),
            Ok(Ok(read)) => {
                self.buffer.extend_from_slice(&more[..read]);
                Ok(true)
            }
        }
    }

    /// Reads an HTTP response.
    ///
    /// # Errors
    /// If none arrived in time or it is not HTTP; says what was received.
    pub(super) async fn answer(&mut self) -> Result<Answer, String> {
        let end = Instant::now() + TIMEOUT;
        let head = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if !self.fill(end).await.map_err(|received| received.shown())? {
                return Err("the connection ended without an answer".to_owned());
            }
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).into_owned();
        self.buffer.drain(..head + 4);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| format!("not a response of HTTP/1.1: {first}"))?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: String::new(),
        };
        // RFC 9112, section 6.3.
        if status != 101 && status != 204 {
            answer.body = self.body(&answer, end).await;
        }
        Ok(answer)
    }

    async fn body(&mut self, answer: &Answer, end: Instant) -> String {
        let chunked = answer
            .header("Transfer-Encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let length = answer
            .header("Content-Length")
            .and_then(|length| length.parse::<usize>().ok());
        loop {
            let whole = match length {
                _ if chunked => find(&self.buffer, b"0\r\n\r\n").is_some(),
                Some(length) => self.buffer.len() >= length.min(LIMIT),
                None => false,
            };
            if whole || !self.fill(end).await.unwrap_or(false) {
                break;
            }
        }
        let bytes = std::mem::take(&mut self.buffer);
        match chunked {
            true => unchunked(&bytes),
            false => {
                String::from_utf8_lossy(&bytes[..length.unwrap_or(bytes.len()).min(bytes.len())])
                    .into_owned()
            }
        }
    }

    /// Sends one frame, masked as required (RFC 6455, section 5.3); `first` has
    /// FIN, reserved bits and the opcode.
    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) -> io::Result<()> {
        let mut bytes = vec![first];
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(length), _) if length < 126 => bytes.push(0x80 | length),
            (_, Ok(length)) => {
                bytes.push(0x80 | 126);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend((payload.len() as u64).to_be_bytes());
            }
        }
        // The mask protects proxies against scripts and is not needed here.
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        bytes.extend(mask);
        bytes.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        self.write(&bytes).await
    }

    /// Sends a text message in one frame.
    pub(super) async fn text(&mut self, text: &str) -> io::Result<()> {
        self.frame(0x80 | opcode::TEXT, text.as_bytes()).await
    }

    /// Receives the next frame.
    pub(super) async fn next(&mut self, within: Duration) -> Received {
        let end = Instant::now() + within;
        loop {
            match parse(&self.buffer) {
                Ok(Some((received, length))) => {
                    self.buffer.drain(..length);
                    return received;
                }
                Ok(None) => {}
                Err(what) => return Received::Broken(what),
            }
            match self.fill(end).await {
                Ok(true) => {}
                Ok(false) => return Received::End,
                Err(received) => return received,
            }
        }
    }

    /// Receives the next frame that is not a ping; answers pings.
    pub(super) async fn next_except_pings(&mut self, within: Duration) -> Received {
        let end = Instant::now() + within;
        loop {
            match self
                .next(end.saturating_duration_since(Instant::now()))
                .await
            {
                Received::Frame {
                    opcode: opcode::PING,
                    payload,
                    ..
                } => {
                    // The next read reports the end.
                    let _ = self.frame(0x80 | opcode::PONG, &payload).await;
                }
                other => return other,
            }
        }
    }

    /// Closes the connection properly, so that the board frees its slot; waits
    /// briefly for the board's close.
    pub(super) async fn close(mut self) {
        if self
            .frame(0x80 | opcode::CLOSE, &1000_u16.to_be_bytes())
            .await
            .is_ok()
        {
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end {
                match self
                    .next(end.saturating_duration_since(Instant::now()))
                    .await
                {
                    Received::Frame { .. } => {}
                    _ => break,
                }
            }
        }
    }
}

/// Parses a server's frame at the start of these bytes. Returns it with its
/// length, or what is wrong.
fn parse(bytes: &[u8]) -> Result<Option<(Received, usize)>, String> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    // RFC 6455, section 5.1: a server must not mask.
    if second & 0x80 != 0 {
        return Err("a masked frame".to_owned());
    }
    // Section 5.2: reserved bits require an extension.
    if first & 0x70 != 0 {
        return Err("a frame with reserved bits".to_owned());
    }
    let (length, head) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 10)
        }
        (126 | 127, _) => return Ok(None),
        (length, _) => (u64::from(length), 2),
    };
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= LIMIT);
    let length = length.ok_or_else(|| format!("a frame of more than {LIMIT} bytes"))?;
    let Some(payload) = bytes.get(head..head + length) else {
        return Ok(None);
    };
    let received = Received::Frame {
        fin: first & 0x80 != 0,
        opcode: first & 0x0f,
        payload: payload.to_vec(),
    };
    Ok(Some((received, head + length)))
}

/// Joins the chunks of a body (RFC 9112, section 7.1).
fn unchunked(bytes: &[u8]) -> String {
    let mut whole = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..at]);
        let Ok(size) = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
        else {
            break;
        };
        let Some(part) = rest
            .get(at + 2..)
            .and_then(|rest| rest.get(..size))
            .filter(|part| !part.is_empty())
        else {
            break;
        };
        whole.extend_from_slice(part);
        rest = rest.get(at + 2 + size + 2..).unwrap_or_default();
    }
    String::from_utf8_lossy(&whole).into_owned()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// The `Sec-WebSocket-Key` of the opening handshake: the example of RFC 6455,
/// section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// An opening handshake with additional header lines.
pub(super) fn opening(board: &Target, path: &str, lines: &[&str]) -> String {
    let host = board.endpoint.authority();
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n"
    );
    for line in lines {
        head.push_str(line);
        head.push_str("\r\n");
    }
    head + "\r\n"
}

/// Connects, sends a head unchanged, and reads the response.
///
/// # Errors
/// If there is no response; says what was received.
pub(super) async fn ask(board: &Target, request: &str) -> Result<(Answer, RawConnection), String> {
    let mut connection = RawConnection::connect(board).await?;
    // A server that refuses early may reset the connection during this write;
    // its response is read nevertheless.
    let _ = connection.write(request.as_bytes()).await;
    let answer = connection.answer().await?;
    Ok((answer, connection))
}

/// Checks that a response accepts the upgrade to WebSocket (RFC 6455, section
/// 4.2.2).
///
/// # Errors
/// What is wrong.
pub(super) fn check_upgrade(answer: &Answer) -> Result<(), String> {
    let lists = |name: &str, token: &str| {
        answer.header(name).is_some_and(|value| {
            value
                .split(',')
                .any(|part| part.trim().eq_ignore_ascii_case(token))
        })
    };
    if answer.status != 101 {
        return Err(format!("the status is {}, not 101", answer.status));
    }
    if !lists("Upgrade", "websocket") || !lists("Connection", "upgrade") {
        return Err("Upgrade: websocket and Connection: Upgrade are missing".to_owned());
    }
    if answer.header("Sec-WebSocket-Accept") != Some(derive_accept_key(KEY.as_bytes()).as_str()) {
        return Err(format!(
            "Sec-WebSocket-Accept is not {}",
            derive_accept_key(KEY.as_bytes())
        ));
    }
    if answer.header("Sec-WebSocket-Extensions").is_some() {
        return Err("an extension was accepted; version 1 has none".to_owned());
    }
    Ok(())
}
