//! A session under simulated time.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on has failed"
)]

mod anything_from_the_network;
mod commanding;
mod connecting;
mod esphome;
mod gaps;
mod inbound;
mod liveness;
mod locked;
mod logging;
mod shelly;
mod unreadable;
mod updating;
mod versions;

use std::time::Duration;

use families::Family;
use noise::Channel;
use protocol::{Code, ComponentKey, Kind, Object, Request, RpcError, State, limits, method};
use serde_json::{Value, json};
use web_time::{Instant, SystemTime};

use address::{Candidate, Candidates, InterfaceId};

use super::{Session, pushes::REBOOT};
use crate::{
    commands::{Command, CommandId},
    input::{Announced, Input},
    output::{Frame, Output, Payload, Report},
    socket::{Ending, Priority, SocketEvent},
    state::{LinkProblem, LinkState, Now, Origin, Outcome, ResyncCause},
};

const EPOCH: &str = "5f3a91c2";

/// A session, a simulated board, and a simulated clock.
struct Bench {
    session: Session,
    now: Now,
    attempt: u64,
    /// Requests of the session without a response.
    asked: Vec<Request>,
    reports: Vec<Report>,
    connects: Vec<String>,
    disconnects: usize,
    accepted: usize,
    declined: usize,
    /// Binary messages of handshakes, and frames of other families, that the
    /// session sent.
    frames: Vec<Vec<u8>>,
    /// The board's end of an encrypted link.
    channel: Option<Channel>,
}

impl Bench {
    fn new() -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        };
        let mut bench = Self {
            session: Session::new(now.instant, 42, || Ok([7; 32])),
            now,
            attempt: 0,
            asked: Vec::new(),
            reports: Vec::new(),
            connects: Vec::new(),
            disconnects: 0,
            accepted: 0,
            declined: 0,
            frames: Vec::new(),
            channel: None,
        };
        bench.input(Input::Addresses(given("10.0.0.7:80")));
        bench
    }

    /// Connected, subscribed at `seq` 10, with one light and one switch.
    fn connected() -> Self {
        let mut bench = Self::new();
        bench.input(Input::Connect);
        bench.input(opened(bench.attempt));
        bench.be_read(EPOCH, 10);
        assert_eq!(bench.link(), LinkState::Connected);
        bench.answer(method::SYS_PING, json!({ "uptime_ms": 1_000 }));
        bench.reports.clear();
        bench
    }

    fn input(&mut self, input: Input) {
        // The address answers before the socket is open.
        if let (Input::Socket(attempt, SocketEvent::Opened), Some(address)) =
            (&input, self.connects.last())
        {
            let reached = Input::Socket(*attempt, SocketEvent::Reached(address.clone()));
            self.session.handle(self.now, reached);
            assert!(self.session.poll_output().is_none());
        }
        self.session.handle(self.now, input);
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Connect { attempt, to, .. } => {
                    self.attempt = attempt;
                    self.asked.clear();
                    let next = to
                        .addresses
                        .texts()
                        .into_iter()
                        .find(|address| !to.last.contains(address));
                    self.connects.push(next.or(to.addresses.first()).unwrap());
                }
                Output::Accept { attempt } => {
                    self.attempt = attempt;
                    self.asked.clear();
                    self.accepted += 1;
                }
                Output::Decline => self.declined += 1,
                Output::Send(frame) => self.sent(frame),
                Output::Decrypted(_) | Output::Fetch { .. } => {}
                Output::Disconnect => self.disconnects += 1,
                Output::Report(report) => self.reports.push(report),
            }
        }
    }

    fn sent(&mut self, frame: Frame) {
        let plaintext = frame.plaintext().map(str::to_owned);
        match (frame.into_payload(), plaintext) {
            // Other families have other frames.
            (Payload::Text(text), None) if !text.contains("\"jsonrpc\"") => {
                self.frames.push(text.into_bytes());
            }
            (Payload::Text(text), None) => self.asked.push(Request::parse(&text).unwrap()),
            (Payload::Binary(sealed), Some(text)) => {
                // Ignored if the test has no channel.
                let Some(channel) = &mut self.channel else {
                    return;
                };
                let read = channel.open_text(&sealed).unwrap();
                assert_eq!(read, text);
                self.asked.push(Request::parse(&read).unwrap());
            }
            (Payload::Binary(bytes), None) => self.frames.push(bytes),
            (Payload::Text(text), Some(_)) => panic!("plain text on an encrypted link: {text}"),
            (Payload::Mqtt { topic, .. }, _) => panic!("a message to a broker: {topic}"),
        }
    }

    /// Advances the clock, with a tick at every deadline.
    fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while let Some(deadline) = self
            .session
            .next_deadline(self.now.instant)
            .filter(|deadline| *deadline <= end)
        {
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
        let text = message.to_string();
        match &mut self.channel {
            Some(channel) => {
                let sealed = channel.seal(text.as_bytes()).unwrap();
                self.input(Input::Socket(self.attempt, SocketEvent::Binary(sealed)));
            }
            None => self.input(Input::Socket(self.attempt, SocketEvent::Text(text))),
        }
    }

    /// Takes the oldest unanswered request of a method.
    fn take(&mut self, method: &str) -> Request {
        let at = self
            .asked
            .iter()
            .position(|request| request.method == method);
        self.asked
            .remove(at.unwrap_or_else(|| panic!("{method} was not asked; asked: {:?}", self.asked)))
    }

    fn asked(&self, method: &str) -> usize {
        self.asked
            .iter()
            .filter(|request| request.method == method)
            .count()
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
        self.answer(
            method::DEVICE_GET_COMPONENTS,
            json!({ "offset": 0, "total": 2, "components": components }),
        );
        let mut snapshot = snapshot(epoch, seq);
        snapshot["client"] = json!(3);
        self.answer(method::DEVICE_SUBSCRIBE, snapshot);
    }

    fn push(&mut self, epoch: &str, prev: u64, seq: u64, change: Value) {
        self.message(&status(epoch, prev, seq, change));
    }

    fn command(&mut self, ticket: u64, command: Command) {
        self.input(Input::Command(Command {
            id: CommandId(ticket),
            ..command
        }));
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
            Report::CommandDone {
                id: CommandId(number),
                outcome,
                ..
            } if *number == ticket => Some(outcome.clone()),
            _ => None,
        })
    }

    fn wanted(&self) -> Option<State> {
        let mut wanted = self.reports.iter().rev().filter_map(|report| match report {
            Report::Pending { wanted, .. } => Some(wanted.clone()),
            _ => None,
        });
        wanted.next().unwrap()
    }

    fn changes(&self) -> usize {
        self.reports
            .iter()
            .filter(|report| matches!(report, Report::Changed { .. }))
            .count()
    }

    fn resyncs(&self) -> Vec<ResyncCause> {
        let causes = self.reports.iter().filter_map(|report| match report {
            Report::Resync(cause) => Some(*cause),
            _ => None,
        });
        causes.collect()
    }
}

fn opened(attempt: u64) -> Input {
    Input::Socket(attempt, SocketEvent::Opened)
}

fn info(proto: u32, epoch: &str) -> Value {
    json!({ "id": "lamp-1", "name": "Lamp", "mac": "", "version": "1", "platform": "virtual",
            "board": "b", "proto": proto, "epoch": epoch, "uptime_ms": 1_000 })
}

fn snapshot(epoch: &str, seq: u64) -> Value {
    json!({ "epoch": epoch, "seq": seq, "uptime_ms": 1_000,
            "light:0": { "on": false }, "switch:0": { "on": false } })
}

fn status(epoch: &str, prev: u64, seq: u64, change: Value) -> Value {
    let mut params = json!({ "epoch": epoch, "prev": prev, "seq": seq,
                             "uptime_ms": 2_000, "source": "client:3" });
    params["light:0"] = change;
    json!({ "jsonrpc": "2.0", "method": "NotifyStatus", "params": params })
}

fn set(brightness: u8) -> Command {
    let wanted = State::new().with("brightness", brightness);
    let mut params = Object::from(wanted.0.clone());
    params.insert("id".into(), json!(0));
    let component = Some(ComponentKey::new(Kind::Light, 0));
    Command {
        id: CommandId(0),
        component,
        method: method::LIGHT_SET.into(),
        params,
        wanted: Some(wanted),
        replaceable: true,
        refusal: None,
    }
}

fn toggle() -> Command {
    Command {
        id: CommandId(0),
        component: Some(ComponentKey::new(Kind::Switch, 0)),
        method: method::SWITCH_TOGGLE.into(),
        params: Object::from_iter([("id".into(), json!(0))]),
        wanted: None,
        replaceable: false,
        refusal: None,
    }
}

fn given(address: &str) -> Candidates {
    Candidates::given(address.parse().unwrap())
}

/// Addresses that mDNS answered with.
fn heard(addresses: &[&str]) -> Candidates {
    let on = InterfaceId {
        index: 2,
        name: "eth0".into(),
    };
    let one = |text: &&str| Candidate::Heard {
        address: text.parse().unwrap(),
        on: on.clone(),
    };
    Candidates::new(addresses.iter().map(one), &[])
}

fn announced(address: &str, proto: u32, locked: bool) -> Input {
    let addresses = heard(&[address]);
    Input::Announced(Announced {
        id: "lamp-1".into(),
        addresses,
        family: Family::Switchboard,
        proto,
        locked,
        via: None,
    })
}

const SECOND: Duration = Duration::from_secs(1);
