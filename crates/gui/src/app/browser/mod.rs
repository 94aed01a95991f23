//! Takes the place of [`super::local`] in a browser: there are no keychain, no
//! sockets and no serial ports, and files are downloads and uploads.

pub(in crate::app) mod file_tasks;
mod preferences;
pub(in crate::app) mod state;

use eframe::egui;
use fleet::{BoardKey, BoardView, FleetStatus};
use web_time::Instant;

use crate::{
    app::{local::state::LocalResult, state::App},
    model::{
        abilities::{Abilities, Ability},
        action::{BoardCommand, Task},
        batch::Operation,
        desktop_preferences::DesktopPreferences,
        notice::Notice,
    },
};

impl App {
    /// What the browser prefers, if that changed.
    pub(in crate::app) fn desktop_preferences(&mut self) -> Option<DesktopPreferences> {
        self.local.preferences.take()
    }

    /// Nothing runs that could be polled.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn poll_local(&mut self, _ctx: &egui::Context) {}

    /// There is no such result.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn local_result(&mut self, result: LocalResult, _ctx: &egui::Context) {
        match result {}
    }

    /// The server says what is wrong with its brokers.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn report_brokers(&mut self, _status: &FleetStatus) {}

    /// There are no notifications.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn follow_link(&mut self, _board: &BoardView, _now: Instant) {}

    /// There are no notifications.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn expect_loss(&mut self, _board: BoardKey, _command: &Operation) {}

    /// There are no keys here.
    #[expect(clippy::unused_self, reason = "as on a desktop")]
    pub(in crate::app) fn load_keys_again(&self, _ctx: &egui::Context) {}

    /// Says why a command cannot be carried out. Its button is disabled, so
    /// that this is only reached by a mistake.
    pub(in crate::app) fn local_command(&mut self, _command: BoardCommand, _ctx: &egui::Context) {
        self.refuse(Ability::Keys);
    }

    /// Says why a task cannot be run, as above.
    pub(in crate::app) fn run_local_task(&mut self, _task: Task, _ctx: &egui::Context) {
        self.refuse(Ability::Lab);
    }

    fn refuse(&mut self, ability: Ability) {
        if let Err(why) = Abilities::Browser.check(ability) {
            self.window.notify(Notice::Failed(why.to_owned()));
        }
    }
}
