//! From 1,000 to 10,000 boards in several processes, and one fleet without a
//! window: how long until all are live, by address and by mDNS, what they cost
//! while they are idle and while they push, and how long a command takes
//! meanwhile. Bare clients of the same boards are the peer.

mod multicast;

use std::{
    process,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use super::{
    many_boards::{Follower, Round, SETTLE, compared, measure as measure_all},
    site::Site,
};
use crate::{
    Outcome,
    counts::Commands,
    figures::{Figure, Unit},
    process::Program,
    table::{Line, Target},
};
use multicast::Multicast;

/// How long after their start boards still announce themselves.
const ANNOUNCING: Duration = Duration::from_secs(10);

/// How long mDNS traffic is counted from the start of a fleet: it queries at
/// once, and 1, 3, 7 and 15 s later.
const COUNTED: Duration = Duration::from_secs(20);

/// What is measured.
struct Size {
    boards: usize,
    /// Boards per process.
    share: usize,
    /// How often busy boards push. The boards of the largest size would
    /// otherwise take both cores of a small computer.
    per_second: &'static str,
    rounds: u32,
    round: Duration,
    commands: usize,
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    let sizes: &[usize] = if quick { &[4] } else { &[1_000, 3_000, 10_000] };
    let mut lines = Vec::new();
    for boards in sizes {
        let size = Size {
            boards: *boards,
            share: if quick { 2 } else { 1_000 },
            per_second: if *boards < 10_000 { "1" } else { "0.1" },
            rounds: if quick { 1 } else { 3 },
            round: Duration::from_secs(if quick { 1 } else { 10 }),
            commands: if quick { 4 } else { 300 },
        };
        eprintln!("  {boards} boards");
        lines.extend(size.idle()?);
        lines.extend(size.busy()?);
        lines.extend(size.discovery(quick)?);
    }
    Ok(lines)
}

impl Size {
    fn start(&self, options: &[&str]) -> Outcome<Site> {
        Site::start(self.boards, self.share, options)
    }

    fn line(&self, what: &str, ours: Figure) -> Line {
        Line {
            row: "scale",
            what: format!("{what}, {} boards", self.boards),
            ours,
            peer: None,
            target: Target::Stated,
        }
    }

    /// Lamps, which push only their diagnostics: signal and memory every 10 s,
    /// uptime every 60 s.
    #[expect(clippy::cast_precision_loss, reason = "ten thousand boards")]
    fn idle(&self) -> Outcome<Vec<Line>> {
        let site = self.start(&["--no-mdns", "--profile", "lamp"])?;
        let mut followers = Vec::new();
        let mut connecting = Vec::new();
        for (name, part) in [("fleet", "fleet-alone"), ("bare clients", "bare-clients")] {
            let alone = Follower::connect(name, &[part], &site.addresses[..1])?;
            sleep(SETTLE.min(self.round));
            let alone_kb = alone.reading()?.memory_kb;
            let begun = Instant::now();
            let all = Follower::connect(name, &[part], &site.addresses)?;
            connecting.push((begun.elapsed(), all.reading()?.cpu, alone_kb));
            followers.push(all);
        }
        sleep(SETTLE.min(self.round));
        measure_all(&mut followers, self.rounds, self.round)?;
        let [ours, bare] = &followers[..] else {
            return Ok(Vec::new());
        };
        let [ours_first, bare_first] = &connecting[..] else {
            return Ok(Vec::new());
        };
        let milliseconds =
            |time: Duration| Figure::one(time.as_secs_f64() * 1e3, Unit::Milliseconds);
        let each = |follower: &Follower, alone_kb: f64| -> Outcome<Figure> {
            let all = follower.figure(Unit::Kilobytes, |round| round.reading.memory_kb)?;
            Ok(Figure::one(
                (all.median - alone_kb) / (self.boards - 1) as f64,
                Unit::Kilobytes,
            ))
        };
        let next_to = |line: Line, figure: Figure| Line {
            peer: Some((bare.name().to_owned(), figure)),
            ..line
        };
        Ok(vec![
            next_to(
                self.line("all live by address", milliseconds(ours_first.0)),
                milliseconds(bare_first.0),
            ),
            next_to(
                self.line("CPU until then", milliseconds(ours_first.1)),
                milliseconds(bare_first.1),
            ),
            self.compared("CPU of a core, idle", Unit::Percent, &cpu, [ours, bare])?,
            self.compared("memory, idle", Unit::Kilobytes, &memory, [ours, bare])?,
            next_to(
                self.line("memory per board, idle", each(ours, ours_first.2)?),
                each(bare, bare_first.2)?,
            ),
            self.compared(
                "open files",
                Unit::Count,
                &|seen| seen.reading.files,
                [ours, bare],
            )?,
        ])
    }

    /// Lamps, power strips and weather stations that push all the time.
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    fn busy(&self) -> Outcome<Vec<Line>> {
        let site = self.start(&["--no-mdns", "--samples-per-second", self.per_second])?;
        let mut followers = [
            Follower::connect("fleet", &["fleet-alone"], &site.addresses)?,
            Follower::connect("bare clients", &["bare-clients"], &site.addresses)?,
        ];
        sleep(SETTLE.min(self.round));
        measure_all(&mut followers, self.rounds, self.round)?;
        let commands: Commands = followers[0]
            .ask(&format!("commands {}", self.commands))?
            .parse()?;
        let [ours, bare] = &followers;
        let seconds = self.round.as_secs_f64();
        let busy = |what: &str| format!("{what}, {} push/s each", self.per_second);
        let pushes = |seen: &Round| seen.counts.pushes as f64 / seconds;
        let per_push = |seen: &Round| seen.cpu_percent * 1e4 / pushes(seen);
        let of_commands = |value| Figure::one(value, Unit::Microseconds);
        Ok(vec![
            self.compared(&busy("CPU of a core"), Unit::Percent, &cpu, [ours, bare])?,
            self.compared("pushes per second", Unit::Count, &pushes, [ours, bare])?,
            self.compared("CPU per push", Unit::Microseconds, &per_push, [ours, bare])?,
            self.compared(
                "gaps and events lost",
                Unit::Count,
                &|seen| (seen.counts.resyncs + seen.counts.lost) as f64,
                [ours, bare],
            )?,
            self.compared(&busy("memory"), Unit::Kilobytes, &memory, [ours, bare])?,
            self.line("a command meanwhile, median", of_commands(commands.median)),
            self.line("a command meanwhile, p99", of_commands(commands.p99)),
            self.line(
                "commands that were not confirmed",
                Figure::one(commands.failed as f64, Unit::Count),
            ),
        ])
    }

    /// Lamps that were announced before the fleet starts. The traffic is that
    /// of the whole network namespace.
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    fn discovery(&self, quick: bool) -> Outcome<Vec<Line>> {
        let service = format!("_sws{:x}._tcp.local.", process::id() & 0xf_ffff);
        let site = self.start(&["--profile", "lamp", "--service", &service])?;
        sleep(ANNOUNCING.min(self.round * 3));
        let before = Multicast::sent()?;
        let begun = Instant::now();
        // The count ends in time even if the fleet needs longer.
        let counted = if quick {
            Duration::from_secs(1)
        } else {
            COUNTED
        };
        let counting = thread::spawn(move || {
            sleep(counted);
            Multicast::sent().map_err(|error| error.to_string())
        });
        let boards = self.boards.to_string();
        let mut fleet =
            Program::part(&["fleet-alone", "--discover", &service, "--boards", &boards])?;
        let mut lines = Vec::new();
        let milliseconds =
            |time: Duration| Figure::one(time.as_secs_f64() * 1e3, Unit::Milliseconds);
        for what in ["found by mDNS", "live by mDNS"] {
            let count: u32 = fleet.line()?.parse()?;
            let took = begun.elapsed();
            lines.push(self.line(what, Figure::one(count.into(), Unit::Count)));
            lines.push(self.line(&format!("{what}, time"), milliseconds(took)));
        }
        let cpu = fleet.reading()?.cpu;
        let sent = counting
            .join()
            .map_err(|_| "the count of packets ended early")??
            - before;
        drop(site);
        lines.push(self.line("CPU until then", milliseconds(cpu)));
        lines.push(self.line(
            "mDNS packets in 20 s",
            Figure::one(sent.packets as f64, Unit::Count),
        ));
        lines.push(self.line(
            "mDNS traffic in 20 s",
            Figure::one(sent.bytes as f64 / 1e3, Unit::Kilobytes),
        ));
        Ok(lines)
    }

    fn compared(
        &self,
        what: &str,
        unit: Unit,
        of: &dyn Fn(&Round) -> f64,
        followers: [&Follower; 2],
    ) -> Outcome<Line> {
        let what = format!("{what}, {} boards", self.boards);
        compared("scale", what, (unit, Target::Stated), of, followers)
    }
}

fn cpu(round: &Round) -> f64 {
    round.cpu_percent
}

fn memory(round: &Round) -> f64 {
    round.reading.memory_kb
}
