//! Files that people share and the one that the window writes: scenes,
//! dashboards, settings. What was read is written unchanged.
#![no_main]

use disk::{documents::Document, settings::Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(document) = Document::parse(text) {
        let again = Document::parse(document.text().as_bytes());
        assert_eq!(again.as_ref(), Ok(&document));
    }
    if let Ok(settings) = serde_json::from_slice::<Settings>(text) {
        let written = serde_json::to_string(&settings).expect("settings can be written");
        let again: Settings = serde_json::from_str(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).ok(), Some(written));
    }
});
