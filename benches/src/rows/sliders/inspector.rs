//! A second client of the board, which asks how much is queued for the first
//! one, and at the end for the state.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Outcome,
    sockets::{self, WebSocket, connect, text},
};

/// How often it asks.
const PAUSE: Duration = Duration::from_millis(20);

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Clients.List"}"#;
const STATUS: &str = r#"{"jsonrpc":"2.0","id":2,"method":"Device.GetStatus"}"#;

/// A client on a thread of its own.
pub(super) struct Inspector {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<(usize, Value), String>>,
}

impl Inspector {
    /// Starts asking the board at `address` about its client with this number.
    pub(super) fn start(address: String, client: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let look = move || {
            sockets::run(look(address, client, ends)).map_err(|problem| problem.to_string())
        };
        Self {
            over,
            thread: thread::spawn(look),
        }
    }

    /// The most messages that were queued for the client, and the board's state
    /// now.
    pub(super) fn end(self) -> Outcome<(usize, Value)> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self
            .thread
            .join()
            .map_err(|_| "the second client has failed")??)
    }
}

async fn look(address: String, client: u32, over: Arc<AtomicBool>) -> Outcome<(usize, Value)> {
    let mut socket = connect(&address, "/rpc").await?;
    let mut most = 0;
    while !over.load(Ordering::Relaxed) {
        let list = ask(&mut socket, LIST).await?;
        let clients = list["clients"].as_array().ok_or("no list of clients")?;
        let entry = clients
            .iter()
            .find(|entry| entry["id"] == client)
            .ok_or("the client is not on the list")?;
        most = most.max(usize::try_from(
            entry["queued"].as_u64().ok_or("no length of the queue")?,
        )?);
        sleep(PAUSE).await;
    }
    Ok((most, ask(&mut socket, STATUS).await?))
}

async fn ask(socket: &mut WebSocket, question: &str) -> Outcome<Value> {
    socket.send(Message::text(question)).await?;
    let answer = socket.next().await.ok_or("the board has ended")??;
    let mut answer: Value = serde_json::from_str(text(&answer).ok_or("no text")?)?;
    Ok(answer["result"].take())
}
