use std::sync::Arc;

use protocol::ota::Digest;

use super::*;
use crate::update::{Image, UpdateProblem, UpdateState};

const NEXT_EPOCH: &str = "00c0ffee";

fn image(length: usize) -> Image {
    let bytes: Vec<u8> = (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    Image {
        bytes: Arc::from(bytes),
        sha256: Digest([7; 32]),
        version: Some("0.2.0".into()),
        signature: None,
    }
}

fn read(update: u64, image: Image) -> Input {
    Input::ImageRead {
        update,
        image: Ok(image),
        running: Some("0.1.0".into()),
    }
}

impl Bench {
    fn update(&self) -> UpdateState {
        let mut states = self.reports.iter().rev().filter_map(|report| match report {
            Report::Update(state) => Some(state.clone()),
            _ => None,
        });
        states.next().unwrap()
    }

    fn updates(&self) -> usize {
        self.reports
            .iter()
            .filter(|report| matches!(report, Report::Update(_)))
            .count()
    }

    fn problem_of_update(&self) -> UpdateProblem {
        match self.update() {
            UpdateState::Failed(problem) => problem,
            other => panic!("the update is {other:?}"),
        }
    }

    /// An update of this many bytes whose `Ota.Begin` was answered.
    fn begin(length: usize, chunk: usize) -> Self {
        let mut bench = Self::connected();
        bench.input(Input::UpdateRequested(1));
        bench.input(read(1, image(length)));
        bench.answer(method::OTA_BEGIN, json!({ "chunk": chunk, "offset": 0 }));
        bench
    }

    /// Takes the write in flight, checks its offset, and answers it. Returns
    /// its length.
    fn write(&mut self, offset: usize) -> usize {
        let write = self.take(method::OTA_WRITE);
        assert_eq!(write.params["offset"], offset);
        let bytes = protocol::ota::from_base64(write.params["data"].as_str().unwrap()).unwrap();
        assert!(
            bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| usize::from(*byte) == (offset + at) % 251)
        );
        assert!(write.to_json().len() <= limits::MESSAGE_INTO_BOARD);
        let next = offset + bytes.len();
        self.message(&json!({ "jsonrpc": "2.0", "id": write.id, "result": { "offset": next } }));
        bytes.len()
    }

    fn write_all(&mut self, length: usize) {
        let mut offset = 0;
        while offset < length {
            assert_eq!(self.asked(method::OTA_WRITE), 1, "one is under way");
            offset += self.write(offset);
        }
    }

    /// The board restarts, and is read again.
    fn restart(&mut self, epoch: &str, firmware: Value) {
        let event = json!([{ "component": "sys:0", "event": "rebooting" }]);
        let event = json!({ "epoch": EPOCH, "uptime_ms": 2_000, "events": event });
        self.message(&json!({ "jsonrpc": "2.0", "method": "NotifyEvent", "params": event }));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Ended(Ending::Closed),
        ));
        self.pass(REBOOT);
        self.input(opened(self.attempt));
        self.answer(method::DEVICE_GET_INFO, info(1, epoch));
        let firmware_component =
            json!([{ "key": "update:0", "kind": "update", "name": "Firmware" }]);
        let page = json!({ "offset": 0, "total": 1, "components": firmware_component });
        self.answer(method::DEVICE_GET_COMPONENTS, page);
        let mut snapshot = snapshot(epoch, 0);
        snapshot["update:0"] = firmware;
        self.answer(method::DEVICE_SUBSCRIBE, snapshot);
    }
}

#[test]
fn an_image_is_sent_in_parts_committed_and_done_when_the_board_is_back() {
    let mut bench = Bench::connected();
    bench.input(Input::UpdateRequested(1));
    assert_eq!(bench.update(), UpdateState::Reading);
    bench.input(read(1, image(2_500)));
    assert_eq!(
        bench.update(),
        UpdateState::Sending {
            sent: 0,
            size: 2_500
        }
    );
    let begin = bench.asked.last().unwrap().params.clone();
    assert_eq!(
        (&begin["size"], &begin["version"]),
        (&json!(2_500), &json!("0.2.0"))
    );
    assert_eq!(begin["sha256"], "07".repeat(32));
    bench.answer(method::OTA_BEGIN, json!({ "chunk": 960, "offset": 0 }));
    bench.write_all(2_500);
    assert_eq!(bench.update(), UpdateState::Checking);
    bench.answer(method::OTA_COMMIT, json!({ "seq": 10 }));
    assert_eq!(bench.update(), UpdateState::Restarting);
    bench.restart(
        NEXT_EPOCH,
        json!({ "installed_version": "0.2.0", "last_error": null }),
    );
    assert_eq!(
        bench.update(),
        UpdateState::Done {
            before: Some("0.1.0".into()),
            after: Some("0.2.0".into())
        }
    );
}

#[test]
fn a_partly_received_image_is_continued() {
    let mut bench = Bench::connected();
    bench.input(Input::UpdateRequested(1));
    bench.input(read(1, image(2_000)));
    bench.answer(method::OTA_BEGIN, json!({ "chunk": 500, "offset": 1_500 }));
    assert_eq!(
        bench.update(),
        UpdateState::Sending {
            sent: 1_500,
            size: 2_000
        }
    );
    assert_eq!(bench.write(1_500), 500);
    assert_eq!(bench.asked(method::OTA_COMMIT), 1);
}

#[test]
fn progress_is_reported_per_percent() {
    let mut bench = Bench::begin(100_000, 100);
    let before = bench.updates();
    bench.write_all(100_000);
    assert_eq!(bench.updates() - before, 100);
}

#[test]
fn a_chunk_size_larger_than_a_message_is_reduced() {
    let mut bench = Bench::begin(5_000, usize::MAX >> 1);
    bench.write_all(5_000);
}

#[test]
fn a_refusal_at_any_step_ends_the_update_with_the_board_s_reason() {
    let error = RpcError::new(
        Code::Busy,
        "update_in_progress",
        "controller 2 updates this board",
    );
    for step in [method::OTA_BEGIN, method::OTA_WRITE, method::OTA_COMMIT] {
        let mut bench = Bench::connected();
        bench.input(Input::UpdateRequested(1));
        bench.input(read(1, image(10)));
        if step != method::OTA_BEGIN {
            bench.answer(method::OTA_BEGIN, json!({ "chunk": 960, "offset": 0 }));
        }
        if step == method::OTA_COMMIT {
            bench.write_all(10);
        }
        bench.refuse(step, &error);
        assert_eq!(
            bench.problem_of_update(),
            UpdateProblem::Refused(error.clone()),
            "{step}"
        );
        assert!(bench.asked.is_empty());
    }
}

#[test]
fn invalid_answers_end_the_update() {
    for answer in [
        json!({}),
        json!({ "chunk": 0, "offset": 0 }),
        json!({ "chunk": 960, "offset": 11 }),
        json!(null),
    ] {
        let mut bench = Bench::connected();
        bench.input(Input::UpdateRequested(1));
        bench.input(read(1, image(10)));
        bench.answer(method::OTA_BEGIN, answer);
        assert_eq!(
            bench.problem_of_update(),
            UpdateProblem::InvalidAnswer(method::OTA_BEGIN.into())
        );
    }
    // A board that never advances would make this program send without end.
    let mut bench = Bench::begin(10, 5);
    bench.answer(method::OTA_WRITE, json!({ "offset": 0 }));
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::InvalidAnswer(method::OTA_WRITE.into())
    );
}

#[test]
fn a_lost_link_ends_the_update_and_reports_its_progress() {
    let mut bench = Bench::begin(2_000, 960);
    bench.write(0);
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::LinkLost {
            sent: 960,
            size: 2_000
        }
    );
}

#[test]
fn a_reset_of_the_board_ends_the_update() {
    let mut bench = Bench::begin(2_000, 960);
    bench.push(NEXT_EPOCH, 0, 1, json!({ "on": true }));
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::LinkLost {
            sent: 0,
            size: 2_000
        }
    );
}

#[test]
fn an_update_without_an_answer_times_out_after_fifteen_seconds() {
    let mut bench = Bench::begin(2_000, 960);
    bench.pass(14 * SECOND);
    assert!(bench.update().is_under_way());
    bench.pass(SECOND);
    assert_eq!(bench.problem_of_update(), UpdateProblem::NoAnswer);
    assert_eq!(bench.asked(method::OTA_ABORT), 1);
    bench.write(0);
    assert_eq!(
        bench.asked(method::OTA_WRITE),
        0,
        "a late answer starts nothing"
    );
}

#[test]
fn a_canceled_update_is_aborted_at_the_board() {
    let mut bench = Bench::begin(2_000, 960);
    bench.input(Input::CancelUpdate);
    assert_eq!(bench.problem_of_update(), UpdateProblem::Canceled);
    assert_eq!(bench.asked(method::OTA_ABORT), 1);
    bench.write(0);
    assert_eq!(bench.asked(method::OTA_WRITE), 0);
}

#[test]
fn an_image_read_after_the_update_was_canceled_is_not_sent() {
    let mut bench = Bench::connected();
    bench.input(Input::UpdateRequested(1));
    bench.input(Input::CancelUpdate);
    bench.input(read(1, image(10)));
    assert_eq!(bench.problem_of_update(), UpdateProblem::Canceled);
    bench.input(Input::UpdateRequested(2));
    bench.input(read(1, image(10)));
    assert_eq!(
        bench.update(),
        UpdateState::Reading,
        "it is another update's"
    );
    bench.input(read(2, image(10)));
    assert_eq!(bench.asked(method::OTA_BEGIN), 1);
}

#[test]
fn a_committed_update_cannot_be_canceled() {
    let mut bench = Bench::begin(10, 960);
    bench.write_all(10);
    bench.input(Input::CancelUpdate);
    assert_eq!(bench.update(), UpdateState::Checking);
    assert_eq!(bench.asked(method::OTA_ABORT), 0);
}

#[test]
fn an_unreadable_image_and_a_missing_link_are_reported() {
    let mut bench = Bench::connected();
    bench.input(Input::UpdateRequested(1));
    bench.input(Input::ImageRead {
        update: 1,
        image: Err("x.bin: not there".into()),
        running: None,
    });
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::File("x.bin: not there".into())
    );
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.input(Input::UpdateRequested(2));
    bench.input(read(2, image(10)));
    assert_eq!(bench.problem_of_update(), UpdateProblem::NotConnected);
}

#[test]
fn a_second_update_of_the_same_board_does_not_affect_the_first() {
    let mut bench = Bench::begin(2_000, 960);
    bench.input(Input::UpdateRequested(2));
    bench.input(read(2, image(10)));
    assert_eq!(bench.asked(method::OTA_BEGIN), 0);
    bench.write_all(2_000);
    assert_eq!(bench.update(), UpdateState::Checking);
}

#[test]
fn a_rollback_is_reported_with_its_reason() {
    let mut bench = Bench::begin(10, 960);
    bench.write_all(10);
    bench.answer(method::OTA_COMMIT, json!({ "seq": 10 }));
    bench.restart(
        NEXT_EPOCH,
        json!({ "installed_version": "0.1.0", "last_error": "the one before it came back" }),
    );
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::RolledBack("the one before it came back".into())
    );
}

#[test]
fn a_commit_without_an_answer_is_decided_by_the_board_s_next_run() {
    let mut bench = Bench::begin(10, 960);
    bench.write_all(10);
    bench.restart(NEXT_EPOCH, json!({ "installed_version": "0.2.0" }));
    assert!(matches!(bench.update(), UpdateState::Done { .. }));
    let mut bench = Bench::begin(10, 960);
    bench.write_all(10);
    bench.restart(EPOCH, json!({ "installed_version": "0.1.0" }));
    assert_eq!(
        bench.problem_of_update(),
        UpdateProblem::LinkLost { sent: 10, size: 10 }
    );
}

#[test]
fn a_board_that_stays_offline_fails_the_update_after_the_rollback_time() {
    let mut bench = Bench::begin(10, 960);
    bench.write_all(10);
    bench.answer(method::OTA_COMMIT, json!({ "seq": 10 }));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.pass(359 * SECOND);
    assert_eq!(bench.update(), UpdateState::Restarting);
    bench.pass(SECOND);
    assert_eq!(bench.problem_of_update(), UpdateProblem::NotBack);
}
