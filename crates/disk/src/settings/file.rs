//! Stores settings in one JSON file, written on its own thread and readable
//! only by its owner. Changes that another window or program makes at the same
//! time are kept. Knows nothing about what the settings mean.

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

use super::{Labels, Settings, folder, merge::merged};

/// The file's name in the settings folder.
const NAME: &str = "settings.json";

/// The interval between attempts to write: a full disk may have space again by
/// then.
const RETRY: Duration = Duration::from_secs(5);

/// The settings file and the thread that writes it.
pub struct SettingsFile {
    /// The settings in the file, or about to be written.
    saved: Settings,
    writer: Option<(Sender<Value>, JoinHandle<()>)>,
    told: Arc<Told>,
}

/// The thread's report: why the newest settings are not on disk, as long as
/// that is the case.
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
    // Each contains one value, which is replaced as a whole.
    of.lock().unwrap_or_else(PoisonError::into_inner)
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
            writer: None,
            told: Arc::default(),
        }
    }

    /// Opens the file in this folder, or in the usual place, and reads it. A
    /// file that cannot be read is kept under another name; the returned
    /// message says why.
    pub fn open(folder: Option<PathBuf>) -> (Self, Option<String>) {
        let Some(folder) = folder.or_else(folder::folder) else {
            return (
                Self::nowhere(),
                Some(
                    "This user has no home folder for settings. Settings will not be saved."
                        .to_owned(),
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
                    "Could not start a thread to write settings: {error}. Settings will not be \
                     saved."
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

    /// Starts a run of the window: see [`Settings::begin_run`].
    pub fn begin_run(&mut self) -> bool {
        let mut settings = self.saved.clone();
        let crashed = settings.begin_run();
        self.keep(&settings);
        crashed
    }

    /// Why the newest settings are not on disk, as long as that is the case.
    pub fn problem(&self) -> Option<String> {
        lock(&self.told.problem).clone()
    }

    /// Sets a function to call on another thread whenever
    /// [`SettingsFile::problem`] changes.
    pub fn on_change_of_problem(&mut self, wake: impl Fn() + Send + 'static) {
        *lock(&self.told.wake) = Some(Box::new(wake));
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.saved
    }

    /// Saves the settings if they have changed. Returns immediately.
    pub fn keep(&mut self, settings: &Settings) {
        if self.saved == *settings {
            return;
        }
        self.saved = settings.clone();
        if let Some((sender, _)) = &self.writer {
            // The thread ends earlier only if it panics.
            let _ = sender.send(as_value(settings));
        }
    }
}

impl Drop for SettingsFile {
    /// Waits until everything is written.
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.writer.take() {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// The settings of the window on this computer, read-only; defaults if they
/// cannot be read. For the command line, which uses the window's boards and
/// scenes.
pub fn remembered() -> Settings {
    let path = folder::folder().map(|folder| folder.join(NAME));
    path.and_then(|path| parsed(&path).ok().flatten())
        .unwrap_or_default()
}

/// Changes the labels of a board in the settings of this computer. For the
/// command line; a window that is open has them when it starts next.
///
/// # Errors
/// There is no folder for settings, or the file cannot be read or written.
pub fn change_labels(id: &str, change: impl FnOnce(&mut Labels)) -> io::Result<()> {
    let folder = folder::folder()
        .ok_or_else(|| io::Error::other("this user has no home folder for settings"))?;
    change_labels_in(&folder.join(NAME), id, change)
}

fn change_labels_in(path: &Path, id: &str, change: impl FnOnce(&mut Labels)) -> io::Result<()> {
    let invalid = |why| io::Error::other(format!("{}: {why}", path.display()));
    let before: Settings = parsed(path).map_err(invalid)?.unwrap_or_default();
    let mut after = before.clone();
    let labels = after.notes.entry(id.to_owned()).or_default();
    change(labels);
    if labels.is_empty() {
        after.notes.remove(id);
    }
    save(path, &as_value(&before), &as_value(&after))
}

/// All maps in the settings have string keys, so serialization cannot fail.
fn as_value(settings: &Settings) -> Value {
    // Via text: directly as a value, the f32 0.1 would become an f64 with many
    // digits.
    serde_json::to_string(settings)
        .and_then(|text| serde_json::from_str(&text))
        .unwrap_or_default()
}

/// The contents of a file; `None` if it does not exist or is empty.
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

/// Keeps a copy of a file that cannot be read under another name. Returns a
/// message about it.
fn set_aside(path: &Path, why: &str) -> String {
    let aside = path.with_extension("json.unreadable");
    // Copied, so that a symbolic link stays; the next settings overwrite the
    // unreadable ones.
    let copied = fs::read(path).and_then(|bytes| files::write(&aside, &bytes, Access::Owner));
    match copied.or_else(|_| fs::rename(path, &aside)) {
        Ok(()) => {
            format!(
                "Could not read the settings: {why}. They were kept as {}, and default settings \
                 are used.",
                aside.display()
            )
        }
        Err(error) => format!(
            "Could not read the settings in {}: {why}. Could not copy them either: {error}.",
            path.display()
        ),
    }
}

/// Writes the latest value received until no sender is left. A failed write is
/// repeated. `known` is what this program knows of the file.
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
                let problem = format!("cannot write {} ({error})", path.display());
                // Once per cause: a full disk stays full.
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

/// Writes the changes since `known`.
fn save(path: &Path, known: &Value, latest: &Value) -> io::Result<()> {
    files::create_private_folder(path.parent().unwrap_or(Path::new("")))?;
    let _lock = files::lock(path)?;
    // A file that can no longer be read is replaced.
    let theirs = parsed::<Value>(path).ok().flatten();
    let all = theirs.map_or_else(|| latest.clone(), |theirs| merged(known, latest, &theirs));
    let text = serde_json::to_vec_pretty(&all)?;
    files::write(path, &text, Access::Owner)
}

/// Removes what version 0.1 left behind if it was ended while writing:
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
            // A failure does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::settings::{RememberedBoard, ThemeChoice};

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
    fn saved_settings_are_there_in_the_next_run() -> Tested {
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
            "no temporary file is left"
        );
        Ok(())
    }

    #[test]
    fn a_crash_while_writing_leaves_the_old_settings() -> Tested {
        let folder = tempfile::tempdir()?;
        let (mut file, _) = SettingsFile::open(Some(folder.path().to_owned()));
        file.keep(&some(3));
        drop(file);
        // Left behind by a process that was killed while writing.
        fs::write(folder.path().join("settings.json.4711"), r#"{"theme":"da"#)?;
        let (file, problem) = SettingsFile::open(Some(folder.path().to_owned()));
        assert_eq!((file.settings(), problem), (&some(3), None));
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_is_kept_and_reported() -> Tested {
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
    fn a_byte_order_mark_is_accepted() -> Tested {
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
    fn two_windows_keep_each_others_changes() -> Tested {
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
    fn settings_become_private_and_a_link_to_them_stays() -> Tested {
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
    fn a_failed_write_is_reported_and_repeated() -> Tested {
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
                .is_some_and(|problem| problem.contains("settings.json ("))
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
    fn a_crash_is_known_in_the_next_run() -> Tested {
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

    #[test]
    fn labels_are_changed_without_touching_anything_else() -> Tested {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("deep").join(NAME);
        change_labels_in(&path, "lamp-1", |labels| {
            labels.room = "Workshop".to_owned();
        })?;
        let mut newer: Value = serde_json::from_slice(&fs::read(&path)?)?;
        newer["of_a_newer_version"] = true.into();
        fs::write(&path, newer.to_string())?;
        change_labels_in(&path, "lamp-2", |labels| labels.room = "Attic".to_owned())?;
        change_labels_in(&path, "lamp-1", |labels| *labels = Labels::default())?;
        let found: Value = serde_json::from_slice(&fs::read(&path)?)?;
        assert_eq!(found["of_a_newer_version"], true);
        assert_eq!(found["notes"]["lamp-2"]["room"], "Attic");
        assert!(found["notes"].get("lamp-1").is_none());

        fs::write(&path, "{")?;
        let changed = change_labels_in(&path, "lamp-1", |labels| labels.hidden = true);
        assert!(changed.is_err(), "an unreadable file is left as it is");
        assert_eq!(fs::read(&path)?, b"{");
        Ok(())
    }
}
