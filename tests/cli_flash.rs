//! `switchboard flash` against a double of a chip's boot loader: what it
//! prints, and its exit status.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../crates/flash/tests/boot_loader/application.rs"]
mod application;
#[path = "../crates/flash/tests/boot_loader/board.rs"]
mod board;
mod program;

use std::{fs, path::Path, process::Output};

use application::application;
use board::Board;
use doubles::boot_loader::{Chip, Fault};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs the command. Without a port it would flash a board that is plugged in.
fn flash(folder: &Path, port: &str, arguments: &[&str]) -> Output {
    program::switchboard()
        .args(["flash", "--port", port])
        .args(arguments)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .output()
        .expect("the program")
}

/// A data folder with an image for this chip and these boards.
fn folder(chip: &str, id: u8, boards: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let firmware = folder.path().join("switchboard/firmware");
    fs::create_dir_all(&firmware).expect("a folder");
    let bytes = application(id, 70_000);
    let hash: String = <sha2::Sha256 as sha2::Digest>::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let images: Vec<_> = boards
        .iter()
        .map(|board| {
            fs::write(firmware.join(board), &bytes).expect("written");
            json!({
                "file": board, "chip": chip, "board": board, "name": "A board",
                "version": "0.2.0", "sha256": hash, "size": bytes.len(),
            })
        })
        .collect();
    fs::write(
        firmware.join("manifest.json"),
        json!({ "images": images }).to_string(),
    )
    .expect("written");
    folder
}

fn ended(output: &Output, status: i32, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(why), "{why:?} is not in {said}");
}

/// The last line of JSON.
fn last(output: &Output) -> Value {
    let lines = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(lines.lines().last().unwrap_or_default()).expect("an object")
}

#[test]
fn the_image_for_the_chip_is_chosen_and_written() {
    let folder = folder("esp32c3", 5, &["m-1"]);
    let board = Board::new(Chip::default());
    let output = flash(folder.path(), &board.path, &[]);
    ended(&output, 0, "Found ESP32-C3 revision 0.0 with 4 MB of flash");
    ended(&output, 0, "Writing the firmware ...\nVerifying");
    ended(&output, 0, "switchboard provision --serial /dev/");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("ESP32-C3 on /dev/"), "{said}");
    assert!(said.contains("runs A board 0.2.0  ("), "{said}");
    let loader = board.started();
    assert!(loader.flash()[0x1_0000..].starts_with(&application(5, 70_000)));
}

#[test]
fn one_of_several_boards_is_chosen_by_name() {
    let folder = folder("esp32c3", 5, &["m-1", "rust-1"]);
    let board = Board::new(Chip::default());
    let output = flash(folder.path(), &board.path, &[]);
    ended(&output, 2, "--board NAME: there are images for m-1, rust-1");
    let output = flash(folder.path(), &board.path, &["--board", "nano"]);
    ended(&output, 2, "m-1, rust-1");
    let output = flash(folder.path(), &board.path, &["--board", "Rust-1", "--json"]);
    ended(&output, 0, "");
    assert_eq!(last(&output)["step"], "done");
    assert_eq!(last(&output)["chip"], "esp32c3");
}

#[test]
fn a_failure_is_told_to_people_and_programs() {
    let folder = folder("esp32c6", 13, &["c-1"]);
    let cases = [
        (Chip::default(), 2, "no_image", "no firmware for ESP32-C3"),
        (
            Chip {
                id: 13,
                fault: Fault::FlipsBitAt(0x1_0100),
                ..Chip::default()
            },
            1,
            "verification_failed",
            "verification failed: the firmware",
        ),
        (
            Chip {
                fault: Fault::Silent,
                ..Chip::default()
            },
            4,
            // This test has the board's other end open.
            "port_busy",
            "is in use by cli_flash",
        ),
    ];
    for (chip, status, reason, words) in cases {
        let board = Board::new(chip);
        let output = flash(folder.path(), &board.path, &["--json"]);
        ended(&output, status, words);
        let line = last(&output);
        assert_eq!(
            (&line["step"], &line["reason"]),
            (&json!("failed"), &json!(reason))
        );
        let message = line["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(words), "{message}");
    }
    let output = flash(folder.path(), "/dev/ttyNONE", &["--json"]);
    ended(&output, 3, "there is no serial port /dev/ttyNONE");
    assert_eq!(last(&output)["reason"], "no_port");
}

#[test]
fn a_file_is_checked_before_the_board_is_restarted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("firmware.bin");
    let path = file.to_string_lossy().into_owned();
    let mut damaged = application(5, 1_000);
    damaged[500] ^= 1;
    let mut merged = vec![0xff; 0x9000];
    let loader = application(5, 1_000);
    merged[..loader.len()].copy_from_slice(&loader);
    merged[32] = 0x50;
    merged[0x8000..0x8002].copy_from_slice(&[0xaa, 0x50]);
    let cases: [(&[u8], &[&str], &str); 5] = [
        (b"hello", &[], "is not a firmware image"),
        (&damaged, &[], "is damaged: its checksum is wrong"),
        (&merged, &[], "add --at 0x0"),
        (&application(5, 1_000), &["--at", "0"], "leave out --at"),
        (&merged, &["--at", "0x10000"], "only a whole flash"),
    ];
    for (bytes, options, why) in cases {
        fs::write(&file, bytes).expect("written");
        let arguments = [&["--image", &path], options].concat();
        // The port does not exist, and this is not what is told.
        ended(&flash(folder.path(), "/dev/ttyNONE", &arguments), 2, why);
    }
    let missing = flash(folder.path(), "/dev/ttyNONE", &["--image", "none.bin"]);
    ended(&missing, 2, "cannot read none.bin");
}
