//! Telemetry: when samples are taken, who gets them, and what a slow reader
//! loses.

use std::time::Duration;

use protocol::{
    Object, limits, method,
    telemetry::{Channel, Frame, Samples, Telemetry},
};
use serde_json::json;
use switchboard_board::{ClientId, SampleBatch, SampleSource, SideChannelKind};

use crate::{
    fixtures::{EPOCH, answer, board, connected, everything, ms},
    test_board::TestBoard,
    test_hardware::TestHardware,
};

/// A source whose samples count milliseconds, at 1,000 samples per second.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    next: u64,
    running: bool,
    starts: usize,
}

impl SampleSource for Counter {
    fn channels(&self) -> Vec<Channel> {
        let channel = |name: &str| Channel {
            name: name.into(),
            unit_of_measurement: None,
            scale: 1.0,
            accuracy_decimals: None,
            extra: Object::new(),
        };
        vec![channel("Up"), channel("Down")]
    }

    fn interval_us(&self) -> u32 {
        1_000
    }

    fn start(&mut self, now: Duration) {
        assert!(!self.running);
        self.running = true;
        self.starts += 1;
        self.next = u64::try_from(now.as_millis()).unwrap();
    }

    fn stop(&mut self) {
        assert!(self.running);
        self.running = false;
    }

    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch> {
        assert!(self.running);
        let first = Duration::from_millis(self.next);
        while Duration::from_millis(self.next) <= now && samples.len() < 2 * most {
            let count = i16::try_from(self.next).unwrap();
            samples.extend([count, -count]);
            self.next += 1;
        }
        (!samples.is_empty()).then_some(SampleBatch { first, gap: false })
    }
}

pub(crate) fn sampling() -> TestBoard {
    let samples = Some(Counter::default());
    TestBoard::new(
        everything(),
        &[],
        EPOCH,
        TestHardware {
            samples,
            ..TestHardware::default()
        },
    )
    .unwrap()
}

fn reader(board: &mut TestBoard, at: u64) -> ClientId {
    board
        .open_side_channel(ms(at), SideChannelKind::Telemetry)
        .unwrap()
}

fn frames(board: &mut TestBoard, reader: ClientId) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(bytes) = board.read_telemetry(reader) {
        frames.push(Frame::decode(&bytes).unwrap());
    }
    frames
}

/// Runs the board at its deadlines in a span of time.
fn run(board: &mut TestBoard, from: u64, to: u64) {
    let mut now = ms(from);
    while let Some(due) = board.next_deadline().filter(|due| *due <= ms(to)) {
        now = now.max(due);
        board.run_until(now);
    }
}

#[test]
fn a_reader_gets_new_samples_twenty_times_per_second() {
    let mut board = sampling();
    let reader = reader(&mut board, 10);
    run(&mut board, 10, 110);
    let [one, two] = frames(&mut board, reader).try_into().unwrap();
    assert_eq!(
        (
            one.sequence,
            one.time_us,
            one.interval_us,
            one.channels,
            one.gap
        ),
        (0, 10_000, 1_000, 2, false)
    );
    let expected: Vec<i16> = (10..=60).flat_map(|count| [count, -count]).collect();
    assert_eq!(one.samples, Samples::I16(expected));
    assert_eq!((two.sequence, two.time_us, two.rows()), (1, 61_000, 50));
    assert!(!board.has_unread(reader));
}

#[test]
fn nothing_is_sampled_without_a_reader() {
    let mut board = sampling();
    let before = board.next_deadline();
    let one = reader(&mut board, 0);
    let other = reader(&mut board, 20);
    run(&mut board, 0, 1_000);
    board.close_side_channel(one);
    assert!(board.hardware().samples.as_ref().unwrap().running);
    board.close_side_channel(other);
    assert!(!board.hardware().samples.as_ref().unwrap().running);
    assert_eq!(board.next_deadline(), before);
    // A new reader gets no old frames; the number shows how many there were.
    let late = reader(&mut board, 2_000);
    assert_eq!(frames(&mut board, late), []);
    run(&mut board, 2_000, 2_060);
    assert_eq!(frames(&mut board, late)[0].time_us, 2_000_000);
    assert_eq!(board.hardware().samples.as_ref().unwrap().starts, 2);
}

#[test]
fn only_a_slow_reader_loses_frames() {
    let mut board = sampling();
    let (slow, quick) = (reader(&mut board, 0), reader(&mut board, 0));
    let mut seen = 0;
    for second in 0..20 {
        for part in 0..20 {
            let now = second * 1_000 + part * 50 + 50;
            run(&mut board, now - 50, now);
            seen += frames(&mut board, quick).len();
        }
    }
    assert_eq!(seen, 400);
    let kept = frames(&mut board, slow);
    assert_eq!(kept.last().unwrap().sequence, 399);
    let bytes: usize = kept.iter().map(|frame| frame.encode().unwrap().len()).sum();
    assert!(
        bytes <= limits::TELEMETRY_KEPT && kept.len() > 10,
        "{bytes} bytes in {} frames",
        kept.len()
    );
    // There is no gap in what it gets; it lost what was before that.
    assert!(
        kept.windows(2)
            .all(|pair| pair[1].sequence == pair[0].sequence + 1)
    );
    let client = connected(&mut board);
    let list = answer(
        &mut board,
        ms(20_000),
        client,
        method::CLIENTS_LIST,
        json!({}),
    )
    .result();
    assert_eq!(list["clients"][0]["kind"], "telemetry");
    assert_eq!(list["clients"][0]["lost"], kept[0].sequence);
    assert_eq!(list["clients"][1].get("lost"), None);
}

#[test]
fn samples_after_a_delay_are_split_into_frames_of_bounded_length() {
    let mut board = sampling();
    let reader = reader(&mut board, 0);
    board.run_until(ms(700));
    let mut frames = frames(&mut board, reader);
    run(&mut board, 700, 760);
    frames.extend(self::frames(&mut board, reader));
    let rows: Vec<usize> = frames.iter().map(Frame::rows).collect();
    assert_eq!(rows, [344, 344, 63]);
    assert!(
        frames
            .iter()
            .all(|frame| frame.encode().unwrap().len() <= limits::TELEMETRY_MESSAGE)
    );
}

#[test]
fn the_header_describes_the_channels_and_other_boards_refuse() {
    let mut board = sampling();
    let said = board.telemetry_header(ms(5)).unwrap();
    let announced: Telemetry = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (
            announced.telemetry,
            announced.epoch,
            announced.uptime_ms,
            announced.interval_us
        ),
        (1, EPOCH, 5, 1_000)
    );
    assert_eq!(announced.channels, Counter::default().channels());
    let mut without = crate::fixtures::board(everything());
    assert_eq!(
        without
            .open_side_channel(ms(0), SideChannelKind::Telemetry)
            .unwrap_err()
            .data
            .reason,
        "no_telemetry"
    );
    assert_eq!(without.telemetry_header(ms(0)), None);
}

#[test]
fn only_an_open_board_with_samples_has_the_feature() {
    let features = |board: &mut TestBoard| {
        let client = connected(board);
        answer(board, ms(0), client, method::DEVICE_GET_INFO, json!({})).result()["features"]
            .to_string()
    };
    assert!(features(&mut sampling()).contains("\"telemetry\""));
    assert!(!features(&mut board(everything())).contains("\"telemetry\""));
}
