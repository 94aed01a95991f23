//! The program, and a dialect that talks to it over TCP.

use std::{
    collections::BTreeMap,
    env,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use families::{Action, Actions, Credential, Dialect, Family, Payload, Problem, Received};
use protocol::{ComponentKey, FromBoard, LogLine, Request, Response, Snapshot, State};
use serde_json::{Value, json};

use crate::{Components, PATIENCE};

/// How long a read may block.
const READ: Duration = Duration::from_millis(20);

/// The real ESPHome, until it is dropped.
pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let program = env::var_os("ESPHOME_HOST").expect("ESPHOME_HOST is its path");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        // What the program remembers is not another one's.
        let home = env::temp_dir().join(format!("esphome-host-{}", address.port()));
        std::fs::create_dir_all(&home).expect("a folder");
        let child = Command::new(program)
            .env("PORT", address.port().to_string())
            .env("HOME", &home)
            .current_dir(&home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        Self { child, address }
    }

    /// A connection without a credential.
    pub(crate) fn connect(&self) -> Client {
        self.connect_with(None)
    }

    /// A connection.
    pub(crate) fn connect_with(&self, credential: Option<Credential>) -> Client {
        let end = Instant::now() + PATIENCE;
        let stream = loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > end => panic!("not reached: {error}"),
                Err(_) => thread::sleep(READ),
            }
        };
        stream.set_read_timeout(Some(READ)).expect("a timeout");
        let now = Instant::now();
        let dialect = Family::Esphome.dialect(now, credential, [9; 32]);
        let mut client = Client {
            stream,
            dialect: dialect.expect("ESPHome has a dialect"),
            said: Vec::new(),
            states: BTreeMap::new(),
            names: BTreeMap::new(),
            ended: None,
            requests: 0,
        };
        client.with(|dialect, now, out| dialect.opened(now, out));
        client
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let home = env::temp_dir().join(format!("esphome-host-{}", self.address.port()));
        let _ = std::fs::remove_dir_all(home);
    }
}

/// One connection to the program.
pub(crate) struct Client {
    stream: TcpStream,
    dialect: Box<dyn Dialect>,
    said: Vec<FromBoard>,
    states: BTreeMap<ComponentKey, State>,
    /// The keys of the components by their name.
    names: BTreeMap<String, ComponentKey>,
    /// Set when the connection is closed; by the dialect with the reason.
    ended: Option<Option<Problem>>,
    requests: i64,
}

impl Client {
    fn with(&mut self, call: impl FnOnce(&mut dyn Dialect, Instant, &mut Actions)) {
        let mut out = Actions::default();
        call(self.dialect.as_mut(), Instant::now(), &mut out);
        for action in out.take() {
            match action {
                Action::Send {
                    payload: Payload::Binary(bytes),
                    ..
                } => {
                    // The end is noticed by reading.
                    let _ = self.stream.write_all(&bytes);
                }
                Action::Message(message) => self.take(message),
                Action::Decoded(_) => {}
                Action::End(problem) => self.ended = Some(Some(problem)),
                other => panic!("{other:?}"),
            }
        }
    }

    fn take(&mut self, message: FromBoard) {
        if let FromBoard::Status(push) = &message {
            for (key, change) in &push.components {
                self.states.entry(key.clone()).or_default().merge(change);
            }
        }
        self.said.push(message);
    }

    /// Reads what arrives, for a moment.
    fn read(&mut self) {
        let deadline = self.dialect.next_deadline();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.with(|dialect, now, out| dialect.tick(now, out));
        }
        let mut bytes = [0; 4_096];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.ended = self.ended.take().or(Some(None)),
            Ok(length) => {
                let bytes = bytes.get(..length).expect("what was read");
                self.with(|dialect, now, out| dialect.received(now, Received::Binary(bytes), out));
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.ended = self.ended.take().or(Some(None)),
        }
    }

    /// Reads until something is found.
    fn until<T>(&mut self, what: &str, mut find: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = find(self) {
                return found;
            }
            assert!(Instant::now() < end, "no {what}; {:?}", self.states);
            assert_eq!(self.ended, None, "it ended before {what}");
            self.read();
        }
    }

    /// The result of a request.
    pub(crate) fn result(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let request = Request::new(self.requests, method, params);
        let id = request.id.clone();
        self.with(|dialect, now, out| dialect.request(now, &request, out));
        let outcome = self.until(method, |client| {
            client.said.iter().find_map(|message| match message {
                FromBoard::Response(Response { id: of, outcome }) if *of == id => {
                    Some(outcome.clone())
                }
                _ => None,
            })
        });
        outcome.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Its components.
    pub(crate) fn components(&mut self) -> Components {
        let page = self.result("Device.GetComponents", &json!({}));
        let components: Components =
            serde_json::from_value(page["components"].clone()).expect("components");
        let name = |one: &protocol::Descriptor| (one.name.clone(), one.key.clone());
        self.names = components.iter().map(name).collect();
        components
    }

    /// A component by its name.
    pub(crate) fn component(&mut self, name: &str) -> protocol::Descriptor {
        let mut all = self.components().into_iter();
        all.find(|one| one.name == name).expect("a component")
    }

    /// Subscribes to its states.
    pub(crate) fn subscribe(&mut self) {
        self.components();
        let snapshot = self.result("Device.Subscribe", &json!({}));
        let snapshot: Snapshot = serde_json::from_value(snapshot).expect("a snapshot");
        self.states = snapshot.components;
    }

    fn key(&mut self, name: &str) -> ComponentKey {
        if self.names.is_empty() {
            self.components();
        }
        self.names.get(name).expect("a component").clone()
    }

    /// The state of a component.
    pub(crate) fn state(&mut self, name: &str) -> Value {
        let key = self.key(name);
        json!(self.states.get(&key))
    }

    /// Gives a command, and waits until it is confirmed.
    pub(crate) fn command(&mut self, method: &str, name: &str, mut params: Value) {
        let key = self.key(name);
        params["id"] = json!(key.id);
        self.result(method, &params);
    }

    /// Waits until a component has a state.
    pub(crate) fn wait_for(&mut self, name: &str, found: impl Fn(&Value) -> bool) {
        let key = self.key(name);
        self.until(&format!("such state of {name}"), |client| {
            let state = json!(client.states.get(&key).cloned().unwrap_or_default());
            found(&state).then_some(())
        });
    }

    /// Waits for an event.
    pub(crate) fn wait_for_event(&mut self, name: &str, event: &str) {
        let key = self.key(name);
        self.until(&format!("{event} of {name}"), |client| {
            let found = client.said.iter().any(|message| match message {
                FromBoard::Event(push) => push
                    .events
                    .iter()
                    .any(|one| one.component == key && one.event == event),
                _ => false,
            });
            found.then_some(())
        });
    }

    /// Waits for a line of the log with a word.
    pub(crate) fn wait_for_log(&mut self, word: &str) -> LogLine {
        self.until(&format!("line with {word}"), |client| {
            client.said.iter().find_map(|message| match message {
                FromBoard::Log(log) => {
                    let mut lines = log.lines.iter();
                    lines.find(|line| line.message.contains(word)).cloned()
                }
                _ => None,
            })
        })
    }

    /// Waits until the connection is closed; returns the reason if the dialect
    /// closes it.
    pub(crate) fn wait_for_end(&mut self) -> Option<Problem> {
        let end = Instant::now() + PATIENCE;
        while self.ended.is_none() {
            assert!(Instant::now() < end, "it stays open");
            self.read();
        }
        self.ended.take().flatten()
    }
}
