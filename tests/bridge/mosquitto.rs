//! Mosquitto and its clients, on loopback or on a host of a network of
//! namespaces.

use std::{
    cell::RefCell,
    fs,
    io::{self, Write},
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::lab::{Line, PATIENCE, Running, line, lines, next_line, on, signal};

pub(crate) const OPEN: &str = "allow_anonymous true";

/// A Mosquitto.
pub(crate) struct Broker {
    running: Option<Running>,
    host: Option<String>,
    address: String,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    config: String,
}

impl Broker {
    /// Starts one with these lines of configuration; `None` if it is not
    /// installed, which is reported.
    pub(crate) fn start(test: &str, config: &str) -> Option<Self> {
        Self::start_on(None, "127.0.0.1", test, config)
    }

    /// Starts one on a host, at its address.
    pub(crate) fn start_on(
        host: Option<String>,
        address: &str,
        test: &str,
        config: &str,
    ) -> Option<Self> {
        let mut broker = Self {
            running: None,
            host,
            address: address.to_owned(),
            port: free_port(),
            folder: tempfile::tempdir().expect("a folder"),
            config: config.to_owned(),
        };
        if program().is_none() {
            let _ = writeln!(
                io::stderr(),
                "SKIPPED bridge: {test}: it needs Mosquitto (mosquitto, mosquitto-clients)"
            );
            return None;
        }
        broker.start_again();
        Some(broker)
    }

    /// Starts with an empty store.
    pub(crate) fn start_again(&mut self) {
        let config = self.folder.path().join("mosquitto.conf");
        let text = format!(
            "listener {} {}\nuser root\n{}\n",
            self.port, self.address, self.config
        );
        fs::write(&config, text).expect("a file");
        let mut command = Command::new(program().expect("Mosquitto"));
        command.args(["-v", "-c"]).arg(&config);
        let mut child = on(self.host.as_deref(), command)
            .stderr(Stdio::piped())
            .spawn()
            .expect("Mosquitto starts");
        let (to, said) = channel();
        lines(child.stderr.take().expect("piped"), to);
        self.running = Some(Running(child));
        line(
            &said,
            PATIENCE,
            |(_, line)| line.contains("running").then_some(()),
            "a running Mosquitto",
        );
        // The pipe is read until it ends.
        thread::spawn(move || said.into_iter().for_each(drop));
    }

    pub(crate) fn stop(&mut self) {
        self.running = None;
    }

    /// Stops it without closing its connections, or lets it go on: to its
    /// clients as if the network was cut.
    pub(crate) fn signal(&self, name: &str) {
        let running = self.running.as_ref().expect("it runs");
        signal(&running.0, name);
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://{}:{}", self.address, self.port)
    }

    /// A client of this broker. Its output is not held back: `mosquitto_sub`
    /// would do so with what `-d` prints.
    fn client(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("stdbuf");
        command
            .args(["-oL", program, "-h", &self.address])
            .args(["-p", &self.port.to_string()])
            .args(arguments);
        on(self.host.as_deref(), command)
    }

    /// Publishes with `mosquitto_pub`.
    pub(crate) fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let arguments = [&["-q", "1", "-t", topic, "-s"], more].concat();
        let mut child = self
            .client("mosquitto_pub", &arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(payload.as_bytes()).expect("written");
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }

    /// Subscribes with `mosquitto_sub`, and waits until the broker has accepted
    /// that: what is published from now on arrives.
    pub(crate) fn subscribe(&self, filter: &str) -> Subscriber {
        let arguments = ["-d", "-q", "1", "-F", "%r %t %p", "-t", filter];
        let mut child = self
            .client("mosquitto_sub", &arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub");
        let (to, messages) = channel();
        lines(child.stdout.take().expect("piped"), to);
        let running = Running(child);
        let subscribed = |line: &Line| line.1.starts_with("Subscribed").then_some(());
        line(&messages, PATIENCE, subscribed, "a subscription");
        Subscriber {
            _running: running,
            messages,
        }
    }

    /// What is retained one level below a topic.
    pub(crate) fn retained(&self, parent: &str) -> Vec<Message> {
        let end = format!("{parent}/end");
        let seen = self.subscribe(&format!("{parent}/+"));
        // Arrives after everything that was retained.
        self.publish(&end, "end", &[]);
        let found = RefCell::new(Vec::new());
        seen.find(&end, |message| {
            let retained = message.retained.then(|| message.clone());
            found.borrow_mut().extend(retained);
            message.topic == end
        });
        found.into_inner()
    }
}

fn program() -> Option<&'static str> {
    let installed = |name: &str| Command::new(name).arg("-h").output().is_ok();
    ["/usr/sbin/mosquitto", "mosquitto"]
        .into_iter()
        .find(|name| installed(name))
        .filter(|_| installed("mosquitto_sub"))
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A message, as a foreign client sees it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) at: Instant,
    pub(crate) retained: bool,
    pub(crate) topic: String,
    pub(crate) payload: String,
}

impl Message {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap_or_default()
    }
}

/// A `mosquitto_sub`.
pub(crate) struct Subscriber {
    _running: Running,
    messages: Receiver<Line>,
}

/// `None` if it is about the connection.
fn message((at, line): &Line) -> Option<Message> {
    let (retained, rest) = line.split_once(' ')?;
    if !["0", "1"].contains(&retained) {
        return None;
    }
    let (topic, payload) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Message {
        at: *at,
        retained: retained == "1",
        topic: topic.to_owned(),
        payload: payload.to_owned(),
    })
}

impl Subscriber {
    /// The next message that is wanted.
    pub(crate) fn find(&self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        self.find_within(PATIENCE, what, wanted)
    }

    pub(crate) fn find_within(
        &self,
        within: Duration,
        what: &str,
        wanted: impl Fn(&Message) -> bool,
    ) -> Message {
        line(
            &self.messages,
            within,
            |line| message(line).filter(|message| wanted(message)),
            what,
        )
    }

    /// The same; `None` if nothing is wanted until the deadline.
    pub(crate) fn next_within(
        &self,
        within: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        let wanted = |line: &Line| message(line).filter(|message| wanted(message));
        next_line(&self.messages, within, wanted).ok()
    }

    /// The next message on a topic.
    pub(crate) fn on(&self, topic: &str) -> Message {
        self.find(topic, |message| message.topic == topic)
    }

    /// The next message on a topic with this value in a field of its payload.
    pub(crate) fn with(&self, topic: &str, field: &str, value: &Value) -> Message {
        self.find(&format!("{field} {value} on {topic}"), |message| {
            message.topic == topic && message.json().get(field) == Some(value)
        })
    }

    /// What arrived so far.
    pub(crate) fn drain(&self) -> Vec<Message> {
        self.messages
            .try_iter()
            .filter_map(|line| message(&line))
            .collect()
    }
}
