//! Simulated boards in every state that the window can show, for its tests and
//! for `cargo run --example preview`.

use std::{
    collections::BTreeSet,
    f64::consts::TAU,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use fleet::{
    BoardKey, BoardView, Candidates, Changes, CommandState, ComponentView, Family, Health, History,
    LastEvent, LinkProblem, LinkState, LogEntry, LogEvent, Origin, ResyncCause, Sample,
    UpdateProblem, UpdateState,
};
use keys::{KeyId, Role};
use protocol::{
    Caps, Code, ComponentKey, Descriptor, DeviceInfo, EntityCategory, Kind, RpcError, State,
    mdns::Announcement,
};
use serde_json::{Value, json};

/// The time of a scene.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    pub(crate) fn read() -> Self {
        Self {
            now: Instant::now(),
            wall: SystemTime::now(),
        }
    }
}

pub(crate) fn seconds(s: f64) -> Duration {
    Duration::from_secs_f64(s)
}

/// A connected board without components.
pub(crate) fn board(key: u32, name: &str, at: Now) -> BoardView {
    let id = format!("{}-{key:04x}", name.to_lowercase().replace(' ', "-"));
    let announcement = Announcement {
        id: id.clone(),
        mac: format!("02:00:00:00:00:{key:02x}"),
        friendly_name: name.to_owned(),
        version: "0.3.1".to_owned(),
        platform: "esp32c3".to_owned(),
        board: "ESP32-C3-DevKitM-1".to_owned(),
        proto: 1,
        path: "/rpc".to_owned(),
        api_encryption: None,
    };
    BoardView {
        key: BoardKey(key),
        id: Some(id.into()),
        name: name.into(),
        address: format!("192.168.1.{}:80", 16 + key).into(),
        addresses: Candidates::default(),
        family: Family::Switchboard,
        by_hand: false,
        given: None,
        via: None,
        inbound_from: None,
        inbound_only: false,
        claims: Vec::new(),
        announcement: Some((Arc::new(announcement), at.now - seconds(40.0))),
        info: Some(Arc::new(info(name, key))),
        locked: Some(false),
        held: None,
        link: LinkState::Connected,
        link_since: at.now - seconds(125.0),
        round_trip: Some(seconds(0.0031)),
        health: Arc::new(health(key, at)),
        last_heard: Some(at.now - seconds(1.2)),
        booted: Some(at.wall - seconds(187_300.0)),
        client: Some(3),
        components: Vec::new(),
        update: None,
        lacking: BTreeSet::new(),
        preview: None,
        frames: Arc::default(),
    }
}

/// A link that was up for an hour, with round trips that are longer for boards
/// with a higher key.
fn health(key: u32, at: Now) -> Health {
    let mut health = Health::default();
    health.link(at.wall - seconds(3_600.0), &LinkState::Connected);
    for step in 0..240_u32 {
        let when = at.wall - seconds(f64::from(240 - step) * 15.0);
        if step == 120 && key.is_multiple_of(3) {
            let lost = LinkState::Unreachable {
                problem: LinkProblem::Silent,
                retry_at: None,
            };
            health.link(when, &lost);
        }
        if !(key.is_multiple_of(3) && (120..130).contains(&step)) {
            let rough = 1.0 + (f64::from(step) * 12.9898).sin().abs();
            health.round_trip(when, seconds(0.002 * rough * f64::from(1 + key % 7)));
        }
        if step == 130 {
            health.link(when, &LinkState::Connected);
        }
    }
    health
}

fn info(name: &str, key: u32) -> DeviceInfo {
    let info = json!({
        "id": format!("b-{key}"), "name": name, "mac": "02:00:00:00:00:01", "version": "0.3.1",
        "platform": "esp32c3", "board": "ESP32-C3-DevKitM-1", "proto": 1, "epoch": "5f3a91c2",
        "uptime_ms": 1,
    });
    serde_json::from_value(info).unwrap()
}

/// A component as reported, without anything else.
pub(crate) fn component(kind: Kind, id: u16, name: &str, reported: Value) -> ComponentView {
    ComponentView {
        descriptor: Arc::new(Descriptor::new(kind, id, name)),
        reported: serde_json::from_value(reported).unwrap(),
        wanted: None,
        command: CommandState::Idle,
        changed: None,
        last_event: None,
        history: Arc::default(),
    }
}

/// The same with its descriptor changed.
pub(crate) fn described(
    mut view: ComponentView,
    change: impl FnOnce(&mut Descriptor),
) -> ComponentView {
    change(Arc::make_mut(&mut view.descriptor));
    view
}

pub(crate) fn light(at: Now) -> ComponentView {
    let reported = json!({
        "on": true, "brightness": 60, "rgb": [255, 180, 107], "ct_k": 3000, "effect": "none",
    });
    let mut light = described(component(Kind::Light, 0, "Light", reported), |descriptor| {
        descriptor.caps = Caps {
            brightness: true,
            rgb: true,
            ct_k: Some([2200, 6500]),
            effects: ["none", "breathe", "rainbow"].map(str::to_owned).to_vec(),
            ..Caps::default()
        };
    });
    light.command = CommandState::Confirmed {
        took: seconds(0.004),
        at: at.now - seconds(3.0),
    };
    light
}

pub(crate) fn sensor(
    id: u16,
    name: &str,
    class: &str,
    unit: &str,
    decimals: u8,
    value: impl Into<Value>,
    at: Now,
) -> ComponentView {
    let value = value.into();
    let middle = value.as_f64().unwrap_or(20.0);
    let mut view = described(
        component(Kind::Sensor, id, name, json!({"value": value})),
        |descriptor| {
            descriptor.device_class = Some(class.to_owned());
            descriptor.unit_of_measurement = Some(unit.to_owned());
            descriptor.accuracy_decimals = Some(decimals);
        },
    );
    view.history = Arc::new(wave(middle, middle.abs() * 0.04 + 0.2, at));
    view.changed = Some((at.wall - seconds(4.0), Origin::Board));
    view
}

pub(crate) fn diagnostic(view: ComponentView) -> ComponentView {
    described(view, |descriptor| {
        descriptor.entity_category = Some(EntityCategory::Diagnostic);
    })
}

fn wave(middle: f64, swing: f64, at: Now) -> History {
    (0..180)
        .map(|step| {
            let x = f64::from(step) / 180.0;
            let rough = (f64::from(step) * 12.9898).sin() * 0.18;
            let gap = (96..110).contains(&step);
            let value = if gap {
                f64::NAN
            } else {
                middle + swing * ((x * TAU * 1.7).sin() + rough)
            };
            Sample {
                at: at.wall - seconds(f64::from(180 - step) * 2.0),
                value,
            }
        })
        .collect()
}

pub(crate) fn with(
    mut board: BoardView,
    components: impl IntoIterator<Item = ComponentView>,
) -> BoardView {
    board.components = components.into_iter().map(Arc::new).collect();
    board
}

pub(crate) fn lamp(key: u32, name: &str, at: Now) -> BoardView {
    let mut button = component(Kind::Button, 0, "Button", json!({}));
    let press = LastEvent {
        name: "press".to_owned(),
        at: at.wall - seconds(2.0),
        origin: Origin::Physical,
    };
    button.last_event = Some(Box::new(press));
    with(
        board(key, name, at),
        [
            light(at),
            button,
            sensor(0, "Temperature", "temperature", "°C", 1, 24.6, at),
            diagnostic(sensor(1, "Signal", "signal_strength", "dBm", 0, -52, at)),
            diagnostic(sensor(2, "Free memory", "data_size", "kB", 0, 171, at)),
            diagnostic(component(
                Kind::BinarySensor,
                1,
                "Overheated",
                json!({"on": false}),
            )),
        ],
    )
}

pub(crate) fn strip(key: u32, at: Now) -> BoardView {
    let commands = [
        CommandState::Confirmed {
            took: seconds(0.0042),
            at: at.now - seconds(1.0),
        },
        CommandState::Pending { since: at.now },
        CommandState::Unconfirmed {
            at: at.now - seconds(2.0),
        },
        CommandState::Refused {
            error: Box::new(RpcError::new(
                Code::FailedPrecondition,
                "overcurrent",
                "Switch 3 is locked out after an overcurrent; press its reset first",
            )),
            at: at.now - seconds(2.0),
        },
    ];
    let switches = commands.into_iter().enumerate().flat_map(|(n, command)| {
        let id = u16::try_from(n).unwrap();
        let mut switch = component(
            Kind::Switch,
            id,
            &format!("Socket {}", n + 1),
            json!({"on": n != 2}),
        );
        switch.command = command;
        let power = sensor(
            id,
            &format!("Socket {} power", n + 1),
            "power",
            "W",
            1,
            12.5 * f64::from(id),
            at,
        );
        [switch, power]
    });
    with(board(key, "Strip", at), switches.collect::<Vec<_>>())
}

/// A board with what boards of other families have: covers, events, texts that
/// are only read, a light with many effects, and an update that the board
/// downloads.
pub(crate) fn house(key: u32, at: Now) -> BoardView {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let cover = |id, name: &str, reported: Value, position| {
        described(component(Kind::Cover, id, name, reported), |descriptor| {
            descriptor.device_class = Some("blind".to_owned());
            descriptor.caps.position = position;
        })
    };
    let switch = component(Kind::Event, 0, "Wall switch", json!({}));
    let mut switch = described(switch, |descriptor| {
        descriptor.event_types = words(&["single_push", "double_push", "long_push"]);
    });
    switch.last_event = Some(Box::new(LastEvent {
        name: "double_push".to_owned(),
        at: at.wall - seconds(12.0),
        origin: Origin::Physical,
    }));
    let reported = json!({"on": true, "brightness": 60, "white": 128, "effect": "Effect 7",
        "palette": "Forest"});
    let strip = described(component(Kind::Light, 0, "Strip", reported), |descriptor| {
        descriptor.caps = Caps {
            brightness: true,
            white: true,
            effects: (1..=60).map(|effect| format!("Effect {effect}")).collect(),
            palettes: words(&["Default", "Forest", "Ocean"]),
            ..Caps::default()
        };
    });
    let versions = json!({"installed_version": "1.4.2", "latest_version": "1.4.4"});
    let firmware = component(Kind::Update, 0, "Firmware", versions);
    let firmware = described(firmware, |descriptor| descriptor.can_install = true);
    let scene = json!({"value": "Reading by the window, with the blinds half closed"});
    with(
        board(key, "House", at),
        [
            cover(
                0,
                "Blind",
                json!({"state": "stopped", "position": 60}),
                true,
            ),
            cover(
                1,
                "Awning",
                json!({"state": "opening", "position": null}),
                false,
            ),
            switch,
            component(Kind::Event, 1, "Doorbell", json!({})),
            component(
                Kind::TextSensor,
                0,
                "Access point",
                json!({"value": "attic"}),
            ),
            component(Kind::TextSensor, 1, "Scene", scene),
            component(Kind::TextSensor, 2, "Message", json!({"value": null})),
            strip,
            firmware,
        ],
    )
}

/// An updatable board.
pub(crate) fn updatable(key: u32, at: Now) -> BoardView {
    let idle = json!({"installed_version": "0.3.1", "latest_version": null, "in_progress": false,
        "update_percentage": null, "last_error": null});
    let firmware = described(component(Kind::Update, 0, "Firmware", idle), |descriptor| {
        descriptor.entity_category = Some(EntityCategory::Config);
        descriptor.device_class = Some("firmware".to_owned());
    });
    with(
        board(key, "Workbench", at),
        [
            component(Kind::Switch, 0, "Relay", json!({"on": true})),
            firmware,
        ],
    )
}

/// Boards in each state of an update.
pub(crate) fn updates(at: Now) -> Vec<BoardView> {
    let mut sending = updatable(1, at);
    sending.update = Some(UpdateState::Sending {
        sent: 258_000,
        size: 598_016,
    });
    let mut restarting = updatable(2, at);
    restarting.update = Some(UpdateState::Restarting);
    let mut done = updatable(3, at);
    done.update = Some(UpdateState::Done {
        before: Some("0.3.0".to_owned()),
        after: Some("0.3.1".to_owned()),
    });
    let mut failed = updatable(4, at);
    failed.update = Some(UpdateState::Failed(UpdateProblem::LinkLost {
        sent: 258_000,
        size: 598_016,
    }));
    let mut by_another = updatable(5, at);
    let firmware = Arc::make_mut(by_another.components.last_mut().unwrap());
    let change = json!({"in_progress": true, "update_percentage": 43, "latest_version": "0.4.0"});
    firmware
        .reported
        .merge(&serde_json::from_value(change).unwrap());
    let mut gave_way = updatable(6, at);
    let firmware = Arc::make_mut(gave_way.components.last_mut().unwrap());
    let reason = "the new image was not reached by any controller; the one before it came back";
    firmware
        .reported
        .merge(&State::new().with("last_error", reason));
    let names = [
        "Sending",
        "Restarting",
        "Done",
        "Failed",
        "By another",
        "Gave way",
    ];
    let mut boards = vec![sending, restarting, done, failed, by_another, gave_way];
    boards
        .iter_mut()
        .zip(names)
        .for_each(|(board, name)| board.name = name.into());
    boards
}

pub(crate) fn everything(key: u32, at: Now) -> BoardView {
    let unknown_light = described(
        component(
            Kind::Light,
            1,
            "Second light",
            json!({"on": null, "brightness": null}),
        ),
        |d| {
            d.caps = Caps {
                brightness: true,
                rgb: true,
                ..Caps::default()
            };
        },
    );
    let setpoint = described(
        component(
            Kind::Number,
            0,
            "Setpoint",
            json!({"value": 21.5, "min": 5, "max": 30, "step": 0.5}),
        ),
        |d| {
            d.unit_of_measurement = Some("°C".to_owned());
            d.accuracy_decimals = Some(1);
        },
    );
    let options = json!({"value": "eco", "options": ["eco", "comfort", "boost"]});
    let door = described(
        component(Kind::BinarySensor, 0, "Door", json!({"on": true})),
        |descriptor| {
            descriptor.device_class = Some("door".to_owned());
        },
    );
    let mut unknown_sensor = sensor(3, "Humidity", "humidity", "%", 0, Value::Null, at);
    unknown_sensor.history = Arc::default();
    with(
        board(key, "Everything", at),
        [
            light(at),
            unknown_light,
            component(Kind::Switch, 0, "Relay", json!({"on": true})),
            component(Kind::Switch, 1, "Relay", json!({"on": null})),
            setpoint,
            component(Kind::Select, 0, "Mode", options),
            component(
                Kind::Text,
                0,
                "Note",
                json!({"value": "Second shelf, left"}),
            ),
            component(Kind::Button, 0, "Restart", json!({})),
            door,
            sensor(0, "Temperature", "temperature", "°C", 1, 24.6, at),
            unknown_sensor,
            component(
                Kind::Unknown("valve".to_owned()),
                0,
                "Blind",
                json!({"position": 40, "moving": null}),
            ),
        ],
    )
}

/// One board in each state of a link, and two with the same name.
pub(crate) fn mixed(at: Now) -> Vec<BoardView> {
    let mut weather = with(
        board(3, "Weather", at),
        [
            sensor(0, "Temperature", "temperature", "°C", 1, 8.3, at),
            sensor(1, "Humidity", "humidity", "%", 0, 71, at),
            sensor(2, "Pressure", "pressure", "hPa", 0, 1013, at),
        ],
    );
    weather.link = LinkState::Stale;
    weather.link_since = at.now - seconds(7.0);
    weather.last_heard = Some(at.now - seconds(22.0));
    let mut bench = lamp(4, "Bench 4", at);
    bench.link = LinkState::Unreachable {
        problem: LinkProblem::Silent,
        retry_at: Some(at.now + seconds(9.0)),
    };
    bench.link_since = at.now - seconds(34.0);
    bench.last_heard = Some(at.now - seconds(79.0));
    let mut bench_10 = board(5, "Bench 10", at);
    bench_10.link = LinkState::Unreachable {
        problem: LinkProblem::AllSlotsTaken,
        retry_at: Some(at.now + seconds(41.0)),
    };
    let mut new = board(6, "New board", at);
    new.link = LinkState::Connecting;
    new.link_since = at.now - seconds(0.4);
    (new.info, new.round_trip, new.last_heard, new.booted) = (None, None, None, None);
    let mut heard = board(7, "Hallway", at);
    heard.link = LinkState::Announced;
    (heard.info, heard.last_heard) = (None, None);
    vec![
        lamp(1, "Desk lamp", at),
        strip(2, at),
        weather,
        bench,
        bench_10,
        new,
        heard,
        lamp(8, "Desk lamp", at),
        everything(9, at),
    ]
}

/// Boards that are locked: with a key that may only view, without a key, with
/// one that is refused, and one that is open although there is a key for it.
pub(crate) fn locked(at: Now) -> Vec<BoardView> {
    let mut seen = lamp(1, "Desk lamp", at);
    (seen.locked, seen.held) = (Some(true), Some((KeyId([1; 4]), Role::View)));
    let problem = |key: u32, name: &str, problem: LinkProblem| {
        let mut board = board(key, name, at);
        (board.locked, board.info, board.last_heard) = (Some(true), None, None);
        board.link = LinkState::Unreachable {
            problem,
            retry_at: None,
        };
        board
    };
    let no_key = problem(2, "Vault", LinkProblem::Locked);
    let mut wrong_key = problem(3, "Old vault", LinkProblem::WrongKey);
    wrong_key.held = seen.held;
    let id = "erased-0004".to_owned();
    let mut erased = problem(4, "Erased", LinkProblem::NotLocked { board: id });
    erased.held = seen.held;
    vec![seen, no_key, wrong_key, erased]
}

pub(crate) fn many(count: u32, at: Now) -> Vec<BoardView> {
    (0..count)
        .map(|n| {
            let mut board = lamp(n, &format!("Bench {n}"), at);
            if n % 17 == 5 {
                board.link = LinkState::Stale;
            } else if n % 23 == 7 {
                board.link = LinkState::Unreachable {
                    problem: LinkProblem::Closed,
                    retry_at: None,
                };
            }
            board
        })
        .collect()
}

pub(crate) fn key(text: &str) -> ComponentKey {
    text.parse().unwrap()
}

pub(crate) fn log(at: Now) -> Vec<Arc<LogEntry>> {
    let changed = |component: &str, change: State, origin, late: f64| LogEvent::Changed {
        component: key(component),
        change,
        origin,
        delay: Some(seconds(late)),
    };
    let entries = [
        ("Weather", LogEvent::Link(LinkState::Stale)),
        (
            "Desk lamp",
            changed(
                "sensor:0",
                State::new().with("value", 24.6),
                Origin::Physical,
                0.0016,
            ),
        ),
        (
            "Strip",
            changed(
                "switch:2",
                State::new().with("on", true),
                Origin::OtherController(2),
                0.0031,
            ),
        ),
        ("Strip", LogEvent::Resync(ResyncCause::Gap)),
        (
            "Desk lamp",
            changed(
                "light:0",
                State::new().with("brightness", 60),
                Origin::ThisProgram,
                0.004,
            ),
        ),
        (
            "Desk lamp",
            LogEvent::Event {
                component: key("button:0"),
                event: "press".to_owned(),
                origin: Origin::Physical,
                delay: Some(seconds(0.0021)),
            },
        ),
        (
            "Desk lamp",
            changed(
                "light:0",
                State::new().with("on", true),
                Origin::Physical,
                0.0022,
            ),
        ),
        (
            "Bench 4",
            LogEvent::Link(LinkState::Unreachable {
                problem: LinkProblem::Silent,
                retry_at: None,
            }),
        ),
    ];
    let count = entries.len();
    let entries = entries
        .into_iter()
        .enumerate()
        .map(|(n, (board, what))| LogEntry {
            number: n as u64,
            at: at.wall - seconds((count - n) as f64 * 1.37),
            steady: at.wall - seconds((count - n) as f64 * 1.37),
            board: BoardKey(if board == "Desk lamp" { 1 } else { 2 }),
            board_name: Arc::from(board),
            what,
        });
    entries.map(Arc::new).collect()
}

pub(crate) fn changes(
    boards: impl IntoIterator<Item = BoardView>,
    log: Vec<Arc<LogEntry>>,
) -> Changes {
    Changes {
        boards: boards.into_iter().map(Arc::new).collect(),
        log,
        ..Changes::default()
    }
}
