//! Announcements that are wrong or lost: a link does not need them and is not
//! misled by them.

use std::time::{Duration, Instant};

use protocol::limits;

use crate::{
    SLACK,
    actors::Actor,
    lan::{Lan, address},
    observer::Observer,
    row::{Desk, Right, ids, print, truth},
};

#[test]
fn without_mdns_a_link_holds_and_a_typed_address_is_enough() {
    let Some(lan) = Lan::of(3) else { return };
    let mut desk = Desk::new(&lan);
    lan.without_mdns(1);
    lan.without_mdns(3);
    let begun = Instant::now();
    let mut late = Observer::finding(&lan, 3);
    assert_eq!(
        late.within(Duration::from_secs(5), |seen| !seen.boards.is_empty()),
        None,
        "nothing is found"
    );
    let given = Instant::now();
    late.person.tell(&format!("add {}:8000", address(2)));
    late.connected(&desk.id);
    let right = given.elapsed();
    // Longer than the silence after which a board is stale.
    while begun.elapsed() < limits::STALE_AFTER + SLACK {
        desk.press();
        desk.pass(Instant::now() + Duration::from_secs(3));
    }
    let shown = desk
        .observer
        .links
        .iter()
        .any(|(at, _, link)| *at > begun && link != "connected");
    desk.right_after(Instant::now());
    let tally = desk.tally();
    print(
        "mDNS blocked: connected by address",
        None,
        Right::at(right),
        &tally.to_string(),
    );
    assert!(!shown, "{:?}", desk.observer.links);
    assert_eq!((tally.unknown, tally.not_done), (0, 0));
}

#[test]
fn two_boards_with_the_same_id_are_shown_as_one_of_them_and_never_mixed() {
    let Some(lan) = Lan::of(3) else { return };
    let mut desk = Desk::new(&lan);
    let mut double = Actor::at(&lan, 3, "boards 1");
    assert_eq!(
        ids(&double.answer()),
        std::slice::from_ref(&desk.id).to_vec()
    );
    // Their states differ from now on.
    double.ask(&format!("press {}", desk.id));
    let begun = Instant::now();
    let mut wrong = 0;
    while begun.elapsed() < Duration::from_secs(20) {
        desk.pass(Instant::now() + Duration::from_secs(1));
        let shown = desk.observer.board(&desk.id).clone();
        let (here, there) = (desk.truth(), truth(&mut double, &desk.id));
        let is_so = if shown["address"] == format!("{}:8000", address(2)) {
            &here
        } else {
            &there
        };
        wrong += u32::from(shown["link"] == "connected" && shown["shown"]["light:0"] != *is_so);
    }
    let changes = desk
        .observer
        .links
        .windows(2)
        .filter(|pair| pair[0].0 > begun && pair[0].2 != pair[1].2)
        .count();
    let other = format!("{}:8000", address(3));
    let claims = desk.observer.board(&desk.id)["claims"].clone();
    assert_eq!(
        claims,
        serde_json::json!([other]),
        "the person is told of the double"
    );
    // The first one ends; the duplicate is left.
    let killed = Instant::now();
    desk.boards.kill();
    let id = desk.id.clone();
    let at = desk
        .observer
        .until("the double is connected", SLACK * 10, |seen| {
            seen.is(&id, "connected") && seen.board(&id)["address"] == *other
        });
    let commands = format!("{wrong} wrong values, {changes} changes of the link in 20 s");
    print(
        "two boards with one id; then one is killed",
        None,
        Right::at(at - killed),
        &commands,
    );
    assert_eq!((wrong, changes), (0, 0));
}
