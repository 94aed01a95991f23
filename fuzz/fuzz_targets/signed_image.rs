//! The end of a firmware file, from any controller, and the headers of an image
//! in flash. Only what was signed with the key of the board is accepted.
#![no_main]

use image::{PublicKey, Requirement, SigningKey, Target, Trailer, esp, version_in};
use libfuzzer_sys::fuzz_target;

const TARGET: Target<'static> = Target {
    chip: "virtual",
    board: "virtual",
};

fuzz_target!(|bytes: &[u8]| {
    let Some(key) = PublicKey::parse(image::TEST_KEY) else {
        return;
    };
    let requirement = Requirement {
        key,
        target: TARGET,
        running: Some("0.0.1"),
    };
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // The hash is not that of any image that was signed with the key.
    let forged = requirement.check(bytes, size, Some(&[7; 32]));
    assert!(forged.is_err(), "a forgery was accepted");
    if let Some(trailer) = Trailer::read(bytes) {
        assert_eq!(Trailer::read(trailer.as_bytes()), Some(trailer.clone()));
        assert!(Trailer::is_marked(bytes));
        for text in [trailer.chip(), trailer.board(), trailer.version()] {
            assert!(!text.is_empty() && !text.chars().any(char::is_control));
        }
    }
    if let Some(length) = esp::length_of(bytes) {
        assert!(length <= size);
    }
    if let Some(version) = version_in(bytes) {
        assert!((1..=32).contains(&version.len()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = PublicKey::parse(text);
        let _ = SigningKey::parse(text);
    }
});
