//! Where keys rest between two runs: in the desktop's keychain; where none
//! answers, in a file of the folder for settings; or in the file that was named
//! instead of both. Every call may wait, for a disk or for a person: it is not
//! for the thread of a window.

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

use super::{
    file,
    keychain::{Keychain, Vault},
    known,
};
use crate::settings;

/// The file's name in the folder for settings.
const NAME: &str = "keys";

/// After so long without an answer it is said what is waited for.
const NOTICE: Duration = Duration::from_millis(600);

/// How long a keychain is waited for where there are open boards to be used
/// meanwhile: a person may have to type its password.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it is waited for where something is to be saved: there is nothing
/// else to be done.
const PERSON: Duration = Duration::from_secs(120);

/// Where keys rest.
#[derive(Clone, Default)]
pub struct Store {
    place: Place,
    /// Where it is remembered which boards have a key.
    folder: Option<PathBuf>,
    waiting: Option<Waiting>,
    patience: Option<Duration>,
}

/// Is told for how long a keychain is going to be waited for.
type Waiting = Arc<dyn Fn(Duration) + Send + Sync>;

#[derive(Clone, Default)]
enum Place {
    /// Nowhere: for tests and previews.
    #[default]
    Nowhere,
    /// In this file, and nowhere else.
    File(PathBuf),
    /// In the keychain, or else in the file `keys` of the folder.
    Keychain(Arc<dyn Vault>),
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The keys.
    pub keys: Keys,
    /// What could not be loaded beside them.
    pub problem: Option<StoreError>,
}

/// What became of a key that is to be forgotten.
#[derive(Debug)]
pub enum Forgotten {
    /// It is deleted.
    Deleted,
    /// Its board is treated as one without a key from now on, but the keychain
    /// did not delete it.
    Stays(StoreError),
}

impl Store {
    /// Keeps nothing: for tests and previews.
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// The file that was named, or else the usual place.
    pub fn of(named: Option<PathBuf>) -> Self {
        let place = named.map_or_else(|| Place::Keychain(Arc::new(Keychain)), Place::File);
        Self {
            place,
            folder: settings::folder(),
            ..Self::default()
        }
    }

    /// This vault as the keychain, waited for so long, and a folder for
    /// settings: for tests.
    pub fn with(vault: Arc<dyn Vault>, folder: PathBuf, patience: Duration) -> Self {
        Self {
            place: Place::Keychain(vault),
            folder: Some(folder),
            waiting: None,
            patience: Some(patience),
        }
    }

    /// Calls this if the keychain has not answered within 0.6 s, with the time
    /// that is left for it.
    #[must_use]
    pub fn telling(self, waiting: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self {
            waiting: Some(Arc::new(waiting)),
            ..self
        }
    }

    /// All keys there are. A keychain that does not answer within half a minute
    /// is a problem; what is in the file counts all the same. Boards that have
    /// a key which could not be had are [`Keys::unavailable`].
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
                    // Of two keys for one board, that of the keychain is the
                    // newer: the file is written where there is none.
                    Ok(keys) => keys
                        .iter()
                        .flat_map(Keys::iter)
                        .for_each(|key| loaded.keys.insert(key.clone())),
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

    /// Finds out which keys there should be, and remembers those that there
    /// are.
    fn compare(&self, loaded: &mut Loaded, folder: &Path) {
        match known::read(folder) {
            Ok(known) => {
                let why = match (&loaded.problem, &self.place) {
                    (Some(problem), _) => problem.to_string(),
                    (None, Place::File(path)) => format!("it is not in {}", path.display()),
                    (None, _) => "no keychain answers here that has it".to_owned(),
                };
                loaded.keys.expect(known, &why);
            }
            // What it says is not known: then it is not known either to which
            // boards plain text may be sent.
            Err(source) => {
                loaded.problem.get_or_insert(StoreError::File {
                    path: folder.to_owned(),
                    source,
                });
            }
        }
        self.remember(&loaded.keys);
    }

    /// Remembers which boards have a key. Where that cannot be written nothing
    /// else is lost.
    fn remember(&self, keys: &Keys) {
        if let Some(folder) = self.folder.as_ref().filter(|_| !keys.is_empty())
            && let Err(error) = known::add(folder, keys.iter().map(|key| key.board.as_str()))
        {
            log::warn!(
                "{}: {error}; which boards have a key is not remembered",
                folder.display()
            );
        }
    }

    /// Whether a key could be saved now; nothing is changed.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn try_out(&self) -> Result<(), StoreError> {
        // To lock the file its folder has to be writable.
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

    /// Saves a key, instead of one for the same board.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub fn add(&self, key: Key) -> Result<(), StoreError> {
        let keys: Keys = [key.clone()].into_iter().collect();
        self.change(&Change::Add(key))?;
        self.remember(&keys);
        Ok(())
    }

    /// Deletes the key of a board, wherever it is. From then on the board is
    /// one that this computer has no key for.
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
            // Otherwise there would be no way to use a board again whose
            // keychain is broken for good.
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

    /// Shows that a key can be saved, before there is one that would be lost
    /// otherwise.
    ///
    /// # Errors
    /// If it cannot be.
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
                // Deleting has another way out.
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

    /// What becomes of something that may wait for ever, unless it takes too
    /// long.
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
                RecvTimeoutError::Timeout => format!("no answer within {} s", patience.as_secs()),
                RecvTimeoutError::Disconnected => "the library that asks it failed".to_owned(),
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

/// What becomes of the keys.
#[derive(Debug, Clone)]
enum Change {
    Add(Key),
    Remove(String),
    /// They are written as they are.
    None,
}

impl Change {
    /// Whether anything has to be written.
    fn make(&self, keys: &mut Keys) -> bool {
        match self {
            Self::Add(key) => {
                let news = keys.get(&key.board) != Some(key);
                keys.insert(key.clone());
                news
            }
            Self::Remove(board) => keys.remove(board),
            Self::None => true,
        }
    }

    fn make_in(&self, path: &Path) -> Result<(), StoreError> {
        file::change(path, |keys| self.make(keys))
    }

    /// Changes what the keychain holds, while no other process of this user
    /// does; `false` where there is no keychain.
    fn make_in_vault(&self, vault: &dyn Vault, folder: Option<&Path>) -> Result<bool, StoreError> {
        // The keychain has no lock of its own. Without a folder that can be
        // written there is no lock at all.
        let _lock = match folder.map(|folder| {
            files::create_private_folder(folder)?;
            files::lock(&folder.join("keychain"))
        }) {
            Some(Err(error)) if error.kind() == io::ErrorKind::ResourceBusy => {
                return Err(StoreError::Keychain(
                    "another program is changing what it holds".to_owned(),
                ));
            }
            lock => lock.and_then(Result::ok),
        };
        let Some(mut keys) = vault.read()? else {
            return Ok(false);
        };
        if matches!(self, Self::None) && keys.is_empty() {
            // To write nothing is to delete, which shows nothing.
            let placeholder = Key {
                board: "rehearsal".to_owned(),
                kid: KeyId([0; 4]),
                role: Role::View,
                psk: Psk::new([0; 32]),
            };
            return Ok(vault.write(&[placeholder].into_iter().collect())? && vault.write(&keys)?);
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
        // Whoever asked may have given up.
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
    /// The file can be read by others.
    #[error(
        "{} holds keys and others than you can read it: it is not used. Look who had them, then: \
             chmod 600 {}",
        path.display(), path.display()
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is something else than text.
    #[error("{place}: {source}")]
    NotText {
        /// Where.
        place: String,
        /// What is wrong with it.
        source: files::NotText,
    },
    /// There is something else than keys.
    #[error("{place}: {source}")]
    Text {
        /// Where.
        place: String,
        /// What is wrong with it.
        source: KeysTextError,
    },
    /// The keychain refuses.
    #[error("the keychain: {0}. With --keys FILE it is not asked")]
    Keychain(String),
    /// There is neither a keychain nor a folder for settings.
    #[error(
        "no keychain answers, and this user has no home folder that keys could be saved in. Name \
             a file for them: --keys FILE"
    )]
    NoPlace,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{error::Error, fs, sync::Mutex, time::Instant};

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
    fn keys_in_a_file_are_there_the_next_time_until_they_are_forgotten() -> Tested {
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
            "nothing is left beside it"
        );
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_owners_alone_and_one_that_is_not_is_refused() -> Tested {
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

    /// A keychain that a test holds.
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
    fn a_board_whose_key_a_keychain_does_not_give_is_known_to_have_one() -> Tested {
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
            (Fails::Silent, "no answer"),
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
        // The way out of a keychain that is broken for good.
        *vault.fails.lock().unwrap() = Some(Fails::Locked);
        assert!(matches!(store.remove("sb-1")?, Forgotten::Stays(_)));
        assert_eq!(store.load().keys.unavailable("sb-1"), None);
        Ok(())
    }

    #[test]
    fn what_is_waited_for_is_told_before_a_second_is_over() -> Tested {
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
        assert!(problem.contains("no answer within 2 s"), "{problem}");
        Ok(())
    }

    #[test]
    fn without_a_keychain_and_a_folder_a_key_is_not_said_to_be_saved() {
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
}
