//! The target of an attack: a board or a fleet, each in a child process of the
//! test program.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use comparison::usage::Reading;
use engine::{Interfaces, Lookout, Settings};
use fleet::{LinkState, Listening, Outcome};
use serde_json::{Value, json};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{SOON, turns::Turn};

/// The environment variable with the task.
const TASK: &str = "SWITCHBOARD_HOSTILE_TASK";

/// The prefix of output for the test; the test runner prints other lines.
const MARK: &str = "hostile: ";

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn actor() {
    let Ok(task) = env::var(TASK) else { return };
    match *task.split(' ').collect::<Vec<_>>().as_slice() {
        ["board"] => be_a_board(Options {
            mdns: false,
            ..Options::default()
        }),
        ["locked", keys] => be_a_board(Options {
            mdns: false,
            keys: Some(keys.into()),
            ..Options::default()
        }),
        ["fleet", service] => be_a_fleet(service, None),
        ["fleet", service, "listening"] => {
            be_a_fleet(service, Some((Ipv4Addr::LOCALHOST, 0).into()));
        }
        _ => panic!("there is no task {task:?}"),
    }
    std::process::exit(0);
}

fn say(line: &Value) {
    let mut out = io::stdout().lock();
    // The reader may have ended.
    let _ = writeln!(out, "{MARK}{line}").and_then(|()| out.flush());
}

/// Runs a lamp until the end of standard input.
fn be_a_board(options: Options) {
    let boards = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        ..options
    })
    .expect("a board");
    let board = &boards.list()[0];
    say(&json!({ "id": board.id, "address": board.address }));
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
}

/// Runs a fleet that finds boards by mDNS on loopback, reports what it shows,
/// and executes commands.
fn be_a_fleet(service: &str, listen: Option<SocketAddr>) {
    let lookout = Lookout::only(service, Interfaces::Loopback);
    let fleet = engine::start(Settings {
        discovery: Some(lookout),
        listen,
        ..Settings::default()
    })
    .expect("a fleet");
    let (wake, woken) = channel();
    let mut watch = fleet.watch(move |_| {
        // At the end the receiver is gone.
        let _ = wake.send(());
    });
    thread::spawn(move || {
        let (mut count, mut listed) = (
            std::collections::BTreeSet::new(),
            std::collections::BTreeSet::new(),
        );
        while woken.recv().is_ok() {
            let changes = watch.drain();
            if let Some(Listening::At(address)) = changes.status.map(|status| status.listening) {
                say(&json!({ "listens": address }));
            }
            listed.retain(|key| !changes.forgotten.contains(key));
            for board in changes.boards {
                count.insert(board.key);
                listed.insert(board.key);
                let (link, problem) = match &board.link {
                    LinkState::Connected => ("connected", None),
                    LinkState::Unreachable { problem, .. } => {
                        ("unreachable", Some(problem.to_string()))
                    }
                    _ => ("other", None),
                };
                let components: Vec<_> = board
                    .components
                    .iter()
                    .take(8)
                    .map(|component| component.descriptor.name.clone())
                    .collect();
                say(&json!({
                    "key": board.key.0, "id": board.id.as_deref(), "name": *board.name,
                    "address": *board.address, "link": link, "problem": problem,
                    "components": board.components.len(), "names": components,
                    "boards": listed.len(), "met": count.len(),
                    "claims": board
                        .claims
                        .iter()
                        .map(|claim| claim.address.as_str())
                        .collect::<Vec<_>>(),
                    "lock": format!("{:?}", board.lock()),
                    "shown": board.components.first().map(|component| component.shown()),
                }));
            }
        }
    });
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        match *line.split(' ').collect::<Vec<_>>().as_slice() {
            ["add", address] => drop(fleet.add_address(address).expect("an address")),
            ["press", key] => {
                let board = fleet::BoardKey(key.parse().expect("a key"));
                let reply = move |outcome: Outcome| match outcome {
                    Outcome::Done { took, .. } => say(&json!({ "took_ms": took.as_millis() })),
                    other => say(&json!({ "failed": format!("{other:?}") })),
                };
                fleet.press(
                    board,
                    &"button:0".parse().expect("a key"),
                    Some(Box::new(reply)),
                );
            }
            _ => panic!("no fleet can {line:?}"),
        }
    }
}

/// The target of an attack, and its resource usage. Killed when dropped.
pub(crate) struct Victim {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    peak: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    first: Reading,
    _turn: Turn,
}

impl Victim {
    /// A lamp; its id and its address.
    pub(crate) fn board(task: &str) -> (Self, String, String) {
        let mut victim = Self::start(task);
        let told = victim.hears("where it listens", |told| told["address"].is_string());
        let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
        victim.measure_from_now();
        (victim, text("id"), text("address"))
    }

    /// A fleet.
    pub(crate) fn fleet(service: &str) -> Self {
        Self::start(&format!("fleet {service}"))
    }

    /// A fleet to which boards can connect, and where.
    pub(crate) fn fleet_that_listens(service: &str) -> (Self, SocketAddr) {
        let mut victim = Self::start(&format!("fleet {service} listening"));
        let told = victim.hears("where it listens", |told| told["listens"].is_string());
        let address = told["listens"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("an address");
        (victim, address)
    }

    fn start(task: &str) -> Self {
        let turn = Turn::shared();
        let own = env::current_exe().expect("this program");
        let mut start = Command::new(own);
        start
            .args(["--exact", "process::actor", "--ignored", "--nocapture"])
            .env(TASK, task);
        let mut child = start
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The runner's own "test process::actor ... " stands before
                // the first.
                let Some((_, text)) = line.split_once(MARK) else {
                    continue;
                };
                if tell
                    .send(serde_json::from_str(text).expect("JSON"))
                    .is_err()
                {
                    return;
                }
            }
        });
        let (peak, over, id) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
            child.id(),
        );
        let (highest, stop) = (Arc::clone(&peak), Arc::clone(&over));
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                if let Ok(now) = Reading::of(id) {
                    highest.fetch_max(now.memory_kib, Ordering::Relaxed);
                }
                // Often enough to see a peak of some megabytes.
                thread::sleep(Duration::from_millis(20));
            }
        });
        let first = Reading::of(id).expect("a reading");
        Self {
            child,
            input,
            lines,
            peak,
            over,
            first,
            _turn: turn,
        }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("an input"), "{line}").expect("it listens");
    }

    /// The next line that passes.
    pub(crate) fn hears(&mut self, what: &str, pass: impl Fn(&Value) -> bool) -> Value {
        let (end, mut last) = (Instant::now() + SOON, Value::Null);
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) if pass(&line) => return line,
                Ok(line) => last = line,
                Err(RecvTimeoutError::Timeout) => panic!("never said: {what}; the last was {last}"),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}"),
            }
        }
    }

    /// All lines so far.
    pub(crate) fn said(&mut self) -> Vec<Value> {
        self.lines.try_iter().collect()
    }

    /// Resets the measurement.
    pub(crate) fn measure_from_now(&mut self) {
        self.first = Reading::of(self.child.id()).expect("a reading");
        self.peak.store(self.first.memory_kib, Ordering::Relaxed);
    }

    /// The usage since then.
    pub(crate) fn used(&self) -> Used {
        let now = Reading::of(self.child.id()).expect("a reading");
        let grown = |kb: u64| kb.saturating_sub(self.first.memory_kib);
        Used {
            peak_kb: grown(self.peak.load(Ordering::Relaxed)),
            left_kb: grown(now.memory_kib),
            cpu: now.cpu.saturating_sub(self.first.cpu),
            files: now.files,
            threads: now.threads,
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The resource usage of a victim during an attack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// The peak of the additional memory, in kilobytes.
    pub(crate) peak_kb: u64,
    /// The additional memory at the end, in kilobytes.
    pub(crate) left_kb: u64,
    /// Processor time.
    pub(crate) cpu: Duration,
    /// Open files, sockets among them, at the end.
    pub(crate) files: usize,
    /// Threads, at the end.
    pub(crate) threads: u64,
}

/// Prints a row of the table.
pub(crate) fn print(peer: &str, used: Used, served: &str) {
    let Used {
        peak_kb,
        left_kb,
        cpu,
        files,
        threads,
    } = used;
    let cpu = cpu.as_secs_f64();
    let _ = writeln!(
        io::stderr(),
        "ROW | {peer} | {peak_kb} kB, {left_kb} kB left | {cpu:.1} s | {files}, {threads} | \
             {served} |"
    );
}
