//! Many windows over one server: prints what the server pays, and how late a
//! change is at the other windows and a confirmation at one's own, next to a
//! fleet of one's own on the same boards.
//!
//! `cargo run --release --example classroom -- [--boards 200] [--windows 30]
//! [--minutes 10] [--folder target/release]`. The folder has the programs
//! `switchboard` and `virtual-board`. Linux only, for the server's processor
//! time and memory.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use engine::Settings;
use fleet::{BoardKey, BoardView, Fleet, LinkState, Outcome, Shown, Watch};
use protocol::{ComponentKey, State};
use remote::Server;
use serde_json::Value;

/// Longer than anything takes here.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    /// How many boards, 1 to 1,000
    #[arg(long, default_value_t = 200)]
    boards: usize,
    /// How many windows that follow everything
    #[arg(long, default_value_t = 30)]
    windows: usize,
    /// How long to measure
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Where the programs `switchboard` and `virtual-board` are
    #[arg(long, default_value = "target/release")]
    folder: PathBuf,
}

/// A program that ends with this one.
struct Running {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let said = child.stdout.take().ok_or("no output")?;
        let said = BufReader::new(said);
        Ok(Self { child, said })
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        match self.said.read_line(&mut line)? {
            0 => Err("the program has ended".into()),
            _ => Ok(line.trim().to_owned()),
        }
    }

    /// Processor time in milliseconds, and resident memory in kilobytes.
    fn usage(&self) -> Result<(f64, f64), Box<dyn Error>> {
        let folder = format!("/proc/{}", self.child.id());
        let stat = fs::read_to_string(format!("{folder}/stat"))?;
        let after = stat.rsplit_once(')').ok_or("no stat")?.1;
        // Fields 14 and 15 (proc_pid_stat(5)), in ticks of 10 ms.
        let ticks = after.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let status = fs::read_to_string(format!("{folder}/status"))?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| line.split_whitespace().next()?.parse().ok());
        Ok((ticks as f64 * 10.0, resident.ok_or("no memory")?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A window without a screen.
struct Window {
    fleet: Fleet,
    watch: Watch,
    wakes: Receiver<()>,
    has: BTreeMap<BoardKey, Arc<BoardView>>,
}

impl Window {
    fn over(fleet: Fleet) -> Self {
        let (woken, wakes): (Sender<()>, _) = channel();
        let watch = fleet.watch(move |_| {
            let _ = woken.send(());
        });
        Self {
            fleet,
            watch,
            wakes,
            has: BTreeMap::new(),
        }
    }

    fn drain(&mut self) {
        let changes = self.watch.drain();
        self.has
            .extend(changes.boards.into_iter().map(|view| (view.key, view)));
        for key in changes.forgotten {
            self.has.remove(&key);
        }
    }

    /// Drains until something is there.
    fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, Box<dyn Error>> {
        let end = Instant::now() + TIMEOUT;
        loop {
            self.drain();
            if let Some(found) = find(self) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            self.wakes
                .recv_timeout(left)
                .map_err(|_| format!("not within a minute: {what}"))?;
        }
    }

    fn connected(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        self.until("every board is connected", |window| {
            let up = window
                .has
                .values()
                .filter(|view| view.link == LinkState::Connected);
            (up.count() >= count).then_some(())
        })
    }

    fn board(&self, name: &str) -> Option<&Arc<BoardView>> {
        self.has.values().find(|view| &*view.name == name)
    }

    /// Shows these boards' components, as the page of a board does, and the
    /// log.
    fn show(&self, names: &[&str]) {
        let boards = names.iter().filter_map(|name| Some(self.board(name)?.key));
        self.watch.shows(Shown {
            boards: boards.collect(),
            news: true,
            ..Shown::default()
        });
    }

    fn is_on(&self, board: &str, light: &ComponentKey) -> Option<bool> {
        self.board(board)?.component(light)?.reported.on()
    }
}

/// Switches a light and waits for the confirmation.
fn switch(
    window: &Window,
    board: &str,
    light: &ComponentKey,
    on: bool,
) -> Result<Duration, Box<dyn Error>> {
    let key = window.board(board).ok_or("no such board")?.key;
    let (answer, answered) = channel();
    let began = Instant::now();
    let reply = move |outcome| {
        let _ = answer.send(outcome);
    };
    let change = State::new().with("on", on);
    window.fleet.set(key, light, change, Some(Box::new(reply)));
    match answered.recv_timeout(TIMEOUT)? {
        Outcome::Done { .. } => Ok(began.elapsed()),
        other => Err(format!("not confirmed: {other:?}").into()),
    }
}

fn say(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied();
    let milliseconds =
        |time: Option<Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    println!(
        "{what}: median {:.2} ms, 99 % {:.2} ms, most {:.2} ms, of {}",
        milliseconds(at(50)),
        milliseconds(at(99)),
        milliseconds(times.last().copied()),
        times.len()
    );
}

/// A window that is connected and reads nothing from then on.
fn read_nothing(server: &str) -> Result<TcpStream, Box<dyn Error>> {
    let address = server.trim_start_matches("http://").trim_end_matches('/');
    let stream = TcpStream::connect(address)?;
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/fleet"), stream)?;
    let hello = remote::wire::FromWindow::Hello(remote::wire::Hello {
        version: remote::wire::VERSION,
        token: remote::wire::Token::default(),
        name: "Slow".to_owned(),
    });
    let hello = remote::wire::encode(&hello)?;
    socket.send(tungstenite::Message::binary(hello))?;
    let stream = socket.get_ref().try_clone()?;
    std::mem::forget(socket);
    Ok(stream)
}

fn program(folder: &Path, name: &str) -> Command {
    Command::new(folder.join(name))
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        boards,
        windows,
        minutes,
        folder,
    } = Arguments::parse();
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut lamps = Running::start(program(&folder, "virtual-board").args([
        "--boards",
        &boards.to_string(),
        "--profile",
        "lamp",
        "--no-mdns",
    ]))?;
    let mut addresses = Vec::new();
    let mut first = String::new();
    for _ in 0..boards {
        let line: Value = serde_json::from_str(&lamps.line()?)?;
        let of = |field: &str| line[field].as_str().map(str::to_owned);
        addresses.push(of("address").ok_or("no address")?);
        if first.is_empty() {
            first = of("name").ok_or("no name")?;
        }
    }
    let mut serve = program(&folder, "switchboard");
    serve.args(["serve", "--listen", "127.0.0.1:0", "--max-clients", "100"]);
    let mut server = Running::start(serve.args(&addresses))?;
    let url = loop {
        let line = server.line()?;
        if let Some(at) = line.find("http://") {
            break line[at..]
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
        }
    };
    println!("{boards} boards, {windows} windows, one that reads nothing, at {url}");
    let light: ComponentKey = "light:0".parse()?;
    let connect = |name: String| -> Result<Window, Box<dyn Error>> {
        let mut at = Server::at(&url)?;
        at.name = name;
        Ok(Window::over(remote::connect(at)?))
    };
    let mut one = connect("Window 1".to_owned())?;
    one.connected(boards)?;
    let (_, idle_memory) = server.usage()?;
    println!("server with one window: {:.1} MB", idle_memory / 1e3);
    let began = Instant::now();
    let mut others = Vec::new();
    for number in 2..=windows {
        others.push(connect(format!("Window {number}"))?);
    }
    for other in &mut others {
        other.connected(boards)?;
        other.show(&[&first]);
    }
    println!(
        "{} more windows have every board after {:.0} ms",
        others.len(),
        began.elapsed().as_secs_f64() * 1e3
    );
    let mut slow = read_nothing(&url)?;
    one.show(&[&first]);
    let mut own = Window::over(engine::start(Settings {
        discovery: None,
        addresses: addresses.clone(),
        ..Settings::default()
    })?);
    own.connected(boards)?;
    own.show(&[&first]);
    let (mut served, mut local, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    let (busy, _) = server.usage()?;
    let (start, end) = (Instant::now(), Duration::from_secs_f64(minutes * 60.0));
    let (mut most, mut on) = (idle_memory, true);
    while start.elapsed() < end {
        // One's own fleet and the server's in turn.
        local.push(switch(&own, &first, &light, on)?);
        on = !on;
        let began = Instant::now();
        served.push(switch(&one, &first, &light, on)?);
        for other in &mut others {
            other.until("the change", |window| {
                (window.is_on(&first, &light) == Some(on)).then_some(())
            })?;
        }
        seen.push(began.elapsed());
        on = !on;
        own.drain();
        one.drain();
        most = most.max(server.usage()?.1);
        // As often as a class clicks.
        thread::sleep(Duration::from_millis(100));
    }
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    let (busy_end, memory) = server.usage()?;
    say("a click confirmed, own fleet", local);
    say("a click confirmed, served", served);
    say("until every other window has it", seen);
    println!(
        "server: {:.1} % of a core, {:.1} MB at the end, {:.1} MB at most",
        (busy_end - busy) / elapsed * 100.0,
        memory / 1e3,
        most / 1e3
    );
    // Whether the server has given up on it, and how much it had sent.
    slow.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut received = 0;
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = slow.read(&mut buffer) {
        received += count;
    }
    println!(
        "the window that reads nothing was sent {} kB",
        received / 1_000
    );
    Ok(())
}
