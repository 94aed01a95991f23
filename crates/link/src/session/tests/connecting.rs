use super::*;
use families::Family;

#[test]
fn a_link_is_connected_once_the_whole_state_has_arrived() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    assert_eq!(bench.link(), LinkState::Connecting);
    bench.input(opened(1));
    assert_eq!(bench.link(), LinkState::Connecting);
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
    assert!(bench.reports.iter().any(|report| matches!(
        report,
        Report::Snapshot {
            client: Some(3),
            ..
        }
    )));
}

#[test]
fn a_long_list_of_components_is_read_page_by_page() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let page =
        |from: u16| json!([{ "key": format!("switch:{from}"), "kind": "switch", "name": "S" }]);
    bench.answer(
        method::DEVICE_GET_COMPONENTS,
        json!({ "offset": 0, "total": 2, "components": page(0) }),
    );
    assert_eq!(bench.asked(method::DEVICE_SUBSCRIBE), 0);
    assert_eq!(bench.asked[0].params["offset"], 1);
    bench.answer(
        method::DEVICE_GET_COMPONENTS,
        json!({ "offset": 1, "total": 2, "components": page(1) }),
    );
    assert_eq!(bench.asked(method::DEVICE_SUBSCRIBE), 1);
}

#[test]
fn an_attempt_times_out_after_ten_seconds_and_is_retried_for_good() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.pass(10 * SECOND);
    assert_eq!(bench.problem(), LinkProblem::ConnectTimeout);
    bench.pass(3600 * SECOND);
    assert!(
        bench.connects.len() > 40,
        "{} attempts in an hour",
        bench.connects.len()
    );
}

#[test]
fn the_timeout_of_a_queued_attempt_counts_from_its_start() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(Input::Socket(1, SocketEvent::Queued));
    bench.pass(300 * SECOND);
    assert_eq!(
        (bench.link(), bench.connects.len()),
        (LinkState::Connecting, 1)
    );
    bench.input(Input::Socket(1, SocketEvent::Started(3 * SECOND)));
    bench.pass(2 * SECOND);
    assert_eq!(bench.link(), LinkState::Connecting);
    bench.pass(SECOND);
    assert!(matches!(bench.problem(), LinkProblem::Connect(text) if text.contains("within 3 s")));
}

#[test]
fn known_and_requested_boards_take_priority_over_announced_ones() {
    let priority = |inputs: Vec<Input>| {
        let mut session = Session::new(Instant::now(), 1, || Ok([7; 32]));
        let now = Now {
            instant: Instant::now(),
            wall: SystemTime::UNIX_EPOCH,
        };
        let outputs: Vec<_> = inputs
            .into_iter()
            .flat_map(|input| {
                session.handle(now, input);
                std::iter::from_fn(|| session.poll_output()).collect::<Vec<_>>()
            })
            .collect();
        let mut prioritys = outputs.iter().filter_map(|output| match output {
            Output::Connect { priority, .. } => Some(*priority),
            _ => None,
        });
        prioritys.next_back().unwrap()
    };
    let announced = |host: &str| announced(&format!("{host}:80"), 1, false);
    assert_eq!(
        priority(vec![announced("10.0.0.7"), Input::Connect]),
        Priority::New
    );
    let refused = Input::Socket(
        1,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    );
    let again = vec![
        announced("10.0.0.7"),
        Input::Connect,
        refused,
        announced("10.0.0.8"),
    ];
    assert_eq!(priority(again), Priority::Failing);
    assert_eq!(
        priority(vec![Input::Addresses(given("10.0.0.7:80")), Input::Connect]),
        Priority::Trusted
    );
    assert_eq!(
        priority(vec![announced("10.0.0.7"), Input::RetryNow]),
        Priority::Trusted
    );
}

#[test]
fn a_late_event_of_a_former_attempt_is_ignored() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.pass(12 * SECOND);
    assert_eq!(bench.attempt, 2);
    bench.input(opened(1));
    bench.input(Input::Socket(1, SocketEvent::Ended(Ending::Closed)));
    assert!(bench.asked.is_empty());
    assert_eq!(bench.link(), LinkState::Connecting);
}

#[test]
fn a_board_without_a_free_slot_is_retried_at_the_pace_of_the_backoff() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(announced("10.0.0.7:80", 1, false));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::AllSlotsTaken),
    ));
    assert_eq!(bench.problem(), LinkProblem::AllSlotsTaken);
    let attempts = bench.connects.len();
    bench.input(announced("10.0.0.7:80", 1, false));
    assert_eq!(bench.connects.len(), attempts);
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects.len(), attempts + 1);
}

#[test]
fn an_announcement_or_the_user_ends_the_backoff() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(Input::Socket(
        1,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    bench.input(announced("10.0.0.8:80", 1, false));
    assert_eq!(bench.connects, ["10.0.0.7:80", "10.0.0.8:80"]);
    bench.input(Input::Socket(
        2,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    bench.input(Input::RetryNow);
    assert_eq!(bench.connects.len(), 3);
}

#[test]
fn a_response_with_its_id_as_a_text_is_accepted() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    let Some(protocol::Id::Number(number)) = bench.take(method::DEVICE_GET_INFO).id else {
        panic!("no number")
    };
    bench.message(&json!({ "jsonrpc": "2.0", "id": number.to_string(), "result": info(1, EPOCH) }));
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Info(_)))
    );
}

#[test]
fn a_peer_that_is_not_a_board_is_reported_as_such() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.input(Input::Socket(1, SocketEvent::Text("hello".into())));
    assert!(matches!(bench.problem(), LinkProblem::NotABoard(_)));
}

#[test]
fn another_board_at_an_announced_address_is_not_taken_for_this_one() {
    let mut bench = Bench::new();
    let addresses = heard(&["10.0.0.9:80"]);
    let announced = Announced {
        id: "lamp-2".into(),
        addresses,
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    };
    bench.input(Input::Announced(announced));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let problem = LinkProblem::AnotherBoard {
        expected: "lamp-2".into(),
        found: "lamp-1".into(),
    };
    assert_eq!(bench.problem(), problem);
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Info(_)))
    );
}

#[test]
fn the_next_address_is_tried_at_once_if_another_device_answers() {
    let mut bench = Bench::new();
    let several = |id: &str| Announced {
        id: id.into(),
        addresses: heard(&["10.0.0.8:80", "10.0.0.9:80"]),
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    };
    bench.input(Input::Announced(several("lamp-1")));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.input(Input::Socket(1, SocketEvent::Text("hello".into())));
    assert_eq!(bench.connects, ["10.0.0.8:80", "10.0.0.9:80"]);
    assert_eq!(bench.link(), LinkState::Connecting);
    bench.input(opened(2));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn after_all_addresses_failed_the_backoff_decides() {
    let mut bench = Bench::new();
    let addresses = heard(&["10.0.0.8:80", "10.0.0.9:80"]);
    bench.input(Input::Announced(Announced {
        id: "lamp-1".into(),
        addresses,
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    }));
    bench.input(Input::Connect);
    for attempt in [1, 2] {
        bench.input(opened(attempt));
        bench.input(Input::Socket(attempt, SocketEvent::Text("hello".into())));
    }
    assert_eq!(bench.connects, ["10.0.0.8:80", "10.0.0.9:80"]);
    assert!(matches!(bench.problem(), LinkProblem::NotABoard(_)));
}

#[test]
fn an_answered_attempt_goes_on_when_another_address_is_announced() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.8:80", 1, false));
    bench.input(Input::Connect);
    bench.input(opened(1));
    let addresses = heard(&["10.0.0.8:80", "10.0.0.3:80"]);
    bench.input(Input::Announced(Announced {
        id: "lamp-1".into(),
        addresses,
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    }));
    assert_eq!(bench.connects, ["10.0.0.8:80"]);
}

#[test]
fn a_silent_address_delays_the_others_by_three_seconds() {
    let mut bench = Bench::new();
    let addresses = heard(&["10.0.0.8:80", "10.0.0.9:80"]);
    bench.input(Input::Announced(Announced {
        id: "lamp-1".into(),
        addresses,
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    }));
    bench.input(Input::Connect);
    bench.input(Input::Socket(1, SocketEvent::Reached("10.0.0.8:80".into())));
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects, ["10.0.0.8:80"]);
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects, ["10.0.0.8:80", "10.0.0.9:80"]);
    // The last one has the full timeout.
    bench.input(Input::Socket(2, SocketEvent::Reached("10.0.0.9:80".into())));
    bench.pass(5 * SECOND);
    assert_eq!(bench.link(), LinkState::Connecting);
}

#[test]
fn a_board_announced_on_another_network_is_reached_at_the_typed_address() {
    let mut bench = Bench::new();
    bench.input(announced("203.0.113.7:80", 1, false));
    bench.input(Input::Connect);
    bench.input(Input::Socket(
        1,
        SocketEvent::Ended(Ending::Elsewhere(vec!["203.0.113.7:80".into()])),
    ));
    assert_eq!(
        bench.problem(),
        LinkProblem::Elsewhere("203.0.113.7:80".into())
    );
    bench.pass(2 * SECOND);
    // It was also added by its address.
    assert_eq!(
        bench.connects.get(1).map(String::as_str),
        Some("10.0.0.7:80")
    );
}

#[test]
fn a_failed_attempt_is_followed_by_one_with_another_announcement() {
    let mut bench = Bench::new();
    bench.session = Session::new(bench.now.instant, 42, || Ok([7; 32]));
    let at = |address: &str| match announced(address, 1, false) {
        Input::Announced(announced) => announced,
        other => panic!("{other:?}"),
    };
    bench.input(announced("10.0.0.66:80", 1, false));
    bench.input(Input::Connect);
    bench.input(Input::Socket(
        1,
        SocketEvent::Ended(Ending::OtherSubprotocol("switchboard.v2".into())),
    ));
    bench.input(Input::UseAnnouncement(at("10.0.0.7:80")));
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects, ["10.0.0.66:80", "10.0.0.7:80"]);
    // A typed address also has its turn.
    bench.input(Input::Addresses(given("lamp.lan:80")));
    bench.input(Input::Socket(
        2,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    bench.input(Input::UseAnnouncement(at("10.0.0.66:80")));
    bench.pass(2 * SECOND);
    bench.input(Input::Socket(
        3,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    bench.input(Input::UseAnnouncement(at("10.0.0.7:80")));
    bench.pass(4 * SECOND);
    assert_eq!(bench.connects[2..], ["10.0.0.66:80", "lamp.lan:80"]);
}

#[test]
fn a_typed_address_that_fails_is_followed_by_a_first_announcement_in_turn() {
    let mut bench = Bench::new();
    bench.session = Session::new(bench.now.instant, 42, || Ok([7; 32]));
    bench.input(Input::Addresses(given("10.0.0.7:80")));
    bench.input(Input::Connect);
    let Input::Announced(other) = announced("10.0.0.66:1883", 1, false) else {
        panic!("not an announcement");
    };
    for attempt in 1..4 {
        bench.input(Input::Socket(
            attempt,
            SocketEvent::Ended(Ending::NoConnection("refused".into())),
        ));
        if attempt == 1 {
            bench.input(Input::UseAnnouncement(other.clone()));
        }
        bench.pass(10 * SECOND);
    }
    assert_eq!(
        bench.connects[..4],
        [
            "10.0.0.7:80",
            "10.0.0.66:1883",
            "10.0.0.7:80",
            "10.0.0.66:1883"
        ]
    );
}

#[test]
fn a_board_at_a_typed_address_is_accepted_whatever_is_announced_there() {
    let mut bench = Bench::new();
    bench.input(Input::TypedAddress("10.0.0.7:80".into()));
    let addresses = heard(&["10.0.0.7:80"]);
    bench.input(Input::Announced(Announced {
        id: "stranger".into(),
        addresses,
        family: Family::Switchboard,
        proto: 1,
        locked: false,
        via: None,
    }));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_board_that_states_an_invalid_id_is_disconnected() {
    for id in ["LAMP-1", "lamp 1", "lamp-1\u{200b}", ""] {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(opened(1));
        let mut said = info(1, EPOCH);
        said["id"] = id.into();
        bench.answer(method::DEVICE_GET_INFO, said);
        assert!(
            matches!(bench.problem(), LinkProblem::NotABoard(why) if why.contains("lowercase")),
            "{id:?}"
        );
    }
}

#[test]
fn another_board_at_the_address_of_the_only_one_that_is_meant_is_not_connected_to() {
    let mut bench = Bench::new();
    bench.input(Input::OnlyId("lamp-2".into()));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    assert_eq!(
        bench.problem(),
        LinkProblem::AnotherBoard {
            expected: "lamp-2".into(),
            found: "lamp-1".into()
        }
    );
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Info(_)))
    );

    let mut bench = Bench::new();
    bench.input(Input::OnlyId("lamp-1".into()));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}
