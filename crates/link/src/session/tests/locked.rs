use noise::{Hello, Key, KeyId, Offer, Psk, Role, respond};
use proptest::prelude::*;

use super::*;
use crate::state::{AFTER_REFUSAL, SELDOM};
use keys::Keys;

const CHALLENGE: [u8; 16] = [9; 16];

fn key(secret: u8) -> Key {
    Key {
        board: "lamp-1".into(),
        kid: KeyId([secret; 4]),
        role: Role::Control,
        psk: Psk::new([secret; 32]),
    }
}

fn keys(secret: u8) -> Input {
    Input::Keys([key(secret)].into_iter().collect())
}

fn refusal(reason: &str) -> String {
    let error = RpcError::new(Code::Forbidden, reason, "no");
    json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string()
}

/// The board's key exists but could not be read.
fn no_keys_available() -> Input {
    let mut keys = Keys::default();
    keys.expect(["lamp-1".to_owned()].into(), "the keychain is silent");
    Input::Keys(keys)
}

fn key_unavailable() -> LinkProblem {
    LinkProblem::KeyUnavailable {
        board: "lamp-1".into(),
        why: "the keychain is silent".into(),
    }
}

#[test]
fn a_board_whose_key_is_unavailable_is_not_connected_to() {
    for announced_locked in [true, false] {
        let mut bench = Bench::new();
        bench.input(no_keys_available());
        bench.input(announced("10.0.0.7:80", 1, announced_locked));
        bench.input(Input::Connect);
        assert_eq!(
            (bench.problem(), bench.retry_at(), bench.attempt),
            (key_unavailable(), None, 0)
        );
        bench.input(Input::RetryNow);
        assert_eq!((bench.problem(), bench.attempt), (key_unavailable(), 0));
        bench.input(keys(1));
        bench.input(opened(bench.attempt));
        bench.shake();
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
    }
}

#[test]
fn a_peer_with_the_id_of_such_a_board_is_not_believed() {
    let mut bench = Bench::new();
    bench.input(no_keys_available());
    bench.input(Input::Addresses(given("10.0.0.7:80")));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    assert_eq!(
        (bench.problem(), bench.retry_at()),
        (key_unavailable(), None)
    );
    assert_eq!(bench.asked(method::DEVICE_SUBSCRIBE), 0);
    // After the user has removed the key.
    bench.input(Input::Keys(Keys::default()));
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_plain_link_ends_when_its_board_turns_out_to_have_a_key() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 1, false));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    bench.input(no_keys_available());
    assert_eq!(bench.problem(), key_unavailable());
}

impl Bench {
    /// Connecting to a board that is announced, as locked or not, and whose key
    /// 1 is held.
    fn with_a_key(announced_locked: bool) -> Self {
        let mut bench = Self::new();
        bench.input(keys(1));
        bench.input(announced("10.0.0.7:80", 1, announced_locked));
        bench.input(Input::Connect);
        bench.input(opened(bench.attempt));
        bench
    }

    fn binary(&mut self, bytes: Vec<u8>) {
        self.input(Input::Socket(self.attempt, SocketEvent::Binary(bytes)));
    }

    fn greet(&mut self, board: &str) {
        self.binary(Hello::new(board, CHALLENGE).to_bytes());
    }

    /// The board's answer to the offer, with this key.
    fn answer_offer(&mut self, secret: u8) -> Result<Vec<u8>, noise::NoiseError> {
        let offer = Offer::from_bytes(&self.frames.pop().unwrap()).unwrap();
        let (channel, answer) = respond(
            &Hello::new("lamp-1", CHALLENGE),
            &offer,
            &Psk::new([secret; 32]),
            [8; 32],
        )?;
        self.channel = Some(channel);
        Ok(answer.to_bytes())
    }

    fn shake(&mut self) {
        self.greet("lamp-1");
        let answer = self.answer_offer(1).unwrap();
        self.binary(answer);
    }

    fn locked_and_live() -> Self {
        let mut bench = Self::with_a_key(true);
        bench.shake();
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
        bench
    }

    /// The board closes the connection.
    fn close(&mut self) {
        self.channel = None;
        self.input(Input::Socket(
            self.attempt,
            SocketEvent::Ended(Ending::Closed),
        ));
    }

    fn link_reports(&self) -> usize {
        self.reports
            .iter()
            .filter(|report| matches!(report, Report::Link(_)))
            .count()
    }

    /// The time until the next attempt.
    fn retry_after(&self) -> Duration {
        self.retry_at().unwrap() - self.now.instant
    }

    fn retry_at(&self) -> Option<Instant> {
        match self.link() {
            LinkState::Unreachable { retry_at, .. } => retry_at,
            other => panic!("the link is {other:?}"),
        }
    }
}

#[test]
fn with_the_right_key_everything_is_encrypted() {
    let mut bench = Bench::with_a_key(true);
    assert!(
        bench.asked.is_empty() && bench.frames.is_empty(),
        "the board speaks first"
    );
    bench.shake();
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
    bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_000 }));
    bench.command(1, toggle());
    bench.answer(method::SWITCH_TOGGLE, json!({ "seq": 10 }));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    bench.push(EPOCH, 10, 11, json!({ "on": true }));
    assert_eq!(bench.changes(), 1);
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Locked(id) if id == "lamp-1"))
    );
}

#[test]
fn a_command_with_a_view_key_is_reported_as_refused() {
    let mut bench = Bench::locked_and_live();
    bench.command(1, toggle());
    bench.refuse(
        method::SWITCH_TOGGLE,
        &RpcError::new(Code::Forbidden, "view_only", "this key may only view"),
    );
    assert!(matches!(
        bench.outcome(1),
        Some(Outcome::Refused(error)) if error.data.reason == "view_only"
    ));
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn without_a_key_a_hello_shows_the_lock_and_a_key_connects_at_once() {
    let mut bench = Bench::new();
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.greet("lamp-1");
    assert_eq!(
        (bench.problem(), bench.retry_after()),
        (LinkProblem::Locked, SELDOM)
    );
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Locked(id) if id == "lamp-1"))
    );
    bench.pass(599 * SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.input(keys(1));
    assert_eq!(bench.connects.len(), 2);
    bench.input(opened(2));
    assert!(
        bench.asked.is_empty(),
        "its id is known: nothing is said in plain text"
    );
    bench.shake();
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_hello_from_a_board_whose_key_is_held_reconnects_with_the_key() {
    let mut bench = Bench::new();
    bench.input(keys(1));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.greet("lamp-1");
    assert_eq!((bench.connects.len(), bench.disconnects), (2, 1));
    bench.input(opened(2));
    assert!(bench.asked.is_empty());
    bench.shake();
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_wrong_key_is_retried_every_minute_and_another_one_at_once() {
    let mut bench = Bench::with_a_key(true);
    bench.greet("lamp-1");
    assert!(
        bench.answer_offer(2).is_err(),
        "the board sees that from the offer"
    );
    bench.input(Input::Socket(1, SocketEvent::Text(refusal("wrong_key"))));
    bench.input(Input::Socket(1, SocketEvent::Ended(Ending::Closed)));
    assert_eq!(
        (bench.problem(), bench.retry_after()),
        (LinkProblem::WrongKey, AFTER_REFUSAL)
    );
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.pass(59 * SECOND);
    assert_eq!(bench.connects.len(), 1);
    bench.input(keys(1));
    assert_eq!(bench.connects.len(), 1, "the same key is no news");
    // The refusal may have come from another peer: the board itself accepts the
    // key.
    bench.pass(SECOND);
    assert_eq!(bench.connects.len(), 2);
    bench.input(opened(2));
    bench.greet("lamp-1");
    bench.input(Input::Socket(2, SocketEvent::Text(refusal("wrong_key"))));
    bench.input(keys(2));
    assert_eq!(bench.connects.len(), 3);
}

#[test]
fn a_forged_announcement_of_an_open_board_gets_no_plain_text() {
    let mut bench = Bench::with_a_key(false);
    assert!(bench.asked.is_empty());
    bench.pass(9 * SECOND);
    assert!(bench.asked.is_empty());
    bench.pass(SECOND);
    assert_eq!(bench.problem(), LinkProblem::NoHello);
    assert!(bench.asked.is_empty());
    // The board itself still sends its hello: the forgery did no harm.
    bench.input(Input::RetryNow);
    bench.input(opened(bench.attempt));
    bench.shake();
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_board_with_a_key_that_answers_in_plain_text_is_retried_every_minute() {
    let mut bench = Bench::with_a_key(true);
    bench.message(&json!({ "jsonrpc": "2.0", "id": 1, "result": info(1, EPOCH) }));
    assert_eq!(
        bench.problem(),
        LinkProblem::NotLocked {
            board: "lamp-1".into()
        }
    );
    assert_eq!(bench.retry_after(), AFTER_REFUSAL);
    assert!(bench.asked.is_empty());
    // After the user has removed the key, it is an open board.
    bench.input(Input::Keys(Keys::default()));
    bench.input(announced("10.0.0.7:80", 1, false));
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn an_open_board_that_claims_the_id_of_a_locked_one_is_not_believed() {
    let mut bench = Bench::new();
    bench.input(keys(1));
    bench.input(Input::Connect);
    bench.input(opened(1));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    assert_eq!(
        bench.problem(),
        LinkProblem::NotLocked {
            board: "lamp-1".into()
        }
    );
    assert_eq!(bench.retry_after(), AFTER_REFUSAL);
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Info(_) | Report::Open))
    );
    bench.input(Input::Keys(Keys::default()));
    bench.input(opened(2));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_link_in_plain_text_ends_when_a_key_for_the_board_is_given() {
    let mut bench = Bench::connected();
    bench.input(keys(1));
    assert_eq!((bench.disconnects, bench.connects.len()), (1, 2));
    bench.input(opened(2));
    assert!(bench.asked.is_empty());
}

#[test]
fn a_peer_without_the_key_cannot_complete_the_handshake() {
    let mut bench = Bench::with_a_key(true);
    bench.greet("lamp-1");
    bench.binary([&[3][..], &[5; 48]].concat());
    assert_eq!(bench.problem(), LinkProblem::NotAuthentic);
    assert!(
        bench.retry_at().is_some(),
        "the board itself may answer the next time"
    );
}

#[test]
fn a_truncated_replayed_or_plain_message_ends_a_locked_link() {
    let push = status(EPOCH, 10, 11, json!({ "on": true })).to_string();
    let truncate = |mut sealed: Vec<u8>| vec![sealed.drain(..sealed.len() - 1).collect()];
    let replay = |sealed: Vec<u8>| vec![sealed.clone(), sealed];
    let empty = |_: Vec<u8>| vec![Vec::new()];
    for (forge, changes) in [
        (&truncate as &dyn Fn(Vec<u8>) -> Vec<Vec<u8>>, 0),
        (&replay, 1),
        (&empty, 0),
    ] {
        let mut bench = Bench::locked_and_live();
        let sealed = bench
            .channel
            .as_mut()
            .unwrap()
            .seal(push.as_bytes())
            .unwrap();
        forge(sealed)
            .into_iter()
            .for_each(|frame| bench.binary(frame));
        assert_eq!(
            (bench.problem(), bench.changes()),
            (LinkProblem::NotAuthentic, changes)
        );
        assert!(bench.retry_at().is_some());
    }
    let mut bench = Bench::locked_and_live();
    bench.input(Input::Socket(1, SocketEvent::Text(push)));
    assert_eq!(
        (bench.problem(), bench.changes()),
        (LinkProblem::NotAuthentic, 0)
    );
}

#[test]
fn a_handshake_times_out_after_ten_seconds_and_is_retried() {
    let mut bench = Bench::with_a_key(true);
    bench.greet("lamp-1");
    bench.pass(10 * SECOND);
    assert_eq!(bench.problem(), LinkProblem::ConnectTimeout);
    assert!(bench.retry_at().is_some());
    bench.pass(3 * SECOND);
    assert_eq!(bench.connects.len(), 2);
}

#[test]
fn a_locked_board_reports_that_it_is_full_to_holders_of_a_key() {
    let mut bench = Bench::with_a_key(true);
    bench.shake();
    let error = RpcError::new(
        Code::ResourceExhausted,
        "all_places_taken",
        "all 4 places are taken",
    );
    bench.message(&json!({ "jsonrpc": "2.0", "id": null, "error": error }));
    assert_eq!(bench.problem(), LinkProblem::AllSlotsTaken);
    assert!(bench.retry_at().is_some());
}

#[test]
fn another_board_at_the_announced_address_gets_no_offer() {
    let mut bench = Bench::with_a_key(true);
    bench.greet("lamp-2");
    assert!(bench.frames.is_empty());
    assert_eq!(
        bench.problem(),
        LinkProblem::AnotherBoard {
            expected: "lamp-1".into(),
            found: "lamp-2".into()
        }
    );
}

#[test]
fn a_board_that_proved_one_id_cannot_state_another() {
    let mut bench = Bench::with_a_key(true);
    bench.shake();
    let mut other = info(1, EPOCH);
    other["id"] = json!("lamp-2");
    bench.answer(method::DEVICE_GET_INFO, other);
    assert!(matches!(bench.problem(), LinkProblem::AnotherBoard { .. }));
}

#[test]
fn a_revoked_key_waits_for_the_user() {
    let mut bench = Bench::locked_and_live();
    bench.close();
    assert_eq!(bench.problem(), LinkProblem::Closed);
    bench.pass(2 * SECOND);
    assert_eq!(bench.connects.len(), 2);
    bench.input(opened(2));
    bench.greet("lamp-1");
    bench.input(Input::Socket(2, SocketEvent::Text(refusal("wrong_key"))));
    assert_eq!(
        (bench.problem(), bench.retry_after()),
        (LinkProblem::WrongKey, AFTER_REFUSAL)
    );
}

#[test]
fn a_board_with_a_key_keeps_its_id_if_another_answers_at_its_address() {
    let mut bench = Bench::new();
    bench.input(keys(1));
    bench.input(Input::KnownId("lamp-1".into()));
    bench.input(Input::Connect);
    for attempt in 1..=3 {
        bench.input(opened(attempt));
        bench.greet("stranger");
        assert_eq!(
            bench.problem(),
            LinkProblem::AnotherBoard {
                expected: "lamp-1".into(),
                found: "stranger".into()
            }
        );
        bench.input(Input::RetryNow);
    }
    bench.input(opened(4));
    assert!(bench.asked.is_empty(), "nothing is said in plain text");
    bench.shake();
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn an_announcement_does_not_outweigh_the_board_itself() {
    for (proto, locked) in [(1, true), (99, false)] {
        let mut bench = Bench::connected();
        bench.input(announced("10.0.0.66:80", proto, locked));
        assert_eq!(bench.link_reports(), 0);
        bench.input(Input::Socket(
            bench.attempt,
            SocketEvent::Ended(Ending::Closed),
        ));
        assert!(
            bench.retry_at().is_some(),
            "it is tried again, whatever is announced"
        );
    }
}

#[test]
fn a_board_known_from_an_earlier_run_gets_no_plain_text() {
    let mut bench = Bench::new();
    bench.input(keys(1));
    bench.input(Input::KnownId("lamp-1".into()));
    bench.input(Input::Connect);
    bench.input(opened(1));
    assert!(bench.asked.is_empty());
}

fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![0_u8, 1, 2, 3, 4, 5, 255]);
    let shaped =
        (first, prop::collection::vec(any::<u8>(), 0..120)).prop_map(|(first, mut rest)| {
            rest.insert(0, first);
            rest
        });
    prop_oneof![
        Just(Hello::new("lamp-1", CHALLENGE).to_bytes()),
        Just(Hello::new("x", CHALLENGE).to_bytes()),
        shaped
    ]
}

proptest! {
    /// The board's key is held all the time: whatever arrives, nothing is sent
    /// in plain text.
    #[test]
    fn no_binary_message_panics_or_leads_to_plain_text(
        live in any::<bool>(),
        messages in prop::collection::vec((frame(), 0..20_000_u64, any::<bool>()), 0..30),
    ) {
        let mut bench = if live { Bench::locked_and_live() } else { Bench::with_a_key(false) };
        for (ticket, (bytes, wait, as_text)) in messages.into_iter().enumerate() {
            bench.channel = None;
            bench.asked.clear();
            bench.command(u64::try_from(ticket)?, set(5));
            let attempt = bench.attempt;
            bench.input(match as_text {
                true => Input::Socket(attempt, SocketEvent::Text(String::from_utf8_lossy(&bytes).into_owned())),
                false => Input::Socket(attempt, SocketEvent::Binary(bytes)),
            });
            bench.pass(Duration::from_millis(wait));
            bench.input(opened(bench.attempt));
            prop_assert!(bench.asked.is_empty());
        }
    }
}

/// A board that was read in plain text at its announced address, and whose link
/// has ended.
fn known_as_open() -> Bench {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 1, false));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
    bench.close();
    bench
}

#[test]
fn an_announcement_cannot_mark_an_open_board_as_locked() {
    let mut bench = known_as_open();
    bench.input(announced("10.0.0.66:80", 1, true));
    bench.input(opened(bench.attempt));
    bench.greet("lamp-1");
    assert_eq!(bench.problem(), LinkProblem::LockChanged { locked: true });
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Locked(_)))
    );
    // The board itself is still found.
    bench.input(announced("10.0.0.7:80", 1, false));
    bench.input(opened(bench.attempt));
    bench.be_read(EPOCH, 10);
    assert_eq!(bench.link(), LinkState::Connected);
    // The user accepts what answers there.
    bench.close();
    bench.input(announced("10.0.0.66:80", 1, true));
    bench.input(opened(bench.attempt));
    bench.greet("lamp-1");
    bench.input(Input::RetryNow);
    bench.input(opened(bench.attempt));
    bench.greet("lamp-1");
    assert_eq!(bench.problem(), LinkProblem::Locked);
}

#[test]
fn a_board_that_is_locked_at_the_same_address_is_locked() {
    let mut bench = known_as_open();
    bench.input(Input::RetryNow);
    bench.input(opened(bench.attempt));
    bench.greet("lamp-1");
    assert_eq!(bench.problem(), LinkProblem::Locked);
}

#[test]
fn an_announcement_cannot_mark_a_locked_board_as_open() {
    let mut bench = Bench::new();
    bench.input(announced("10.0.0.7:80", 1, true));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.greet("lamp-1");
    assert_eq!(bench.problem(), LinkProblem::Locked);
    bench.input(announced("10.0.0.66:80", 1, false));
    bench.input(opened(bench.attempt));
    bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
    assert_eq!(bench.problem(), LinkProblem::LockChanged { locked: false });
    assert!(
        !bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Open | Report::Info(_)))
    );
}
