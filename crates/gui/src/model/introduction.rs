//! The first steps of a person who has just started the program, and which of
//! them are done.

use std::borrow::Cow;

use disk::settings::IntroductionState;

use crate::model::{
    action::{Action, BoardCommand, Overlay, WindowAction},
    boards::Model,
};

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Boards,
    Switch,
    Commands,
    Dashboard,
    Room,
}

impl Step {
    /// In the order in which they are shown.
    pub(crate) const ALL: [Self; 5] = [
        Self::Boards,
        Self::Switch,
        Self::Commands,
        Self::Dashboard,
        Self::Room,
    ];

    /// What to do; `palette` are the keys of the command palette.
    pub(crate) fn title(self, palette: &str) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Boards => "Find boards",
            Self::Switch => "Switch something",
            Self::Commands => return Cow::Owned(format!("Press {palette}")),
            Self::Dashboard => "Make a dashboard",
            Self::Room => "Set up a room",
        })
    }

    /// How to do it.
    pub(crate) fn how(self) -> &'static str {
        match self {
            Self::Boards => "Boards on this network appear automatically.",
            Self::Switch => "Click a switch in the list or on a board's page.",
            Self::Commands => "Type what you want, such as “lamp on”.",
            Self::Dashboard => "Put what you use most on one page.",
            Self::Room => "Group the boards in the list by where they are.",
        }
    }
}

/// The introduction: whether it is shown, and what was done in this run.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub(crate) state: IntroductionState,
    switched: bool,
    commanded: bool,
}

impl Introduction {
    /// As it was left. It is shown at the first start only: someone who has
    /// used an earlier version does not need it.
    pub(crate) fn new(state: IntroductionState, is_first_start: bool) -> Self {
        let state = match state {
            IntroductionState::Unseen if is_first_start => IntroductionState::Shown,
            IntroductionState::Unseen => IntroductionState::Dismissed,
            other => other,
        };
        Self {
            state,
            switched: false,
            commanded: false,
        }
    }

    /// Whether it is shown.
    pub(crate) fn is_shown(&self) -> bool {
        self.state == IntroductionState::Shown
    }

    /// Takes note of what the person does.
    pub(crate) fn observe(&mut self, action: &Action) {
        match action {
            Action::Board(
                BoardCommand::Set { .. }
                | BoardCommand::Press { .. }
                | BoardCommand::Trigger { .. }
                | BoardCommand::Send(_),
            ) => self.switched = true,
            Action::Window(WindowAction::OpenOverlay(Overlay::Commands)) => self.commanded = true,
            _ => {}
        }
    }

    /// Whether a step is done.
    pub(crate) fn is_done(&self, step: Step, model: &Model) -> bool {
        match step {
            Step::Boards => !model.is_empty(),
            Step::Switch => self.switched,
            Step::Commands => self.commanded,
            Step::Dashboard => !model.documents.dashboards.is_empty(),
            Step::Room => model
                .labels()
                .values()
                .any(|labels| !labels.room.is_empty()),
        }
    }

    /// The first step that is not done.
    pub(crate) fn next(&self, model: &Model) -> Option<Step> {
        Step::ALL
            .into_iter()
            .find(|step| !self.is_done(*step, model))
    }

    /// How many steps are done.
    pub(crate) fn done(&self, model: &Model) -> usize {
        let done = Step::ALL
            .into_iter()
            .filter(|step| self.is_done(*step, model));
        done.count()
    }
}
