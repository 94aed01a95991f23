//! Joins the app with what runs on this computer.

use disk::keys::Store;
use eframe::egui;
use engine::Lookout;
use web_time::Instant;

use crate::{
    app::{
        local::{desktop_preferences::DesktopFollower, key_ring::KeyRing, state::LocalResult},
        state::App,
    },
    model::{desktop_preferences::DesktopPreferences, dialog_kind::DialogKind},
};

impl App {
    /// Loads the keys of locked boards from `store`, and saves new ones there.
    /// Until they are loaded, the fleet has none.
    #[must_use]
    pub fn with_keys(mut self, store: Store, ctx: &egui::Context) -> Self {
        self.local.keys = KeyRing::load(store, ctx);
        self
    }

    /// Has the doctor look for boards as the fleet does.
    #[must_use]
    pub fn with_lookout(mut self, lookout: Option<Lookout>) -> Self {
        self.local.lookout = lookout.unwrap_or_default();
        self
    }

    /// Follows the theme and the motion that the desktop prefers.
    #[must_use]
    pub(crate) fn following_desktop(mut self, ctx: &egui::Context) -> Self {
        self.local.desktop = Some(DesktopFollower::start(ctx));
        self
    }

    /// What the desktop prefers, if that changed.
    pub(in crate::app) fn desktop_preferences(&mut self) -> Option<DesktopPreferences> {
        self.local.desktop.as_ref().and_then(DesktopFollower::take)
    }

    /// Polls what runs on this computer.
    pub(in crate::app) fn poll_local(&mut self, ctx: &egui::Context) {
        self.poll_recording();
        self.poll_replay();
        self.poll_keys();
        self.poll_examination();
        self.poll_setup(ctx);
        self.poll_notifications(ctx, Instant::now());
    }

    /// Takes the result of a file task that only a window with files can do.
    pub(in crate::app) fn local_result(&mut self, result: LocalResult, ctx: &egui::Context) {
        match result {
            LocalResult::Recorder(channel, recorder) => {
                self.window.pages.lab.record(channel, recorder);
            }
            LocalResult::RecordSession(path) => self.record_session(path, ctx),
            LocalResult::OpenSession(path) => {
                let asks = DialogKind::Replay(path);
                self.window.open_dialog(asks, "1".to_owned());
            }
            LocalResult::Recording(loaded) => self.window.pages.lab.show_recording(loaded),
        }
    }
}
