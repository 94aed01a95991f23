//! `switchboard check`: checks whether a server conforms to docs/protocol.md,
//! and prints each point.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde_json::json;

use super::{
    Failure, args,
    client::ours,
    output,
    watching::{held, locate},
};
use conformance::{CheckError, CheckRequest, Finding, Verdict, announced, check};
use disk::keys::Store;
use net::{
    client::{Endpoint, reach_now},
    discovery::Lookout,
};
use sanitize::plain;

/// The arguments of `switchboard check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// ws://HOST:PORT/rpc, host:port, or a board's name, id, or a unique prefix
    /// of either.
    #[arg(value_name = "URL|BOARD", value_parser = args::board)]
    board: String,
    /// Change one component and restore it, and send commands that the board
    /// must refuse; without this, nothing is changed.
    #[arg(long)]
    allow_changes: bool,
    /// Print what was sent, expected and received for every point, not only for
    /// failures and warnings.
    #[arg(long, short)]
    verbose: bool,
    /// Also trust the certificates in this PEM file, for wss://.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The mDNS service type of the board, including the domain.
    #[arg(long, hide = true)]
    service: Option<String>,
    /// Print one JSON object per line, for each point.
    #[arg(long)]
    json: bool,
}

/// Checks the board.
///
/// # Errors
/// [`Failure::NotConforming`] if a point failed; otherwise as for every command
/// if there is no such board.
pub(super) fn conformance(keys: &Store, args: &CheckArgs) -> Result<(), Failure> {
    let place = endpoint(keys, &args.board)?;
    let trust = super::trust(args.ca.as_deref())?;
    let lookout = Lookout::of(args.service.as_deref());
    let txt = announced(&place, &lookout);
    let request = CheckRequest {
        endpoint: place,
        trust,
        may_change: args.allow_changes,
        keys: held(keys)?,
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

/// The address of the board's control channel.
fn endpoint(keys: &Store, typed: &str) -> Result<Endpoint, Failure> {
    let read = |text: &str| {
        text.parse::<Endpoint>()
            .map_err(|error| Failure::Usage(error.to_string()))
    };
    if let Some((watching, key)) = locate(keys.into(), typed)? {
        let board = watching
            .boards()
            .get(&key)
            .ok_or_else(|| Failure::NoAnswer("the board is gone".to_owned()))?;
        ours(board)?;
        let reached = reach_now(&board.where_to_ask());
        let address = reached
            .map_err(|why| Failure::NoAnswer(format!("{}: {why}", text::plain(&board.name))))?;
        return Ok(Endpoint::of_board(&address));
    }
    // As with every other command, the address of a board's web page works.
    let typed = match typed.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => format!("ws://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => format!("wss://{rest}"),
        _ => typed.to_owned(),
    };
    let endpoint = read(&typed)?;
    match endpoint.path() {
        // Every board has the same path, so it may be left out.
        "/" => read(&format!(
            "{}{}",
            endpoint.to_string().trim_end_matches('/'),
            protocol::RPC_PATH
        )),
        _ => Ok(endpoint),
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
        "section": point.section, "point": point.name, "verdict": verdict.word(),
        "sent": sent, "expected": point.expected, "came": received, "why": why,
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

/// On one line, without characters that control a terminal.
fn shown(text: &str) -> String {
    text::plain(&text.replace("\r\n", " | "))
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        Self::NoAnswer(error.to_string())
    }
}
