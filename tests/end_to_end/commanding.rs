//! Commands and pushes between a fleet and boards, and between two controllers
//! of one board.

use crate::desk::{
    Observer, SOON, address, boards, component_of, key, name, on, reply, wire::Wire,
};
use fleet::{CommandState, LinkProblem, LinkState, Origin, Outcome};
use protocol::State;
use serde_json::json;
use virtual_board::Profile;

#[test]
fn a_command_goes_from_pending_to_confirmed_and_is_executed() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let was_on = component_of(&lamp, "light:0")
        .expect("a light")
        .reported
        .on()
        .expect("known");
    observer.fleet.set(
        lamp.key,
        &key("light:0"),
        on(!was_on).with("brightness", 40),
        None,
    );
    assert!(matches!(
        observer.settled("Desk lamp", "light:0"),
        CommandState::Confirmed { .. }
    ));
    let answer = Wire::open(&address(&boards)).call("Device.GetStatus", json!({}));
    assert_eq!(answer["result"]["light:0"]["on"], !was_on);
    assert_eq!(answer["result"]["light:0"]["brightness"], 40);
}

#[test]
fn a_refused_command_rolls_back_with_its_reason() {
    let boards = boards(Profile::Everything, 1);
    let name = name(&boards);
    let mut observer = Observer::of(&[&address(&boards)]);
    let board = observer.connected(&name);
    // The profile's interlock: switch:1 is refused while switch:0 is on.
    for (component, state) in [("switch:1", false), ("switch:0", true)] {
        let (answer, answered) = reply();
        observer
            .fleet
            .set(board.key, &key(component), on(state), answer);
        assert!(matches!(
            answered.recv_timeout(SOON),
            Ok(Outcome::Done { .. })
        ));
    }
    let (answer, answered) = reply();
    observer
        .fleet
        .set(board.key, &key("switch:1"), on(true), answer);
    let Ok(Outcome::Refused(error)) = answered.recv_timeout(SOON) else {
        panic!("the interlock did not refuse")
    };
    assert_eq!(i32::from(error.code), -32003, "{error}");
    let seen = observer.until("the refusal is shown", SOON, |seen| {
        let view = component_of(seen.board(&name)?, "switch:1")?;
        matches!(view.command, CommandState::Refused { .. }).then(|| view.clone())
    });
    assert_eq!((seen.shown().on(), &seen.wanted), (Some(false), &None));
}

#[test]
fn a_physical_press_is_pushed_to_the_fleet() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let was_on = component_of(&lamp, "light:0")
        .expect("a light")
        .reported
        .on()
        .expect("known");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    observer.shows("Desk lamp", "light:0", |light| light.on() == Some(!was_on));
    assert_eq!(observer.pressed("button:0"), Origin::Physical);
}

#[test]
fn two_controllers_see_each_others_changes() {
    let boards = boards(Profile::Strip, 1);
    let address = address(&boards);
    let name = name(&boards);
    let (mut one, mut other) = (Observer::of(&[&address]), Observer::of(&[&address]));
    let (board, _) = (one.connected(&name), other.connected(&name));
    let was_on = component_of(&board, "switch:2")
        .expect("a switch")
        .reported
        .on()
        .expect("known");
    one.fleet
        .set(board.key, &key("switch:2"), on(!was_on), None);
    let seen = other.shows(&name, "switch:2", |switch| switch.on() == Some(!was_on));
    let changed = component_of(&seen, "switch:2").and_then(|view| view.changed.clone());
    assert!(
        matches!(changed, Some((_, Origin::OtherController(_)))),
        "{changed:?}"
    );
    let seen = one.shows(&name, "switch:2", |switch| switch.on() == Some(!was_on));
    assert!(seen.client.is_some());
}

#[test]
fn a_fifth_controller_is_refused_and_the_four_are_unaffected() {
    let boards = boards(Profile::Lamp, 1);
    let address = address(&boards);
    let mut four: Vec<Wire> = (0..4).map(|_| Wire::open(&address)).collect();
    let Err((status, body)) = Wire::request(&address, "/rpc", &[]) else {
        panic!("a fifth was let in")
    };
    assert_eq!(status, 503);
    assert!(body.contains("all_places_taken"), "{body}");
    let mut fifth = Observer::of(&[&address]);
    fifth.until("the fifth says why", SOON, |seen| {
        seen.boards.values().find(|board| {
            matches!(
                &board.link,
                LinkState::Unreachable {
                    problem: LinkProblem::AllSlotsTaken,
                    retry_at: Some(_)
                }
            )
        })?;
        Some(())
    });
    for wire in &mut four {
        assert!(wire.call("Sys.Ping", json!({}))["result"].is_object());
    }
    // A slot that becomes free is taken by the next attempt.
    four.pop();
    let board = *fifth.boards.keys().next().expect("known");
    fifth.until("the fifth is in", SOON, |seen| {
        let view = &seen.boards[&board];
        if matches!(view.link, LinkState::Unreachable { .. }) {
            seen.fleet.retry_now(board);
        }
        (view.link == LinkState::Connected).then_some(())
    });
}

#[test]
fn a_dragged_slider_ends_at_its_newest_value_and_nothing_queues_up() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let mut replies = Vec::new();
    for brightness in 1..=100 {
        let (answer, answered) = reply();
        observer.fleet.set(
            lamp.key,
            &key("light:0"),
            State::new().with("brightness", brightness),
            answer,
        );
        replies.push(answered);
    }
    let outcomes: Vec<Outcome> = replies
        .iter()
        .map(|r| r.recv_timeout(SOON).expect("an outcome"))
        .collect();
    assert!(
        matches!(outcomes.last(), Some(Outcome::Done { .. })),
        "{:?}",
        outcomes.last()
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Done { .. } | Outcome::Superseded))
    );
    observer.shows("Desk lamp", "light:0", |light| {
        light.brightness() == Some(100)
    });
}

#[test]
fn a_press_while_another_is_pending_is_not_lost() {
    let boards = boards(Profile::Lamp, 1);
    let address = address(&boards);
    let mut observer = Observer::of(&[&address]);
    let lamp = observer.connected("Desk lamp");
    let mut witness = Wire::open(&address);
    witness.call("Device.Subscribe", json!({}));
    for _ in 0..5 {
        observer.fleet.press(lamp.key, &key("button:0"), None);
    }
    for _ in 0..5 {
        witness.until("a press", |message| message["method"] == "NotifyEvent");
    }
}
