//! A link to a board that sends anything, while a user gives commands. After
//! every input it is checked that what is kept and what is sent stays bounded,
//! and that the next deadline lies ahead.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use families::Family;
use noise::{Key, KeyId, Psk, Role};
use protocol::{
    ComponentKey, Id, Level, LogFilter, Object, Request, State, limits, method, ota::Digest,
};
use serde_json::{Value, json};

use address::{Address, Candidate, Candidates, InterfaceId};
use engine::board_state::BoardState;
use fleet::BoardKey;
use keys::Keys;
use link::{
    commands::{Command, CommandId},
    input::{Announced, Input},
    output::{Output, Payload, Report},
    session::{InboundConnection, Session},
    socket::{Ending, SocketEvent},
    state::Now,
    update::Image,
};
use sanitize::bounds;

/// The most requests in flight.
const REQUESTS: usize = 64;

/// How often something may be due at one moment.
const TICKS: usize = 16;

/// A link under test.
pub struct FuzzedLink {
    session: Session,
    state: BoardState,
    now: Now,
    attempt: u64,
    requests: VecDeque<Id>,
    /// Commands without an outcome.
    open: BTreeSet<CommandId>,
    next_command: u64,
    updates: u64,
}

impl FuzzedLink {
    /// A link to a board at a typed address.
    pub fn wanted() -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        };
        let mut link = Self {
            session: Session::new(now.instant, 1, || Ok([5; 32])),
            state: BoardState::new(now.instant, BoardKey(1), addresses("192.0.2.1:80"), true),
            now,
            attempt: 0,
            requests: VecDeque::new(),
            open: BTreeSet::new(),
            next_command: 0,
            updates: 0,
        };
        // The key of the board sb-59f0d6 is held.
        let key = Key {
            board: "sb-59f0d6".to_owned(),
            kid: KeyId([1, 2, 3, 4]),
            role: Role::Control,
            psk: Psk::new([7; 32]),
        };
        let mut keys = Keys::default();
        keys.insert(key);
        link.input(Input::Keys(keys));
        link.input(Input::Addresses(addresses("192.0.2.1:80")));
        link.input(Input::Connect);
        link
    }

    /// The socket opens.
    pub fn opened(&mut self) {
        self.socket(SocketEvent::Reached("192.0.2.1:80".to_owned()));
        self.socket(SocketEvent::Opened);
    }

    /// The socket ends, in one of several ways.
    pub fn ended(&mut self, way: u64) {
        let ending = match way {
            0 => Ending::Closed,
            1 => Ending::NoConnection("refused".to_owned()),
            2 => Ending::AllSlotsTaken,
            3 => Ending::OtherSubprotocol("switchboard.v2".to_owned()),
            4 => Ending::NotWebSocket("it answers HTTP 404".to_owned()),
            _ => Ending::Misbehaved("Reserved bits are non-zero".to_owned()),
        };
        self.socket(SocketEvent::Ended(ending));
    }

    /// The board sends this text.
    pub fn message(&mut self, text: &str) {
        self.socket(SocketEvent::Text(text.to_owned()));
    }

    /// The board sends a binary message.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.socket(SocketEvent::Binary(bytes.to_vec()));
    }

    /// The board answers the oldest open request with this result.
    pub fn answer(&mut self, result: &str) {
        self.reply("result", result);
    }

    /// The board answers the oldest open request with this error.
    pub fn refuse(&mut self, error: &str) {
        self.reply("error", error);
    }

    /// The user gives one of several commands.
    pub fn command(&mut self, which: u64) {
        let (component, method, params, wanted) = match which {
            0 => (
                "light:0",
                method::LIGHT_SET,
                json!({ "id": 0, "on": true }),
                json!({ "on": true }),
            ),
            1 => (
                "light:0",
                method::LIGHT_SET,
                json!({ "id": 0, "brightness": 7 }),
                json!({ "brightness": 7 }),
            ),
            2 => (
                "switch:0",
                method::SWITCH_TOGGLE,
                json!({ "id": 0 }),
                Value::Null,
            ),
            3 => (
                "button:0",
                method::BUTTON_PRESS,
                json!({ "id": 0 }),
                Value::Null,
            ),
            4 => (
                "number:0",
                method::NUMBER_SET,
                json!({ "id": 0, "value": 3 }),
                json!({ "value": 3 }),
            ),
            5 => (
                "cover:0",
                method::COVER_SET,
                json!({ "id": 0, "position": 40 }),
                json!({ "position": 40 }),
            ),
            6 => (
                "cover:0",
                method::COVER_STOP,
                json!({ "id": 0 }),
                Value::Null,
            ),
            _ => ("", method::DEVICE_IDENTIFY, json!({}), Value::Null),
        };
        self.next_command += 1;
        let id = CommandId(self.next_command);
        self.open.insert(id);
        self.input(Input::Command(Command {
            id,
            component: component.parse().ok(),
            method: method.to_owned(),
            params: object(params),
            replaceable: !wanted.is_null(),
            wanted: wanted.is_object().then(|| State::from(object(wanted))),
            refusal: None,
        }));
    }

    /// The user starts an update, whose image is read at once.
    pub fn update(&mut self) {
        self.updates += 1;
        let update = self.updates;
        self.input(Input::UpdateRequested(update));
        let image = Image {
            bytes: Arc::from([7; 3_000]),
            sha256: Digest([1; 32]),
            version: None,
            signature: None,
        };
        self.input(Input::ImageRead {
            update,
            image: Ok(image),
            running: None,
        });
    }

    /// The user cancels it.
    pub fn cancel_update(&mut self) {
        self.input(Input::CancelUpdate);
    }

    /// The user follows the log, or does not.
    pub fn follow_log(&mut self, which: u64) {
        self.input(Input::FollowLog(if which == 0 {
            LogFilter::Off
        } else {
            LogFilter::UpTo(Level::Debug)
        }));
    }

    /// Someone announces the board: id, addresses with commas between, a word,
    /// major version and whether it is locked, with spaces between.
    pub fn announced(&mut self, text: &str) {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        // The third word was a path once.
        let (id, several, _) = (word(), word(), word());
        let announced = Announced {
            id,
            addresses: addresses(&several),
            family: Family::Switchboard,
            proto: word().parse().unwrap_or(1),
            locked: word() == "locked",
            via: None,
        };
        self.input(Input::Announced(announced));
    }

    /// A peer connects and claims to be the board: its id, and whether it is
    /// locked, with a space between.
    pub fn inbound(&mut self, text: &str) {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (id, locked, from) = (word(), word() == "locked", "192.0.2.7:51234".to_owned());
        self.input(Input::Inbound(InboundConnection {
            id,
            family: Family::Switchboard,
            locked,
            from,
        }));
    }

    /// Inbound connections are no longer accepted.
    pub fn listener_closed(&mut self) {
        self.input(Input::ListenerClosed);
    }

    /// The link is disconnected, and wanted again.
    pub fn reconnect(&mut self) {
        self.disconnect();
        self.input(Input::Connect);
    }

    /// The link is disconnected: every command has an outcome.
    pub fn disconnect(&mut self) {
        self.input(Input::Disconnect);
        assert!(self.open.is_empty(), "without an outcome: {:?}", self.open);
    }

    /// Time passes, and everything that is due is handled.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        let mut ticks = 0;
        while let Some(due) = self
            .session
            .next_deadline(self.now.instant)
            .filter(|due| *due <= end)
        {
            ticks = if due > self.now.instant { 0 } else { ticks + 1 };
            assert!(ticks < TICKS, "a deadline that does not move");
            self.move_to(due.max(self.now.instant));
            self.input(Input::Tick);
        }
        self.move_to(end);
    }

    fn move_to(&mut self, instant: Instant) {
        self.now.wall += instant - self.now.instant;
        self.now.instant = instant;
    }

    fn socket(&mut self, event: SocketEvent) {
        self.input(Input::Socket(self.attempt, event));
    }

    fn reply(&mut self, what: &str, value: &str) {
        let Some(id) = self.requests.pop_front() else {
            return;
        };
        let value: Value = serde_json::from_str(value).unwrap_or_default();
        self.message(&json!({ "jsonrpc": "2.0", "id": id, what: value }).to_string());
    }

    fn input(&mut self, input: Input) {
        self.session.handle(self.now, input);
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Connect { attempt, to, .. } => {
                    assert!(attempt > self.attempt && !to.addresses.is_empty(), "{to:?}");
                    self.attempt = attempt;
                    self.requests.clear();
                }
                Output::Accept { attempt } => {
                    assert!(attempt > self.attempt, "an attempt is numbered twice");
                    self.attempt = attempt;
                    self.requests.clear();
                }
                Output::Decline => {}
                Output::Decrypted(_) | Output::Fetch { .. } => {}
                Output::Send(frame) => {
                    let text = match (frame.plaintext(), frame.payload()) {
                        (Some(text), _) => text.to_owned(),
                        (None, Payload::Text(text)) => text.clone(),
                        (None, Payload::Binary(_)) => String::new(),
                        (_, Payload::Mqtt { topic, .. }) => {
                            panic!("a message on {topic} to a board of ours")
                        }
                    };
                    let length = match frame.payload() {
                        Payload::Text(text) => text.len(),
                        Payload::Binary(_) if !text.is_empty() => text.len(),
                        Payload::Binary(bytes) => bytes.len(),
                        Payload::Mqtt { payload, .. } => payload.len(),
                    };
                    assert!(
                        length <= limits::MESSAGE_INTO_BOARD,
                        "{length} bytes: {text}"
                    );
                    let request = Request::parse(&text);
                    self.requests
                        .extend(request.ok().and_then(|request| request.id));
                }
                Output::Disconnect => self.requests.clear(),
                Output::Report(report) => {
                    if let Report::CommandDone { id, .. } = &report {
                        assert!(
                            self.open.remove(id),
                            "{id:?} has two outcomes, or was never given"
                        );
                    }
                    self.state.apply(self.now, report);
                }
            }
        }
        self.check();
    }

    fn check(&self) {
        assert!(
            self.session.requests_in_flight() < REQUESTS,
            "{} requests are in flight",
            self.session.requests_in_flight()
        );
        let view = self.state.view();
        assert!(view.components.len() <= bounds::COMPONENTS);
        let keys: BTreeSet<&ComponentKey> = view
            .components
            .iter()
            .map(|view| &view.descriptor.key)
            .collect();
        assert_eq!(
            keys.len(),
            view.components.len(),
            "a component is listed twice"
        );
        for component in &view.components {
            assert!(
                bounds::fits(&component.reported),
                "{:?}",
                component.descriptor.key
            );
        }
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(fields) => fields,
        _ => Object::new(),
    }
}

/// Addresses with commas between. Invalid ones are ignored; if none is left, a
/// fixed one is used.
fn addresses(text: &str) -> Candidates {
    let on = InterfaceId {
        index: 2,
        name: "eth0".into(),
    };
    let heard = text.split(',').filter_map(|one| {
        Some(Candidate::Heard {
            address: one.parse().ok()?,
            on: on.clone(),
        })
    });
    let addresses = Candidates::new(heard, &[]);
    if addresses.is_empty() {
        Candidates::given(Address::of([192, 0, 2, 1].into(), 80, None))
    } else {
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::{CommandState, LinkState};

    #[test]
    fn a_board_that_answers_is_connected_and_its_commands_are_confirmed() {
        let mut link = FuzzedLink::wanted();
        link.opened();
        link.answer(
            r#"{"id":"sb-1","name":"Lamp","mac":"","version":"0.1.0","platform":"p","board":"b","proto":1,
                "features":["ota"],"epoch":"5f3a91c2","uptime_ms":5}"#,
        );
        link.answer(r#"{"offset":0,"total":1,"components":[{"key":"light:0","kind":"light","name":"Light"}]}"#);
        link.answer(
            r#"{"epoch":"5f3a91c2","seq":7,"uptime_ms":9,"client":3,"light:0":{"on":false}}"#,
        );
        assert_eq!(link.state.view().link, LinkState::Connected);
        link.answer(r#"{"uptime_ms":9}"#);
        link.command(0);
        link.message(
            r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"5f3a91c2","prev":7,"seq":8,"uptime_ms":10,
                "source":"client:3","light:0":{"on":true}}}"#,
        );
        link.answer(r#"{"seq":8,"was_on":false}"#);
        let light = &link.state.view().components[0];
        assert!(
            matches!(light.command, CommandState::Confirmed { .. }),
            "{:?}",
            light.command
        );
        link.update();
        link.pass(Duration::from_secs(100));
        assert!(matches!(
            link.state.view().link,
            LinkState::Unreachable { .. } | LinkState::Connecting
        ));
        link.disconnect();
    }
}
