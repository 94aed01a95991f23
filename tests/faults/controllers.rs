//! A controller suspends and resumes, or is one of several.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    BACK_WITHIN, SLACK,
    lan::Lan,
    observer::Observer,
    row::{Desk, Right, print},
};

fn signal(id: u32, signal: &str) {
    let done = Command::new("kill")
        .args([signal, &id.to_string()])
        .status()
        .expect("kill");
    assert!(done.success());
}

#[test]
#[ignore = "takes two and a half minutes"]
fn a_controller_suspended_for_two_minutes_shows_the_current_state_when_it_resumes() {
    let Some(lan) = Lan::of(2) else { return };
    let mut desk = Desk::new(&lan);
    desk.press();
    desk.right_after(Instant::now());
    let asleep = Instant::now();
    let id = desk.observer.person.id();
    signal(id, "-STOP");
    desk.hand();
    // A command during the suspension is executed after it resumes, if there is
    // a link then.
    desk.press();
    desk.pass(asleep + Duration::from_secs(120));
    desk.hand();
    desk.hand();
    signal(id, "-CONT");
    let awake = Instant::now();
    let right = desk.right_after(awake);
    print(
        "controller asleep for 2 min",
        None,
        right,
        &desk.tally().to_string(),
    );
    assert!(right.obeys < BACK_WITHIN + SLACK, "{right:?}");
}

#[test]
fn two_controllers_of_one_light_show_the_same_in_the_end() {
    let Some(lan) = Lan::of(3) else { return };
    let mut desk = Desk::new(&lan);
    let mut other = Observer::finding(&lan, 3);
    other.connected(&desk.id);
    let begun = Instant::now();
    for round in 0..100 {
        let ours = desk
            .observer
            .set(&desk.id, "light:0", &json!({"brightness": round % 50}));
        let theirs = other.set(&desk.id, "light:0", &json!({"brightness": 50 + round % 50}));
        assert_eq!(
            (desk.observer.outcome(ours), other.outcome(theirs)),
            ("done".to_owned(), "done".to_owned())
        );
    }
    let truth = desk.truth();
    let right = desk
        .observer
        .shows(&desk.id, &truth, SLACK)
        .max(other.shows(&desk.id, &truth, SLACK));
    print(
        "two controllers of one light",
        None,
        Right::at(right.saturating_duration_since(begun)),
        "100 done each",
    );
}
