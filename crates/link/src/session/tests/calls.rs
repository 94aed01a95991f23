use noise::{Hello, Key, KeyId, Offer, Psk, Role, respond};

use super::*;
use crate::session::InboundConnection;
use keys::Keys;

fn call(id: &str, locked: bool) -> Input {
    call_from("10.0.0.7:51234", id, locked)
}

fn call_from(from: &str, id: &str, locked: bool) -> Input {
    Input::Inbound(InboundConnection {
        id: id.into(),
        locked,
        from: from.into(),
    })
}

fn refused_key() -> String {
    let error = RpcError::new(Code::Forbidden, "wrong_key", "no");
    json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string()
}

fn awaits(why: &LinkProblem) -> LinkState {
    LinkState::Unreachable {
        problem: LinkProblem::AwaitsCall(why.to_string()),
        retry_at: None,
    }
}

fn key(secret: u8) -> Input {
    let psk = Psk::new([secret; 32]);
    let key = Key {
        board: "lamp-1".into(),
        kid: KeyId([secret; 4]),
        role: Role::Control,
        psk,
    };
    Input::Keys([key].into_iter().collect::<Keys>())
}

/// What the board says of its own call.
fn outbound(state: &str) -> Value {
    json!({ "url": "ws://here/", "state": state, "since_ms": 1, "uptime_ms": 2, "attempts": 1 })
}

impl Bench {
    /// A board of which nothing is known but its id.
    fn nowhere() -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        };
        let mut bench = Self {
            session: Session::new(now.instant, 42, || Ok([7; 32])),
            now,
            ..Self::new()
        };
        bench.input(Input::KnownId("lamp-1".into()));
        bench
    }

    /// A board that has called, and is live.
    fn called() -> Self {
        let mut bench = Self::nowhere();
        bench.input(call("lamp-1", false));
        bench.be_read(EPOCH, 10);
        bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_000 }));
        bench.reports.clear();
        bench
    }

    /// A peer connects as a locked board whose key is held, greets, and says
    /// that the key is wrong.
    fn refuse_the_key(&mut self, from: &str) {
        self.input(call_from(from, "lamp-1", true));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Binary(Hello::new("lamp-1", [9; 16]).to_bytes()),
        ));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Text(refused_key()),
        ));
    }

    /// The board connects, greets, proves that it has key 1, and is read.
    fn connects_with_key(&mut self, from: &str) {
        self.input(call_from(from, "lamp-1", true));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Binary(Hello::new("lamp-1", [9; 16]).to_bytes()),
        ));
        let offer = Offer::from_bytes(&self.frames.pop().unwrap()).unwrap();
        let (channel, answer) = respond(
            &Hello::new("lamp-1", [9; 16]),
            &offer,
            &Psk::new([1; 32]),
            [8; 32],
        )
        .unwrap();
        self.channel = Some(channel);
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Binary(answer.to_bytes()),
        ));
        self.be_read(EPOCH, 10);
        assert_eq!(self.link(), LinkState::Connected);
    }

    fn claims(&self) -> usize {
        self.reports
            .iter()
            .filter(|report| matches!(report, Report::IdClaimed(_)))
            .count()
    }

    fn closed(&mut self) {
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Ended(Ending::Closed),
        ));
    }
}

#[test]
fn a_board_that_calls_is_asked_and_commanded_as_any_other() {
    let mut bench = Bench::called();
    assert!(bench.connects.is_empty() && bench.accepted == 1);
    bench.command(1, toggle());
    bench.answer(method::SWITCH_TOGGLE, json!({ "seq": 10 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    bench.push(EPOCH, 10, 11, json!({ "on": true }));
    assert_eq!(bench.changes(), 1);
}

#[test]
fn after_a_call_nobody_is_connected_to_and_the_next_one_is_waited_for() {
    let mut bench = Bench::called();
    bench.closed();
    let awaited = LinkState::Unreachable {
        problem: LinkProblem::AwaitsCall("the connection was closed".into()),
        retry_at: None,
    };
    assert_eq!(bench.link(), awaited);
    bench.pass(3600 * SECOND);
    bench.input(Input::RetryNow);
    assert!(bench.connects.is_empty());
    assert_eq!(bench.problem().to_string(), "waiting for it to connect");
    bench.input(call("lamp-1", false));
    bench.be_read(EPOCH, 12);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_call_that_is_silent_is_dropped_as_any_link() {
    let mut bench = Bench::called();
    bench.pass(60 * SECOND);
    assert_eq!(
        bench.problem(),
        LinkProblem::AwaitsCall("silent for 45 s".into())
    );
}

#[test]
fn a_board_that_announces_itself_and_called_is_connected_to_once_its_call_has_ended() {
    let mut bench = Bench::called();
    bench.input(announced("10.0.0.7:80", 1, false));
    assert!(bench.connects.is_empty(), "one link is enough");
    bench.closed();
    assert!(matches!(
        bench.link(),
        LinkState::Unreachable {
            retry_at: Some(_),
            ..
        }
    ));
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects, ["10.0.0.7:80"]);
    // It calls again before that comes to anything.
    bench.input(call("lamp-1", false));
    bench.be_read(EPOCH, 12);
    assert_eq!((bench.link(), bench.accepted), (LinkState::Connected, 2));
}

#[test]
fn a_link_that_works_gives_way_to_a_call_that_its_board_vouches_for() {
    for state in ["connecting", "connected"] {
        let mut bench = Bench::connected();
        bench.input(call("lamp-1", false));
        assert_eq!(
            (bench.accepted, bench.disconnects),
            (0, 0),
            "it is asked first"
        );
        bench.answer(method::OUTBOUND_GET, outbound(state));
        assert_eq!(
            (bench.accepted, bench.disconnects, bench.declined),
            (1, 1, 0),
            "{state}"
        );
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
    }
}

#[test]
fn who_only_says_to_be_the_board_does_not_get_its_link() {
    for state in ["off", "waiting", "on holiday"] {
        let mut bench = Bench::connected();
        bench.input(call("lamp-1", false));
        bench.answer(method::OUTBOUND_GET, outbound(state));
        assert_eq!(
            (bench.accepted, bench.declined, bench.disconnects),
            (0, 1, 0),
            "{state}"
        );
    }
    let mut bench = Bench::connected();
    bench.input(call("lamp-1", false));
    bench.refuse(
        method::OUTBOUND_GET,
        &RpcError::new(Code::MethodNotFound, "no_such_method", "no"),
    );
    assert_eq!(
        (bench.accepted, bench.declined, bench.disconnects),
        (0, 1, 0)
    );
}

#[test]
fn a_second_call_is_declined_while_the_first_lives_and_taken_once_it_does_not() {
    let mut bench = Bench::called();
    bench.input(call("lamp-1", false));
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_500 }));
    assert_eq!((bench.accepted, bench.declined), (1, 1));
    // The board lost its power: its old connection says nothing any more.
    bench.input(call("lamp-1", false));
    bench.pass(4 * SECOND);
    assert_eq!(
        (bench.accepted, bench.declined, bench.disconnects),
        (2, 1, 1)
    );
    bench.be_read("0000beef", 1);
    assert_eq!(bench.link(), LinkState::Connected);
    // Or it is reset as soon as it is asked.
    bench.input(call("lamp-1", false));
    bench.closed();
    assert_eq!(bench.accepted, 3);
}

#[test]
fn who_says_another_id_than_it_called_with_is_another_board() {
    let mut bench = Bench::nowhere();
    bench.input(call("lamp-2", false));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let problem = LinkProblem::AnotherBoard {
        expected: "lamp-2".into(),
        found: "lamp-1".into(),
    };
    assert_eq!(
        bench.problem(),
        LinkProblem::AwaitsCall(problem.to_string())
    );
}

#[test]
fn with_a_key_nothing_is_said_to_who_calls_before_it_has_greeted() {
    let mut bench = Bench::nowhere();
    bench.input(key(1));
    bench.input(call("lamp-1", true));
    assert!(bench.asked.is_empty() && bench.frames.is_empty());
    bench.connects_with_key("10.0.0.7:51235");
}

#[test]
fn a_refusal_of_the_key_on_an_inbound_connection_settles_nothing() {
    let mut bench = Bench::nowhere();
    bench.input(key(1));
    for port in 1..=7 {
        bench.refuse_the_key(&format!("10.0.0.66:{port}"));
        assert_eq!(
            bench.link(),
            awaits(&LinkProblem::WrongKey),
            "it is told, and no more"
        );
        bench.connects_with_key(&format!("10.0.0.7:{port}"));
        bench.channel = None;
        bench.closed();
    }
    // One that hangs up while the board has a link changes nothing either.
    assert_eq!((bench.accepted, bench.declined), (14, 0));
}

#[test]
fn an_inbound_connection_that_proves_nothing_leaves_the_next_attempt_where_it_was() {
    let mut bench = Bench::new();
    bench.input(Input::KnownId("lamp-1".into()));
    bench.input(key(1));
    bench.input(Input::Connect);
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    let before = bench.link();
    assert!(matches!(
        before,
        LinkState::Unreachable {
            retry_at: Some(_),
            ..
        }
    ));
    bench.refuse_the_key("10.0.0.66:1");
    assert_eq!(bench.link(), before);
    bench.input(call_from("10.0.0.66:2", "lamp-1", false));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Text(json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string()),
    ));
    assert_eq!(bench.link(), before);
    // An attempt that it interrupted is made once more, at once.
    bench.pass(2 * SECOND);
    assert_eq!(
        (bench.link(), bench.connects.len()),
        (LinkState::Connecting, 2)
    );
    bench.refuse_the_key("10.0.0.67:1");
    assert_eq!(
        (bench.link(), bench.connects.len()),
        (LinkState::Connecting, 3)
    );
    // And not interrupted by the same host soon after.
    let accepted = bench.accepted;
    bench.input(call_from("10.0.0.67:2", "lamp-1", true));
    assert_eq!((bench.accepted, bench.declined), (accepted, 1));
}

#[test]
fn who_connects_says_nothing_and_comes_again_keeps_no_board_waiting() {
    let mut bench = Bench::nowhere();
    bench.input(key(1));
    bench.input(call_from("10.0.0.66:1", "lamp-1", true));
    bench.input(call_from("10.0.0.7:1", "lamp-1", true));
    assert_eq!(
        (bench.accepted, bench.declined),
        (1, 0),
        "one may still prove itself"
    );
    bench.pass(3 * SECOND);
    assert_eq!(bench.accepted, 2, "it is the next one's turn");
    bench.input(call_from("10.0.0.66:2", "lamp-1", true));
    assert_eq!(
        (bench.accepted, bench.declined),
        (2, 1),
        "and not again that of the first"
    );
    bench.connects_with_key("10.0.0.7:2");
}

#[test]
fn that_a_board_is_locked_is_not_believed_of_who_connects_and_says_so() {
    // An open board whose link has just ended, and one that was never reached.
    let mut live = Bench::connected();
    live.input(Input::Socket(
        live.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    let mut never = Bench::new();
    never.input(Input::Connect);
    never.input(Input::Socket(
        never.attempt,
        SocketEvent::Ended(Ending::NoConnection("refused".into())),
    ));
    for mut bench in [live, never] {
        let before = bench.link();
        bench.reports.clear();
        bench.input(call_from("10.0.0.66:1", "lamp-1", true));
        assert_eq!(
            (bench.accepted, bench.declined, bench.reports.len()),
            (0, 1, 0)
        );
        bench.input(call_from("10.0.0.66:2", "lamp-1", false));
        bench.input(Input::Socket(
            bench.attempt,
            SocketEvent::Binary(Hello::new("lamp-1", [9; 16]).to_bytes()),
        ));
        assert_eq!(bench.link(), before);
        assert!(
            !bench
                .reports
                .iter()
                .any(|report| matches!(report, Report::Locked(_)))
        );
        let attempts = bench.connects.len();
        bench.pass(2 * SECOND);
        assert_eq!(
            bench.connects.len(),
            attempts + 1,
            "it is tried again when it would have been"
        );
    }
}

#[test]
fn who_claims_the_id_of_a_board_whose_link_works_is_told_of() {
    let mut bench = Bench::connected();
    bench.input(call_from("10.0.0.66:1", "lamp-1", false));
    bench.answer(method::OUTBOUND_GET, outbound("off"));
    assert_eq!((bench.claims(), bench.declined), (1, 1));
    let mut bench = Bench::called();
    bench.input(call_from("10.0.0.66:1", "lamp-1", false));
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_500 }));
    assert_eq!((bench.claims(), bench.declined), (1, 1));
}

#[test]
fn who_speaks_in_plain_text_although_there_is_a_key_is_believed_nothing() {
    let mut bench = Bench::nowhere();
    bench.input(key(1));
    bench.input(call("lamp-1", false));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Text(json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string()),
    ));
    assert_eq!(
        bench.link(),
        awaits(&LinkProblem::NotLocked {
            board: "lamp-1".into()
        })
    );
}

#[test]
fn a_locked_board_of_which_there_is_no_key_is_shown_as_locked_and_not_asked() {
    let mut bench = Bench::nowhere();
    bench.input(call("lamp-1", true));
    assert_eq!(
        (bench.problem(), bench.accepted, bench.declined),
        (LinkProblem::Locked, 0, 1)
    );
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Locked(id) if id == "lamp-1"))
    );
    bench.reports.clear();
    bench.input(call("lamp-1", true));
    assert!(bench.reports.is_empty(), "that is no news");
}

#[test]
fn who_calls_cannot_say_that_an_open_board_is_locked_now() {
    let mut bench = Bench::nowhere();
    bench.input(call("lamp-1", false));
    bench.be_read(EPOCH, 10);
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.reports.clear();
    bench.input(call("lamp-1", true));
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    bench.input(call("lamp-1", false));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn nobody_is_let_in_before_it_is_known_which_keys_there_are() {
    let mut bench = Bench::nowhere();
    bench.input(Input::KeysPending);
    bench.input(call("lamp-1", false));
    assert_eq!((bench.accepted, bench.declined), (0, 1));
    bench.input(Input::Keys(Keys::default()));
    bench.input(call("lamp-1", false));
    assert_eq!(bench.accepted, 1);
}

#[test]
fn where_no_calls_are_taken_any_more_the_link_that_is_one_ends() {
    let mut bench = Bench::called();
    bench.input(Input::ListenerClosed);
    assert_eq!(
        (bench.problem(), bench.disconnects),
        (LinkProblem::NotListening, 1)
    );
    bench.input(call("lamp-1", false));
    assert_eq!(bench.accepted, 2);
    let mut bench = Bench::connected();
    bench.input(Input::ListenerClosed);
    assert_eq!(bench.disconnects, 0, "this program made that one");
}
