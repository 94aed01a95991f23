//! Boards, faults, one fleet, and a model that knows what must be true: hours
//! in a workshop where everything breaks. `cargo run --release --example soak
//! -- [--boards 200] [--program "CMD"] [--minutes 30 | --seconds 60] [--faults]
//! [--seed N]`.
//!
//! Commands come at random from the fleet, from a second controller and from
//! presses at the boards. With `--faults`, boards lose their power, move to
//! another port, hang with their sockets open, and restart. From time to time
//! all faults are ended. Then the fleet's state, what each board reports to a
//! bare client and what the model allows must be the same, and nothing may have
//! been done more often than it was requested. Exit status 1 if there was a
//! mismatch.

use std::{
    error::Error,
    process::{self, ExitCode},
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};

mod board;
mod boards;
mod director;
mod faults;
mod figures;
mod memory;
mod model;
mod programs;
mod quiet;
mod rpc;
mod witness;

use director::Director;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many boards, 2 to 1,000; 200 by default, or 2 with --program
    #[arg(long)]
    boards: Option<usize>,
    /// Instead of virtual boards, run this command line for each board: a
    /// program with the components, options and standard input of
    /// `virtual-board --profile everything` that stores nothing. `{}` is the
    /// board's number; without it, --id is added. The first board never loses
    /// its power, so that the memory of its process can be judged
    #[arg(long, value_name = "CMD")]
    program: Option<String>,
    /// How long
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// How long, if less than minutes
    #[arg(long, conflicts_with = "minutes")]
    seconds: Option<u64>,
    /// Boards lose their power, move, hang and restart
    #[arg(long)]
    faults: bool,
    /// Commands per second, of all controllers and presses together; 100 by
    /// default, or 40 with --program
    #[arg(long)]
    rate: Option<f64>,
    /// The seed of everything random except time; printed if none is given
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Subcommand)]
enum Part {
    /// Only the boards, until the end of standard input
    Boards {
        boards: usize,
        seed: u64,
        service: String,
    },
}

/// The longest time without a quiet phase. Long enough for a board that hangs
/// to be dropped and tried again.
const STORM: Duration = Duration::from_secs(90);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.part {
        Some(Part::Boards {
            boards,
            seed,
            service,
        }) => boards::run(*boards, *seed, service).map(|()| 0),
        None => soak(&arguments),
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("soak: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The number of mismatches.
fn soak(arguments: &Arguments) -> Result<u64, Box<dyn Error>> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let length = arguments.seconds.map_or(
        Duration::from_secs(60 * arguments.minutes),
        Duration::from_secs,
    );
    let faults = if arguments.faults {
        "with faults"
    } else {
        "without faults"
    };
    let program = arguments.program.as_deref();
    let boards = arguments
        .boards
        .unwrap_or(if program.is_some() { 2 } else { 200 });
    let rate = arguments
        .rate
        .unwrap_or(if program.is_some() { 40.0 } else { 100.0 });
    println!(
        "{boards} boards, {} s, {faults}, --seed {seed}",
        length.as_secs()
    );
    let service = format!("_sws-{:x}._tcp.local.", process::id());
    let mut director = Director::start(program, boards, seed, &service)?;
    director.quiet("start")?;
    let begun = Instant::now();
    while begun.elapsed() < length {
        let left = length.saturating_sub(begun.elapsed());
        // Short ones too: what is hidden after a long storm may show after a
        // short one.
        let storm = director.storm_length(STORM.min(length / 3)).min(left);
        director.storm(storm, rate, arguments.faults)?;
        director.quiet(&format!("{:>5} s", begun.elapsed().as_secs()))?;
    }
    director.summary(begun.elapsed())
}
