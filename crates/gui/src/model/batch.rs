//! Batches of commands: to several boards, or several to one. Keeps the result
//! of each. Sends nothing itself.

use std::{collections::VecDeque, fmt};

use protocol::{ComponentKey, Object, State};

use crate::model::boards::Model;
use fleet::{BoardKey, Outcome, Trigger};

/// How many batches are remembered; the oldest is dropped first.
const KEPT: usize = 20;

/// Several commands, sent as one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// What the person asked for, as they see it: `Turn off 12 components`.
    pub title: String,
    /// The commands.
    pub steps: Vec<BatchStep>,
    /// Components that are not available, by their names.
    pub absent: Vec<String>,
}

impl Batch {
    /// A batch whose boards are all available.
    pub fn new(title: impl Into<String>, steps: Vec<BatchStep>) -> Self {
        Self {
            title: title.into(),
            steps,
            absent: Vec::new(),
        }
    }
}

/// One command of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStep {
    /// The board.
    pub board: BoardKey,
    /// What it has to do.
    pub what: Operation,
}

/// What a board has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Set these fields; `transition_ms` among them says how, not what.
    Set(ComponentKey, State),
    /// Press a button.
    Press(ComponentKey),
    /// Open, close or stop a cover, or install an update.
    Trigger(ComponentKey, Trigger),
    /// Any method.
    Call(String, Object),
}

/// A batch that was sent, with the results so far.
#[derive(Debug)]
pub(crate) struct SentBatch {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) steps: Vec<SentStep>,
    /// Components that were not available.
    pub(crate) absent: Vec<String>,
    /// The act that it undoes or does again, if it does.
    pub(crate) turns: Option<u64>,
}

/// One command and its result, once there is one.
#[derive(Debug)]
pub(crate) struct SentStep {
    pub(crate) step: BatchStep,
    /// The name of the board.
    pub(crate) name: String,
    pub(crate) outcome: Option<Outcome>,
    /// Whether it was canceled before it was sent.
    pub(crate) canceled: bool,
}

/// Progress of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) all: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    /// Not sent.
    pub(crate) canceled: usize,
}

impl Tally {
    /// Whether every result is known.
    pub(crate) fn is_complete(self) -> bool {
        self.done + self.failed + self.canceled == self.all
    }
}

impl SentBatch {
    /// Counts the results.
    pub(crate) fn tally(&self) -> Tally {
        let absent = self.absent.len();
        let mut tally = Tally {
            all: self.steps.len() + absent,
            failed: absent,
            ..Tally::default()
        };
        for step in &self.steps {
            match &step.outcome {
                None if step.canceled => tally.canceled += 1,
                None => {}
                Some(Outcome::Done { .. }) => tally.done += 1,
                Some(_) => tally.failed += 1,
            }
        }
        tally
    }

    /// The result, if this is one command.
    pub(crate) fn only_outcome(&self) -> Option<&Outcome> {
        match self.steps.as_slice() {
            [step] if self.absent.is_empty() => step.outcome.as_ref(),
            _ => None,
        }
    }
}

/// The batches of this run.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    next: u64,
    given: VecDeque<SentBatch>,
}

impl Batches {
    /// Adds a batch; returns its number. `turns` is the act that it undoes or
    /// does again.
    pub(crate) fn add(&mut self, batch: &Batch, turns: Option<u64>, model: &Model) -> u64 {
        if self.given.len() == KEPT {
            self.given.pop_front();
        }
        let number = self.next;
        self.next += 1;
        let steps = batch.steps.iter().map(|step| SentStep {
            step: step.clone(),
            name: model.title_of(step.board),
            outcome: None,
            canceled: false,
        });
        let (title, absent) = (batch.title.clone(), batch.absent.clone());
        self.given.push_back(SentBatch {
            number,
            title,
            steps: steps.collect(),
            absent,
            turns,
        });
        number
    }

    /// Takes the result of one command.
    pub(crate) fn answered(&mut self, number: u64, step: usize, outcome: Outcome) {
        if let Some(step) = self.step_mut(number, step) {
            step.outcome = Some(outcome);
        }
    }

    /// Marks a command as canceled.
    pub(crate) fn canceled(&mut self, number: u64, step: usize) {
        if let Some(step) = self.step_mut(number, step) {
            step.canceled = true;
        }
    }

    fn step_mut(&mut self, number: u64, step: usize) -> Option<&mut SentStep> {
        let mut given = self.given.iter_mut().rev();
        given
            .find(|given| given.number == number)?
            .steps
            .get_mut(step)
    }

    /// The batches from this number on, oldest first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &SentBatch> {
        let known = self.given.partition_point(|given| given.number < number);
        self.given.iter().skip(known)
    }

    /// The batch with this number, while it is remembered.
    pub(crate) fn get(&self, number: u64) -> Option<&SentBatch> {
        self.given.iter().rev().find(|given| given.number == number)
    }

    /// The newest batch with this title, while it is remembered.
    pub(crate) fn newest(&self, title: &str) -> Option<&SentBatch> {
        self.given.iter().rev().find(|given| given.title == title)
    }

    /// Whether a later command to the same component succeeded, if this was
    /// one command.
    pub(crate) fn made_up_for(&self, failed: &SentBatch) -> bool {
        let [failed_step] = failed.steps.as_slice() else {
            return false;
        };
        let Some(component) = failed_step.step.what.component() else {
            return false;
        };
        let mut later = self.since(failed.number + 1).flat_map(|given| &given.steps);
        failed.absent.is_empty()
            && later.any(|later| {
                later.step.board == failed_step.step.board
                    && later.step.what.component() == Some(component)
                    && matches!(later.outcome, Some(Outcome::Done { .. }))
            })
    }
}

impl Operation {
    /// The component that is set.
    pub(crate) fn component(&self) -> Option<&ComponentKey> {
        match self {
            Self::Set(component, _) => Some(component),
            Self::Press(_) | Self::Trigger(..) | Self::Call(..) => None,
        }
    }
}

impl fmt::Display for Operation {
    /// The component or method.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(component, _) | Self::Press(component) | Self::Trigger(component, _) => {
                write!(f, "{component}")
            }
            Self::Call(method, _) => f.write_str(method),
        }
    }
}
