//! A thousand boards at one bridge, announced to Home Assistant at once.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    time::{Duration, Instant},
};

use protocol::{ComponentKey, Kind, State};
use serde_json::json;
use virtual_board::{Options, Profile, VirtualBoards};

use super::{
    lab::{Bridge, PATIENCE},
    mosquitto::{Broker, OPEN, Subscriber},
};

const BOARDS: usize = 1000;

/// How long a debug build may take to connect to all boards, on a loaded
/// machine.
const CONNECTED_WITHIN: Duration = Duration::from_secs(180);

/// The random delay after the birth message (docs/home-assistant.md), and a
/// margin.
const EARLIEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(5 + 3);

/// From the discovery payloads to the states.
const GRACE: Duration = Duration::from_secs(5);

/// How long the payloads of all boards may take.
const BURST: Duration = Duration::from_secs(20);

/// By how much a burst may raise the memory of the bridge.
const MEMORY: u64 = 40_000;

/// How long a change at a board may take to a subscriber during a burst.
const DELAY: Duration = Duration::from_secs(10);

/// What a bridge announced.
struct Burst {
    first: Instant,
    last: Instant,
    bytes: usize,
}

/// Reads the payloads of all boards, each once.
fn burst(announced: &Subscriber, within: Duration) -> Burst {
    let mut boards = BTreeSet::new();
    let (mut first, mut last, mut bytes) = (None, Instant::now(), 0);
    while boards.len() < BOARDS {
        let config = announced.find_within(within, "a thousand boards", |message| {
            message.topic.ends_with("/config")
        });
        first.get_or_insert(config.at);
        last = config.at;
        bytes += config.payload.len();
        assert!(
            boards.insert(config.topic.clone()),
            "{} twice",
            config.topic
        );
    }
    Burst {
        first: first.expect("a board"),
        last,
        bytes,
    }
}

/// A line of `/proc/PID/status`, in kB.
fn memory(id: u32, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let of = status.lines().find(|one| one.starts_with(line))?;
    of.split_whitespace().nth(1)?.parse().ok()
}

/// Lets the largest memory so far be the present one.
fn forget_peak(id: u32) {
    fs::write(format!("/proc/{id}/clear_refs"), "5").expect("Linux");
}

#[test]
fn a_thousand_boards_are_announced_at_once_when_home_assistant_starts() {
    // Mosquitto would drop what a subscriber with QoS 1 has not taken.
    let config = format!("{OPEN}\nmax_queued_messages 0");
    let Some(broker) = Broker::start("a thousand boards", &config) else {
        return;
    };
    let boards = VirtualBoards::start(Options {
        boards: BOARDS,
        profile: Profile::Lamp,
        seed: Some(51),
        mdns: false,
        ..Options::default()
    })
    .expect("boards");
    let announced = broker.subscribe("homeassistant/#");
    let availability = broker.subscribe("switchboard/lab/+/$availability");
    let began = Instant::now();
    let bridge = Bridge::start(&broker.url(), &boards, &["--home-assistant"]);
    let start = burst(&announced, CONNECTED_WITHIN);
    let mut online = BTreeSet::new();
    while online.len() < BOARDS {
        let message = availability.find("a thousand boards", |message| {
            message.json()["state"] == json!("online")
        });
        online.insert(message.topic);
    }
    let lights = broker.subscribe("switchboard/lab/+/light:0");
    let light = ComponentKey::new(Kind::Light, 0);
    let ids: Vec<_> = boards.list().into_iter().map(|board| board.id).collect();
    let delay = |round: usize| {
        let id = &ids[(round * 37) % BOARDS];
        let brightness = json!(1 + round % 99);
        let change = State::new()
            .with("on", true)
            .with("brightness", brightness.clone());
        let set = Instant::now();
        boards.set(id, &light, change).expect("a light");
        let topic = format!("switchboard/lab/{id}/light:0");
        lights.with(&topic, "brightness", &brightness).at - set
    };
    let idle = (0..50).map(delay).max().expect("some");
    let before = memory(bridge.id(), "VmRSS").expect("Linux");
    forget_peak(bridge.id());

    announced.drain();
    let states = broker.subscribe("switchboard/lab/+/+");
    let trigger = broker.subscribe("homeassistant/device/+/config");
    burst(&trigger, PATIENCE);
    let born = Instant::now();
    broker.publish("homeassistant/status", "online", &[]);
    // Until the states were published too.
    let mut delays = Vec::new();
    let reply_to = "switchboard/lab/$replies/test/1";
    let replies = broker.subscribe(reply_to);
    let request = json!({ "id": 1, "method": "Light.Set", "params": { "id": 0, "on": false },
        "reply_to": reply_to });
    let mut commanded = None;
    while born.elapsed() < LATEST + GRACE {
        delays.push(delay(50 + delays.len()));
        if commanded.is_none() && !trigger.drain().is_empty() {
            let command = format!("switchboard/lab/{}/$command", ids[0]);
            broker.publish(&command, &request.to_string(), &[]);
            commanded = Some(Instant::now());
        }
    }
    let answer = burst(&announced, PATIENCE);
    let commanded = commanded.expect("a burst");
    let replied = replies.on(reply_to);
    assert!(replied.json()["result"].is_object(), "{replied:?}");
    let (after, peak) = (
        memory(bridge.id(), "VmRSS").expect("Linux"),
        memory(bridge.id(), "VmHWM").expect("Linux"),
    );
    let published = states.drain().iter().filter(|it| !it.retained).count();
    delays.sort_unstable();
    let (median, longest) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    let took = answer.last - answer.first;
    let _ = writeln!(
        io::stderr(),
        "{BOARDS} boards: announced {:.1} s after the start; the birth message is answered after \
         {:.1} s with {} kB within {:.2} s, and {published} states follow; a change at a board \
         arrives within {idle:?} at most before, half within {median:?} and all within {longest:?} \
         during it ({} changes); a command during it: {:?}; memory {before} kB before, at most \
         {peak} kB, {after} kB after",
        (start.last - began).as_secs_f64(),
        (answer.first - born).as_secs_f64(),
        answer.bytes / 1000,
        took.as_secs_f64(),
        delays.len(),
        replied.at - commanded,
    );
    let delayed = answer.first - born;
    assert!(EARLIEST <= delayed && delayed < LATEST, "{delayed:?}");
    assert!(took < BURST, "{took:?}");
    assert!(longest < DELAY, "{longest:?}");
    assert!(published >= BOARDS, "only {published} states");
    assert!(peak < before + MEMORY, "{before} kB became {peak} kB");
    assert!(
        announced
            .drain()
            .iter()
            .all(|it| it.topic.ends_with("/status")),
        "some boards were announced twice"
    );
}
