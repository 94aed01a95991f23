//! A board that can be reached directly and through a broker is one board. The
//! direct way is used; the broker's takes over when that is gone.

use std::{
    cell::Cell,
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    process,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::Instant,
};

use engine::{Interfaces, Lookout, Settings};
use fleet::{BoardKey, BoardView, Broker as Given, Fleet, FleetStatus, LinkState, Outcome, Watch};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use protocol::{State, mdns::Announcement};
use serde_json::json;
use virtual_board::VirtualBoards;

use super::{
    lab::{Bridge, PATIENCE, boards},
    mosquitto::{Broker, OPEN, Subscriber},
    relay::Relay,
};

/// A fleet, and what it says about its boards.
struct Controller {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    boards: BTreeMap<BoardKey, Arc<BoardView>>,
    status: FleetStatus,
}

impl Controller {
    fn start(settings: Settings) -> Self {
        let fleet = engine::start(settings).expect("a fleet");
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move |_| {
            let _ = wake.try_send(());
        });
        Self {
            fleet,
            watch,
            woken,
            boards: BTreeMap::new(),
            status: FleetStatus::default(),
        }
    }

    /// Waits until it has one board, which is connected and as wanted, and the
    /// broker has it too.
    fn only_board(&mut self, what: &str, is: impl Fn(&BoardView) -> bool) -> Arc<BoardView> {
        let end = Instant::now() + PATIENCE;
        loop {
            let changes = self.watch.drain();
            self.status = changes.status.unwrap_or_else(|| self.status.clone());
            for board in changes.boards {
                self.boards.insert(board.key, board);
            }
            for key in changes.forgotten {
                self.boards.remove(&key);
            }
            let is_on_broker = self.status.brokers.iter().all(|one| one.boards == 1);
            let mut boards = self.boards.values();
            if let (Some(board), None, true) = (boards.next(), boards.next(), is_on_broker)
                && board.link == LinkState::Connected
                && is(board)
            {
                return Arc::clone(board);
            }
            let left = end.saturating_duration_since(Instant::now());
            let woken = self.woken.recv_timeout(left);
            assert!(woken.is_ok(), "never {what}: {:#?}", self.boards);
        }
    }

    fn set(&self, board: &BoardView, on: bool) {
        let (sender, outcome) = sync_channel(1);
        let reply = Box::new(move |outcome| drop(sender.send(outcome)));
        let light = "light:0".parse().expect("a key");
        let change = State::new().with("on", on);
        self.fleet.set(board.key, &light, change, Some(reply));
        let outcome = outcome.recv_timeout(PATIENCE).expect("an outcome");
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
}

fn is_direct(board: &BoardView) -> bool {
    board.via.is_none()
}

fn is_through_broker(board: &BoardView) -> bool {
    board.via.is_some()
}

/// A board that a bridge forwards, and a way to it that can be cut.
struct Lab {
    broker: Broker,
    _boards: VirtualBoards,
    _bridge: Bridge,
    relay: Option<Relay>,
    id: String,
    seen: Subscriber,
}

impl Lab {
    fn start(test: &str, seed: u64) -> Option<Self> {
        let broker = Broker::start(test, OPEN)?;
        let boards = boards(1, seed);
        let board = boards.list().remove(0);
        let bridge = Bridge::start(&broker.url(), &boards, &[]);
        bridge.says("Active");
        let seen = broker.subscribe("switchboard/lab/#");
        let availability = format!("switchboard/lab/{}/$availability", board.id);
        seen.with(&availability, "state", &json!("online"));
        Some(Self {
            broker,
            relay: Some(Relay::start(board.address)),
            _boards: boards,
            _bridge: bridge,
            id: board.id,
            seen,
        })
    }

    /// Where the board can be reached directly.
    fn direct(&self) -> SocketAddr {
        self.relay.as_ref().expect("it is not cut").address()
    }

    /// Ends the direct way.
    fn cut(&mut self) {
        self.relay = None;
    }

    fn settings(&self) -> Settings {
        Settings {
            discovery: None,
            brokers: vec![Given::new(self.broker.url().parse().expect("a URL"))],
            ..Settings::default()
        }
    }

    /// Toggles the light; whether the command passed the broker.
    fn passes_broker(&self, controller: &Controller, board: &BoardView) -> bool {
        assert_eq!(board.id.as_deref(), Some(self.id.as_str()));
        let light = &"light:0".parse().expect("a key");
        let light = board.component(light).expect("a light");
        let on = light.reported.on() != Some(true);
        controller.set(board, on);
        let state = format!("switchboard/lab/{}/light:0", self.id);
        let command = format!("switchboard/lab/{}/$command", self.id);
        // It is seen before the state that follows from it.
        let commanded = Cell::new(false);
        self.seen.find("the state", |message| {
            commanded.set(commanded.get() || message.topic == command);
            message.topic == state && message.json()["on"] == json!(on)
        });
        commanded.get()
    }
}

#[test]
fn a_typed_address_wins_over_the_broker_which_takes_over_when_it_is_gone() {
    let Some(mut lab) = Lab::start("typed and brokered", 42) else {
        return;
    };
    let mut controller = Controller::start(Settings {
        addresses: vec![lab.direct().to_string()],
        ..lab.settings()
    });
    let direct = controller.only_board("direct", is_direct);
    assert!(!lab.passes_broker(&controller, &direct));
    assert_eq!(*direct.address, *lab.direct().to_string());
    lab.cut();
    let other = controller.only_board("through the broker", is_through_broker);
    assert_eq!(other.key, direct.key, "it is still the same board");
    assert!(lab.passes_broker(&controller, &other));
}

#[test]
fn an_announced_board_leaves_the_broker_for_the_direct_way_and_comes_back() {
    let Some(mut lab) = Lab::start("announced and brokered", 43) else {
        return;
    };
    let service = format!("_sbw-{:x}._tcp.local.", process::id());
    let mut controller = Controller::start(Settings {
        discovery: Some(Lookout::only(&service, Interfaces::Loopback)),
        ..lab.settings()
    });
    let first = controller.only_board("through the broker", is_through_broker);
    assert!(lab.passes_broker(&controller, &first));
    let daemon = announce(&service, &first, lab.direct());
    let direct = controller.only_board("direct", is_direct);
    assert_eq!(direct.key, first.key, "it is still the same board");
    assert!(!lab.passes_broker(&controller, &direct));
    lab.cut();
    let back = controller.only_board("through the broker again", is_through_broker);
    assert_eq!(back.key, first.key);
    assert!(lab.passes_broker(&controller, &back));
    daemon.shutdown().expect("it ends");
}

/// Announces a board on loopback at this address.
fn announce(service: &str, board: &BoardView, at: SocketAddr) -> ServiceDaemon {
    let daemon = ServiceDaemon::new().expect("mDNS");
    daemon.disable_interface(IfKind::All).expect("disabled");
    daemon
        .enable_interface(IfKind::LoopbackV4)
        .expect("enabled");
    let (announcement, _) = board.announcement.as_ref().expect("what the broker has");
    let announcement: &Announcement = announcement;
    let txt = announcement.to_txt();
    let txt: Vec<_> = txt
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let host = format!("{}-relay.local.", announcement.id);
    let ip: IpAddr = at.ip();
    let info = ServiceInfo::new(service, &announcement.id, &host, ip, at.port(), &txt[..]);
    daemon.register(info.expect("valid")).expect("announced");
    daemon
}
