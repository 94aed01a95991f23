//! One message of each kind, byte for byte: the files in `v1` never change. A
//! message that would be written differently needs another version.
//!
//! `UPDATE=1 cargo test -p switchboard-remote --test golden` writes the files
//! of kinds that have none.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    env,
    fmt::Debug,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use fleet::{
    Bucket, Health, LinkProblem, LinkState, Origin, ResyncCause, Trail, UpdateProblem, UpdateState,
};
use protocol::{Code, Object, RpcError, State};
use remote::{
    Refusal,
    wire::{
        Ago, BoardPart, Changes, Clocks, Command, ComponentPart, Components, Entry, Event,
        FromServer, FromWindow, Head, Hello, Json, Past, Result, Session, Shows, Status, Time,
        Token, Welcome,
        board::{Content, Frame, Link, Preview},
        decode, encode,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

fn object(value: serde_json::Value) -> Object {
    match value {
        serde_json::Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn from_window() -> Vec<(&'static str, FromWindow)> {
    vec![
        (
            "hello",
            FromWindow::Hello(Hello {
                version: 1,
                token: Token::from("0123456789abcdef"),
                name: "Ada".to_owned(),
            }),
        ),
        (
            "shows",
            FromWindow::Shows(Shows {
                boards: vec![1, 300],
                round_trips: vec![2],
                parts: vec![(3, vec!["light:0".to_owned()])],
                log: true,
                news: false,
            }),
        ),
        (
            "set",
            FromWindow::Set {
                request: 7,
                board: 1,
                component: "light:0".to_owned(),
                change: Json(State::new().with("on", true).with("brightness", 40)),
            },
        ),
        (
            "toggle",
            FromWindow::Toggle {
                request: 8,
                board: 1,
                component: "switch:0".to_owned(),
            },
        ),
        (
            "call",
            FromWindow::Call {
                request: 9,
                board: 1,
                component: None,
                method: "Device.Identify".to_owned(),
                params: Json(object(json!({ "duration_ms": 500 }))),
            },
        ),
        (
            "add",
            FromWindow::Add {
                request: 10,
                address: "192.168.1.5".to_owned(),
            },
        ),
        ("connect", FromWindow::Connect(1)),
        ("retry_now", FromWindow::RetryNow(1)),
        ("follow_log", FromWindow::FollowLog(1, Some(2))),
        ("follow_preview", FromWindow::FollowPreview(1, true)),
        ("follow_frames", FromWindow::FollowFrames(1, true)),
        ("image", FromWindow::Image(1, 4)),
        ("image_part", FromWindow::ImagePart(vec![0xe9, 1, 2, 3])),
        ("cancel_update", FromWindow::CancelUpdate(1)),
        ("end_session", FromWindow::EndSession(2)),
        ("grant", FromWindow::Grant(2, true)),
        ("show_page", FromWindow::ShowPage("plots".to_owned())),
    ]
}

fn head() -> Head {
    Head {
        id: Some("sb-a1b2c3".to_owned()),
        family: "switchboard".to_owned(),
        name: "Lamp".to_owned(),
        address: "192.168.1.5:80".to_owned(),
        addresses: vec!["192.168.1.5:80".to_owned()],
        by_hand: false,
        given: None,
        via: None,
        inbound_from: None,
        inbound_only: false,
        claims: vec![("192.168.1.9:80".to_owned(), Time(1_700_000_000_000_000))],
        announcement: None,
        info: None,
        locked: Some(true),
        held: Some(([1, 2, 3, 4], true)),
        link: Link::Unreachable {
            problem: LinkProblem::Closed,
            retry_at: Some(Ago(-1_500_000)),
        },
        link_since: Ago(2_000_000),
        booted: Some(Time(1_700_000_000_000_000)),
        client: Some(3),
        update: Some(Json(UpdateState::Failed(UpdateProblem::Refused(refused())))),
        lacking: vec!["Device.SetName".to_owned()],
    }
}

fn component() -> ComponentPart {
    ComponentPart {
        descriptor: None,
        reported: Json(State::new().with("value", 20.5)),
        wanted: None,
        command: Command::Confirmed {
            took: Duration::from_micros(6_700),
            at: Ago(0),
        },
        changed: Some((
            Time(1_700_000_000_000_000),
            Origin::Person("Ben".to_owned()),
        )),
        last_event: Some((
            "press".to_owned(),
            Time(1_700_000_000_000_000),
            Origin::Physical,
        )),
        past: Some(Past {
            tiers: vec![vec![Bucket {
                from: 1.0,
                to: 2.0,
                low: 0.5,
                high: 1.5,
                mean: 1.0,
                count: 2,
            }]],
            recent: vec![(Time(3_000_000), 20.0)],
        }),
        samples: vec![(Time(4_000_000), 20.5)],
    }
}

fn health() -> Health {
    let at = |second: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second);
    let mut health = Health::default();
    health.link(at(0), &LinkState::Connected);
    health.round_trip(at(1), Duration::from_micros(1_200));
    health.link(
        at(2),
        &LinkState::Unreachable {
            problem: LinkProblem::NotABoard("no".to_owned()),
            retry_at: None,
        },
    );
    health
}

fn clocks() -> Clocks {
    Clocks {
        steady: Time(1_700_000_000_000_000),
        system: Time(1_700_000_000_500_000),
    }
}

fn entry(event: Event) -> Entry {
    Entry {
        at: Time(1_700_000_000_500_000),
        steady: Time(1_700_000_000_000_000),
        board: 1,
        board_name: "Lamp".to_owned(),
        event,
    }
}

fn refused() -> RpcError {
    let why = "brightness is 0 to 100";
    RpcError::new(Code::InvalidParams, "out_of_range", why)
}

fn changes() -> Changes {
    Changes {
        boards: vec![BoardPart {
            board: 1,
            head: Some(Box::new(head())),
            round_trip: Some(Duration::from_micros(1_200)),
            last_heard: Some(Ago(250)),
            health: Some(health()),
            components: Components::Some(vec![(2, component())]),
            preview: Some(Some(Preview {
                columns: 2,
                colors: vec![[255, 0, 0], [0, 255, 0]],
                at: Ago(0),
            })),
            frames: vec![Frame {
                at: Time(1_700_000_000_000_000),
                way: 1,
                size: 2,
                encrypted: false,
                content: Content::Text("{}".to_owned()),
            }],
        }],
        forgotten: vec![9],
        log: vec![
            entry(Event::Changed {
                component: "light:0".to_owned(),
                change: Json(State::new().with("on", true)),
                origin: Origin::ThisProgram,
                delay: Some(Duration::from_millis(3)),
            }),
            entry(Event::Command {
                component: Some("light:0".to_owned()),
                method: "Light.Set".to_owned(),
                params: Json(object(json!({ "on": true }))),
                outcome: Result::Refused(Json(refused())),
                trail: Trail::default(),
            }),
            entry(Event::Resync(ResyncCause::Gap)),
        ],
        missed: 5,
        status: Some(Status {
            discovery_problem: None,
            resolving: true,
            listening: Some(("0.0.0.0:7433".to_owned(), None)),
            brokers: Vec::new(),
        }),
        complete: true,
    }
}

fn from_server() -> Vec<(&'static str, FromServer)> {
    vec![
        (
            "welcome",
            FromServer::Welcome(Welcome {
                version: 1,
                run: 42,
                number: 3,
                manages: true,
                clocks: clocks(),
            }),
        ),
        ("changes", FromServer::Changes(changes())),
        (
            "replies",
            FromServer::Replies(vec![(
                7,
                Result::Done {
                    result: Json(json!({ "was_on": false })),
                    took: Duration::from_micros(900),
                },
            )]),
        ),
        ("added", FromServer::Added(10, Ok(4))),
        (
            "sessions",
            FromServer::Sessions {
                all: vec![Session {
                    number: 3,
                    name: "Ada".to_owned(),
                    address: "192.168.1.20".to_owned(),
                    control: true,
                    manages: true,
                }],
                control: true,
            },
        ),
        ("shown_page", FromServer::ShowPage("plots".to_owned())),
        ("still_here", FromServer::StillHere(clocks())),
        (
            "refused",
            FromServer::Refused(Refusal::Full.code(), "full".to_owned()),
        ),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares each message with its file.
fn compare<T: Serialize + DeserializeOwned + Debug>(prefix: &str, messages: Vec<(&str, T)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1");
    for (name, message) in messages {
        let file = folder.join(format!("{prefix}_{name}.hex"));
        let bytes = encode(&message).expect("a message");
        if env::var_os("UPDATE").is_some() && !file.exists() {
            fs::write(&file, hex(&bytes) + "\n").expect("a file");
        }
        let kept = fs::read_to_string(&file).expect("a file in tests/golden/v1");
        assert_eq!(hex(&bytes), kept.trim(), "{}", file.display());
        let again: T = decode(&bytes).expect(name);
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
    }
}

#[test]
fn windows_write_what_they_always_wrote() {
    compare("window", from_window());
}

#[test]
fn servers_write_what_they_always_wrote() {
    compare("server", from_server());
}

#[test]
fn a_message_that_is_cut_or_followed_by_more_is_not_read() {
    let whole: BTreeMap<_, _> = from_window()
        .into_iter()
        .map(|(name, message)| (name, encode(&message).expect(name)))
        .collect();
    for (name, bytes) in whole {
        for end in 0..bytes.len() {
            assert!(decode::<FromWindow>(&bytes[..end]).is_err(), "{name} {end}");
        }
        let more = [&bytes[..], &[0]].concat();
        assert!(decode::<FromWindow>(&more).is_err(), "{name}");
    }
}

#[test]
fn a_newer_version_is_named_whatever_it_sends() {
    let hello = |version: u16| {
        let mut bytes = vec![0];
        bytes.extend(encode(&version).expect("a number"));
        bytes.extend(b"something new");
        Hello::read(&bytes).map(|_| ())
    };
    assert_eq!(hello(2), Err(Refusal::OtherVersion));
    assert_eq!(hello(300), Err(Refusal::OtherVersion));
    assert_eq!(
        Hello::read(b"GET / HTTP/1.1").map(|_| ()),
        Err(Refusal::NotAMessage)
    );
    assert_eq!(Hello::read(&[]).map(|_| ()), Err(Refusal::NotAMessage));
}
