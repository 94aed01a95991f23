//! A bridge next to the simplest one, which publishes the same bytes: what a
//! state message costs, and how long it takes from a board to a subscriber.
//! Both are connected to the same boards and to one Mosquitto at the same time.
//!
//! A fleet that only watches and bare clients that only receive are connected
//! to the same boards too. Without what they use, what is left of the bridge
//! and of the bare publisher is what publishing costs.

mod broker;

use std::{
    sync::mpsc::RecvTimeoutError,
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    many_boards::{Follower, SETTLE},
    site::Site,
};
use crate::{
    Outcome,
    figures::{Figure, Unit, median_and_p99},
    table::{Line, Target},
};
use broker::{Broker, Published, Subscriber};

/// The prefixes of the topics of both.
const PREFIXES: [&str; 2] = ["ours", "bare"];

/// Up to this many boards, processes that only receive run too: a board then
/// has four connections.
const WITH_RECEIVERS: usize = 1_000;

/// How long all boards may take to be published.
const PUBLISHED: Duration = Duration::from_secs(180);

/// How long one state may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is measured.
struct Size {
    boards: usize,
    share: usize,
    /// How often each board reads its sensors.
    per_second: &'static str,
    rounds: u32,
    round: Duration,
    changes: u32,
}

pub(super) fn measure(quick: bool) -> Outcome<Vec<Line>> {
    // Power strips: four switches and four meters each.
    let sizes: &[(usize, &'static str)] = match quick {
        true => &[(4, "1")],
        false => &[(100, "1"), (1_000, "0.5"), (3_000, "0.2"), (10_000, "0.1")],
    };
    let mut lines = Vec::new();
    for (boards, per_second) in sizes {
        let size = Size {
            boards: *boards,
            share: if quick { 2 } else { 1_000 },
            per_second,
            rounds: if quick { 1 } else { 3 },
            round: Duration::from_secs(if quick { 2 } else { 10 }),
            changes: if quick { 3 } else { 200 },
        };
        let Some(broker) = Broker::start()? else {
            return Ok(lines);
        };
        eprintln!("  {boards} boards");
        match size.measure(&broker) {
            Ok(measured) => lines.extend(measured),
            Err(problem) if quick => return Err(problem),
            Err(problem) => eprintln!("  {problem}"),
        }
    }
    Ok(lines)
}

/// What both did in a round.
#[derive(Default)]
struct Rounds {
    cpu_percent: Vec<f64>,
    per_second: Vec<f64>,
    per_message: Vec<f64>,
    /// Without what the one that only receives has used.
    publishing: Vec<f64>,
    bytes: Vec<f64>,
}

impl Size {
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    fn measure(&self, broker: &Broker) -> Outcome<Vec<Line>> {
        let mut site = Site::start(
            self.boards,
            self.share,
            &[
                "--no-mdns",
                "--profile",
                "strip",
                "--name",
                "Strip",
                "--samples-per-second",
                self.per_second,
            ],
        )?;
        let subscriber = Subscriber::start(broker.port, "switch:0")?;
        let port = broker.port.to_string();
        let mut followers = Vec::new();
        let mut ready = Vec::new();
        for (prefix, name, part) in [
            (PREFIXES[0], "bridge", "bridge-alone"),
            (PREFIXES[1], "bare rumqttc publisher", "bare-publisher"),
        ] {
            let begun = Instant::now();
            followers.push(Follower::connect(name, &[part, &port], &site.addresses)?);
            self.until_published(&subscriber, prefix)?;
            ready.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let mut receivers = Vec::new();
        if self.boards <= WITH_RECEIVERS {
            let parts: [(_, &[&str]); 2] = [
                (
                    "a fleet that only watches",
                    &["fleet-alone", "--without-past"],
                ),
                ("bare clients that only receive", &["bare-clients"]),
            ];
            for (name, part) in parts {
                receivers.push(Follower::connect(name, part, &site.addresses)?);
            }
        }
        sleep(SETTLE.min(self.round));
        let seconds = self.round.as_secs_f64();
        let mut of: [Rounds; 2] = Default::default();
        let broker_before = broker.process.reading()?.cpu;
        for _ in 0..self.rounds {
            let before = readings(&followers, &subscriber)?;
            let received_before = cpu(&receivers)?;
            sleep(self.round);
            let after = readings(&followers, &subscriber)?;
            let received = cpu(&receivers)?;
            let receiving: Vec<_> = received_before
                .into_iter()
                .zip(received)
                .map(|(before, after)| after.saturating_sub(before).as_secs_f64())
                .collect();
            for (at, (rounds, (before, after))) in
                of.iter_mut().zip(before.into_iter().zip(after)).enumerate()
            {
                let cpu = after.0.saturating_sub(before.0).as_secs_f64();
                let messages = (after.1.states - before.1.states) as f64;
                rounds.cpu_percent.push(cpu * 100.0 / seconds);
                rounds.per_second.push(messages / seconds);
                rounds.per_message.push(cpu * 1e6 / messages);
                let publishing = receiving.get(at).map(|received| cpu - received);
                rounds
                    .publishing
                    .extend(publishing.map(|cpu| cpu * 1e6 / messages));
                let bytes = (after.1.bytes - before.1.bytes) as f64;
                rounds.bytes.push(bytes / messages / 1e3);
            }
        }
        let broker_cpu = broker.process.reading()?.cpu.saturating_sub(broker_before);
        let delays = self.delays(&mut site, &subscriber)?;
        let line = |what: &str, target, [ours, bare]: [Figure; 2]| Line {
            row: "mqtt",
            what: format!("{what}, {} boards", self.boards),
            ours,
            peer: Some(("bare rumqttc publisher".to_owned(), bare)),
            target,
        };
        let of_rounds = |unit, values: fn(&Rounds) -> &[f64]| -> Outcome<[Figure; 2]> {
            let figure = |rounds: &Rounds| Figure::of(values(rounds), unit).ok_or("no rounds");
            Ok([figure(&of[0])?, figure(&of[1])?])
        };
        let once =
            |unit, [ours, bare]: [f64; 2]| [Figure::one(ours, unit), Figure::one(bare, unit)];
        let memory = [
            followers[0].reading()?.memory_kb,
            followers[1].reading()?.memory_kb,
        ];
        let [ours, bare] = delays.map(median_and_p99);
        let (ours, bare) = (ours.ok_or("no changes")?, bare.ok_or("no changes")?);
        let more = |what: &str, more, target| Line {
            peer: None,
            ..line(what, target, once(Unit::Microseconds, [more, 0.0]))
        };
        let mut lines = vec![
            line(
                "all states at the broker",
                Target::Stated,
                once(Unit::Milliseconds, [ready[0], ready[1]]),
            ),
            line(
                "states per second",
                Target::Stated,
                of_rounds(Unit::Count, |rounds| &rounds.per_second)?,
            ),
            line(
                "topic and payload of a state",
                Target::Stated,
                of_rounds(Unit::Kilobytes, |rounds| &rounds.bytes)?,
            ),
            line(
                "CPU of a core",
                Target::Stated,
                of_rounds(Unit::Percent, |rounds| &rounds.cpu_percent)?,
            ),
            line(
                "CPU per state, receiving included",
                Target::Ratio(1.5),
                of_rounds(Unit::Microseconds, |rounds| &rounds.per_message)?,
            ),
            line("memory", Target::Stated, once(Unit::Kilobytes, memory)),
            line(
                "from the board to the subscriber, median",
                Target::Stated,
                once(Unit::Microseconds, [ours.0, bare.0]),
            ),
            line(
                "from the board to the subscriber, p99",
                Target::Stated,
                once(Unit::Microseconds, [ours.1, bare.1]),
            ),
            more(
                "later at the subscriber, median",
                ours.0 - bare.0,
                Target::AtMost(2_000.0),
            ),
            more(
                "CPU of the broker for both, per second",
                broker_cpu.as_secs_f64() * 1e6 / (seconds * f64::from(self.rounds)),
                Target::Stated,
            ),
        ];
        if !receivers.is_empty() {
            lines.push(line(
                "CPU per state, without receiving",
                Target::Ratio(1.5),
                of_rounds(Unit::Microseconds, |rounds| &rounds.publishing)?,
            ));
        }
        Ok(lines)
    }

    fn until_published(&self, subscriber: &Subscriber, prefix: &str) -> Outcome<()> {
        let end = Instant::now() + PUBLISHED;
        loop {
            let there = subscriber.boards(prefix);
            if there >= self.boards {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("{there} boards were published as {prefix}").into());
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// Switches a switch at the first board, and measures when each of both
    /// has told the subscriber.
    fn delays(&self, site: &mut Site, subscriber: &Subscriber) -> Outcome<[Vec<Duration>; 2]> {
        let boards = site.processes.first_mut().ok_or("no boards")?;
        let mut delays = [Vec::new(), Vec::new()];
        // The first change must be one.
        boards.send("set \"Strip\" switch:0 on=false")?;
        sleep(Duration::from_secs(1));
        while subscriber.arrivals.try_recv().is_ok() {}
        for number in 0..self.changes {
            // Not in step with anything.
            sleep(Duration::from_millis(20).mul_f64(0.5 + fastrand::f64()));
            let on = number % 2 == 0;
            let begun = Instant::now();
            boards.send(&format!("set \"Strip\" switch:0 on={on}"))?;
            let mut told = [None, None];
            while told.contains(&None) {
                let arrival = match subscriber.arrivals.recv_timeout(TIMEOUT) {
                    Ok(arrival) => arrival,
                    Err(RecvTimeoutError::Timeout) => return Err("a state did not arrive".into()),
                    Err(RecvTimeoutError::Disconnected) => return Err("no subscriber".into()),
                };
                let state: serde_json::Value = serde_json::from_slice(&arrival.payload)?;
                if state["on"] != on {
                    continue;
                }
                for (prefix, told) in PREFIXES.iter().zip(&mut told) {
                    if arrival.prefix == *prefix {
                        *told = Some(arrival.at.saturating_duration_since(begun));
                    }
                }
            }
            for (delays, told) in delays.iter_mut().zip(told) {
                delays.extend(told);
            }
        }
        Ok(delays)
    }
}

/// What each has used and published until now.
fn readings(
    followers: &[Follower],
    subscriber: &Subscriber,
) -> Outcome<Vec<(Duration, Published)>> {
    followers
        .iter()
        .zip(PREFIXES)
        .map(|(follower, prefix)| Ok((follower.reading()?.cpu, subscriber.of(prefix))))
        .collect()
}

/// What each has used until now.
fn cpu(followers: &[Follower]) -> Outcome<Vec<Duration>> {
    followers
        .iter()
        .map(|follower| Ok(follower.reading()?.cpu))
        .collect()
}
