//! The app's core without a window. It is drained as the window drains it: when
//! it is woken, at most 60 times per second.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use engine::{Interfaces, Lookout, Settings, Transport};
use fleet::{BoardKey, BoardView, Changes, Fleet, LinkState, LogEvent, Outcome as CommandOutcome};
use protocol::{ComponentKey, Kind, State};

use super::{Shared, addresses};
use crate::{
    Outcome,
    counts::{Commands, Counts},
    figures::median_and_p99,
};

/// A frame of a 60 Hz screen.
const FRAME: Duration = Duration::from_micros(16_667);

/// The pause between two commands.
const PAUSE: Duration = Duration::from_millis(10);

/// How long connecting to all boards may take.
const CONNECTING: Duration = Duration::from_secs(60);

/// How long a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// More boards than are measured.
const CAPACITY: usize = 16_384;

#[derive(Args)]
pub(crate) struct Options {
    /// The library that connects to them
    #[arg(long, default_value_t = Transport::Tungstenite)]
    transport: Transport,
    /// Find the boards of this service type by mDNS on the loopback interface
    /// instead
    #[arg(long, requires = "boards")]
    discover: Option<String>,
    /// Keep and report only what a bridge needs: neither values over time nor
    /// frames, and no changes in the log, so that none are counted
    #[arg(long)]
    without_past: bool,
    /// How many boards are to be found
    #[arg(long)]
    boards: Option<usize>,
}

/// Boards that can be commanded, and by which component.
type Outputs = Arc<Mutex<BTreeMap<BoardKey, ComponentKey>>>;

/// Prints how many boards are found (only by mDNS), and then how many are
/// connected, once it is all of them or after [`CONNECTING`]. Then answers
/// lines on standard input: `commands N` with the round trips of so many
/// commands, any other with the counts.
pub(super) fn run(options: &Options) -> Outcome<()> {
    let addresses = match options.discover {
        Some(_) => Vec::new(),
        None => addresses()?,
    };
    let wanted = options.boards.unwrap_or(addresses.len());
    let discovery = options
        .discover
        .as_deref()
        .map(|service| Lookout::only(service, Interfaces::Loopback).with_capacity(CAPACITY));
    let mut to_find = discovery.is_some();
    let fleet = Arc::new(engine::start(Settings {
        discovery,
        addresses,
        transport: options.transport,
        keep_past: !options.without_past,
        ..Settings::default()
    })?);
    let (wake, woken) = channel();
    let mut watch = fleet.watch(move |_| {
        // At the end there is no receiver any more.
        let _ = wake.send(());
    });
    let (counts, outputs) = (Shared::default(), Outputs::default());
    answer(counts.clone(), Arc::clone(&fleet), Arc::clone(&outputs));
    let (mut found, mut connected) = (BTreeSet::new(), BTreeSet::new());
    let (begun, mut ready) = (Instant::now(), false);
    loop {
        match woken.recv_timeout(Duration::from_secs(5)) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("the fleet has ended".into()),
        }
        let changes = watch.drain();
        count(&changes, &mut counts.lock());
        for board in &changes.boards {
            if board.announcement.is_some() {
                found.insert(board.key);
            }
            match board.link {
                LinkState::Connected => connected.insert(board.key),
                _ => connected.remove(&board.key),
            };
            note_output(board, &outputs);
        }
        let late = begun.elapsed() > CONNECTING;
        if to_find && (found.len() >= wanted || late) {
            to_find = false;
            println!("{}", found.len());
        }
        if !ready && !to_find && (connected.len() >= wanted || late) {
            ready = true;
            println!("{}", connected.len());
        }
        thread::sleep(FRAME);
    }
}

fn count(changes: &Changes, counts: &mut Counts) {
    counts.lost += changes.missed;
    let mut last = None;
    for entry in &changes.log {
        match &entry.what {
            LogEvent::Changed { .. } => {
                counts.values += 1;
                // What one push changed has one time.
                let push = Some((entry.board, entry.steady));
                counts.pushes += u64::from(last != push);
                last = push;
            }
            LogEvent::Resync(_) => counts.resyncs += 1,
            _ => {}
        }
    }
}

fn note_output(board: &BoardView, outputs: &Outputs) {
    let mut outputs = outputs.lock().unwrap_or_else(PoisonError::into_inner);
    if outputs.contains_key(&board.key) {
        return;
    }
    let mut keys = board.components.iter().map(|known| &known.descriptor.key);
    if let Some(key) = keys.find(|key| matches!(key.kind, Kind::Light | Kind::Switch)) {
        outputs.insert(board.key, key.clone());
    }
}

fn answer(counts: Shared, fleet: Arc<Fleet>, outputs: Outputs) {
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            match line.strip_prefix("commands ").map(str::parse) {
                Some(Ok(number)) => println!("{}", command(&fleet, &outputs, number)),
                _ => println!("{}", *counts.lock()),
            }
        }
    });
}

/// Sends commands, one after the other, each to another board.
fn command(fleet: &Fleet, outputs: &Outputs, number: usize) -> Commands {
    let outputs: Vec<_> = outputs
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .map(|(board, key)| (*board, key.clone()))
        .collect();
    let (mut times, mut failed) = (Vec::new(), 0);
    // A prime step reaches boards of every process.
    for (at, (board, key)) in (0..number).zip(outputs.iter().cycle().step_by(997)) {
        thread::sleep(PAUSE);
        let (reply, replied) = channel();
        let begun = Instant::now();
        let tell = move |outcome: CommandOutcome| {
            // The receiver is gone if it took too long.
            let _ = reply.send((begun.elapsed(), outcome));
        };
        let change = State::new().with("on", at % 2 == 0);
        fleet.set(*board, key, change, Some(Box::new(tell)));
        match replied.recv_timeout(TIMEOUT) {
            Ok((took, CommandOutcome::Done { .. })) => times.push(took),
            _ => failed += 1,
        }
    }
    // Without outputs, no command was sent at all.
    if outputs.is_empty() {
        failed = number as u64;
    }
    let (median, p99) = median_and_p99(times).unwrap_or_default();
    Commands {
        median,
        p99,
        failed,
    }
}
