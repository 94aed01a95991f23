//! What the dialog learns from the chip at the port.

use setup::{FoundChip, ImageChoice, flash};

use super::{Doing, Setup, SetupTask, steps::sentence};

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
            Err(problem) => self.problem = Some(sentence(&problem)),
        }
    }

    pub(super) fn flashed(
        &mut self,
        outcome: Result<flash::Detected, flash::Problem>,
    ) -> Vec<SetupTask> {
        let doing = std::mem::replace(&mut self.doing, Doing::Nothing);
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
                self.identify()
            }
            Err(flash::Problem::Canceled) => {
                let is_untouched = match doing {
                    Doing::Flashing(Some(progress)) => progress.step == flash::Step::Connecting,
                    _ => true,
                };
                let words = if is_untouched {
                    "Flashing was stopped before anything was written."
                } else {
                    "Flashing was stopped. The board has no complete firmware until it is flashed \
                     again."
                };
                self.problem = Some(words.to_owned());
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
