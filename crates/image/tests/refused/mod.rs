//! Every file that a board which requires signatures has to refuse, for the
//! tests of all kinds of boards: each includes this file and says how it sends
//! one.

use image::{SigningKey, TEST_SIGNING_KEY, Target, Trailer, sign};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The key of the board under test.
pub(crate) fn key() -> SigningKey {
    SigningKey::parse(TEST_SIGNING_KEY).expect("a key file")
}

/// A signed file for the board under test.
pub(crate) fn signed(image: &[u8], target: Target<'_>, version: &str) -> Vec<u8> {
    sign(image, target, version, &key()).expect("it can be signed")
}

/// The parameters of `Ota.Begin` for a file, with what its end says of its
/// signature.
pub(crate) fn begin(file: &[u8]) -> Value {
    announcing(file, file)
}

/// The parameters of `Ota.Begin` for a file, with the signature of another.
fn announcing(file: &[u8], signature: &[u8]) -> Value {
    let hex = |bytes: &[u8]| -> String {
        let hash = Sha256::digest(bytes);
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut begin = json!({ "size": file.len(), "sha256": hex(file) });
    if Trailer::is_marked(signature) {
        let (image, trailer) = signature.split_at(signature.len() - Trailer::LEN);
        begin["signature"] = json!(protocol::ota::base64(trailer));
        begin["image_sha256"] = json!(hex(image));
    }
    begin
}

/// A file that must be refused, and the reason.
struct Bad {
    what: &'static str,
    file: Vec<u8>,
    reason: &'static str,
}

fn bad_files(image: &[u8], target: Target<'_>, version: &str, older: &str) -> Vec<Bad> {
    let other = SigningKey::from_seed(&[7; 32]);
    let good = signed(image, target, version);
    let at = image.len();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = good.clone();
        change(&mut file);
        file
    };
    let for_chip = |chip| signed(image, Target { chip, ..target }, version);
    let for_board = |board| signed(image, Target { board, ..target }, version);
    let by_other = sign(image, target, version, &other).expect("it can be signed");
    let mut as_ours = by_other.clone();
    as_ours[at + 12..at + 20].copy_from_slice(&key().public().id().0);
    let mut another = image.to_vec();
    another[at - 1] ^= 0xff;
    let another = signed(&another, target, version);
    let mut raised = signed(image, target, older);
    raised[at + 68..at + 100].copy_from_slice(&good[at + 68..at + 100]);
    let bad = |what, file, reason| Bad { what, file, reason };
    vec![
        bad("unsigned", image.to_vec(), "unsigned"),
        bad("wrong key", by_other, "wrong_key"),
        bad("wrong key with our id", as_ours, "bad_signature"),
        bad("wrong chip", for_chip("another-chip"), "wrong_board"),
        bad("wrong board", for_board("another-board"), "wrong_board"),
        bad("older", signed(image, target, older), "older"),
        bad("older with its version raised", raised, "bad_signature"),
        bad(
            "an image without its last byte",
            [&good[..at - 1], &good[at..]].concat(),
            "bad_signature",
        ),
        bad(
            "a trailer without its last byte",
            good[..good.len() - 1].to_vec(),
            "unsigned",
        ),
        bad(
            "one bit of the image changed",
            with(&|file| file[at - 1] ^= 0x10),
            "bad_signature",
        ),
        bad(
            "one bit of the signature changed",
            with(&|file| *file.last_mut().expect("a trailer") ^= 1),
            "bad_signature",
        ),
        bad(
            "a trailer of zeros",
            with(&|file| file[at + 8..].fill(0)),
            "bad_signature",
        ),
        bad(
            "the trailer of another image",
            with(&|file| file[at..].copy_from_slice(&another[at..])),
            "bad_signature",
        ),
        bad(
            "two trailers",
            with(&|file| file.extend_from_slice(&good[at..])),
            "bad_signature",
        ),
    ]
}

/// Sends every bad file, with its own signature and with that of the good one.
/// `attempt` sends one with these parameters of `Ota.Begin`, commits it, and
/// returns the reason of the refusal, or `None` if it was accepted.
pub(crate) fn all_are_refused(
    image: &[u8],
    target: Target<'_>,
    versions: [&str; 2],
    mut attempt: impl FnMut(&Value, &[u8]) -> Option<String>,
) {
    let [version, older] = versions;
    let good = signed(image, target, version);
    for Bad { what, file, reason } in bad_files(image, target, version, older) {
        let honest = attempt(&begin(&file), &file);
        assert_eq!(honest.as_deref(), Some(reason), "{what}");
        // What was announced was right, what was sent is not.
        let lied = attempt(&announcing(&file, &good), &file);
        let expected = if file.len() == good.len() {
            reason
        } else {
            "bad_signature"
        };
        assert_eq!(lied.as_deref(), Some(expected), "{what}, announced as good");
        // Without the hash, the signature is checked after the transfer.
        let mut late = begin(&file);
        late["image_sha256"] = Value::Null;
        assert_eq!(
            attempt(&late, &file).as_deref(),
            Some(reason),
            "{what}, late"
        );
    }
}
