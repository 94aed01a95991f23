//! Sessions with Shellys: through the dialect, over a simulated WebSocket.

use keys::{Keys, Password};
use protocol::{ComponentKey, Kind};
use serde_json::{Value, json};

use super::*;

const ID: &str = "shellyplus1-a8032abcdef0";
const OTHER: &str = "shellyplus1-a8032abcdef1";

/// A Shelly with a switch, as far as its answers go.
struct Board {
    id: &'static str,
    /// The nonce that it accepts, if it has a password.
    nonce: Option<u64>,
    rejects: bool,
    on: bool,
}

impl Board {
    fn open(id: &'static str) -> Self {
        Self {
            id,
            nonce: None,
            rejects: false,
            on: false,
        }
    }

    fn answer(&mut self, frame: &Value) -> Vec<Value> {
        let method = frame["method"].as_str().unwrap();
        let refused = method != "Shelly.GetDeviceInfo"
            && self.nonce.is_some_and(|nonce| {
                self.rejects || frame["auth"]["nonce"].as_u64() != Some(nonce)
            });
        let mut answer = json!({ "id": frame["id"], "src": self.id, "dst": frame["src"] });
        if refused {
            let challenge = json!({ "nonce": self.nonce, "nc": 1, "realm": self.id });
            answer["error"] = json!({ "code": 401, "message": challenge.to_string() });
            return vec![answer];
        }
        answer["result"] = match method {
            "Shelly.GetDeviceInfo" => json!({
                "id": self.id, "mac": "A8032ABCDEF0", "gen": 2, "model": "SNSW-001X16EU",
                "fw_id": "20230912-082358/1.0.3-g6176478", "ver": "1.0.3", "name": null,
                "auth_en": self.nonce.is_some(),
            }),
            "Shelly.GetConfig" => json!({ "switch:0": { "name": "Lamp" } }),
            "Shelly.GetStatus" => json!({
                "switch:0": { "id": 0, "output": self.on }, "sys": { "uptime": 100 },
            }),
            "Switch.Set" => {
                let was_on = std::mem::replace(&mut self.on, frame["params"]["on"] == true);
                let change = json!({ "id": 0, "output": self.on, "source": "WS_in" });
                answer["result"] = json!({ "was_on": was_on });
                return vec![answer, pushed(self.id, change)];
            }
            _ => Value::Null,
        };
        vec![answer]
    }
}

fn pushed(id: &str, change: Value) -> Value {
    json!({ "src": id, "method": "NotifyStatus", "params": { "switch:0": change } })
}

fn lamp() -> ComponentKey {
    ComponentKey::new(Kind::Switch, 0)
}

fn announced_shelly(id: &str, address: &str) -> Input {
    Input::Announced(Announced {
        id: id.into(),
        addresses: heard(&[address]),
        family: Family::Shelly,
        proto: 1,
        locked: false,
        via: None,
    })
}

impl Bench {
    /// A link to an announced board, whose socket is open.
    fn shelly(password: Option<&str>) -> Self {
        let mut bench = Self::new();
        if let Some(password) = password {
            let mut keys = Keys::default();
            keys.insert_password(Password::new(ID, password).unwrap());
            bench.input(Input::Keys(keys));
        }
        bench.input(Input::Family(Family::Shelly));
        bench.input(announced_shelly(ID, "10.0.0.7:80"));
        bench.input(Input::KnownId(ID.into()));
        bench.input(Input::Connect);
        bench.input(opened(bench.attempt));
        bench
    }

    /// The board answers until nothing is asked any more; the methods.
    fn served_by(&mut self, board: &mut Board) -> Vec<String> {
        let mut methods = Vec::new();
        while !self.frames.is_empty() {
            for frame in std::mem::take(&mut self.frames) {
                let frame: Value = serde_json::from_slice(&frame).unwrap();
                methods.push(frame["method"].as_str().unwrap().to_owned());
                for answer in board.answer(&frame) {
                    let text = SocketEvent::Text(answer.to_string());
                    self.input(Input::Socket(self.attempt, text));
                }
            }
        }
        methods
    }

    fn turn_lamp(&mut self, number: u64, on: bool) {
        self.command(
            number,
            Command {
                id: CommandId(0),
                component: Some(lamp()),
                method: method::SWITCH_SET.into(),
                params: Object::from_iter([("id".into(), json!(0)), ("on".into(), json!(on))]),
                wanted: Some(State::new().with("on", on)),
                replaceable: true,
                refusal: None,
            },
        );
    }

    fn knows_a_state(&self) -> bool {
        self.reports.iter().any(|report| {
            matches!(
                report,
                Report::Snapshot { .. } | Report::Changed { .. } | Report::Components(_)
            )
        })
    }
}

#[test]
fn a_shelly_is_read_switched_and_heard() {
    let (mut bench, mut board) = (Bench::shelly(None), Board::open(ID));
    bench.served_by(&mut board);
    assert_eq!(bench.link(), LinkState::Connected);
    bench.turn_lamp(1, true);
    bench.served_by(&mut board);
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    assert_eq!(bench.changes(), 1);
    let change = pushed(ID, json!({ "output": false, "source": "button" }));
    bench.message(&change);
    let origins = bench.reports.iter().filter_map(|report| match report {
        Report::Changed { origin, .. } => Some(origin.clone()),
        _ => None,
    });
    assert_eq!(
        origins.collect::<Vec<_>>(),
        [Origin::ThisProgram, Origin::Physical]
    );
}

#[test]
fn boards_that_swapped_addresses_are_never_shown_under_each_others_name() {
    for password in [None, Some("secret")] {
        let mut bench = Bench::shelly(password);
        let mut board = Board {
            nonce: Some(1),
            ..Board::open(OTHER)
        };
        let methods = bench.served_by(&mut board);
        assert_eq!(
            bench.problem(),
            LinkProblem::AnotherBoard {
                expected: ID.into(),
                found: OTHER.into(),
            }
        );
        assert!(!bench.knows_a_state());
        let digests = methods
            .iter()
            .filter(|method| *method == "Shelly.GetConfig");
        assert!(
            digests.count() <= 1,
            "no digest for another board: {methods:?}"
        );
    }
}

#[test]
fn a_shelly_that_asks_for_no_password_is_open_although_one_is_held() {
    for (nonce, locked) in [(None, false), (Some(1), true)] {
        let mut bench = Bench::shelly(Some("secret"));
        let mut board = Board {
            nonce,
            ..Board::open(ID)
        };
        bench.served_by(&mut board);
        assert_eq!(bench.link(), LinkState::Connected);
        let said = |locked: bool| {
            bench.reports.iter().any(|report| match report {
                Report::Locked(_) => locked,
                Report::Open => !locked,
                _ => false,
            })
        };
        assert!(said(locked) && !said(!locked));
    }
}

#[test]
fn a_nonce_that_expires_is_not_noticed() {
    let mut bench = Bench::shelly(Some("secret"));
    let mut board = Board {
        nonce: Some(1),
        ..Board::open(ID)
    };
    bench.served_by(&mut board);
    assert_eq!(bench.link(), LinkState::Connected);
    for hour in 2..10 {
        board.nonce = Some(hour);
        bench.turn_lamp(hour, hour % 2 == 0);
        bench.served_by(&mut board);
        assert!(matches!(bench.outcome(hour), Some(Outcome::Done { .. })));
        assert_eq!(bench.link(), LinkState::Connected);
    }
}

#[test]
fn a_missing_or_wrong_password_stops_the_attempts() {
    for (password, problem) in [
        (None, LinkProblem::Locked),
        (Some("guess"), LinkProblem::WrongKey),
    ] {
        let mut bench = Bench::shelly(password);
        let mut board = Board {
            nonce: Some(1),
            rejects: true,
            ..Board::open(ID)
        };
        bench.served_by(&mut board);
        assert_eq!(bench.problem(), problem);
        assert!(!bench.knows_a_state());
    }
}

#[test]
fn a_wrong_password_is_not_tried_again_until_another_one_is_entered() {
    let mut bench = Bench::shelly(Some("guess"));
    let mut board = Board {
        nonce: Some(1),
        rejects: true,
        ..Board::open(ID)
    };
    bench.served_by(&mut board);
    assert_eq!(bench.problem(), LinkProblem::WrongKey);
    let before = bench.attempt;
    bench.pass(3_600 * SECOND);
    bench.input(announced_shelly(ID, "10.0.0.7:80"));
    assert_eq!(bench.attempt, before, "it is tried again");

    board.rejects = false;
    bench.input(Input::Keys(Password::new(ID, "secret").unwrap().into()));
    assert!(bench.attempt > before, "it is tried at once");
    bench.input(opened(bench.attempt));
    bench.served_by(&mut board);
    assert_eq!(bench.link(), LinkState::Connected);
}

/// Which board it is shows only once it has answered, and then its password is
/// found.
#[test]
fn a_stored_password_is_used_for_a_board_of_a_typed_address() {
    let mut bench = Bench::new();
    bench.input(Input::Keys(Password::new(ID, "secret").unwrap().into()));
    bench.input(Input::Family(Family::Shelly));
    bench.input(Input::Connect);
    let mut board = Board {
        nonce: Some(1),
        ..Board::open(ID)
    };
    for attempt in 1..=2 {
        assert_eq!(bench.attempt, attempt);
        bench.input(opened(bench.attempt));
        bench.served_by(&mut board);
    }
    assert_eq!(bench.link(), LinkState::Connected);
}

/// A board at a typed address: only its own answer says which one it is.
#[test]
fn a_password_that_is_added_later_connects_a_board_of_a_typed_address() {
    let mut bench = Bench::new();
    bench.input(Input::Keys(Keys::default()));
    bench.input(Input::Family(Family::Shelly));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    let mut board = Board {
        nonce: Some(1),
        ..Board::open(ID)
    };
    bench.served_by(&mut board);
    assert_eq!(bench.problem(), LinkProblem::Locked);
    let locked = |report: &Report| matches!(report, Report::Locked(id) if id == ID);
    assert!(bench.reports.iter().any(locked));

    let before = bench.attempt;
    let mut keys = Keys::default();
    keys.insert_password(Password::new(ID, "secret").unwrap());
    bench.input(Input::Keys(keys));
    assert!(bench.attempt > before, "it is tried at once");
    bench.input(opened(bench.attempt));
    bench.served_by(&mut board);
    assert_eq!(bench.link(), LinkState::Connected);
}

#[test]
fn a_lost_board_is_connected_to_when_it_is_announced_again() {
    let (mut bench, mut board) = (Bench::shelly(None), Board::open(ID));
    bench.served_by(&mut board);
    for _ in 0..12 {
        let ended = SocketEvent::Ended(Ending::Closed);
        bench.input(Input::Socket(bench.attempt, ended));
        bench.pass(60 * SECOND);
    }
    let before = bench.connects.len();
    bench.input(announced_shelly(ID, "10.0.0.9:80"));
    bench.pass(9 * SECOND);
    assert!(bench.connects.len() > before);
    assert_eq!(bench.connects.last().unwrap(), "10.0.0.9:80");
    bench.input(opened(bench.attempt));
    bench.served_by(&mut board);
    assert_eq!(bench.link(), LinkState::Connected);
}
