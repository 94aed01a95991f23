//! `switchboard check`: whether a server is a board as docs/protocol.md has it,
//! printed point by point.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde_json::json;

use super::{Failure, args, client, client::locate, output};
use crate::{
    conformance::{CheckError, CheckRequest, Finding, Verdict, announced, check},
    dial::{Endpoint, Trust, reach_now},
    discovery::Lookout,
    keys::Store,
    plain, words,
};

/// What can be typed after `check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// ws://HOST:PORT/rpc, host:port, or a board's name, id, or a unique start
    /// of one.
    #[arg(value_name = "URL|BOARD", value_parser = args::board)]
    board: String,
    /// Switch one component and put it back, and send commands that must be
    /// refused; without it nothing is changed.
    #[arg(long)]
    allow_changes: bool,
    /// Print every point in full: what was sent, expected and came; without it
    /// only of those that did not pass.
    #[arg(long, short)]
    verbose: bool,
    /// A file with certificates to be trusted beside the usual ones, for
    /// wss://.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The service that the board is announced as, with its domain.
    #[arg(long, hide = true)]
    service: Option<String>,
    /// One JSON object a line, for each point.
    #[arg(long)]
    json: bool,
}

/// Checks the board.
///
/// # Errors
/// [`Failure::NotConforming`] where a point failed; as for every command where
/// there is no such board.
pub(super) fn conformance(keys: &Store, args: &CheckArgs) -> Result<(), Failure> {
    let place = place(keys, &args.board)?;
    let trust = match &args.ca {
        Some(file) => Trust::with_file(file).map_err(|error| Failure::Usage(error.to_string()))?,
        None => Trust::usual(),
    };
    let lookout = Lookout::of(args.service.as_deref());
    let txt = announced(&place, &lookout);
    let request = CheckRequest {
        endpoint: place,
        trust,
        may_change: args.allow_changes,
        keys: client::held(keys)?,
        txt,
    };
    let mut out = output::out();
    let (mut counts, mut written) = (Counts::default(), Ok(()));
    check(&request, &mut |finding| {
        counts.add(finding.verdict);
        if written.is_ok() {
            written = match args.json {
                true => writeln!(out, "{}", plain::json(&line(&finding))),
                false => paragraph(&mut out, &finding, args.verbose),
            };
        }
    })?;
    written?;
    if !args.json {
        writeln!(
            out,
            "{} passed, {} failed, {} warnings, {} skipped",
            counts.passed, counts.failed, counts.warnings, counts.skipped
        )?;
    }
    match counts.failed {
        0 => Ok(()),
        failed => Err(Failure::NotConforming(failed)),
    }
}

/// Where the board's control channel is.
fn place(keys: &Store, typed: &str) -> Result<Endpoint, Failure> {
    let read = |text: &str| {
        text.parse::<Endpoint>()
            .map_err(|error| Failure::Usage(error.to_string()))
    };
    if let Some((watching, key)) = locate(keys.into(), typed)? {
        let board = watching
            .boards()
            .get(&key)
            .ok_or_else(|| Failure::NoAnswer("the board is gone".to_owned()))?;
        let reached = reach_now(&board.where_to_ask());
        let address = reached
            .map_err(|why| Failure::NoAnswer(format!("{}: {why}", words::plain(&board.name))))?;
        return Ok(Endpoint::of_board(&address));
    }
    // As for every other command, a board's page is a board.
    let typed = match typed.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => format!("ws://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => format!("wss://{rest}"),
        _ => typed.to_owned(),
    };
    let place = read(&typed)?;
    match place.path() {
        // Nobody types a path that every board has.
        "/" => read(&format!(
            "{}{}",
            place.to_string().trim_end_matches('/'),
            protocol::RPC_PATH
        )),
        _ => Ok(place),
    }
}

#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    warnings: u64,
    skipped: u64,
}

impl Counts {
    fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Pass => &mut self.passed,
            Verdict::Fail => &mut self.failed,
            Verdict::Warning => &mut self.warnings,
            Verdict::Skipped => &mut self.skipped,
        } += 1;
    }
}

fn line(finding: &Finding) -> serde_json::Value {
    let Finding {
        point,
        verdict,
        sent,
        received,
        why,
    } = finding;
    json!({
        "section": point.section, "point": point.name, "verdict": verdict.word(), "sent": sent, "expected": point.expected, "came": received,
        "why": why,
    })
}

fn paragraph(out: &mut impl Write, finding: &Finding, verbose: bool) -> io::Result<()> {
    let Finding {
        point,
        verdict,
        sent,
        received,
        why,
    } = finding;
    let whole = verbose || matches!(verdict, Verdict::Fail | Verdict::Warning);
    let because = if why.is_empty() || whole {
        String::new()
    } else {
        format!("  ({})", shown(why))
    };
    writeln!(
        out,
        "{:<8} {:<22} {}{because}",
        verdict.word(),
        point.section,
        point.name
    )?;
    if whole {
        let what = [
            ("sent:", sent.as_str()),
            ("expected:", point.expected),
            ("received:", received),
            ("why:", why),
        ];
        for (what, text) in what.into_iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(out, "           {what:<9} {}", shown(text))?;
        }
    }
    Ok(())
}

/// On one line, with nothing in it that a terminal obeys.
fn shown(text: &str) -> String {
    words::plain(&text.replace("\r\n", " | "))
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        Self::NoAnswer(error.to_string())
    }
}
