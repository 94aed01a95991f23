//! Firmware in the header of a board's page: its version, and its updates.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, BoardView};
use gui::{BoardCommand, DialogKind, Direction, FileDialogSpec, FileTask, Request, Task};
use serde_json::json;

use crate::{
    Bench,
    layout::place,
    open,
    scenes::{self, Now},
};

/// The window over a board of [`scenes::updates`], with this name.
fn updating(name: &str) -> Harness<'static, Bench> {
    let at = Now::read();
    open(
        at,
        scenes::updates(at)
            .into_iter()
            .filter(|board| *board.name == *name)
            .collect(),
    )
}

fn progress(harness: &Harness<'static, Bench>) -> Option<f64> {
    let bar = harness.query_by_role_and_label(Role::ProgressIndicator, "Firmware: progress")?;
    bar.accesskit_node().numeric_value()
}

#[test]
fn an_updatable_board_has_its_version_and_a_button_that_asks_for_an_image() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::updatable(1, at)]);
    harness.get_by_label("Firmware: 0.3.1");
    assert_eq!(progress(&harness), None);
    harness
        .get_by_role_and_label(Role::Button, "Firmware: update firmware")
        .click();
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Task(Task::File(FileTask::Image(BoardKey(1))))]
    );
}

#[test]
fn the_path_of_an_image_can_be_typed() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::updatable(1, at)]);
    let question = FileDialogSpec {
        title: "Firmware for Workbench".to_owned(),
        direction: Direction::Open,
        sorts: &[],
        help: "Enter the path of the image.",
        done: "Update",
    };
    harness
        .state_mut()
        .window
        .open_dialog(DialogKind::Path(Box::new(question)), String::new());
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Path")
        .type_text("/images/firmware.bin");
    harness.run();
    harness
        .get_by_role_and_label(Role::Button, "Update")
        .click();
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Task(Task::UsePath("/images/firmware.bin".into()))]
    );
}

#[test]
fn a_running_update_has_a_progress_bar_and_can_be_canceled() {
    let mut harness = updating("Sending");
    assert_eq!(progress(&harness), Some(43.0));
    harness.get_by_label("Firmware: 43 %  252 KiB of 584 KiB");
    harness
        .get_by_role_and_label(Role::Button, "Firmware: cancel")
        .click();
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Board(BoardCommand::CancelUpdate(BoardKey(1)))]
    );
}

#[test]
fn a_committed_update_cannot_be_canceled_and_that_of_another_controller_is_only_shown() {
    for (board, percent, words) in [
        (
            "Restarting",
            100.0,
            "Firmware: the board is restarting with the new image",
        ),
        (
            "By another",
            43.0,
            "Firmware: another controller is updating this board to 0.4.0: 43 %",
        ),
    ] {
        let harness = updating(board);
        assert_eq!(progress(&harness), Some(percent), "{board}");
        harness.get_by_label(words);
        assert!(
            harness
                .query_by_role_and_label(Role::Button, "Firmware: cancel")
                .is_none(),
            "{board}"
        );
        let begin = harness.get_by_role_and_label(Role::Button, "Firmware: update firmware");
        assert!(begin.accesskit_node().is_disabled(), "{board}");
    }
}

#[test]
fn the_result_of_an_update_stays_on_the_card() {
    for (board, words) in [
        ("Done", "firmware 0.3.0 -> 0.3.1"),
        ("Failed", "the link was lost after 43 %"),
        (
            "Gave way",
            "the last update failed: the new image was not reached",
        ),
    ] {
        let harness = updating(board);
        harness.get_by_label_contains(words);
        assert_eq!(progress(&harness), None, "{board}");
        let begin = harness.get_by_role_and_label(Role::Button, "Firmware: update firmware");
        assert!(!begin.accesskit_node().is_disabled(), "{board}");
    }
}

#[test]
fn firmware_is_in_the_header_and_not_a_card() {
    let at = Now::read();
    let harness = open(at, vec![scenes::updatable(1, at)]);
    assert!(
        harness
            .query_by_role_and_label(Role::Group, "Firmware")
            .is_none()
    );
    let card = place(&harness, "Relay: on");
    let version = harness.get_by_label("Firmware: 0.3.1").rect();
    let begin = harness
        .get_by_role_and_label(Role::Button, "Firmware: update firmware")
        .rect();
    assert!(version.bottom() <= card.top() && begin.bottom() <= card.top());
}

/// A board that says this about signatures.
fn signing(at: Now, required: bool, key: Option<&str>, signed: Option<bool>) -> BoardView {
    let mut board = scenes::updatable(1, at);
    let said = json!({ "signature_required": required, "signing_key": key, "signed": signed });
    if let Some(firmware) = board.components.last_mut() {
        let said = serde_json::from_value(said).expect("a state");
        Arc::make_mut(firmware).reported.merge(&said);
    }
    board
}

#[test]
fn a_board_says_whether_it_requires_signed_firmware() {
    let at = Now::read();
    let key = Some("023523ddd6193abd");
    for (required, key, signed, words) in [
        (false, key, None, "accepts unsigned firmware"),
        (false, None, None, "accepts unsigned firmware"),
        (false, key, Some(false), "unsigned firmware"),
        (true, key, Some(true), "signed firmware only"),
        (true, key, Some(false), "unsigned firmware"),
        (true, None, None, "no updates over the network"),
    ] {
        let harness = open(at, vec![signing(at, required, key, signed)]);
        harness.get_by_label(&format!("Firmware: {words}"));
        let begin = harness.get_by_role_and_label(Role::Button, "Firmware: update firmware");
        // A board that cannot verify an image cannot be updated.
        let disabled = begin.accesskit_node().is_disabled();
        assert_eq!(disabled, required && key.is_none(), "{words}");
    }
    // An older board says nothing about signatures.
    let harness = open(at, vec![scenes::updatable(1, at)]);
    assert!(harness.query_by_label_contains("signed").is_none());
}
