//! Stores keys in the system keychain; without a keychain, in a file in the
//! settings folder; or in an explicitly named file instead of both. Every call
//! may block for the disk or for the user, so it must not run on a window's
//! thread.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use keys::{Key, Keys, KeysTextError};
use noise::{KeyId, Psk, Role};

use super::{file, keychain::Keychain, known, vault::Vault};
use crate::settings;

/// The file's name in the settings folder.
const NAME: &str = "keys";

/// How long to wait before reporting that the keychain has not responded.
const NOTICE: Duration = Duration::from_millis(600);

/// How long to wait for the keychain when loading: open boards can be used
/// meanwhile, and the user may have to type a password.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait for the keychain when saving: nothing else can be done
/// meanwhile.
const PERSON: Duration = Duration::from_secs(120);

/// Where keys are stored.
#[derive(Clone, Default)]
pub struct Store {
    place: Place,
    /// The folder with the list of boards that have a key.
    folder: Option<PathBuf>,
    waiting: Option<Waiting>,
    patience: Option<Duration>,
}

/// Called with the time that the keychain may still take.
type Waiting = Arc<dyn Fn(Duration) + Send + Sync>;

#[derive(Clone, Default)]
enum Place {
    /// Nowhere: for tests and previews.
    #[default]
    Nowhere,
    /// In this file only.
    File(PathBuf),
    /// In the keychain, or otherwise in the file `keys` in the folder.
    Keychain(Arc<dyn Vault>),
}

/// The result of loading keys.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The keys.
    pub keys: Keys,
    /// What could not be loaded.
    pub problem: Option<StoreError>,
}

/// The result of deleting a key.
#[derive(Debug)]
pub enum Forgotten {
    /// The key was deleted.
    Deleted,
    /// The board is treated as having no key from now on, but the keychain did
    /// not delete the key.
    Stays(StoreError),
}

impl Store {
    /// Stores nothing: for tests and previews.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// The named file, or otherwise the usual place.
    pub fn of(named: Option<PathBuf>) -> Self {
        let place = named.map_or_else(|| Place::Keychain(Arc::new(Keychain)), Place::File);
        Self {
            place,
            folder: settings::folder(),
            ..Self::default()
        }
    }

    /// Uses this vault as the keychain, with this timeout and settings folder:
    /// for tests.
    pub fn with(vault: Arc<dyn Vault>, folder: PathBuf, patience: Duration) -> Self {
        Self {
            place: Place::Keychain(vault),
            folder: Some(folder),
            waiting: None,
            patience: Some(patience),
        }
    }

    /// Calls `waiting` with the remaining time if the keychain has not
    /// responded within 0.6 s.
    #[must_use]
    pub fn telling(self, waiting: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self {
            waiting: Some(Arc::new(waiting)),
            ..self
        }
    }

    /// Loads all keys. A keychain that does not respond within half a minute is
    /// a problem, but keys in the file still count. Boards whose key is missing
    /// are [`Keys::unavailable`].
    pub fn load(&self) -> Loaded {
        let mut loaded = match &self.place {
            Place::Nowhere => return Loaded::default(),
            Place::File(path) => Loaded::of(file::read(path)),
            Place::Keychain(vault) => {
                let mut loaded = self.folder.as_ref().map_or_else(Loaded::default, |folder| {
                    Loaded::of(file::read(&folder.join(NAME)))
                });
                let vault = Arc::clone(vault);
                match self.in_time(PATIENCE, move || vault.read()) {
                    // If both have a key for a board, the keychain's is newer:
                    // the file is written only if there is no keychain.
                    Ok(keys) => loaded.keys.extend(&keys.unwrap_or_default()),
                    Err(problem) => loaded.problem = loaded.problem.or(Some(problem)),
                }
                loaded
            }
        };
        if let Some(folder) = &self.folder {
            self.compare(&mut loaded, folder);
        }
        loaded
    }

    /// The same for a program that only connects to boards with these ids: if
    /// none of them is on the list of boards that have a key, the keychain is
    /// not opened.
    pub fn load_for(&self, boards: &[&str]) -> Loaded {
        if let (Place::Keychain(_), Some(folder)) = (&self.place, &self.folder)
            && known::read(folder)
                .is_ok_and(|known| !boards.iter().any(|board| known.contains(*board)))
        {
            return Loaded::of(file::read(&folder.join(NAME)));
        }
        self.load()
    }

    /// Compares the loaded keys with the list of boards that have one, and
    /// updates that list.
    fn compare(&self, loaded: &mut Loaded, folder: &Path) {
        match known::read(folder) {
            Ok(known) => {
                let why = match (&loaded.problem, &self.place) {
                    (Some(problem), _) => problem.to_string(),
                    (None, Place::File(path)) => format!("it is missing in {}", path.display()),
                    (None, _) => "no keychain with this key responds".to_owned(),
                };
                loaded.keys.expect(known, &why);
            }
            // The list cannot be read, so it is unknown to which boards plain
            // text may be sent.
            Err(source) => {
                loaded.problem.get_or_insert(StoreError::File {
                    path: folder.to_owned(),
                    source,
                });
            }
        }
        self.remember(&loaded.keys);
    }

    /// Remembers which boards have a key. If the list cannot be written,
    /// nothing else is lost.
    fn remember(&self, keys: &Keys) {
        if let Some(folder) = self.folder.as_ref().filter(|_| !keys.is_empty())
            && let Err(error) = known::add(folder, keys.boards())
        {
            log::warn!(
                "{}: {error}; cannot remember which boards have a key",
                folder.display()
            );
        }
    }

    /// Checks whether a key could be saved now, without changing anything.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn try_out(&self) -> Result<(), StoreError> {
        // Locking the file requires a writable folder.
        let file = |path: &Path| file::change(path, |_| false);
        match (&self.place, &self.folder) {
            (Place::Nowhere, _) => Ok(()),
            (Place::File(path), _) => file(path),
            (Place::Keychain(vault), folder) => {
                let vault = Arc::clone(vault);
                match (self.in_time(PATIENCE, move || vault.read())?, folder) {
                    (None, Some(folder)) => file(&folder.join(NAME)),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Saves a key or a password, or several, replacing the previous ones for
    /// the same boards.
    ///
    /// # Errors
    /// If they cannot be saved.
    pub fn add(&self, keys: impl Into<Keys>) -> Result<(), StoreError> {
        let keys = keys.into();
        self.change(&Change::Add(keys.clone()))?;
        self.remember(&keys);
        Ok(())
    }

    /// Deletes the key and the password of a board from all places. The board
    /// is then one that this computer has no key for.
    ///
    /// # Errors
    /// If it is in a file and cannot be deleted.
    pub fn remove(&self, board: &str) -> Result<Forgotten, StoreError> {
        if let (Place::Keychain(_), Some(folder)) = (&self.place, &self.folder) {
            let path = folder.join(NAME);
            if !file::read(&path)?.is_empty() {
                file::change(&path, |keys| keys.remove(board))?;
            }
        }
        let stays = match self.change(&Change::Remove(board.to_owned())) {
            Ok(()) => None,
            // Otherwise a board could never be used again after its keychain
            // breaks permanently.
            Err(problem @ StoreError::Keychain(_)) => Some(problem),
            Err(problem) => return Err(problem),
        };
        if let Some(folder) = &self.folder {
            let failed = |source| StoreError::File {
                path: folder.clone(),
                source,
            };
            known::remove(folder, board).map_err(failed)?;
        }
        Ok(stays.map_or(Forgotten::Deleted, Forgotten::Stays))
    }

    /// Verifies that a key can be saved, before one is created that would be
    /// lost.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub fn rehearse(&self) -> Result<(), StoreError> {
        self.change(&Change::None)
    }

    fn change(&self, change: &Change) -> Result<(), StoreError> {
        match &self.place {
            Place::Nowhere => Ok(()),
            Place::File(path) => change.make_in(path),
            Place::Keychain(vault) => {
                let (vault, wanted, folder) =
                    (Arc::clone(vault), change.clone(), self.folder.clone());
                // Deletion handles this failure itself.
                let patience = if matches!(change, Change::Remove(_)) {
                    PATIENCE
                } else {
                    PERSON
                };
                let saved = self.in_time(patience, move || {
                    wanted.make_in_vault(&*vault, folder.as_deref())
                })?;
                match (saved, &self.folder, change) {
                    (true, ..) | (false, None, Change::Remove(_)) => Ok(()),
                    (false, Some(folder), _) => change.make_in(&folder.join(NAME)),
                    (false, None, _) => Err(StoreError::NoPlace),
                }
            }
        }
    }

    /// Runs something that may block indefinitely, with a timeout.
    fn in_time<T: Send + 'static>(
        &self,
        patience: Duration,
        ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let patience = self.patience.unwrap_or(patience);
        let told = on_a_thread(ask)?;
        let answer = match told.recv_timeout(NOTICE.min(patience)) {
            Err(RecvTimeoutError::Timeout) => {
                let left = patience.saturating_sub(NOTICE);
                if let Some(waiting) = &self.waiting {
                    waiting(left);
                }
                told.recv_timeout(left)
            }
            answered => answered,
        };
        answer.unwrap_or_else(|error| {
            Err(StoreError::Keychain(match error {
                RecvTimeoutError::Timeout => format!("no response within {} s", patience.as_secs()),
                RecvTimeoutError::Disconnected => "the keychain library failed".to_owned(),
            }))
        })
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match &self.place {
            Place::Nowhere => "nowhere".to_owned(),
            Place::File(path) => path.display().to_string(),
            Place::Keychain(_) => "the keychain".to_owned(),
        };
        f.debug_struct("Store")
            .field("place", &place)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// A change of the stored keys.
#[derive(Debug, Clone)]
enum Change {
    Add(Keys),
    Remove(String),
    /// Write the keys back unchanged.
    None,
}

impl Change {
    /// Applies the change; returns whether anything has to be written.
    fn make(&self, keys: &mut Keys) -> bool {
        match self {
            Self::Add(new) => {
                let before = keys.clone();
                keys.extend(new);
                *keys != before
            }
            Self::Remove(board) => keys.remove(board),
            Self::None => true,
        }
    }

    fn make_in(&self, path: &Path) -> Result<(), StoreError> {
        file::change(path, |keys| self.make(keys))
    }

    /// Changes the keychain's contents while no other process of this user
    /// does; `false` if there is no keychain.
    fn make_in_vault(&self, vault: &dyn Vault, folder: Option<&Path>) -> Result<bool, StoreError> {
        // The keychain has no lock of its own. Without a writable folder there
        // is no lock at all.
        let _lock = match folder.map(|folder| {
            files::create_private_folder(folder)?;
            files::lock(&folder.join("keychain"))
        }) {
            Some(Err(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                return Err(StoreError::Keychain(
                    "another program is changing its contents".to_owned(),
                ));
            }
            lock => lock.and_then(Result::ok),
        };
        let Some(mut keys) = vault.read()? else {
            return Ok(false);
        };
        if matches!(self, Self::None) && keys.is_empty() {
            // Writing nothing would delete the secret, which proves nothing.
            let placeholder = Key {
                board: "rehearsal".to_owned(),
                kid: KeyId([0; 4]),
                role: Role::View,
                psk: Psk::new([0; 32]),
            };
            return Ok(vault.write(&placeholder.into())? && vault.write(&keys)?);
        }
        if self.make(&mut keys) {
            vault.write(&keys)
        } else {
            Ok(true)
        }
    }
}

fn on_a_thread<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<Receiver<Result<T, StoreError>>, StoreError> {
    let (tell, told) = sync_channel(1);
    let run = move || {
        // The receiver may have timed out.
        let _ = tell.send(ask());
    };
    thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(run)
        .map_err(|error| StoreError::Keychain(error.to_string()))?;
    Ok(told)
}

impl Loaded {
    fn of(read: Result<Keys, StoreError>) -> Self {
        match read {
            Ok(keys) => Self {
                keys,
                problem: None,
            },
            Err(problem) => Self {
                keys: Keys::default(),
                problem: Some(problem),
            },
        }
    }
}

/// Why keys cannot be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Other users can read the file.
    #[error(
        "{} contains keys but other users can read it, so it was not used. Check who may have read \
     it, then run: chmod 600 {}",
        path.display(), path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The contents are not text.
    #[error("{place}: {source}")]
    NotText {
        /// The source.
        place: String,
        /// What is wrong with them.
        source: files::NotText,
    },
    /// The contents are not keys.
    #[error("{place}: {source}")]
    Text {
        /// The source.
        place: String,
        /// What is wrong with them.
        source: KeysTextError,
    },
    /// The keychain refuses access.
    #[error("the keychain: {0}. To use a file instead, pass --keys FILE")]
    Keychain(String),
    /// There is neither a keychain nor a settings folder.
    #[error(
        "no keychain responds, and this user has no home folder to save keys in. Choose a file: \
     --keys FILE"
    )]
    NoPlace,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{error::Error, fs, sync::Mutex, time::Instant};

    use keys::Password;

    use super::*;

    type Tested = Result<(), Box<dyn Error>>;

    fn in_file(path: PathBuf) -> Store {
        Store {
            place: Place::File(path),
            ..Store::default()
        }
    }

    fn key(board: &str) -> Key {
        Key {
            board: board.to_owned(),
            kid: KeyId([1; 4]),
            role: Role::View,
            psk: Psk::new([2; 32]),
        }
    }

    #[test]
    fn keys_in_a_file_persist_until_they_are_removed() -> Tested {
        let folder = tempfile::tempdir()?;
        let store = in_file(folder.path().join("new").join("keys"));
        assert!(store.load().keys.is_empty());
        store.add(key("sb-1"))?;
        store.add(key("sb-2"))?;
        assert_eq!(store.load().keys.iter().count(), 2);
        store.remove("sb-1")?;
        store.remove("sb-3")?;
        let loaded = store.load();
        assert_eq!(
            loaded
                .keys
                .iter()
                .map(|key| key.board.as_str())
                .collect::<Vec<_>>(),
            ["sb-2"]
        );
        assert_eq!(
            fs::read_dir(folder.path().join("new"))?.count(),
            1,
            "no temporary file is left"
        );
        Ok(())
    }

    #[test]
    fn passwords_persist_in_a_file_and_in_the_keychain_like_keys() -> Tested {
        let folder = tempfile::tempdir()?;
        let vault = Arc::new(Pretended::default());
        let wait = Duration::from_millis(50);
        let in_keychain = Store::with(vault.clone(), folder.path().to_owned(), wait);
        for store in [in_file(folder.path().join("named")), in_keychain.clone()] {
            store.add(key("sb-1"))?;
            store.add(Password::new("shelly-1", "first")?)?;
            store.add(Password::new("shelly-1", "second")?)?;
            let loaded = store.load().keys;
            let secret = |keys: &Keys| Some(keys.password("shelly-1")?.secret.to_string());
            assert_eq!(secret(&loaded).as_deref(), Some("second"));
            assert_eq!(loaded.boards().count(), 2);
            assert!(matches!(store.remove("sb-1")?, Forgotten::Deleted));
            assert!(store.load().keys.password("shelly-1").is_some());
        }
        *vault.fails.lock().unwrap() = Some(Fails::Locked);
        let locked = in_keychain.load().keys;
        assert_eq!(locked.passwords().count(), 0);
        assert!(
            locked.unavailable("shelly-1").is_some(),
            "nothing is sent to it without its password"
        );
        *vault.fails.lock().unwrap() = None;
        assert!(matches!(
            in_keychain.remove("shelly-1")?,
            Forgotten::Deleted
        ));
        assert!(in_keychain.load().keys.is_empty());
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_readable_only_by_its_owner_or_refused() -> Tested {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("keys");
        let store = in_file(path.clone());
        store.add(key("sb-1"))?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            let loaded = store.load();
            assert!(loaded.keys.is_empty());
            let problem = loaded.problem.ok_or("it is not refused")?.to_string();
            assert!(problem.contains("chmod 600"), "{problem}");
            assert!(matches!(
                store.add(key("sb-2")),
                Err(StoreError::Exposed { .. })
            ));
        }
        Ok(())
    }

    /// A keychain controlled by a test.
    #[derive(Default)]
    struct Pretended {
        keys: Mutex<Keys>,
        fails: Mutex<Option<Fails>>,
    }

    #[derive(Debug, Clone, Copy)]
    enum Fails {
        Silent,
        Locked,
        Absent,
    }

    impl Pretended {
        fn state(&self) -> Result<bool, StoreError> {
            let fails = *self.fails.lock().unwrap();
            match fails {
                None => Ok(true),
                Some(Fails::Absent) => Ok(false),
                Some(Fails::Locked) => Err(StoreError::Keychain("it is locked".to_owned())),
                Some(Fails::Silent) => {
                    thread::sleep(Duration::from_secs(3_600));
                    Ok(true)
                }
            }
        }
    }

    impl Vault for Pretended {
        fn read(&self) -> Result<Option<Keys>, StoreError> {
            Ok(self.state()?.then(|| self.keys.lock().unwrap().clone()))
        }

        fn write(&self, keys: &Keys) -> Result<bool, StoreError> {
            let there = self.state()?;
            if there {
                *self.keys.lock().unwrap() = keys.clone();
            }
            Ok(there)
        }
    }

    #[test]
    fn a_board_whose_key_is_unavailable_is_known_to_have_one() -> Tested {
        let folder = tempfile::tempdir()?;
        let vault = Arc::new(Pretended::default());
        let store = Store::with(
            vault.clone(),
            folder.path().to_owned(),
            Duration::from_millis(50),
        );
        store.add(key("sb-1"))?;
        assert!(store.load().keys.get("sb-1").is_some());
        for (fails, why) in [
            (Fails::Silent, "no response"),
            (Fails::Locked, "it is locked"),
            (Fails::Absent, "no keychain"),
        ] {
            *vault.fails.lock().unwrap() = Some(fails);
            let Loaded { keys, problem } = store.load();
            assert!(keys.get("sb-1").is_none());
            assert!(
                keys.unavailable("sb-1")
                    .is_some_and(|said| said.contains(why)),
                "{keys:?} {problem:?}"
            );
            assert_eq!(keys.unavailable("sb-2"), None);
        }
        // The way out if a keychain is broken permanently.
        *vault.fails.lock().unwrap() = Some(Fails::Locked);
        assert!(matches!(store.remove("sb-1")?, Forgotten::Stays(_)));
        assert_eq!(store.load().keys.unavailable("sb-1"), None);
        Ok(())
    }

    #[test]
    fn waiting_is_reported_within_a_second() -> Tested {
        let folder = tempfile::tempdir()?;
        let vault = Arc::new(Pretended::default());
        *vault.fails.lock().unwrap() = Some(Fails::Silent);
        let (tell, told) = sync_channel(1);
        let begun = Instant::now();
        let store = Store::with(vault, folder.path().to_owned(), Duration::from_secs(2)).telling(
            move |left| {
                let _ = tell.send((left, begun.elapsed()));
            },
        );
        let problem = store.load().problem.ok_or("it is no problem")?.to_string();
        let (left, after) = told.try_recv()?;
        assert!(
            after < Duration::from_secs(1) && left > Duration::from_secs(1),
            "{after:?} {left:?}"
        );
        assert!(problem.contains("no response within 2 s"), "{problem}");
        Ok(())
    }

    #[test]
    fn without_a_keychain_and_a_folder_saving_fails() {
        let vault = Arc::new(Pretended {
            fails: Mutex::new(Some(Fails::Absent)),
            ..Pretended::default()
        });
        let store = Store {
            folder: None,
            ..Store::with(vault, PathBuf::new(), PERSON)
        };
        assert!(matches!(store.add(key("sb-1")), Err(StoreError::NoPlace)));
        assert!(matches!(store.rehearse(), Err(StoreError::NoPlace)));
        assert!(store.load().problem.is_none());
    }

    #[test]
    fn the_keychain_is_opened_only_for_boards_that_may_have_a_key() -> Tested {
        let folder = tempfile::tempdir()?;
        let vault = Arc::new(Pretended::default());
        let wait = Duration::from_millis(50);
        let store = Store::with(vault.clone(), folder.path().to_owned(), wait);
        store.add(key("sb-1"))?;
        *vault.fails.lock().unwrap() = Some(Fails::Locked);
        assert!(store.load_for(&["sb-2"]).problem.is_none());
        for boards in [&["sb-1"][..], &["sb-2", "sb-1"]] {
            let loaded = store.load_for(boards);
            assert!(loaded.problem.is_some());
            assert!(loaded.keys.unavailable("sb-1").is_some());
        }
        *vault.fails.lock().unwrap() = None;
        assert!(store.load_for(&["sb-1"]).keys.get("sb-1").is_some());
        // Keys in the file count, whatever the list says.
        file::write_secret(
            &folder.path().join(NAME),
            &Keys::from(key("sb-3")).to_text(),
        )?;
        assert!(store.load_for(&["sb-3"]).keys.get("sb-3").is_some());
        // If the list cannot be read, any board may have one.
        fs::remove_file(folder.path().join("locked-boards"))?;
        fs::create_dir(folder.path().join("locked-boards"))?;
        assert!(store.load_for(&["sb-2"]).problem.is_some());
        Ok(())
    }
}
