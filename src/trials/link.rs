//! A link to a board that says anything, with a person who gives commands
//! meanwhile. After everything that happens it is checked that what is kept and
//! what is sent stays bounded, and that the next deadline lies ahead.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use noise::{Key, KeyId, Psk, Role};
use protocol::{
    ComponentKey, Id, Level, LogFilter, Object, Request, State, limits, method, ota::Digest,
};
use serde_json::{Value, json};

use crate::{
    address::{Address, Candidate, Candidates, InterfaceId},
    fleet::{BoardKey, belief::Belief},
    keys::Keys,
    link::{
        commands::{Command, Ticket},
        session::{Announced, Called, Ephemeral, Input, Output, Report, Session},
        state::{Ending, Now},
        update::Image,
    },
};
use sanitize::bounds;

/// More questions are never open at once.
const QUESTIONS: usize = 64;

/// More often nothing is due at one moment.
const TICKS: usize = 16;

/// A link under trial.
pub struct Link {
    session: Session,
    belief: Belief,
    now: Now,
    attempt: u64,
    questions: VecDeque<Id>,
    /// Commands that were given and not yet settled.
    open: BTreeSet<Ticket>,
    tickets: u64,
    orders: u64,
}

impl Link {
    /// A link that is wanted, to a board at an address that was typed.
    pub fn wanted() -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        };
        let mut link = Self {
            session: Session::new(now.instant, 1),
            belief: Belief::new(now.instant, BoardKey(1), addresses("192.0.2.1:80"), true),
            now,
            attempt: 0,
            questions: VecDeque::new(),
            open: BTreeSet::new(),
            tickets: 0,
            orders: 0,
        };
        // Of the board sb-59f0d6 a key is held.
        let key = Key {
            board: "sb-59f0d6".to_owned(),
            kid: KeyId([1, 2, 3, 4]),
            role: Role::Control,
            psk: Psk::new([7; 32]),
        };
        let mut keys = Keys::default();
        keys.insert(key);
        link.input(Input::Keys(keys));
        link.input(Input::AlsoAt(addresses("192.0.2.1:80")));
        link.input(Input::Connect);
        link
    }

    /// The socket opens.
    pub fn opened(&mut self) {
        self.input(Input::Reached(self.attempt, "192.0.2.1:80".to_owned()));
        self.input(Input::Opened(self.attempt, Ephemeral::new([5; 32])));
    }

    /// The socket ends, in one of several ways.
    pub fn ended(&mut self, way: u64) {
        let ending = match way {
            0 => Ending::Closed,
            1 => Ending::NoConnection("refused".to_owned()),
            2 => Ending::AllPlacesTaken,
            3 => Ending::OtherSubprotocol("switchboard.v2".to_owned()),
            4 => Ending::NotWebSocket("it answers HTTP 404".to_owned()),
            _ => Ending::Misbehaved("Reserved bits are non-zero".to_owned()),
        };
        self.input(Input::Ended(self.attempt, ending));
    }

    /// The board says this.
    pub fn message(&mut self, text: &str) {
        self.input(Input::Message(self.attempt, text.to_owned()));
    }

    /// The board sends something else than text.
    pub fn binary(&mut self, bytes: &[u8]) {
        self.input(Input::Binary(self.attempt, bytes.to_vec()));
    }

    /// The board answers the oldest open question with this result.
    pub fn answer(&mut self, result: &str) {
        self.reply("result", result);
    }

    /// The board answers the oldest open question with this error.
    pub fn refuse(&mut self, error: &str) {
        self.reply("error", error);
    }

    /// The person gives one of several commands.
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
            _ => ("", method::DEVICE_IDENTIFY, json!({}), Value::Null),
        };
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.open.insert(ticket);
        self.input(Input::Command(Command {
            ticket,
            component: component.parse().ok(),
            method: method.to_owned(),
            params: object(params),
            replaceable: !wanted.is_null(),
            wanted: wanted.is_object().then(|| State::from(object(wanted))),
        }));
    }

    /// The person wants another firmware, of which the file is there at once.
    pub fn update(&mut self) {
        self.orders += 1;
        let order = self.orders;
        self.input(Input::UpdateWanted(order));
        let image = Image {
            bytes: Arc::from([7; 3_000]),
            sha256: Digest([1; 32]),
            version: None,
        };
        self.input(Input::UpdateRead {
            order,
            image: Ok(image),
            before: None,
        });
    }

    /// The person does not want it any more.
    pub fn cancel_update(&mut self) {
        self.input(Input::CancelUpdate);
    }

    /// The person follows the log, or does not.
    pub fn follow_log(&mut self, which: u64) {
        self.input(Input::FollowLog(if which == 0 {
            LogFilter::Off
        } else {
            LogFilter::UpTo(Level::Debug)
        }));
    }

    /// Somebody announces the board: id, addresses with commas between, a word,
    /// major version and whether it is locked, with spaces between.
    pub fn announced(&mut self, text: &str) {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        // The third word was a path once.
        let (id, several, _) = (word(), word(), word());
        let announced = Announced {
            id,
            addresses: addresses(&several),
            proto: word().parse().unwrap_or(1),
            locked: word() == "locked",
        };
        self.input(Input::Announced(announced));
    }

    /// Somebody connects and says to be the board: its id, and whether it is
    /// locked, with a space between.
    pub fn called(&mut self, text: &str) {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (id, locked, from) = (word(), word() == "locked", "192.0.2.7:51234".to_owned());
        self.input(Input::Called(Called {
            id,
            locked,
            from,
            ephemeral: Ephemeral::new([6; 32]),
        }));
    }

    /// No calls are taken any more.
    pub fn calls_are_over(&mut self) {
        self.input(Input::CallsAreOver);
    }

    /// The link is not wanted any more, and then it is.
    pub fn leave_and_return(&mut self) {
        self.leave();
        self.input(Input::Connect);
    }

    /// The link is not wanted any more: every command has come to something.
    pub fn leave(&mut self) {
        self.input(Input::Leave);
        assert!(
            self.open.is_empty(),
            "nobody says what came of {:?}",
            self.open
        );
    }

    /// Time passes, and everything that is due is done.
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

    fn reply(&mut self, what: &str, value: &str) {
        let Some(id) = self.questions.pop_front() else {
            return;
        };
        let value: Value = serde_json::from_str(value).unwrap_or_default();
        self.message(&json!({ "jsonrpc": "2.0", "id": id, what: value }).to_string());
    }

    fn input(&mut self, input: Input) {
        for output in self.session.handle(self.now, input) {
            match output {
                Output::Connect { attempt, to, .. } => {
                    assert!(attempt > self.attempt && !to.addresses.is_empty(), "{to:?}");
                    self.attempt = attempt;
                    self.questions.clear();
                }
                Output::Accept { attempt } => {
                    assert!(attempt > self.attempt, "an attempt is numbered twice");
                    self.attempt = attempt;
                    self.questions.clear();
                }
                Output::Decline => {}
                Output::SendFrame(frame) => {
                    assert!(frame.len() <= limits::MESSAGE_INTO_BOARD, "{frame:?}");
                }
                Output::Decrypted(_) => {}
                Output::Send(text) | Output::SendSealed { text, .. } => {
                    assert!(
                        text.len() <= limits::MESSAGE_INTO_BOARD,
                        "{} bytes: {text}",
                        text.len()
                    );
                    let request = Request::parse(&text);
                    self.questions
                        .extend(request.ok().and_then(|request| request.id));
                }
                Output::Disconnect => self.questions.clear(),
                Output::Report(report) => {
                    if let Report::Settled { ticket, .. } = &report {
                        assert!(
                            self.open.remove(ticket),
                            "{ticket:?} is settled twice, or was never given"
                        );
                    }
                    self.belief.apply(self.now, report);
                }
            }
        }
        self.check();
    }

    fn check(&self) {
        assert!(
            self.session.under_way() < QUESTIONS,
            "{} questions are open",
            self.session.under_way()
        );
        let view = self.belief.view();
        assert!(view.components.len() <= bounds::COMPONENTS);
        let keys: BTreeSet<&ComponentKey> = view
            .components
            .iter()
            .map(|view| &view.descriptor.key)
            .collect();
        assert_eq!(
            keys.len(),
            view.components.len(),
            "a component is there twice"
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

/// Addresses with commas between. What is not an address is left out; where all
/// are, there is a fixed one.
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
    use crate::fleet::{CommandState, LinkState};

    #[test]
    fn a_board_that_answers_what_it_is_asked_is_connected_and_its_commands_are_confirmed() {
        let mut link = Link::wanted();
        link.opened();
        link.answer(
            r#"{"id":"sb-1","name":"Lamp","mac":"","version":"0.1.0","platform":"p","board":"b","proto":1,
                "features":["ota"],"epoch":"5f3a91c2","uptime_ms":5}"#,
        );
        link.answer(r#"{"offset":0,"total":1,"components":[{"key":"light:0","kind":"light","name":"Light"}]}"#);
        link.answer(
            r#"{"epoch":"5f3a91c2","seq":7,"uptime_ms":9,"client":3,"light:0":{"on":false}}"#,
        );
        assert_eq!(link.belief.view().link, LinkState::Connected);
        link.answer(r#"{"uptime_ms":9}"#);
        link.command(0);
        link.message(
            r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"5f3a91c2","prev":7,"seq":8,"uptime_ms":10,
                "source":"client:3","light:0":{"on":true}}}"#,
        );
        link.answer(r#"{"seq":8,"was_on":false}"#);
        let light = &link.belief.view().components[0];
        assert!(
            matches!(light.command, CommandState::Confirmed { .. }),
            "{:?}",
            light.command
        );
        link.update();
        link.pass(Duration::from_secs(100));
        assert!(matches!(
            link.belief.view().link,
            LinkState::Unreachable { .. } | LinkState::Connecting
        ));
        link.leave();
    }
}
