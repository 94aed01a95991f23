//! Typed addresses: with and without a family, and with a wrong one.

use std::sync::Arc;

use doubles::{ShellyOptions, WledOptions};
use fleet::{BoardView, Family, LinkState};
use virtual_board::Profile;

use crate::{
    desk::{Observer, SOON, address, boards, component_of, key},
    families::{shelly, wled},
    program::switchboard,
};

#[test]
fn an_address_alone_is_tried_as_each_family() {
    let (one, other) = (
        shelly(ShellyOptions::default()),
        wled(WledOptions::default()),
    );
    let ours = boards(Profile::Lamp, 1);
    let mut seen = Observer::of(&[
        &one.address().to_string(),
        &other.address().to_string(),
        &address(&ours),
    ]);
    assert_eq!(seen.connected(one.id()).family, Family::Shelly);
    assert_eq!(seen.connected(other.id()).family, Family::Wled);
    assert_eq!(seen.connected("Desk lamp").family, Family::Switchboard);
    assert_eq!(seen.boards.len(), 3);
}

#[test]
fn a_family_before_the_address_is_used() {
    let (one, other) = (
        shelly(ShellyOptions::default()),
        wled(WledOptions::default()),
    );
    let mut seen = Observer::of(&[
        &format!("shelly://{}", one.address()),
        &format!("WLED://{}/", other.address()),
    ]);
    assert_eq!(seen.connected(one.id()).family, Family::Shelly);
    assert_eq!(seen.connected(other.id()).family, Family::Wled);
    // Nothing else was tried.
    assert_eq!(one.counts().connections, 1);
    assert_eq!(other.counts().websockets, 1);
}

/// The reason why the only board is not connected.
fn reason(seen: &mut Observer) -> (Arc<BoardView>, String) {
    seen.until("a reason", 2 * SOON, |seen| {
        let view = seen.boards.values().next()?;
        match &view.link {
            LinkState::Unreachable { problem, .. } => Some((view.clone(), problem.to_string())),
            _ => None,
        }
    })
}

#[test]
fn a_wrong_family_before_the_address_is_reported_with_its_name() {
    let (one, other) = (
        shelly(ShellyOptions::default()),
        wled(WledOptions::default()),
    );
    let ours = boards(Profile::Lamp, 1);
    for (typed, expected) in [
        (format!("wled://{}", one.address()), "is not WLED"),
        (format!("shelly://{}", other.address()), "is not Shelly"),
        (format!("shelly://{}", address(&ours)), "is not Shelly"),
        (format!("wled://{}", address(&ours)), "is not WLED"),
        (format!("esphome://{}", one.address()), "is not ESPHome"),
        (format!("esphome://{}", address(&ours)), "is not ESPHome"),
        (
            format!("ws://{}", other.address()),
            "is not a Switchboard board",
        ),
    ] {
        let mut seen = Observer::of(&[&typed]);
        if typed.starts_with("ws://") {
            // Without a family, it is found out.
            assert_eq!(seen.connected(other.id()).family, Family::Wled);
            continue;
        }
        let (view, reason) = reason(&mut seen);
        // A server of HTTP may close another stream without an answer.
        let closed = typed.starts_with("esphome://") && reason.contains("was closed");
        assert!(reason.contains(expected) || closed, "{typed}: {reason}");
        assert!(view.info.is_none() && view.components.is_empty());
    }
}

#[test]
fn the_command_line_takes_addresses_with_and_without_a_family() {
    let (one, other) = (
        shelly(ShellyOptions::default()),
        wled(WledOptions::default()),
    );
    let toggle = |target: String| {
        let output = switchboard()
            .args(["toggle", &target])
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    for (typed, wanted) in [
        (format!("shelly://{}/switch:0", one.address()), true),
        (format!("{}/switch:0", one.address()), false),
    ] {
        assert_eq!(toggle(typed.clone()), (Some(0), String::new()), "{typed}");
        assert_eq!(one.status("switch:0")["output"], wanted, "{typed}");
    }
    for typed in [
        format!("wled://{}/light:0", other.address()),
        format!("{}/light:0", other.address()),
    ] {
        let before = other.state()["on"].clone();
        assert_eq!(toggle(typed.clone()), (Some(0), String::new()), "{typed}");
        assert_ne!(other.state()["on"], before, "{typed}");
    }
    let (code, said) = toggle(format!("shelly://{}/light:0", other.address()));
    assert_ne!(code, Some(0));
    assert!(said.contains("is not Shelly"), "{said}");
}

#[test]
fn components_have_the_same_numbers_for_every_program() {
    let board = shelly(ShellyOptions::default());
    let mut seen = Observer::of(&[&board.address().to_string()]);
    let view = seen.connected(board.id());
    let output = switchboard()
        .args(["show", &format!("shelly://{}", board.address()), "--json"])
        .output()
        .expect("the program runs");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = shown.to_string();
    for component in &view.components {
        let listed = format!("\"{}\"", component.descriptor.key);
        assert!(text.contains(&listed), "{listed}: {text}");
    }
    assert!(component_of(&view, "switch:0").is_some());
    assert_eq!(key("switch:0").id, 0);
}
