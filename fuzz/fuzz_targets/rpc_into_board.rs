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

use board::{Board, ClientId, Outgoing, Unsaved};
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
        self.board.disconnect(self.now, self.clients[client]);
        // A board that restarts admits no client.
        if let Ok(new) = self.board.connect(self.now) {
            self.clients[client] = new;
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.board.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.board.run_until(self.now);
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
        if let Some(unsaved) = self.board.take_unsaved(self.now) {
            if let Unsaved::Write(entries) = &unsaved {
                assert!(
                    entries
                        .iter()
                        .all(|entry| entry.value.len() <= board::Retained::LONGEST)
                );
            }
            if works {
                self.board.saved()
            } else {
                self.board.not_saved(self.now, &unsaved)
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let mut board = board(&[]);
    let clients = [(); 2].map(|()| board.connect(Duration::ZERO).expect("there are two places"));
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
                world
                    .board
                    .receive(world.now, world.clients[client], &text(rest));
            }
            b'p' => {
                if let Some(answer) = world.board.call(world.now, &text(rest)) {
                    check(&answer);
                }
            }
            b'<' => world.read(client),
            b'x' => world.replace(client),
            b'r' => drop(world.board.press(
                world.now,
                &"button:0".parse().expect("a key"),
                &text(rest),
            )),
            b'o' => {
                let text = text(rest);
                let (key, change) = text.split_once(' ').unwrap_or_default();
                if let (Ok(key), Ok(fields)) = (key.parse(), serde_json::from_str(change)) {
                    drop(
                        world
                            .board
                            .observe(world.now, &key, State(fields), Source::Physical),
                    );
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
    let status = world.board.call(
        world.now,
        r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetStatus"}"#,
    );
    check(&status.expect("a request with an id is answered"));
});
