//! A mosquitto on loopback, and a client to look at it with.

use std::{
    fs,
    io::{self, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use mqtt::{Client, ClientSettings, Event, KEEP_ALIVE};
use net::client::Trust;
use tempfile::TempDir;
use tokio::{runtime::Builder, sync::oneshot};

/// How long anything may take on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A mosquitto that ends with its handle.
pub(crate) struct Broker {
    process: Option<Child>,
    folder: TempDir,
    port: u16,
}

impl Broker {
    /// Starts one with an empty store; `None`, and says so, without mosquitto.
    pub(crate) fn start(test: &str, rules: &str) -> Option<Self> {
        let Some(program) = program() else {
            // Not printed by a macro, whose output the test runner would
            // capture.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED brokers: {test}: mosquitto is not installed"
            );
            return None;
        };
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = TempDir::new().unwrap();
        let config = format!("listener {port} 127.0.0.1\npersistence false\n{rules}\n");
        fs::write(folder.path().join("broker.conf"), config).unwrap();
        let mut broker = Self {
            process: None,
            folder,
            port,
        };
        broker.run(&program);
        Some(broker)
    }

    fn run(&mut self, program: &PathBuf) {
        let process = Command::new(program)
            .arg("-c")
            .arg(self.folder.path().join("broker.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.unwrap());
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "mosquitto does not listen");
            std::thread::yield_now();
        }
    }

    /// Ends it; what it retained is lost.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again, with an empty store.
    pub(crate) fn start_again(&mut self) {
        self.run(&program().unwrap());
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder| folder.join("mosquitto"))
        .find(|program| program.is_file())
}

/// A client, on a thread of its own.
pub(crate) struct Peer {
    client: Client,
    pub(crate) events: Receiver<Event>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    pub(crate) fn start(broker: &Broker, name: &str, will: Option<mqtt::Will>) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (sender, events) = channel();
        let settings = ClientSettings {
            broker: broker.url().parse().unwrap(),
            password: None,
            client_id: name.to_owned(),
            will,
            keep_alive: KEEP_ALIVE,
            trust: Trust::usual(),
        };
        let client = Client::start(settings, runtime.handle(), move |event| {
            let _ = sender.send(event);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || drop(runtime.block_on(stopped)));
        Self {
            client,
            events,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Peer {
    /// Cuts the connection without a goodbye, so that the broker publishes the
    /// will.
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
