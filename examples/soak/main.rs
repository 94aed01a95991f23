//! Boards, faults, one fleet, and a model beside them that knows what must be
//! so: hours of a workshop in which everything breaks. `cargo run --release
//! --example soak -- [--boards 200] [--minutes 30 | --seconds 60] [--faults]
//! [--seed N]`.
//!
//! Commands come at random from the fleet, from a second controller and from
//! hands at the boards. With `--faults` boards lose their power, move to
//! another port, hang with their sockets open, and restart. Now and then
//! everything is mended; then what the fleet believes, what each board says to
//! a bare client and what the model allows must be the same, and nothing may
//! have been done more often than it was asked for. Exit status 1 where
//! anything was otherwise.

use std::{
    error::Error,
    process::{self, ExitCode},
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand};

mod board;
mod boards;
mod director;
mod figures;
mod model;
mod quiet;
mod rpc;
mod witness;

use director::Director;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many boards, 2 to 1,000
    #[arg(long, default_value_t = 200)]
    boards: usize,
    /// How long
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// How long, where it is less than minutes
    #[arg(long, conflicts_with = "minutes")]
    seconds: Option<u64>,
    /// Boards lose their power, move, hang and restart
    #[arg(long)]
    faults: bool,
    /// Commands a second, of all controllers and hands together
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// Of everything random but time; printed where none is given
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

/// The longest time without a quiet. Long enough for a board that hangs to be
/// dropped, and tried again.
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

/// How much was otherwise than it must be.
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
    println!(
        "{} boards, {} s, {faults}, --seed {seed}",
        arguments.boards,
        length.as_secs()
    );
    let service = format!("_sws-{:x}._tcp.local.", process::id());
    let mut director = Director::start(arguments.boards, seed, &service)?;
    director.quiet("start")?;
    let begun = Instant::now();
    while begun.elapsed() < length {
        let left = length.saturating_sub(begun.elapsed());
        // Short ones too: what is seldom seen after a long storm may be seen
        // after a short one.
        let storm = director.storm_length(STORM.min(length / 3)).min(left);
        director.storm(storm, arguments.rate, arguments.faults)?;
        director.quiet(&format!("{:>5} s", begun.elapsed().as_secs()))?;
    }
    director.summary(begun.elapsed())
}
