//! What becomes of commands and links when a board hangs: pending, unconfirmed,
//! stale, and back.

use std::time::{Duration, Instant};

use doubles::{ShellyOptions, WledOptions};
use fleet::{CommandState, Family, LinkState, Outcome};
use protocol::limits;

use crate::{
    desk::{Observer, SOON, component_of, on},
    families::{is_done, observing, shelly, wled},
};

/// A margin for a loaded machine.
const SLACK: Duration = Duration::from_secs(8);

/// A command to a board that hangs is pending, then unconfirmed; the board
/// becomes stale, and after it continues, its state is shown.
fn hangs(
    mut seen: Observer,
    (id, component): (&str, &str),
    hold: impl FnOnce(),
    release: impl FnOnce(),
    truth: impl Fn() -> bool,
) {
    let view = seen.connected(id);
    let outcome = seen.set(&view, component, on(false));
    assert!(is_done(&outcome), "{outcome:?}");
    hold();
    let held = Instant::now();
    let outcome = seen.start_set(&view, component, on(true));
    seen.until("pending", SOON, |seen| {
        let view = component_of(seen.board(id)?, component)?;
        let pending = matches!(view.command, CommandState::Pending { .. });
        (pending && view.shown().on() == Some(true)).then_some(())
    });
    let outcome = outcome.recv_timeout(limits::COMMAND_TIMEOUT + SLACK);
    assert_eq!(outcome, Ok(Outcome::Unconfirmed));
    seen.until("what was reported last", SOON, |seen| {
        let view = component_of(seen.board(id)?, component)?;
        let unconfirmed = matches!(view.command, CommandState::Unconfirmed { .. });
        (unconfirmed && view.shown().on() == Some(false)).then_some(())
    });
    seen.until("stale", limits::STALE_AFTER + SLACK, |seen| {
        (seen.board(id)?.link == LinkState::Stale).then_some(())
    });
    let stale = held.elapsed();
    // It was heard last before it hung.
    let soonest = limits::STALE_AFTER - Duration::from_secs(1);
    assert!(stale >= soonest, "{stale:?}");
    release();
    seen.until("connected", SOON, |seen| {
        let is_up = seen.board(id)?.link == LinkState::Connected;
        let view = component_of(seen.board(id)?, component)?;
        (is_up && view.shown().on() == Some(truth())).then_some(())
    });
}

#[test]
fn a_shelly_that_hangs_is_stale_and_its_command_unconfirmed() {
    let board = shelly(ShellyOptions::default());
    hangs(
        observing(Family::Shelly, board.address()),
        (board.id(), "switch:0"),
        || board.hold(),
        || board.release(),
        || board.status("switch:0")["output"] == true,
    );
}

#[test]
fn a_wled_that_hangs_is_stale_and_its_command_unconfirmed() {
    let board = wled(WledOptions::default());
    hangs(
        observing(Family::Wled, board.address()),
        (board.id(), "light:0"),
        || board.hold(),
        || board.release(),
        || board.state()["on"] == true,
    );
}

/// A board without changes stays connected: its pings are answered.
#[test]
fn boards_that_have_nothing_to_say_stay_connected() {
    let (one, other) = (
        shelly(ShellyOptions::default()),
        wled(WledOptions::default()),
    );
    let mut seen = Observer::of(&[
        &format!("shelly://{}", one.address()),
        &format!("wled://{}", other.address()),
    ]);
    seen.connected(one.id());
    seen.connected(other.id());
    seen.for_a_while(limits::STALE_AFTER + Duration::from_secs(8), |seen| {
        for board in seen.boards.values() {
            assert_eq!(board.link, LinkState::Connected, "{}", board.name);
        }
    });
    assert_eq!(one.counts().websockets, 1);
    assert_eq!(other.counts().websockets, 1);
}
