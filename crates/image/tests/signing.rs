//! What is signed is accepted, and nothing else.

use image::{
    KeyFileError, PublicKey, Refusal, Requirement, SignError, SigningKey, TEST_KEY,
    TEST_SIGNING_KEY, Target, Trailer, sign,
};
use proptest::{prelude::*, sample::Index};
use sha2::{Digest, Sha256};

const TARGET: Target<'static> = Target {
    chip: "virtual",
    board: "virtual",
};

fn key() -> SigningKey {
    SigningKey::parse(TEST_SIGNING_KEY).unwrap()
}

fn requirement(running: &str) -> Requirement<'_> {
    Requirement {
        key: key().public(),
        target: TARGET,
        running: Some(running),
    }
}

/// Checks a file as a board does that has all of it.
fn check(file: &[u8], running: &str) -> Result<Trailer, Refusal> {
    let image = &file[..file.len().saturating_sub(Trailer::LEN)];
    let size = u32::try_from(file.len()).unwrap();
    requirement(running).check(file, size, Some(&Sha256::digest(image).into()))
}

fn signed(version: &str) -> Vec<u8> {
    sign(b"an image", TARGET, version, &key()).unwrap()
}

/// Made with Python and OpenSSL 3.0.22 (`openssl pkeyutl -sign -rawin`) from
/// the private test key; Ed25519 signatures are deterministic.
#[test]
fn the_trailer_has_the_bytes_that_openssl_computes() {
    let image = b"switchboard virtual image\nversion 1.2.3\n\nabc";
    let file = sign(image, TARGET, "1.2.3", &key()).unwrap();
    let (start, trailer) = file.split_at(image.len());
    assert_eq!(start, image);
    let mut expected = b"SWBDSIG1\x2c\0\0\0\x02\x35\x23\xdd\xd6\x19\x3a\xbd".to_vec();
    for (text, length) in [("virtual", 16), ("virtual", 32), ("1.2.3", 32)] {
        expected.extend(text.bytes());
        expected.extend(vec![0; length - text.len()]);
    }
    let signature: String = trailer[100..]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(&trailer[..100], expected);
    assert_eq!(
        signature,
        "5fe65e021f1e98b25a27b928a5cd1a9536bedafc12e5a2e6705b2e54ac50ab7d\
         42366f40aa3aa1324eb4871af1ca5b930ba7ebeb18a65b16e551ae8a33eeef0e"
    );
}

#[test]
fn a_signed_image_is_accepted_and_says_what_it_is() {
    let trailer = check(&signed("1.2.3"), "1.2.2").unwrap();
    assert_eq!(trailer.length(), 8);
    assert_eq!(trailer.chip(), "virtual");
    assert_eq!(trailer.board(), "virtual");
    assert_eq!(trailer.version(), "1.2.3");
    assert_eq!(trailer.key_id(), key().public().id());
}

#[test]
fn an_image_without_a_trailer_is_unsigned() {
    for file in [&b""[..], &[0; 163], &[0; 164], &[0xff; 500]] {
        assert_eq!(check(file, "1.0.0"), Err(Refusal::Unsigned));
    }
}

#[test]
fn another_key_is_refused_even_if_it_takes_the_id_of_the_right_one() {
    let other = SigningKey::from_seed(&[7; 32]);
    let mut file = sign(b"an image", TARGET, "1.0.0", &other).unwrap();
    let refusal = check(&file, "1.0.0").unwrap_err();
    assert_eq!(refusal.reason(), "wrong_key");
    let id = key().public().id().0;
    file[20..28].copy_from_slice(&id);
    assert_eq!(check(&file, "1.0.0"), Err(Refusal::BadSignature));
}

#[test]
fn another_chip_board_or_an_older_version_is_refused() {
    for (chip, board, refusal) in [
        ("esp32c3", "virtual", Refusal::WrongChip),
        ("virtual", "esp32c3-devkitm-1", Refusal::WrongBoard),
    ] {
        let file = sign(b"an image", Target { chip, board }, "1.0.0", &key()).unwrap();
        assert_eq!(check(&file, "1.0.0"), Err(refusal));
    }
    assert_eq!(check(&signed("1.0.0"), "1.0.1"), Err(Refusal::Older));
    assert!(check(&signed("1.0.1"), "1.0.1").is_ok());
}

#[test]
fn a_truncated_or_longer_image_is_refused_also_with_the_trailer_moved() {
    let file = signed("1.0.0");
    let cut = [&file[..7], &file[8..]].concat();
    assert_eq!(check(&cut, "1.0.0"), Err(Refusal::BadSignature));
    let longer = [b"x", &file[..]].concat();
    assert_eq!(check(&longer, "1.0.0"), Err(Refusal::BadSignature));
    for end in 0..file.len() {
        assert!(check(&file[..end], "1.0.0").is_err(), "{end}");
    }
    // Before the image has arrived, the length shows it.
    let early = requirement("1.0.0").check(&cut, u32::try_from(cut.len()).unwrap(), None);
    assert_eq!(early, Err(Refusal::BadSignature));
}

#[test]
fn each_changed_bit_is_refused() {
    let file = signed("1.0.0");
    for bit in 0..file.len() * 8 {
        let mut file = file.clone();
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&file, "1.0.0").is_err(), "bit {bit}");
    }
}

#[test]
fn a_signature_of_another_purpose_is_refused() {
    // The same bytes without the domain, and with another hash.
    let file = signed("1.0.0");
    let trailer = Trailer::read(&file).unwrap();
    let other = Sha256::digest(b"another image").into();
    assert_eq!(
        trailer.verify(&key().public(), &other),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn a_key_file_is_read_back_and_the_halves_are_not_confused() {
    let key = SigningKey::from_seed(&[9; 32]);
    let again = SigningKey::parse(&key.to_text()).unwrap();
    assert_eq!(again.public(), key.public());
    assert_eq!(PublicKey::parse(&key.public_text()), Some(key.public()));
    assert_eq!(PublicKey::parse(&key.to_text()), None);
    let public = SigningKey::parse(&key.public_text());
    assert_eq!(public.unwrap_err(), KeyFileError::Public);
    for text in [
        "",
        "switchboard-signing-key-1",
        "switchboard-signing-key-1 12",
    ] {
        assert_eq!(SigningKey::parse(text).unwrap_err(), KeyFileError::NoKey);
    }
    assert!(!format!("{key:?}").contains("0909"));
}

#[test]
fn the_halves_of_the_test_key_belong_together() {
    assert_eq!(PublicKey::parse(TEST_KEY), Some(key().public()));
}

#[test]
fn a_public_key_that_would_accept_forgeries_is_refused() {
    // Points of order 1 and 2 (RFC 7748, section 6.1, explains why they are
    // checked).
    let one = format!("01{}", "00".repeat(31));
    let two = format!("ec{}7f", "ff".repeat(30));
    for digits in [one, two, "00".repeat(32), "zz".repeat(32), "00".repeat(31)] {
        assert_eq!(PublicKey::parse(&digits), None, "{digits}");
    }
}

#[test]
fn only_what_fits_a_trailer_is_signed() {
    let names = |chip, board| sign(b"x", Target { chip, board }, "1.0.0", &key());
    let long = "x".repeat(33);
    for (chip, board) in [
        ("", "virtual"),
        ("virtual", ""),
        ("ESP32", "virtual"),
        ("virtual", "QEMU virt"),
        (&long[..17], "virtual"),
        ("virtual", &long),
    ] {
        assert_eq!(names(chip, board), Err(SignError::Name), "{chip} {board}");
    }
    for version in ["", "1\n2", &long] {
        assert_eq!(
            sign(b"x", TARGET, version, &key()),
            Err(SignError::Version),
            "{version}"
        );
    }
    assert_eq!(sign(b"", TARGET, "1", &key()), Err(SignError::Size));
    assert_eq!(
        sign(&signed("1.0.0"), TARGET, "1", &key()),
        Err(SignError::Signed)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = check(&bytes, "1.0.0");
        let _ = image::esp::length_of(&bytes);
        let _ = image::version_in(&bytes);
        let _ = PublicKey::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_change_is_refused(
        at in any::<Index>(),
        byte: u8,
        version in "[0-9]{1,3}\\.[0-9]\\.[0-9]",
    ) {
        let mut file = sign(b"an image", TARGET, &version, &key()).unwrap();
        let at = at.index(file.len());
        prop_assume!(file[at] != byte);
        file[at] = byte;
        prop_assert!(check(&file, "0.0.0").is_err());
    }
}
