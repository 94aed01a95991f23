//! A dialect under test, and the board's end of its stream.

use std::{collections::BTreeMap, time::Duration};

use ::noise::{
    Psk,
    suite::{End, handshake},
};
use protocol::{ComponentsPage, FromBoard, NotifyStatus, Request, Response, Snapshot, State};
use serde_json::{Value, json};
use snow::{HandshakeState, TransportState};
use web_time::Instant;
use zeroize::Zeroizing;

use super::vectors::{self, Vector};
use crate::{
    Action, Actions, Credential, Dialect, Payload, Problem, Received,
    esphome::{
        Esphome,
        wire::{self, Fields, Message},
    },
};

/// The key of the board.
pub(super) const KEY: [u8; 32] = [0x42; 32];

/// The messages that list the entities of the board.
pub(super) const LIST: &[Vector] = &[
    vectors::LAMP,
    vectors::RELAY,
    vectors::TEMPERATURE,
    vectors::SIGNAL,
    vectors::DOOR,
    vectors::STATUS,
    vectors::LEVEL,
    vectors::MODE,
    vectors::LABEL,
    vectors::PRESS,
    vectors::RESTART,
    vectors::IDENTIFY,
    vectors::BLIND,
    vectors::REMOTE,
    vectors::BOLT,
    vectors::FAN,
    vectors::HEATING,
    vectors::FIRMWARE,
    vectors::VALVE,
    vectors::CAMERA,
];

/// Their first states.
pub(super) const STATES: &[Vector] = &[
    vectors::LAMP_STATE,
    vectors::RELAY_OFF,
    vectors::TEMPERATURE_STATE,
    vectors::SIGNAL_NAN,
    vectors::DOOR_STATE,
    vectors::STATUS_STATE,
    vectors::LEVEL_STATE,
    vectors::MODE_STATE,
    vectors::LABEL_STATE,
    vectors::BLIND_STATE,
    vectors::BOLT_STATE,
    vectors::FAN_STATE,
    vectors::HEATING_STATE,
    vectors::FIRMWARE_STATE,
    vectors::VALVE_STATE,
];

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// What the board does with the client's bytes.
#[derive(Debug)]
pub(super) enum BoardEnd {
    Plain,
    Noise(Box<HandshakeState>),
    Secured(Box<TransportState>),
}

/// A dialect with the board that it talks to.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) now: Instant,
    pub(super) dialect: Esphome,
    pub(super) end: BoardEnd,
    /// What the client sent and the board did not read yet.
    unread: Vec<u8>,
    /// What the client said, oldest first.
    pub(super) heard: Vec<(u32, Vec<u8>)>,
    pub(super) said: Vec<FromBoard>,
    pub(super) problem: Option<Problem>,
    requests: i64,
    /// The board sends this many bytes at once.
    pub(super) piece: usize,
}

impl Bench {
    /// A connection in plain text that is open.
    pub(super) fn plain() -> Self {
        Self::opened(BoardEnd::Plain, None)
    }

    /// A connection with a key to a board with another or the same.
    pub(super) fn noise(board: [u8; 32], client: [u8; 32]) -> Self {
        let state = handshake(
            End::Board,
            Some(&Psk::new(board)),
            b"NoiseAPIInit\0\0",
            std::array::from_fn(|at| u8::try_from(at + 101).expect("small")),
        );
        let state = Box::new(state.expect("a responder"));
        let key = Credential::Key(Zeroizing::new(client));
        Self::opened(BoardEnd::Noise(state), Some(key))
    }

    pub(super) fn opened(end: BoardEnd, credential: Option<Credential>) -> Self {
        let now = Instant::now();
        let random = std::array::from_fn(|at| u8::try_from(at + 1).expect("small"));
        let mut bench = Self {
            now,
            dialect: Esphome::new(now, credential, random),
            end,
            unread: Vec::new(),
            heard: Vec::new(),
            said: Vec::new(),
            problem: None,
            requests: 0,
            piece: usize::MAX,
        };
        bench.with(|dialect, now, out| dialect.opened(now, out));
        bench
    }

    /// A plain connection to a board with an entity of each kind, subscribed.
    pub(super) fn ready() -> Self {
        let mut bench = Self::plain();
        bench.introduce(LIST, STATES);
        bench.request("Device.Subscribe", &json!({}));
        bench.forget();
        bench
    }

    /// Calls the dialect and carries out what it wants done.
    pub(super) fn with(&mut self, call: impl FnOnce(&mut Esphome, Instant, &mut Actions)) {
        let mut out = Actions::default();
        call(&mut self.dialect, self.now, &mut out);
        for action in out.take() {
            match action {
                Action::Send {
                    payload: Payload::Binary(bytes),
                    shown,
                } => {
                    assert!(shown.is_some_and(|shown| !shown.is_empty()));
                    self.unread.extend(bytes);
                }
                Action::Message(message) => self.said.push(message),
                Action::Decoded(text) => assert!(!text.is_empty()),
                Action::End(problem) => {
                    assert_eq!(self.problem, None, "it ends twice");
                    self.problem = Some(problem);
                }
                other => panic!("{other:?}"),
            }
        }
        self.listen();
    }

    /// The board sends bytes, in pieces.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            self.with(|dialect, now, out| dialect.received(now, Received::Binary(piece), out));
        }
    }

    /// The frame of a message of the board.
    pub(super) fn frame(&mut self, message: u32, payload: &[u8]) -> Vec<u8> {
        match &mut self.end {
            BoardEnd::Plain => {
                let mut bytes = vec![0];
                wire::write_varint(&mut bytes, payload.len() as u64);
                wire::write_varint(&mut bytes, message.into());
                [&bytes, payload].concat()
            }
            BoardEnd::Noise(_) => panic!("no message before the handshake"),
            BoardEnd::Secured(state) => {
                let [_, _, a, b] = message.to_be_bytes();
                let length = u16::try_from(payload.len()).expect("short").to_be_bytes();
                let clear = [&[a, b], &length[..], payload].concat();
                let mut sealed = vec![0; clear.len() + 16];
                let written = state.write_message(&clear, &mut sealed).expect("sealed");
                noise_frame(&sealed[..written])
            }
        }
    }

    /// The board sends a message.
    pub(super) fn say(&mut self, message: u32, payload: &[u8]) {
        let frame = self.frame(message, payload);
        self.send(&frame);
    }

    pub(super) fn say_vector(&mut self, (message, payload): Vector) {
        self.say(message, &bytes(payload));
    }

    /// The board says hello, what it is, its entities and their states.
    pub(super) fn introduce(&mut self, list: &[Vector], states: &[Vector]) {
        for vector in [vectors::HELLO, vectors::INFO].iter().chain(list) {
            self.say_vector(*vector);
        }
        self.say(19, &[]);
        for vector in states {
            self.say_vector(*vector);
        }
    }

    /// The board reads what the client sent.
    fn listen(&mut self) {
        loop {
            let taken = match &mut self.end {
                BoardEnd::Plain => plain_message(&self.unread),
                BoardEnd::Noise(_) => return,
                BoardEnd::Secured(state) => sealed_message(state, &self.unread),
            };
            let Some((message, payload, length)) = taken else {
                return;
            };
            self.heard.push((message, payload));
            self.unread.drain(..length);
        }
    }

    /// The bytes that the client sent and the board did not read.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }

    /// What the client said since it was last asked.
    pub(super) fn take_heard(&mut self) -> Vec<(u32, Vec<u8>)> {
        std::mem::take(&mut self.heard)
    }

    /// The numbers of the messages that the client sent.
    pub(super) fn take_numbers(&mut self) -> Vec<u32> {
        self.take_heard().into_iter().map(|(one, _)| one).collect()
    }

    /// Everything before is not of interest.
    pub(super) fn forget(&mut self) {
        self.heard.clear();
        self.said.clear();
    }

    /// Makes a request and returns its id.
    pub(super) fn request(&mut self, method: &str, params: &Value) -> i64 {
        self.requests += 1;
        let request = Request::new(self.requests, method, params);
        self.with(|dialect, now, out| dialect.request(now, &request, out));
        self.requests
    }

    /// The answer to a request, if there is one.
    pub(super) fn answer(&self, id: i64) -> Option<Result<Value, protocol::RpcError>> {
        let id = Some(protocol::Id::Number(id));
        let mut found = self.said.iter().filter_map(|message| match message {
            FromBoard::Response(Response { id: of, outcome }) if *of == id => Some(outcome.clone()),
            _ => None,
        });
        let answer = found.next();
        assert_eq!(found.next(), None, "it is answered twice");
        answer
    }

    /// The result of a request that is answered at once.
    pub(super) fn result<T: serde::de::DeserializeOwned>(&mut self, method: &str) -> T {
        let id = self.request(method, &json!({}));
        let result = self.answer(id).expect("an answer").expect("a result");
        serde_json::from_value(result).expect("the type of the method")
    }

    /// All components as the dialect describes them.
    pub(super) fn components(&mut self) -> Vec<protocol::Descriptor> {
        let page: ComponentsPage = self.result("Device.GetComponents");
        page.components
    }

    /// The description of a component.
    pub(super) fn component(&mut self, key: &str) -> protocol::Descriptor {
        let all = self.components();
        let keys: Vec<_> = all.iter().map(|one| one.key.to_string()).collect();
        let found = all.into_iter().find(|one| one.key.to_string() == key);
        found.unwrap_or_else(|| panic!("{key} is not in {keys:?}"))
    }

    /// All states, by component.
    pub(super) fn states(&mut self) -> BTreeMap<String, State> {
        let snapshot: Snapshot = self.result("Device.GetStatus");
        let of = |(key, state): (protocol::ComponentKey, State)| (key.to_string(), state);
        snapshot.components.into_iter().map(of).collect()
    }

    /// The changes that were pushed, oldest first.
    pub(super) fn pushes(&self) -> Vec<&NotifyStatus> {
        let mut pushes = Vec::new();
        for message in &self.said {
            if let FromBoard::Status(push) = message {
                pushes.push(push);
            }
        }
        pushes
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.with(|dialect, now, out| dialect.tick(now, out));
    }
}

/// A frame under Noise.
pub(super) fn noise_frame(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("short").to_be_bytes();
    [&[1], &length[..], content].concat()
}

fn plain_message(bytes: &[u8]) -> Option<(u32, Vec<u8>, usize)> {
    let (first, mut rest) = bytes.split_first()?;
    assert_eq!(*first, 0, "a plain frame");
    let length = wire::varint(&mut rest).expect("a length")?;
    let message = wire::varint(&mut rest).expect("a number")?;
    let length = usize::try_from(length).expect("short");
    let payload = rest.get(..length)?.to_vec();
    let message = u32::try_from(message).expect("a number");
    Some((message, payload, bytes.len() - rest.len() + length))
}

fn sealed_message(state: &mut TransportState, bytes: &[u8]) -> Option<(u32, Vec<u8>, usize)> {
    let (header, rest) = bytes.split_first_chunk::<3>()?;
    assert_eq!(header[0], 1, "a frame under Noise");
    let length = usize::from(u16::from_be_bytes([header[1], header[2]]));
    let mut clear = vec![0; length];
    let read = state.read_message(rest.get(..length)?, &mut clear);
    clear.truncate(read.expect("authentic"));
    let message = u16::from_be_bytes([clear[0], clear[1]]).into();
    let inner = usize::from(u16::from_be_bytes([clear[2], clear[3]]));
    assert_eq!(inner, clear.len() - 4, "the length within");
    Some((message, clear[4..].to_vec(), 3 + length))
}

/// The fields of a message that are not 0, sorted: proto3 leaves those out that
/// are 0, and does not order them.
pub(super) fn set_fields(payload: &[u8]) -> Vec<String> {
    let fields = Fields::parse(payload).expect("a message");
    let is_set = |value: &wire::Value<'_>| match value {
        wire::Value::Varint(number) | wire::Value::Fixed64(number) => *number != 0,
        wire::Value::Fixed32(number) => *number != 0,
        wire::Value::Bytes(bytes) => !bytes.is_empty(),
    };
    let fields = fields.iter().filter(|(_, value)| is_set(value));
    let mut fields: Vec<_> = fields.map(|field| format!("{field:?}")).collect();
    fields.sort();
    fields
}

/// A message of the board with these fields.
pub(super) fn listed(message: Message) -> Vec<u8> {
    message.into_bytes()
}
