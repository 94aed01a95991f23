//! A fleet on its own host that reports every change and executes commands, and
//! the test's handle to it.

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{BoardView, LinkState, Outcome};
use protocol::{Object, State};
use serde_json::{Value, json};

use crate::{
    actors::{Actor, say},
    lan::Lan,
};

/// Long enough for a loaded machine; a passing test takes milliseconds.
const SOON: Duration = Duration::from_secs(20);

/// Runs a fleet that finds boards by mDNS.
pub(crate) fn be() {
    let fleet = engine::start(Settings::default()).expect("a fleet");
    let (changed, changes) = channel();
    let mut watch = fleet.watch(move |_| {
        // The receiver is dropped at the end.
        let _ = changed.send(());
    });
    thread::spawn(move || {
        let mut shown = BTreeMap::new();
        while changes.recv().is_ok() {
            for board in watch.drain().boards {
                let line = line(&board);
                if shown.insert(board.key, line.clone()) != Some(line.clone()) {
                    say(&line);
                }
            }
        }
    });
    let mut boards = BTreeMap::new();
    let mut own = fleet.watch(|_| {});
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        for board in own.drain().boards {
            boards.extend(board.id.clone().map(|id| (id, board.key)));
        }
        let words: Vec<_> = line.split(' ').collect();
        let board = |id: &str| *boards.get(id).unwrap_or_else(|| panic!("no board {id}"));
        let reply = |number: &str| -> fleet::Reply {
            let number: u64 = number.parse().expect("a number");
            Some(Box::new(move |outcome| {
                let took = if let Outcome::Done { took, .. } = &outcome {
                    took.as_millis()
                } else {
                    0
                };
                say(&json!({ "command": number, "outcome": word(&outcome), "took_ms": took }));
            }))
        };
        match *words.as_slice() {
            ["add", address] => {
                fleet.add_address(address).expect("an address");
            }
            ["press", number, id] => fleet.press(
                board(id),
                &"button:0".parse().expect("a key"),
                reply(number),
            ),
            ["set", number, id, key, change] => {
                let change: State = serde_json::from_str(change).expect("a state");
                fleet.set(
                    board(id),
                    &key.parse().expect("a key"),
                    change,
                    reply(number),
                );
            }
            ["call", number, id, method] => {
                fleet.call(board(id), method, Object::new(), reply(number));
            }
            _ => panic!("no observer can {line:?}"),
        }
    }
}

fn line(board: &BoardView) -> Value {
    let (link, problem) = match &board.link {
        LinkState::Announced => ("announced", None),
        LinkState::Connecting => ("connecting", None),
        LinkState::Connected => ("connected", None),
        LinkState::Stale => ("stale", None),
        LinkState::Unreachable { problem, .. } => ("unreachable", Some(problem.to_string())),
    };
    let shown = board
        .components
        .iter()
        .filter(|component| component.descriptor.key.id == 0)
        .map(|component| {
            let key = component.descriptor.key.to_string();
            (key, json!(component.reported))
        });
    let shown: Object = shown
        .filter(|(key, _)| !key.starts_with("sensor"))
        .collect();
    let (id, name, address) = (board.id.as_deref(), &*board.name, &*board.address);
    json!({
        "board": id, "name": name, "link": link, "problem": problem, "address": address,
        "shown": shown,
        "claims": board.claims.iter().map(|claim| claim.address.as_str()).collect::<Vec<_>>(),
    })
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Unconfirmed => "unconfirmed",
        Outcome::LinkLost => "link lost",
        Outcome::NotConnected => "not connected",
        Outcome::Superseded => "superseded",
    }
}

/// An observer, seen from the test.
pub(crate) struct Observer {
    pub(crate) person: Actor,
    /// The shown state of each board, and since when.
    pub(crate) boards: BTreeMap<String, (Instant, Value)>,
    /// The outcomes of commands, by number.
    pub(crate) outcomes: BTreeMap<u64, String>,
    /// The durations of successful commands, in milliseconds.
    pub(crate) took: Vec<u64>,
    /// Each shown link state, in order.
    pub(crate) links: Vec<(Instant, String, String)>,
    commands: u64,
}

impl Observer {
    /// An observer that finds boards by mDNS.
    pub(crate) fn finding(lan: &Lan, host: u8) -> Self {
        let person = Actor::at(lan, host, "observe");
        Self {
            person,
            boards: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            took: Vec::new(),
            links: Vec::new(),
            commands: 0,
        }
    }

    /// Waits until `so` is true; returns that time, or `None` at the deadline.
    pub(crate) fn within(
        &mut self,
        within: Duration,
        mut so: impl FnMut(&Self) -> bool,
    ) -> Option<Instant> {
        let end = Instant::now() + within;
        let mut at = Instant::now();
        while !so(self) {
            let (told_at, told) = self.person.next(end)?;
            at = told_at;
            if let Some(number) = told["command"].as_u64() {
                self.outcomes.insert(
                    number,
                    told["outcome"].as_str().unwrap_or_default().to_owned(),
                );
                self.took.extend(
                    told["took_ms"]
                        .as_u64()
                        .filter(|_| told["outcome"] == "done"),
                );
            } else if let Some(id) = told["board"].as_str() {
                let link = told["link"].as_str().unwrap_or_default().to_owned();
                self.links.push((told_at, id.to_owned(), link));
                self.boards.insert(id.to_owned(), (told_at, told));
            }
        }
        Some(at)
    }

    /// The same, but panics at the deadline.
    pub(crate) fn until(
        &mut self,
        what: &str,
        within: Duration,
        so: impl FnMut(&Self) -> bool,
    ) -> Instant {
        let Some(at) = self.within(within, so) else {
            panic!("not within {within:?}: {what}; boards: {:#?}", self.boards);
        };
        at
    }

    /// The shown state of a board.
    pub(crate) fn board(&self, id: &str) -> &Value {
        self.boards.get(id).map_or(&Value::Null, |(_, board)| board)
    }

    pub(crate) fn is(&self, id: &str, link: &str) -> bool {
        self.board(id)["link"] == link
    }

    /// Waits until a board is connected.
    pub(crate) fn connected(&mut self, id: &str) {
        self.until("connected", SOON, |seen| {
            seen.is(id, "connected") && seen.board(id)["shown"]["light:0"].is_object()
        });
    }

    /// Presses a board's button; returns the command's number.
    pub(crate) fn press(&mut self, id: &str) -> u64 {
        self.commands += 1;
        self.person.tell(&format!("press {} {id}", self.commands));
        self.commands
    }

    /// Changes a component; returns the command's number.
    pub(crate) fn set(&mut self, id: &str, key: &str, change: &Value) -> u64 {
        self.commands += 1;
        self.person
            .tell(&format!("set {} {id} {key} {change}", self.commands));
        self.commands
    }

    /// Calls any method; returns the command's number.
    pub(crate) fn call(&mut self, id: &str, method: &str) -> u64 {
        self.commands += 1;
        self.person
            .tell(&format!("call {} {id} {method}", self.commands));
        self.commands
    }

    /// Waits for the outcome of a command.
    pub(crate) fn outcome(&mut self, number: u64) -> String {
        self.until("an outcome", SOON, |seen| {
            seen.outcomes.contains_key(&number)
        });
        self.outcomes.get(&number).cloned().unwrap_or_default()
    }

    /// The median duration of successful commands, in milliseconds.
    pub(crate) fn median_ms(&self) -> u64 {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    }

    /// Waits until the shown state of a board's light is the board's own.
    pub(crate) fn shows(&mut self, id: &str, light: &Value, within: Duration) -> Instant {
        self.until("what the board says is shown", within, |seen| {
            seen.is(id, "connected") && seen.board(id)["shown"]["light:0"] == *light
        })
    }
}
