//! What images say: their chip, their length and their version.

use image::{esp, is_older, version_in};

/// An image of two segments with these lengths.
fn esp(lengths: [u32; 2], hash: bool) -> Vec<u8> {
    let mut image = vec![0; 24];
    image[0] = esp::MAGIC;
    image[1] = 2;
    image[12] = 5;
    image[23] = u8::from(hash);
    for length in lengths {
        image.extend([0, 0, 0, 0x40]);
        image.extend(length.to_le_bytes());
        image.extend(vec![1; length as usize]);
    }
    image.resize((image.len() + 1).next_multiple_of(16), 0);
    if hash {
        image.extend([9; 32]);
    }
    image
}

#[test]
fn the_length_of_an_esp_image_is_where_its_checksum_or_hash_ends() {
    for lengths in [[0, 0], [4, 8], [7, 0], [8, 39], [100, 1_000]] {
        for hash in [false, true] {
            let image = esp(lengths, hash);
            let length = u32::try_from(image.len()).unwrap();
            assert_eq!(esp::length_of(&image), Some(length));
            let more = [&image[..], &[0xff; 300]].concat();
            assert_eq!(esp::length_of(&more), Some(length));
            let cut = &image[..image.len() - 1];
            assert_eq!(esp::length_of(cut), None);
        }
    }
}

#[test]
fn bytes_that_are_no_esp_image_have_no_length() {
    let mut endless = esp([4, 4], true);
    endless[28..32].fill(0xff);
    let mut empty = esp([4, 4], true);
    empty[1] = 0;
    let mut many = esp([4, 4], true);
    many[1] = 17;
    for bytes in [vec![], vec![0xff; 100], endless, empty, many] {
        assert_eq!(esp::length_of(&bytes), None);
    }
}

#[test]
fn the_chip_is_in_the_header() {
    let image = esp([4, 4], true);
    assert_eq!(
        esp::chip_number(&image).and_then(esp::chip_name),
        Some("esp32c3")
    );
    assert_eq!(esp::chip_number(&image[..13]), None);
    assert_eq!(esp::chip_name(2), None);
}

#[test]
fn versions_are_ordered_as_semantic_versioning_has_it() {
    // The example of Semantic Versioning 2.0.0, section 11.
    let ordered = [
        "nightly",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "2.0.0",
        "2.1.0",
        "2.1.1",
    ];
    for (at, older) in ordered.iter().enumerate() {
        assert!(!is_older(older, older));
        for newer in &ordered[at + 1..] {
            assert!(is_older(older, newer), "{older} {newer}");
            assert!(!is_older(newer, older), "{older} {newer}");
        }
    }
    assert!(
        !is_older("1.0.0+1", "1.0.0+2"),
        "build metadata is no order"
    );
    assert!(is_older("nightly", "daily") && is_older("daily", "nightly"));
}

#[test]
fn the_version_is_read_from_a_chip_s_image_and_from_a_virtual_board_s() {
    let chip = |version: &[u8]| {
        let mut bytes = vec![0; 300];
        bytes[0] = esp::MAGIC;
        bytes[32..36].copy_from_slice(&[0x32, 0x54, 0xcd, 0xab]);
        bytes[48..48 + version.len()].copy_from_slice(version);
        bytes
    };
    assert_eq!(version_in(&chip(b"0.2.0")), Some("0.2.0"));
    let longest = [b'1'; 32];
    assert_eq!(
        version_in(&chip(&longest)),
        std::str::from_utf8(&longest).ok()
    );
    let lines = b"switchboard virtual image\nversion 0.3.1\n\nrest";
    assert_eq!(version_in(lines), Some("0.3.1"));
    for bytes in [
        &chip(b"")[..],
        &chip(b"\xff\xfe"),
        &chip(b"1\n2"),
        b"PK",
        &lines[..36],
    ] {
        assert_eq!(version_in(bytes), None);
    }
}
