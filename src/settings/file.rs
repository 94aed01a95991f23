//! Where settings are between two runs: one JSON file, on a thread of its own, written whole beside the old one and then put in
//! its place, so that a crash or a loss of power at any moment leaves the old or the new one. Decides nothing about what they are.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::Settings;
use crate::documents;

/// The file's name in the program's folder.
const NAME: &str = "settings.json";

/// What could not be written is tried again after this time: a full disk may have room by then.
const RETRY: Duration = Duration::from_secs(5);

/// The file, and the thread that writes it.
pub struct SettingsFile {
    /// What it holds, or is about to.
    saved: Settings,
    writer: Option<(Sender<String>, JoinHandle<()>)>,
    told: Arc<Told>,
}

/// What the thread tells: why the newest settings are not on the disk, as long as that is so.
#[derive(Default)]
struct Told {
    problem: Mutex<Option<String>>,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Told {
    fn tell(&self, problem: Option<&str>) {
        let changed = {
            let mut told = lock(&self.problem);
            let changed = told.as_deref() != problem;
            *told = problem.map(str::to_owned);
            changed
        };
        if changed && let Some(wake) = &*lock(&self.wake) {
            wake();
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each holds one value, which is replaced whole.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SettingsFile {
    /// A file that is nowhere: for tests and previews.
    pub fn nowhere() -> Self {
        Self::holding(Settings::default())
    }

    /// A file that is nowhere and holds these.
    pub fn holding(settings: Settings) -> Self {
        Self { saved: settings, writer: None, told: Arc::default() }
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
        let told = Arc::<Told>::default();
        let tells = Arc::clone(&told);
        let run = move || write_all(&path, &texts, &tells);
        let writer = match thread::Builder::new().name("settings".to_owned()).spawn(run) {
            Ok(thread) => Some((sender, thread)),
            Err(error) => {
                problem = Some(format!("No thread for writing settings: {error}. Nothing is remembered."));
                None
            }
        };
        (Self { saved, writer, told }, problem)
    }

    /// Begins a run of the window: see [`Settings::begin_run`].
    pub fn begin_run(&mut self) -> bool {
        let mut settings = self.saved.clone();
        let crashed = settings.begin_run();
        self.keep(&settings);
        crashed
    }

    /// Why the newest settings are not on the disk, as long as that is so.
    pub fn problem(&self) -> Option<String> {
        lock(&self.told.problem).clone()
    }

    /// Calls this whenever [`SettingsFile::problem`] changes, on another thread.
    pub fn on_change_of_problem(&mut self, wake: impl Fn() + Send + 'static) {
        *lock(&self.told.wake) = Some(Box::new(wake));
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

/// Writes what is sent, the latest of what waits, until no sender is left. What cannot be written is tried again.
fn write_all(path: &Path, texts: &Receiver<String>, told: &Told) {
    let mut unwritten: Option<String> = None;
    loop {
        let next = match &unwritten {
            Some(_) => texts.recv_timeout(RETRY),
            None => texts.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let ended = matches!(next, Err(RecvTimeoutError::Disconnected));
        let newest = texts.try_iter().last().or(next.ok()).or(unwritten.take());
        let Some(text) = newest else { return };
        match replace(path, &text) {
            Ok(()) => told.tell(None),
            Err(error) => {
                let problem = format!("{} cannot be written ({error})", path.display());
                // Once for each cause: a full disk stays full.
                if lock(&told.problem).as_ref() != Some(&problem) {
                    let _ = writeln!(io::stderr(), "switchboard: settings are not being saved: {problem}");
                }
                told.tell(Some(&problem));
                unwritten = Some(text);
            }
        }
        if ended {
            return;
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
    fn settings_that_cannot_be_written_are_told_and_written_once_they_can_be() -> Tested {
        let folder = Folder::new("no-folder")?;
        let blocked = folder.0.join("file");
        fs::write(&blocked, "")?;
        let (mut file, _) = SettingsFile::open(Some(blocked.clone()));
        let (sender, woken) = channel();
        file.on_change_of_problem(move || {
            let _ = sender.send(());
        });
        file.keep(&some(1));
        woken.recv_timeout(Duration::from_secs(60))?;
        assert!(file.problem().is_some_and(|problem| problem.contains("settings.json cannot be written (")));
        assert_eq!(file.settings(), &some(1));
        fs::remove_file(&blocked)?;
        woken.recv_timeout(Duration::from_secs(60))?;
        assert_eq!(file.problem(), None);
        drop(file);
        assert_eq!(SettingsFile::open(Some(blocked)).0.settings(), &some(1));
        Ok(())
    }

    #[test]
    fn a_run_that_crashed_is_known_in_the_next_one() -> Tested {
        let folder = Folder::new("crashed")?;
        let (mut file, _) = SettingsFile::open(Some(folder.0.clone()));
        assert!(!file.begin_run());
        drop(file);
        assert!(SettingsFile::open(Some(folder.0.clone())).0.begin_run());
        Ok(())
    }
}
