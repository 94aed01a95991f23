//! Instructions of the board core: as callgrind counts them on this computer,
//! and as the emulated board counts them on RISC-V, built as for a chip. Either
//! is skipped if its tool is not installed.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
};

use crate::{
    Outcome,
    figures::{Figure, Unit},
    rows::emulated,
    table::{Line, Target},
};

/// The text before the total in callgrind's output.
const COLLECTED: &str = "Collected : ";

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let commands = if quick { 2 } else { 1_000 };
    let mut lines = Vec::new();
    for (counted, on) in [
        (here(commands)?, ""),
        (emulated::instructions(commands)?, ", RISC-V in QEMU"),
    ] {
        let Some([command, push]) = counted else {
            continue;
        };
        let line = |what: &str, instructions: f64| {
            let figure = Figure {
                median: instructions,
                least: instructions,
                most: instructions,
                unit: Unit::Instructions,
            };
            Line {
                row: "core",
                what: format!("{what}{on}"),
                ours: figure,
                peer: None,
                target: Target::Stated,
            }
        };
        lines.push(line("instructions per command, no subscribers", command));
        lines.push(line("instructions per push and subscriber, of 10", push));
    }
    Ok(lines)
}

/// On this computer; `None` if it cannot be counted.
fn here(commands: u32) -> Outcome<Option<[f64; 2]>> {
    let there = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        eprintln!("skipped: valgrind is not installed");
        return Ok(None);
    }
    // The difference removes the cost of starting; the cost of a push is the
    // difference that ten clients make.
    let alone = count(2 * commands, 0)? - count(commands, 0)?;
    let with_ten = count(2 * commands, 10)? - count(commands, 10)?;
    let commands = f64::from(commands);
    Ok(Some([
        alone / commands,
        (with_ten - alone) / commands / 10.0,
    ]))
}

/// Instructions of a board core for this many commands.
fn count(commands: u32, clients: u32) -> Outcome<f64> {
    let arguments: [OsString; 8] = [
        "--tool=callgrind".into(),
        "--callgrind-out-file=/dev/null".into(),
        std::env::current_exe()?.into(),
        "core-alone".into(),
        "--commands".into(),
        commands.to_string().into(),
        "--clients".into(),
        clients.to_string().into(),
    ];
    let run = Command::new("valgrind").args(arguments).output()?;
    let sent = String::from_utf8_lossy(&run.stderr);
    let total = sent
        .lines()
        .find_map(|line| line.split_once(COLLECTED))
        .map(|(_, total)| total.trim());
    total
        .and_then(|total| total.parse().ok())
        .ok_or_else(|| format!("callgrind says no total: {sent}").into())
}
