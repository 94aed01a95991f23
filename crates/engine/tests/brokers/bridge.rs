//! A bridge of another site, as far as a window can tell: what it retains, and
//! how it replies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use mqtt::{Event, Will};
use serde_json::{Value, json};

use super::broker::{Broker, Peer};

pub(crate) const BOARD: &str = "sb-7e7291";

/// A bridge that runs until this is dropped.
pub(crate) struct Bridge {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bridge {
    pub(crate) fn start(broker: &Broker) -> Self {
        let will = Will {
            topic: "switchboard/lab/$bridge/one".to_owned(),
            payload: br#"{"state":"offline"}"#.to_vec(),
            retained: true,
        };
        let peer = Peer::start(broker, "switchboard-bridge-one", Some(will));
        peer.client().subscribe("switchboard/lab/+/$command");
        let ended = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if let Ok(event) = peer.events.recv_timeout(Duration::from_millis(50)) {
                    hear(&peer, event);
                }
            }
        });
        Self {
            ended,
            thread: Some(thread),
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn description() -> Value {
    json!({
        "id": BOARD, "name": "Desk lamp", "family": "switchboard", "bridge": "one",
        "info": {
            "id": BOARD, "name": "Desk lamp", "mac": "aa:bb:cc:00:ee:01", "version": "1.2.3",
            "platform": "virtual", "board": "Lamp", "proto": 1, "epoch": "5f3a91c2",
            "uptime_ms": 10,
        },
        "components": [{ "key": "switch:0", "kind": "switch", "name": "Relay" }],
    })
}

fn state(peer: &Peer, end: &str, payload: &Value) {
    let topic = format!("switchboard/lab/{end}");
    peer.client()
        .state(&topic, payload.to_string().into_bytes());
}

fn hear(peer: &Peer, event: Event) {
    match event {
        Event::Connected => {
            state(peer, "$bridge/one", &json!({ "state": "online" }));
            state(peer, &format!("{BOARD}/$description"), &description());
            state(peer, &format!("{BOARD}/switch:0"), &json!({ "on": false }));
            let online = json!({ "state": "online", "link": "live", "bridge": "one" });
            state(peer, &format!("{BOARD}/$availability"), &online);
        }
        Event::Message {
            payload, retained, ..
        } => {
            assert!(!retained, "a command is never retained");
            let command: Value = serde_json::from_slice(&payload).unwrap();
            let on = command["params"]["on"].clone();
            let reply = match on.is_boolean() {
                true => json!({ "id": command["id"], "result": { "seq": 1 } }),
                false => json!({
                    "id": command["id"],
                    "error": { "code": -32601, "message": "no such method" },
                }),
            };
            if on.is_boolean() {
                state(peer, &format!("{BOARD}/switch:0"), &json!({ "on": on }));
            }
            let topic = command["reply_to"].as_str().unwrap().to_owned();
            let payload = reply.to_string().into_bytes();
            peer.client().event(&topic, payload);
        }
        _ => {}
    }
}
