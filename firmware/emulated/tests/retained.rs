//! The state that the board retains over restarts, power losses and updates.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::desk::{SOON, component_of, key, on, reply, wire::Wire};
use crate::{
    done,
    emulator::{Emulator, Flash},
    finder, result_of, set,
};
use fleet::{ImageSource, LinkState, UpdateState};
use protocol::{Object, limits, ota};
use serde_json::json;
use virtual_board::image::Image;

#[test]
#[ignore = "run by firmware/emulated/check"]
fn after_a_reboot_it_has_a_new_epoch_and_its_retained_state_and_reconnects() {
    let board = Emulator::boot();
    let mut observer = finder();
    let found = observer.connected(board.name());
    let epoch = found.info.as_ref().expect("known").epoch;
    let (answer, answered) = reply();
    observer.fleet.set(
        found.key,
        &key("light:0"),
        on(true).with("brightness", 40),
        answer,
    );
    done(&answered, "set");
    let (answer, answered) = reply();
    observer
        .fleet
        .call(found.key, "Device.Reboot", Object::new(), answer);
    done(&answered, "reboot");
    assert_eq!(board.serves()["id"], board.listening["id"]);
    observer.until("the board is back with a new epoch", 2 * SOON, |seen| {
        let board = seen
            .board(board.name())
            .filter(|board| board.link == LinkState::Connected)?;
        (board.info.as_ref()?.epoch != epoch).then_some(())
    });
    assert_eq!(
        result_of(&board, "Device.GetInfo")["reset_reason"],
        "software"
    );
    let light = component_of(observer.board(board.name()).expect("there"), "light:0")
        .expect("a light")
        .shown();
    assert_eq!((light.on(), light.brightness()), (Some(true), Some(40)));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn values_older_than_five_seconds_survive_a_power_loss_and_newer_ones_do_not() {
    let flash = Flash::erased("cut").expect("a file");
    let board = Emulator::boot_with(&flash);
    assert_eq!(
        result_of(&board, "Device.GetInfo")["name"],
        "Emulated board"
    );
    set(&board, "Device.SetName", json!({ "name": "Küche" }));
    set(&board, "Number.Set", json!({ "id": 0, "value": 75 }));
    set(
        &board,
        "Light.Set",
        json!({ "id": 0, "on": true, "rgb": [255, 0, 128] }),
    );
    // QEMU is killed before the five seconds are over.
    drop(board);
    let board = Emulator::boot_with(&flash);
    assert_eq!(
        result_of(&board, "Device.GetInfo")["name"],
        "Emulated board"
    );
    assert_eq!(
        result_of(&board, "Device.GetStatus")["light:0"]["on"],
        false
    );
    set(&board, "Device.SetName", json!({ "name": "Küche" }));
    set(&board, "Number.Set", json!({ "id": 0, "value": 75 }));
    set(
        &board,
        "Light.Set",
        json!({ "id": 0, "on": true, "rgb": [255, 0, 128] }),
    );
    // The last of the three entries, by its key.
    let deadline = Instant::now() + SOON;
    while !flash.holds(b"number:0") {
        assert!(Instant::now() < deadline, "it is never written");
        // Only a polling interval; the test does not rely on its length.
        thread::park_timeout(Duration::from_millis(50));
    }
    set(&board, "Switch.Set", json!({ "id": 1, "on": true }));
    drop(board);
    let mut board = Emulator::boot_with(&flash);
    assert_eq!(result_of(&board, "Device.GetInfo")["name"], "Küche");
    let status = result_of(&board, "Device.GetStatus");
    assert_eq!(status["number:0"]["value"], 75);
    let light = json!({
        "on": true, "brightness": 60, "rgb": [255, 0, 128], "ct_k": null, "effect": "none",
    });
    assert_eq!(
        (&status["light:0"], &status["switch:1"]["on"]),
        (&light, &json!(false))
    );
    // A factory reset erases everything.
    board.types("erase");
    board.listening = board.serves();
    assert_eq!(
        result_of(&board, "Device.GetInfo")["name"],
        "Emulated board"
    );
    assert_eq!(
        result_of(&board, "Device.GetStatus")["light:0"]["on"],
        false
    );
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn an_image_with_a_wrong_hash_is_refused_and_the_board_keeps_running() {
    let board = Emulator::boot();
    let mut observer = finder();
    let before = observer
        .connected(board.name())
        .info
        .as_ref()
        .expect("known")
        .clone();
    let image = Image::new("0.9.0").expect("a version").to_bytes(2_000);
    let mut wire = Wire::open(board.address());
    let begun = wire.call(
        "Ota.Begin",
        json!({ "size": image.len(), "sha256": "0".repeat(64) }),
    );
    assert_eq!(begun["result"]["offset"], 0, "{begun}");
    let mut offset = 0;
    for part in image.chunks(limits::UPDATE_CHUNK) {
        wire.call("Ota.Write", json!(ota::Write::new(offset, part)));
        offset += u32::try_from(part.len()).expect("a short part");
    }
    let refused = wire.call("Ota.Commit", json!({}));
    assert_eq!(
        refused["error"]["data"]["reason"], "hash_mismatch",
        "{refused}"
    );
    observer.shows(board.name(), "update:0", |update| {
        update.in_progress() == Some(false)
            && update
                .last_error()
                .is_some_and(|error| error.contains("SHA-256"))
    });
    let after = wire.call("Device.GetInfo", json!({}));
    assert_eq!(after["result"]["epoch"], json!(before.epoch));
    assert_eq!(after["result"]["version"], json!(before.version));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn an_image_is_installed_and_its_version_reported_after_each_restart() {
    let board = Emulator::boot();
    let mut observer = finder();
    let found = observer.connected(board.name());
    let image = Image::new("0.9.0").expect("a version").to_bytes(200_000);
    observer.fleet.update(found.key, ImageSource::Bytes(image));
    let ended = observer.until("the update has ended", 3 * SOON, |seen| {
        seen.board(board.name())?
            .update
            .clone()
            .filter(|update| !update.is_under_way())
    });
    let before = found.info.as_ref().map(|info| info.version.clone());
    assert_eq!(
        ended,
        UpdateState::Done {
            before,
            after: Some("0.9.0".to_owned())
        }
    );
    // The board was reached, so another restart keeps the image.
    let mut wire = Wire::open(board.address());
    wire.call("Device.Reboot", json!({}));
    board.serves();
    board.serves();
    let info = Wire::open(board.address()).call("Device.GetInfo", json!({}));
    assert_eq!(info["result"]["version"], "0.9.0");
}
