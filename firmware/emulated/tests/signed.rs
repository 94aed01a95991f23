//! Signed firmware on the emulated machine, whose processor verifies it.

use image::{SigningKey, TEST_SIGNING_KEY, Target, sign};
use protocol::{limits, ota};
use serde_json::{Value, json};
use virtual_board::image::Image;

use crate::{
    desk::wire::Wire,
    emulator::Emulator,
    refused::{all_are_refused, begin, signed},
};

const TARGET: Target<'static> = Target {
    chip: "emulated",
    board: "qemu-virt",
};

/// Sends a file and commits it; returns the reason of a refusal.
fn attempt(wire: &mut Wire, params: &Value, file: &[u8]) -> Option<String> {
    let mut steps = vec![("Ota.Begin", params.clone())];
    let mut offset = 0;
    for part in file.chunks(limits::UPDATE_CHUNK) {
        steps.push(("Ota.Write", json!(ota::Write::new(offset, part))));
        offset += u32::try_from(part.len()).expect("a short part");
    }
    steps.push(("Ota.Commit", json!({})));
    steps.into_iter().find_map(|(method, params)| {
        let answer = wire.call(method, params);
        let reason = answer["error"]["data"]["reason"].as_str()?;
        Some(reason.to_owned())
    })
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_refuses_every_bad_file_once_it_requires_signatures_and_takes_the_good_one() {
    let mut board = Emulator::boot();
    board.types("signatures on");
    board.hears("that it does", |line| {
        line.contains("accepts only signed firmware").then_some(())
    });
    let mut wire = Wire::open(board.address());
    let image = Image::new("9.9.9").expect("a version").unsigned(3_000);
    all_are_refused(&image, TARGET, ["9.9.9", "0.0.1"], |params, file| {
        attempt(&mut wire, params, file)
    });
    let good = signed(&image, TARGET, "9.9.9");
    assert_eq!(attempt(&mut wire, &begin(&good), &good), None);
    board.serves();
    let status = Wire::open(board.address()).call("Device.GetStatus", json!({}));
    let update = &status["result"]["update:0"];
    assert_eq!(update["installed_version"], "9.9.9", "{update}");
    assert_eq!(update["signature_required"], true, "{update}");
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn a_factory_reset_returns_from_an_unsigned_image_to_the_signed_one() {
    let mut board = Emulator::boot();
    let key = SigningKey::parse(TEST_SIGNING_KEY).expect("a key");
    let older = Image::new("0.9.0").expect("a version").unsigned(3_000);
    let older = sign(&older, TARGET, "0.9.0", &key).expect("it can be signed");
    let newer = Image::new("0.9.1").expect("a version").unsigned(3_000);
    for file in [&older, &newer] {
        let mut wire = Wire::open(board.address());
        assert_eq!(attempt(&mut wire, &begin(file), file), None);
        board.serves();
        // The first request confirms it.
        Wire::open(board.address()).call("Sys.Ping", json!({}));
    }
    board.types("erase");
    board.serves();
    let info = Wire::open(board.address()).call("Device.GetInfo", json!({}));
    assert_eq!(info["result"]["version"], "0.9.0", "{info}");
}
