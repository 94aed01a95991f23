use super::*;

#[test]
fn a_silent_board_is_pinged_then_stale_then_dropped() {
    let mut bench = Bench::connected();
    bench.pass(10 * SECOND);
    assert_eq!(bench.asked(method::SYS_PING), 1);
    bench.pass(5 * SECOND);
    assert_eq!(bench.link(), LinkState::Stale);
    bench.pass(29 * SECOND);
    assert_eq!(bench.link(), LinkState::Stale);
    bench.pass(SECOND);
    assert_eq!(bench.problem(), LinkProblem::Silent);
    assert_eq!(bench.disconnects, 1);
}

#[test]
fn any_frame_ends_staleness() {
    let mut bench = Bench::connected();
    bench.pass(16 * SECOND);
    assert_eq!(bench.link(), LinkState::Stale);
    bench.input(Input::Socket(bench.attempt, SocketEvent::Ping));
    assert_eq!(bench.link(), LinkState::Connected);
    bench.pass(14 * SECOND);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_stale_link_moves_at_once_to_the_announced_address() {
    let mut bench = Bench::connected();
    bench.input(announced("10.0.0.8:80", 1, false));
    assert_eq!(bench.connects.len(), 1, "a link that is alive stays");
    bench.pass(16 * SECOND);
    assert_eq!(bench.connects.last().unwrap(), "10.0.0.8:80");
}

#[test]
fn a_board_that_announces_its_restart_is_retried_after_five_seconds() {
    let mut bench = Bench::connected();
    let event = json!({ "component": "sys:0", "event": "rebooting" });
    let params = json!({ "epoch": EPOCH, "uptime_ms": 2_000, "events": [event] });
    bench.message(&json!({ "jsonrpc": "2.0", "method": "NotifyEvent", "params": params }));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    assert_eq!(bench.problem(), LinkProblem::Rebooting);
    bench.pass(REBOOT - SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.pass(SECOND);
    assert_eq!(bench.connects.len(), 2);
    bench.input(opened(bench.attempt));
    bench.be_read("00000001", 0);
    assert_eq!(bench.resyncs(), [ResyncCause::NewEpoch]);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_board_that_is_renamed_by_someone_else_has_its_new_name() {
    let mut bench = Bench::connected();
    let event = json!({ "component": "sys:0", "event": "renamed", "name": "Reading   lamp" });
    let params = json!({ "epoch": EPOCH, "uptime_ms": 2_000, "events": [event] });
    bench.message(&json!({ "jsonrpc": "2.0", "method": "NotifyEvent", "params": params }));
    let names = bench.reports.iter().filter_map(|report| match report {
        Report::Renamed(name) => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["Reading lamp"]);
}

#[test]
fn a_good_connection_makes_the_next_wait_short_again() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.pass(600 * SECOND);
    while bench.link() != LinkState::Connecting {
        bench.pass(SECOND);
    }
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    for _ in 0..8 {
        bench.pass(5 * SECOND);
        bench.input(Input::Socket(bench.attempt, SocketEvent::Ping));
    }
    let attempts = bench.connects.len();
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.pass(SECOND);
    assert_eq!(bench.connects.len(), attempts + 1);
}
