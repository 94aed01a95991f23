//! What the targets share: an input read as a script of lines, and a board with
//! simulated hardware.

mod announcements;
mod bench;
mod link;

use std::borrow::Cow;

use protocol::{Object, Request};

pub use announcements::Announcements;
pub use bench::{Bench, board, everything};
pub use link::FuzzedLink;

/// An input as lines: the first byte of each, which is the command, and the
/// rest.
pub fn lines(input: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    input
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split_first())
        .map(|(first, rest)| (*first, rest))
}

/// The rest of a line as text.
pub fn text(rest: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(rest)
}

/// A line `METHOD PARAMETERS` as a request with this number.
pub fn request(number: i64, line: &str) -> Request {
    let (method, params) = line.split_once(' ').unwrap_or((line, "{}"));
    let params: Object = serde_json::from_str(params).unwrap_or_default();
    Request::new(number, method, &params)
}

/// The rest of a line as a number, at most `most`; 0 if it is not one.
pub fn number(rest: &[u8], most: u64) -> u64 {
    let digits = rest
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .take(18);
    digits
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
        .min(most)
}
