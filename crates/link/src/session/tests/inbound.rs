use noise::{Hello, Key, KeyId, Offer, Psk, Role, respond};

use super::*;
use crate::session::InboundConnection;
use families::Family;
use keys::Keys;

fn inbound(id: &str, locked: bool) -> Input {
    inbound_from("10.0.0.7:51234", id, locked)
}

fn inbound_from(from: &str, id: &str, locked: bool) -> Input {
    Input::Inbound(InboundConnection {
        id: id.into(),
        family: Family::Switchboard,
        locked,
        from: from.into(),
    })
}

fn refused_key() -> String {
    let error = RpcError::new(Code::Forbidden, "wrong_key", "no");
    json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string()
}

fn awaiting(why: &LinkProblem) -> LinkState {
    LinkState::Unreachable {
        problem: LinkProblem::AwaitingInbound(why.to_string()),
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

/// What the board states about its outbound connection.
fn outbound(state: &str) -> Value {
    json!({ "url": "ws://here/", "state": state, "since_ms": 1, "uptime_ms": 2, "attempts": 1 })
}

impl Bench {
    /// A board that is known only by its id.
    fn known_by_id() -> Self {
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

    /// An inbound board that is live.
    fn inbound() -> Self {
        let mut bench = Self::known_by_id();
        bench.input(inbound("lamp-1", false));
        bench.be_read(EPOCH, 10);
        bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_000 }));
        bench.reports.clear();
        bench
    }

    /// A peer connects as a locked board whose key is held, sends its hello,
    /// and rejects the key.
    fn refuse_the_key(&mut self, from: &str) {
        self.input(inbound_from(from, "lamp-1", true));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Binary(Hello::new("lamp-1", [9; 16]).to_bytes()),
        ));
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Text(refused_key()),
        ));
    }

    /// The board connects, sends its hello, proves that it has key 1, and is
    /// read.
    fn connects_with_key(&mut self, from: &str) {
        self.input(inbound_from(from, "lamp-1", true));
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
fn an_inbound_board_is_read_and_commanded_like_any_other() {
    let mut bench = Bench::inbound();
    assert!(bench.connects.is_empty() && bench.accepted == 1);
    bench.command(1, toggle());
    bench.answer(method::SWITCH_TOGGLE, json!({ "seq": 10 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    bench.push(EPOCH, 10, 11, json!({ "on": true }));
    assert_eq!(bench.changes(), 1);
}

#[test]
fn after_an_inbound_link_ends_the_next_inbound_connection_is_awaited() {
    let mut bench = Bench::inbound();
    bench.closed();
    let awaited = LinkState::Unreachable {
        problem: LinkProblem::AwaitingInbound("the connection was closed".into()),
        retry_at: None,
    };
    assert_eq!(bench.link(), awaited);
    bench.pass(3600 * SECOND);
    bench.input(Input::RetryNow);
    assert!(bench.connects.is_empty());
    assert_eq!(bench.problem().to_string(), "waiting for it to connect");
    bench.input(inbound("lamp-1", false));
    bench.be_read(EPOCH, 12);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_silent_inbound_link_is_dropped_like_any_other() {
    let mut bench = Bench::inbound();
    bench.pass(60 * SECOND);
    assert_eq!(
        bench.problem(),
        LinkProblem::AwaitingInbound("silent for 45 s".into())
    );
}

#[test]
fn an_announced_board_is_connected_to_once_its_inbound_link_has_ended() {
    let mut bench = Bench::inbound();
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
    // It connects again in the meantime.
    bench.input(inbound("lamp-1", false));
    bench.be_read(EPOCH, 12);
    assert_eq!((bench.link(), bench.accepted), (LinkState::Connected, 2));
}

#[test]
fn a_link_that_works_is_replaced_if_its_board_confirms_the_inbound_connection() {
    for state in ["connecting", "connected"] {
        let mut bench = Bench::connected();
        bench.input(inbound("lamp-1", false));
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
fn a_peer_that_only_claims_to_be_the_board_does_not_replace_its_link() {
    for state in ["off", "waiting", "on holiday"] {
        let mut bench = Bench::connected();
        bench.input(inbound("lamp-1", false));
        bench.answer(method::OUTBOUND_GET, outbound(state));
        assert_eq!(
            (bench.accepted, bench.declined, bench.disconnects),
            (0, 1, 0),
            "{state}"
        );
    }
    let mut bench = Bench::connected();
    bench.input(inbound("lamp-1", false));
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
fn a_second_inbound_connection_is_declined_while_the_first_works() {
    let mut bench = Bench::inbound();
    bench.input(inbound("lamp-1", false));
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_500 }));
    assert_eq!((bench.accepted, bench.declined), (1, 1));
    // The board lost its power: its old connection is silent.
    bench.input(inbound("lamp-1", false));
    bench.pass(4 * SECOND);
    assert_eq!(
        (bench.accepted, bench.declined, bench.disconnects),
        (2, 1, 1)
    );
    bench.be_read("0000beef", 1);
    assert_eq!(bench.link(), LinkState::Connected);
    // Or its old connection is reset by the request.
    bench.input(inbound("lamp-1", false));
    bench.closed();
    assert_eq!(bench.accepted, 3);
}

#[test]
fn a_peer_that_states_another_id_than_in_its_handshake_is_another_board() {
    let mut bench = Bench::known_by_id();
    bench.input(inbound("lamp-2", false));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    let problem = LinkProblem::AnotherBoard {
        expected: "lamp-2".into(),
        found: "lamp-1".into(),
    };
    assert_eq!(
        bench.problem(),
        LinkProblem::AwaitingInbound(problem.to_string())
    );
}

#[test]
fn with_a_key_nothing_is_sent_to_an_inbound_peer_before_its_hello() {
    let mut bench = Bench::known_by_id();
    bench.input(key(1));
    bench.input(inbound("lamp-1", true));
    assert!(bench.asked.is_empty() && bench.frames.is_empty());
    bench.connects_with_key("10.0.0.7:51235");
}

#[test]
fn a_rejected_key_on_an_inbound_connection_is_not_final() {
    let mut bench = Bench::known_by_id();
    bench.input(key(1));
    for port in 1..=7 {
        bench.refuse_the_key(&format!("10.0.0.66:{port}"));
        assert_eq!(
            bench.link(),
            awaiting(&LinkProblem::WrongKey),
            "it is only reported"
        );
        bench.connects_with_key(&format!("10.0.0.7:{port}"));
        bench.channel = None;
        bench.closed();
    }
    // Nor does one that ends while the board has a link.
    assert_eq!((bench.accepted, bench.declined), (14, 0));
}

#[test]
fn an_unproven_inbound_connection_does_not_change_the_next_attempt() {
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
    bench.input(inbound_from("10.0.0.66:2", "lamp-1", false));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Text(json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string()),
    ));
    assert_eq!(bench.link(), before);
    // The attempt that it interrupted is repeated at once.
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
    // The same host does not interrupt it again soon.
    let accepted = bench.accepted;
    bench.input(inbound_from("10.0.0.67:2", "lamp-1", true));
    assert_eq!((bench.accepted, bench.declined), (accepted, 1));
}

#[test]
fn a_silent_peer_that_reconnects_keeps_no_board_waiting() {
    let mut bench = Bench::known_by_id();
    bench.input(key(1));
    bench.input(inbound_from("10.0.0.66:1", "lamp-1", true));
    bench.input(inbound_from("10.0.0.7:1", "lamp-1", true));
    assert_eq!(
        (bench.accepted, bench.declined),
        (1, 0),
        "one may still prove itself"
    );
    bench.pass(3 * SECOND);
    assert_eq!(bench.accepted, 2, "it is the next one's turn");
    bench.input(inbound_from("10.0.0.66:2", "lamp-1", true));
    assert_eq!(
        (bench.accepted, bench.declined),
        (2, 1),
        "and not again that of the first"
    );
    bench.connects_with_key("10.0.0.7:2");
}

#[test]
fn an_inbound_peer_cannot_mark_a_board_as_locked() {
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
        bench.input(inbound_from("10.0.0.66:1", "lamp-1", true));
        assert_eq!(
            (bench.accepted, bench.declined, bench.reports.len()),
            (0, 1, 0)
        );
        bench.input(inbound_from("10.0.0.66:2", "lamp-1", false));
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
fn a_claim_of_the_id_of_a_connected_board_is_reported() {
    let mut bench = Bench::connected();
    bench.input(inbound_from("10.0.0.66:1", "lamp-1", false));
    bench.answer(method::OUTBOUND_GET, outbound("off"));
    assert_eq!((bench.claims(), bench.declined), (1, 1));
    let mut bench = Bench::inbound();
    bench.input(inbound_from("10.0.0.66:1", "lamp-1", false));
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_500 }));
    assert_eq!((bench.claims(), bench.declined), (1, 1));
}

#[test]
fn plain_text_from_an_inbound_peer_is_ignored_if_a_key_is_held() {
    let mut bench = Bench::known_by_id();
    bench.input(key(1));
    bench.input(inbound("lamp-1", false));
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Text(json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string()),
    ));
    assert_eq!(
        bench.link(),
        awaiting(&LinkProblem::NotLocked {
            board: "lamp-1".into()
        })
    );
}

#[test]
fn an_inbound_locked_board_without_a_key_is_shown_as_locked() {
    let mut bench = Bench::known_by_id();
    bench.input(inbound("lamp-1", true));
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
    bench.input(inbound("lamp-1", true));
    assert!(bench.reports.is_empty(), "that is no news");
}

#[test]
fn an_inbound_peer_cannot_mark_an_open_board_as_locked() {
    let mut bench = Bench::known_by_id();
    bench.input(inbound("lamp-1", false));
    bench.be_read(EPOCH, 10);
    bench.input(Input::Socket(
        bench.attempt,
        SocketEvent::Ended(Ending::Closed),
    ));
    bench.reports.clear();
    bench.input(inbound("lamp-1", true));
    assert!(bench.reports.is_empty(), "{:?}", bench.reports);
    bench.input(inbound("lamp-1", false));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn no_inbound_connection_is_accepted_while_keys_are_being_loaded() {
    let mut bench = Bench::known_by_id();
    bench.input(Input::KeysPending);
    bench.input(inbound("lamp-1", false));
    assert_eq!((bench.accepted, bench.declined), (0, 1));
    bench.input(Input::Keys(Keys::default()));
    bench.input(inbound("lamp-1", false));
    assert_eq!(bench.accepted, 1);
}

#[test]
fn an_inbound_link_ends_when_the_listener_is_closed() {
    let mut bench = Bench::inbound();
    bench.input(Input::ListenerClosed);
    assert_eq!(
        (bench.problem(), bench.disconnects),
        (LinkProblem::NotListening, 1)
    );
    bench.input(inbound("lamp-1", false));
    assert_eq!(bench.accepted, 2);
    let mut bench = Bench::connected();
    bench.input(Input::ListenerClosed);
    assert_eq!(bench.disconnects, 0, "this program made that one");
}
