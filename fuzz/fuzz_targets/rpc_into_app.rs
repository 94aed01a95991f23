//! A board that says anything to the app: a link and the board state that
//! results. `switchboard::trials::Link` verifies it after each line.
//!
//! One command per line: `>` a text message, `a` and `e` the result of, or the
//! error to, the oldest open request, `b` a binary message, `o` the socket
//! opens, `x` it ends, `c` the user sends a command, `u` begins an update, `U`
//! cancels it, `l` follows the log, `n` an announcement, `C` an inbound
//! connection claims to be the board, `K` inbound connections end, `L` the link
//! is closed and wanted again, `.` time passes (in ms).
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use switchboard::trials::Link;
use switchboard_fuzz::{lines, number, text};

fuzz_target!(|input: &[u8]| {
    let mut link = Link::wanted();
    for (what, rest) in lines(input).take(200) {
        match what {
            b'>' => link.message(&text(rest)),
            b'a' => link.answer(&text(rest)),
            b'e' => link.refuse(&text(rest)),
            b'b' => link.binary(rest),
            b'o' => link.opened(),
            b'x' => link.ended(number(rest, 9)),
            b'c' => link.command(number(rest, 9)),
            b'u' => link.update(),
            b'U' => link.cancel_update(),
            b'l' => link.follow_log(number(rest, 9)),
            b'n' => link.announced(&text(rest)),
            b'C' => link.called(&text(rest)),
            b'K' => link.calls_are_over(),
            b'L' => link.leave_and_return(),
            b'.' => link.pass(Duration::from_millis(number(rest, 200_000))),
            _ => {}
        }
    }
    link.leave();
});
