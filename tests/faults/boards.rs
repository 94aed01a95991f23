//! A board dies, hangs, moves or restarts, alone or with fifty others.

use std::time::{Duration, Instant};

use protocol::limits;

use crate::{
    BACK_WITHIN, SLACK,
    actors::Actor,
    lan::{Lan, address},
    observer::Observer,
    row::{self, Desk, Right, ids, print},
};

#[test]
fn a_killed_board_is_shown_at_once_and_found_again_by_its_announcement() {
    let Some(lan) = Lan::of(2) else { return };
    let mut desk = Desk::new(&lan);
    let killed = Instant::now();
    desk.boards.kill();
    let shown = desk.shown_after(killed, killed + SLACK).expect("shown");
    desk.press();
    desk.pass(killed + Duration::from_secs(10));
    desk.boards = Actor::at(&lan, 2, "boards 1");
    desk.boards.answer();
    let back = Instant::now();
    desk.boards.ask(&format!("count {}", desk.id));
    let right = desk.right_after(back);
    let tally = desk.tally();
    print(
        "board killed, back after 10 s",
        Some(shown),
        right,
        &tally.to_string(),
    );
    assert!(shown < Duration::from_secs(2) + SLACK, "{shown:?}");
    assert!(
        right.obeys < Duration::from_secs(5) + SLACK,
        "an announcement wakes at once, not after {right:?}"
    );
    assert_eq!(tally.not_done, 1);
}

#[test]
#[ignore = "takes a minute and a half"]
fn a_hanging_board_becomes_stale_is_dropped_and_recovers() {
    let Some(lan) = Lan::of(2) else { return };
    let mut desk = Desk::new(&lan);
    let held = Instant::now();
    desk.boards.ask(&format!("hold {}", desk.id));
    desk.press();
    let shown = desk
        .shown_after(held, held + limits::STALE_AFTER + SLACK)
        .expect("shown as stale");
    let id = desk.id.clone();
    let dropped = desk
        .observer
        .until("dropped", limits::CLIENT_DROPS_AFTER + SLACK, |seen| {
            seen.is(&id, "unreachable") || seen.is(&id, "connecting")
        });
    desk.pass(held + Duration::from_secs(60));
    desk.boards.ask(&format!("release {}", desk.id));
    let right = desk.right_after(Instant::now());
    let commands = format!(
        "{}; dropped after {:.1} s",
        desk.tally(),
        (dropped - held).as_secs_f64()
    );
    print(
        "board hangs for 60 s, sockets open",
        Some(shown),
        right,
        &commands,
    );
    assert!(dropped - held < limits::CLIENT_DROPS_AFTER + SLACK);
    assert!(right.obeys < BACK_WITHIN + SLACK, "{right:?}");
}

#[test]
#[ignore = "takes up to a minute"]
fn a_board_whose_address_changes_is_followed() {
    let Some(lan) = Lan::of(2) else { return };
    let mut desk = Desk::new(&lan);
    let moved = Instant::now();
    lan.on(2, &format!("ip address del {}/24 dev e0", address(2)));
    lan.on(2, "ip address add 10.78.0.77/24 dev e0");
    desk.press();
    desk.hand();
    let shown = desk.shown_after(moved, moved + limits::STALE_AFTER + SLACK);
    let id = desk.id.clone();
    desk.observer.until(
        "the new address",
        limits::CLIENT_DROPS_AFTER + BACK_WITHIN,
        |seen| seen.is(&id, "connected") && seen.board(&id)["address"] == "10.78.0.77:8000",
    );
    let right = desk.right_after(moved);
    print(
        "board's address changes",
        shown,
        right,
        &desk.tally().to_string(),
    );
    assert!(
        right.obeys < limits::CLIENT_DROPS_AFTER + BACK_WITHIN + SLACK,
        "{right:?}"
    );
}

#[test]
fn a_board_restarted_by_another_controller_is_read_again() {
    let Some(lan) = Lan::of(3) else { return };
    let mut desk = Desk::new(&lan);
    let mut other = Observer::finding(&lan, 3);
    other.connected(&desk.id);
    // The set values survive the restart, and the epoch is a new one.
    let number = desk
        .observer
        .set(&desk.id, "light:0", &serde_json::json!({"brightness":33}));
    assert_eq!(desk.observer.outcome(number), "done");
    let told = Instant::now();
    let number = other.call(&desk.id, "Device.Reboot");
    assert_eq!(other.outcome(number), "done");
    let shown = desk.shown_after(told, told + SLACK);
    let right = desk.right_after(told);
    assert_eq!(desk.truth()["brightness"], 33);
    print(
        "board restarts, told by another controller",
        shown,
        right,
        "",
    );
    assert!(right.obeys < Duration::from_secs(10) + SLACK, "{right:?}");
}

#[test]
fn fifty_boards_that_restart_at_once_all_recover() {
    let Some(lan) = Lan::of(2) else { return };
    let mut boards = Actor::at(&lan, 2, "boards 50");
    let ids = ids(&boards.answer());
    let mut observer = Observer::finding(&lan, 1);
    let all = |seen: &Observer, link: &str| ids.iter().filter(|id| seen.is(id, link)).count();
    observer.until("all connected", Duration::from_secs(30), |seen| {
        all(seen, "connected") == ids.len()
    });
    let told = Instant::now();
    let numbers: Vec<_> = ids
        .iter()
        .map(|id| observer.call(id, "Device.Reboot"))
        .collect();
    let mut down = None;
    let right = observer.until("all are back", BACK_WITHIN, |seen| {
        let gone = |id: &String| {
            seen.links
                .iter()
                .any(|(at, of, link)| of == id && *at > told && link == "unreachable")
        };
        let all_gone = ids.iter().all(gone);
        down = down.or(all_gone.then(|| told.elapsed()));
        all_gone && all(seen, "connected") == ids.len()
    });
    let obeyed = numbers
        .into_iter()
        .filter(|number| observer.outcome(*number) == "done")
        .count();
    for id in &ids {
        let truth = row::truth(&mut boards, id);
        observer.shows(id, &truth, SLACK);
    }
    print(
        "50 boards restart at once",
        down,
        Right::at(right - told),
        &format!("{obeyed} restarts done"),
    );
    assert!(right - told < Duration::from_secs(15) + SLACK);
}
