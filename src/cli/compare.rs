//! `switchboard compare`: follows a board by push and by polling at the same
//! time, and prints what each saw, missed and cost.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::sync_channel,
    time::Duration,
};

use protocol::ComponentKey;
use serde_json::{Value, json};

use super::{Failure, args::Wait, client::Client, output, print::table};
use comparison::{
    Comparison, ComparisonSettings, Cost, FollowMode, Measurements, Report, Stage, StartError,
};
use disk::keys::Store;
use sanitize::plain;

/// The arguments of `switchboard compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name, an id, a unique prefix of either, or host:port.
    #[arg(value_parser = super::args::board)]
    board: String,
    /// How long to compare, 1 to 600.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    seconds: Wait,
    /// The polling interval, 10ms to 60s; one or two, separated by a comma.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s,100ms",
        value_delimiter = ','
    )]
    poll: Vec<Wait>,
    /// The mean time between presses, 20ms to 60s; presses occur at random.
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    press_every: Wait,
    /// The component to press, for example button:0 or switch:1; by default the
    /// first button, otherwise the first switch or light.
    #[arg(long, value_name = "COMPONENT")]
    press: Option<ComponentKey>,
    /// Also compare over TLS, through a TLS server started on this computer in
    /// front of the board.
    #[arg(long)]
    tls: bool,
    /// How long to measure the CPU time of a board on this computer with each
    /// follower alone; 0 skips it.
    #[arg(long, value_name = "TIME", default_value = "3s")]
    alone: Wait,
    /// Seed for the random presses: the same seed gives the same presses; by
    /// default it differs each time.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// If there is no such board, it is locked, or it becomes unreachable.
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
    // A separate connection finds the board and shows that it is compatible; it
    // ends before anything is measured.
    let client = Client::connect_ours(keys, &args.board)?;
    let board = client.board()?;
    drop(client);
    settings.board = board.address.to_string();
    let (wake, woken) = sync_channel(1);
    let comparison = Comparison::start(settings, move || {
        // Full: the reader will be woken anyway. Closed: it has stopped.
        let _ = wake.try_send(());
    })?;
    let show_progress = io::stderr().is_terminal();
    let mut before = Stage::Preparing;
    loop {
        // It is also woken at the end.
        let _ = woken.recv_timeout(Duration::from_secs(1));
        let stage = comparison.read(|record| record.stage.clone());
        if show_progress && stage != before {
            // Standard error may be closed.
            let _ = writeln!(
                output::err(),
                "{} ...",
                comparison.read(comparison::format::stage)
            );
        }
        match &stage {
            Stage::Done => break,
            Stage::Failed(problem) => {
                return Err(Failure::NoAnswer(format!(
                    "{}: {problem}",
                    text::plain(&board.name)
                )));
            }
            _ => before = stage,
        }
    }
    let name = text::plain(&board.name);
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
        text::short(settings.length),
        changed.join(", ")
    )?;
    let mut rows = vec![comparison::format::SUMS.map(str::to_uppercase)];
    rows.extend(report.rows.iter().map(comparison::format::sums));
    table(&mut out, &rows)?;
    if let Some(problem) = report.rows.iter().find_map(|row| match row.cost {
        Cost::Unknown(why) => Some(why.words()),
        _ => None,
    }) {
        writeln!(out, "The board's CPU time is unknown: {problem}.")?;
    }
    if let Some(cpu) = record.tls_server {
        writeln!(out, "The TLS server used {} of CPU time.", text::short(cpu))?;
    }
    for row in report.rows.iter().filter(|row| row.failed > 0) {
        let why = text::plain(row.problem.as_deref().unwrap_or_default());
        writeln!(
            out,
            "{}: {} requests failed, most recently: {why}",
            comparison::format::follower(row.follower),
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
        "board": name, "address": settings.board, "pressed": record.button,
        "changes": report.changes, "components": record.components,
        "seconds": settings.length.as_secs_f64(), "seed": settings.seed,
        "tls_server_cpu_ms": record.tls_server.map(ms), "followers": rows,
    })
}
