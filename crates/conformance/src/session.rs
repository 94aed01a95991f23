//! JSON messages over a control channel, in plain text or encrypted.
//! Independent of the methods.

use std::collections::VecDeque;

use noise::{Answer, Channel, Hello, Initiator};
use protocol::SUBPROTOCOL;
use serde_json::Value;
use tokio::time::Instant;

use super::raw::{RawConnection, Received, TIMEOUT, Target, ask, check_upgrade, opcode, opening};
use keys::Key;

/// Maximum number of pushes kept while waiting for an answer.
const MOST_PUSHES: usize = 1_024;

/// A control channel.
pub(super) struct RpcSession {
    pub(super) connection: RawConnection,
    lock: Option<Channel>,
    /// Pushes received while waiting for an answer.
    pushes: VecDeque<String>,
}

/// Opens a WebSocket, offering the subprotocol on the control channel.
///
/// # Errors
/// Says why it could not be opened.
pub(super) async fn socket(board: &Target, path: &str) -> Result<RawConnection, String> {
    let lines = [format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}")];
    let lines: Vec<&str> = if path == board.endpoint.path() {
        vec![&lines[0]]
    } else {
        Vec::new()
    };
    let (answer, connection) = ask(board, &opening(board, path, &lines)).await?;
    check_upgrade(&answer).map_err(|why| format!("no WebSocket: {why} ({})", answer.shown()))?;
    Ok(connection)
}

impl RpcSession {
    /// Connects; with a key, performs the handshake of a locked board.
    ///
    /// # Errors
    /// Says why it could not connect.
    pub(super) async fn open(board: &Target, key: Option<&Key>) -> Result<Self, String> {
        let connection = socket(board, board.endpoint.path()).await?;
        let mut session = Self {
            connection,
            lock: None,
            pushes: VecDeque::new(),
        };
        if let Some(key) = key {
            session.lock = Some(shake(&mut session.connection, key).await?);
        }
        Ok(session)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If the connection has ended.
    pub(super) async fn send(&mut self, text: &str) -> Result<(), String> {
        let sent = match &mut self.lock {
            None => self.connection.text(text).await,
            Some(lock) => {
                let sealed = lock
                    .seal(text.as_bytes())
                    .map_err(|error| error.to_string())?;
                self.connection.frame(0x80 | opcode::BINARY, &sealed).await
            }
        };
        sent.map_err(|error| format!("the connection has ended: {error}"))
    }

    /// Receives the next message.
    ///
    /// # Errors
    /// Says what was received instead.
    pub(super) async fn hear(&mut self) -> Result<String, String> {
        let end = Instant::now() + TIMEOUT;
        let mut whole = Vec::new();
        loop {
            let received = self
                .connection
                .next_except_pings(end.saturating_duration_since(Instant::now()))
                .await;
            let wanted = if self.lock.is_some() {
                opcode::BINARY
            } else {
                opcode::TEXT
            };
            match received {
                Received::Frame {
                    opcode: opcode::PONG,
                    ..
                } => {}
                Received::Frame {
                    fin,
                    opcode,
                    payload,
                } if (whole.is_empty() && opcode == wanted)
                    || (!whole.is_empty() && opcode == opcode::CONTINUATION) =>
                {
                    whole.extend(payload);
                    if whole.len() > protocol::limits::MESSAGE_OUT_OF_BOARD + noise::OVERHEAD {
                        return Err(format!(
                            "a message of {} bytes exceeds the limit of 4,096 bytes",
                            whole.len()
                        ));
                    }
                    if fin {
                        break;
                    }
                }
                other => return Err(other.shown()),
            }
        }
        match &mut self.lock {
            None => String::from_utf8(whole).map_err(|_| "text that is not UTF-8".to_owned()),
            Some(lock) => lock.open_text(&whole).map_err(|error| error.to_string()),
        }
    }

    /// Receives the next answer; keeps pushes that precede it.
    ///
    /// # Errors
    /// Says what was received instead.
    pub(super) async fn answer(&mut self) -> Result<String, String> {
        let end = Instant::now() + TIMEOUT;
        loop {
            let text = self.hear().await?;
            if !is_push(&text) {
                return Ok(text);
            }
            self.pushes.push_back(text);
            if self.pushes.len() > MOST_PUSHES || Instant::now() >= end {
                return Err(format!(
                    "received {} pushes, but no answer",
                    self.pushes.len()
                ));
            }
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// Says what was received instead of an answer.
    pub(super) async fn ask(&mut self, text: &str) -> Result<String, String> {
        self.send(text).await?;
        self.answer().await
    }

    /// Calls a method and returns its result.
    ///
    /// # Errors
    /// Says what was received instead of a result.
    pub(super) async fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let request = request(method, &params);
        let text = self.ask(&request).await?;
        let mut answer = super::exchanges::envelope(&text)?;
        match answer.get("error") {
            Some(error) => Err(format!("refused: {error}")),
            None => Ok(answer["result"].take()),
        }
    }

    /// Receives the next push; ignores answers.
    ///
    /// # Errors
    /// Says what was received instead.
    pub(super) async fn push(&mut self) -> Result<Value, String> {
        let end = Instant::now() + TIMEOUT;
        loop {
            if Instant::now() >= end {
                return Err("received answers, but no push".to_owned());
            }
            let text = match self.pushes.pop_front() {
                Some(text) => text,
                None => self.hear().await?,
            };
            if is_push(&text) {
                return serde_json::from_str(&text).map_err(|error| error.to_string());
            }
        }
    }

    /// Whether there are unread pushes from before the last answer.
    pub(super) fn has_pushes(&self) -> bool {
        !self.pushes.is_empty()
    }

    /// Whether one of them is about this component.
    pub(super) fn has_push_of(&self, component: &str) -> bool {
        let of = |text: &String| {
            serde_json::from_str::<Value>(text)
                .is_ok_and(|push| push["params"].get(component).is_some())
        };
        self.pushes.iter().any(of)
    }

    pub(super) async fn close(self) {
        self.connection.close().await;
    }
}

/// A request with id 1.
pub(super) fn request(method: &str, params: &Value) -> String {
    serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn is_push(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.get("method").is_some())
}

/// Performs the handshake of a locked board.
async fn shake(connection: &mut RawConnection, key: &Key) -> Result<Channel, String> {
    let hello = Hello::from_bytes(&binary(connection).await?).map_err(|error| error.to_string())?;
    let mut ephemeral = [0; 32];
    getrandom::fill(&mut ephemeral).map_err(|error| error.to_string())?;
    let (initiator, offer) =
        Initiator::new(&hello, key, ephemeral).map_err(|error| error.to_string())?;
    connection
        .frame(0x80 | opcode::BINARY, &offer.to_bytes())
        .await
        .map_err(|error| error.to_string())?;
    let answer =
        Answer::from_bytes(&binary(connection).await?).map_err(|error| error.to_string())?;
    initiator.finish(&answer).map_err(|error| error.to_string())
}

async fn binary(connection: &mut RawConnection) -> Result<Vec<u8>, String> {
    match connection.next_except_pings(TIMEOUT).await {
        Received::Frame {
            opcode: opcode::BINARY,
            payload,
            ..
        } => Ok(payload),
        other => Err(format!("the handshake ended: {}", other.shown())),
    }
}
