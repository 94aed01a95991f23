//! `switchboard compare`: follows a board by push and by poll at once, and
//! prints what each saw, missed and cost.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::sync_channel,
    time::Duration,
};

use protocol::ComponentKey;
use serde_json::{Value, json};

use super::{Failure, args::Wait, client::Client, output, print::table};
use crate::{
    comparison::{
        Comparison, ComparisonSettings, Cost, FollowMode, Measurements, Report, Stage, StartError,
    },
    keys::Store,
    plain, words,
};

/// What can be typed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name, an id, a unique start of one, or host:port.
    #[arg(value_parser = super::args::board)]
    board: String,
    /// How long, 1 to 600.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    seconds: Wait,
    /// How often it is polled, 10ms to 60s; one or two, with a comma between.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s,100ms",
        value_delimiter = ','
    )]
    poll: Vec<Wait>,
    /// The mean time between two presses, 20ms to 60s; the presses come at
    /// random.
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    press_every: Wait,
    /// What is pressed, for example button:0 or switch:1; without it the first
    /// button, or else the first switch or light.
    #[arg(long, value_name = "COMPONENT")]
    press: Option<ComponentKey>,
    /// Do the same once more through a TLS server, which is started on this
    /// computer in front of the board.
    #[arg(long)]
    tls: bool,
    /// How long the board's process is observed with each follower alone, where
    /// it is on this computer; 0 leaves it out.
    #[arg(long, value_name = "TIME", default_value = "3s")]
    alone: Wait,
    /// The same presses come of the same number; without it of another each
    /// time.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Compares.
///
/// # Errors
/// Where there is no such board, it is locked, or it went away.
pub(super) fn compare(keys: &Store, args: Args) -> Result<(), Failure> {
    let usual = ComparisonSettings::of(String::new());
    let mut settings = ComparisonSettings {
        length: args.seconds.0,
        polls: args.poll.iter().map(|every| every.0).collect(),
        press_every: args.press_every.0,
        press: args.press,
        tls: args.tls,
        alone: args.alone.0,
        seed: args.seed.unwrap_or(usual.seed),
        ..usual
    };
    settings.check().map_err(StartError::from)?;
    // A link of its own shows where the board is and that it can be spoken
    // with; it ends before anything is measured.
    let client = Client::connect(keys, &args.board)?;
    let board = client.board()?;
    drop(client);
    settings.board.clone_from(&board.address);
    let (wake, woken) = sync_channel(1);
    let comparison = Comparison::start(settings, move || {
        // Full: the reader will be woken anyway. Closed: it is gone.
        let _ = wake.try_send(());
    })?;
    let told = io::stderr().is_terminal();
    let mut before = Stage::Preparing;
    loop {
        // It is woken at the end too.
        let _ = woken.recv_timeout(Duration::from_secs(1));
        let stage = comparison.read(|record| record.stage.clone());
        if told && stage != before {
            // Where it cannot be written nobody misses it.
            let _ = writeln!(output::err(), "{} ...", comparison.read(words::stage));
        }
        match &stage {
            Stage::Done => break,
            Stage::Failed(problem) => {
                return Err(Failure::NoAnswer(format!(
                    "{}: {problem}",
                    words::plain(&board.name)
                )));
            }
            _ => before = stage,
        }
    }
    let name = words::plain(&board.name);
    comparison.read(|record| print(&name, comparison.settings(), record, args.json))?;
    Ok(())
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Settings(error) => Self::Usage(error.to_string()),
            StartError::Thread(error) => Self::Start(error.into()),
        }
    }
}

fn print(
    name: &str,
    settings: &ComparisonSettings,
    record: &Measurements,
    json: bool,
) -> io::Result<()> {
    let report = Report::of(record);
    let mut out = output::out();
    if json {
        return writeln!(
            out,
            "{}",
            plain::json(&line(name, settings, record, &report))
        );
    }
    let button = record
        .button
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let changed: Vec<_> = record.components.iter().map(ToString::to_string).collect();
    writeln!(
        out,
        "{name} ({}): {button} was pressed {} times in {}, at random; each press changes {}",
        settings.board,
        report.changes,
        words::short(settings.length),
        changed.join(", ")
    )?;
    let mut rows = vec![words::SUMS.map(str::to_uppercase)];
    rows.extend(report.rows.iter().map(words::sums));
    table(&mut out, &rows)?;
    if let Some(problem) = report.rows.iter().find_map(|row| match row.cost {
        Cost::Unknown(why) => Some(why.words()),
        _ => None,
    }) {
        writeln!(
            out,
            "What a follower costs the board is not known: {problem}."
        )?;
    }
    if let Some(cpu) = record.tls_server {
        writeln!(
            out,
            "The TLS server was on a processor for {} of that time.",
            words::short(cpu)
        )?;
    }
    for row in report.rows.iter().filter(|row| row.failed > 0) {
        let why = words::plain(row.problem.as_deref().unwrap_or_default());
        writeln!(
            out,
            "{}: {} without an answer, the last: {why}",
            words::follower(row.follower),
            row.failed
        )?;
    }
    Ok(())
}

fn line(
    name: &str,
    settings: &ComparisonSettings,
    record: &Measurements,
    report: &Report,
) -> Value {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let (way, every, keep_alive) = match row.follower.mode {
                FollowMode::Push => ("push", None, None),
                FollowMode::Poll { every, keep_alive } => {
                    ("poll", Some(ms(every)), Some(keep_alive))
                }
            };
            let cost = match row.cost {
                Cost::PerSecond(cost) => Some(ms(cost)),
                Cost::Unmeasured | Cost::Unknown(_) => None,
            };
            json!({
                "way": way, "every_ms": every, "keep_alive": keep_alive, "tls": row.follower.tls,
                "seen": row.seen, "missed": row.missed, "waiting": row.pending,
                "delay_median_ms": row.median.map(ms), "delay_p99_ms": row.p99.map(ms),
                "requests": row.requests, "failed": row.failed, "problem": row.problem,
                "connections": row.connections, "connect_median_ms": row.connect.map(ms),
                "bytes_sent": row.sent, "bytes_received": row.received, "board_cpu_ms_per_s": cost,
            })
        })
        .collect();
    json!({
        "board": name, "address": settings.board, "pressed": record.button, "changes": report.changes,
        "components": record.components, "seconds": settings.length.as_secs_f64(), "seed": settings.seed,
        "tls_server_cpu_ms": record.tls_server.map(ms), "followers": rows,
    })
}
