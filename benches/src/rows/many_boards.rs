//! Many boards in one process; the fleet without a window in a second, one bare
//! client task per board in a third. Both are connected to the same boards at
//! the same time, so that each receives the same.

use std::{thread, time::Duration};

use crate::{
    Outcome,
    counts::Counts,
    figures::{Figure, Unit},
    process::{Program, Reading},
    table::{Line, Target},
};

/// How long to wait after connecting.
pub(super) const SETTLE: Duration = Duration::from_secs(5);

/// A process that is connected to all boards.
pub(super) struct Follower {
    name: &'static str,
    process: Program,
    /// In each round.
    rounds: Vec<Round>,
}

pub(super) struct Round {
    pub(super) cpu_percent: f64,
    pub(super) reading: Reading,
    pub(super) counts: Counts,
}

impl Follower {
    pub(super) fn connect(
        name: &'static str,
        part: &[&str],
        addresses: &[String],
    ) -> Outcome<Self> {
        let mut process = Program::part(part)?;
        for address in addresses {
            process.send(address)?;
        }
        process.send("")?;
        let connected = process.line()?.parse();
        if connected.is_ok_and(|count: usize| count < addresses.len()) {
            return Err(format!("{name}: not all boards are connected").into());
        }
        Ok(Self {
            name,
            process,
            rounds: Vec::new(),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// What its process has used until now.
    pub(super) fn reading(&self) -> Outcome<Reading> {
        self.process.reading()
    }

    /// The answer of its process to a line.
    pub(super) fn ask(&mut self, line: &str) -> Outcome<String> {
        self.process.send(line)?;
        self.process.line()
    }

    fn counts(&mut self) -> Outcome<Counts> {
        Ok(self.ask("counts")?.parse()?)
    }

    pub(super) fn figure(&self, unit: Unit, of: impl Fn(&Round) -> f64) -> Outcome<Figure> {
        let rounds: Vec<f64> = self.rounds.iter().map(of).collect();
        Ok(Figure::of(&rounds, unit).ok_or("no rounds")?)
    }
}

/// All are measured over the same time.
fn watch(boards: usize, more: &[&str], rounds: u32, round: Duration) -> Outcome<[Follower; 3]> {
    let (_boards, addresses) = Program::boards(boards, more)?;
    let mut followers = [
        Follower::connect("fleet", &["fleet-alone"], &addresses)?,
        Follower::connect(
            "one bare client task per board",
            &["bare-clients"],
            &addresses,
        )?,
        Follower::connect(
            "the fleet over ewebsock",
            &["fleet-alone", "--transport", "ewebsock"],
            &addresses,
        )?,
    ];
    thread::sleep(SETTLE.min(round * 2));
    measure(&mut followers, rounds, round)?;
    Ok(followers)
}

/// Measures all of them over the same time.
pub(super) fn measure(followers: &mut [Follower], rounds: u32, round: Duration) -> Outcome<()> {
    for _ in 0..rounds {
        let mut before = Vec::new();
        for follower in &mut *followers {
            before.push((follower.process.reading()?, follower.counts()?));
        }
        thread::sleep(round);
        for (follower, (reading, counts)) in followers.iter_mut().zip(before) {
            let now = follower.process.reading()?;
            let seen = follower.counts()?;
            follower.rounds.push(Round {
                cpu_percent: now.cpu.saturating_sub(reading.cpu).as_secs_f64() * 100.0
                    / round.as_secs_f64(),
                reading: now,
                counts: Counts {
                    values: seen.values - counts.values,
                    pushes: seen.pushes - counts.pushes,
                    ..seen
                },
            });
        }
    }
    Ok(())
}

/// A line of the table: our fleet next to a peer.
pub(super) fn compared(
    row: &'static str,
    what: String,
    (unit, target): (Unit, Target),
    of: &dyn Fn(&Round) -> f64,
    [ours, theirs]: [&Follower; 2],
) -> Outcome<Line> {
    Ok(Line {
        row,
        what,
        ours: ours.figure(unit, of)?,
        peer: Some((theirs.name.to_owned(), theirs.figure(unit, of)?)),
        target,
    })
}

/// From 1 to 1,000 boards that push only their diagnostics: signal and memory
/// every 10 s, which is the length of a round, and uptime every 60 s.
#[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
pub(super) fn idle(quick: bool) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let mut alone = None;
    for boards in [1, 10, 100, 1_000] {
        let (boards, rounds, round) = if quick { (2, 1, 1) } else { (boards, 3, 10) };
        let [ours, bare, over_ewebsock] = watch(
            boards,
            &["--profile", "lamp"],
            rounds,
            Duration::from_secs(round),
        )?;
        let line = |what: &str, unit, target, of: &dyn Fn(&Round) -> f64, theirs| {
            let what = format!("{what}, {boards} boards idle");
            compared("idle", what, (unit, target), of, [&ours, theirs])
        };
        let cpu = |round: &Round| round.cpu_percent;
        let memory = |round: &Round| round.reading.memory_kb;
        lines.push(line(
            "CPU of a core",
            Unit::Percent,
            Target::Ratio(1.5),
            &cpu,
            &bare,
        )?);
        lines.push(line(
            "CPU of a core",
            Unit::Percent,
            Target::Stated,
            &cpu,
            &over_ewebsock,
        )?);
        lines.push(line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &memory,
            &bare,
        )?);
        lines.push(line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &memory,
            &over_ewebsock,
        )?);
        lines.push(line(
            "threads",
            Unit::Count,
            Target::Stated,
            &|round| round.reading.threads,
            &bare,
        )?);
        let all = |follower: &Follower| {
            follower
                .figure(Unit::Kilobytes, memory)
                .map(|figure| figure.median)
        };
        let all = [all(&ours)?, all(&bare)?, all(&over_ewebsock)?];
        match alone {
            None => alone = Some(all),
            Some(alone) if boards >= 100 => {
                let each = |at: usize| (all[at] - alone[at]) / (boards - 1) as f64;
                let figure = |value| Figure::one(value, Unit::Kilobytes);
                for (at, follower, target) in [
                    (1, &bare, Target::AtMost(20.0)),
                    (2, &over_ewebsock, Target::Stated),
                ] {
                    lines.push(Line {
                        row: "idle",
                        what: format!("memory per board, {boards} boards idle"),
                        ours: figure(each(0)),
                        peer: Some((follower.name.to_owned(), figure(each(at)))),
                        target,
                    });
                }
            }
            Some(_) => {}
        }
        if quick {
            break;
        }
    }
    Ok(lines)
}

/// A thousand boards that push ten times per second.
#[expect(clippy::cast_precision_loss, reason = "a few million")]
pub(super) fn events(quick: bool) -> Outcome<Vec<Line>> {
    let (boards, rounds, round) = if quick { (2, 1, 1) } else { (1_000, 3, 6) };
    // Batches are 100 ms apart, so each reading is a push.
    let more = ["--profile", "weather", "--samples-per-second", "10"];
    let [ours, bare, over_ewebsock] = watch(boards, &more, rounds, Duration::from_secs(round))?;
    let line = |what: &str, unit, target, of: &dyn Fn(&Round) -> f64, theirs| {
        let what = format!("{what}, {boards} boards, 10 readings/s each");
        compared("events", what, (unit, target), of, [&ours, theirs])
    };
    Ok(vec![
        line(
            "CPU of a core",
            Unit::Percent,
            Target::Ratio(2.0),
            &|round| round.cpu_percent,
            &bare,
        )?,
        line(
            "CPU of a core",
            Unit::Percent,
            Target::Stated,
            &|round| round.cpu_percent,
            &over_ewebsock,
        )?,
        line(
            "values per second",
            Unit::Count,
            Target::Stated,
            &|seen| seen.counts.values as f64 / round as f64,
            &bare,
        )?,
        line(
            "events lost",
            Unit::Count,
            Target::AtMost(0.0),
            &|round| round.counts.lost as f64,
            &bare,
        )?,
        line(
            "gaps",
            Unit::Count,
            Target::AtMost(0.0),
            &|round| round.counts.resyncs as f64,
            &bare,
        )?,
        line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &|round| round.reading.memory_kb,
            &bare,
        )?,
        line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &|round| round.reading.memory_kb,
            &over_ewebsock,
        )?,
    ])
}
