//! Random input: nothing panics, every request gets one response, and a
//! subscriber knows the state of the board.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use protocol::{ComponentKey, FromBoard, Id, Snapshot, Source, State, method};
use serde_json::{Value, json};
use switchboard_board::{ClientId, Outgoing};

use crate::{
    fixtures::{board, everything, key, ms, state},
    test_board::TestBoard,
};

const METHODS: [&str; 19] = [
    method::DEVICE_GET_INFO,
    method::DEVICE_GET_COMPONENTS,
    method::DEVICE_GET_STATUS,
    method::DEVICE_SUBSCRIBE,
    method::DEVICE_SET_NAME,
    method::DEVICE_IDENTIFY,
    method::SYS_PING,
    method::SWITCH_SET,
    method::SWITCH_TOGGLE,
    method::LIGHT_SET,
    method::NUMBER_SET,
    method::SELECT_SET,
    method::TEXT_SET,
    method::BUTTON_PRESS,
    method::COVER_OPEN,
    method::COVER_STOP,
    method::COVER_SET,
    method::LOG_SUBSCRIBE,
    "No.Such",
];

/// An input of a board with two clients.
#[derive(Debug, Clone)]
enum BoardInput {
    Request {
        client: usize,
        method: &'static str,
        params: Value,
    },
    Observe {
        component: &'static str,
        change: Value,
    },
    Press,
    Pass {
        millis: u64,
    },
    Read {
        client: usize,
        messages: usize,
    },
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-3_i64..130).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[a-z]{0,3}\"?\\\\?".prop_map(Value::from),
        Just(json!("fast")),
        Just(json!("candle")),
        Just(json!([255, 0, 7])),
        Just(Value::Null),
        (2200_u64..6500).prop_map(Value::from),
    ]
}

fn params() -> impl Strategy<Value = Value> {
    let field = prop_oneof![
        Just("on"),
        Just("brightness"),
        Just("rgb"),
        Just("ct_k"),
        Just("effect"),
        Just("position"),
        Just("transition_ms"),
        Just("value"),
        Just("name"),
        Just("event"),
        Just("offset"),
        Just("limit"),
    ];
    let fields = proptest::collection::btree_map(field, value(), 0..4);
    (
        prop_oneof![8 => Just(json!(0)), 2 => Just(json!(1)), 1 => value()],
        fields,
    )
        .prop_map(|(id, fields)| {
            let mut params = json!(fields);
            params["id"] = id;
            params
        })
}

fn input() -> impl Strategy<Value = BoardInput> {
    let method = proptest::sample::select(METHODS.to_vec());
    let change = prop_oneof![
        any::<bool>().prop_map(|on| ("switch:1", json!({ "on": on }))),
        any::<bool>().prop_map(|on| ("binary_sensor:0", json!({ "on": on }))),
        (-40.0..80.0).prop_map(|value: f64| ("sensor:0", json!({ "value": value }))),
        (0..=100_u8).prop_map(|position| ("cover:0", json!({ "position": position }))),
        (0..100_u8).prop_map(|position| ("valve:0", json!({ "position": position }))),
    ];
    prop_oneof![
        6 => (0..2_usize, method, params())
            .prop_map(|(client, method, params)| BoardInput::Request { client, method, params }),
        3 => change.prop_map(|(component, change)| BoardInput::Observe { component, change }),
        1 => Just(BoardInput::Press),
        3 => (0..300_u64).prop_map(|millis| BoardInput::Pass { millis }),
        3 => (0..2_usize, 1..12_usize)
            .prop_map(|(client, messages)| BoardInput::Read { client, messages }),
    ]
}

/// A client as the protocol specifies it: a snapshot, then pushes without a
/// gap.
struct Subscriber {
    id: ClientId,
    seq: Option<u64>,
    known: BTreeMap<ComponentKey, State>,
    answers: BTreeMap<i64, usize>,
    asked: Vec<i64>,
    closed: bool,
}

impl Subscriber {
    fn new(board: &mut TestBoard) -> Self {
        let id = board.connect(Duration::ZERO).unwrap();
        let (known, answers) = (BTreeMap::new(), BTreeMap::new());
        Self {
            id,
            seq: None,
            known,
            answers,
            asked: Vec::new(),
            closed: false,
        }
    }

    fn read(&mut self, outgoing: Outgoing) {
        let text = match outgoing {
            Outgoing::Text(text) => text,
            Outgoing::Ping => return,
            Outgoing::Close { .. } => {
                self.closed = true;
                return;
            }
        };
        assert!(text.len() <= protocol::limits::MESSAGE_OUT_OF_BOARD);
        match FromBoard::parse(&text).unwrap() {
            FromBoard::Response(response) => {
                let Some(Id::Number(id)) = response.id else {
                    panic!("whose answer is {text}?")
                };
                *self.answers.entry(id).or_default() += 1;
                if let Ok(snapshot) = response.outcome.and_then(|value| {
                    serde_json::from_value::<Snapshot>(value)
                        .map_err(|_| protocol::RpcError::new(protocol::Code::InternalError, "", ""))
                }) && self.seq.is_none()
                {
                    self.seq = Some(snapshot.seq);
                    self.known = snapshot.components;
                }
            }
            FromBoard::Status(status) => {
                let seq = self.seq.expect("nothing is pushed before the snapshot");
                assert_eq!(status.prev, seq, "a gap");
                assert!(status.seq > seq);
                self.seq = Some(status.seq);
                for (key, change) in &status.components {
                    self.known
                        .get_mut(key)
                        .expect("a component that the snapshot had")
                        .merge(change);
                }
            }
            FromBoard::Event(_) => {
                assert!(self.seq.is_some(), "nothing is pushed before the snapshot");
            }
            FromBoard::Log(_) => {
                assert!(!self.asked.is_empty(), "log lines without a subscription");
            }
            FromBoard::Other { .. } => panic!("a board says no such thing: {text}"),
        }
    }
}

fn request(id: i64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

proptest! {
    #[test]
    fn any_text_is_handled_without_a_panic(
        text in ".{0,200}",
        json in "[\\[\\]{}\",:0-9a-z.\\\\ -]{0,200}",
    ) {
        let mut board = board(everything());
        let client = board.connect(Duration::ZERO).unwrap();
        for text in [text, json] {
            board.receive(Duration::ZERO, client, &text);
            while let Some(outgoing) = board.next_outgoing(Duration::ZERO, client) {
                prop_assert!(matches!(outgoing, Outgoing::Text(_)));
            }
            let _ = board.call(Duration::ZERO, &text);
        }
    }

    #[test]
    fn a_subscriber_knows_the_state_and_every_request_gets_one_response(
        inputs in proptest::collection::vec(input(), 0..120)
    ) {
        let mut board = board(everything());
        let mut subscribers = [Subscriber::new(&mut board), Subscriber::new(&mut board)];
        let mut now = Duration::ZERO;
        let mut next_id = 0;
        // The first client subscribes at the start, the second at any time or
        // never.
        board.receive(now, subscribers[0].id, &request(-1, method::DEVICE_SUBSCRIBE, &json!({})));
        subscribers[0].asked.push(-1);
        for act in inputs {
            match act {
                BoardInput::Request { client, method, params } => {
                    let subscriber = &mut subscribers[client];
                    // A snapshot without a subscription would be taken for one
                    // with it.
                    let is_snapshot = method == method::DEVICE_GET_STATUS;
                    if is_snapshot && subscriber.seq.is_none() || !board.has_room(subscriber.id) {
                        continue;
                    }
                    next_id += 1;
                    subscriber.asked.push(next_id);
                    board.receive(now, subscriber.id, &request(next_id, method, &params));
                }
                BoardInput::Observe { component, change } => {
                    board.observe(now, &key(component), state(change), Source::Physical).unwrap();
                }
                // A client that reads no events is closed, which another test
                // covers.
                BoardInput::Press => {
                    if subscribers.iter().all(|subscriber| board.has_room(subscriber.id)) {
                        board.press(now, &key("button:0"), "press").unwrap();
                    }
                }
                BoardInput::Pass { millis } => {
                    let until = now + ms(millis);
                    while let Some(due) = board.next_deadline().filter(|due| *due <= until) {
                        prop_assert!(due >= now, "a deadline in the past");
                        now = due;
                        board.run_until(now);
                        let moves_on = board.next_deadline().is_none_or(|next| next > now);
                        prop_assert!(moves_on, "a deadline that does not move");
                    }
                    now = until;
                }
                BoardInput::Read { client, messages } => {
                    for _ in 0..messages {
                        let id = subscribers[client].id;
                        let Some(outgoing) = board.next_outgoing(now, id) else { break };
                        subscribers[client].read(outgoing);
                    }
                }
            }
        }
        now += ms(100);
        board.run_until(now);
        for subscriber in &mut subscribers {
            while let Some(outgoing) = board.next_outgoing(now, subscriber.id) {
                subscriber.read(outgoing);
            }
            if subscriber.closed {
                // An event found no room. There is room for what a client's own
                // request causes, not for what the other client causes.
                continue;
            }
            let once: BTreeMap<i64, usize> = subscriber.asked.iter().map(|id| (*id, 1)).collect();
            prop_assert_eq!(&subscriber.answers, &once);
        }
        let status = board.call(now, &request(0, method::DEVICE_GET_STATUS, &json!({}))).unwrap();
        let status: Value = serde_json::from_str(&status).unwrap();
        let truth: Snapshot = serde_json::from_value(status["result"].clone()).unwrap();
        let subscribed = |subscriber: &&Subscriber| !subscriber.closed && subscriber.seq.is_some();
        for subscriber in subscribers.iter().filter(subscribed) {
            prop_assert_eq!(subscriber.seq, Some(truth.seq));
            prop_assert_eq!(&subscriber.known, &truth.components);
        }
    }
}
