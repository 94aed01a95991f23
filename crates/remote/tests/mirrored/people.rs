//! Who may do what, and who is told of it.

use std::sync::mpsc::channel;

use fleet::{CommandState, FleetRequest, LogEvent, Origin, Outcome, ServerState};
use protocol::{Object, State, method};
use remote::{Refusal, server::Role};

use crate::pair::{Desk, Window, component};

fn on(on: bool) -> State {
    State::new().with("on", on)
}

/// Has a window switch the lamp; returns the outcome, if the server answered.
fn switch(window: &mut Window, desk: &mut Desk) -> Option<Outcome> {
    let (answer, answered) = channel();
    let board = window.named("Lamp").key;
    let reply = move |outcome| {
        let _ = answer.send(outcome);
    };
    let light = "light:0".parse().expect("a component");
    window
        .fleet
        .set(board, &light, on(true), Some(Box::new(reply)));
    window.settle();
    for request in desk.asked() {
        if let FleetRequest::Command(board, command, Some(reply)) = request {
            assert_eq!(command.wanted, Some(on(true)));
            reply(Outcome::Done {
                result: serde_json::json!({}),
                took: std::time::Duration::from_millis(1),
            });
            desk.report(board, 0, on(true), Origin::ThisProgram);
        }
    }
    window.settle();
    answered.try_recv().ok()
}

fn lamp() -> Desk {
    let mut desk = Desk::new();
    desk.board("Lamp", vec![component("light:0", &on(false))]);
    desk
}

#[test]
fn a_command_arrives_and_its_outcome_comes_back() {
    let mut desk = lamp();
    let mut window = Window::open(&desk, "Ada", Role::Control);
    let shown = window.showing(&["Lamp"]);
    window.shows(shown);
    assert!(matches!(
        switch(&mut window, &mut desk),
        Some(Outcome::Done { .. })
    ));
    assert_eq!(window.named("Lamp").components[0].reported, on(true));
}

#[test]
fn a_wanted_state_is_shown_before_the_server_answers() {
    let desk = lamp();
    let mut window = Window::open(&desk, "Ada", Role::Control);
    let board = window.named("Lamp").key;
    window.fleet.set(
        board,
        &"light:0".parse().expect("a component"),
        on(true),
        None,
    );
    window.session = None;
    window.settle();
    // What was asked is with the mirror, which has no connection to send it.
    let lamp = &window.named("Lamp").components[0];
    assert_eq!(lamp.reported, on(false));
    let mut window = Window::open(&desk, "Ada", Role::Control);
    let board = window.named("Lamp").key;
    window.fleet.set(
        board,
        &"light:0".parse().expect("a component"),
        on(true),
        None,
    );
    window.settle();
    let lamp = &window.named("Lamp").components[0];
    assert_eq!(lamp.shown(), on(true));
    assert!(matches!(lamp.command, CommandState::Pending { .. }));
}

#[test]
fn others_see_who_did_it_and_no_command_of_theirs() {
    let mut desk = lamp();
    let mut ada = Window::open(&desk, "Ada", Role::Control);
    let mut ben = Window::open(&desk, "Ben", Role::Control);
    for window in [&mut ada, &mut ben] {
        let shown = window.showing(&["Lamp"]);
        window.shows(shown);
    }
    switch(&mut ada, &mut desk);
    ben.settle();
    let origins = |window: &Window| {
        let origins = window.log.iter().filter_map(|event| match event {
            LogEvent::Changed { origin, .. } => Some(origin.clone()),
            _ => None,
        });
        origins.collect::<Vec<_>>()
    };
    assert_eq!(origins(&ada), [Origin::ThisProgram]);
    assert_eq!(origins(&ben), [Origin::Person("Ada".to_owned())]);
    let changed = ben.named("Lamp").components[0].changed.clone();
    assert!(matches!(changed, Some((_, Origin::Person(name))) if name == "Ada"));
    // A command of the server's own programs belongs to no session.
    desk.board("Plug", vec![component("switch:0", &on(false))]);
    let plug = desk.views().last().map(|view| view.key).expect("a board");
    ben.settle();
    let shown = ben.showing(&["Lamp", "Plug"]);
    ben.shows(shown);
    desk.report(plug, 0, on(true), Origin::ThisProgram);
    ben.settle();
    assert_eq!(
        origins(&ben).last(),
        Some(&Origin::Person("the server".to_owned()))
    );
}

#[test]
fn a_viewer_may_not_command_until_control_is_granted() {
    let mut desk = lamp();
    let mut teacher = Window::open(&desk, "Teacher", Role::Control);
    let mut ben = Window::open(&desk, "Ben", Role::View);
    let outcome = switch(&mut ben, &mut desk);
    assert!(matches!(&outcome, Some(Outcome::Refused(error)) if error.data.reason == "view_only"));
    assert_eq!(ben.server().access, Role::View);
    let number = ben.server().number.expect("a number");
    teacher.fleet.grant(number, Role::Control);
    teacher.settle();
    ben.settle();
    assert_eq!(ben.server().access, Role::Control);
    assert!(matches!(
        switch(&mut ben, &mut desk),
        Some(Outcome::Done { .. })
    ));
    // What would outlast the session stays with who manages the server.
    let (answer, answered) = channel();
    let board = ben.named("Lamp").key;
    let reply = move |outcome| {
        let _ = answer.send(outcome);
    };
    ben.fleet.call(
        board,
        method::KEYS_ADD,
        Object::new(),
        Some(Box::new(reply)),
    );
    ben.settle();
    assert!(matches!(answered.try_recv(), Ok(Outcome::Refused(_))));
    assert!(desk.asked().is_empty());
    teacher.fleet.grant(number, Role::View);
    teacher.settle();
    ben.settle();
    assert!(matches!(
        switch(&mut ben, &mut desk),
        Some(Outcome::Refused(_))
    ));
}

#[test]
fn everyone_sees_who_is_there_and_only_managers_end_sessions() {
    let desk = lamp();
    let mut teacher = Window::open(&desk, "Teacher", Role::Control);
    let mut ben = Window::open(&desk, "Ben", Role::View);
    let mut nameless = Window::open(&desk, "\u{7} ", Role::View);
    teacher.settle();
    let names = |window: &mut Window| {
        let sessions = window.server().sessions.into_iter();
        sessions.map(|session| session.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut teacher), ["Teacher", "Ben", "Guest 3"]);
    let number = nameless.server().number.expect("a number");
    ben.fleet.end_session(number);
    ben.settle();
    nameless.settle();
    assert_eq!(nameless.ended, None, "a viewer cannot end a session");
    teacher.fleet.end_session(number);
    teacher.settle();
    nameless.settle();
    assert_eq!(nameless.ended, Some(Refusal::Ended));
    ben.settle();
    assert_eq!(names(&mut ben), ["Teacher", "Ben"]);
}

#[test]
fn a_page_is_shown_to_everyone_else() {
    let desk = lamp();
    let mut teacher = Window::open(&desk, "Teacher", Role::Control);
    let mut ben = Window::open(&desk, "Ben", Role::View);
    teacher.fleet.show_page("plots");
    teacher.settle();
    ben.settle();
    assert_eq!(ben.server().shown_page, Some((1, "plots".to_owned())));
    assert_eq!(teacher.server().shown_page, None);
    ben.fleet.show_page("health");
    ben.settle();
    teacher.settle();
    assert_eq!(teacher.server().shown_page, None, "a viewer shows nothing");
}

#[test]
fn without_a_connection_nothing_is_sent_and_that_is_said() {
    let mut desk = lamp();
    let mut window = Window::open(&desk, "Ada", Role::Control);
    window.lose();
    assert_eq!(switch(&mut window, &mut desk), Some(Outcome::NotConnected));
    assert!(matches!(window.server().state, ServerState::Lost { .. }));
    window.connect(&desk, Role::Control);
    assert!(desk.asked().is_empty(), "and not later either");
}

#[test]
fn a_log_is_followed_as_long_as_anyone_wants_it() {
    use protocol::{Level, LogFilter};
    let mut desk = lamp();
    let mut ada = Window::open(&desk, "Ada", Role::View);
    let mut ben = Window::open(&desk, "Ben", Role::View);
    let mut follow = |window: &mut Window, wanted| {
        window.fleet.follow_log(window.named("Lamp").key, wanted);
        window.settle();
        let asked = desk.asked().into_iter();
        let filters = asked.filter_map(|request| match request {
            FleetRequest::FollowLog(_, filter) => Some(filter),
            _ => None,
        });
        filters.last()
    };
    let (warn, debug) = (LogFilter::UpTo(Level::Warn), LogFilter::UpTo(Level::Debug));
    assert_eq!(follow(&mut ada, warn), Some(warn));
    assert_eq!(follow(&mut ben, debug), Some(debug));
    assert_eq!(follow(&mut ben, LogFilter::Off), Some(warn));
    assert_eq!(follow(&mut ben, debug), Some(debug));
    ben.session = None;
    let asked = desk.asked();
    assert!(
        matches!(asked.last(), Some(FleetRequest::FollowLog(_, filter)) if *filter == warn),
        "a session that ended wants nothing"
    );
}

#[test]
fn a_board_that_is_added_without_a_connection_is_added_later() {
    let mut desk = lamp();
    let mut window = Window::open(&desk, "Ada", Role::Control);
    window.lose();
    window.fleet.add_address("192.0.2.7").expect("an address");
    window.settle();
    assert!(desk.asked().is_empty());
    window.connect(&desk, Role::Control);
    let asked = desk.asked();
    let [FleetRequest::Add(_, address, None)] = &asked[..] else {
        unreachable!("one board is added");
    };
    assert_eq!(address.to_string(), "192.0.2.7:80");
}

#[test]
fn an_image_arrives_in_parts_from_who_manages_the_server() {
    let mut desk = lamp();
    let image: Vec<u8> = (0..100_000_u32).map(|at| at.to_be_bytes()[3]).collect();
    for (role, expected) in [(Role::Control, 1), (Role::View, 0)] {
        let mut window = Window::open(&desk, "Ada", role);
        let board = window.named("Lamp").key;
        window
            .fleet
            .update(board, fleet::ImageSource::Bytes(image.clone()));
        window.settle();
        let whole = fleet::ImageSource::Bytes(image.clone());
        let updates = desk.asked().into_iter().filter(|request| match request {
            FleetRequest::Update(_, _, source) => *source == whole,
            _ => false,
        });
        assert_eq!(updates.count(), expected);
    }
}

#[test]
fn boards_that_do_not_exist_are_not_followed() {
    use remote::wire::{FromWindow, encode};
    let mut desk = lamp();
    let mut window = Window::open(&desk, "Eve", Role::Control);
    for message in [
        FromWindow::FollowLog(77, Some(0)),
        FromWindow::FollowPreview(77, true),
        FromWindow::FollowFrames(77, true),
    ] {
        let message = encode(&message).expect("a message");
        let session = window.session.as_mut().expect("a session");
        assert_eq!(session.receive(&message), Ok(()));
    }
    assert!(desk.asked().is_empty());
}
