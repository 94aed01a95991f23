//! The doctor's examination, on a thread of its own.

use doctor::Examination;
use eframe::egui;
use web_time::Instant;

use crate::{app::state::App, model::notice::Notice, pages::doctor::examination_request};

impl App {
    /// Starts to examine why a board is missing.
    pub(in crate::app) fn examine(&mut self, wanted: Option<&str>, ctx: &egui::Context) {
        let asked = examination_request(
            wanted,
            self.local.lookout.clone(),
            &self.window.model,
            self.local.keys.held().clone(),
        );
        let woken = ctx.clone();
        match Examination::begin(asked, move || woken.request_repaint()) {
            Ok(examination) => {
                self.local.examination = Some(examination);
                self.window.pages.doctor.started(wanted, Instant::now());
            }
            Err(error) => self.window.notify(Notice::Failed(format!(
                "Could not start a thread for the doctor: {error}"
            ))),
        }
        ctx.request_repaint();
    }

    /// Passes the examination's progress on to its page.
    pub(in crate::app) fn poll_examination(&mut self) {
        while let Some(step) = self.local.examination.as_ref().and_then(Examination::step) {
            if !matches!(step, doctor::DoctorProgress::Running(_)) {
                self.local.examination = None;
            }
            self.window.pages.doctor.update(step, Instant::now());
        }
    }

    /// Stops the examination.
    pub(in crate::app) fn stop_examining(&mut self, ctx: &egui::Context) {
        self.local.examination = None;
        self.window.pages.doctor.canceled();
        ctx.request_repaint();
    }
}
