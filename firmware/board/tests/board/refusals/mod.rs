//! Requests that fail, and that the error says what would be accepted.

mod hardware;
mod requests;
mod specified;
mod values;

use std::time::Duration;

use protocol::{Code, RpcError, method};
use serde_json::{Value, json};

use crate::fixtures::{answer, board, everything, subscriber};

const T0: Duration = Duration::ZERO;

/// The error of one request, on a board with one component of each kind. Checks
/// that nothing has changed.
fn refusal(method: &str, params: Value) -> RpcError {
    let mut board = board(everything());
    let (client, before) = subscriber(&mut board);
    let settings = board.hardware().outputs.len();
    let error = answer(&mut board, T0, client, method, params).error();
    let after = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(
        after["seq"],
        json!(before.seq),
        "a refused command changed something"
    );
    assert_eq!(
        board.hardware().outputs.len(),
        settings,
        "a refused command reached the hardware"
    );
    error
}

fn assert_refused(method: &str, params: Value, code: Code, reason: &str, message: &str) {
    let error = refusal(method, params);
    assert_eq!(
        (
            error.code,
            error.data.reason.as_str(),
            error.message.as_str()
        ),
        (code, reason, message)
    );
}
