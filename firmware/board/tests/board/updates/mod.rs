//! Firmware updates.

mod any_image;
mod ownership;
mod progress;
mod signed;
mod transfer;
mod trial;

use std::time::Duration;

use protocol::{Code, RpcError, State, limits, method, ota};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard_board::ClientId;

use crate::{
    fixtures::{EPOCH, Received, answer, ask, everything, request, state},
    test_board::TestBoard,
    test_flash::{MAGIC, TestFlash},
    test_hardware::TestHardware,
};

const T0: Duration = Duration::ZERO;
const OLD: &[u8] = &[MAGIC, 1, 1, 1];

fn image(length: usize) -> Vec<u8> {
    let mut image: Vec<u8> = (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    image[0] = MAGIC;
    image
}

fn updatable() -> TestBoard {
    with_flash(TestFlash::with(OLD))
}

fn with_flash(flash: TestFlash) -> TestBoard {
    TestBoard::new(
        everything(),
        &[],
        EPOCH,
        TestHardware {
            flash: Some(flash),
            ..TestHardware::default()
        },
    )
    .unwrap()
}

/// The board after a reset, with the same memory.
fn reset(mut board: TestBoard) -> TestBoard {
    with_flash(board.hardware_mut().flash.take().unwrap().reset())
}

fn flash(board: &mut TestBoard) -> &mut TestFlash {
    board.hardware_mut().flash.as_mut().unwrap()
}

fn begin_of(image: &[u8]) -> Value {
    json!({ "size": image.len(), "sha256": ota::Digest(Sha256::digest(image).into()) })
}

fn begin(board: &mut TestBoard, now: Duration, client: ClientId, image: &[u8]) -> Received {
    answer(board, now, client, method::OTA_BEGIN, begin_of(image))
}

fn write(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    offset: usize,
    bytes: &[u8],
) -> Received {
    answer(
        board,
        now,
        client,
        method::OTA_WRITE,
        json!(ota::Write::new(u32::try_from(offset).unwrap(), bytes)),
    )
}

fn commit(board: &mut TestBoard, now: Duration, client: ClientId) -> Received {
    let got = ask(board, now, client, method::OTA_COMMIT, json!({}));
    got.into_iter()
        .find(|got| matches!(got, Received::Response(_)))
        .unwrap()
}

/// Writes an image from offset `from` on, in the largest chunks.
fn write_all(board: &mut TestBoard, now: Duration, client: ClientId, image: &[u8], from: usize) {
    let mut offset = from;
    for part in image[from..].chunks(limits::UPDATE_CHUNK) {
        let written = write(board, now, client, offset, part).result();
        offset += part.len();
        assert_eq!(written, json!({ "offset": offset }));
    }
}

fn update_state(board: &mut TestBoard, now: Duration) -> State {
    let answer = board
        .call(now, &request(method::DEVICE_GET_STATUS, &json!({})))
        .unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    state(answer["result"]["update:0"].clone())
}

fn refusal(error: RpcError) -> (Code, String) {
    (error.code, error.data.reason)
}

fn refused(got: Received) -> (Code, String) {
    refusal(got.error())
}

fn why(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}
