//! Announcements by anyone on the network. Lines: `t` a pair of the TXT record,
//! with `=` between key and value; `r` an instance with this name and those
//! pairs is resolved; `g` it is removed; `.` time passes (in ms).
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use protocol::mdns::Announcement;
use switchboard_fuzz::{Announcements, lines, number, text};

fuzz_target!(|input: &[u8]| {
    let mut announcements = Announcements::default();
    let mut txt: Vec<(String, String)> = Vec::new();
    for (what, rest) in lines(input).take(200) {
        let said = text(rest);
        match what {
            b't' => {
                let (key, value) = said.split_once('=').unwrap_or((&said, ""));
                txt.push((key.to_owned(), value.to_owned()));
            }
            b'r' => announcements.resolved(&said, number(rest, u64::MAX), std::mem::take(&mut txt)),
            b'g' => announcements.removed(&said),
            b'.' => announcements.pass(Duration::from_millis(number(rest, 10_000))),
            _ => {}
        }
        let pairs = txt
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        if let Ok(announcement) = Announcement::from_txt(pairs) {
            let again = announcement.to_txt();
            let again =
                Announcement::from_txt(again.iter().map(|(key, value)| (*key, value.as_str())));
            assert_eq!(again, Ok(announcement));
        }
    }
});
