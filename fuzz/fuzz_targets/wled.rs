//! A WLED board that sends anything, while a user gives commands. After each
//! line it is checked that what is sent fits into one TCP segment, that names
//! are read one list after the other, and that the next deadline lies ahead.
//!
//! Lines: `>` a text message; `b` a binary message; `e`, `l` and `p` the bodies
//! of `/json/eff`, `/json/pal` and `/presets.json`; `f` one of them fails; `r`
//! a method and its parameters; `n` an announcement; `.` time passes (in ms).
#![no_main]

use std::time::{Duration, Instant};

use families::{Action, Actions, Dialect, Family, Payload, Received};
use libfuzzer_sys::fuzz_target;
use sanitize::bounds;
use switchboard_fuzz::{lines, number, request, text};

/// The largest message to a board, in bytes.
const LARGEST: usize = 1_400;

/// The largest list of components, in bytes of JSON.
const DESCRIPTION: usize = 1024 * 1024;

const LISTS: [&str; 3] = ["/json/eff", "/json/pal", "/presets.json"];

struct Fuzzed {
    board: Box<dyn Dialect>,
    now: Instant,
    fetching: Option<String>,
    requests: i64,
}

impl Fuzzed {
    fn act(&mut self, act: impl FnOnce(&mut dyn Dialect, Instant, &mut Actions)) {
        let mut actions = Actions::default();
        act(&mut *self.board, self.now, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send {
                    payload: Payload::Text(text),
                    ..
                } => assert!(text.len() <= LARGEST, "{text}"),
                Action::Send { .. } => panic!("WLED reads only text"),
                Action::Fetch { path } => {
                    assert!(LISTS.contains(&path.as_str()), "{path}");
                    let other = self.fetching.replace(path);
                    // One that got no answer is given up.
                    assert!(other.is_none(), "{other:?} is still being read");
                }
                Action::Message(message) => {
                    let size = format!("{message:?}").len();
                    assert!(size <= DESCRIPTION, "a message of {size} bytes");
                }
                Action::Decoded(_) | Action::Alive | Action::End(_) => {}
            }
        }
    }

    fn fetched(&mut self, path: &str, body: Result<&str, &str>) {
        if self.fetching.as_deref() == Some(path) {
            self.fetching = None;
        }
        self.act(|board, now, out| board.fetched(now, path, body, out));
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
            // The dialect waits 15 s for a list.
            self.fetching = None;
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

fn announced(line: &str) {
    let (instance, mac) = line.split_once('=').unwrap_or((line, ""));
    if let Ok(announcement) = Family::Wled.announcement(instance, [("mac", mac)]) {
        assert!(protocol::board_id(&announcement.id).is_ok());
        assert!(announcement.friendly_name.len() <= bounds::text("x".repeat(9_999)).len());
    }
}

fuzz_target!(|input: &[u8]| {
    let now = Instant::now() + Duration::from_secs(1_000_000);
    let Some(board) = Family::Wled.dialect(now, None, [7; 32]) else {
        return;
    };
    let mut fuzzed = Fuzzed {
        board,
        now,
        fetching: None,
        requests: 0,
    };
    fuzzed.act(|board, now, out| board.opened(now, out));
    for (what, rest) in lines(input).take(200) {
        let line = text(rest);
        match what {
            b'>' => fuzzed.act(|board, now, out| board.received(now, Received::Text(&line), out)),
            b'b' => fuzzed.act(|board, now, out| board.received(now, Received::Binary(rest), out)),
            b'e' => fuzzed.fetched("/json/eff", Ok(&line)),
            b'l' => fuzzed.fetched("/json/pal", Ok(&line)),
            b'p' => fuzzed.fetched("/presets.json", Ok(&line)),
            b'f' => {
                for path in LISTS {
                    fuzzed.fetched(path, Err("HTTP 503"));
                }
            }
            b'r' => fuzzed.request(&line),
            b'n' => announced(&line),
            b'.' => fuzzed.pass(Duration::from_millis(number(rest, 200_000))),
            _ => {}
        }
    }
});
