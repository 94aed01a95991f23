//! A board that sends anything to the app: a link, and the state that is
//! derived from it. `switchboard_fuzz::FuzzedLink` checks the invariants after
//! each line.
//!
//! Lines: `>` a text message; `a` and `e` the result of, or the error to, the
//! oldest open request; `b` a binary message; `o` the socket opens; `x` it
//! ends; `c` a command; `u` starts an update; `U` cancels it; `l` follows the
//! log; `n` an announcement; `C` an inbound connection that claims to be the
//! board; `K` the listener is closed; `L` the link is disconnected and wanted
//! again; `.` time passes (in ms).
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use switchboard_fuzz::{FuzzedLink, lines, number, text};

fuzz_target!(|input: &[u8]| {
    let mut link = FuzzedLink::wanted();
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
            b'C' => link.inbound(&text(rest)),
            b'K' => link.listener_closed(),
            b'L' => link.reconnect(),
            b'.' => link.pass(Duration::from_millis(number(rest, 200_000))),
            _ => {}
        }
    }
    link.disconnect();
});
