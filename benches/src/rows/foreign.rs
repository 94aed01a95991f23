//! Boards of other families next to the same number of ours: what they cost the
//! fleet. Shelly and WLED boards are doubles, and ESPHome boards only speak the
//! protocol.

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

/// How often ours and those of ESPHome push three values.
const PUSHES: &str = "10";

/// A fleet without a window for each family, and one for ours, at the same
/// time.
#[expect(clippy::cast_precision_loss, reason = "a few million")]
pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let (boards, rounds, seconds) = if quick { (2, 1, 1) } else { (200, 3, 10) };
    let round = Duration::from_secs(seconds);
    // As in the row of events.
    let busy = ["--profile", "weather", "--samples-per-second", PUSHES];
    let (_ours, ours) = Program::boards(boards, &busy)?;
    let metered = [&CHANGES[..], &["--model", "plus2pm"]].concat();
    let (_shellies, shellies) = Program::foreign("shelly", boards, &metered)?;
    let (_strips, strips) = Program::foreign("wled", boards, &CHANGES)?;
    let (_sensors, sensors) = Program::esphome(boards, PUSHES)?;
    let fleet = |name, addresses: &[String]| Follower::connect(name, &["fleet-alone"], addresses);
    let mut followers = [
        fleet("as many of ours", &ours)?,
        fleet("Shelly", &shellies)?,
        fleet("WLED", &strips)?,
        fleet("ESPHome", &sensors)?,
    ];
    thread::sleep(SETTLE.min(round * 2));
    measure_all(&mut followers, rounds, round)?;
    let [ours, foreign @ ..] = &followers;
    let per_second = |count: u64| count as f64 / seconds as f64;
    let mut lines = Vec::new();
    for follower in foreign {
        let name = follower.name();
        let mut line = |what: &str, (unit, target), of: &dyn Fn(&Round) -> f64| {
            let what = format!("{what}, {boards} boards, {name}, 10 changes/s each");
            let line = compared("foreign", what, (unit, target), of, [follower, ours])?;
            lines.push(line);
            Outcome::Ok(())
        };
        let stated = |unit| (unit, Target::Stated);
        line(
            "CPU per message",
            (Unit::Microseconds, Target::Ratio(1.5)),
            &|round| round.cpu_percent * 10_000.0 / per_second(round.counts.pushes),
        )?;
        line("CPU of a core", stated(Unit::Percent), &|round| {
            round.cpu_percent
        })?;
        line("messages per second", stated(Unit::Count), &|round| {
            per_second(round.counts.pushes)
        })?;
        line("values per second", stated(Unit::Count), &|round| {
            per_second(round.counts.values)
        })?;
        line("memory", stated(Unit::Kilobytes), &|round| {
            round.reading.memory_kb
        })?;
        line("gaps and events lost", stated(Unit::Count), &|round| {
            (round.counts.resyncs + round.counts.lost) as f64
        })?;
    }
    Ok(lines)
}
