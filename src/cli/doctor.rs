//! `switchboard doctor`: runs an examination and prints its findings, worst
//! first.

use std::io::{self, IsTerminal, Write};

use serde_json::json;

use super::{Failure, output, watching};
use disk::keys::Store;
use doctor::{DoctorProgress, DoctorRequest, Examination, Finding, Verdict, findings};
use sanitize::plain;

/// Runs the command.
///
/// # Errors
/// [`Failure::Faults`] if a fault was found.
pub(super) fn doctor(keys: &Store, wanted: Option<&str>, json: bool) -> Result<(), Failure> {
    let request = DoctorRequest {
        wanted: wanted.map(str::to_owned),
        keys: watching::held(keys)?,
        ..DoctorRequest::default()
    };
    let examination = Examination::begin(request, || {}).map_err(engine::StartError::from)?;
    let show_progress = io::stderr().is_terminal();
    let evidence = loop {
        match examination.wait() {
            DoctorProgress::Running(check) if show_progress => {
                // Standard error may be closed.
                let _ = writeln!(output::err(), "{} ...", check.words());
            }
            DoctorProgress::Running(_) => {}
            DoctorProgress::Done(evidence) => break evidence,
            DoctorProgress::Failed(problem) => return Err(Failure::NoAnswer(problem)),
        }
    };
    let findings = findings(&evidence, wanted);
    let mut out = output::out();
    for finding in &findings {
        match json {
            true => writeln!(out, "{}", plain::json(&line(finding)))?,
            false => paragraph(&mut out, finding)?,
        }
    }
    out.flush()?;
    match findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Fault)
        .count()
    {
        0 => Ok(()),
        faults => Err(Failure::Faults(faults)),
    }
}

fn line(finding: &Finding) -> serde_json::Value {
    let Finding {
        verdict,
        kind,
        board,
        title,
        tried,
        observed,
        advice,
    } = finding;
    let advice: Vec<_> = advice
        .iter()
        .map(|advice| json!({ "what": advice.what, "command": advice.command }))
        .collect();
    json!({
        "verdict": verdict.word(), "finding": kind.word(), "board": board, "title": title,
        "tried": tried, "observed": observed, "advice": advice,
    })
}

fn paragraph(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let Finding {
        verdict,
        title,
        tried,
        observed,
        advice,
        ..
    } = finding;
    writeln!(out, "{:<8} {}", verdict.word(), text::plain(title))?;
    writeln!(out, "         tried:    {}", text::plain(tried))?;
    writeln!(out, "         observed: {}", text::plain(observed))?;
    for (at, advice) in advice.iter().enumerate() {
        let to_do = if at == 0 { "to do:" } else { "" };
        writeln!(out, "         {to_do:<9} {}", text::plain(&advice.what))?;
        if let Some(command) = &advice.command {
            writeln!(out, "                       {}", text::plain(command))?;
        }
    }
    Ok(())
}
