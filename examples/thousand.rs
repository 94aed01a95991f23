//! A thousand boards in one process and one fleet that finds and connects to
//! all of them in another: prints the cost. `cargo run --example thousand --
//! [--boards 1000] [--seconds 20] [--by-address | --fleet-first] [--head-start
//! 5]`. It has no targets.

use std::{
    error::Error,
    process::{self, ExitCode},
    thread,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};
use comparison::usage::Reading;
use engine::{Interfaces, Lookout, Settings};
use virtual_board::Options;

#[path = "measured/mod.rs"]
mod measured;
use measured::{BoardsProcess, run_boards};
#[path = "measured/observer.rs"]
mod observer;
use observer::{Observer, TIMEOUT};

/// The service type of the boards of the measuring process `of`, so that no
/// other boards are counted.
fn service(of: u32) -> String {
    format!("_swb-{of:x}._tcp.local.")
}

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many boards, 1 to 1,000
    #[arg(long, default_value_t = 1_000)]
    boards: usize,
    /// How long to watch the idle fleet, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Give the fleet every address instead of finding the boards by mDNS
    #[arg(long)]
    by_address: bool,
    /// Start the fleet before the boards, so that it sees them appear
    #[arg(long, conflicts_with_all = ["by_address", "head_start"])]
    fleet_first: bool,
    /// How long all boards have been there when the fleet starts, in seconds:
    /// from 3 on they are done with announcing
    #[arg(long, default_value_t = 0)]
    head_start: u64,
}

#[derive(Subcommand)]
enum Part {
    /// Only the boards, until the end of standard input
    Boards {
        boards: usize,
        #[arg(long)]
        no_mdns: bool,
        /// The process id of the measuring process
        #[arg(long)]
        of: u32,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.part {
        Some(Part::Boards {
            boards,
            no_mdns,
            of,
        }) => run_boards(Options {
            boards: *boards,
            mdns: !*no_mdns,
            service: service(*of),
            ..Options::default()
        }),
        None => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("thousand: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let lookout = Lookout::only(&service(process::id()), Interfaces::Loopback);
    let discovery = (!arguments.by_address).then_some(lookout);
    let settings = Settings {
        discovery,
        ..Settings::default()
    };
    let early = arguments
        .fleet_first
        .then(|| engine::start(settings.clone()))
        .transpose()?;
    let begun = Instant::now();
    let of = process::id().to_string();
    let with = ["--of", &of, "--no-mdns"];
    let mut boards = BoardsProcess::start(
        arguments.boards,
        if arguments.by_address {
            &with
        } else {
            &with[..2]
        },
    )?;
    let listening = begun.elapsed();
    thread::sleep(Duration::from_secs(arguments.head_start));
    // If the fleet started first, boards are found before the last of them
    // listens.
    let (begun, fleet) = match early {
        Some(fleet) => (begun, fleet),
        None => (Instant::now(), engine::start(settings)?),
    };
    if arguments.by_address {
        for address in &boards.addresses {
            fleet.add_address(address)?;
        }
    }
    let mut observer = Observer::watch(&fleet);
    let found = observer.wait(begun, |observer| {
        observer.found() >= arguments.boards || arguments.by_address
    });
    let connected = observer.wait(begun, |observer| observer.connected() >= arguments.boards);
    println!("{} boards", arguments.boards);
    println!(
        "  all listening   {:>7.2} s after their process was started",
        listening.as_secs_f64()
    );
    if !arguments.by_address {
        say("all found", found, observer.found());
    }
    say("all connected", connected, observer.connected());
    if let Some(problem) = &observer.problem {
        println!("  the fleet says  {problem}");
    }
    // Wait for what follows connecting: the second announcements, the first
    // pings.
    thread::sleep(Duration::from_secs(3));
    let (fleet_id, boards_id) = (std::process::id(), boards.child.id());
    let before = (Reading::of(fleet_id)?, Reading::of(boards_id)?);
    thread::sleep(Duration::from_secs(arguments.seconds));
    let after = (Reading::of(fleet_id)?, Reading::of(boards_id)?);
    observer.take();
    println!(
        "idle for {} s, {} connected at the end",
        arguments.seconds,
        observer.connected()
    );
    println!("  process   CPU s   of a core   memory MB   threads   open files");
    for (name, before, after) in [("fleet ", before.0, after.0), ("boards", before.1, after.1)] {
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let share = cpu * 100.0 / arguments.seconds.max(1) as f64;
        let Reading {
            memory_kib,
            threads,
            files,
            ..
        } = after;
        println!(
            "  {name} {cpu:>8.2} {share:>9.1} % {:>11} {threads:>9} {files:>12}",
            memory_kib / 1024
        );
    }
    drop(fleet);
    boards.end()
}

fn say(what: &str, took: Option<Duration>, so_many: usize) {
    match took {
        Some(took) => println!(
            "  {what:<14} {:>8.2} s after the start of the fleet",
            took.as_secs_f64()
        ),
        None => println!(
            "  {what:<14}   never: {so_many} within {} s",
            TIMEOUT.as_secs()
        ),
    }
}
