//! What the dialog learns from the chip at the port.

use setup::{Command, FoundChip, ImageChoice, flash};

use super::{Doing, Setup, SetupTask, Step, steps::sentence};

impl Setup {
    pub(super) fn detected(&mut self, outcome: Result<FoundChip, flash::Problem>) {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(chip) => {
                // The only one is the one that is meant.
                self.image = (chip.images.len() == 1).then_some(0);
                self.other_image = chip.images.is_empty();
                self.chip = Some(chip);
            }
            Err(flash::Problem::Canceled) => {}
            Err(problem) => self.problem = Some(sentence(&problem)),
        }
    }

    pub(super) fn flashed(
        &mut self,
        outcome: Result<flash::Detected, flash::Problem>,
    ) -> Vec<SetupTask> {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(detected) => {
                let chip = detected.chip.title();
                let words = match self.chosen_image() {
                    Some(ImageChoice::Found(entry)) => format!(
                        "{} {} was written to the {chip}.",
                        entry.described.name, entry.described.version
                    ),
                    _ => format!("Firmware was written to the {chip}."),
                };
                self.flashed = Some(text::plain(&words));
                self.step = Step::Firmware;
                self.doing = Doing::Identifying;
                (self.closed, self.chip) = (false, None);
                let port = self.port.trim().to_owned();
                vec![SetupTask::Run(Command::Identify(port))]
            }
            Err(flash::Problem::Canceled) => {
                self.problem = Some(
                    "Flashing was stopped. The board has no complete firmware until it is flashed \
                     again."
                        .to_owned(),
                );
                Vec::new()
            }
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                Vec::new()
            }
        }
    }

    /// What was written to the board, if something was.
    pub(crate) fn was_flashed(&self) -> Option<&str> {
        self.flashed.as_deref()
    }
}
