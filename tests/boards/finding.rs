//! Found by mDNS, commanded, pushed: a board and the app's own fleet.

use std::time::{Duration, Instant};

use fleet::{CommandState, LogEvent, Origin, Outcome};
use mdns_sd::{IfKind, ServiceDaemon, ServiceEvent};
use protocol::{Object, State};
use serde_json::{Value, json};

use crate::{
    client::Client,
    observer::{Observer, component_of, key, reply},
    program::{Bench, BenchOptions, Make, SOON},
};

/// A board that is announced, and an observer that looks for it.
pub(crate) fn found(make: Make) -> (Bench, Observer) {
    let options = BenchOptions::announced();
    let service = options.service.clone().expect("a service type");
    let bench = Bench::with(make, options);
    let mut observer = Observer::finding(&service);
    observer.connected(&bench.id);
    (bench, observer)
}

/// Asks a board for a component's state over a connection of its own.
pub(crate) fn state(bench: &Bench, component: &str) -> Value {
    let mut client = Client::connect(bench.address).expect("a connection");
    client.call("Device.GetStatus", &json!({}))["result"][component].clone()
}

pub(crate) fn found_commanded_and_pushed(make: Make) {
    let (mut bench, mut observer) = found(make);
    let board = observer.connected(&bench.id);
    assert_eq!(*board.address, *bench.address.to_string());
    assert_eq!(*board.name, *bench.name);
    assert!(!board.by_hand);
    let (announcement, _) = board.announcement.as_ref().expect("an announcement");
    assert_eq!(announcement.id, bench.id);
    assert_eq!(observer.status.discovery_problem, None);

    // Commanded, and confirmed.
    let change = State::new().with("on", true).with("brightness", 40);
    observer.fleet.set(board.key, &key("light:0"), change, None);
    let settled = observer.settled(&bench.id, "light:0");
    assert!(
        matches!(settled, CommandState::Confirmed { .. }),
        "{settled:?}"
    );
    let light = state(&bench, "light:0");
    assert_eq!(
        (&light["on"], &light["brightness"]),
        (&json!(true), &json!(40))
    );

    // Refused by the interlock, and shown as before.
    for (component, on) in [("switch:0", true), ("switch:1", true)] {
        let (answer, answered) = reply();
        let change = State::new().with("on", on);
        observer
            .fleet
            .set(board.key, &key(component), change, answer);
        match (component, answered.recv_timeout(SOON)) {
            ("switch:0", Ok(Outcome::Done { .. })) => {}
            ("switch:1", Ok(Outcome::Refused(error))) => {
                assert_eq!(i32::from(error.code), -32003, "{error}");
                assert_eq!(error.data.reason, "interlocked", "{error}");
            }
            (_, other) => panic!("{component}: {other:?}"),
        }
    }
    observer.shows(&bench.id, "switch:1", |switch| switch.on() == Some(false));

    // Pressed at the board.
    bench.line("press BOARD button:0");
    observer.shows(&bench.id, "light:0", |light| light.on() == Some(false));
    assert_eq!(observer.pressed("button:0"), Origin::Physical);

    // Set at the board. A board with a sensor of its own may measure again
    // before it pushes.
    let mut given = Instant::now();
    bench.line("set BOARD sensor:0 value=35.5");
    observer.until("what the sensor measured", SOON, |seen| {
        if given.elapsed() > Duration::from_secs(1) {
            given = Instant::now();
            bench.line("set BOARD sensor:0 value=35.5");
        }
        seen.log.iter().find_map(|entry| match &entry.what {
            LogEvent::Changed {
                component, change, ..
            } if *component == key("sensor:0") && change.number() == Some(35.5) => Some(()),
            _ => None,
        })
    });
    bench.line("set BOARD number:0 value=75");
    observer.shows(&bench.id, "number:0", |number| {
        number.number() == Some(75.0)
    });
}

pub(crate) fn renamed(make: Make) {
    let (mut bench, mut observer) = found(make);
    let board = observer.connected(&bench.id);
    let mut name = Object::new();
    name.insert("name".to_owned(), json!("Bank hinten"));
    let (answer, answered) = reply();
    observer
        .fleet
        .call(board.key, "Device.SetName", name, answer);
    let outcome = answered.recv_timeout(SOON);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    observer.until("the new name is shown and announced", SOON, |seen| {
        let board = seen.board(&bench.id)?;
        let (announcement, _) = board.announcement.as_ref()?;
        let announced = announcement.friendly_name == "Bank hinten";
        (announced && &*board.name == "Bank hinten").then_some(())
    });
    // An orderly end says goodbye (RFC 6762, section 10.1), and ends the
    // connection.
    let listener = ServiceDaemon::new().expect("mDNS");
    listener.disable_interface(IfKind::All).expect("disabled");
    let loopback = vec![IfKind::LoopbackV4, IfKind::LoopbackV6];
    listener.enable_interface(loopback).expect("enabled");
    let service = bench.options.service.clone().expect("a service type");
    let events = listener.browse(&service).expect("browsing");
    let heard = |what: &str, pass: &dyn Fn(&ServiceEvent) -> bool| {
        let deadline = Instant::now() + SOON;
        while !events
            .recv_deadline(deadline)
            .is_ok_and(|event| pass(&event))
        {
            assert!(Instant::now() < deadline, "never heard by mDNS: {what}");
        }
    };
    heard("the board", &|event| {
        matches!(event, ServiceEvent::ServiceResolved(_))
    });
    bench.quit();
    heard("its goodbye", &|event| {
        matches!(event, ServiceEvent::ServiceRemoved(..))
    });
    observer.until("it is not connected", SOON, |seen| {
        let board = seen.board(&bench.id)?;
        (board.link != fleet::LinkState::Connected).then_some(())
    });
    let after = observer.board(&bench.id).expect("still shown");
    assert!(component_of(after, "light:0").is_some());
}
