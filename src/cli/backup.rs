//! `switchboard backup` and `switchboard restore`: a board's name, labels and
//! settings, to a file and from it to another board. `crates/backup` decides
//! what fits.

use std::{io::Write, path::Path, thread, time::SystemTime};

use protocol::{Object, method};
use serde_json::{Value, json};

use super::{Failure, client::Client, output, print::Printer, watching::Reach};
use backup::{Backup, Plan, READ_EVERY, READS, ReadBack, Report, Setting, Verdict};
use disk::settings;
use fleet::{BoardView, Outcome};
use sanitize::plain;

/// Why a backup was not restored completely.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRestored {
    /// Nothing was changed.
    #[error(
        "the backup does not fit {board}, and nothing was changed: {}. To restore what fits, add \
         --partial",
        misfits.join("; ")
    )]
    Misfit { board: String, misfits: Vec<String> },
    /// The details were printed.
    #[error("{missing} of {all} not restored")]
    Incomplete { missing: usize, all: usize },
}

/// Runs `backup`.
pub(super) fn backup(
    reach: Reach<'_>,
    board: &str,
    file: &Path,
    json: bool,
) -> Result<(), Failure> {
    let client = Client::connect(reach, board)?;
    let view = client.board()?;
    let notes = settings::remembered().notes;
    let labels = view.id.as_deref().and_then(|id| notes.get(id));
    let backup = Backup::of(&view, labels, SystemTime::now())
        .map_err(|why| Failure::NoAnswer(format!("{}: {why}", view.name)))?;
    backup
        .write(file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let count = backup.settings();
    let line = match json {
        true => {
            let file = file.display().to_string();
            let line = json!({
                "board": *view.name, "id": view.id.as_deref(), "settings": count, "file": file,
            });
            plain::json(&line)
        }
        false => format!(
            "saved the name and {} of {} to {}",
            text::count(u64::try_from(count).unwrap_or(u64::MAX), "setting"),
            text::plain(&view.name),
            file.display()
        ),
    };
    // If the backup itself goes to standard output, nothing else may.
    if files::is_standard_output(file) {
        return Ok(writeln!(output::err(), "{line}")?);
    }
    Ok(writeln!(output::out(), "{line}")?)
}

/// Runs `restore`.
pub(super) fn restore(
    reach: Reach<'_>,
    board: &str,
    file: &Path,
    partial: bool,
    json: bool,
) -> Result<(), Failure> {
    // Checked before anything is sent on the network.
    let backup = Backup::read(file).map_err(|error| Failure::Usage(error.to_string()))?;
    let client = Client::connect(reach, board)?;
    let view = client.board()?;
    let plan = Plan::new(&backup, &view);
    if !plan.misfits.is_empty() && !partial {
        return Err(Failure::NotRestored(NotRestored::Misfit {
            board: text::plain(&view.name),
            misfits: plan.misfits,
        }));
    }
    let outcomes = send(&client, &plan)?;
    let report = read_back(&client, &plan, &outcomes);
    let labels = restore_labels(&view, &plan);
    let mut rows: Vec<_> = plan
        .steps
        .iter()
        .zip(&report.rows)
        .map(|(step, (title, verdict))| {
            let word = match verdict {
                Verdict::Restored => "restored",
                Verdict::Differs(_) => "differs",
                Verdict::Failed(_) => "failed",
            };
            row(title, &step.value, word, verdict.text())
        })
        .collect();
    let mut missing = report.rows.len() - report.restored();
    if let Some(labels) = labels {
        let words: Vec<&str> = [plan.labels.room.as_str()]
            .into_iter()
            .chain(plan.labels.tags.iter().map(String::as_str))
            .filter(|label| !label.is_empty())
            .collect();
        let words = text::plain(&words.join(", "));
        rows.push(match labels {
            Ok(()) => row("Room and tags", &words, "restored", "restored".to_owned()),
            Err(why) => {
                missing += 1;
                row(
                    "Room and tags",
                    &words,
                    "failed",
                    format!("not restored: {why}"),
                )
            }
        });
    }
    let left = plan.unsupported.iter().chain(&plan.misfits);
    rows.extend(left.map(|why| row(why, "", "left_out", "left out".to_owned())));
    Printer::new(json).rows(&rows)?;
    match missing {
        0 => Ok(()),
        missing => Err(Failure::NotRestored(NotRestored::Incomplete {
            missing,
            all: report.rows.len() + usize::from(!plan.labels.is_empty()),
        })),
    }
}

/// A row of the table, and as an object.
fn row(setting: &str, value: &str, outcome: &str, message: String) -> ([String; 3], Value) {
    let object = json!({
        "setting": setting, "value": value, "outcome": outcome, "message": message,
    });
    ([setting.to_owned(), value.to_owned(), message], object)
}

/// Sends the steps one after another: what a preset changes must not undo what
/// follows.
fn send(client: &Client, plan: &Plan) -> Result<Vec<Option<Outcome>>, Failure> {
    let mut outcomes = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let outcome = client.outcome(|reply| match &step.setting {
            Setting::Name(_) => {
                let params = step.setting.name_params().unwrap_or_default();
                client
                    .fleet()
                    .call(client.key(), method::DEVICE_SET_NAME, params, Some(reply));
            }
            Setting::Component(component, set) => {
                client
                    .fleet()
                    .set(client.key(), component, set.clone(), Some(reply));
            }
        })?;
        outcomes.push(Some(outcome));
    }
    Ok(outcomes)
}

fn read_back(client: &Client, plan: &Plan, outcomes: &[Option<Outcome>]) -> Report {
    let ask = |method| client.call(method, Object::new()).ok();
    let mut report = Report::default();
    for read in 0..READS {
        if read > 0 {
            thread::sleep(READ_EVERY);
        }
        let (info, status) = (ask(method::DEVICE_GET_INFO), ask(method::DEVICE_GET_STATUS));
        let read = ReadBack::new(info.as_ref(), status.as_ref());
        report = Report::new(plan, outcomes, &read);
        if !report.may_change() {
            break;
        }
    }
    report
}

/// Sets the labels on this computer, if there are any.
fn restore_labels(board: &BoardView, plan: &Plan) -> Option<Result<(), String>> {
    if plan.labels.is_empty() {
        return None;
    }
    let Some(id) = &board.id else {
        return Some(Err("the board has no id".to_owned()));
    };
    let set = settings::change_labels(id, |labels| plan.labels.applied_to(labels));
    Some(set.map_err(|error| error.to_string()))
}
