//! Firmware updates over a real link: accepted, refused, interrupted, canceled
//! and rolled back, through the fleet and on the command line.

use std::{
    fs,
    process::{Output, Stdio},
};

use fleet::{ImageSource, LogEvent, Origin, UpdateProblem, UpdateState};
use protocol::{limits, ota};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use virtual_board::{Profile, VirtualBoards, image::Image};

use crate::desk::{Observer, SOON, address, boards, component_of, key, name, wire::Wire};
use crate::program;

/// An image of this version; 30 kB take a few dozen writes.
fn image(version: &str) -> Vec<u8> {
    Image::new(version).expect("a version").to_bytes(30_000)
}

/// Waits until the update by this fleet has ended.
fn ended(observer: &mut Observer, name: &str) -> UpdateState {
    observer.until("the update has ended", 3 * SOON, |seen| {
        seen.board(name)?
            .update
            .clone()
            .filter(|update| !update.is_under_way())
    })
}

fn problem(observer: &mut Observer, name: &str) -> UpdateProblem {
    match ended(observer, name) {
        UpdateState::Failed(problem) => problem,
        other => panic!("the update is {other:?}"),
    }
}

fn version(observer: &Observer, name: &str) -> Option<String> {
    Some(observer.board(name)?.info.as_ref()?.version.clone())
}

/// `Ota.Begin` of another controller.
fn begin(wire: &mut Wire, image: &[u8], version: &str) -> Value {
    let sha256 = ota::Digest(Sha256::digest(image).into());
    wire.call(
        "Ota.Begin",
        json!({ "size": image.len(), "sha256": sha256, "version": version }),
    )
}

#[test]
fn an_update_is_installed_and_the_board_comes_back_with_the_new_version() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    observer
        .fleet
        .update(lamp.key, ImageSource::Bytes(image("0.2.0")));
    let before = lamp.info.as_ref().expect("known").version.clone();
    let done = UpdateState::Done {
        before: Some(before),
        after: Some("0.2.0".to_owned()),
    };
    assert_eq!(ended(&mut observer, "Desk lamp"), done);
    assert_eq!(version(&observer, "Desk lamp").as_deref(), Some("0.2.0"));
    // The board was reached, so the image is kept.
    boards.stop("Desk lamp").expect("stopped");
    boards.start_again("Desk lamp").expect("started");
    let info = Wire::open(&address(&boards)).call("Device.GetInfo", json!({}));
    assert_eq!(info["result"]["version"], "0.2.0");
}

#[test]
fn another_controller_sees_the_progress_and_is_refused_meanwhile() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let coming = image("0.2.0");
    assert_eq!(begin(&mut wire, &coming, "0.2.0")["result"]["offset"], 0);
    let mut offset = 0;
    for part in coming[..15_000].chunks(limits::UPDATE_CHUNK) {
        offset = wire.call("Ota.Write", json!(ota::Write::new(offset, part)))["result"]["offset"]
            .as_u64()
            .and_then(|offset| u32::try_from(offset).ok())
            .expect("an offset");
    }
    let seen = observer.shows("Desk lamp", "update:0", |update| {
        update.update_percentage() == Some(50)
    });
    let firmware = component_of(&seen, "update:0").expect("it can be updated");
    assert_eq!(
        (
            firmware.reported.in_progress(),
            firmware.reported.latest_version()
        ),
        (Some(true), Some("0.2.0"))
    );
    let by_another = observer.log.iter().any(|entry| {
        matches!(
            &entry.what,
            LogEvent::Changed { component, origin: Origin::OtherController(_), .. }
                if *component == key("update:0")
        )
    });
    assert!(by_another);
    observer
        .fleet
        .update(lamp.key, ImageSource::Bytes(image("0.3.0")));
    let UpdateProblem::Refused(error) = problem(&mut observer, "Desk lamp") else {
        panic!("it was not refused")
    };
    assert_eq!(error.data.reason, "update_in_progress");
    assert!(error.message.contains("50 %"), "{}", error.message);
    // The first update is not affected.
    let next = wire.call(
        "Ota.Write",
        json!(ota::Write::new(offset, &coming[15_000..15_100])),
    );
    assert_eq!(next["result"]["offset"], 15_100);
}

#[test]
fn an_image_with_a_wrong_hash_is_refused_and_all_controllers_are_told() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    let mut observer = Observer::of(&[&address(&boards)]);
    observer.connected("Desk lamp");
    let promised = Image::new("0.2.0").expect("a version").to_bytes(500);
    let mut sent = promised.clone();
    *sent.last_mut().expect("not empty") ^= 1;
    begin(&mut wire, &promised, "0.2.0");
    assert!(wire.call("Ota.Write", json!(ota::Write::new(0, &sent)))["result"].is_object());
    let refused = wire.call("Ota.Commit", json!({}));
    assert_eq!(
        refused["error"]["data"]["reason"], "hash_mismatch",
        "{refused}"
    );
    observer.shows("Desk lamp", "update:0", |update| {
        update
            .last_error()
            .is_some_and(|error| error.contains("SHA-256"))
            && update.in_progress() == Some(false)
    });
    assert_eq!(
        version(&observer, "Desk lamp").as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn an_invalid_image_is_refused_by_the_board_with_its_reason() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    observer
        .fleet
        .update(lamp.key, ImageSource::Bytes(vec![0xe9; 5_000]));
    let UpdateProblem::Refused(error) = problem(&mut observer, "Desk lamp") else {
        panic!("it was not refused")
    };
    assert_eq!(error.data.reason, "not_an_image");
}

/// A running update, large enough to be interrupted.
fn under_way(boards: &VirtualBoards) -> Observer {
    let name = name(boards);
    let mut observer = Observer::of(&[&address(boards)]);
    let board = observer.connected(&name);
    let large = Image::new("0.2.0").expect("a version").to_bytes(1_900_000);
    observer.fleet.update(board.key, ImageSource::Bytes(large));
    observer.until("some of it is there", SOON, |seen| {
        match seen.board(&name)?.update {
            Some(UpdateState::Sending { sent: 1.., .. }) => Some(()),
            _ => None,
        }
    });
    observer
}

#[test]
fn a_power_loss_during_an_update_keeps_the_old_image_and_the_update_can_be_repeated() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = under_way(&boards);
    boards.stop("Desk lamp").expect("stopped");
    let lost = problem(&mut observer, "Desk lamp");
    assert!(
        matches!(
            lost,
            UpdateProblem::LinkLost {
                sent: 1..,
                size: 1_900_000
            }
        ),
        "{lost:?}"
    );
    boards.start_again("Desk lamp").expect("started");
    let key = observer.board("Desk lamp").expect("there").key;
    observer.fleet.retry_now(key);
    observer.connected("Desk lamp");
    assert_eq!(
        version(&observer, "Desk lamp").as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
    observer
        .fleet
        .update(key, ImageSource::Bytes(image("0.2.0")));
    observer.until("it runs the new one", 3 * SOON, |seen| {
        matches!(
            seen.board("Desk lamp")?.update,
            Some(UpdateState::Done { .. })
        )
        .then_some(())
    });
}

#[test]
fn a_canceled_update_ends_on_the_board_too() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = under_way(&boards);
    let key = observer.board("Desk lamp").expect("there").key;
    observer.fleet.cancel_update(key);
    assert_eq!(problem(&mut observer, "Desk lamp"), UpdateProblem::Canceled);
    observer.shows("Desk lamp", "update:0", |update| {
        update.in_progress() == Some(false)
            && update.last_error() == Some("aborted by a controller")
    });
}

#[test]
fn an_image_that_never_comes_up_is_rolled_back_with_the_reason() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let broken = Image {
        comes_up: false,
        ..Image::new("0.3.0").expect("a version")
    };
    observer
        .fleet
        .update(lamp.key, ImageSource::Bytes(broken.to_bytes(3_000)));
    let UpdateProblem::RolledBack(reason) = problem(&mut observer, "Desk lamp") else {
        panic!("it did not come back")
    };
    assert!(reason.contains("the previous one was restored"), "{reason}");
    assert_eq!(
        version(&observer, "Desk lamp").as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
}

/// A file with an image, deleted when this is dropped.
struct ImageFile(tempfile::NamedTempFile);

impl ImageFile {
    fn of(bytes: &[u8]) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), bytes).expect("written");
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().expect("a path in UTF-8")
    }
}

fn switchboard(words: &[&str]) -> Output {
    let mut command = program::switchboard();
    command
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn on_the_command_line_an_update_prints_the_versions_before_and_after() {
    let boards = boards(Profile::Lamp, 1);
    let file = ImageFile::of(&image("0.2.0"));
    let output = switchboard(&["ota", &address(&boards), file.path()]);
    let (said, progress) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{progress}");
    assert!(
        said.starts_with(&format!(
            "Desk lamp  firmware {} -> 0.2.0  (",
            env!("CARGO_PKG_VERSION")
        )),
        "{said}"
    );
    let lines: Vec<&str> = progress.lines().collect();
    assert!(
        lines.iter().any(|line| line.ends_with(" KiB of 29 KiB")),
        "{progress}"
    );
    assert!(lines.len() <= 14, "a line for every tenth: {progress}");
    assert_eq!(
        lines.last(),
        Some(&"the board is restarting with the new image")
    );
}

#[test]
fn on_the_command_line_every_line_of_json_is_an_object_and_the_last_has_the_versions() {
    let boards = boards(Profile::Lamp, 1);
    let file = ImageFile::of(&image("0.2.0"));
    let output = switchboard(&["ota", &address(&boards), file.path(), "--json"]);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(lines.iter().all(|line| line["id"].is_string()), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line["update"]["state"] == "sending")
    );
    let last = &lines.last().expect("something was said")["update"];
    assert_eq!(
        (&last["state"], &last["after"]),
        (&json!("done"), &json!("0.2.0"))
    );
    assert_eq!(last["before"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn on_the_command_line_each_failure_has_its_exit_status() {
    let boards = boards(Profile::Lamp, 1);
    let address = address(&boards);
    let rubbish = ImageFile::of(&[1; 2_000]);
    let empty = ImageFile::of(&[]);
    let good = ImageFile::of(&image("0.2.0"));
    for (words, status, reason) in [
        (
            ["ota", &address, "/nowhere/at/all.bin"],
            2,
            "/nowhere/at/all.bin",
        ),
        (["ota", &address, empty.path()], 2, "empty"),
        (["ota", &address, rubbish.path()], 1, "not_an_image"),
        (["ota", "127.0.0.1:9", good.path()], 4, "cannot connect"),
    ] {
        let output = switchboard(&words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {said}");
        assert!(said.contains(reason), "{words:?}: {said}");
    }
}
