//! Boards from a real broker (mosquitto): they appear, are switched, and are
//! shown as what the broker says they are.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bridge;
mod broker;
mod plug;

use std::{
    sync::{Arc, mpsc::Receiver, mpsc::sync_channel},
    time::Instant,
};

use engine::Settings;
use fleet::{
    BoardKey, BoardView, Broker as Given, BrokerState, Family, Fleet, FleetStatus, KnownBoard,
    LinkProblem, LinkState, Lock, Outcome, Watch,
};
use protocol::{Object, State};

use bridge::{BOARD, Bridge};
use broker::{Broker, PATIENCE};
use plug::{ID, Plug};

struct Rig {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    status: FleetStatus,
}

impl Rig {
    fn start(broker: &Broker) -> Self {
        let settings = Settings {
            discovery: None,
            brokers: vec![Given::new(broker.url().parse().unwrap())],
            ..Settings::default()
        };
        let fleet = engine::start(settings).unwrap();
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move |_| {
            let _ = wake.try_send(());
        });
        Self {
            fleet,
            watch,
            woken,
            status: FleetStatus::default(),
        }
    }

    /// Waits until the board is as wanted.
    fn until(&mut self, what: &str, is: impl Fn(&BoardView) -> bool) -> Arc<BoardView> {
        let end = Instant::now() + PATIENCE;
        let mut last = None;
        loop {
            let changes = self.watch.drain();
            if let Some(status) = changes.status {
                self.status = status;
            }
            for board in changes.boards {
                if is(&board) {
                    return board;
                }
                last = Some(board.link.clone());
            }
            let left = end.saturating_duration_since(Instant::now());
            let woken = self.woken.recv_timeout(left);
            assert!(woken.is_ok(), "never {what}: {last:?} {:?}", self.status);
        }
    }

    fn until_gone(&mut self, board: BoardKey) {
        let end = Instant::now() + PATIENCE;
        while !self.watch.drain().forgotten.contains(&board) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(self.woken.recv_timeout(left).is_ok(), "it is never gone");
        }
    }

    fn until_status(&mut self, what: &str, is: impl Fn(&FleetStatus) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is(&self.status) {
            let left = end.saturating_duration_since(Instant::now());
            let woken = self.woken.recv_timeout(left);
            assert!(woken.is_ok(), "never {what}: {:?}", self.status);
            if let Some(status) = self.watch.drain().status {
                self.status = status;
            }
        }
    }

    fn set(&self, board: &BoardView, on: bool) -> Outcome {
        let (sender, outcome) = sync_channel(1);
        let reply = Box::new(move |outcome| drop(sender.send(outcome)));
        let change = State::new().with("on", on);
        let key = "switch:0".parse().unwrap();
        self.fleet.set(board.key, &key, change, Some(reply));
        outcome.recv_timeout(PATIENCE).unwrap()
    }
}

fn is_up(board: &BoardView) -> bool {
    board.link == LinkState::Connected
}

fn is_reported_offline(board: &BoardView) -> bool {
    let problem = LinkProblem::ReportedOffline;
    matches!(&board.link, LinkState::Unreachable { problem: found, .. } if *found == problem)
}

#[test]
fn a_plug_is_found_switched_and_shown_as_the_broker_has_it() {
    let test = "a_plug_is_found_switched_and_shown_as_the_broker_has_it";
    let Some(broker) = Broker::start(test, "allow_anonymous true") else {
        return;
    };
    let plug = Plug::start(&broker, true);
    let mut rig = Rig::start(&broker);
    let board = rig.until("connected", is_up);
    assert_eq!(board.id.as_deref(), Some(ID));
    assert_eq!(
        (board.family, &*board.name),
        (Family::Tasmota, "Kitchen plug")
    );
    assert_eq!(board.web_page().as_deref(), Some("http://192.168.1.40/"));
    assert!(matches!(rig.set(&board, true), Outcome::Done { .. }));
    assert!(plug.is_on());
    let key = "switch:0".parse().unwrap();
    let board = rig.fleet.board(board.key).unwrap();
    assert_eq!(board.component(&key).unwrap().reported.on(), Some(true));
    plug.unplug();
    rig.until("reported offline", is_reported_offline);
    let plug = Plug::start(&broker, true);
    let board = rig.until("back", is_up);
    assert!(matches!(rig.set(&board, true), Outcome::Done { .. }));
    assert!(plug.is_on());
}

#[test]
fn a_board_comes_back_from_a_broker_that_forgot_everything() {
    let test = "a_board_comes_back_from_a_broker_that_forgot_everything";
    let Some(mut broker) = Broker::start(test, "allow_anonymous true") else {
        return;
    };
    let plug = Plug::start(&broker, true);
    let mut rig = Rig::start(&broker);
    rig.until("connected", is_up);
    broker.stop();
    rig.until("away", |board| {
        matches!(
            &board.link,
            LinkState::Unreachable {
                problem: LinkProblem::Broker(_),
                ..
            }
        )
    });
    drop(plug);
    broker.start_again();
    // It says only that it is there: its description is not retained again.
    let _plug = Plug::start(&broker, false);
    rig.until("back", is_up);
}

#[test]
fn a_board_of_another_site_is_shown_with_its_bridge_and_obeys_through_it() {
    let test = "a_board_of_another_site_is_shown_with_its_bridge_and_obeys_through_it";
    let Some(broker) = Broker::start(test, "allow_anonymous true") else {
        return;
    };
    let bridge = Bridge::start(&broker);
    let mut rig = Rig::start(&broker);
    let board = rig.until("connected", is_up);
    assert_eq!(board.id.as_deref(), Some(BOARD));
    assert_eq!(board.family, Family::Switchboard);
    let via = board.via.clone().unwrap();
    assert_eq!(*via.broker, *broker.url());
    let through = via
        .bridge
        .as_ref()
        .map(|one| (one.site.as_str(), one.name.as_str()));
    assert_eq!(through, Some(("lab", "one")));
    assert_eq!(board.lock(), Lock::Unknown, "that is not seen from here");
    assert!(matches!(rig.set(&board, true), Outcome::Done { .. }));
    let key = "switch:0".parse().unwrap();
    rig.until("on", |board| {
        board.component(&key).unwrap().reported.on() == Some(true)
    });
    let (sender, outcome) = sync_channel(1);
    let reply = Box::new(move |outcome| drop(sender.send(outcome)));
    rig.fleet
        .call(board.key, "Device.Identify", Object::new(), Some(reply));
    let refused = outcome.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(refused, Outcome::Refused(error) if error.message == "no such method"));
    drop(bridge);
    rig.until("reported offline", is_reported_offline);
    let _bridge = Bridge::start(&broker);
    rig.until("back", is_up);
}

/// A board that an earlier run knew.
const REMEMBERED: &str = "sb-000001";

/// *Forget*, and its undo: the broker says no more than before.
fn is_back_after_it_was_ignored(mut rig: Rig, id: &str) {
    let board = rig.until("connected", is_up);
    rig.fleet.ignore(id);
    rig.until_gone(board.key);
    // A board of a bridge is remembered with the broker's address, at which
    // there is no board.
    let remembered = KnownBoard {
        id: Some(REMEMBERED.to_owned()),
        address: board.address.to_string(),
        ..KnownBoard::default()
    };
    rig.fleet.recall(remembered).unwrap();
    rig.fleet.stop_ignoring(id);
    let back = rig.until("back", |one| {
        assert_ne!(one.id.as_deref(), Some(REMEMBERED));
        is_up(one)
    });
    assert_ne!(back.key, board.key);
    assert_eq!(back.via, board.via);
}

#[test]
fn a_board_that_is_no_longer_ignored_is_back_from_its_broker() {
    let test = "a_board_that_is_no_longer_ignored_is_back_from_its_broker";
    let Some(broker) = Broker::start(test, "allow_anonymous true") else {
        return;
    };
    let plug = Plug::start(&broker, true);
    is_back_after_it_was_ignored(Rig::start(&broker), ID);
    drop(plug);
    let Some(broker) = Broker::start(test, "allow_anonymous true") else {
        return;
    };
    let _bridge = Bridge::start(&broker);
    is_back_after_it_was_ignored(Rig::start(&broker), BOARD);
}

#[test]
fn a_broker_that_refuses_says_why_in_a_sentence() {
    let test = "a_broker_that_refuses_says_why_in_a_sentence";
    let Some(broker) = Broker::start(test, "allow_anonymous false") else {
        return;
    };
    let mut rig = Rig::start(&broker);
    rig.until_status("refused", |status| {
        let failed = |state: &BrokerState| matches!(state, BrokerState::Failed { .. });
        status.brokers.iter().any(|broker| failed(&broker.state))
    });
    let problem = rig.status.brokers[0].problem().unwrap();
    assert!(problem.contains("user"), "{problem}");
    let address = broker.url().parse().unwrap();
    rig.fleet.remove_broker(&address);
    rig.until_status("removed", |status| status.brokers.is_empty());
}
