//! Updates of virtual boards: a new image is installed, kept or rolled back.
//! The tests send plain `POST` requests, independent of the controller's code.

use std::{net::SocketAddr, time::Instant};

use protocol::{State, limits, ota};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use virtual_board::{Profile, image::Image};

use crate::{
    Outcome, PATIENCE,
    library::{first, post, quiet, status},
};

/// Sends and commits an image. Returns the result of the commit: `null` if it
/// was refused.
fn update(address: SocketAddr, image: &[u8]) -> Result<Value, Box<dyn std::error::Error>> {
    let sha256 = ota::Digest(Sha256::digest(image).into());
    post(
        address,
        "Ota.Begin",
        &json!({ "size": image.len(), "sha256": sha256 }),
        PATIENCE,
    )?;
    let mut offset = 0;
    for part in image.chunks(limits::UPDATE_CHUNK) {
        post(
            address,
            "Ota.Write",
            &json!(ota::Write::new(offset, part)),
            PATIENCE,
        )?;
        offset += u32::try_from(part.len())?;
    }
    Ok(post(address, "Ota.Commit", &json!({}), PATIENCE)?)
}

/// The state of the board's firmware once it runs again with a new epoch.
pub(crate) fn after_reboot(
    address: SocketAddr,
    epoch: &Value,
) -> Result<State, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    loop {
        match status(address) {
            Ok(status) if status["epoch"].is_string() && status["epoch"] != *epoch => {
                return Ok(serde_json::from_value(status["update:0"].clone())?);
            }
            _ if begun.elapsed() > PATIENCE => return Err("the board did not come back".into()),
            // Refused connections return at once, and there is nothing else to
            // wait for.
            _ => std::thread::yield_now(),
        }
    }
}

pub(crate) fn epoch(address: SocketAddr) -> std::io::Result<Value> {
    Ok(status(address)?["epoch"].clone())
}

#[test]
fn an_image_is_installed_and_the_board_comes_back_with_its_version() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let address = first(&boards)?.address;
    let before = epoch(address)?;
    let committed = update(address, &Image::new("0.2.0")?.to_bytes(20_000))?;
    assert!(committed["seq"].is_u64(), "{committed}");
    let state = after_reboot(address, &before)?;
    assert_eq!(
        (state.installed_version(), state.last_error()),
        (Some("0.2.0"), None)
    );
    assert_eq!(
        post(address, "Device.GetInfo", &json!({}), PATIENCE)?["version"],
        "0.2.0"
    );
    // The board was reached, so the version survives a power loss.
    let board = first(&boards)?;
    boards.stop(&board.id)?;
    boards.start_again(&board.id)?;
    assert_eq!(
        post(address, "Device.GetInfo", &json!({}), PATIENCE)?["version"],
        "0.2.0"
    );
    Ok(())
}

#[test]
fn an_image_that_is_never_reached_is_rolled_back() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let address = first(&boards)?.address;
    let before = epoch(address)?;
    update(
        address,
        &Image {
            comes_up: false,
            ..Image::new("0.3.0")?
        }
        .to_bytes(3_000),
    )?;
    let state = after_reboot(address, &before)?;
    assert_eq!(state.installed_version(), Some(env!("CARGO_PKG_VERSION")));
    assert!(
        state
            .last_error()
            .is_some_and(|error| error.contains("was restored")),
        "{state:?}"
    );
    Ok(())
}

#[test]
fn an_invalid_image_is_refused_and_nothing_changes() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let address = first(&boards)?.address;
    let before = epoch(address)?;
    assert_eq!(update(address, &[0xe9; 3_000])?, Value::Null);
    let status = status(address)?;
    assert_eq!(status["epoch"], before);
    assert!(
        status["update:0"]["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("virtual-board image"))
    );
    Ok(())
}

#[test]
fn a_power_loss_during_an_update_leaves_the_old_image() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    let image = Image::new("0.2.0")?.to_bytes(3_000);
    let sha256 = ota::Digest(Sha256::digest(&image).into());
    post(
        board.address,
        "Ota.Begin",
        &json!({ "size": image.len(), "sha256": sha256 }),
        PATIENCE,
    )?;
    post(
        board.address,
        "Ota.Write",
        &json!(ota::Write::new(0, &image[..limits::UPDATE_CHUNK])),
        PATIENCE,
    )?;
    boards.stop(&board.id)?;
    boards.start_again(&board.id)?;
    let state: State = serde_json::from_value(status(board.address)?["update:0"].clone())?;
    assert_eq!(
        (state.in_progress(), state.installed_version()),
        (Some(false), Some(env!("CARGO_PKG_VERSION")))
    );
    Ok(())
}
