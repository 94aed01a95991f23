//! What owners of WLEDs complained about in other programs; the numbers are
//! those of the issue threads.

use std::time::Duration;

use doubles::{
    WledOptions,
    wled::{Chip, Palettes},
};
use fleet::{Family, LinkState};
use protocol::State;
use serde_json::json;

use crate::{
    desk::{SOON, component_of, on},
    families::{is_done, observing, wled},
};

/// What is read of the web server: nothing else has the names.
const NAMES: [&str; 3] = ["GET /json/eff", "GET /json/pal", "GET /presets.json"];

// home-assistant/core#161183.
#[test]
fn http_is_used_for_the_names_only_once() {
    let board = wled(WledOptions::default());
    let mut seen = observing(Family::Wled, board.address());
    let view = seen.connected(board.id());
    for wanted in [true, false, true] {
        let outcome = seen.set(&view, "light:0", on(wanted));
        assert!(is_done(&outcome), "{outcome:?}");
    }
    board.set(&json!({ "bri": 77 }));
    seen.shows(board.id(), "light:0", |state| {
        state.brightness() == Some(30)
    });
    seen.for_a_while(Duration::from_secs(6), |_| {});
    assert_eq!(board.http_requests(), NAMES);
    assert_eq!(board.counts().websockets, 1);
    // A preset is saved at the board: its list has changed, and only that.
    board.set(&json!({ "psave": 9, "n": "Late" }));
    seen.until("its name", SOON, |seen| {
        let view = component_of(seen.board(board.id())?, "select:0")?;
        json!(view.reported)["options"]
            .as_array()?
            .contains(&json!("Late"))
            .then_some(())
    });
    assert_eq!(board.http_requests()[3..], ["GET /presets.json"]);
}

// wled/WLED#4546, home-assistant/core#109396.
#[test]
fn a_busy_board_is_asked_again_and_never_shown_as_lost() {
    let board = wled(WledOptions::default());
    // Names are refused with 503, and read later.
    board.refuse(2);
    let mut seen = observing(Family::Wled, board.address());
    let view = seen.connected(board.id());
    for wanted in [true, false] {
        board.refuse(2);
        let outcome = seen.set(&view, "light:0", on(wanted));
        assert!(is_done(&outcome), "{outcome:?}");
        seen.shows(board.id(), "light:0", |state| state.on() == Some(wanted));
    }
    seen.until("the effects have names", SOON, |seen| {
        let light = component_of(seen.board(board.id())?, "light:0")?;
        light
            .descriptor
            .caps
            .effects
            .iter()
            .any(|name| name == "Solid")
            .then_some(())
    });
    let lost = |link: &String| link.starts_with("Unreachable") || link == "Stale";
    let links = seen.links(&view);
    assert!(!links.iter().any(lost), "{links:?}");
    assert_eq!(board.counts().websockets, 1);
}

// home-assistant/core#32139.
#[test]
fn a_segment_that_is_deleted_takes_its_component_with_it() {
    let board = wled(WledOptions {
        segments: 2,
        ..WledOptions::default()
    });
    let mut seen = observing(Family::Wled, board.address());
    let view = seen.connected(board.id());
    assert!(component_of(&view, "light:1").is_some());
    board.remove_segment(1);
    let view = seen.until("it is gone", SOON, |seen| {
        let view = seen.board(board.id())?;
        component_of(view, "light:1")
            .is_none()
            .then(|| view.clone())
    });
    assert!(component_of(&view, "light:0").is_some());
    let outcome = seen.set(&view, "light:0", on(true));
    assert!(is_done(&outcome), "{outcome:?}");
    assert_eq!(board.counts().websockets, 1, "over the same link");
}

// python-wled#1275, home-assistant/core#128181.
#[test]
fn missing_palettes_and_an_unknown_one_leave_the_board_usable() {
    for palettes in [Palettes::Null, Palettes::Missing] {
        let board = wled(WledOptions {
            palettes,
            ..WledOptions::default()
        });
        let mut seen = observing(Family::Wled, board.address());
        let view = seen.connected(board.id());
        board.set(&json!({ "seg": [{ "id": 0, "pal": 255 }] }));
        seen.shows(board.id(), "light:0", |state| {
            json!(state)["palette"] == "255"
        });
        let outcome = seen.set(&view, "light:0", on(true));
        assert!(is_done(&outcome), "{palettes:?}: {outcome:?}");
    }
}

// home-assistant/core#95915.
#[test]
fn a_message_that_is_not_json_is_skipped_and_the_link_stays() {
    let board = wled(WledOptions::default());
    let mut seen = observing(Family::Wled, board.address());
    let view = seen.connected(board.id());
    for text in [
        "",
        "{\"state\":",
        "\u{1f4a1}",
        "[]",
        "null",
        "{\"state\":7}",
    ] {
        board.send_raw(text);
    }
    board.set_output(false);
    seen.shows(board.id(), "light:0", |state| state.on() == Some(false));
    board.set_output(true);
    seen.shows(board.id(), "light:0", |state| state.on() == Some(true));
    let lost = |link: &String| link.starts_with("Unreachable");
    assert!(!seen.links(&view).iter().any(lost));
    assert_eq!(board.counts().websockets, 1);
}

// home-assistant/core#36440.
#[test]
fn with_the_master_off_every_segment_is_shown_dark() {
    let board = wled(WledOptions {
        segments: 2,
        ..WledOptions::default()
    });
    let mut seen = observing(Family::Wled, board.address());
    seen.connected(board.id());
    board.set_output(true);
    for segment in ["light:0", "light:1", "light:1000"] {
        seen.shows(board.id(), segment, |state| state.on() == Some(true));
    }
    board.set_output(false);
    for segment in ["light:0", "light:1", "light:1000"] {
        seen.shows(board.id(), segment, |state| state.on() == Some(false));
    }
    let segments = board.state()["seg"].clone();
    assert_eq!(
        (&segments[0]["on"], &segments[1]["on"]),
        (&json!(true), &json!(true))
    );
}

// A board keeps three clients and closes the oldest for one more.
#[test]
fn two_programs_that_evict_each_other_wait_longer_each_time() {
    let board = wled(WledOptions {
        chip: Chip::Esp8266,
        clients: Some(1),
        ..WledOptions::default()
    });
    let mut one = observing(Family::Wled, board.address());
    one.connected(board.id());
    let mut other = observing(Family::Wled, board.address());
    other.until("it evicts the first", SOON, |seen| {
        (seen.board(board.id())?.link == LinkState::Connected).then_some(())
    });
    let before = board.counts().websockets;
    other.for_a_while(Duration::from_secs(10), |_| {});
    let links = board.counts().websockets - before;
    assert!(links <= 16, "{links} links in 10 s");
}

#[test]
fn a_command_that_changes_nothing_is_confirmed() {
    let board = wled(WledOptions::default());
    let mut seen = observing(Family::Wled, board.address());
    let view = seen.connected(board.id());
    let change = || State::new().with("on", true).with("brightness", 40);
    for _ in 0..3 {
        let outcome = seen.set(&view, "light:0", change());
        assert!(is_done(&outcome), "{outcome:?}");
    }
    seen.shows(board.id(), "light:0", |state| {
        state.brightness() == Some(40)
    });
}

#[test]
fn after_a_reconnect_a_change_arrives_without_a_command() {
    let board = wled(WledOptions::default());
    let mut seen = observing(Family::Wled, board.address());
    seen.connected(board.id());
    board.power_off();
    seen.until("it is lost", SOON, |seen| {
        matches!(seen.board(board.id())?.link, LinkState::Unreachable { .. }).then_some(())
    });
    board.power_on().expect("it listens");
    let view = seen.connected(board.id());
    seen.fleet.retry_now(view.key);
    seen.until("connected", SOON, |seen| {
        (seen.board(board.id())?.link == LinkState::Connected).then_some(())
    });
    board.set(&json!({ "on": true, "bri": 255 }));
    seen.shows(board.id(), "light:0", |state| {
        state.brightness() == Some(100)
    });
}
