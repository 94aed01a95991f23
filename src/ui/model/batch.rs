//! Commands that are given together: to several boards, or several to one. What
//! came of each is kept, and where the state before was known they can be
//! undone. Sends nothing itself.

use std::{collections::VecDeque, fmt};

use protocol::{ComponentKey, Object, State};

use crate::{
    fleet::{BoardKey, Outcome},
    ui::model::boards::Model,
};

/// So many batches are remembered; the oldest is forgotten first.
const KEPT: usize = 20;

/// Several commands, and what they are for.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// What the person asked for, as they see it: `Turn off 12 components`.
    pub title: String,
    /// The commands.
    pub steps: Vec<BatchStep>,
    /// What was to be commanded too and is not there, as people know it.
    pub absent: Vec<String>,
}

impl Batch {
    /// Commands to boards that are all there.
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
    /// To which board.
    pub board: BoardKey,
    /// What it is to do.
    pub what: Operation,
}

/// What a board is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Set these fields; `transition_ms` among them is how, not what.
    Set(ComponentKey, State),
    /// Press a button.
    Press(ComponentKey),
    /// Any method.
    Call(String, Object),
}

/// A batch that was given, with the answers so far.
#[derive(Debug)]
pub(crate) struct SentBatch {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) steps: Vec<SentStep>,
    /// What was to be commanded too and was not there.
    pub(crate) absent: Vec<String>,
    /// What puts everything back as it was; taken when that is done.
    undo: Vec<BatchStep>,
}

/// One command and its answer, once there is one.
#[derive(Debug)]
pub(crate) struct SentStep {
    pub(crate) step: BatchStep,
    /// What the board was called.
    pub(crate) name: String,
    pub(crate) outcome: Option<Outcome>,
    /// It was never sent.
    pub(crate) cancelled: bool,
}

/// How a batch does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) all: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    /// Never sent.
    pub(crate) cancelled: usize,
}

impl Tally {
    /// Whether every answer is there.
    pub(crate) fn is_complete(self) -> bool {
        self.done + self.failed + self.cancelled == self.all
    }
}

impl SentBatch {
    /// How many answers are there.
    pub(crate) fn tally(&self) -> Tally {
        let absent = self.absent.len();
        let mut tally = Tally {
            all: self.steps.len() + absent,
            failed: absent,
            ..Tally::default()
        };
        for step in &self.steps {
            match &step.outcome {
                None if step.cancelled => tally.cancelled += 1,
                None => {}
                Some(Outcome::Done { .. }) => tally.done += 1,
                Some(_) => tally.failed += 1,
            }
        }
        tally
    }

    /// Whether it can be undone.
    pub(crate) fn can_be_undone(&self) -> bool {
        !self.undo.is_empty()
    }
}

/// The batches of this run.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    next: u64,
    given: VecDeque<SentBatch>,
}

impl Batches {
    /// Notes a batch and what would undo it; returns its number.
    pub(crate) fn give(&mut self, batch: &Batch, model: &Model) -> u64 {
        let undo = batch
            .steps
            .iter()
            .rev()
            .filter_map(|step| opposite(step, model))
            .collect();
        self.add(batch, undo, model)
    }

    /// Takes the newest batch that can be undone, or the one with this number;
    /// what is returned puts everything back and is noted as a batch of its
    /// own, under its number.
    pub(crate) fn undo(&mut self, number: Option<u64>, model: &Model) -> Option<(u64, Batch)> {
        let wanted = |given: &&mut SentBatch| {
            given.can_be_undone() && number.is_none_or(|number| number == given.number)
        };
        let given = self.given.iter_mut().rev().find(wanted)?;
        let steps = std::mem::take(&mut given.undo);
        let batch = Batch::new(format!("Undo: {}", given.title), steps);
        Some((self.add(&batch, Vec::new(), model), batch))
    }

    fn add(&mut self, batch: &Batch, undo: Vec<BatchStep>, model: &Model) -> u64 {
        if self.given.len() == KEPT {
            self.given.pop_front();
        }
        let number = self.next;
        self.next += 1;
        let steps = batch.steps.iter().map(|step| SentStep {
            step: step.clone(),
            name: model
                .board(step.board)
                .map(|board| model.title(board))
                .unwrap_or_default(),
            outcome: None,
            cancelled: false,
        });
        let (title, absent) = (batch.title.clone(), batch.absent.clone());
        self.given.push_back(SentBatch {
            number,
            title,
            steps: steps.collect(),
            absent,
            undo,
        });
        number
    }

    /// Takes the answer to one command.
    pub(crate) fn answered(&mut self, number: u64, step: usize, outcome: Outcome) {
        let given = self
            .given
            .iter_mut()
            .rev()
            .find(|given| given.number == number);
        if let Some(answered) = given.and_then(|given| given.steps.get_mut(step)) {
            answered.outcome = Some(outcome);
        }
    }

    /// A command will never be sent.
    pub(crate) fn cancelled(&mut self, number: u64, step: usize) {
        let given = self
            .given
            .iter_mut()
            .rev()
            .find(|given| given.number == number);
        if let Some(answered) = given.and_then(|given| given.steps.get_mut(step)) {
            answered.cancelled = true;
        }
    }

    /// The batch with this number, while it is remembered.
    pub(crate) fn get(&self, number: u64) -> Option<&SentBatch> {
        self.given.iter().rev().find(|given| given.number == number)
    }
}

impl Batches {
    /// The newest batch with this title, while it is remembered.
    pub(crate) fn newest(&self, title: &str) -> Option<&SentBatch> {
        self.given.iter().rev().find(|given| given.title == title)
    }
}

/// The command that puts back what this one is about to change, as far as that
/// is known now.
fn opposite(step: &BatchStep, model: &Model) -> Option<BatchStep> {
    let Operation::Set(component, change) = &step.what else {
        return None;
    };
    let view = model
        .board(step.board)?
        .components
        .iter()
        .find(|view| view.descriptor.key == *component)?;
    let mut before = State::new();
    for (field, value) in &change.0 {
        match view.reported.get(field) {
            Some(old) if !old.is_null() => {
                before.0.insert(field.clone(), old.clone());
            }
            // A transition is how, not what: it is undone in the same way.
            None if field == "transition_ms" => {
                before.0.insert(field.clone(), value.clone());
            }
            _ => {}
        }
    }
    let anything = before.0.keys().any(|field| field != "transition_ms");
    anything.then(|| BatchStep {
        board: step.board,
        what: Operation::Set(component.clone(), before),
    })
}

impl fmt::Display for Operation {
    /// What it is about: a component or a method.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(component, _) | Self::Press(component) => write!(f, "{component}"),
            Self::Call(method, _) => f.write_str(method),
        }
    }
}
