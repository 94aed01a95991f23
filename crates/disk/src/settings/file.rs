//! Where settings are between two runs: one JSON file, written on a thread of
//! its own, for its owner alone. What another window or program wrote meanwhile
//! is kept. Decides nothing about what they are.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use files::Access;
use serde_json::Value;

use super::{Settings, folder, merge::merged};

/// The file's name in the program's folder.
const NAME: &str = "settings.json";

/// What could not be written is tried again after this time: a full disk may
/// have room by then.
const RETRY: Duration = Duration::from_secs(5);

/// The file, and the thread that writes it.
pub struct SettingsFile {
    /// What it holds, or is about to.
    saved: Settings,
    writer: Option<(Sender<Value>, JoinHandle<()>)>,
    told: Arc<Told>,
}

/// What the thread tells: why the newest settings are not on the disk, as long
/// as that is so.
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
        Self {
            saved: settings,
            writer: None,
            told: Arc::default(),
        }
    }

    /// The file in this folder, or else in the desktop's usual place, with what
    /// it holds. A file that cannot be read is kept beside under another name;
    /// why is told in a sentence.
    pub fn open(folder: Option<PathBuf>) -> (Self, Option<String>) {
        let Some(folder) = folder.or_else(folder::folder) else {
            return (
                Self::nowhere(),
                Some(
                    "This user has no home folder for settings: nothing is remembered.".to_owned(),
                ),
            );
        };
        remove_left_over(&folder);
        let path = folder.join(NAME);
        let (saved, mut problem) = read(&path);
        let (sender, values) = channel();
        let told = Arc::<Told>::default();
        let tells = Arc::clone(&told);
        let before = as_value(&saved);
        let run = move || write_all(&path, before, &values, &tells);
        let writer = match thread::Builder::new()
            .name("settings".to_owned())
            .spawn(run)
        {
            Ok(thread) => Some((sender, thread)),
            Err(error) => {
                problem = Some(format!(
                    "No thread for writing settings: {error}. Nothing is remembered."
                ));
                None
            }
        };
        (
            Self {
                saved,
                writer,
                told,
            },
            problem,
        )
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

    /// Calls this whenever [`SettingsFile::problem`] changes, on another
    /// thread.
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
        if let Some((sender, _)) = &self.writer {
            // The thread ends before this only where it panicked.
            let _ = sender.send(as_value(settings));
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

/// What the window remembers on this computer, without touching it; nothing
/// where it cannot be read. For the command line, which knows the boards and
/// the scenes of the window.
pub fn remembered() -> Settings {
    let path = folder::folder().map(|folder| folder.join(NAME));
    path.and_then(|path| parsed(&path).ok().flatten())
        .unwrap_or_default()
}

/// Every map in the settings has texts as keys: nothing in them cannot be
/// written as JSON.
fn as_value(settings: &Settings) -> Value {
    // By way of text: as a value, 0.1 of 32 bits would be one of 64 bits, and
    // written so.
    serde_json::to_string(settings)
        .and_then(|text| serde_json::from_str(&text))
        .unwrap_or_default()
}

/// What a file holds; `None` if it does not exist or is empty.
fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    let text = files::text(&bytes).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| error.to_string())
}

fn read(path: &Path) -> (Settings, Option<String>) {
    match parsed(path) {
        Ok(settings) => (settings.unwrap_or_default(), None),
        Err(why) => (Settings::default(), Some(set_aside(path, &why))),
    }
}

/// Keeps a file that cannot be read under another name. Returns a sentence
/// about it.
fn set_aside(path: &Path, why: &str) -> String {
    let aside = path.with_extension("json.unreadable");
    // Copied, so that a link in its place stays one; the next settings are
    // written over what cannot be read.
    let copied = fs::read(path).and_then(|bytes| files::write(&aside, &bytes, Access::Owner));
    match copied.or_else(|_| fs::rename(path, &aside)) {
        Ok(()) => {
            format!(
                "The settings could not be read ({why}); they are kept as {} and new ones begun.",
                aside.display()
            )
        }
        Err(error) => format!(
            "The settings in {} could not be read ({why}) nor moved ({error}).",
            path.display()
        ),
    }
}

/// Writes what is sent, the latest of what waits, until no sender is left. What
/// cannot be written is tried again. `known` is what this program knows of the
/// file.
fn write_all(path: &Path, mut known: Value, values: &Receiver<Value>, told: &Told) {
    let mut unwritten: Option<Value> = None;
    loop {
        let next = match &unwritten {
            Some(_) => values.recv_timeout(RETRY),
            None => values.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let ended = matches!(next, Err(RecvTimeoutError::Disconnected));
        let newest = values.try_iter().last().or(next.ok()).or(unwritten.take());
        let Some(latest) = newest else { return };
        match save(path, &known, &latest) {
            Ok(()) => {
                told.tell(None);
                known = latest;
            }
            Err(error) => {
                let problem = format!("{} cannot be written ({error})", path.display());
                // Once for each cause: a full disk stays full.
                if lock(&told.problem).as_ref() != Some(&problem) {
                    let _ = writeln!(
                        io::stderr(),
                        "switchboard: settings are not being saved: {problem}"
                    );
                }
                told.tell(Some(&problem));
                unwritten = Some(latest);
            }
        }
        if ended {
            return;
        }
    }
}

/// Writes what was changed since it was known.
fn save(path: &Path, known: &Value, latest: &Value) -> io::Result<()> {
    files::create_private_folder(path.parent().unwrap_or(Path::new("")))?;
    let _lock = files::lock(path)?;
    // What cannot be read by now is replaced.
    let theirs = parsed::<Value>(path).ok().flatten();
    let all = theirs.map_or_else(|| latest.clone(), |theirs| merged(known, latest, &theirs));
    let text = serde_json::to_vec_pretty(&all)?;
    files::write(path, &text, Access::Owner)
}

/// Removes what 0.1 left where it was ended while it wrote:
/// `settings.json.4711` and, with keys in it, `keys.new-4711`.
fn remove_left_over(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| {
            name.strip_prefix(NAME)
                .and_then(|rest| rest.strip_prefix('.'))
                .or_else(|| name.strip_prefix("keys.new-"))
        });
        let ours = number.is_some_and(|number| number.parse::<u32>().is_ok());
        let age = entry.metadata().and_then(|file| file.modified()).ok();
        let age = age.and_then(|at| SystemTime::now().duration_since(at).ok());
        if ours && age.is_some_and(|age| age > Duration::from_secs(600)) {
            // It does no harm but to lie there.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::settings::{Labels, RememberedBoard, ThemeChoice};

    type Tested = Result<(), Box<dyn Error>>;

    fn some(boards: usize) -> Settings {
        let board = |number| RememberedBoard {
            address: format!("10.0.0.7:{number}"),
            ..RememberedBoard::default()
        };
        Settings {
            theme: ThemeChoice::Dark,
            boards: (0..boards).map(board).collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn what_is_kept_is_there_in_the_next_run() -> Tested {
        let folder = tempfile::tempdir()?;
        let (mut file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert_eq!((file.settings(), problem), (&Settings::default(), None));
        for boards in 0..50 {
            file.keep(&some(boards));
        }
        drop(file);
        let (file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert_eq!((file.settings(), problem), (&some(49), None));
        assert_eq!(
            fs::read_dir(folder.path())?.count(),
            1,
            "nothing is left beside the file"
        );
        Ok(())
    }

    #[test]
    fn a_crash_in_mid_write_leaves_the_old_settings() -> Tested {
        let folder = tempfile::tempdir()?;
        let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
        file.keep(&some(3));
        drop(file);
        // What a process that was killed while it wrote leaves behind.
        fs::write(folder.path().join("settings.json.4711"), r#"{"theme":"da"#)?;
        let (file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert_eq!((file.settings(), problem), (&some(3), None));
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_is_kept_beside_and_said() -> Tested {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(NAME), "theme = dark")?;
        let (mut file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert!(problem.is_some_and(|problem| problem.contains("settings.json.unreadable")));
        file.keep(&some(1));
        drop(file);
        assert_eq!(
            fs::read_to_string(folder.path().join("settings.json.unreadable"))?,
            "theme = dark"
        );
        assert_eq!(
            SettingsFile::open(Some(folder.path().to_owned()))
                .0
                .settings(),
            &some(1)
        );
        Ok(())
    }

    #[test]
    fn a_byte_order_mark_is_no_reason_to_set_settings_aside() -> Tested {
        let folder = tempfile::tempdir()?;
        fs::write(
            folder.path().join(NAME),
            b"\xef\xbb\xbf{\"selected\":\"lamp\"}",
        )?;
        let (file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert_eq!(
            (file.settings().selected.as_deref(), problem),
            (Some("lamp"), None)
        );
        Ok(())
    }

    #[test]
    fn two_windows_lose_nothing_of_each_other() -> Tested {
        let folder = tempfile::tempdir()?;
        let open = || SettingsFile::open(Some(folder.path().to_owned())).0;
        let (mut one, mut other) = (open(), open());
        one.keep(&Settings {
            theme: ThemeChoice::Dark,
            ..Settings::default()
        });
        drop(one);
        other.keep(&some(2));
        drop(other);
        let windows: Vec<_> = (0..20).map(|_| open()).collect();
        for (number, mut window) in windows.into_iter().enumerate() {
            let mut settings = window.settings().clone();
            settings
                .notes
                .insert(format!("sb-{number}"), Labels::default());
            window.keep(&settings);
        }
        let settings = open().settings().clone();
        assert_eq!(
            (settings.theme, settings.boards.len(), settings.notes.len()),
            (ThemeChoice::Dark, 2, 20)
        );
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn settings_are_for_their_owner_alone_also_where_they_were_not_and_stay_where_a_link_leads()
    -> Tested {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir()?;
        let real = folder.path().join("dotfiles.json");
        fs::write(&real, "{}")?;
        fs::set_permissions(&real, fs::Permissions::from_mode(0o644))?;
        symlink(&real, folder.path().join(NAME))?;
        let mut file = SettingsFile::open(Some(folder.path().to_owned())).0;
        file.keep(&some(1));
        drop(file);
        assert!(fs::symlink_metadata(folder.path().join(NAME))?.is_symlink());
        assert_eq!(fs::metadata(&real)?.permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&real)?.contains("10.0.0.7"));
        Ok(())
    }

    #[test]
    fn settings_that_cannot_be_written_are_told_and_written_once_they_can_be() -> Tested {
        let folder = tempfile::tempdir()?;
        let blocked = folder.path().join("file");
        fs::write(&blocked, "")?;
        let (mut file, _) = SettingsFile::open(Some(blocked.clone()));
        let (sender, woken) = channel();
        file.on_change_of_problem(move || {
            let _ = sender.send(());
        });
        file.keep(&some(1));
        woken.recv_timeout(Duration::from_secs(60))?;
        assert!(
            file.problem()
                .is_some_and(|problem| problem.contains("settings.json cannot be written ("))
        );
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
        let folder = tempfile::tempdir()?;
        let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
        assert!(!file.begin_run());
        drop(file);
        assert!(
            SettingsFile::open(Some(folder.path().to_owned()))
                .0
                .begin_run()
        );
        Ok(())
    }
}
