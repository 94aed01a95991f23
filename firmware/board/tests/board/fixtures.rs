//! Plans, boards and clients for tests.

use std::time::Duration;

use protocol::{
    Caps, ComponentKey, Descriptor, Epoch, FromBoard, NotifyEvent, NotifyLog, NotifyStatus,
    Request, Response, RpcError, Snapshot, Source, State, limits, method,
};
use serde_json::{Value, json};
use switchboard_board::{ClientId, Component, Identity, InputSource, Outgoing, Plan};

use crate::{
    test_board::TestBoard,
    test_flash::{MAGIC, TestFlash},
    test_hardware::TestHardware,
};

pub(crate) const EPOCH: Epoch = Epoch(0x5f3a_91c2);

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn key(text: &str) -> ComponentKey {
    text.parse().unwrap()
}

pub(crate) fn state(value: Value) -> State {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn component(text: &str, first: Value) -> Component {
    let ComponentKey { kind, id } = key(text);
    Component::new(Descriptor::new(kind, id, text), state(first))
}

pub(crate) fn lamp() -> Component {
    let mut lamp = component(
        "light:0",
        json!({ "on": false, "brightness": 60, "rgb": null, "ct_k": 3000, "effect": "none" }),
    );
    lamp.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        ct_k: Some([2200, 6500]),
        effects: vec!["none".into(), "candle".into()],
        ..Caps::default()
    };
    lamp
}

pub(crate) fn cover() -> Component {
    let mut cover = component("cover:0", json!({ "state": "open", "position": 100 }));
    cover.descriptor.caps.position = true;
    cover
}

pub(crate) fn doorbell() -> Component {
    let mut doorbell = component("event:0", json!({}));
    doorbell.descriptor.event_types = vec!["single_push".into(), "long_push".into()];
    doorbell
}

pub(crate) fn thermometer() -> Component {
    let mut sensor = component("sensor:0", json!({ "value": 20.5 }));
    sensor.descriptor.accuracy_decimals = Some(1);
    sensor
}

pub(crate) fn plan(components: Vec<Component>) -> Plan {
    Plan {
        identity: Identity {
            id: "sb-0000aa".into(),
            name: "Desk lamp".into(),
            mac: "02:00:00:00:00:aa".into(),
            version: "0.1.0".into(),
            platform: "virtual".into(),
            board: "bench".into(),
        },
        components,
        bindings: Vec::new(),
        controllers: limits::CONTROLLERS,
    }
}

/// A plan with one component of each kind. The sensor is not read periodically.
pub(crate) fn everything() -> Plan {
    let mut plan = plan(vec![
        component("switch:0", json!({ "on": false })),
        component("switch:1", json!({ "on": false })),
        lamp(),
        component(
            "number:0",
            json!({ "value": 5, "min": 0, "max": 10, "step": 0.5 }),
        ),
        component(
            "select:0",
            json!({ "value": "slow", "options": ["slow", "fast"] }),
        ),
        component("text:0", json!({ "value": "hello" })),
        component("button:0", json!({})),
        component("binary_sensor:0", json!({ "on": false })).with_input(InputSource::Reported),
        thermometer().with_input(InputSource::Reported),
        cover(),
        component("text_sensor:0", json!({ "value": "calm" })),
        doorbell(),
        component("valve:0", json!({ "position": 40 })),
    ]);
    plan.bindings = vec![(key("button:0"), key("light:0"))];
    plan
}

pub(crate) fn board(plan: Plan) -> TestBoard {
    TestBoard::new(plan, &[], EPOCH, TestHardware::default()).unwrap()
}

/// A board that can be updated.
pub(crate) fn with_flash(plan: Plan) -> TestBoard {
    let flash = Some(TestFlash::with(&[MAGIC, 1, 1, 1]));
    TestBoard::new(
        plan,
        &[],
        EPOCH,
        TestHardware {
            flash,
            ..TestHardware::default()
        },
    )
    .unwrap()
}

/// What a client has received.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Received {
    Response(Response),
    Status(NotifyStatus),
    Event(NotifyEvent),
    Log(NotifyLog),
    Ping,
    Close(u16),
}

impl Received {
    pub(crate) fn status(self) -> NotifyStatus {
        let Self::Status(status) = self else {
            panic!("a status was expected, not {self:?}")
        };
        status
    }

    pub(crate) fn event(self) -> NotifyEvent {
        let Self::Event(event) = self else {
            panic!("an event was expected, not {self:?}")
        };
        event
    }

    pub(crate) fn result(self) -> Value {
        let Self::Response(Response {
            outcome: Ok(result),
            ..
        }) = self
        else {
            panic!("a result was expected, not {self:?}")
        };
        result
    }

    pub(crate) fn error(self) -> RpcError {
        let Self::Response(Response {
            outcome: Err(error),
            ..
        }) = self
        else {
            panic!("an error was expected, not {self:?}")
        };
        error
    }
}

pub(crate) fn read(outgoing: Outgoing) -> Received {
    match outgoing {
        Outgoing::Text(text) => {
            assert!(
                text.len() <= limits::MESSAGE_OUT_OF_BOARD,
                "{} bytes: {text}",
                text.len()
            );
            match FromBoard::parse(&text).unwrap() {
                FromBoard::Response(response) => Received::Response(response),
                FromBoard::Status(status) => Received::Status(status),
                FromBoard::Event(event) => Received::Event(event),
                FromBoard::Log(log) => Received::Log(log),
                other => panic!("a board does not send this: {other:?}"),
            }
        }
        Outgoing::Ping => Received::Ping,
        Outgoing::Close { code, .. } => Received::Close(code),
    }
}

/// Takes everything that waits for a client.
pub(crate) fn take(board: &mut TestBoard, now: Duration, client: ClientId) -> Vec<Received> {
    std::iter::from_fn(|| board.next_outgoing(now, client))
        .map(read)
        .collect()
}

pub(crate) fn request(method: &str, params: &Value) -> String {
    Request::new(7, method, params).to_json()
}

/// Sends a request, and takes everything that it causes. The response comes
/// last.
pub(crate) fn ask(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    method: &str,
    params: Value,
) -> Vec<Received> {
    board.receive(now, client, &request(method, &params));
    take(board, now, client)
}

/// Sends a request, and takes its response.
pub(crate) fn answer(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    method: &str,
    params: Value,
) -> Received {
    ask(board, now, client, method, params).pop().unwrap()
}

pub(crate) fn connected(board: &mut TestBoard) -> ClientId {
    board.connect(Duration::ZERO).unwrap()
}

/// A client that has its snapshot.
pub(crate) fn subscriber(board: &mut TestBoard) -> (ClientId, Snapshot) {
    let client = connected(board);
    let snapshot = answer(
        board,
        Duration::ZERO,
        client,
        method::DEVICE_SUBSCRIBE,
        json!({}),
    )
    .result();
    (client, serde_json::from_value(snapshot).unwrap())
}

/// Changes a component at the board.
pub(crate) fn at_the_board(board: &mut TestBoard, now: Duration, component: &str, change: Value) {
    board
        .observe(now, &key(component), state(change), Source::Physical)
        .unwrap();
}
