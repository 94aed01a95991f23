//! What a board with ESPHome, or a stranger at its address, sends: in plain
//! text, instead of a handshake, and after an honest one; and its announcement.
//! The first byte selects which, the second one how the stream is divided. What
//! the board made known is then commanded.
#![no_main]

use std::time::{Duration, Instant};

use families::{Action, Actions, Credential, Dialect, Family, Payload, Received};
use libfuzzer_sys::fuzz_target;
use noise::{
    Psk,
    suite::{End, handshake},
};
use protocol::{ComponentsPage, FromBoard, Id, Object, Request, Snapshot, method};
use sanitize::bounds;
use serde_json::{Value, json};

const KEY: [u8; 32] = [7; 32];

/// What the board says before the handshake.
const HELLO: &[u8] = b"\x01desk\x000200000a1b2c\0";

/// A connection under test.
struct Connection {
    dialect: Box<dyn Dialect>,
    now: Instant,
    sent: Vec<u8>,
    result: Option<Value>,
    ended: bool,
}

impl Connection {
    fn open(credential: Option<Credential>) -> Self {
        let now = Instant::now();
        let dialect = Family::Esphome.dialect(now, credential, [9; 32]);
        let mut connection = Self {
            dialect: dialect.expect("ESPHome has a dialect"),
            now,
            sent: Vec::new(),
            result: None,
            ended: false,
        };
        connection.with(|dialect, now, out| dialect.opened(now, out));
        connection
    }

    fn with(&mut self, call: impl FnOnce(&mut dyn Dialect, Instant, &mut Actions)) {
        let mut out = Actions::default();
        call(self.dialect.as_mut(), self.now, &mut out);
        for action in out.take() {
            assert!(!self.ended, "something is done after the end: {action:?}");
            match action {
                Action::Send {
                    payload: Payload::Binary(bytes),
                    ..
                } => self.sent.extend(bytes),
                Action::Message(FromBoard::Response(response)) => {
                    self.result = response.outcome.ok();
                }
                Action::Message(_) | Action::Decoded(_) | Action::Alive => {}
                Action::End(_) => self.ended = true,
                other => panic!("{other:?}"),
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.with(|dialect, now, out| dialect.received(now, Received::Binary(bytes), out));
    }

    fn request(&mut self, method: &str, params: Value) -> Option<Value> {
        let request = Request {
            id: Some(Id::Number(1)),
            method: method.to_owned(),
            params: match params {
                Value::Object(params) => params,
                _ => Object::new(),
            },
        };
        self.result = None;
        self.with(|dialect, now, out| dialect.request(now, &request, out));
        self.result.take()
    }

    /// Commands every component, and checks that what is kept is bounded.
    fn command(&mut self) {
        self.now += Duration::from_secs(1);
        self.with(|dialect, now, out| dialect.tick(now, out));
        let Some(page) = self.request(method::DEVICE_GET_COMPONENTS, Value::Null) else {
            return;
        };
        let page: ComponentsPage = serde_json::from_value(page).expect("components");
        assert!(page.components.len() <= bounds::COMPONENTS);
        let snapshot = self
            .request(method::DEVICE_SUBSCRIBE, Value::Null)
            .expect("a snapshot of a board that is known");
        let snapshot: Snapshot = serde_json::from_value(snapshot).expect("a snapshot");
        for (key, state) in &snapshot.components {
            assert!(bounds::fits(state), "{key} is {state:?}");
        }
        for component in page.components {
            let id = component.key.id;
            let (method, params) = match component.kind.as_str() {
                "switch" => (method::SWITCH_TOGGLE, json!({"id": id})),
                "light" => (
                    method::LIGHT_SET,
                    json!({"id": id, "brightness": 7, "rgb": [1, 2, 3], "ct_k": 3000}),
                ),
                "number" => (method::NUMBER_SET, json!({"id": id, "value": 1.5})),
                "select" => (method::SELECT_SET, json!({"id": id, "value": "a"})),
                "text" => (method::TEXT_SET, json!({"id": id, "value": "a"})),
                "button" => (method::BUTTON_PRESS, json!({"id": id})),
                "cover" => (method::COVER_SET, json!({"id": id, "position": 3})),
                "lock" => ("Lock.Open", json!({"id": id})),
                _ => (method::UPDATE_INSTALL, json!({"id": id})),
            };
            self.request(method, params);
        }
        for method in [
            method::DEVICE_REBOOT,
            method::SYS_PING,
            method::LOG_SUBSCRIBE,
        ] {
            self.request(method, Value::Null);
        }
    }
}

fn key() -> Option<Credential> {
    Some(Credential::Key(KEY.into()))
}

/// A frame under Noise.
fn frame(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .expect("an input is short")
        .to_be_bytes();
    [&[1], &length[..], content].concat()
}

/// After an honest handshake: messages. Each begins with its number and
/// its length.
fn secured(mut rest: &[u8]) {
    let mut connection = Connection::open(key());
    let offer = connection.sent.split_off(7);
    let psk = Psk::new(KEY);
    let prologue = b"NoiseAPIInit\0\0";
    let mut board = handshake(End::Board, Some(&psk), prologue, [3; 32]).expect("a responder");
    let mut buffer = [0; 64];
    board
        .read_message(&offer, &mut buffer)
        .expect("the key is the same");
    let length = board.write_message(&[], &mut buffer).expect("an answer");
    let answer = [&[0], buffer.get(..length).expect("it was written")].concat();
    connection.receive(&frame(HELLO));
    connection.receive(&frame(&answer));
    assert!(!connection.ended, "an honest handshake");
    let mut board = board.into_transport_mode().expect("it is finished");
    while let Some((&[message, length], more)) = rest.split_first_chunk::<2>() {
        let (payload, more) = more.split_at_checked(length.into()).unwrap_or((more, &[]));
        rest = more;
        let clear = [&[0, message, 0, length], payload].concat();
        let mut sealed = vec![0; clear.len() + 16];
        board
            .write_message(&clear, &mut sealed)
            .expect("it has room");
        connection.receive(&frame(&sealed));
    }
    connection.command();
}

fn streamed(credential: Option<Credential>, piece: u8, stream: &[u8]) {
    let mut connection = Connection::open(credential);
    for bytes in stream.chunks(usize::from(piece) + 1) {
        connection.receive(bytes);
    }
    connection.command();
}

fn announced(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    if let Ok(announcement) = Family::Esphome.announcement("desk", pairs) {
        assert!(
            protocol::board_id(&announcement.id).is_ok(),
            "{announcement:?}"
        );
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[what, piece], rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    match what {
        b'p' => streamed(None, piece, rest),
        b'n' => streamed(key(), piece, rest),
        b's' => secured(rest),
        b't' => announced(rest),
        _ => {}
    }
});
