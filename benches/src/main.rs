//! Measures Switchboard next to its peers: `benches/run` builds what is
//! measured and starts this program.
//!
//! Every figure stands next to a peer's from the same run on the same machine.
//! Rounds of ours and of the peers alternate after a warm-up. A figure is the
//! median of its rounds, with minimum and maximum in brackets. Linux only.

mod audience;
mod counts;
mod figures;
mod parts;
mod peers;
mod process;
mod rows;
mod sockets;
mod table;

use std::{error::Error, process::ExitCode};

use clap::{Parser, ValueEnum};

use parts::Part;
use rows::Row;

/// A result whose error is printed.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(
    about = "Measures Switchboard next to its peers; benches/run builds what is measured",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// What to measure; everything if omitted
    rows: Vec<Row>,
    /// Use tiny numbers, to test that everything runs
    #[arg(long)]
    quick: bool,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("benches: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Outcome<()> {
    if let Some(part) = arguments.part {
        return part.run();
    }
    // Five hundred clients and a thousand boards need as many open files.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let rows = match arguments.rows.as_slice() {
        [] => Row::value_variants(),
        some => some,
    };
    let mut lines = Vec::new();
    for row in rows {
        eprintln!(
            "measuring: {}",
            row.to_possible_value()
                .map_or_else(String::new, |value| value.get_name().to_owned())
        );
        lines.extend(row.measure(arguments.quick)?);
    }
    match arguments.json {
        true => println!("{}", table::json(&lines)?),
        false => print!("{}", table::markdown(&lines)),
    }
    Ok(())
}
