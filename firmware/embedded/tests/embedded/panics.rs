//! What a panic leaves for the next run.

use switchboard_embedded::panic_report::{PanicReport, stored};

#[test]
fn a_report_has_the_message_and_its_place_if_the_image_knows_it() {
    let report = PanicReport::new(&"the radio has stopped", Some(("src/wifi.rs", 42)));
    assert_eq!(report.to_string(), "the radio has stopped (src/wifi.rs:42)");
    // `-Zlocation-detail=none`, as in the image that is handed out.
    let report = PanicReport::new(&"the radio has stopped", Some(("<redacted>", 0)));
    assert_eq!(report.to_string(), "the radio has stopped");
    assert_eq!(PanicReport::new(&"x", None).to_string(), "x");
}

#[test]
fn a_stored_report_is_one_line_of_text_whatever_the_memory_contains() {
    assert_eq!(stored(b"index out of bounds"), "index out of bounds");
    assert_eq!(stored(b"two\nlines \x1b[2J"), "two lines  [2J");
    // Cut within a character, or changed by a brownout.
    assert_eq!(stored(b"caf\xc3"), "caf\u{fffd}");
    assert_eq!(stored(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
}
