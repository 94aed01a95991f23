//! Where settings are between two runs: one JSON file, on a thread of its own, written whole beside the old one and then put in
//! its place, so that a crash or a loss of power at any moment leaves the old or the new one. Decides nothing about what they are.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};

use super::Settings;
use crate::documents;

/// The file's name in the program's folder.
const NAME: &str = "settings.json";

/// The file, and the thread that writes it.
pub struct SettingsFile {
    /// What it holds, or is about to.
    saved: Settings,
    writer: Option<(Sender<String>, JoinHandle<()>)>,
}

impl SettingsFile {
    /// A file that is nowhere: for tests and previews.
    pub fn nowhere() -> Self {
        Self { saved: Settings::default(), writer: None }
    }

    /// A file that is nowhere and holds these.
    pub fn holding(settings: Settings) -> Self {
        Self { saved: settings, writer: None }
    }

    /// The file in this folder, or else in the desktop's usual place, with what it holds. A file that cannot be read is kept
    /// beside under another name; why is told in a sentence.
    pub fn open(folder: Option<PathBuf>) -> (Self, Option<String>) {
        let Some(folder) = folder.or_else(|| dirs::config_dir().map(|folder| folder.join("switchboard"))) else {
            return (
                Self::nowhere(),
                Some("This system names no folder for settings: nothing is remembered.".to_owned()),
            );
        };
        let path = folder.join(NAME);
        let (saved, mut problem) = read(&path);
        let (sender, texts) = channel();
        let run = move || write_all(&path, &texts);
        let writer = match thread::Builder::new().name("settings".to_owned()).spawn(run) {
            Ok(thread) => Some((sender, thread)),
            Err(error) => {
                problem = Some(format!("No thread for writing settings: {error}. Nothing is remembered."));
                None
            }
        };
        (Self { saved, writer }, problem)
    }

    /// What it holds.
    pub fn settings(&self) -> &Settings {
        &self.saved
    }

    /// Writes them, where they are others than those it holds. Returns at once.
    pub fn keep(&mut self, settings: &Settings) {
        if self.saved == *settings {
            return;
        }
        self.saved = settings.clone();
        if let Some((sender, _)) = &self.writer
            && let Ok(text) = serde_json::to_string_pretty(settings)
        {
            // The thread ends before this only where it panicked.
            let _ = sender.send(text);
        }
    }
}

impl Drop for SettingsFile {
    /// What was kept is written before the program ends.
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.writer.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// What the window remembers on this computer, without touching it; nothing where it cannot be read. For the command line, which
/// knows the boards and the scenes of the window.
pub fn remembered() -> Settings {
    let path = dirs::config_dir().map(|folder| folder.join("switchboard").join(NAME));
    let text = path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn read(path: &Path) -> (Settings, Option<String>) {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Settings::default(), None),
        Err(error) => return (Settings::default(), Some(set_aside(path, &error.to_string()))),
    };
    match serde_json::from_str(&text) {
        Ok(settings) => (settings, None),
        Err(error) => (Settings::default(), Some(set_aside(path, &error.to_string()))),
    }
}

/// Keeps a file that cannot be read for whoever can. Comes to the sentence about it.
fn set_aside(path: &Path, why: &str) -> String {
    let aside = path.with_extension("json.unreadable");
    match fs::rename(path, &aside) {
        Ok(()) => {
            format!("The settings could not be read ({why}); they are kept as {} and new ones begun.", aside.display())
        }
        Err(error) => format!("The settings in {} could not be read ({why}) nor moved ({error}).", path.display()),
    }
}

/// Writes what comes, the latest of what waits, until nobody can send any more.
fn write_all(path: &Path, texts: &Receiver<String>) {
    let mut failed = false;
    while let Ok(text) = texts.recv() {
        let latest = texts.try_iter().last().unwrap_or(text);
        if let Err(error) = replace(path, &latest) {
            // Once: a full disk stays full.
            if !failed {
                let _ =
                    writeln!(io::stderr(), "switchboard: settings could not be written to {}: {error}", path.display());
            }
            failed = true;
        } else {
            failed = false;
        }
    }
}

/// Puts a whole new file in the place of the old one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    documents::replace(path, text)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::settings::{RememberedBoard, ThemeChoice};

    type Tested = Result<(), Box<dyn Error>>;

    /// A folder that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> io::Result<Self> {
            let path = std::env::temp_dir().join(format!("switchboard-settings-{name}-{}", std::process::id()));
            fs::create_dir_all(&path)?;
            Ok(Self(path))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn some(boards: usize) -> Settings {
        let board = |number| RememberedBoard { address: format!("10.0.0.7:{number}"), ..RememberedBoard::default() };
        Settings { theme: ThemeChoice::Dark, boards: (0..boards).map(board).collect(), ..Settings::default() }
    }

    #[test]
    fn what_is_kept_is_there_in_the_next_run() -> Tested {
        let folder = Folder::new("next-run")?;
        let (mut file, problem) = SettingsFile::open(Some(folder.0.clone()));
        assert_eq!((file.settings(), problem), (&Settings::default(), None));
        for boards in 0..50 {
            file.keep(&some(boards));
        }
        drop(file);
        let (file, problem) = SettingsFile::open(Some(folder.0.clone()));
        assert_eq!((file.settings(), problem), (&some(49), None));
        assert_eq!(fs::read_dir(&folder.0)?.count(), 1, "nothing is left beside the file");
        Ok(())
    }

    #[test]
    fn a_crash_in_mid_write_leaves_the_old_settings() -> Tested {
        let folder = Folder::new("mid-write")?;
        let (mut file, _) = SettingsFile::open(Some(folder.0.clone()));
        file.keep(&some(3));
        drop(file);
        // What a process that was killed while it wrote leaves behind.
        fs::write(folder.0.join("settings.json.4711"), r#"{"theme":"da"#)?;
        let (file, problem) = SettingsFile::open(Some(folder.0.clone()));
        assert_eq!((file.settings(), problem), (&some(3), None));
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_is_kept_beside_and_said() -> Tested {
        let folder = Folder::new("unreadable")?;
        fs::write(folder.0.join(NAME), "theme = dark")?;
        let (mut file, problem) = SettingsFile::open(Some(folder.0.clone()));
        assert!(problem.is_some_and(|problem| problem.contains("settings.json.unreadable")));
        file.keep(&some(1));
        drop(file);
        assert_eq!(fs::read_to_string(folder.0.join("settings.json.unreadable"))?, "theme = dark");
        assert_eq!(SettingsFile::open(Some(folder.0.clone())).0.settings(), &some(1));
        Ok(())
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_nothing_but_the_memory() -> Tested {
        let folder = Folder::new("no-folder")?;
        let blocked = folder.0.join("file");
        fs::write(&blocked, "")?;
        let (mut file, _) = SettingsFile::open(Some(blocked));
        file.keep(&some(1));
        assert_eq!(file.settings(), &some(1));
        Ok(())
    }
}
