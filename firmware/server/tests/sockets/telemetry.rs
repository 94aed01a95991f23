//! `/telemetry` over real sockets.

use std::{
    io,
    time::{Duration, Instant},
};

use board::{SampleBatch, SampleSource};
use protocol::{
    Object,
    telemetry::{Channel, Frame, Telemetry},
};

use crate::served::{CLOSE, Client, FIN, Outcome, PATIENCE, PING, PONG, Served};

/// Samples of sixteen channels at 10 kHz: more than a chip's link can carry.
#[derive(Default)]
pub(crate) struct Flood {
    next_us: u64,
}

impl SampleSource for Flood {
    fn channels(&self) -> Vec<Channel> {
        let channel = |number: i32| Channel {
            name: format!("Channel {number}"),
            unit_of_measurement: Some("V".into()),
            scale: 0.5,
            accuracy_decimals: None,
            extra: Object::new(),
        };
        (1..=16).map(channel).collect()
    }

    fn interval_us(&self) -> u32 {
        100
    }

    fn start(&mut self, now: Duration) {
        self.next_us = u64::try_from(now.as_micros()).unwrap_or_default();
    }

    fn stop(&mut self) {}

    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch> {
        let now = u64::try_from(now.as_micros()).unwrap_or_default();
        let first = Duration::from_micros(self.next_us);
        for _ in 0..most {
            if self.next_us > now {
                break;
            }
            samples.extend(0..16);
            self.next_us += 100;
        }
        (!samples.is_empty()).then_some(SampleBatch { first, gap: false })
    }
}

fn sampling() -> Result<Served, Box<dyn std::error::Error>> {
    let board = Served::start()?;
    board.by_hand(|shared| {
        shared.with_hardware(|hardware| hardware.samples = Some(Flood::default()));
    })?;
    Ok(board)
}

fn reader(board: &Served) -> io::Result<Client> {
    let (response, client) = board.websocket("/telemetry", "")?;
    if response.status == 101 {
        Ok(client)
    } else {
        Err(io::Error::other(format!("{response:?}")))
    }
}

fn frame(client: &mut Client) -> io::Result<Frame> {
    Frame::decode(&client.binary()?).map_err(io::Error::other)
}

#[test]
fn a_reader_receives_the_channels_and_then_consecutive_frames() -> Outcome {
    let board = sampling()?;
    let mut client = reader(&board)?;
    let told: Telemetry = serde_json::from_str(&client.text()?)?;
    assert_eq!(
        (told.telemetry, told.interval_us, told.channels.len()),
        (1, 100, 16)
    );
    let mut before = frame(&mut client)?;
    assert_eq!(
        (before.sequence, before.channels, before.samples.get(17)),
        (0, 16, Some(1.0))
    );
    for _ in 0..20 {
        let next = frame(&mut client)?;
        assert_eq!(next.sequence, before.sequence + 1);
        assert_eq!(next.time_us, before.time_us + before.rows() as u64 * 100);
        before = next;
    }
    Ok(())
}

#[test]
fn a_reader_that_does_not_read_loses_counted_frames_and_does_not_delay_others() -> Outcome {
    let board = sampling()?;
    let mut slow = reader(&board)?;
    let mut quick = reader(&board)?;
    quick.text()?;
    let deadline = Instant::now() + PATIENCE;
    let mut client = board.client()?;
    let mut expected = None;
    loop {
        for _ in 0..20 {
            let sequence = frame(&mut quick)?.sequence;
            assert_eq!(
                *expected.get_or_insert(sequence),
                sequence,
                "no other client loses any"
            );
            expected = Some(sequence + 1);
        }
        let list = client
            .post(r#"{"jsonrpc":"2.0","id":1,"method":"Clients.List"}"#)?
            .body;
        let list: serde_json::Value = serde_json::from_str(&list)?;
        let [one, other] =
            [0, 1].map(|at| list["result"]["clients"][at]["lost"].as_u64().unwrap_or(0));
        assert_eq!(other, 0);
        if one > 20 {
            break;
        }
        assert!(Instant::now() < deadline, "{list}");
    }
    // In the end it receives complete frames, with a gap in their numbers.
    slow.text()?;
    let mut before = frame(&mut slow)?.sequence;
    loop {
        let sequence = frame(&mut slow)?.sequence;
        if sequence > before + 1 {
            return Ok(());
        }
        assert!(sequence == before + 1 && Instant::now() < deadline);
        before = sequence;
    }
}

#[test]
fn a_board_without_samples_has_no_telemetry() -> Outcome {
    let board = Served::start()?;
    let (response, _) = board.websocket("/telemetry", "")?;
    assert_eq!(response.status, 404);
    assert!(response.body.contains("no_telemetry"), "{}", response.body);
    // This precedes errors of the handshake.
    let plain = board
        .client()?
        .ask("GET /telemetry HTTP/1.1\r\nHost: board.local\r\n\r\n")?;
    assert_eq!(plain.status, 404);
    assert!(plain.body.contains("no_telemetry"), "{}", plain.body);
    let page = board
        .client()?
        .ask("GET / HTTP/1.1\r\nHost: board.local\r\n\r\n")?
        .body;
    assert!(!page.contains("/telemetry"));
    let sampling = sampling()?;
    let page = sampling
        .client()?
        .ask("GET / HTTP/1.1\r\nHost: board.local\r\n\r\n")?
        .body;
    assert!(page.contains("ws://HOST/telemetry"));
    let plain = sampling
        .client()?
        .ask("GET /telemetry HTTP/1.1\r\nHost: board.local\r\n\r\n")?;
    assert_eq!(plain.status, 426);
    Ok(())
}

#[test]
fn a_locked_board_sends_no_samples_and_closes_open_channels_when_it_is_locked() -> Outcome {
    let board = sampling()?;
    let mut open = reader(&board)?;
    open.text()?;
    board.key("first key", noise::Role::Control)?;
    assert_eq!(open.close_code(), None);
    let (response, _) = board.websocket("/telemetry", "")?;
    assert_eq!(response.status, 403);
    assert!(response.body.contains("\"locked\""), "{}", response.body);
    Ok(())
}

#[test]
fn pings_of_a_reader_are_answered_and_it_is_closed_on_request_or_restart() -> Outcome {
    let board = sampling()?;
    let (mut one, mut other) = (reader(&board)?, reader(&board)?);
    one.send(&Client::frame(FIN | PING, b"there?"))?;
    while one.read_frame()? != (PONG, b"there?".to_vec()) {}
    one.send(&Client::frame(FIN | CLOSE, b""))?;
    while one.read_frame()?.0 != CLOSE {}
    assert!(one.has_ended());
    board
        .client()?
        .post(r#"{"jsonrpc":"2.0","id":1,"method":"Device.Reboot"}"#)?;
    assert_eq!(other.close_code(), Some(1012));
    Ok(())
}
