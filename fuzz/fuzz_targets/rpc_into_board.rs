//! Controllers that say anything to a board, and a world around it: nothing
//! panics, everything that is sent is a valid message that fits, and the next
//! deadline is always known.
//!
//! One command per line: `0` and `1` a message of a controller, `p` one by
//! POST, `<0` this one reads, `x0` it disconnects and another connects, `o` a
//! component changes at the board, `r` a button is pressed, `k` unsaved state
//! is taken, `.` time passes (in ms).
#![no_main]

use std::time::Duration;

use board::{Board, ClientId, Core, Effects, Outgoing, Unsaved};
use libfuzzer_sys::fuzz_target;
use protocol::{FromBoard, Source, State, limits};
use switchboard_fuzz::{Bench, board, lines, number, text};

fn check(message: &str) {
    assert!(
        message.len() <= limits::MESSAGE_OUT_OF_BOARD,
        "{} bytes: {message}",
        message.len()
    );
    match FromBoard::parse(message) {
        Ok(FromBoard::Other { .. }) | Err(_) => panic!("a board says no such thing: {message}"),
        Ok(_) => {}
    }
}

struct World {
    board: Board<Bench>,
    clients: [ClientId; 2],
    now: Duration,
}

impl World {
    fn handle<R>(&mut self, run: impl FnOnce(&mut Core<Bench>, Duration) -> R) -> R {
        let now = self.now;
        let (result, Effects { next_deadline, .. }) = self.board.handle(|board| run(board, now));
        assert_eq!(next_deadline, self.board.next_deadline());
        result
    }

    fn read(&mut self, client: usize) {
        while let Some(outgoing) = self.board.next_outgoing(self.now, self.clients[client]) {
            match outgoing {
                Outgoing::Text(text) => check(&text),
                Outgoing::Ping => {}
                Outgoing::Close { .. } => return self.replace(client),
            }
        }
    }

    fn replace(&mut self, client: usize) {
        let old = self.clients[client];
        self.handle(|board, now| board.disconnect(now, old));
        // A board that restarts admits no client.
        if let Ok(new) = self.handle(|board, now| board.connect(now)) {
            self.clients[client] = new;
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.board.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.handle(|board, now| board.run_until(now));
            assert!(
                self.board
                    .next_deadline()
                    .is_none_or(|next| next > self.now),
                "a deadline that does not move"
            );
        }
        self.now = until;
    }

    fn keep(&mut self, works: bool) {
        if let Some(unsaved) = self.handle(|board, now| board.take_unsaved(now)) {
            if let Unsaved::Write(entries) = &unsaved {
                assert!(
                    entries
                        .iter()
                        .all(|entry| entry.value.len() <= board::Retained::MAX_LEN)
                );
            }
            if works {
                self.handle(|board, _| board.saved())
            } else {
                self.handle(|board, now| board.save_failed(now, &unsaved))
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let mut board = board(&[]);
    let clients = [(); 2].map(|()| {
        let (client, _) = board.handle(|board| board.connect(Duration::ZERO));
        client.expect("there are two slots")
    });
    let mut world = World {
        board,
        clients,
        now: Duration::ZERO,
    };
    for (what, rest) in lines(input).take(100) {
        let client = usize::from(rest.first() == Some(&b'1'));
        match what {
            b'0' | b'1' => {
                let client = usize::from(what - b'0');
                // The server does not read from a client whose queue is full.
                if !world.board.has_room(world.clients[client]) {
                    world.read(client);
                }
                let id = world.clients[client];
                world.handle(|board, now| board.receive(now, id, &text(rest)));
            }
            b'p' => {
                if let Some(answer) = world.handle(|board, now| board.call(now, &text(rest))) {
                    check(&answer);
                }
            }
            b'<' => world.read(client),
            b'x' => world.replace(client),
            b'r' => {
                let button = "button:0".parse().expect("a key");
                let _ = world.handle(|board, now| board.press(now, &button, &text(rest)));
            }
            b'o' => {
                let text = text(rest);
                let (key, change) = text.split_once(' ').unwrap_or_default();
                if let (Ok(key), Ok(fields)) = (key.parse(), serde_json::from_str(change)) {
                    let _ = world.handle(|board, now| {
                        board.observe(now, &key, State(fields), Source::Physical)
                    });
                }
            }
            b'k' => world.keep(client == 1),
            // Two controllers' silence is long enough; more only costs the
            // fuzzer time.
            b'.' if world.now < Duration::from_secs(200) => {
                world.pass(Duration::from_millis(number(rest, 70_000)))
            }
            _ => {}
        }
        if world.board.hardware().restarted {
            return;
        }
    }
    world.read(0);
    world.read(1);
    let get_status = r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetStatus"}"#;
    let status = world.handle(|board, now| board.call(now, get_status));
    check(&status.expect("a request with an id is answered"));
});
