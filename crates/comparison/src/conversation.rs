//! A WebSocket to the board on which requests are answered and pushes come.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{FromBoard, Id, NotifyStatus, Request, Snapshot, method};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::Trouble;
use net::client::Stream;

/// An answer is waited for so long.
const ANSWER: Duration = protocol::limits::COMMAND_TIMEOUT;

/// A conversation with a board.
pub(super) struct Conversation {
    socket: WebSocketStream<Stream>,
    last: i64,
}

impl Conversation {
    pub(super) fn new(socket: WebSocketStream<Stream>) -> Self {
        Self { socket, last: 0 }
    }

    /// Begins to be told what changes.
    pub(super) async fn subscribe(&mut self) -> Result<Snapshot, Trouble> {
        self.ask(method::DEVICE_SUBSCRIBE, &json!({}), |_| {}).await
    }

    /// Asks, and hands on the pushes that come before the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &impl Serialize,
        mut pushed: impl FnMut(NotifyStatus),
    ) -> Result<T, Trouble> {
        self.last += 1;
        let text = Request::new(self.last, method, params).to_json();
        self.socket
            .send(Message::Text(text))
            .await
            .map_err(|error| Trouble::Lost(error.to_string()))?;
        let end = Instant::now() + ANSWER;
        loop {
            // A board that pushes all the time must not keep this going for
            // ever.
            if Instant::now() >= end {
                return Err(Trouble::NoAnswer);
            }
            match timeout_at(end, self.next())
                .await
                .map_err(|_| Trouble::NoAnswer)??
            {
                FromBoard::Response(response) if response.id == Some(Id::Number(self.last)) => {
                    let result = response.outcome.map_err(|error| Trouble::Answered {
                        method: method.to_owned(),
                        words: error.message,
                    })?;
                    return serde_json::from_value(result).map_err(|error| {
                        Trouble::Strange(format!(
                            "{method} was answered with what is none: {error}"
                        ))
                    });
                }
                FromBoard::Status(status) => pushed(status),
                _ => {}
            }
        }
    }

    /// The next change that the board tells.
    pub(super) async fn pushed(&mut self) -> Result<NotifyStatus, Trouble> {
        loop {
            if let FromBoard::Status(status) = self.next().await? {
                return Ok(status);
            }
        }
    }

    async fn next(&mut self) -> Result<FromBoard, Trouble> {
        loop {
            let message = self
                .socket
                .next()
                .await
                .ok_or_else(|| Trouble::Lost("the board ended it".to_owned()))?;
            match message.map_err(|error| Trouble::Lost(error.to_string()))? {
                Message::Text(text) => {
                    return FromBoard::parse(&text)
                        .map_err(|error| Trouble::Strange(error.to_string()));
                }
                // A locked board greets with a binary message before anything
                // else.
                Message::Binary(_) => return Err(Trouble::Locked),
                Message::Close(close) => {
                    let words = close.map_or_else(String::new, |frame| {
                        format!(": {} {}", frame.code, frame.reason)
                    });
                    return Err(Trouble::Lost(format!("the board closed it{words}")));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}
