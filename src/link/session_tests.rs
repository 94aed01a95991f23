//! A session under invented time: every rule of `design.md`, "The wire".
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on has failed"
)]

use std::time::{Duration, Instant, SystemTime};

use protocol::{Code, ComponentKey, Kind, Object, Request, RpcError, State, limits, method};
use serde_json::{Value, json};

use super::{
    backoff::AFTER_REBOOT,
    commands::{Command, Ticket},
    session::{Announced, Input, Output, Report, Session},
    state::{Ending, LinkProblem, LinkState, Now, Origin, Outcome, ResyncCause},
    target::Place,
};

const EPOCH: &str = "5f3a91c2";

/// A session, a board that answers by hand, and a clock that is moved by hand.
struct Bench {
    session: Session,
    now: Now,
    attempt: u64,
    /// Requests of the session that nobody has answered.
    asked: Vec<Request>,
    reports: Vec<Report>,
    connects: Vec<String>,
    disconnects: usize,
}

impl Bench {
    fn new() -> Self {
        let now = Now { instant: Instant::now(), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) };
        let mut bench = Self {
            session: Session::new(now.instant, 42),
            now,
            attempt: 0,
            asked: Vec::new(),
            reports: Vec::new(),
            connects: Vec::new(),
            disconnects: 0,
        };
        bench.input(Input::AlsoAt("10.0.0.7:80".into()));
        bench
    }

    /// Connected, subscribed at `seq` 10, with one light and one switch.
    fn connected() -> Self {
        let mut bench = Self::new();
        bench.input(Input::Connect);
        bench.input(Input::Opened(bench.attempt));
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
        bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_000 }));
        bench.reports.clear();
        bench
    }

    fn input(&mut self, input: Input) {
        for output in self.session.handle(self.now, input) {
            match output {
                Output::Connect { attempt, address, .. } => {
                    self.attempt = attempt;
                    self.asked.clear();
                    self.connects.push(address);
                }
                Output::Send(text) => self.asked.push(Request::parse(&text).unwrap()),
                Output::Disconnect => self.disconnects += 1,
                Output::Report(report) => self.reports.push(report),
            }
        }
    }

    /// Moves the clock and ticks at every deadline on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while let Some(deadline) = self.session.next_deadline(self.now.instant).filter(|deadline| *deadline <= end) {
            self.move_to(deadline.max(self.now.instant));
            self.input(Input::Tick);
        }
        self.move_to(end);
    }

    fn move_to(&mut self, instant: Instant) {
        self.now.wall += instant - self.now.instant;
        self.now.instant = instant;
    }

    fn message(&mut self, message: &Value) {
        self.input(Input::Message(self.attempt, message.to_string()));
    }

    /// Takes the oldest unanswered request of a method.
    fn take(&mut self, method: &str) -> Request {
        let at = self.asked.iter().position(|request| request.method == method);
        self.asked.remove(at.unwrap_or_else(|| panic!("{method} was not asked; asked: {:?}", self.asked)))
    }

    fn asked(&self, method: &str) -> usize {
        self.asked.iter().filter(|request| request.method == method).count()
    }

    fn answer(&mut self, method: &str, result: Value) {
        let id = self.take(method).id;
        self.message(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    fn refuse(&mut self, method: &str, error: &RpcError) {
        let id = self.take(method).id;
        self.message(&json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    }

    fn be_read(&mut self, epoch: &str, seq: u64) {
        self.answer(method::DEVICE_GET_INFO, info(1, epoch));
        let components = json!([
            { "key": "light:0", "kind": "light", "name": "Lamp" },
            { "key": "switch:0", "kind": "switch", "name": "Fan" },
        ]);
        self.answer(method::DEVICE_GET_COMPONENTS, json!({ "offset": 0, "total": 2, "components": components }));
        let mut snapshot = snapshot(epoch, seq);
        snapshot["client"] = json!(3);
        self.answer(method::DEVICE_SUBSCRIBE, snapshot);
    }

    fn push(&mut self, epoch: &str, prev: u64, seq: u64, change: Value) {
        self.message(&status(epoch, prev, seq, change));
    }

    fn command(&mut self, ticket: u64, command: Command) {
        self.input(Input::Command(Command { ticket: Ticket(ticket), ..command }));
    }

    fn link(&self) -> LinkState {
        let mut links = self.reports.iter().rev().filter_map(|report| match report {
            Report::Link(link) => Some(link.clone()),
            _ => None,
        });
        links.next().unwrap()
    }

    fn problem(&self) -> LinkProblem {
        match self.link() {
            LinkState::Unreachable { problem, .. } => problem,
            other => panic!("the link is {other:?}"),
        }
    }

    fn outcome(&self, ticket: u64) -> Option<Outcome> {
        self.reports.iter().find_map(|report| match report {
            Report::Settled { ticket: Ticket(number), outcome, .. } if *number == ticket => Some(outcome.clone()),
            _ => None,
        })
    }

    fn wanted(&self) -> Option<State> {
        let mut wanted = self.reports.iter().rev().filter_map(|report| match report {
            Report::Control { wanted, .. } => Some(wanted.clone()),
            _ => None,
        });
        wanted.next().unwrap()
    }

    fn changes(&self) -> usize {
        self.reports.iter().filter(|report| matches!(report, Report::Changed { .. })).count()
    }

    fn resyncs(&self) -> Vec<ResyncCause> {
        let causes = self.reports.iter().filter_map(|report| match report {
            Report::Resync(cause) => Some(*cause),
            _ => None,
        });
        causes.collect()
    }
}

fn info(proto: u32, epoch: &str) -> Value {
    json!({ "id": "lamp-1", "name": "Lamp", "mac": "", "version": "1", "platform": "virtual", "board": "b",
            "proto": proto, "epoch": epoch, "uptime_ms": 1_000 })
}

fn snapshot(epoch: &str, seq: u64) -> Value {
    json!({ "epoch": epoch, "seq": seq, "uptime_ms": 1_000, "light:0": { "on": false }, "switch:0": { "on": false } })
}

fn status(epoch: &str, prev: u64, seq: u64, change: Value) -> Value {
    let mut params = json!({ "epoch": epoch, "prev": prev, "seq": seq, "uptime_ms": 2_000, "source": "client:3" });
    params["light:0"] = change;
    json!({ "jsonrpc": "2.0", "method": "NotifyStatus", "params": params })
}

fn set(brightness: u8) -> Command {
    let wanted = State::new().with("brightness", brightness);
    let mut params = wanted.0.clone();
    params.insert("id".into(), json!(0));
    let component = Some(ComponentKey::new(Kind::Light, 0));
    Command {
        ticket: Ticket(0),
        component,
        method: method::LIGHT_SET.into(),
        params,
        wanted: Some(wanted),
        replaceable: true,
    }
}

fn toggle() -> Command {
    Command {
        ticket: Ticket(0),
        component: Some(ComponentKey::new(Kind::Switch, 0)),
        method: method::SWITCH_TOGGLE.into(),
        params: Object::from_iter([("id".into(), json!(0))]),
        wanted: None,
        replaceable: false,
    }
}

fn announced(address: &str, proto: u32, locked: bool) -> Input {
    let place = Place { address: address.into(), path: "/rpc".into() };
    Input::Announced(Announced { id: "lamp-1".into(), place, proto, locked })
}

const SECOND: Duration = Duration::from_secs(1);

mod connecting {
    use super::*;

    #[test]
    fn a_link_is_connected_once_the_whole_state_is_there() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        assert_eq!(bench.link(), LinkState::Connecting);
        bench.input(Input::Opened(1));
        assert_eq!(bench.link(), LinkState::Connecting);
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
        assert!(bench.reports.iter().any(|report| matches!(report, Report::Snapshot { client: Some(3), .. })));
    }

    #[test]
    fn a_long_list_of_components_is_read_page_by_page() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(Input::Opened(1));
        bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
        let page = |from: u16| json!([{ "key": format!("switch:{from}"), "kind": "switch", "name": "S" }]);
        bench.answer(method::DEVICE_GET_COMPONENTS, json!({ "offset": 0, "total": 2, "components": page(0) }));
        assert_eq!(bench.asked(method::DEVICE_SUBSCRIBE), 0);
        assert_eq!(bench.asked[0].params["offset"], 1);
        bench.answer(method::DEVICE_GET_COMPONENTS, json!({ "offset": 1, "total": 2, "components": page(1) }));
        assert_eq!(bench.asked(method::DEVICE_SUBSCRIBE), 1);
    }

    #[test]
    fn an_attempt_is_given_up_after_ten_seconds_and_tried_again_for_ever() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.pass(10 * SECOND);
        assert_eq!(bench.problem(), LinkProblem::ConnectTimeout);
        bench.pass(3600 * SECOND);
        assert!(bench.connects.len() > 40, "{} attempts in an hour", bench.connects.len());
    }

    #[test]
    fn a_late_answer_of_a_former_attempt_is_ignored() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.pass(12 * SECOND);
        assert_eq!(bench.attempt, 2);
        bench.input(Input::Opened(1));
        bench.input(Input::Ended(1, Ending::Closed));
        assert!(bench.asked.is_empty());
        assert_eq!(bench.link(), LinkState::Connecting);
    }

    #[test]
    fn a_fifth_controller_is_told_so_and_asks_again_at_the_pace_of_the_backoff() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(announced("10.0.0.7:80", 1, false));
        bench.input(Input::Ended(bench.attempt, Ending::AllPlacesTaken));
        assert_eq!(bench.problem(), LinkProblem::AllPlacesTaken);
        let attempts = bench.connects.len();
        bench.input(announced("10.0.0.7:80", 1, false));
        assert_eq!(bench.connects.len(), attempts);
        bench.pass(2 * SECOND);
        assert_eq!(bench.connects.len(), attempts + 1);
    }

    #[test]
    fn an_announcement_and_the_person_wake_a_waiting_link_at_once() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(Input::Ended(1, Ending::NoConnection("refused".into())));
        bench.input(announced("10.0.0.8:80", 1, false));
        assert_eq!(bench.connects, ["10.0.0.7:80", "10.0.0.8:80"]);
        bench.input(Input::Ended(2, Ending::NoConnection("refused".into())));
        bench.input(Input::RetryNow);
        assert_eq!(bench.connects.len(), 3);
    }

    #[test]
    fn what_answers_but_is_no_board_is_called_that() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(Input::Opened(1));
        bench.input(Input::Message(1, "hello".into()));
        assert!(matches!(bench.problem(), LinkProblem::NotABoard(_)));
    }

    #[test]
    fn another_board_at_an_announced_address_is_not_taken_for_this_one() {
        let mut bench = Bench::new();
        let place = Place { address: "10.0.0.9:80".into(), path: "/rpc".into() };
        let announced = Announced { id: "lamp-2".into(), place, proto: 1, locked: false };
        bench.input(Input::Announced(announced));
        bench.input(Input::Connect);
        bench.input(Input::Opened(1));
        bench.answer(method::DEVICE_GET_INFO, info(1, EPOCH));
        assert!(matches!(bench.problem(), LinkProblem::Connect(text) if text.contains("lamp-1")));
        assert!(!bench.reports.iter().any(|report| matches!(report, Report::Info(_))));
    }
}

mod versions {
    use super::*;

    #[test]
    fn another_major_in_the_announcement_is_refused_by_name_without_a_connection() {
        let mut bench = Bench::new();
        bench.input(announced("10.0.0.7:80", 2, false));
        bench.input(Input::Connect);
        assert_eq!(bench.problem(), LinkProblem::UnsupportedVersion { theirs: "2".into() });
        assert!(bench.connects.is_empty());
        bench.pass(3600 * SECOND);
        assert!(bench.connects.is_empty());
        bench.input(announced("10.0.0.7:80", 1, false));
        assert_eq!(bench.connects.len(), 1);
    }

    #[test]
    fn another_major_in_the_answer_is_refused_by_name_and_not_retried() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.input(Input::Opened(1));
        bench.answer(method::DEVICE_GET_INFO, json!({ "proto": 2, "shape": "unknown" }));
        assert_eq!(bench.problem(), LinkProblem::UnsupportedVersion { theirs: "2".into() });
        assert_eq!(bench.disconnects, 1);
        bench.pass(3600 * SECOND);
        assert_eq!(bench.connects.len(), 1);
    }

    #[test]
    fn a_locked_board_is_not_tried_until_it_announces_itself_otherwise() {
        let mut bench = Bench::new();
        bench.input(announced("10.0.0.7:80", 1, true));
        bench.input(Input::Connect);
        assert_eq!(bench.problem(), LinkProblem::Locked);
        bench.input(announced("10.0.0.7:80", 1, true));
        assert!(bench.connects.is_empty());
        bench.input(announced("10.0.0.7:80", 1, false));
        assert_eq!(bench.connects.len(), 1);
    }
}

mod living {
    use super::*;

    #[test]
    fn a_silent_board_is_asked_then_stale_then_dropped() {
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
    fn any_frame_counts_as_life_and_makes_a_stale_link_whole() {
        let mut bench = Bench::connected();
        bench.pass(16 * SECOND);
        assert_eq!(bench.link(), LinkState::Stale);
        bench.input(Input::Heard(bench.attempt));
        assert_eq!(bench.link(), LinkState::Connected);
        bench.pass(14 * SECOND);
        assert_eq!(bench.link(), LinkState::Connected);
    }

    #[test]
    fn a_stale_link_moves_at_once_to_where_the_board_announces_itself() {
        let mut bench = Bench::connected();
        bench.input(announced("10.0.0.8:80", 1, false));
        assert_eq!(bench.connects.len(), 1, "a link that is alive stays");
        bench.pass(16 * SECOND);
        assert_eq!(bench.connects.last().unwrap(), "10.0.0.8:80");
    }

    #[test]
    fn a_board_that_announces_its_restart_is_tried_again_five_seconds_later() {
        let mut bench = Bench::connected();
        let event = json!({ "component": "sys:0", "event": "rebooting" });
        let params = json!({ "epoch": EPOCH, "uptime_ms": 2_000, "events": [event] });
        bench.message(&json!({ "jsonrpc": "2.0", "method": "NotifyEvent", "params": params }));
        bench.input(Input::Ended(bench.attempt, Ending::Closed));
        assert_eq!(bench.problem(), LinkProblem::Rebooting);
        bench.pass(AFTER_REBOOT - SECOND);
        assert_eq!(bench.connects.len(), 1);
        bench.pass(SECOND);
        assert_eq!(bench.connects.len(), 2);
        bench.input(Input::Opened(bench.attempt));
        bench.be_read("00000001", 0);
        assert_eq!(bench.resyncs(), [ResyncCause::NewEpoch]);
        assert_eq!(bench.link(), LinkState::Connected);
    }

    #[test]
    fn a_good_connection_makes_the_next_wait_short_again() {
        let mut bench = Bench::new();
        bench.input(Input::Connect);
        bench.pass(600 * SECOND);
        while bench.link() != LinkState::Connecting {
            bench.pass(SECOND);
        }
        bench.input(Input::Opened(bench.attempt));
        bench.be_read(EPOCH, 10);
        for _ in 0..8 {
            bench.pass(5 * SECOND);
            bench.input(Input::Heard(bench.attempt));
        }
        let attempts = bench.connects.len();
        bench.input(Input::Ended(bench.attempt, Ending::Closed));
        bench.pass(SECOND);
        assert_eq!(bench.connects.len(), attempts + 1);
    }
}

mod gaps {
    use super::*;

    #[test]
    fn a_push_that_follows_the_last_is_believed() {
        let mut bench = Bench::connected();
        bench.push(EPOCH, 10, 11, json!({ "on": true }));
        bench.push(EPOCH, 11, 15, json!({ "on": false }));
        assert_eq!((bench.changes(), bench.resyncs().len()), (2, 0));
        assert!(matches!(&bench.reports[0], Report::Changed { origin: Origin::ThisProgram, .. }));
    }

    #[test]
    fn a_gap_asks_for_the_whole_state_once() {
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
    fn a_push_that_is_newer_than_the_whole_state_stands_and_an_older_one_does_not() {
        let mut bench = Bench::connected();
        bench.push(EPOCH, 12, 13, json!({ "on": true }));
        bench.push(EPOCH, 13, 14, json!({ "brightness": 40 }));
        bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 13));
        let Some(Report::Snapshot { components, .. }) = bench.reports.last() else { panic!("no snapshot") };
        let light = &components[&ComponentKey::new(Kind::Light, 0)];
        assert_eq!((light.on(), light.brightness()), (Some(false), Some(40)));
        let changes = bench.changes();
        bench.push(EPOCH, 13, 14, json!({ "on": true }));
        assert_eq!(bench.changes(), changes + usize::from(bench.asked(method::DEVICE_GET_STATUS) == 1));
    }

    #[test]
    fn a_board_that_contradicts_itself_is_not_asked_for_ever() {
        let mut bench = Bench::connected();
        bench.push(EPOCH, u64::MAX - 1, u64::MAX, json!({ "on": true }));
        bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 15));
        bench.answer(method::DEVICE_GET_STATUS, snapshot(EPOCH, 15));
        assert_eq!(bench.asked(method::DEVICE_GET_STATUS), 0);
    }

    #[test]
    fn another_epoch_on_an_open_connection_reads_the_board_from_the_start() {
        let mut bench = Bench::connected();
        bench.push("00000001", 0, 1, json!({ "on": true }));
        assert_eq!((bench.changes(), bench.resyncs()), (0, vec![ResyncCause::NewEpoch]));
        bench.be_read("00000001", 1);
        bench.push("00000001", 1, 2, json!({ "on": true }));
        assert_eq!((bench.changes(), bench.resyncs().len()), (1, 1));
    }

    #[test]
    fn a_push_gets_the_time_at_which_the_board_made_it() {
        let mut bench = Bench::connected();
        // The board's clock said 1 000 ms at the ping; the push says 2 000 and comes 1 007 ms after it.
        bench.move_to(bench.now.instant + Duration::from_millis(1_007));
        bench.push(EPOCH, 10, 11, json!({ "on": true }));
        let Some(Report::Changed { at, late, .. }) = bench.reports.last() else { panic!("no change") };
        assert_eq!(*late, Some(Duration::from_millis(7)));
        assert_eq!(*at, bench.now.wall - Duration::from_millis(7));
    }
}

mod commanding {
    use super::*;

    #[test]
    fn a_command_is_confirmed_when_its_effect_is_seen() {
        let mut bench = Bench::connected();
        bench.command(1, set(60));
        assert_eq!(bench.wanted().unwrap().brightness(), Some(60));
        bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
        assert_eq!(bench.outcome(1), None);
        bench.push(EPOCH, 10, 11, json!({ "brightness": 60 }));
        assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
        assert_eq!(bench.wanted(), None);
    }

    #[test]
    fn an_effect_that_was_seen_before_the_answer_confirms_too() {
        let mut bench = Bench::connected();
        bench.command(1, set(60));
        bench.push(EPOCH, 10, 11, json!({ "brightness": 60 }));
        bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
        assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    }

    #[test]
    fn of_a_dragged_slider_one_is_under_way_and_the_newest_waits() {
        let mut bench = Bench::connected();
        for (ticket, brightness) in [(1, 10), (2, 20), (3, 30)] {
            bench.command(ticket, set(brightness));
        }
        assert_eq!(bench.asked(method::LIGHT_SET), 1);
        assert_eq!(bench.outcome(2), Some(Outcome::Superseded));
        assert_eq!(bench.wanted().unwrap().brightness(), Some(30));
        bench.answer(method::LIGHT_SET, json!({ "seq": 10 }));
        assert_eq!(bench.take(method::LIGHT_SET).params["brightness"], 30);
        assert_eq!(bench.wanted().unwrap().brightness(), Some(30));
    }

    #[test]
    fn a_waiting_set_keeps_the_fields_that_the_newer_one_does_not_have() {
        let mut bench = Bench::connected();
        bench.command(1, set(10));
        bench.command(2, set(20));
        let mut colour = set(0);
        colour.params = Object::from_iter([("id".into(), json!(0)), ("on".into(), json!(true))]);
        colour.wanted = Some(State::new().with("on", true));
        bench.command(3, colour);
        bench.answer(method::LIGHT_SET, json!({ "seq": 10 }));
        let sent = bench.take(method::LIGHT_SET).params;
        assert_eq!((&sent["brightness"], &sent["on"]), (&json!(20), &json!(true)));
    }

    #[test]
    fn a_refused_command_takes_its_value_back() {
        let mut bench = Bench::connected();
        bench.command(1, set(60));
        let error = RpcError::new(Code::FailedPrecondition, "overheated", "the light is too hot");
        bench.refuse(method::LIGHT_SET, &error);
        assert_eq!(bench.outcome(1), Some(Outcome::Refused(error)));
        assert_eq!(bench.wanted(), None);
    }

    #[test]
    fn a_command_without_an_answer_is_unconfirmed_after_five_seconds() {
        let mut bench = Bench::connected();
        bench.command(1, set(60));
        bench.pass(limits::COMMAND_TIMEOUT);
        assert_eq!(bench.outcome(1), Some(Outcome::Unconfirmed));
        assert_eq!(bench.wanted(), None);
        bench.answer(method::LIGHT_SET, json!({ "seq": 11 }));
        assert_eq!(bench.disconnects, 0, "a late answer changes nothing");
    }

    #[test]
    fn toggles_are_kept_in_order_and_each_is_sent() {
        let mut bench = Bench::connected();
        for ticket in 1..=3 {
            bench.command(ticket, toggle());
        }
        for _ in 1..=3 {
            assert_eq!(bench.asked(method::SWITCH_TOGGLE), 1);
            bench.answer(method::SWITCH_TOGGLE, json!({ "seq": 10 }));
        }
        assert!((1..=3).all(|ticket| matches!(bench.outcome(ticket), Some(Outcome::Done { .. }))));
    }

    #[test]
    fn more_toggles_than_can_wait_are_refused_and_not_forgotten() {
        let mut bench = Bench::connected();
        for ticket in 1..=12 {
            bench.command(ticket, toggle());
        }
        let refused = (1..=12).filter(|ticket| matches!(bench.outcome(*ticket), Some(Outcome::Refused(_)))).count();
        assert_eq!(refused, 3);
    }

    #[test]
    fn a_toggle_is_never_sent_again_when_the_link_was_lost() {
        let mut bench = Bench::connected();
        bench.command(1, toggle());
        bench.command(2, toggle());
        bench.input(Input::Ended(bench.attempt, Ending::Closed));
        assert_eq!(bench.outcome(1), Some(Outcome::LinkLost));
        assert_eq!(bench.outcome(2), Some(Outcome::NotConnected));
        bench.pass(2 * SECOND);
        bench.input(Input::Opened(bench.attempt));
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.asked(method::SWITCH_TOGGLE), 0);
    }

    #[test]
    fn without_a_link_nothing_is_sent() {
        let mut bench = Bench::new();
        bench.command(1, toggle());
        assert_eq!(bench.outcome(1), Some(Outcome::NotConnected));
    }
}

mod anything_from_the_network {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[a-z:0-9]{0,12}".prop_map(Value::from),
            Just(json!(EPOCH)),
            Just(json!([])),
            Just(json!({ "on": true })),
            Just(json!({ "value": 1e300 })),
            Just(snapshot(EPOCH, 20)),
            Just(json!([{ "key": "light:0", "kind": "light", "name": "L" }])),
        ]
    }

    fn field() -> impl Strategy<Value = String> {
        const NAMES: [&str; 10] =
            ["epoch", "prev", "seq", "uptime_ms", "source", "events", "light:0", "x:1", "proto", "components"];
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
    }

    fn message() -> impl Strategy<Value = String> {
        const PUSHES: [&str; 3] = ["NotifyStatus", "NotifyEvent", "Other"];
        let object = || {
            prop::collection::vec((field(), word()), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect()))
        };
        let call = (prop::sample::select(&PUSHES[..]), object())
            .prop_map(|(method, params)| json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
        let answer = (0..30_i64, prop_oneof![object(), word()])
            .prop_map(|(id, result)| json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string());
        let pushes = (0..40_u64, 0..40_u64).prop_map(|(prev, seq)| status(EPOCH, prev, seq, json!({})).to_string());
        prop_oneof![".{0,64}", call, answer, pushes]
    }

    proptest! {
        #[test]
        fn never_stops_a_session(messages in prop::collection::vec((message(), 0..20_000_u64), 0..40)) {
            let mut bench = Bench::connected();
            for (ticket, (text, wait)) in messages.into_iter().enumerate() {
                bench.command(u64::try_from(ticket)?, set(5));
                let attempt = bench.attempt;
                bench.input(Input::Message(attempt, text));
                bench.pass(Duration::from_millis(wait));
                bench.input(Input::Opened(bench.attempt));
                prop_assert!(bench.session.under_way() < 32);
            }
            bench.pass(60 * SECOND);
        }
    }
}
