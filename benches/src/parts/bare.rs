//! The simplest client: a task for each board that subscribes, parses each
//! message with serde_json, checks `prev`, and pings after ten seconds of
//! silence. It stores nothing.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{task::spawn_local, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{Shared, addresses, answer_with};
use crate::{
    Outcome,
    sockets::{WebSocket, connect, text},
};

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"Sys.Ping"}"#;

/// See "Liveness" in docs/protocol.md.
const PING_AFTER: Duration = Duration::from_secs(10);

/// Prints a line when all boards are connected, and then the counts for each
/// line on standard input.
pub(super) async fn run() -> Outcome<()> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let counts = Shared::default();
    for address in addresses()? {
        let mut socket = connect(&address, "/rpc").await?;
        socket.send(Message::text(SUBSCRIBE)).await?;
        spawn_local(follow(socket, counts.clone()));
    }
    println!("connected");
    answer_with(counts);
    std::future::pending().await
}

async fn follow(mut socket: WebSocket, counts: Shared) {
    let mut seen = None;
    loop {
        let message = match timeout(PING_AFTER, socket.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(_) => return,
            Err(_) if socket.send(Message::text(PING)).await.is_ok() => continue,
            Err(_) => return,
        };
        let Some(object) = text(&message).and_then(|text| serde_json::from_str::<Value>(text).ok())
        else {
            continue;
        };
        let mut now = counts.lock();
        if let Some(result) = object["result"]["seq"].as_u64() {
            seen = Some(result);
        } else if object["method"] == "NotifyStatus" {
            let params = &object["params"];
            now.pushes += 1;
            now.resyncs += u64::from(params["prev"].as_u64() != seen);
            seen = params["seq"].as_u64();
            now.values += params.as_object().map_or(0, |fields| {
                fields.keys().filter(|key| key.contains(':')).count() as u64
            });
        }
    }
}
