use super::*;

#[test]
fn a_push_that_follows_the_last_one_is_applied() {
    let mut bench = Bench::connected();
    bench.push(EPOCH, 10, 11, json!({ "on": true }));
    bench.push(EPOCH, 11, 15, json!({ "on": false }));
    assert_eq!((bench.changes(), bench.resyncs().len()), (2, 0));
    assert!(matches!(
        &bench.reports[0],
        Report::Changed {
            origin: Origin::ThisProgram,
            ..
        }
    ));
}

#[test]
fn a_gap_requests_the_whole_state_once() {
    let mut bench = Bench::connected();
    bench.push(EPOCH, 12, 13, json!({ "on": true }));
    bench.push(EPOCH, 14, 15, json!({ "on": true }));
    assert_eq!(bench.resyncs(), [ResyncCause::Gap]);
    assert_eq!(bench.asked(method::DEVICE_GET_STATUS), 1);
    bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 15));
    bench.push(EPOCH, 15, 16, json!({ "on": true }));
    assert_eq!(bench.asked(method::DEVICE_GET_STATUS), 0);
}

#[test]
fn only_pushes_newer_than_the_whole_state_are_applied_to_it() {
    let mut bench = Bench::connected();
    bench.push(EPOCH, 12, 13, json!({ "on": true }));
    bench.push(EPOCH, 13, 14, json!({ "brightness": 40 }));
    bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 13));
    let Some(Report::Snapshot { components, .. }) = bench.reports.last() else {
        panic!("no snapshot")
    };
    let light = &components[&ComponentKey::new(Kind::Light, 0)];
    assert_eq!((light.on(), light.brightness()), (Some(false), Some(40)));
}

#[test]
fn a_board_that_contradicts_itself_is_not_polled_for_good() {
    let mut bench = Bench::connected();
    bench.push(EPOCH, u64::MAX - 1, u64::MAX, json!({ "on": true }));
    bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 15));
    bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 15));
    assert_eq!(bench.asked(method::DEVICE_GET_STATUS), 0);
}

#[test]
fn a_board_that_never_sends_its_whole_state_is_reconnected() {
    let mut bench = Bench::connected();
    bench.push(EPOCH, 12, 13, json!({ "on": true }));
    for _ in 0..4 {
        bench.pass(2 * SECOND);
        bench.input(Input::Socket(bench.attempt, SocketEvent::Ping));
    }
    assert_eq!(bench.disconnects, 0);
    bench.pass(2 * SECOND);
    assert_eq!(bench.problem(), LinkProblem::ConnectTimeout);
}

#[test]
fn a_command_to_a_board_of_a_new_epoch_waits_for_that_epochs_state() {
    let mut bench = Bench::connected();
    bench.push("00000001", 0, 1, json!({ "on": true }));
    bench.command(1, set(60));
    bench.answer(method::LIGHT_SET, json!({ "seq": 2 }));
    assert_eq!(
        bench.outcome(1),
        None,
        "2 was seen of the epoch before, not of this one"
    );
    bench.be_read("00000001", 2);
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
}

#[test]
fn a_new_epoch_on_an_open_connection_reads_the_board_from_the_start() {
    let mut bench = Bench::connected();
    bench.push("00000001", 0, 1, json!({ "on": true }));
    assert_eq!(
        (bench.changes(), bench.resyncs()),
        (0, vec![ResyncCause::NewEpoch])
    );
    bench.be_read("00000001", 1);
    bench.push("00000001", 1, 2, json!({ "on": true }));
    assert_eq!((bench.changes(), bench.resyncs().len()), (1, 1));
}

#[test]
fn a_board_that_changes_its_id_on_an_open_connection_is_disconnected() {
    let mut bench = Bench::connected();
    bench.push("00000001", 0, 1, json!({ "on": true }));
    let mut other = info(1, "00000001");
    other["id"] = json!("lamp-2");
    bench.answer(method::DEVICE_GET_INFO, other);
    let problem = LinkProblem::AnotherBoard {
        expected: "lamp-1".into(),
        found: "lamp-2".into(),
    };
    assert_eq!((bench.problem(), bench.disconnects), (problem, 1));
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Info(_))),
        "nothing of it is believed"
    );
}

#[test]
fn a_link_that_is_verified_works_or_is_stale() {
    let mut bench = Bench::connected();
    bench.input(Input::VerifyLink);
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_500 }));
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Verified))
    );
    bench.reports.clear();
    bench.input(Input::VerifyLink);
    bench.pass(3 * SECOND);
    assert_eq!(bench.link(), LinkState::Stale);
    bench.input(Input::Addresses(given("10.0.0.9:80")));
    assert_eq!(
        bench.connects.last().unwrap(),
        "10.0.0.9:80",
        "it goes to where the board may be by now"
    );
}

#[test]
fn a_board_with_a_taken_id_is_reported_and_retried() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    bench.input(Input::IdTaken {
        id: "lamp-1".into(),
        by: "10.0.0.7:80".into(),
    });
    assert!(matches!(
        bench.link(),
        LinkState::Unreachable {
            problem: LinkProblem::IdTaken { .. },
            retry_at: Some(_)
        }
    ));
}

#[test]
fn a_push_has_the_time_at_which_the_board_made_it() {
    let mut bench = Bench::connected();
    // The board's clock was at 1 000 ms at the ping; the push has 2 000 and
    // arrives 1 007 ms after it.
    bench.move_to(bench.now.instant + Duration::from_millis(1_007));
    bench.push(EPOCH, 10, 11, json!({ "on": true }));
    let Some(Report::Changed { at, delay, .. }) = bench.reports.last() else {
        panic!("no change")
    };
    assert_eq!(*delay, Some(Duration::from_millis(7)));
    assert_eq!(*at, bench.now.wall - Duration::from_millis(7));
}
