//! The image that is handed out says the same as the board core on this
//! computer. It is built with `-Zfmt-debug=none`, which makes `{:?}` print
//! nothing; `firmware/emulated/check` builds the emulated board with it and
//! runs this test with the board's address.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

extern crate alloc;
extern crate switchboard_embedded as embedded;

/// The emulated board's components.
#[path = "../../../emulated/src/plan.rs"]
mod plan;

use std::{env, net::TcpStream, time::Duration};

use board::{Board, NoHardware};
use protocol::Epoch;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// Methods that would change more than a state, or that depend on the machine.
const EXCLUDED: [&str; 8] = [
    "Device.FactoryReset",
    "Device.Identify",
    "Device.Reboot",
    "Device.Subscribe",
    "Keys.Add",
    "Log.Subscribe",
    "Outbound.Set",
    "Update.Install",
];

/// Every method, as the protocol's source names them, so that none is
/// forgotten.
fn methods() -> impl Iterator<Item = &'static str> {
    include_str!("../../../../crates/protocol/src/method.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split('"').nth(1))
        .filter(|name| name.contains('.') && !name.starts_with("Ota.") && !EXCLUDED.contains(name))
}

/// Requests that are refused: each parameter with values of each type, and
/// messages that are no requests.
fn requests() -> Vec<String> {
    let names = [
        "id",
        "on",
        "brightness",
        "rgb",
        "ct_k",
        "effect",
        "transition_ms",
        "value",
        "event",
        "name",
        "position",
        "offset",
        "limit",
        "kid",
        "client",
        "url",
    ];
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(7.5),
        json!(70_000),
        json!("it's \"quoted\"\n"),
        json!(["x"]),
        json!({ "x": 1 }),
    ];
    let mut all: Vec<String> = ["", "7", "[]", "{", r#"{"id":"#, r#"{"jsonrpc":2,"id":1}"#]
        .map(str::to_owned)
        .into();
    all.extend([json!("x"), json!([7]), json!({}), json!(null)].map(|id| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "No.Such", "params": ["x"] }).to_string()
    }));
    let mut id = 0;
    for method in methods().chain(["No.Such"]) {
        let mut ask = |params: Value| {
            id += 1;
            let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
            all.push(request.to_string());
        };
        ask(json!({}));
        ask(json!({ "id": 0 }));
        for name in names {
            for value in &values {
                ask(json!({ name: value }));
                if name != "id" {
                    ask(json!({ "id": 0, name: value }));
                }
            }
        }
    }
    all
}

/// The error that the emulated board answers with; `null` for a result.
fn emulated(socket: &mut WebSocket<TcpStream>, request: &str) -> Value {
    socket
        .send(Message::text(request))
        .expect("the board listens");
    loop {
        match socket.read().expect("the board answers") {
            Message::Text(text) => {
                let answer: Value = serde_json::from_str(&text).expect("JSON");
                if answer.get("method").is_none() {
                    return answer["error"].clone();
                }
            }
            Message::Close(frame) => unreachable!("{frame:?} after {request}"),
            _ => {}
        }
    }
}

#[test]
#[ignore = "firmware/emulated/check runs it with a board"]
fn an_image_without_debug_says_the_same_as_this_computer() {
    let address = env::var("SWITCHBOARD_EMULATED_ADDRESS").expect("the board's address");
    let stream = TcpStream::connect(&address).expect("the board listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let (mut socket, _) =
        tungstenite::client(format!("ws://{address}/rpc"), stream).expect("a WebSocket");
    // Otherwise the connection is closed after a while.
    let subscribe = json!({ "jsonrpc": "2.0", "id": 0, "method": "Device.Subscribe" });
    assert_eq!(emulated(&mut socket, &subscribe.to_string()), Value::Null);
    let plan = plan::plan([0x52, 0x54, 0, 0x12, 0x34, 0x56], env!("CARGO_PKG_VERSION"));
    let mut host = Board::new(plan, &[], Epoch(1), NoHardware).expect("a valid plan");
    let (mut refused, mut different) = (0, Vec::new());
    for request in requests() {
        let (answer, _) = host.handle(|core| core.call(Duration::from_secs(1), &request));
        let expected: Value =
            serde_json::from_str(&answer.expect("every request has an id")).expect("JSON");
        let found = emulated(&mut socket, &request);
        refused += usize::from(!found.is_null());
        if found != expected["error"] {
            different.push(format!(
                "{request}\n  here: {}\n  image: {found}",
                expected["error"]
            ));
        }
    }
    assert!(refused > 500, "only {refused} requests were refused");
    assert!(
        different.is_empty(),
        "{} texts differ:\n{}",
        different.len(),
        different.join("\n")
    );
}
