//! Boards of other families next to the same number of ours: what they cost the
//! fleet. Shelly and WLED boards are doubles.

use std::{thread, time::Duration};

use super::many_boards::{Follower, Round, SETTLE, compared, measure as measure_all};
use crate::{
    Outcome,
    figures::Unit,
    process::Program,
    table::{Line, Target},
};

/// Ten changes per second. A Shelly pushes each of them, a WLED all of a second
/// together.
const CHANGES: [&str; 3] = ["--still", "--changes-per-second", "10"];

/// Three fleets without a window at the same time: with Shelly boards, with
/// WLED boards and with ours.
#[expect(clippy::cast_precision_loss, reason = "a few million")]
pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (boards, rounds, seconds) = if quick { (2, 1, 1) } else { (200, 3, 10) };
    let round = Duration::from_secs(seconds);
    // As in the row of events.
    let busy = ["--profile", "weather", "--samples-per-second", "10"];
    let (_ours, ours) = Program::boards(boards, &busy)?;
    let metered = [&CHANGES[..], &["--model", "plus2pm"]].concat();
    let (_shellies, shellies) = Program::foreign("shelly", boards, &metered)?;
    let (_strips, strips) = Program::foreign("wled", boards, &CHANGES)?;
    let half = boards / 2;
    let mixed: Vec<String> = shellies
        .iter()
        .take(half)
        .chain(strips.iter().take(half))
        .cloned()
        .collect();
    let fleet = |name, addresses: &[String]| Follower::connect(name, &["fleet-alone"], addresses);
    let mut followers = [
        fleet("as many of ours", &ours)?,
        fleet("half Shelly, half WLED", &mixed)?,
        fleet("Shelly", &shellies)?,
        fleet("WLED", &strips)?,
    ];
    thread::sleep(SETTLE.min(round * 2));
    measure_all(&mut followers, rounds, round)?;
    let [ours, foreign @ ..] = &followers;
    let per_second = |round: &Round| round.counts.values as f64 / seconds as f64;
    let mut lines = Vec::new();
    for follower in foreign {
        let name = follower.name();
        let mut line = |what: &str, unit, of: &dyn Fn(&Round) -> f64| {
            let what = format!("{what}, {boards} boards, {name}, 10 changes/s each");
            let line = compared(
                "foreign",
                what,
                (unit, Target::Stated),
                of,
                [follower, ours],
            )?;
            lines.push(line);
            Outcome::Ok(())
        };
        line("CPU of a core", Unit::Percent, &|round| round.cpu_percent)?;
        line("values per second", Unit::Count, &per_second)?;
        line("CPU per value", Unit::Microseconds, &|round| {
            round.cpu_percent * 10_000.0 / per_second(round)
        })?;
        line("memory", Unit::Kilobytes, &|round| round.reading.memory_kb)?;
        line("gaps and events lost", Unit::Count, &|round| {
            (round.counts.resyncs + round.counts.lost) as f64
        })?;
    }
    Ok(lines)
}
