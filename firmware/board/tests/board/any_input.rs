//! Whatever is sent and whatever happens: nothing panics, every request is
//! answered once, and who follows the pushes knows the board.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use protocol::{ComponentKey, FromBoard, Id, Snapshot, Source, State, method};
use serde_json::{Value, json};
use switchboard_board::{ClientId, Outgoing};

use crate::{
    desk::{board, everything, key, ms, state},
    test_board::TestBoard,
};

const METHODS: [&str; 16] = [
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
    method::LOG_SUBSCRIBE,
    "No.Such",
];

/// Something that happens to a board with two clients.
#[derive(Debug, Clone)]
enum Act {
    Ask {
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

fn act() -> impl Strategy<Value = Act> {
    let method = proptest::sample::select(METHODS.to_vec());
    let change = prop_oneof![
        any::<bool>().prop_map(|on| ("switch:1", json!({ "on": on }))),
        any::<bool>().prop_map(|on| ("binary_sensor:0", json!({ "on": on }))),
        (-40.0..80.0).prop_map(|value: f64| ("sensor:0", json!({ "value": value }))),
        (0..100_u8).prop_map(|position| ("valve:0", json!({ "position": position }))),
    ];
    prop_oneof![
        6 => (0..2_usize, method, params()).prop_map(|(client, method, params)| Act::Ask { client, method, params }),
        3 => change.prop_map(|(component, change)| Act::Observe { component, change }),
        1 => Just(Act::Press),
        3 => (0..300_u64).prop_map(|millis| Act::Pass { millis }),
        3 => (0..2_usize, 1..12_usize).prop_map(|(client, messages)| Act::Read { client, messages }),
    ]
}

/// A client as the protocol asks it to be: a snapshot, then pushes without a
/// gap.
struct Follower {
    id: ClientId,
    seq: Option<u64>,
    believes: BTreeMap<ComponentKey, State>,
    answers: BTreeMap<i64, usize>,
    asked: Vec<i64>,
    closed: bool,
}

impl Follower {
    fn new(board: &mut TestBoard) -> Self {
        let id = board.connect(Duration::ZERO).unwrap();
        let (believes, answers) = (BTreeMap::new(), BTreeMap::new());
        Self {
            id,
            seq: None,
            believes,
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
                    self.believes = snapshot.components;
                }
            }
            FromBoard::Status(status) => {
                let seq = self.seq.expect("nothing is pushed before the snapshot");
                assert_eq!(status.prev, seq, "a gap");
                assert!(status.seq > seq);
                self.seq = Some(status.seq);
                for (key, change) in &status.components {
                    self.believes
                        .get_mut(key)
                        .expect("a component that the snapshot had")
                        .merge(change);
                }
            }
            FromBoard::Event(_) => {
                assert!(self.seq.is_some(), "nothing is pushed before the snapshot");
            }
            FromBoard::Log(_) => assert!(!self.asked.is_empty(), "the log is for who asked for it"),
            FromBoard::Other { .. } => panic!("a board says no such thing: {text}"),
        }
    }
}

fn request(id: i64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

proptest! {
    #[test]
    fn any_text_is_answered_or_carried_out_and_never_panics(text in ".{0,200}", json in "[\\[\\]{}\",:0-9a-z.\\\\ -]{0,200}") {
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
    fn who_follows_the_pushes_knows_the_board_and_every_request_is_answered_once(
        acts in proptest::collection::vec(act(), 0..120)
    ) {
        let mut board = board(everything());
        let mut followers = [Follower::new(&mut board), Follower::new(&mut board)];
        let mut now = Duration::ZERO;
        let mut next_id = 0;
        // The first follows from the start, the second from whenever it happens
        // to subscribe.
        board.receive(now, followers[0].id, &request(-1, method::DEVICE_SUBSCRIBE, &json!({})));
        followers[0].asked.push(-1);
        for act in acts {
            match act {
                Act::Ask { client, method, params } => {
                    let follower = &mut followers[client];
                    // A snapshot that is no subscription would be taken for
                    // one.
                    if method == method::DEVICE_GET_STATUS && follower.seq.is_none() || !board.has_room(follower.id) {
                        continue;
                    }
                    next_id += 1;
                    follower.asked.push(next_id);
                    board.receive(now, follower.id, &request(next_id, method, &params));
                }
                Act::Observe { component, change } => {
                    board.observe(now, &key(component), state(change), Source::Physical).unwrap();
                }
                // Who lets events pile up is closed; that is for another test.
                Act::Press if followers.iter().all(|follower| board.has_room(follower.id)) => {
                    board.press(now, &key("button:0"), "press").unwrap();
                }
                Act::Press => {}
                Act::Pass { millis } => {
                    let until = now + ms(millis);
                    while let Some(due) = board.next_deadline().filter(|due| *due <= until) {
                        prop_assert!(due >= now, "a deadline in the past");
                        now = due;
                        board.run_until(now);
                        prop_assert!(board.next_deadline().is_none_or(|next| next > now), "a deadline that does not move");
                    }
                    now = until;
                }
                Act::Read { client, messages } => {
                    for _ in 0..messages {
                        let Some(outgoing) = board.next_outgoing(now, followers[client].id) else { break };
                        followers[client].read(outgoing);
                    }
                }
            }
        }
        now += ms(100);
        board.run_until(now);
        for follower in &mut followers {
            while let Some(outgoing) = board.next_outgoing(now, follower.id) {
                follower.read(outgoing);
            }
            if follower.closed {
                // An event found no room. What a request needs is reserved,
                // what the other one causes is not.
                continue;
            }
            let once: BTreeMap<i64, usize> = follower.asked.iter().map(|id| (*id, 1)).collect();
            prop_assert_eq!(&follower.answers, &once);
        }
        let status = board.call(now, &request(0, method::DEVICE_GET_STATUS, &json!({}))).unwrap();
        let status: Value = serde_json::from_str(&status).unwrap();
        let truth: Snapshot = serde_json::from_value(status["result"].clone()).unwrap();
        for follower in followers.iter().filter(|follower| !follower.closed && follower.seq.is_some()) {
            prop_assert_eq!(follower.seq, Some(truth.seq));
            prop_assert_eq!(&follower.believes, &truth.components);
        }
    }
}
