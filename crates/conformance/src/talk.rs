//! JSON messages with a board, in plain text or within its lock. Knows no
//! methods.

use std::collections::VecDeque;

use noise::{Answer, Channel, Hello, Initiator};
use protocol::SUBPROTOCOL;
use serde_json::Value;
use tokio::time::Instant;

use super::wire::{Board, Came, PATIENCE, Wire, agreed, ask, opcode, opening};
use keys::Key;

/// So many pushes are kept while an answer is waited for.
const MOST_PUSHES: usize = 1_024;

/// One control channel.
pub(super) struct Talk {
    pub(super) wire: Wire,
    lock: Option<Channel>,
    /// Pushes that came while an answer was waited for.
    pushes: VecDeque<String>,
}

/// Opens a WebSocket with our subprotocol.
///
/// # Errors
/// In words.
pub(super) async fn socket(board: &Board, path: &str) -> Result<Wire, String> {
    let lines = [format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}")];
    let lines: Vec<&str> = if path == board.place.path() {
        vec![&lines[0]]
    } else {
        Vec::new()
    };
    let (answer, wire) = ask(board, &opening(board, path, &lines)).await?;
    agreed(&answer).map_err(|why| format!("no WebSocket: {why} ({})", answer.shown()))?;
    Ok(wire)
}

impl Talk {
    /// Connects; with a key within the lock.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn open(board: &Board, key: Option<&Key>) -> Result<Self, String> {
        let wire = socket(board, board.place.path()).await?;
        let mut talk = Self {
            wire,
            lock: None,
            pushes: VecDeque::new(),
        };
        if let Some(key) = key {
            talk.lock = Some(shake(&mut talk.wire, key).await?);
        }
        Ok(talk)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// In words, where the connection has ended.
    pub(super) async fn say(&mut self, text: &str) -> Result<(), String> {
        let sent = match &mut self.lock {
            None => self.wire.text(text).await,
            Some(lock) => {
                let sealed = lock
                    .seal(text.as_bytes())
                    .map_err(|error| error.to_string())?;
                self.wire.frame(0x80 | opcode::BINARY, &sealed).await
            }
        };
        sent.map_err(|error| format!("the connection has ended: {error}"))
    }

    /// The next message, whatever it is.
    ///
    /// # Errors
    /// What came instead.
    pub(super) async fn hear(&mut self) -> Result<String, String> {
        let end = Instant::now() + PATIENCE;
        let mut whole = Vec::new();
        loop {
            let came = self
                .wire
                .next_but_pings(end.saturating_duration_since(Instant::now()))
                .await;
            let wanted = if self.lock.is_some() {
                opcode::BINARY
            } else {
                opcode::TEXT
            };
            match came {
                Came::Frame {
                    opcode: opcode::PONG,
                    ..
                } => {}
                Came::Frame {
                    fin,
                    opcode,
                    payload,
                } if (whole.is_empty() && opcode == wanted)
                    || (!whole.is_empty() && opcode == opcode::CONTINUATION) =>
                {
                    whole.extend(payload);
                    if whole.len() > protocol::limits::MESSAGE_OUT_OF_BOARD + noise::OVERHEAD {
                        return Err(format!(
                            "a message of {} bytes, where 4,096 are the most",
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

    /// The next answer; pushes before it are kept.
    ///
    /// # Errors
    /// What came instead.
    pub(super) async fn answer(&mut self) -> Result<String, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.hear().await?;
            if !is_push(&text) {
                return Ok(text);
            }
            self.pushes.push_back(text);
            if self.pushes.len() > MOST_PUSHES || Instant::now() >= end {
                return Err(format!("{} pushes, and no answer", self.pushes.len()));
            }
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// What came instead of an answer.
    pub(super) async fn ask(&mut self, text: &str) -> Result<String, String> {
        self.say(text).await?;
        self.answer().await
    }

    /// The result of a method.
    ///
    /// # Errors
    /// What came instead of one.
    pub(super) async fn call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let request = request(method, &params);
        let text = self.ask(&request).await?;
        let mut answer = super::messages::envelope(&text)?;
        match answer.get("error") {
            Some(error) => Err(format!("refused: {error}")),
            None => Ok(answer["result"].take()),
        }
    }

    /// The next push; answers are passed over.
    ///
    /// # Errors
    /// What came instead.
    pub(super) async fn push(&mut self) -> Result<Value, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            if Instant::now() >= end {
                return Err("answers, and no push".to_owned());
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

    /// Whether pushes came before the last answer, and were not looked at.
    pub(super) fn has_pushes(&self) -> bool {
        !self.pushes.is_empty()
    }

    /// Whether one of them is of this component.
    pub(super) fn has_push_of(&self, component: &str) -> bool {
        let of = |text: &String| {
            serde_json::from_str::<Value>(text)
                .is_ok_and(|push| push["params"].get(component).is_some())
        };
        self.pushes.iter().any(of)
    }

    pub(super) async fn close(self) {
        self.wire.close().await;
    }
}

/// A request under the id 1.
pub(super) fn request(method: &str, params: &Value) -> String {
    serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn is_push(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.get("method").is_some())
}

/// The handshake of a locked board.
async fn shake(wire: &mut Wire, key: &Key) -> Result<Channel, String> {
    let hello = Hello::from_bytes(&binary(wire).await?).map_err(|error| error.to_string())?;
    let mut ephemeral = [0; 32];
    getrandom::fill(&mut ephemeral).map_err(|error| error.to_string())?;
    let (initiator, offer) =
        Initiator::new(&hello, key, ephemeral).map_err(|error| error.to_string())?;
    wire.frame(0x80 | opcode::BINARY, &offer.to_bytes())
        .await
        .map_err(|error| error.to_string())?;
    let answer = Answer::from_bytes(&binary(wire).await?).map_err(|error| error.to_string())?;
    initiator.finish(&answer).map_err(|error| error.to_string())
}

async fn binary(wire: &mut Wire) -> Result<Vec<u8>, String> {
    match wire.next_but_pings(PATIENCE).await {
        Came::Frame {
            opcode: opcode::BINARY,
            payload,
            ..
        } => Ok(payload),
        other => Err(format!("the handshake ended: {}", other.shown())),
    }
}
