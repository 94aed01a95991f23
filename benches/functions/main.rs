//! Functions that run for each message, next to what a bare program would do
//! instead: `cargo bench --package switchboard-benches`.
#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

use std::{
    hint::black_box,
    time::{Duration, SystemTime},
};

use divan::{Bencher, counter::BytesCount};
use fleet::{History, Sample, seconds};
use noise::{Channel, Hello, Initiator, Key, KeyId, Psk, Role, respond};
use protocol::{
    FromBoard, Request,
    telemetry::{Frame, Samples},
};
use serde_json::Value;

fn main() {
    divan::main();
}

const PUSH: &str = r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"5f3a91c2","light:0":{"brightness":40,"ct_k":3000,"on":true},"prev":1041,"seq":1042,"source":"client:3","uptime_ms":93211}}"#;

const COMMAND: &str = r#"{"id":1000,"jsonrpc":"2.0","method":"Light.Set","params":{"brightness":40,"ct_k":3000,"id":0,"on":true}}"#;

/// A push, as the app reads it.
#[divan::bench_group]
mod push {
    use super::*;

    #[divan::bench]
    fn ours(bencher: Bencher) {
        bencher
            .counter(BytesCount::of_str(PUSH))
            .bench(|| FromBoard::parse(black_box(PUSH)).expect("a push"));
    }

    #[divan::bench]
    fn serde_json(bencher: Bencher) {
        bencher
            .counter(BytesCount::of_str(PUSH))
            .bench(|| value(PUSH));
    }
}

/// A command, as the board reads it.
#[divan::bench_group]
mod command {
    use super::*;

    #[divan::bench]
    fn ours(bencher: Bencher) {
        bencher
            .counter(BytesCount::of_str(COMMAND))
            .bench(|| Request::parse(black_box(COMMAND)).expect("a request"));
    }

    #[divan::bench]
    fn serde_json(bencher: Bencher) {
        bencher
            .counter(BytesCount::of_str(COMMAND))
            .bench(|| value(COMMAND));
    }

    /// As the app writes it.
    #[divan::bench]
    fn written(bencher: Bencher) {
        let request = Request::parse(COMMAND).expect("a request");
        bencher.bench(|| black_box(&request).to_json());
    }

    #[divan::bench]
    fn written_by_serde_json(bencher: Bencher) {
        let request = value(COMMAND);
        bencher.bench(|| black_box(&request).to_string());
    }
}

/// The cost of a lock: a push is encrypted by the board and read by the app.
#[divan::bench]
fn sealed_and_opened(bencher: Bencher) {
    let (mut app, mut board) = channels();
    bencher.counter(BytesCount::of_str(PUSH)).bench_local(|| {
        let sealed = board.seal(black_box(PUSH).as_bytes()).expect("sealed");
        app.open(&sealed).expect("opened")
    });
}

/// A tenth of a second of two channels, sampled a thousand times per second.
#[divan::bench]
fn telemetry_frame(bencher: Bencher) {
    let samples = Samples::I16((0..200).collect());
    let frame = Frame {
        gap: false,
        sequence: 1,
        time_us: 1_000_000,
        interval_us: 1_000,
        channels: 2,
        samples,
    };
    let bytes = frame.encode().expect("a frame");
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench(|| Frame::decode(black_box(&bytes)).expect("a frame"));
}

/// A day of a sensor that reports every second.
#[divan::bench_group]
mod history {
    use super::*;

    #[divan::bench]
    fn a_value_more(bencher: Bencher) {
        let history = a_day();
        bencher.bench(|| history.push(sample(86_400)));
    }

    #[divan::bench]
    fn the_last_hour_drawn(bencher: Bencher) {
        let history = a_day();
        let now = seconds(sample(86_400).at);
        bencher.bench(|| history.between(now - 3_600.0, now, now));
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(black_box(text)).expect("JSON")
}

fn channels() -> (Channel, Channel) {
    let hello = Hello::new("sb-59f0d6", [9; 16]);
    let kid = KeyId([0x5f, 0x3a, 0x91, 0x07]);
    let key = Key {
        board: "sb-59f0d6".into(),
        kid,
        role: Role::Control,
        psk: Psk::new([7; 32]),
    };
    let (initiator, offer) = Initiator::new(&hello, &key, [1; 32]).expect("an offer");
    let (board, answer) = respond(&hello, &offer, &key.psk, [2; 32]).expect("an answer");
    (initiator.finish(&answer).expect("a channel"), board)
}

fn a_day() -> History {
    (0..86_400).map(sample).collect()
}

fn sample(second: u32) -> Sample {
    Sample {
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(second.into()),
        value: f64::from(second % 100),
    }
}
