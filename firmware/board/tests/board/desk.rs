//! A board on the desk for tests: hardware that keeps what it was told, and the
//! messages read as a client would read them.

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    Caps, Code, ComponentKey, Descriptor, Epoch, FromBoard, NotifyEvent, NotifyLog, NotifyStatus,
    Object, Request, ResetReason, Response, RpcError, Snapshot, Source, State, limits, method,
};
use serde_json::{Value, json};
use switchboard_board::{
    ClientId, Component, Hardware, Identity, InputSource, Outgoing, PairingDisplay, Plan,
    SampleSource, UpdateSlot,
};

use crate::{
    flash::{Flash, MAGIC},
    telemetry::Counter,
    test_board::TestBoard,
};

pub(crate) const EPOCH: Epoch = Epoch(0x5f3a_91c2);

/// Hardware that remembers.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    pub(crate) outputs: Vec<(ComponentKey, State)>,
    pub(crate) readings: BTreeMap<ComponentKey, State>,
    /// Outputs that refuse from now on.
    pub(crate) stuck: Vec<ComponentKey>,
    /// Outputs that refuse to be on.
    pub(crate) refused_on: Vec<ComponentKey>,
    pub(crate) reads: usize,
    pub(crate) identified: usize,
    pub(crate) reboots: usize,
    pub(crate) free_memory: Option<u32>,
    pub(crate) rssi: Option<i8>,
    /// Where it can be updated.
    pub(crate) flash: Option<Flash>,
    pub(crate) reset_reason: Option<ResetReason>,
    pub(crate) last_panic: Option<String>,
    /// What it has drawn of its random numbers, which are none: each byte is
    /// one more than the one before.
    pub(crate) drawn: u8,
    /// It has no source of random numbers.
    pub(crate) predictable: bool,
    /// What it shows of pairing.
    pub(crate) pairing: Option<String>,
    /// It opens no connections of its own.
    pub(crate) cannot_call: bool,
    /// What it samples.
    pub(crate) samples: Option<Counter>,
}

impl Hardware for Bench {
    fn set_output(&mut self, key: &ComponentKey, state: &State) -> Result<(), RpcError> {
        if self.stuck.contains(key) || (state.on() == Some(true) && self.refused_on.contains(key)) {
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "interlock",
                format!("{key} is locked by hand"),
            ));
        }
        self.outputs.push((key.clone(), state.clone()));
        Ok(())
    }

    fn read_input(&mut self, _: Duration, key: &ComponentKey) -> Option<State> {
        self.reads += 1;
        self.readings.get(key).cloned()
    }

    fn identify(&mut self) {
        self.identified += 1;
    }

    fn reboot(&mut self) {
        self.reboots += 1;
    }

    fn free_memory(&self) -> Option<u32> {
        self.free_memory
    }

    fn rssi(&self) -> Option<i8> {
        self.rssi
    }

    fn update_slot(&mut self) -> Option<&mut dyn UpdateSlot> {
        self.flash
            .as_mut()
            .map(|flash| flash as &mut dyn UpdateSlot)
    }

    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        self.samples
            .as_mut()
            .map(|samples| samples as &mut dyn SampleSource)
    }

    fn reset_reason(&self) -> Option<ResetReason> {
        self.reset_reason.clone()
    }

    fn random(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            self.drawn = self.drawn.wrapping_add(1);
            *byte = self.drawn;
        }
        !self.predictable
    }

    fn supports_outbound(&self) -> bool {
        !self.cannot_call
    }

    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        self.pairing = match shown {
            PairingDisplay::Nothing => None,
            PairingDisplay::Open => Some("open".to_owned()),
            PairingDisplay::Code(code) => Some(code.to_owned()),
            PairingDisplay::Confirmed => Some("confirmed".to_owned()),
        };
    }

    fn take_last_panic(&mut self) -> Option<String> {
        self.last_panic.take()
    }
}

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
        extra: Object::new(),
    };
    lamp
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

/// One of each kind; the sensor is not read by itself.
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
        component("valve:0", json!({ "position": 40 })),
    ]);
    plan.bindings = vec![(key("button:0"), key("light:0"))];
    plan
}

pub(crate) fn board(plan: Plan) -> TestBoard {
    TestBoard::new(plan, &[], EPOCH, Bench::default()).unwrap()
}

/// A board that can be updated.
pub(crate) fn with_flash(plan: Plan) -> TestBoard {
    let flash = Some(Flash::with(&[MAGIC, 1, 1, 1]));
    TestBoard::new(
        plan,
        &[],
        EPOCH,
        Bench {
            flash,
            ..Bench::default()
        },
    )
    .unwrap()
}

/// What a client was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Got {
    Answer(Response),
    Status(NotifyStatus),
    Event(NotifyEvent),
    Log(NotifyLog),
    Ping,
    Close(u16),
}

impl Got {
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
        let Self::Answer(Response {
            outcome: Ok(result),
            ..
        }) = self
        else {
            panic!("a result was expected, not {self:?}")
        };
        result
    }

    pub(crate) fn error(self) -> RpcError {
        let Self::Answer(Response {
            outcome: Err(error),
            ..
        }) = self
        else {
            panic!("an error was expected, not {self:?}")
        };
        error
    }
}

pub(crate) fn read(outgoing: Outgoing) -> Got {
    match outgoing {
        Outgoing::Text(text) => {
            assert!(
                text.len() <= limits::MESSAGE_OUT_OF_BOARD,
                "{} bytes: {text}",
                text.len()
            );
            match FromBoard::parse(&text).unwrap() {
                FromBoard::Response(response) => Got::Answer(response),
                FromBoard::Status(status) => Got::Status(status),
                FromBoard::Event(event) => Got::Event(event),
                FromBoard::Log(log) => Got::Log(log),
                other => panic!("a board says no such thing: {other:?}"),
            }
        }
        Outgoing::Ping => Got::Ping,
        Outgoing::Close { code, .. } => Got::Close(code),
    }
}

/// Everything that waits for a client.
pub(crate) fn take(board: &mut TestBoard, now: Duration, client: ClientId) -> Vec<Got> {
    std::iter::from_fn(|| board.next_outgoing(now, client))
        .map(read)
        .collect()
}

pub(crate) fn request(method: &str, params: &Value) -> String {
    Request::new(7, method, params).to_json()
}

/// Sends a request, and takes everything that comes of it; the last is its
/// answer.
pub(crate) fn ask(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    method: &str,
    params: Value,
) -> Vec<Got> {
    board.receive(now, client, &request(method, &params));
    take(board, now, client)
}

/// Sends a request, and takes its answer.
pub(crate) fn answer(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    method: &str,
    params: Value,
) -> Got {
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

/// A hand changes something.
pub(crate) fn by_hand(board: &mut TestBoard, now: Duration, component: &str, change: Value) {
    board
        .observe(now, &key(component), state(change), Source::Physical)
        .unwrap();
}
