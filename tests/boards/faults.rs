//! Lost pushes, slow readers, restarts, power and other ports.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use fleet::{LinkProblem, LinkState, LogEvent, ResyncCause};
use protocol::Object;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::{
    client::{Client, Heard},
    finding::{found, state},
    observer::{Observer, component_of, key},
    program::{Bench, Make, SOON},
    relay::{Defect, relay},
};

/// A margin for a loaded machine on top of a time of the protocol.
const SLACK: Duration = Duration::from_secs(5);

/// How long commands may be sent until a slow reader has missed values.
const FLOOD: Duration = Duration::from_secs(40);

pub(crate) fn gap(make: Make) {
    let mut bench = Bench::start(make);
    let (lose, lost) = mpsc::channel();
    let done = AtomicBool::new(false);
    let address = relay(
        bench.address,
        Defect {
            // Loses the next push with the switch.
            to_client: Box::new(move |frame| {
                let text = String::from_utf8_lossy(&frame.payload);
                let hit = text.contains("NotifyStatus") && text.contains("switch:0");
                if hit && !done.swap(true, Ordering::Relaxed) {
                    let _ = lose.send(());
                    vec![]
                } else {
                    vec![frame]
                }
            }),
            ..Defect::default()
        },
    )
    .expect("a relay");
    let mut observer = Observer::of(&[&address.to_string()]);
    observer.connected(&bench.id);
    bench.line("set BOARD switch:0 on=true");
    lost.recv_timeout(SOON)
        .expect("the board pushes the change of switch:0");
    bench.line("set BOARD number:0 value=25");
    observer.shows(&bench.id, "switch:0", |switch| switch.on() == Some(true));
    observer.shows(&bench.id, "number:0", |number| {
        number.number() == Some(25.0)
    });
    observer.until("the log says why", SOON, |seen| {
        let gap = |entry: &&_| matches!(entry, LogEvent::Resync(ResyncCause::Gap));
        seen.log
            .iter()
            .map(|entry| &entry.what)
            .find(gap)
            .map(|_| ())
    });
}

/// A subscriber that reads nothing, over a connection with small buffers.
fn slow_reader(bench: &Bench) -> (Client, Value) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(&bench.address.into()).expect("connected");
    let mut client = Client::over(socket.into(), bench.address).expect("a connection");
    let mut answer = client.call("Device.Subscribe", &json!({}));
    (client, answer["result"].take())
}

pub(crate) fn slow(make: Make) {
    let bench = Bench::start(make);
    let (mut slow, subscribed) = slow_reader(&bench);
    let (mut quick, _) = Client::subscribed(bench.address);
    // Until far more was pushed than the sockets and the queue of eight hold.
    let deadline = Instant::now() + FLOOD;
    let (mut round, mut changes) = (0_u64, 0);
    while round < 20_000 && Instant::now() < deadline {
        let value = round % 101;
        let answer = quick.call("Light.Set", &json!({ "id": 0, "brightness": value }));
        changes = answer["result"]["seq"].as_u64().expect("a seq");
        round += 1;
    }
    let mut prev = subscribed["seq"].as_u64().expect("a seq");
    let made = changes - prev;
    let (mut received, mut brightness) = (0, Value::Null);
    while prev < changes {
        let push = slow.until("a push", |message| message["method"] == "NotifyStatus");
        assert_eq!(push["params"]["prev"], prev, "a gap");
        prev = push["params"]["seq"].as_u64().expect("a seq");
        let change = &push["params"]["light:0"]["brightness"];
        if !change.is_null() {
            brightness = change.clone();
        }
        received += 1;
    }
    assert!(
        received < made,
        "{received} pushes for {made} changes: nothing was merged"
    );
    assert_eq!(brightness, (round - 1) % 101);
    assert!(slow.call("Sys.Ping", &json!({}))["result"].is_object());
}

pub(crate) fn restart(make: Make) {
    let mut bench = Bench::start(make);
    let mut observer = Observer::of(&[&bench.address.to_string()]);
    let board = observer.connected(&bench.id);
    let epoch = board.info.as_ref().expect("known").epoch;
    let mut idle = Client::connect(bench.address).expect("a slot");
    idle.call("Sys.Ping", &json!({}));
    observer
        .fleet
        .call(board.key, "Device.Reboot", Object::new(), None);
    // Every controller is told, subscribed or not, and closed.
    idle.until("rebooting", |message| {
        let event = &message["params"]["events"][0];
        event["component"] == "sys:0" && event["event"] == "rebooting"
    });
    assert!(matches!(idle.hear(SOON), Heard::Closed(Some(1012))));
    observer.until("it is back with a new epoch", SOON + SLACK, |seen| {
        let board = seen
            .board(&bench.id)
            .filter(|board| board.link == LinkState::Connected)?;
        (board.info.as_ref()?.epoch != epoch).then_some(())
    });
    bench.assert_runs();
    // And it is live, on the same port.
    let before = component_of(observer.board(&bench.id).expect("there"), "light:0")
        .expect("a light")
        .shown()
        .on();
    bench.line("press BOARD button:0");
    let board = observer.shows(&bench.id, "light:0", |light| light.on() != before);
    assert_eq!(*board.address, *bench.address.to_string());
}

pub(crate) fn power(make: Make) {
    let mut bench = Bench::start(make);
    let mut observer = Observer::of(&[&bench.address.to_string()]);
    let board = observer.connected(&bench.id);
    let epoch = board.info.as_ref().expect("known").epoch;
    observer.fleet.toggle(board.key, &key("switch:0"), None);
    observer.shows(&bench.id, "switch:0", |switch| switch.on() == Some(true));
    bench.kill();
    observer.until(
        "it is shown as unreachable, and why",
        SOON,
        |seen| match &seen.board(&bench.id)?.link {
            LinkState::Unreachable {
                problem: LinkProblem::Connect(_),
                retry_at: Some(_),
            } => Some(()),
            _ => None,
        },
    );
    let port = bench.address.port();
    let bench = bench.again(port);
    observer.fleet.retry_now(board.key);
    let after = observer.until("it is back with a new epoch", SOON, |seen| {
        let board = seen
            .board(&bench.id)
            .filter(|board| board.link == LinkState::Connected)?;
        (board.info.as_ref()?.epoch != epoch).then(|| board.clone())
    });
    // It shows what the board says, whether or not that was stored.
    let shown = component_of(&after, "switch:0").expect("a switch").shown();
    assert_eq!(json!(shown), state(&bench, "switch:0"));
}

pub(crate) fn moved(make: Make) {
    let (bench, mut observer) = found(make);
    let before = observer.connected(&bench.id);
    let was = bench.address;
    let bench = bench.again(0);
    assert_ne!(was, bench.address);
    let after = observer.until("it is connected at the new port", SOON + SLACK, |seen| {
        let board = seen
            .board(&bench.id)
            .filter(|board| board.link == LinkState::Connected)?;
        (*board.address == *bench.address.to_string()).then(|| board.clone())
    });
    assert_eq!((before.key, &before.id), (after.key, &after.id));
}
