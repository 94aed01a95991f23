//! Many boards in one process; the fleet without a window in a second, one bare
//! client task per board in a third. Both are connected to the same boards at
//! the same time, so that each receives the same.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::site::Site;
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
    /// How long connecting to all boards took.
    connecting: Duration,
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
        let begun = Instant::now();
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
            connecting: begun.elapsed(),
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

/// How many boards one process has.
const SHARE: usize = 1_000;

/// The fleet, bare clients and, unless there are more boards than it is tried
/// with, the fleet over ewebsock. All are measured over the same time.
fn watch(boards: usize, more: &[&str], rounds: u32, round: Duration) -> Outcome<Vec<Follower>> {
    let site = Site::start(boards, SHARE, &[&["--no-mdns"], more].concat())?;
    let addresses = &site.addresses;
    let mut followers = vec![
        Follower::connect("fleet", &["fleet-alone"], addresses)?,
        Follower::connect(
            "one bare client task per board",
            &["bare-clients"],
            addresses,
        )?,
    ];
    if boards <= SHARE {
        followers.push(Follower::connect(
            "the fleet over ewebsock",
            &["fleet-alone", "--transport", "ewebsock"],
            addresses,
        )?);
    }
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

/// From 1 to 10,000 boards that push only their diagnostics: signal and memory
/// every 10 s, and uptime every 60 s. A round of many boards takes 30 s,
/// because the fleet asks each for its clock that often.
pub(super) fn idle(quick: bool) -> Outcome<Vec<Line>> {
    let sizes: &[usize] = if quick {
        &[1, 2]
    } else {
        &[1, 10, 100, 1_000, 10_000]
    };
    let mut lines = Vec::new();
    let mut alone = None;
    for boards in sizes.iter().copied() {
        let (rounds, round) = match boards {
            _ if quick => (1, 1),
            ..1_000 => (3, 10),
            _ => (3, 30),
        };
        let lamps = ["--profile", "lamp"];
        let followers = watch(boards, &lamps, rounds, Duration::from_secs(round))?;
        let (ours, others) = followers.split_first().ok_or("no fleet")?;
        for (at, other) in others.iter().enumerate() {
            lines.extend(idle_lines(boards, [ours, other], at == 0)?);
        }
        let memory: Vec<f64> = followers
            .iter()
            .map(|follower| Ok(follower.figure(Unit::Kilobytes, memory)?.median))
            .collect::<Outcome<_>>()?;
        match &alone {
            None => alone = Some(memory),
            Some(alone) if boards >= 100 || quick => {
                lines.extend(memory_per_board(boards, &followers, &memory, alone));
            }
            Some(_) => {}
        }
    }
    Ok(lines)
}

fn idle_boards(number: usize) -> String {
    match number {
        1 => "1 board idle".to_owned(),
        _ => format!("{number} boards idle"),
    }
}

fn memory(round: &Round) -> f64 {
    round.reading.memory_kb
}

/// The targets hold for the first peer only.
fn idle_lines(boards: usize, pair: [&Follower; 2], first: bool) -> Outcome<Vec<Line>> {
    let target = |of, target| match boards {
        boards if first && boards == of => target,
        _ => Target::Stated,
    };
    let line = |what: &str, unit, target, of: &dyn Fn(&Round) -> f64| {
        let what = format!("{what}, {}", idle_boards(boards));
        compared("idle", what, (unit, target), of, pair)
    };
    let cpu = if boards == 10_000 {
        target(10_000, Target::AtMost(5.0))
    } else {
        target(1_000, Target::Ratio(1.5))
    };
    let mut lines = vec![
        line("CPU of a core", Unit::Percent, cpu, &|round| {
            round.cpu_percent
        })?,
        line(
            "memory",
            Unit::Kilobytes,
            target(10_000, Target::AtMost(300_000.0)),
            &memory,
        )?,
    ];
    if first {
        let took = |follower: &Follower| {
            Figure::one(follower.connecting.as_secs_f64() * 1e3, Unit::Milliseconds)
        };
        lines.push(Line {
            row: "idle",
            what: format!("until all are connected, {}", idle_boards(boards)),
            ours: took(pair[0]),
            peer: Some((pair[1].name.to_owned(), took(pair[1]))),
            target: target(10_000, Target::AtMost(10_000.0)),
        });
        lines.push(line("threads", Unit::Count, Target::Stated, &|round| {
            round.reading.threads
        })?);
    }
    Ok(lines)
}

/// What each board takes more than the first.
#[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
fn memory_per_board(
    boards: usize,
    followers: &[Follower],
    memory: &[f64],
    alone: &[f64],
) -> Vec<Line> {
    let each: Vec<_> = memory
        .iter()
        .zip(alone)
        .map(|(all, alone)| (all - alone) / (boards - 1) as f64)
        .map(|each| Figure::one(each, Unit::Kilobytes))
        .collect();
    let peers = followers.iter().zip(&each).skip(1).enumerate();
    let held_to = |first| match boards {
        1_000 if first => Target::AtMost(18.0),
        _ => Target::Stated,
    };
    peers
        .map(|(at, (follower, figure))| Line {
            row: "idle",
            what: format!("memory per board, {boards} boards idle"),
            ours: each[0],
            peer: Some((follower.name.to_owned(), *figure)),
            target: held_to(at == 0),
        })
        .collect()
}

/// A thousand boards that push ten times per second.
#[expect(clippy::cast_precision_loss, reason = "a few million")]
pub(super) fn events(quick: bool) -> Outcome<Vec<Line>> {
    let (boards, rounds, round) = if quick { (2, 1, 1) } else { (1_000, 3, 6) };
    // Batches are 100 ms apart, so each reading is a push.
    let more = ["--profile", "weather", "--samples-per-second", "10"];
    let followers = watch(boards, &more, rounds, Duration::from_secs(round))?;
    let [ours, bare, over_ewebsock] = followers.as_slice() else {
        return Err("not all were measured".into());
    };
    let line = |what: &str, unit, target, of: &dyn Fn(&Round) -> f64, theirs| {
        let what = format!("{what}, {boards} boards, 10 readings/s each");
        compared("events", what, (unit, target), of, [ours, theirs])
    };
    Ok(vec![
        line(
            "CPU of a core",
            Unit::Percent,
            Target::Ratio(1.5),
            &|round| round.cpu_percent,
            bare,
        )?,
        line(
            "CPU of a core",
            Unit::Percent,
            Target::Stated,
            &|round| round.cpu_percent,
            over_ewebsock,
        )?,
        line(
            "pushes missing of 10 per second and board",
            Unit::Count,
            Target::AtMost(0.1),
            &|seen| 10.0 - seen.counts.pushes as f64 / (round as f64 * boards as f64),
            bare,
        )?,
        line(
            "values per second",
            Unit::Count,
            Target::Stated,
            &|seen| seen.counts.values as f64 / round as f64,
            bare,
        )?,
        line(
            "events lost",
            Unit::Count,
            Target::AtMost(0.0),
            &|round| round.counts.lost as f64,
            bare,
        )?,
        line(
            "gaps",
            Unit::Count,
            Target::AtMost(0.0),
            &|round| round.counts.resyncs as f64,
            bare,
        )?,
        line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &|round| round.reading.memory_kb,
            bare,
        )?,
        line(
            "memory",
            Unit::Kilobytes,
            Target::Stated,
            &|round| round.reading.memory_kb,
            over_ewebsock,
        )?,
    ])
}
