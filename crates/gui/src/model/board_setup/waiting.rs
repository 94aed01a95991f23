//! Waits for the board on the network, and reads what the doctor finds if it
//! does not appear.

use std::time::Duration;

use doctor::{DoctorProgress, findings};
use fleet::{BoardKey, BoardView, LinkProblem, LinkState, Lock};
use setup::FOUND_WITHIN;

use super::{Doing, Missing, Setup, SetupTask, Step, StepOutcome, is_unlocked};
use crate::model::{boards::Model, frame_context::FrameContext};

/// How long the encrypted connection may take after the board was locked.
const RECONNECT_WITHIN: Duration = Duration::from_secs(15);

/// What follows from what is on the network.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub(crate) tasks: Vec<SetupTask>,
    /// A board to connect to at once.
    pub(crate) hurry: Option<BoardKey>,
    /// A board to show: it is the one, and connected.
    pub(crate) show: Option<BoardKey>,
}

impl Setup {
    /// Looks for the board among those of the network, once per frame.
    pub(crate) fn observe(&mut self, model: &Model, frame: &FrameContext) -> Observed {
        let mut observed = Observed::default();
        if self.found.is_none()
            && let Some(expected) = &self.expected
            && let Some(view) = model.boards().find(|view| expected.is(view))
        {
            if is_open(view) {
                self.appeared(view, &mut observed);
            } else if self.hurried != Some(view.key) && !matches!(view.link, LinkState::Connecting)
            {
                self.hurried = Some(view.key);
                observed.hurry = Some(view.key);
            }
        }
        match &mut self.doing {
            Doing::Awaiting(until) => {
                let until = *until.get_or_insert(frame.now + FOUND_WITHIN);
                if frame.until(until).is_zero() {
                    self.doing = Doing::Nothing;
                    self.missing = Some(Missing::default());
                    let wanted = self.wanted();
                    observed.tasks.push(SetupTask::Examine(wanted));
                }
            }
            Doing::Reconnecting(until) => {
                let until = *until.get_or_insert(frame.now + RECONNECT_WITHIN);
                let view = self.found.and_then(|found| model.board(found));
                let encrypted = view.filter(|view| is_unlocked(view));
                if let Some(view) = encrypted {
                    self.doing = Doing::Nothing;
                    observed.tasks = self.rename_or_end(Some(view));
                } else if frame.until(until).is_zero() {
                    self.doing = Doing::Nothing;
                    self.problem = Some(
                        "The board is locked, but this computer is not connected to it yet. Try \
                         again to name it, or skip this."
                            .to_owned(),
                    );
                }
            }
            _ => {}
        }
        observed
    }

    fn appeared(&mut self, view: &BoardView, observed: &mut Observed) {
        (self.found, observed.show) = (Some(view.key), Some(view.key));
        if !self.named {
            self.name = view.name.to_string();
        }
        if self.missing.take().is_some() {
            observed.tasks.push(SetupTask::StopExamining);
        }
        let words = match self.ssid.is_empty() {
            true => format!("Found at {}.", view.address),
            false => format!("Connected to {}, at {}.", self.ssid, view.address),
        };
        if !matches!(
            self.outcomes[Step::Wifi.place()],
            Some(StepOutcome::Skipped(_))
        ) {
            let done = StepOutcome::Done(text::plain(&words));
            self.outcomes[Step::Wifi.place()] = Some(done);
        }
        if self.step == Step::Wifi {
            (self.step, self.doing, self.problem) = (Step::LockAndName, Doing::Nothing, None);
        }
    }

    /// What the doctor looks for.
    fn wanted(&self) -> Option<String> {
        let expected = self.expected.as_ref()?;
        let address = || expected.address().map(|address| address.to_string());
        match expected.firmware.is_ours() {
            true => expected.hostname.clone().or_else(address),
            false => address().or_else(|| expected.name.clone()),
        }
    }

    /// Takes the next step of the doctor's examination.
    pub(crate) fn examined(&mut self, progress: DoctorProgress) {
        let wanted = self.wanted();
        let Some(missing) = &mut self.missing else {
            return;
        };
        match progress {
            DoctorProgress::Running(check) => missing.check = Some(check),
            DoctorProgress::Done(evidence) => {
                missing.outcome = Some(Ok(findings(&evidence, wanted.as_deref())));
            }
            DoctorProgress::Failed(problem) => missing.outcome = Some(Err(problem)),
        }
    }
}

/// Whether a board is connected, or only a key keeps it from being so: it is
/// locked without one, or was erased since this computer got one.
fn is_open(view: &BoardView) -> bool {
    let erased = matches!(
        view.link,
        LinkState::Unreachable {
            problem: LinkProblem::NotLocked { .. },
            ..
        }
    );
    view.link.is_up() || erased || matches!(view.lock(), Lock::NoKey | Lock::WrongKey)
}
