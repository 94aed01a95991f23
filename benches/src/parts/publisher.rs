//! The simplest bridge: a task for each board that subscribes, merges what it
//! pushes, and publishes the whole state of each component that changed with
//! rumqttc, retained and with QoS 1: the bytes that our bridge publishes.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use rumqttc::{AsyncClient, MqttOptions, QoS};
use serde_json::{Map, Value};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::Message;

use super::{Shared, addresses, answer_with};
use crate::{
    Outcome,
    sockets::{WebSocket, connect, text},
};

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

/// The most messages that wait for the broker.
const QUEUED: usize = 1_000;

/// Prints a line at its start and the counts, which are zero, for each line on
/// standard input.
pub(super) async fn run(broker: u16) -> Outcome<()> {
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let addresses = addresses()?;
    println!("started");
    answer_with(Shared::default());
    let mut options = MqttOptions::new("bare", "127.0.0.1", broker);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, QUEUED);
    spawn_local(async move {
        loop {
            if let Err(problem) = events.poll().await {
                eprintln!("the bare publisher: {problem}");
                std::process::exit(1);
            }
        }
    });
    for address in addresses {
        let mut socket = connect(&address, "/rpc").await?;
        socket.send(Message::text(SUBSCRIBE)).await?;
        spawn_local(publish(socket, address, client.clone()));
    }
    std::future::pending().await
}

async fn publish(mut socket: WebSocket, board: String, client: AsyncClient) {
    let mut states: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    while let Some(Ok(message)) = socket.next().await {
        let object = text(&message).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(mut object) = object else {
            continue;
        };
        // The snapshot, or a push.
        let member = match object.get("result") {
            Some(_) => "result",
            None => "params",
        };
        let Some(Value::Object(components)) = object.get_mut(member).map(Value::take) else {
            continue;
        };
        for (key, change) in components {
            let Value::Object(change) = change else {
                continue;
            };
            let topic = format!("bare/bench/{board}/{key}");
            let state = states.entry(key).or_default();
            state.extend(change);
            let Ok(payload) = serde_json::to_vec(state) else {
                continue;
            };
            if client
                .publish(topic, QoS::AtLeastOnce, true, payload)
                .await
                .is_err()
            {
                return;
            }
        }
    }
}
