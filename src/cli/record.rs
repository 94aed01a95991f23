//! `switchboard record`: records what boards push and what they are told, and
//! says on standard error how that goes.

use std::{
    collections::BTreeSet,
    io::Write,
    path::PathBuf,
    sync::mpsc::{RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use protocol::LogFilter;
use record::{Destination, DestinationError, FileSettings, Notice, Recording, Selection, Status};
use serde_json::json;

use super::{
    Failure, output,
    watching::{Reach, Watching},
};
use fleet::{BoardKey, BoardView, Fleet, TypedKind, Watch, typed_kind};
use sanitize::plain;
use text::matching::{Fit, Typed};

/// The arguments of `switchboard record`.
#[derive(Debug, clap::Args)]
pub(super) struct RecordArgs {
    /// Names, ids or addresses (host:port); by default all boards. A board that
    /// is not there yet is recorded from when it appears.
    #[arg(value_name = "BOARD", value_parser = super::args::board)]
    boards: Vec<String>,
    /// The file to write, for example lab.jsonl.gz: compressed if it ends with
    /// .gz. If it exists, the recording goes on in lab.2.jsonl.gz. Or a
    /// PostgreSQL database, postgres://user@host/database; its password is read
    /// from the environment variable PGPASSWORD.
    #[arg(long, value_name = "FILE|URL")]
    to: String,
    /// Begin a new file once the current one has this size.
    #[arg(long, value_name = "SIZE", default_value = "64MB", value_parser = size)]
    rotate: u64,
    /// Do not begin a new file at midnight.
    #[arg(long)]
    no_daily: bool,
    /// Keep only this many files, and delete the oldest.
    #[arg(long, value_name = "FILES", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Also trust the certificates in this PEM file, for a database with TLS
    /// (sslmode=require in its address).
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The lowest severity to record of the boards' own logs: error, warn,
    /// info, debug or off.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    board_log: LogFilter,
    /// Stop after this time, for example 10s; by default it runs until
    /// interrupted.
    #[arg(long = "for", value_name = "TIME")]
    wait: Option<super::typed::Wait>,
    /// Print one JSON object per line: each file, each problem, and at the end
    /// what was recorded.
    #[arg(long)]
    json: bool,
}

/// What the main thread waits for.
enum Event {
    Changed,
    Notice(Notice),
    Interrupted,
}

/// Parses a size in bytes: `500kB`, `64MB`, `2GB`.
fn size(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "expected a number with kB, MB or GB, for example 64MB; at least 10kB";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "kB" | "KB" | "k" => 1_000,
        "MB" | "M" => 1_000_000,
        "GB" | "G" => 1_000_000_000,
        "" | "B" => 1,
        _ => return Err(EXPECTED),
    };
    let number: u64 = digits.parse().map_err(|_| EXPECTED)?;
    let bytes = number.checked_mul(unit).filter(|bytes| *bytes >= 10_000);
    bytes.ok_or(EXPECTED)
}

/// Runs the command.
pub(super) fn record(reach: Reach<'_>, args: &RecordArgs) -> Result<(), Failure> {
    // The error does not repeat the address, which may contain a password.
    let to: Destination = args
        .to
        .parse()
        .map_err(|error: DestinationError| Failure::Usage(format!("--to: {error}")))?;
    let trust = super::trust(args.ca.as_deref())?;
    let (events, received) = channel();
    let interrupted = events.clone();
    super::on_interrupt(move || drop(interrupted.send(Event::Interrupted)))
        .map_err(Failure::Recording)?;
    let all = args.boards.is_empty();
    let selection = if all {
        Selection::all()
    } else {
        Selection::some()
    };
    let watching = Watching::start(reach, true, all)?;
    let mut typed = Vec::new();
    for board in &args.boards {
        if typed_kind(board) == TypedKind::Address {
            selection.add(watching.add_address(board)?);
        } else {
            typed.push(Typed::new(board));
        }
    }
    let fleet = watching.into_fleet();
    let settings = FileSettings {
        size: args.rotate,
        daily: !args.no_daily,
        keep: args.keep,
    };
    let told = events.clone();
    let tell = move |notice| {
        // The main thread has ended.
        let _ = told.send(Event::Notice(notice));
    };
    let recording = Recording::prepare(&fleet, selection.clone())
        .with_trust(trust)
        .start(&to, settings, tell)
        .map_err(|error| Failure::Recording(error.to_string()))?;
    let mut boards = Boards {
        watch: fleet.watch(move |_| {
            let _ = events.send(Event::Changed);
        }),
        fleet: &fleet,
        typed,
        selection,
        log: args.board_log,
        followed: BTreeSet::new(),
    };
    let end = args.wait.map(|wait| Instant::now() + wait.0);
    loop {
        // Without an end, wait an hour at a time.
        let left = end.map_or(Duration::from_secs(3_600), |end| {
            end.saturating_duration_since(Instant::now())
        });
        // If boards push all the time, the wait below never times out.
        if left.is_zero() {
            break;
        }
        match received.recv_timeout(left) {
            Ok(Event::Changed) => boards.changed(),
            Ok(Event::Notice(notice)) => print_notice(&notice, args.json)?,
            Ok(Event::Interrupted) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    finish(recording, args.json)
}

/// Records all boards of a fleet while another command runs. What a person
/// should know is printed on standard error.
pub(super) fn record_all(fleet: &Fleet, to: &Destination) -> Result<Recording, Failure> {
    let tell = |notice| drop(print_notice(&notice, false));
    Recording::prepare(fleet, Selection::all())
        .start(to, FileSettings::default(), tell)
        .map_err(|error| Failure::Recording(error.to_string()))
}

/// Ends a recording and says what was recorded.
pub(super) fn finish(recording: Recording, as_json: bool) -> Result<(), Failure> {
    let status = recording.stop().map_err(Failure::Recording)?;
    print_end(&status, as_json)
}

/// The boards of the fleet, as far as the recording needs help with them.
struct Boards<'a> {
    watch: Watch,
    fleet: &'a Fleet,
    typed: Vec<Typed>,
    selection: Selection,
    log: LogFilter,
    /// Whose log is followed.
    followed: BTreeSet<BoardKey>,
}

impl Boards<'_> {
    fn changed(&mut self) {
        let changes = self.watch.drain();
        for board in &changes.boards {
            if self.is_meant(board) && self.selection.add(board.key) {
                self.fleet.connect(board.key);
            }
            let follows = board.has_feature("log") && self.log != LogFilter::Off;
            if follows && self.followed.insert(board.key) {
                self.fleet.follow_log(board.key, self.log);
            }
        }
        for key in &changes.forgotten {
            self.followed.remove(key);
        }
    }

    /// Whether an argument names this board. Prefixes are not enough: another
    /// board may appear later.
    fn is_meant(&self, board: &BoardView) -> bool {
        let id = board.id.as_deref().unwrap_or_default();
        let fits = |typed: &Typed| {
            let fit = typed.fit(id, &board.name);
            matches!(fit, Some(Fit::Id | Fit::Name | Fit::Alike))
        };
        self.typed.iter().any(fits)
    }
}

fn print_notice(notice: &Notice, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let line = match notice {
            Notice::Part(path) => json!({ "file": path.to_string_lossy() }),
            Notice::Database(session) => json!({ "session": session }),
            Notice::Trouble(problem) => json!({ "problem": problem }),
            Notice::Resumed { lost } => json!({ "resumed": true, "lost": lost }),
        };
        let mut out = output::out();
        writeln!(out, "{}", plain::json(&line))?;
        out.flush()?;
        return Ok(());
    }
    match notice {
        Notice::Part(path) => output::tell(&format!("recording to {}", path.display())),
        Notice::Database(session) => {
            output::tell(&format!("recording to the database as session {session}"));
        }
        Notice::Trouble(problem) => output::say(format_args!(
            "recording is interrupted: {problem}; records are kept in memory until writing works \
             again"
        )),
        Notice::Resumed { lost: 0 } => output::say("recording again; nothing was lost"),
        Notice::Resumed { lost } => output::say(format_args!(
            "recording again; {} lost",
            text::count(*lost, "record")
        )),
    }
    Ok(())
}

fn print_end(status: &Status, as_json: bool) -> Result<(), Failure> {
    let Status {
        boards,
        records,
        bytes,
        lost,
        ..
    } = status;
    let mut out = output::out();
    if as_json {
        let line = json!({
            "boards": boards, "records": records, "bytes": bytes, "lost": lost,
        });
        writeln!(out, "{}", plain::json(&line))?;
    } else {
        let boards = text::count(u64::try_from(*boards).unwrap_or(u64::MAX), "board");
        let records = text::count(*records, "record");
        writeln!(out, "recorded {records} of {boards}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit() {
        for (text, bytes) in [("64MB", 64_000_000), ("500kB", 500_000), ("20000", 20_000)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "1kB", "-1MB", "1.5MB", "99999999999GB", "64TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
