//! The client against the real broker Mosquitto, on loopback.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

use mqtt::{Client, ClientSettings, Event, Problem, Will};
use net::client::Trust;
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot::{self, Sender},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A Mosquitto, ended when it is dropped.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    /// Starts one with these lines of configuration; `None` if Mosquitto is not
    /// installed.
    fn start(folder: &Path, port: u16, lines: &str) -> Option<Self> {
        let config = folder.join("mosquitto.conf");
        // Started as root it would change to a user that cannot read the
        // folder.
        let text = format!("listener {port} 127.0.0.1\nuser root\n{lines}\n");
        fs::write(&config, text).expect("a file");
        let program = ["/usr/sbin/mosquitto", "mosquitto"]
            .into_iter()
            .find(|name| Command::new(name).arg("-h").output().is_ok())?;
        let mut child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .arg("-v")
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let running = |line: &String| line.contains("running");
        let mut said = lines.by_ref().map_while(Result::ok);
        assert!(said.any(|line| running(&line)), "Mosquitto did not start");
        // The pipe must not fill.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Some(Self { child, port })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

const OPEN: &str = "allow_anonymous true";

/// Not printed by a macro, whose output the test runner would capture.
fn skipped() {
    let _ = writeln!(
        io::stderr(),
        "SKIPPED mqtt: mosquitto: Mosquitto is not installed"
    );
}

fn broker(lines: &str) -> Option<(Broker, tempfile::TempDir)> {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Broker::start(folder.path(), free_port(), lines);
    if broker.is_none() {
        skipped();
    }
    broker.map(|broker| (broker, folder))
}

/// A runtime with a thread of its own, as the bridge has one.
struct Runtime {
    handle: Handle,
    end: Option<Sender<()>>,
}

impl Runtime {
    fn handle(&self) -> &Handle {
        &self.handle
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.handle.block_on(future)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.end.take());
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel::<()>();
    std::thread::spawn(move || runtime.block_on(ended));
    let end = Some(end);
    Runtime { handle, end }
}

fn settings(address: &str, client_id: &str) -> ClientSettings {
    ClientSettings {
        broker: address.parse().expect("an address"),
        password: None,
        client_id: client_id.to_owned(),
        will: None,
        keep_alive: mqtt::KEEP_ALIVE,
        trust: Trust::usual(),
    }
}

fn start(runtime: &Runtime, settings: ClientSettings) -> (Client, Receiver<Event>) {
    let (events, received) = mpsc::channel();
    let client = Client::start(settings, runtime.handle(), move |event| {
        let _ = events.send(event);
    });
    (client, received)
}

fn plain(broker: &Broker) -> String {
    format!("mqtt://127.0.0.1:{}", broker.port)
}

/// Waits for an event.
fn find<T>(events: &Receiver<Event>, what: impl Fn(&Event) -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    let mut others = Vec::new();
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Ok(event) = events.recv_timeout(left) else {
            break;
        };
        if let Some(found) = what(&event) {
            return found;
        }
        others.push(event);
    }
    panic!("not seen; only {others:?}")
}

fn message(events: &Receiver<Event>, wanted: &str) -> (Vec<u8>, bool) {
    find(events, |event| match event {
        Event::Message {
            topic,
            payload,
            retained,
        } if topic == wanted => Some((payload.clone(), *retained)),
        _ => None,
    })
}

fn problem(events: &Receiver<Event>) -> Problem {
    find(events, |event| match event {
        Event::Disconnected(problem) => Some(problem.clone()),
        _ => None,
    })
}

fn connected(events: &Receiver<Event>) {
    find(events, |event| (*event == Event::Connected).then_some(()));
}

#[test]
fn a_state_is_retained_a_command_is_not_and_the_will_follows_a_leave() {
    let Some((broker, _folder)) = broker(OPEN) else {
        return;
    };
    let runtime = runtime();
    let will = Will {
        topic: "t/will".to_owned(),
        payload: b"offline".to_vec(),
        retained: true,
    };
    let first = ClientSettings {
        will: Some(will),
        ..settings(&plain(&broker), "first")
    };
    let (client, events) = start(&runtime, first);
    client.state("t/state", b"1".to_vec());
    connected(&events);
    client.command("t/command", b"go".to_vec(), 5);
    find(&events, |event| {
        (*event == Event::Acknowledged(5)).then_some(())
    });
    runtime.block_on(client.close());
    let (second, events) = start(&runtime, settings(&plain(&broker), "second"));
    second.subscribe("t/#");
    assert_eq!(message(&events, "t/state"), (b"1".to_vec(), true));
    assert_eq!(message(&events, "t/will"), (b"offline".to_vec(), true));
    second.state("t/state", b"2".to_vec());
    // A message that was not retained does not arrive before this one.
    let next = find(&events, |event| match event {
        Event::Message { topic, payload, .. } => Some((topic.clone(), payload.clone())),
        _ => None,
    });
    assert_eq!(next, ("t/state".to_owned(), b"2".to_vec()));
    second.state("t/state", Vec::new());
    assert_eq!(message(&events, "t/state"), (Vec::new(), false));
}

#[test]
fn a_broker_that_restarts_empty_gets_every_state_again() {
    let Some((broker, folder)) = broker(OPEN) else {
        return;
    };
    let runtime = runtime();
    let (client, events) = start(&runtime, settings(&plain(&broker), "first"));
    for topic in 0..500 {
        client.state(&format!("t/{topic}"), b"1".to_vec());
    }
    connected(&events);
    let port = broker.port;
    drop(broker);
    assert!(matches!(
        problem(&events),
        Problem::Ended | Problem::Unreachable(_)
    ));
    client.state("t/7", b"2".to_vec());
    client.event("t/event", b"lost".to_vec());
    let broker = Broker::start(folder.path(), port, OPEN).expect("Mosquitto");
    let (second, seen) = start(&runtime, settings(&plain(&broker), "second"));
    second.subscribe("t/+");
    let mut values = std::collections::BTreeMap::new();
    while values.len() < 500 {
        let (topic, payload) = find(&seen, |event| match event {
            Event::Message { topic, payload, .. } => Some((topic.clone(), payload.clone())),
            _ => None,
        });
        assert_ne!(topic, "t/event");
        values.insert(topic, payload);
    }
    assert_eq!(values["t/7"], b"2");
    find(&events, |event| (*event == Event::Dropped(1)).then_some(()));
}

#[test]
fn a_new_subscriber_gets_all_states_however_many_there_are() {
    // With QoS 1, Mosquitto's default limit would drop all but 1,020.
    const COUNT: usize = 5000;
    let Some((broker, _folder)) = broker(OPEN) else {
        return;
    };
    let runtime = runtime();
    let (client, events) = start(&runtime, settings(&plain(&broker), "first"));
    connected(&events);
    for topic in 0..COUNT {
        client.state(&format!("t/{topic}"), b"1".to_vec());
    }
    // Published after them.
    client.reply("done", Vec::new(), 1);
    find(&events, |event| {
        (*event == Event::Acknowledged(1)).then_some(())
    });
    let (second, seen) = start(&runtime, settings(&plain(&broker), "second"));
    second.subscribe("t/+");
    let mut topics = std::collections::BTreeSet::new();
    while topics.len() < COUNT {
        topics.insert(find(&seen, |event| match event {
            Event::Message { topic, .. } => Some(topic.clone()),
            _ => None,
        }));
    }
}

#[test]
fn a_broker_that_is_not_there_is_named() {
    let runtime = runtime();
    let address = format!("mqtt://127.0.0.1:{}", free_port());
    let (_client, events) = start(&runtime, settings(&address, "first"));
    assert_eq!(problem(&events).to_string(), "connection refused");
}

#[test]
fn a_wrong_password_is_named() {
    let Some((broker, _folder)) = broker("allow_anonymous false") else {
        return;
    };
    let runtime = runtime();
    let address = format!("mqtt://ann@127.0.0.1:{}", broker.port);
    let (_client, events) = start(&runtime, settings(&address, "first"));
    let text = problem(&events).to_string();
    assert!(
        text.contains("user name or the password is wrong"),
        "{text}"
    );
}

#[test]
fn two_clients_with_one_identifier_are_told() {
    let Some((broker, _folder)) = broker(OPEN) else {
        return;
    };
    let runtime = runtime();
    let (_one, first) = start(&runtime, settings(&plain(&broker), "same"));
    let (_other, _second) = start(&runtime, settings(&plain(&broker), "same"));
    let text = find(&first, |event| match event {
        Event::Disconnected(problem @ Problem::TakenOver { .. }) => Some(problem.to_string()),
        _ => None,
    });
    assert!(text.contains("\"same\""), "{text}");
}

#[test]
fn a_message_of_a_megabyte_is_skipped_and_the_connection_stays() {
    let Some((broker, _folder)) = broker(OPEN) else {
        return;
    };
    let runtime = runtime();
    let (client, events) = start(&runtime, settings(&plain(&broker), "first"));
    client.subscribe("t/#");
    find(&events, |event| {
        matches!(event, Event::Subscribed { .. }).then_some(())
    });
    let publish = |topic: &str, bytes: usize| {
        let mut child = Command::new("mosquitto_pub")
            .args([
                "-q",
                "1",
                "-h",
                "127.0.0.1",
                "-p",
                &broker.port.to_string(),
                "-t",
                topic,
                "-s",
            ])
            .stdin(Stdio::piped())
            .spawn()
            .expect("mosquitto_pub");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(&vec![b'x'; bytes]).expect("written");
        drop(input);
        assert!(child.wait().expect("it ends").success());
    };
    publish("t/large", 1_000_000);
    publish("t/small", 10);
    let (topic, size) = find(&events, |event| match event {
        Event::TooLarge { topic, size } => Some((topic.clone(), *size)),
        _ => None,
    });
    assert_eq!(topic.as_deref(), Some("t/large"));
    assert!(size > 1_000_000);
    assert_eq!(message(&events, "t/small").0.len(), 10);
}

#[test]
fn tls_with_an_unknown_authority_is_refused_and_works_with_its_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
        .expect("a name")
        .self_signed(&key)
        .expect("a certificate");
    let file = |name: &str| folder.path().join(name);
    fs::write(file("cert.pem"), certificate.pem()).expect("a file");
    fs::write(file("key.pem"), key.serialize_pem()).expect("a file");
    let lines = format!(
        "{OPEN}\ncertfile {}\nkeyfile {}",
        file("cert.pem").display(),
        file("key.pem").display()
    );
    let Some(broker) = Broker::start(folder.path(), free_port(), &lines) else {
        skipped();
        return;
    };
    let runtime = runtime();
    let address = format!("mqtts://127.0.0.1:{}", broker.port);
    let (_client, events) = start(&runtime, settings(&address, "first"));
    let text = problem(&events).to_string();
    assert!(text.contains("--ca FILE"), "{text}");
    let trusting = ClientSettings {
        trust: Trust::with_file(&file("cert.pem")).expect("a certificate"),
        ..settings(&address, "second")
    };
    let (client, events) = start(&runtime, trusting);
    connected(&events);
    client.subscribe("t");
    client.state("t", b"over TLS".to_vec());
    assert_eq!(message(&events, "t").0, b"over TLS");
    let (_plain, events) = start(&runtime, settings(&plain(&broker), "third"));
    assert_eq!(problem(&events), Problem::Ended);
}
