//! A broker on which anything is published about a Tasmota board, a Homie
//! device or a board of a bridge, while a user gives commands. After each line
//! it is checked that what is sent is for a plain topic and not retained, that
//! messages are bounded, that filters of boards have no wildcard but those of
//! their family, that nothing is sent after the end, and that the next deadline
//! lies ahead.
//!
//! The first byte chooses the family. Lines: `>` a topic and a payload, for the
//! directory and the dialect; `=` the same, retained; `o` a new connection to
//! the board that was found last; `x` the broker is gone; `r` a method and its
//! parameters; `.` time passes (in ms).
#![no_main]

use std::time::{Duration, Instant};

use families::{
    Action, Actions, BrokerMessage, Change, Dialect, Directory, Family, Payload, Received, bridged,
    bridged_boards, is_plain_topic,
};
use libfuzzer_sys::fuzz_target;
use protocol::limits;
use switchboard_fuzz::{lines, number, request, text};

/// The largest list of components, in bytes of its debug text.
const DESCRIPTION: usize = 4 * 1024 * 1024;

#[derive(Clone, Copy)]
enum Kind {
    Of(Family),
    Bridged,
}

impl Kind {
    fn directory(self) -> Box<dyn Directory> {
        match self {
            Self::Of(family) => family.directory().expect("it has one"),
            Self::Bridged => bridged_boards("switchboard", "fuzz"),
        }
    }

    fn dialect(self, now: Instant) -> Box<dyn Dialect> {
        match self {
            Self::Of(family) => family.dialect(now, None, [7; 32]).expect("it has one"),
            Self::Bridged => bridged(now),
        }
    }
}

struct Fuzzed {
    kind: Kind,
    directory: Box<dyn Directory>,
    board: Box<dyn Dialect>,
    now: Instant,
    found: String,
    requests: i64,
    ended: bool,
}

impl Fuzzed {
    fn act(&mut self, act: impl FnOnce(&mut dyn Dialect, Instant, &mut Actions)) {
        let mut actions = Actions::default();
        act(&mut *self.board, self.now, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send {
                    payload:
                        Payload::Mqtt {
                            topic,
                            payload,
                            retain,
                        },
                    ..
                } => {
                    assert!(!self.ended, "sent after the end: {topic}");
                    assert!(!retain, "{topic} is retained");
                    let longest = 512 + limits::NAME;
                    assert!(topic.len() <= longest, "{topic}");
                    assert!(!topic.contains(['+', '#', '\0']), "{topic}");
                    assert!(payload.len() <= limits::MESSAGE_INTO_CONTROLLER);
                }
                Action::Message(message) => {
                    let size = format!("{message:?}").len();
                    assert!(size <= DESCRIPTION, "a message of {size} bytes");
                }
                Action::End(_) => self.ended = true,
                Action::Alive | Action::Decoded(_) => {}
                other => panic!("a broker needs no {other:?}"),
            }
        }
    }

    fn message(&mut self, line: &str, retained: bool) {
        let (topic, payload) = line.split_once(' ').unwrap_or((line, ""));
        let payload = payload.as_bytes();
        for change in self.directory.message(topic, payload) {
            match change {
                Change::Found(found) => {
                    let id = &found.announcement.id;
                    assert!(protocol::board_id(id).is_ok(), "{id}");
                    for filter in &found.filters {
                        let plain = filter.replace("/+", "/x");
                        assert!(is_plain_topic(plain.trim_end_matches('/')), "{filter}");
                    }
                    self.found.clone_from(id);
                }
                Change::Watch(topic) => assert!(is_plain_topic(&topic), "{topic}"),
                _ => {}
            }
        }
        self.received(topic, payload, retained);
    }

    fn received(&mut self, topic: &str, payload: &[u8], retained: bool) {
        if self.ended {
            return;
        }
        let message = BrokerMessage {
            topic,
            payload,
            retained,
        };
        self.act(|board, now, out| board.received(now, Received::Mqtt(message), out));
    }

    /// A new connection is given what is known.
    fn open(&mut self) {
        self.board = self.kind.dialect(self.now);
        self.ended = false;
        self.act(|board, now, out| board.opened(now, out));
        for (topic, payload) in self.directory.known(&self.found.clone()) {
            self.received(&topic, &payload, true);
        }
    }

    fn request(&mut self, line: &str) {
        if self.ended {
            return;
        }
        self.requests += 1;
        let request = request(self.requests, line);
        self.act(|board, now, out| board.request(now, &request, out));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.board.next_deadline().filter(|due| *due <= end) {
            if self.ended {
                break;
            }
            self.now = self.now.max(due);
            self.act(|board, now, out| board.tick(now, out));
            let next = self.board.next_deadline();
            assert!(
                next.is_none_or(|next| next > self.now),
                "it is due again at once"
            );
        }
        self.now = end;
    }
}

fuzz_target!(|input: &[u8]| {
    let kind = match input.first() {
        Some(b'H') => Kind::Of(Family::Homie),
        Some(b'B') => Kind::Bridged,
        _ => Kind::Of(Family::Tasmota),
    };
    let now = Instant::now() + Duration::from_secs(1_000_000);
    let mut fuzzed = Fuzzed {
        kind,
        directory: kind.directory(),
        board: kind.dialect(now),
        now,
        found: String::new(),
        requests: 0,
        ended: false,
    };
    for (what, rest) in lines(input.get(1..).unwrap_or_default()).take(200) {
        let line = text(rest);
        match what {
            b'>' => fuzzed.message(&line, false),
            b'=' => fuzzed.message(&line, true),
            b'o' => fuzzed.open(),
            b'x' => fuzzed.directory.disconnected(),
            b'r' => fuzzed.request(&line),
            b'.' => fuzzed.pass(Duration::from_millis(number(rest, 200_000))),
            _ => {}
        }
    }
});
