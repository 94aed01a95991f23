//! A WebSocket to the board for requests, responses and pushes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{FromBoard, Id, NotifyStatus, Request, Snapshot, method};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::FollowError;
use net::client::Stream;

/// Timeout of a response.
const TIMEOUT: Duration = protocol::limits::COMMAND_TIMEOUT;

/// A connection to a board.
pub(super) struct RpcConnection {
    socket: WebSocketStream<Stream>,
    last: i64,
}

impl RpcConnection {
    pub(super) fn new(socket: WebSocketStream<Stream>) -> Self {
        Self { socket, last: 0 }
    }

    /// Subscribes to changes.
    pub(super) async fn subscribe(&mut self) -> Result<Snapshot, FollowError> {
        self.ask(method::DEVICE_SUBSCRIBE, &json!({}), |_| {}).await
    }

    /// Sends a request and waits for its response; passes pushes that arrive
    /// before it to `pushed`.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &impl Serialize,
        mut pushed: impl FnMut(NotifyStatus),
    ) -> Result<T, FollowError> {
        self.last += 1;
        let text = Request::new(self.last, method, params).to_json();
        self.socket
            .send(Message::text(text))
            .await
            .map_err(|error| FollowError::Disconnected(error.to_string()))?;
        let end = Instant::now() + TIMEOUT;
        loop {
            // A board that pushes all the time must not postpone the timeout.
            if Instant::now() >= end {
                return Err(FollowError::Timeout);
            }
            match timeout_at(end, self.next())
                .await
                .map_err(|_| FollowError::Timeout)??
            {
                FromBoard::Response(response) if response.id == Some(Id::Number(self.last)) => {
                    let result = response.outcome.map_err(|error| FollowError::Rejected {
                        method: method.to_owned(),
                        words: error.message,
                    })?;
                    return serde_json::from_value(result).map_err(|error| {
                        FollowError::Invalid(format!("the result of {method} is invalid: {error}"))
                    });
                }
                FromBoard::Status(status) => pushed(status),
                _ => {}
            }
        }
    }

    /// Waits for the next push.
    pub(super) async fn pushed(&mut self) -> Result<NotifyStatus, FollowError> {
        loop {
            if let FromBoard::Status(status) = self.next().await? {
                return Ok(status);
            }
        }
    }

    async fn next(&mut self) -> Result<FromBoard, FollowError> {
        loop {
            let message = self.socket.next().await.ok_or_else(|| {
                FollowError::Disconnected("the board ended the connection".to_owned())
            })?;
            match message.map_err(|error| FollowError::Disconnected(error.to_string()))? {
                Message::Text(text) => {
                    return FromBoard::parse(&text)
                        .map_err(|error| FollowError::Invalid(error.to_string()));
                }
                // A locked board sends a binary hello before anything else.
                Message::Binary(_) => return Err(FollowError::Locked),
                Message::Close(close) => {
                    let words = close.map_or_else(String::new, |frame| {
                        format!(": {} {}", frame.code, frame.reason)
                    });
                    return Err(FollowError::Disconnected(format!(
                        "the board closed the connection{words}"
                    )));
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}
