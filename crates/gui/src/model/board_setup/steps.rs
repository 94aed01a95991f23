//! What a person does in the dialog: continue, skip, go back.

use setup::{Command, Credentials, FlashJob, Password};
use zeroize::Zeroize as _;

use super::{Doing, Setup, SetupTask, Step, StepOutcome};
use fleet::BoardView;

impl Setup {
    /// Opens the chosen port.
    pub(crate) fn identify(&mut self) -> Vec<SetupTask> {
        let port = self.port.trim().to_owned();
        if port.is_empty() {
            return Vec::new();
        }
        self.outcomes = [
            Some(StepOutcome::Done(text::plain(&port))),
            None,
            None,
            None,
        ];
        (self.step, self.doing, self.problem) = (Step::Firmware, Doing::Identifying, None);
        (self.board, self.networks, self.expected) = (None, None, None);
        (self.found, self.missing, self.chip) = (None, None, None);
        (self.locked, self.renamed, self.hurried) = (None, None, None);
        self.closed = false;
        vec![SetupTask::Run(Command::Identify(port))]
    }

    /// Asks the chip what it is.
    pub(crate) fn detect(&mut self) -> Vec<SetupTask> {
        (self.doing, self.problem) = (Doing::Detecting, None);
        (self.chip, self.image, self.closed) = (None, None, true);
        let port = self.port.trim().to_owned();
        vec![SetupTask::Run(Command::Detect(port))]
    }

    /// Writes the chosen image.
    pub(crate) fn flash(&mut self) -> Vec<SetupTask> {
        let Some(image) = self.chosen_image() else {
            return Vec::new();
        };
        (self.doing, self.problem) = (Doing::Flashing(None), None);
        let job = FlashJob {
            port: self.port.trim().to_owned(),
            image,
            erase: self.erase,
        };
        vec![SetupTask::Run(Command::Flash(Box::new(job)))]
    }

    /// Lets the board look for networks.
    pub(crate) fn scan(&mut self) -> Vec<SetupTask> {
        (self.doing, self.problem) = (Doing::Scanning, None);
        vec![SetupTask::Run(Command::Scan)]
    }

    /// Sends the Wi-Fi credentials.
    pub(crate) fn connect(&mut self) -> Vec<SetupTask> {
        let password = match self.needs_password() {
            true => Password::new(self.password.as_str()),
            false => Password::default(),
        };
        match Credentials::new(self.ssid.clone(), password) {
            Ok(credentials) => {
                (self.doing, self.problem, self.missing) = (Doing::Connecting, None, None);
                self.hurried = None;
                vec![SetupTask::Run(Command::Connect(credentials))]
            }
            Err(error) => {
                self.problem = Some(sentence(&error));
                Vec::new()
            }
        }
    }

    /// Waits for the board on the network again.
    pub(crate) fn wait_again(&mut self) -> Vec<SetupTask> {
        (self.doing, self.missing, self.problem) = (Doing::Awaiting(None), None, None);
        self.hurried = None;
        vec![SetupTask::StopExamining]
    }

    /// Adds the board by the address that it reported.
    pub(crate) fn connect_by_address(&mut self) -> Vec<SetupTask> {
        let typed = self
            .expected
            .as_ref()
            .and_then(|expected| expected.typed_address());
        let mut tasks = self.wait_again();
        tasks.extend(typed.map(SetupTask::Connect));
        tasks
    }

    /// Locks the board and names it, as chosen. `view` is how it appears on the
    /// network, if it does.
    pub(crate) fn apply(&mut self, view: Option<&BoardView>) -> Vec<SetupTask> {
        self.problem = None;
        if self.lock && self.can_lock(view) {
            self.doing = Doing::Locking;
            return vec![SetupTask::Run(Command::Lock)];
        }
        self.rename_or_end(view)
    }

    /// Names the board if it is to have another name, and ends otherwise.
    pub(super) fn rename_or_end(&mut self, view: Option<&BoardView>) -> Vec<SetupTask> {
        let name = self.name.trim().to_owned();
        match view.filter(|view| self.named && !name.is_empty() && *view.name != *name) {
            Some(view) => {
                self.doing = Doing::Renaming;
                vec![SetupTask::Rename(view.key, name)]
            }
            None => self.end(),
        }
    }

    /// The steps are done.
    pub(super) fn end(&mut self) -> Vec<SetupTask> {
        let done: Vec<String> = [self.locked.clone(), self.renamed.clone()]
            .into_iter()
            .flatten()
            .collect();
        let outcome = match done.as_slice() {
            [] => StepOutcome::Done("Nothing was changed.".to_owned()),
            done => StepOutcome::Done(done.join(" ")),
        };
        self.outcomes[Step::LockAndName.place()] = Some(outcome);
        self.finish()
    }

    fn finish(&mut self) -> Vec<SetupTask> {
        (self.step, self.doing, self.problem) = (Step::Done, Doing::Nothing, None);
        self.password.zeroize();
        vec![SetupTask::Cancel, SetupTask::Run(Command::Release)]
    }

    /// Skips the current step; `view` is how the board appears on the network,
    /// if it does.
    pub(crate) fn skip(&mut self, view: Option<&BoardView>) -> Vec<SetupTask> {
        let mut tasks = vec![SetupTask::Cancel];
        if self.missing.is_some() {
            tasks.push(SetupTask::StopExamining);
        }
        (self.doing, self.problem) = (Doing::Nothing, None);
        match self.step {
            Step::Port => {
                self.note(Step::Port, "No port was chosen.");
                for step in [Step::Firmware, Step::Wifi, Step::LockAndName] {
                    self.note(step, "This needs the port of the board.");
                }
                tasks.extend(self.finish());
            }
            Step::Firmware if self.board.is_some() && self.closed => {
                tasks.extend(self.identify());
            }
            Step::Firmware => {
                self.note(Step::Firmware, "The firmware was not changed.");
                self.step = Step::Wifi;
            }
            Step::Wifi => tasks.extend(self.skip_wifi()),
            Step::LockAndName => {
                let done = self.locked.is_some() || self.renamed.is_some();
                if done {
                    tasks.extend(self.end());
                } else {
                    let locked =
                        view.is_some_and(|view| view.held.is_some() || view.locked == Some(true));
                    self.note(
                        Step::LockAndName,
                        match (self.firmware().is_ours(), locked) {
                            (true, false) => {
                                "The board is open: anyone on its network can control it."
                            }
                            _ => "Nothing was changed.",
                        },
                    );
                    tasks.extend(self.finish());
                }
            }
            Step::Done => {}
        }
        tasks
    }

    fn skip_wifi(&mut self) -> Vec<SetupTask> {
        let Some(board) = self.board.clone() else {
            self.note(Step::Wifi, "The board did not respond over the cable.");
            self.note(Step::LockAndName, "This needs a board that responds.");
            return self.finish();
        };
        self.password.zeroize();
        match (self.missing.take(), board.provisioned) {
            (Some(_), _) => {
                let words = format!("{} did not appear on the network.", self.board_name());
                let failed = StepOutcome::Failed(text::capitalized(&words));
                self.outcomes[Step::Wifi.place()] = Some(failed);
            }
            (None, true) => {
                self.note(Step::Wifi, "The board keeps its network.");
                self.expected
                    .get_or_insert_with(|| setup::Expected::new(&board, None));
            }
            (None, false) => self.note(Step::Wifi, "The board has no network."),
        }
        self.step = Step::LockAndName;
        let may_appear = self
            .expected
            .as_ref()
            .is_some_and(setup::Expected::can_appear);
        if self.firmware().is_ours() || may_appear {
            return Vec::new();
        }
        self.note(Step::LockAndName, "This needs a board on the network.");
        self.finish()
    }

    /// Goes back to the step before.
    pub(crate) fn back(&mut self) -> Vec<SetupTask> {
        let mut tasks = vec![SetupTask::Cancel, SetupTask::StopExamining];
        (self.doing, self.problem) = (Doing::Nothing, None);
        // While the board is waited for, the step before is the choice of the
        // network.
        if self.step == Step::Wifi && self.expected.is_some() {
            (self.expected, self.missing, self.found) = (None, None, None);
            return tasks;
        }
        self.step = match self.step {
            Step::Port | Step::Firmware => {
                tasks.push(SetupTask::Run(Command::Release));
                (self.board, self.chip, self.flashed) = (None, None, None);
                Step::Port
            }
            Step::Wifi => Step::Firmware,
            Step::LockAndName | Step::Done => Step::Wifi,
        };
        if self.step == Step::Wifi {
            (self.expected, self.missing, self.found) = (None, None, None);
        }
        for outcome in &mut self.outcomes[self.step.place()..] {
            *outcome = None;
        }
        tasks
    }

    /// Goes on from what runs on the board.
    pub(crate) fn go_to_wifi(&mut self) -> Vec<SetupTask> {
        if self.closed {
            return self.identify();
        }
        self.note_firmware();
        self.step = Step::Wifi;
        match self.networks {
            None => self.scan(),
            Some(_) => Vec::new(),
        }
    }

    /// Begins again with another board.
    pub(crate) fn again(&mut self) -> Vec<SetupTask> {
        *self = Self {
            ports: self.ports.take(),
            ..Self::new()
        };
        vec![SetupTask::Cancel, SetupTask::Run(Command::Release)]
    }

    fn note(&mut self, step: Step, words: &str) {
        let skipped = StepOutcome::Skipped(words.to_owned());
        if let Some(outcome) = self.outcomes.get_mut(step.place()) {
            *outcome = Some(skipped);
        }
    }
}

/// An error as a sentence.
pub(super) fn sentence(error: &impl std::fmt::Display) -> String {
    text::capitalized(&text::plain(&format!("{error}.")))
}
