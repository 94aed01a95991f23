//! A Shelly that sends anything, while a user gives commands. After each line
//! it is checked that what is sent is a frame with a number of its own, that
//! the list of components is bounded, that nothing is sent after the end, and
//! that the next deadline lies ahead.
//!
//! An input that begins with `P` is read with a password. Lines: `>` a text
//! message; `b` a binary message; `a` and `e` the result of, or the error to,
//! the oldest open request; `r` a method and its parameters; `n` an
//! announcement; `i` the first frame of a connection that the board opened; `.`
//! time passes (in ms).
#![no_main]

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use families::{
    Action, Actions, Credential, Dialect, Family, Payload, Received, shelly_inbound_id,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use switchboard_fuzz::{lines, number, request, text};

/// The largest list of components, in bytes of its debug text.
const DESCRIPTION: usize = 4 * 1024 * 1024;

struct Fuzzed {
    board: Box<dyn Dialect>,
    now: Instant,
    open: VecDeque<i64>,
    /// The number of the last frame.
    last: i64,
    requests: i64,
    ended: bool,
}

impl Fuzzed {
    fn new(board: Box<dyn Dialect>, now: Instant) -> Self {
        let mut fuzzed = Self {
            board,
            now,
            open: VecDeque::new(),
            last: 0,
            requests: 0,
            ended: false,
        };
        fuzzed.act(|board, now, out| board.opened(now, out));
        fuzzed
    }

    fn act(&mut self, act: impl FnOnce(&mut dyn Dialect, Instant, &mut Actions)) {
        let mut actions = Actions::default();
        act(&mut *self.board, self.now, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send {
                    payload: Payload::Text(text),
                    ..
                } => self.sent(&text),
                Action::Message(message) => {
                    let size = format!("{message:?}").len();
                    assert!(size <= DESCRIPTION, "a message of {size} bytes");
                }
                Action::End(_) => self.ended = true,
                other => panic!("a Shelly needs no {other:?}"),
            }
        }
    }

    fn sent(&mut self, text: &str) {
        assert!(!self.ended, "sent after the end: {text}");
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        assert!(frame["src"].is_string() && frame["method"].is_string());
        let id = frame["id"].as_i64().expect("a frame has a number");
        assert!(id > self.last, "{id} was used before");
        self.last = id;
        self.open.push_back(id);
        assert!(!text.contains("secret-password"), "{text}");
    }

    fn received(&mut self, text: &str) {
        self.act(|board, now, out| board.received(now, Received::Text(text), out));
    }

    fn answer(&mut self, field: &str, value: &str) {
        if let Some(id) = self.open.pop_front() {
            self.received(&format!(r#"{{"id":{id},"{field}":{value}}}"#));
        }
    }

    fn request(&mut self, line: &str) {
        self.requests += 1;
        let request = request(self.requests, line);
        self.act(|board, now, out| board.request(now, &request, out));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.board.next_deadline().filter(|due| *due <= end) {
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

    /// The board opened a connection with this frame.
    fn inbound(&mut self, line: &str) {
        let named = shelly_inbound_id(line);
        let Some(board) = Family::Shelly.inbound_dialect(self.now, [7; 32]) else {
            return;
        };
        let mut inbound = Self::new(board, self.now);
        inbound.request("Device.GetInfo");
        inbound.received(line);
        assert_eq!(named.is_none(), inbound.last == 0, "{named:?}");
        inbound.pass(Duration::from_secs(10));
    }
}

fn announced(line: &str) {
    let (instance, txt) = line.split_once(' ').unwrap_or((line, ""));
    let pairs = txt.split(' ').filter_map(|pair| pair.split_once('='));
    if let Ok(announcement) = Family::Shelly.announcement(instance, pairs) {
        assert!(protocol::board_id(&announcement.id).is_ok());
    }
}

fuzz_target!(|input: &[u8]| {
    let now = Instant::now() + Duration::from_secs(1_000_000);
    let password = input
        .starts_with(b"P")
        .then(|| Credential::Password("secret-password".to_owned().into()));
    let Some(board) = Family::Shelly.dialect(now, password, [7; 32]) else {
        return;
    };
    let mut fuzzed = Fuzzed::new(board, now);
    for (what, rest) in lines(input).take(200) {
        let line = text(rest);
        match what {
            b'>' => fuzzed.received(&line),
            b'b' => fuzzed.act(|board, now, out| board.received(now, Received::Binary(rest), out)),
            b'a' => fuzzed.answer("result", &line),
            b'e' => fuzzed.answer("error", &line),
            b'r' => fuzzed.request(&line),
            b'n' => announced(&line),
            b'i' => fuzzed.inbound(&line),
            b'.' => fuzzed.pass(Duration::from_millis(number(rest, 200_000))),
            _ => {}
        }
    }
});
