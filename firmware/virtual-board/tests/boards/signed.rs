//! Signed firmware on virtual boards, over their own HTTP server and at their
//! serial console.

use std::net::SocketAddr;

use protocol::{limits, ota};
use serde_json::{Value, json};
use virtual_board::{
    Options, VirtualBoards,
    image::{Image, TARGET},
};

use crate::{
    Outcome, PATIENCE,
    library::{answer, first, post, quiet_with, status},
    refused::{all_are_refused, begin, signed},
    updates::{after_reboot, epoch},
};

/// A board that requires signatures.
fn strict() -> Result<(VirtualBoards, SocketAddr), Box<dyn std::error::Error>> {
    let boards = quiet_with(Options::default())?;
    let board = first(&boards)?;
    let said = boards.type_line(&board.id, "signatures on")?;
    assert_eq!(said.as_deref(), Some("accepts only signed firmware"));
    Ok((boards, board.address))
}

/// Sends a file and commits it; returns the reason of a refusal.
fn attempt(address: SocketAddr, params: &Value, file: &[u8]) -> Option<String> {
    let call = |method: &str, params: &Value| {
        let answer = answer(address, method, params, PATIENCE).expect("an answer");
        match &answer["error"]["data"]["reason"] {
            Value::String(reason) => Err(reason.clone()),
            _ => Ok(()),
        }
    };
    let send = || -> Result<(), String> {
        call("Ota.Begin", params)?;
        let mut offset = 0;
        for part in file.chunks(limits::UPDATE_CHUNK) {
            call("Ota.Write", &json!(ota::Write::new(offset, part)))?;
            offset += u32::try_from(part.len()).expect("a part");
        }
        call("Ota.Commit", &json!({}))
    };
    send().err()
}

#[test]
fn a_board_that_requires_signatures_refuses_every_bad_file_and_takes_the_good_one() -> Outcome {
    let (_boards, address) = strict()?;
    let before = epoch(address)?;
    let image = Image::new("9.9.9")?.unsigned(3_000);
    all_are_refused(&image, TARGET, ["9.9.9", "0.0.1"], |params, file| {
        attempt(address, params, file)
    });
    assert_eq!(epoch(address)?, before, "it did not restart");
    let good = signed(&image, TARGET, "9.9.9");
    assert_eq!(attempt(address, &begin(&good), &good), None);
    let state = after_reboot(address, &before)?;
    assert_eq!(state.installed_version(), Some("9.9.9"));
    assert_eq!(state.signature_required(), Some(true));
    Ok(())
}

#[test]
fn an_open_board_takes_unsigned_images_and_says_so() -> Outcome {
    let boards = quiet_with(Options::default())?;
    let board = first(&boards)?;
    let state = &status(board.address)?["update:0"];
    assert_eq!(state["signature_required"], false);
    let key = image::PublicKey::parse(image::TEST_KEY).expect("a key");
    assert_eq!(state["signing_key"], key.id().to_string());
    let before = epoch(board.address)?;
    let unsigned = Image::new("9.9.9")?.unsigned(3_000);
    assert_eq!(attempt(board.address, &begin(&unsigned), &unsigned), None);
    let state = after_reboot(board.address, &before)?;
    assert_eq!(state.installed_version(), Some("9.9.9"));
    assert_eq!(state.signed(), Some(false));
    // A factory reset returns to the signed image that ran before.
    let before = epoch(board.address)?;
    boards.factory_reset(&board.id)?;
    let state = after_reboot(board.address, &before)?;
    assert_eq!(state.installed_version(), Some(env!("CARGO_PKG_VERSION")));
    assert_ne!(state.signed(), Some(false));
    Ok(())
}

#[test]
fn a_person_at_the_serial_port_rolls_back_to_the_older_image() -> Outcome {
    let (boards, address) = strict()?;
    let board = first(&boards)?;
    let type_line = |line: &str| boards.type_line(&board.id, line);
    assert_eq!(
        type_line("rollback")?.as_deref(),
        Some("this board has no other image to return to")
    );
    let before = epoch(address)?;
    let good = Image::new("9.9.9")?.to_bytes(3_000);
    assert_eq!(attempt(address, &begin(&good), &good), None);
    after_reboot(address, &before)?;
    let before = epoch(address)?;
    assert_eq!(
        type_line("rollback")?.as_deref(),
        Some("restarting with the other firmware image")
    );
    let state = after_reboot(address, &before)?;
    assert_eq!(state.installed_version(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(state.last_error(), None);
    Ok(())
}

#[test]
fn the_setting_survives_a_power_loss_and_is_switched_off_only_at_the_board() -> Outcome {
    let (boards, address) = strict()?;
    let board = first(&boards)?;
    let set = |required: bool| {
        let params = json!(ota::SetConfig {
            require_signature: required
        });
        answer(address, "Ota.SetConfig", &params, PATIENCE)
    };
    assert_eq!(set(false)?["error"]["data"]["reason"], "at_the_board");
    // An ordinary restart saves it.
    let before = epoch(address)?;
    post(address, "Device.Reboot", &json!({}), PATIENCE)?;
    let state = after_reboot(address, &before)?;
    assert_eq!(state.signature_required(), Some(true));
    for (line, said) in [
        ("signatures", "signatures on, or signatures off"),
        ("signatures off", "accepts any firmware"),
    ] {
        assert_eq!(boards.type_line(&board.id, line)?.as_deref(), Some(said));
    }
    assert!(set(true)?["result"].is_object());
    Ok(())
}

#[test]
fn a_board_without_a_key_cannot_require_signatures() -> Outcome {
    let boards = quiet_with(Options {
        signing_key: None,
        ..Options::default()
    })?;
    let board = first(&boards)?;
    let said = boards.type_line(&board.id, "signatures on")?;
    assert!(said.is_some_and(|said| said.contains("flash it over USB")));
    assert_eq!(
        status(board.address)?["update:0"]["signing_key"],
        json!(null)
    );
    Ok(())
}
