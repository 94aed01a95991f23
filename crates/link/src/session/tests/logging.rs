use protocol::LogFilter;

use super::*;

/// The reported log: the lines, and how many were lost.
fn reported(bench: &mut Bench) -> (Vec<String>, u64) {
    let (mut lines, mut lost) = (Vec::new(), 0);
    for report in bench.reports.drain(..) {
        if let Report::Log {
            lost: more,
            lines: new,
        } = report
        {
            lost += more;
            lines.extend(
                new.into_iter()
                    .map(|(_, level, message)| format!("{level} {message}")),
            );
        }
    }
    (lines, lost)
}

fn log(epoch: &str, lines: &[(u64, &str)]) -> Value {
    let lines: Vec<_> = lines
        .iter()
        .map(|(at, message)| json!({ "uptime_ms": at, "level": "info", "message": message }))
        .collect();
    let params = json!({ "epoch": epoch, "uptime_ms": 5_000, "lines": lines });
    json!({ "jsonrpc": "2.0", "method": "NotifyLog", "params": params })
}

fn following() -> Bench {
    let mut bench = Bench::connected();
    bench.input(Input::FollowLog(LogFilter::default()));
    bench.answer(method::LOG_SUBSCRIBE, json!({ "level": "info" }));
    bench
}

#[test]
fn a_log_that_is_not_followed_is_not_subscribed_to() {
    let mut bench = Bench::connected();
    assert_eq!(bench.asked(method::LOG_SUBSCRIBE), 0);
    bench.message(&log(EPOCH, &[(1, "unasked")]));
    assert_eq!(reported(&mut bench), (vec![], 0));
}

#[test]
fn the_log_is_followed_across_a_reconnect_without_duplicates() {
    let mut bench = following();
    bench.message(&log(EPOCH, &[(1, "boot"), (7, "one"), (7, "two")]));
    assert_eq!(
        reported(&mut bench).0,
        ["info boot", "info one", "info two"]
    );

    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.input(Input::RetryNow);
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    bench.answer(method::LOG_SUBSCRIBE, json!({ "level": "info" }));
    bench.message(&log(
        EPOCH,
        &[
            (1, "boot"),
            (7, "one"),
            (7, "two"),
            (7, "three"),
            (9, "four"),
        ],
    ));
    assert_eq!(reported(&mut bench).0, ["info three", "info four"]);
}

#[test]
fn after_a_reboot_every_line_is_new() {
    let mut bench = following();
    bench.message(&log(EPOCH, &[(1, "boot"), (900, "later")]));
    bench.message(&log("0badcafe", &[(1, "boot")]));
    assert_eq!(
        reported(&mut bench).0,
        ["info boot", "info later", "info boot"]
    );
}

#[test]
fn the_log_goes_on_after_a_32_bit_counter_wraps_around() {
    const LAP: u64 = 1 << 32;
    let mut bench = following();
    let ping = |bench: &mut Bench, uptime_ms: u64| {
        bench.pass(11 * SECOND);
        bench.answer(method::SYS_PING, json!({ "uptime_ms": uptime_ms }));
    };
    ping(&mut bench, LAP - 3_000);
    bench.message(&log(EPOCH, &[(LAP - 3_500, "before")]));
    bench.pass(5 * SECOND);
    let mut push = status(EPOCH, 10, 11, json!({ "on": true }));
    push["params"]["uptime_ms"] = json!(1_900);
    bench.message(&push);
    let late = bench.reports.iter().rev().find_map(|report| match report {
        Report::Changed { delay, .. } => *delay,
        _ => None,
    });
    assert!(late.is_some_and(|late| late < SECOND), "{late:?}");
    bench.message(&log(EPOCH, &[(1_950, "after")]));
    assert_eq!(reported(&mut bench).0, ["info before", "info after"]);

    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.input(Input::RetryNow);
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 11);
    bench.answer(method::LOG_SUBSCRIBE, json!({ "level": "info" }));
    bench.message(&log(
        EPOCH,
        &[(LAP - 3_500, "before"), (1_950, "after"), (2_000, "again")],
    ));
    assert_eq!(reported(&mut bench).0, ["info again"]);
}

#[test]
fn dropped_lines_are_counted() {
    let mut bench = following();
    let mut message = log(EPOCH, &[(4, "after")]);
    message["params"]["lost"] = json!(12);
    bench.message(&message);
    assert_eq!(reported(&mut bench), (vec!["info after".to_owned()], 12));
}

#[test]
fn a_board_without_a_log_is_reported() {
    let mut bench = Bench::connected();
    bench.input(Input::FollowLog(LogFilter::default()));
    bench.refuse(
        method::LOG_SUBSCRIBE,
        &RpcError::new(Code::MethodNotFound, "no_such_method", "no method"),
    );
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::NoLog(_)))
    );
    assert_eq!(bench.disconnects, 0);
}
