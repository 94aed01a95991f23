//! What answers as an ESPHome board, in plain text.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use doubles::esphome::{Message, header, id};
use fleet::Family;

use super::{HUGE, Peer, Promise, assert_names_are_short, attack, is_given_up};

struct Board(TcpStream);

impl Board {
    fn send(&mut self, message: u64, fields: &Message) -> Option<()> {
        self.0.write_all(&fields.frame(message)).ok()
    }

    /// Says hello and what it is.
    fn greet(&mut self, name: &str) -> Option<()> {
        let hello = Message::default()
            .number(1, 1)
            .number(2, 14)
            .text(3, "test")
            .text(4, "desk");
        self.send(id::HELLO_RESPONSE, &hello)?;
        let info = Message::default()
            .text(2, "desk")
            .text(3, "AA:BB:CC:DD:EE:FF")
            .text(4, "2026.1.0")
            .text(6, "esp32dev")
            .text(13, name);
        self.send(id::DEVICE_INFO_RESPONSE, &info)
    }

    /// The same, with a sensor and an event.
    fn introduce(&mut self) -> Option<()> {
        self.greet("Desk")?;
        self.send(
            id::LIST_SENSOR,
            &Message::default().fixed(2, 1).text(3, "Temperature"),
        )?;
        self.send(
            id::LIST_EVENT,
            &Message::default().fixed(2, 2).text(3, "Doorbell"),
        )?;
        self.send(id::LIST_DONE, &Message::default())?;
        self.send(
            id::SENSOR_STATE,
            &Message::default().fixed(1, 1).fixed(2, 0),
        )
    }

    /// Reads until the controller leaves, and answers nothing.
    fn stay(&mut self) -> Option<()> {
        let mut read = [0; 1024];
        while self.0.read(&mut read).ok()? > 0 {}
        None
    }
}

fn peer(does: impl Fn(&mut Board) -> Option<()> + Send + Sync + 'static) -> Peer {
    Peer::that(Family::Esphome, move |stream| does(&mut Board(stream)))
}

#[test]
fn a_frame_of_a_hundred_megabytes() {
    attack(
        "100 MB in one frame",
        &peer(|board| {
            board.0.write_all(&header(id::HELLO_RESPONSE, HUGE)).ok()?;
            loop {
                board.0.write_all(&[b' '; 64 * 1024]).ok()?;
            }
        }),
        Promise(8, "104857600 bytes"),
        |_| true,
    );
}

#[test]
fn a_number_without_end() {
    attack(
        "a number without end",
        &peer(|board| {
            board.0.write_all(&[0]).ok()?;
            loop {
                board.0.write_all(&[0xff; 64 * 1024]).ok()?;
            }
        }),
        Promise(8, "32 bits"),
        |_| true,
    );
}

#[test]
fn frames_without_end() {
    attack(
        "frames of 60 kB without end, instead of a hello",
        &peer(|board| {
            let unknown = Message::default().text(1, &"x".repeat(60_000));
            loop {
                for message in [id::SENSOR_STATE, id::LIST_SENSOR, 60_000] {
                    board.send(message, &unknown)?;
                }
            }
        }),
        Promise(24, ""),
        |_| true,
    );
}

#[test]
fn a_frame_that_drips() {
    let drips = peer(|board| {
        board
            .0
            .write_all(&header(id::HELLO_RESPONSE, 60_000))
            .ok()?;
        loop {
            board.0.write_all(&[0x0a]).ok()?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    is_given_up(&drips, "a frame byte by byte");
}

#[test]
fn fields_that_are_nested_or_repeated() {
    attack(
        "10,000 options, 15,000 devices",
        &peer(|board| {
            let mut many = Message::default().fixed(2, 1).text(3, "Mode");
            for _ in 0..10_000 {
                many = many.text(6, "x").number(9, 1);
            }
            let mut nested = Message::default();
            for _ in 0..15_000 {
                nested = nested.text(20, "\n");
            }
            board.greet("Desk")?;
            board.send(
                id::DEVICE_INFO_RESPONSE,
                &nested.text(2, "desk").text(3, "AA:BB:CC:DD:EE:FF"),
            )?;
            board.send(id::LIST_SELECT, &many)?;
            board.send(id::LIST_DONE, &Message::default())?;
            loop {
                board.send(id::SELECT_STATE, &many)?;
            }
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn a_hundred_thousand_entities() {
    let entity = |number: u32| {
        let mut select = Message::default()
            .fixed(2, number)
            .text(3, &"x".repeat(2_000));
        for option in 0..30 {
            select = select.text(6, &format!("{option}{}", "x".repeat(500)));
        }
        select
    };
    let shown = attack(
        "100,000 entities, with 20 MB of options",
        &peer(move |board| {
            board.greet("Desk")?;
            for number in 0..1_200 {
                board.send(id::LIST_SELECT, &entity(number))?;
            }
            for number in 0..98_800 {
                board.send(id::LIST_SENSOR, &Message::default().fixed(2, number))?;
            }
            board.send(id::LIST_DONE, &Message::default())?;
            for number in 0_u32.. {
                let state = Message::default()
                    .fixed(1, number)
                    .text(2, &"x".repeat(1_000));
                board.send(id::SELECT_STATE, &state)?;
            }
            None
        }),
        Promise(32, ""),
        |shown| shown["components"].as_u64() > Some(100),
    );
    assert!(shown["components"].as_u64() <= Some(512), "{shown}");
}

#[test]
fn a_list_of_entities_without_end() {
    let endless = peer(|board| {
        board.greet("Desk")?;
        for number in 0_u32.. {
            board.send(id::LIST_SENSOR, &Message::default().fixed(2, number))?;
        }
        None
    });
    is_given_up(&endless, "a list of millions of entities without end");
}

#[test]
fn names_of_megabytes() {
    let shown = attack(
        "names of 60 kB",
        &peer(|board| {
            board.greet(&"x".repeat(60_000))?;
            let sensor = Message::default().fixed(2, 1).text(3, &"x".repeat(60_000));
            board.send(id::LIST_SENSOR, &sensor)?;
            board.send(id::LIST_DONE, &Message::default())?;
            board.stay()
        }),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
    assert_names_are_short(&shown);
}

/// Sends these messages again and again, once it has introduced itself.
fn endless(name: &str, messages: Vec<(u64, Message)>) {
    attack(
        name,
        &peer(move |board| {
            board.introduce()?;
            loop {
                for (message, fields) in &messages {
                    board.send(*message, fields)?;
                }
            }
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn events_without_end() {
    let event = Message::default().fixed(1, 2).text(2, &"x".repeat(400));
    endless("events as fast as possible", vec![(id::EVENT, event)]);
}

#[test]
fn states_without_end() {
    let state = |value| Message::default().fixed(1, 1).fixed(2, value);
    let values = [0, 0x3f80_0000, 0x7f80_0000, 0x7fc0_0000, 0x7f7f_ffff];
    let states = values.map(|value| (id::SENSOR_STATE, state(value)));
    endless("states as fast as possible", states.to_vec());
}

#[test]
fn logs_and_pings_without_end() {
    let log = Message::default().number(1, 3).text(3, &"x".repeat(60_000));
    endless(
        "log lines of 60 kB and pings, unasked",
        vec![(id::LOG, log), (id::PING_REQUEST, Message::default())],
    );
}
