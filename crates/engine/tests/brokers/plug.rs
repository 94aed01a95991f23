//! A Tasmota plug with two relays, on a real broker.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use mqtt::{Event, Will};
use serde_json::{Value, json};

use super::broker::{Broker, Peer};

/// A plug that runs until this is dropped.
pub(crate) struct Plug {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    on: Arc<Mutex<bool>>,
}

pub(crate) const ID: &str = "tasmota-aabbcc00ee01";

fn config() -> Value {
    json!({
        "ip": "192.168.1.40", "dn": "Kitchen plug", "fn": ["Kitchen plug"], "hn": "plug",
        "mac": "AABBCC00EE01", "md": "Plug", "ofln": "Offline", "onln": "Online",
        "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "14.1.0", "t": "plug",
        "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"], "rl": [1], "swc": [],
        "swn": [], "btn": [], "so": {}, "lk": 0, "lt_st": 0, "ver": 1,
    })
}

impl Plug {
    /// Plugs it in. It describes itself only if `describes`: after a broker has
    /// forgotten everything, a board may say no more than that it is there.
    pub(crate) fn start(broker: &Broker, describes: bool) -> Self {
        let will = Will {
            topic: "tele/plug/LWT".to_owned(),
            payload: b"Offline".to_vec(),
            retained: true,
        };
        let peer = Peer::start(broker, "DVES_00EE01", Some(will));
        peer.client().subscribe("cmnd/plug/#");
        let ended = Arc::new(AtomicBool::new(false));
        let on = Arc::new(Mutex::new(false));
        let (stop, state) = (Arc::clone(&ended), Arc::clone(&on));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if let Ok(event) = peer.events.recv_timeout(Duration::from_millis(50)) {
                    hear(&peer, event, describes, &state);
                }
            }
        });
        Self {
            ended,
            thread: Some(thread),
            on,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.on.lock().unwrap()
    }

    /// Unplugs it: the broker notices.
    pub(crate) fn unplug(self) {}
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn hear(peer: &Peer, event: Event, describes: bool, on: &Mutex<bool>) {
    let client = peer.client();
    match event {
        Event::Connected => {
            if describes {
                let topic = "tasmota/discovery/AABBCC00EE01/config".to_owned();
                client.state(&topic, config().to_string().into_bytes());
            }
            client.state("tele/plug/LWT", b"Online".to_vec());
        }
        Event::Message { topic, payload, .. } => {
            let payload = String::from_utf8(payload).unwrap();
            let command = topic.strip_prefix("cmnd/plug/").unwrap_or_default();
            let mut on = on.lock().unwrap();
            let answer = match (command, payload.as_str()) {
                ("POWER1", "") => None,
                ("POWER1", text) => {
                    *on = text == "ON";
                    Some(json!({ "POWER": text }))
                }
                ("STATE", _) => {
                    let power = if *on { "ON" } else { "OFF" };
                    Some(json!({ "Uptime": "0T00:01:00", "UptimeSec": 60, "POWER": power }))
                }
                _ => None,
            };
            if let Some(answer) = answer {
                let topic = "stat/plug/RESULT".to_owned();
                client.event(&topic, answer.to_string().into_bytes());
            }
        }
        _ => {}
    }
}
