//! A broker, virtual boards, bridges and foreign clients on loopback.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use virtual_board::{Options, Profile, VirtualBoards};

use super::program::switchboard;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const OPEN: &str = "allow_anonymous true";

/// Ends a child when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

/// Sends the lines of a stream to a channel.
fn lines(stream: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

/// The first line that is wanted.
fn line<T>(lines: &Receiver<String>, wanted: impl Fn(&str) -> Option<T>, what: &str) -> T {
    let end = Instant::now() + PATIENCE;
    let mut others = Vec::new();
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let Ok(line) = lines.recv_timeout(left) else {
            break;
        };
        if let Some(found) = wanted(&line) {
            return found;
        }
        others.push(line);
    }
    panic!("{what} was not seen; only:\n{}", others.join("\n"))
}

/// A Mosquitto.
pub(crate) struct Broker {
    running: Option<Running>,
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    config: String,
}

impl Broker {
    /// Starts one with these lines of configuration; `None` if it is not
    /// installed, which is reported.
    pub(crate) fn start(test: &str, config: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, test, config)
    }

    pub(crate) fn start_in(folder: tempfile::TempDir, test: &str, config: &str) -> Option<Self> {
        let mut broker = Self {
            running: None,
            port: free_port(),
            folder,
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
            "listener {} 127.0.0.1\nuser root\n{}\n",
            self.port, self.config
        );
        fs::write(&config, text).expect("a file");
        let mut child = Command::new(program().expect("Mosquitto"))
            .args(["-v", "-c"])
            .arg(&config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("Mosquitto starts");
        let (to, said) = channel();
        lines(child.stderr.take().expect("piped"), to);
        self.running = Some(Running(child));
        line(
            &said,
            |line| line.contains("running").then_some(()),
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
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command
    }

    /// Publishes with `mosquitto_pub`.
    pub(crate) fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let mut child = self
            .client("mosquitto_pub")
            .args(["-q", "1", "-t", topic, "-s"])
            .args(more)
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(payload.as_bytes()).expect("written");
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }

    /// Subscribes with `mosquitto_sub`.
    pub(crate) fn subscribe(&self, filter: &str) -> Subscriber {
        let mut child = self
            .client("mosquitto_sub")
            .args(["-q", "1", "-F", "%r %t %p", "-t", filter])
            .stdout(Stdio::piped())
            .spawn()
            .expect("mosquitto_sub");
        let (to, messages) = channel();
        lines(child.stdout.take().expect("piped"), to);
        Subscriber {
            _running: Running(child),
            messages,
        }
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
    messages: Receiver<String>,
}

fn message(line: &str) -> Option<Message> {
    let (retained, rest) = line.split_once(' ')?;
    let (topic, payload) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Message {
        retained: retained == "1",
        topic: topic.to_owned(),
        payload: payload.to_owned(),
    })
}

impl Subscriber {
    /// The next message that is wanted.
    pub(crate) fn find(&self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        line(
            &self.messages,
            |line| message(line).filter(|message| wanted(message)),
            what,
        )
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

/// Virtual boards without announcements.
pub(crate) fn boards(count: usize, seed: u64) -> VirtualBoards {
    VirtualBoards::start(Options {
        boards: count,
        profile: Profile::Everything,
        seed: Some(seed),
        mdns: false,
        ..Options::default()
    })
    .expect("boards")
}

/// A `switchboard bridge`.
pub(crate) struct Bridge {
    running: Running,
    said: Receiver<String>,
}

impl Bridge {
    /// Starts one for these boards, at the site `lab`.
    pub(crate) fn start(url: &str, boards: &VirtualBoards, more: &[&str]) -> Self {
        Self::with(url, boards, more, |_| ())
    }

    pub(crate) fn with(
        url: &str,
        boards: &VirtualBoards,
        more: &[&str],
        change: impl FnOnce(&mut Command),
    ) -> Self {
        let addresses = boards.list().into_iter().map(|it| it.address.to_string());
        let mut command = switchboard();
        command
            .args(["bridge", "--mqtt", url, "--site", "lab"])
            .args(more)
            .args(addresses)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the program");
        let (to, said) = channel();
        lines(child.stdout.take().expect("piped"), to.clone());
        lines(child.stderr.take().expect("piped"), to);
        Self {
            running: Running(child),
            said,
        }
    }

    /// Waits until it says this; the whole line.
    pub(crate) fn says(&self, text: &str) -> String {
        line(
            &self.said,
            |line| line.contains(text).then(|| line.to_owned()),
            text,
        )
    }

    /// Ends it without giving it a chance to say so.
    pub(crate) fn kill(self) {
        drop(self.running);
    }

    /// Ends it as a service manager does, and waits.
    pub(crate) fn terminate(mut self) -> bool {
        signal(&self.running.0, "TERM");
        self.running.0.wait().expect("it ends").success()
    }
}
