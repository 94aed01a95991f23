//! Stores settings in the browser's local storage, as the same JSON that the
//! file has. Windows of one origin share it; the newest change wins.

use std::path::PathBuf;

use super::Settings;

/// The key of the settings in the local storage.
const KEY: &str = "switchboard.settings";

/// The settings in the browser.
pub struct SettingsFile {
    saved: Settings,
    storage: Option<web_sys::Storage>,
    problem: Option<String>,
}

impl SettingsFile {
    /// Settings that are not stored: for tests and previews.
    pub fn nowhere() -> Self {
        Self::holding(Settings::default())
    }

    /// These settings, not stored.
    pub fn holding(settings: Settings) -> Self {
        Self {
            saved: settings,
            storage: None,
            problem: None,
        }
    }

    /// Reads the settings of this browser. Those that cannot be read are
    /// replaced; the returned message says why. There is no folder to choose.
    pub fn open(_folder: Option<PathBuf>) -> (Self, Option<String>) {
        let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
        let Some(storage) = storage else {
            let words = "This browser allows this page to store nothing. Settings will not be \
                saved.";
            return (Self::nowhere(), Some(words.to_owned()));
        };
        let stored = storage.get_item(KEY).ok().flatten();
        let (saved, problem) = match stored.as_deref().map(serde_json::from_str) {
            None => (Settings::default(), None),
            Some(Ok(settings)) => (settings, None),
            Some(Err(error)) => (
                Settings::default(),
                Some(format!(
                    "Could not read the settings of this browser: {error}. Default settings are \
                     used."
                )),
            ),
        };
        let file = Self {
            saved,
            storage: Some(storage),
            problem: None,
        };
        (file, problem)
    }

    /// Starts a run of the window: see [`Settings::begin_run`].
    pub fn begin_run(&mut self) -> bool {
        let mut settings = self.saved.clone();
        let crashed = settings.begin_run();
        self.keep(&settings);
        crashed
    }

    /// Why the newest settings are not stored, as long as that is the case.
    pub fn problem(&self) -> Option<String> {
        self.problem.clone()
    }

    /// The problem changes only within [`SettingsFile::keep`], so there is
    /// nothing to wake for.
    pub fn on_change_of_problem(&mut self, _wake: impl Fn() + Send + 'static) {}

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.saved
    }

    /// Saves the settings if they have changed, or if the last attempt failed.
    pub fn keep(&mut self, settings: &Settings) {
        if self.saved == *settings && self.problem.is_none() {
            return;
        }
        self.saved = settings.clone();
        let Some(storage) = &self.storage else { return };
        let stored = serde_json::to_string(settings)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                storage
                    .set_item(KEY, &text)
                    .map_err(|_| "the storage of this browser is full or blocked".to_owned())
            });
        self.problem = stored.err();
    }
}
