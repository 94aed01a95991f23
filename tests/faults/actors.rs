//! The programs on the hosts: this test program again, in a namespace, with a
//! task. Each reads commands from standard input and ends with it.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    env,
    fmt::Display,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nfq::{Queue, Verdict};
use serde_json::{Value, json};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    lan::Lan,
    observer,
    traffic::{Counter, post},
};

/// The environment variable with the task.
const TASK: &str = "SWITCHBOARD_FAULTS_TASK";

/// The prefix of output for the test; the test runner prints other lines.
const MARK: &str = "faults: ";

/// The seed, so that restarted boards are the same ones.
const SEED: u64 = 7;

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(30);

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn actor() {
    let Ok(task) = env::var(TASK) else { return };
    if let Some(names) = task.strip_prefix("named ") {
        be_named(&names.split(';').collect::<Vec<_>>());
        std::process::exit(0);
    }
    match *task.split(' ').collect::<Vec<_>>().as_slice() {
        ["boards", boards] => be_boards(boards.parse().expect("a number")),
        ["observe"] => observer::be(),
        ["delay", middle, spread] => hold_packets_back(
            Duration::from_millis(middle.parse().expect("ms")),
            Duration::from_millis(spread.parse().expect("ms")),
        ),
        _ => panic!("there is no task {task:?}"),
    }
    std::process::exit(0);
}

/// Prints one line for the test.
pub(crate) fn say(line: &impl Display) {
    let mut out = io::stdout().lock();
    // The reader may have ended.
    let _ = writeln!(out, "{MARK}{line}").and_then(|()| out.flush());
}

/// Runs lamps at port 8000 and the following ones, and physical operations and
/// requests on their own host.
fn be_boards(boards: usize) {
    let bind = "0.0.0.0".parse().expect("an address");
    let (profile, seed) = (Profile::Lamp, Some(SEED));
    let options = Options {
        boards,
        profile,
        seed,
        bind,
        port: 8000,
        controllers: 6,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("boards");
    let own = |id: &str| {
        let listening = boards
            .list()
            .into_iter()
            .find(|board| board.id == id)
            .expect("a board");
        SocketAddr::new([127, 0, 0, 1].into(), listening.address.port())
    };
    let list: Vec<_> = boards
        .list()
        .iter()
        .map(|board| json!({ "id": board.id, "port": board.address.port() }))
        .collect();
    say(&json!(list));
    let mut counters = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line.expect("a line");
        let answer = match *line.split(' ').collect::<Vec<_>>().as_slice() {
            ["press", id] => json!(
                boards
                    .press(id, &"button:0".parse().expect("a key"), "press")
                    .is_ok()
            ),
            ["set", id, key, change] => json!(
                boards
                    .set(
                        id,
                        &key.parse().expect("a key"),
                        serde_json::from_str(change).expect("a state")
                    )
                    .is_ok()
            ),
            ["hold", id] => json!(boards.hold(id).is_ok()),
            ["release", id] => json!(boards.release(id).is_ok()),
            ["call", id, method] => post(own(id), method, &json!({})),
            ["count", id] => {
                counters.push(Counter::start(own(id)));
                json!(true)
            }
            // What the first counter saw of what others than its neighbors
            // did.
            ["counted"] => counters.first().map(Counter::presses).into(),
            _ => panic!("no board can {line:?}"),
        };
        say(&answer);
    }
}

/// Runs a lamp with each of these names, at port 8000 and the following ones.
/// Answers any line with the ports of those that are on.
fn be_named(names: &[&str]) {
    let start = |(at, name): (u16, &&str)| {
        let bind = "0.0.0.0".parse().expect("an address");
        let options = Options {
            name: Some((*name).to_owned()),
            profile: Profile::Lamp,
            seed: Some(SEED + u64::from(at)),
            bind,
            port: 8000 + at,
            ..Options::default()
        };
        VirtualBoards::start(options).expect("a board")
    };
    let boards: Vec<_> = (0..).zip(names).map(start).collect();
    let ids: Vec<_> = boards
        .iter()
        .flat_map(|boards| boards.list())
        .map(|board| board.id)
        .collect();
    say(&json!(ids));
    for line in io::stdin().lock().lines() {
        line.expect("a line");
        let is_on = |port: u16| {
            let status = post(
                SocketAddr::new([127, 0, 0, 1].into(), port),
                "Device.GetStatus",
                &json!({}),
            );
            status["result"]["light:0"]["on"].clone()
        };
        say(&json!(
            (8000..).take(names.len()).map(is_on).collect::<Vec<_>>()
        ));
    }
}

/// Delays each packet of queue 0.
fn hold_packets_back(middle: Duration, spread: Duration) {
    let mut queue = Queue::open().expect("netfilter's queues");
    queue.bind(0).expect("queue 0");
    queue.set_queue_max_len(0, 10_000).expect("a long queue");
    queue.set_nonblocking(true);
    say(&"true");
    thread::spawn(|| {
        // The task ends with its input.
        let _ = io::stdin().read_line(&mut String::new());
        std::process::exit(0);
    });
    let mut chance = fastrand::Rng::with_seed(1);
    let mut held = BinaryHeap::new();
    let mut packets = std::collections::HashMap::new();
    for number in 0_u64.. {
        match queue.recv() {
            Ok(packet) => {
                let delay = (middle - spread) + (2 * spread).mul_f64(chance.f64());
                held.push(Reverse((Instant::now() + delay, number)));
                packets.insert(number, packet);
            }
            // The queue is empty: it is polled a thousand times per second.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
        while let Some(Reverse((due, number))) = held.peek().copied()
            && due <= Instant::now()
        {
            held.pop();
            if let Some(mut packet) = packets.remove(&number) {
                packet.set_verdict(Verdict::Accept);
                queue.verdict(packet).expect("a verdict");
            }
        }
    }
}

/// A process of this program on a host; killed when dropped, without goodbyes.
pub(crate) struct Actor {
    child: Child,
    input: Option<ChildStdin>,
    heard: Arc<(Mutex<Heard>, Condvar)>,
    taken: usize,
}

#[derive(Default)]
struct Heard {
    lines: Vec<(Instant, Value)>,
    over: bool,
}

impl Actor {
    /// Starts the process.
    pub(crate) fn at(lan: &Lan, host: u8, task: &str) -> Self {
        let own = env::current_exe().expect("this program");
        let mut start = Command::new("ip");
        start.args(["netns", "exec", &lan.host(host)]).arg(own);
        start.args(["--exact", "actors::actor", "--ignored", "--nocapture"]);
        start
            .env(TASK, task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = start.spawn().expect("a process");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let heard = Arc::new((Mutex::new(Heard::default()), Condvar::new()));
        let (told, name) = (Arc::clone(&heard), task.to_owned());
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The first line follows the runner's own "test actors::actor
                // ... ".
                let Some((_, text)) = line.split_once(MARK) else {
                    continue;
                };
                let value =
                    serde_json::from_str(text).unwrap_or_else(|_| panic!("{name} says {text:?}"));
                told.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .lines
                    .push((Instant::now(), value));
                told.1.notify_all();
            }
            told.0.lock().unwrap_or_else(PoisonError::into_inner).over = true;
            told.1.notify_all();
        });
        Self {
            child,
            input,
            heard,
            taken: 0,
        }
    }

    /// Its process id; `ip netns exec` replaces itself with the program.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it: the system closes its sockets, and no goodbye is sent.
    pub(crate) fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a line.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().expect("an input"), "{line}").expect("it listens");
    }

    /// The next line and its time; `None` if none arrives until the deadline.
    pub(crate) fn next(&mut self, until: Instant) -> Option<(Instant, Value)> {
        let mut heard = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(line) = heard.lines.get(self.taken) {
                self.taken += 1;
                return Some(line.clone());
            }
            assert!(!heard.over, "a process of the test has ended");
            let left = until
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?;
            heard = self
                .heard
                .1
                .wait_timeout(heard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Sends a line and returns the one-line response.
    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.tell(line);
        self.answer()
    }

    /// The next line.
    pub(crate) fn answer(&mut self) -> Value {
        self.next(Instant::now() + SOON).expect("an answer").1
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.kill();
    }
}
