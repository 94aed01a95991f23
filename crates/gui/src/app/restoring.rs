//! A backup that is being restored: which of its settings were sent, and what
//! the board has afterwards. Sends nothing.

use backup::{Plan, READ_EVERY, READS, ReadBack, Report, Verdict};
use fleet::{BoardKey, Outcome};
use serde_json::Value;
use web_time::Instant;

use crate::model::notice::Notice;

/// What is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// `Device.GetInfo`.
    Info,
    /// `Device.GetStatus`.
    Status,
}

/// A backup that is being restored.
#[derive(Debug)]
pub(super) struct Restoring {
    /// The batch that sends its settings.
    pub(super) batch: u64,
    pub(super) board: BoardKey,
    plan: Plan,
    outcomes: Vec<Option<Outcome>>,
    /// How often the board was asked.
    reads: u32,
    /// What it said last; the outer `None` until it has answered.
    info: Option<Option<Value>>,
    status: Option<Option<Value>>,
    /// When it is asked again.
    due: Option<Instant>,
}

impl Restoring {
    pub(super) fn new(batch: u64, board: BoardKey, plan: Plan) -> Self {
        Self {
            batch,
            board,
            outcomes: vec![None; plan.steps.len()],
            plan,
            reads: 0,
            info: None,
            status: None,
            due: None,
        }
    }

    /// A step has an outcome; returns whether all have one now.
    pub(super) fn answered(&mut self, step: usize, outcome: &Outcome) -> bool {
        if let Some(known) = self.outcomes.get_mut(step) {
            *known = Some(outcome.clone());
        }
        self.outcomes.iter().all(Option::is_some)
    }

    /// The board is asked what it has.
    pub(super) fn begin_reading(&mut self) {
        self.reads += 1;
        (self.info, self.status, self.due) = (None, None, None);
    }

    /// The board has said what it has, or did not answer. Returns the report
    /// once it is final.
    pub(super) fn read(&mut self, what: Reading, outcome: Outcome, now: Instant) -> Option<Report> {
        let result = match outcome {
            Outcome::Done { result, .. } => Some(result),
            _ => None,
        };
        match what {
            Reading::Info => self.info = Some(result),
            Reading::Status => self.status = Some(result),
        }
        let (info, status) = (self.info.as_ref()?, self.status.as_ref()?);
        let read = ReadBack::new(info.as_ref(), status.as_ref());
        let report = Report::new(&self.plan, &self.outcomes, &read);
        if report.may_change() && self.reads < READS {
            self.due = Some(now + READ_EVERY);
            return None;
        }
        Some(report)
    }

    /// Whether the board is to be asked again.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

/// What a person is told.
pub(super) fn told(board: &str, report: &Report) -> Notice {
    let all = report.rows.len();
    if report.is_complete() {
        let count = text::count(u64::try_from(all).unwrap_or(u64::MAX), "setting");
        return Notice::Done(format!("Restored {board}: {count} read back."));
    }
    let problems: Vec<String> = report
        .rows
        .iter()
        .filter(|(_, verdict)| *verdict != Verdict::Restored)
        .map(|(title, verdict)| format!("{title}: {}", verdict.text()))
        .collect();
    Notice::Failed(format!(
        "{board} has {} of {all} settings of the backup. {}.",
        report.restored(),
        problems.join("; ")
    ))
}
