//! A bad cable between a board and its fleet: unplugged, lossy, slow or long.

use std::time::{Duration, Instant};

use protocol::limits;

use crate::{
    BACK_WITHIN, SLACK,
    actors::Actor,
    lan::Lan,
    observer::Observer,
    row::{self, Desk, Right, ids, print},
};

/// Unplugs a cable for this long; meanwhile the fleet presses and the board is
/// pressed physically.
fn cable_out(out: Duration) -> Option<(Option<Duration>, Right)> {
    let lan = Lan::of(2)?;
    let mut desk = Desk::new(&lan);
    let cut = Instant::now();
    lan.cut(2);
    desk.press();
    desk.hand();
    let shown = desk.shown_after(cut, cut + out);
    if shown.is_some() {
        // A board known to be disconnected gets no commands.
        desk.press();
    }
    desk.pass(cut + out);
    lan.mend(2);
    let mended = Instant::now();
    let right = desk.right_after(mended);
    print(
        &format!("cable out for {} s", out.as_secs()),
        shown,
        right,
        &desk.tally().to_string(),
    );
    Some((shown, right))
}

#[test]
fn a_cable_unplugged_for_a_second_is_not_noticed_and_nothing_is_lost() {
    let Some((shown, right)) = cable_out(Duration::from_secs(1)) else {
        return;
    };
    assert_eq!(shown, None);
    assert!(right.obeys < limits::COMMAND_TIMEOUT + SLACK, "{right:?}");
}

#[test]
#[ignore = "takes a minute"]
fn a_board_unplugged_for_half_a_minute_becomes_stale_and_recovers() {
    let Some((shown, right)) = cable_out(Duration::from_secs(30)) else {
        return;
    };
    assert!(
        shown.is_some_and(|shown| shown < limits::STALE_AFTER + SLACK),
        "{shown:?}"
    );
    assert!(right.obeys < BACK_WITHIN + SLACK, "{right:?}");
}

#[test]
#[ignore = "takes four minutes"]
fn a_board_unplugged_for_three_minutes_becomes_unreachable_and_recovers() {
    let Some((shown, right)) = cable_out(Duration::from_secs(180)) else {
        return;
    };
    assert!(
        shown.is_some_and(|shown| shown < limits::STALE_AFTER + SLACK),
        "{shown:?}"
    );
    assert!(right.obeys < BACK_WITHIN + SLACK, "{right:?}");
}

#[test]
fn no_press_over_a_link_that_loses_a_third_is_executed_twice() {
    let Some(lan) = Lan::of(2) else { return };
    let mut desk = Desk::new(&lan);
    lan.loses(1, 30);
    lan.loses(2, 30);
    let begun = Instant::now();
    for number in 1..=20 {
        desk.press();
        desk.hand();
        desk.pass(begun + Duration::from_secs(number));
    }
    let links = desk
        .observer
        .links
        .iter()
        .filter(|(at, _, link)| *at > begun && link == "stale")
        .count();
    for host in [1, 2] {
        lan.unfiltered(host);
    }
    let mended = Instant::now();
    let right = desk.right_after(mended);
    let tally = desk.tally();
    print(
        "30 % of packets lost, both ways, for 20 s",
        None,
        right,
        &format!("{tally}; stale {links} times"),
    );
    assert!(right.obeys < BACK_WITHIN + SLACK, "{right:?}");
}

#[test]
fn twenty_boards_over_a_quarter_of_a_megabit_connect_and_execute_commands() {
    const BOARDS: usize = 20;
    let Some(lan) = Lan::of(2) else { return };
    lan.slow(1, "256kbit");
    lan.slow(2, "256kbit");
    let mut boards = Actor::at(&lan, 2, "boards 20");
    let ids = ids(&boards.answer());
    let begun = Instant::now();
    let mut observer = Observer::finding(&lan, 1);
    let connected = |seen: &Observer| ids.iter().filter(|id| seen.is(id, "connected")).count();
    let at = observer.until("all connected", Duration::from_secs(30), |seen| {
        connected(seen) == BOARDS
    });
    let commands: Vec<_> = ids.iter().map(|id| observer.press(id)).collect();
    let pressed = Instant::now();
    let done = commands
        .into_iter()
        .filter(|number| observer.outcome(*number) == "done")
        .count();
    let took = pressed.elapsed();
    let commands = format!("{done} of {BOARDS} at once done in {} ms", took.as_millis());
    print(
        "256 kbit/s, both ways, 20 boards: connected",
        None,
        Right::at(at - begun),
        &commands,
    );
    assert_eq!(done, BOARDS);
    let shown = ids.iter().all(|id| {
        let truth = row::truth(&mut boards, id);
        observer
            .within(SLACK, |seen| seen.board(id)["shown"]["light:0"] == truth)
            .is_some()
    });
    assert!(shown, "{:#?}", observer.boards);
}

#[test]
fn over_a_long_link_with_jitter_presses_are_executed_once_and_the_link_holds() {
    let Some(lan) = Lan::of(2) else { return };
    let mut delayers = Vec::new();
    for host in [1, 2] {
        if !lan.queues(host) {
            return;
        }
        let mut delayer = Actor::at(&lan, host, "delay 200 50");
        delayer.answer();
        delayers.push(delayer);
    }
    let begun = Instant::now();
    let mut desk = Desk::new(&lan);
    let connected = begun.elapsed();
    let begun = Instant::now();
    for number in 1..=15 {
        desk.press();
        desk.pass(begun + number * Duration::from_millis(700));
    }
    let held = !desk
        .observer
        .links
        .iter()
        .any(|(at, _, link)| *at > begun && link != "connected");
    let right = desk.right_after(Instant::now());
    let tally = desk.tally();
    let median = desk.observer.median_ms();
    let commands = format!(
        "{tally}; found in {:.1} s, half within {median} ms",
        connected.as_secs_f64()
    );
    print(
        "200 ms each way, 50 ms more or less",
        None,
        right,
        &commands,
    );
    assert!(held, "{:?}", desk.observer.links);
    // And the one after them.
    assert_eq!(tally.done, 16);
    assert!(median >= 300, "{median} ms: nothing was held back");
}
