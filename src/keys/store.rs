//! Where keys rest between two runs: in the desktop's keychain; where none answers, in a file of the folder for settings; or in the
//! file that was named instead of both. Every call may wait, for a disk or for a person: it is not for the thread of a window.

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use super::{Key, Keys, KeysTextError, file, keychain::Keychain};

/// The file's name in the folder for settings.
const NAME: &str = "keys";

/// How long a keychain is waited for where there are open boards to be used meanwhile: a person may have to type its password.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it is waited for where something is to be saved: there is nothing else to be done.
const PERSON: Duration = Duration::from_secs(120);

/// Where keys rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Store {
    /// Nowhere: for tests and previews.
    #[default]
    Nowhere,
    /// In this file, and nowhere else.
    File(PathBuf),
    /// In the keychain, or else in the file `keys` of this folder.
    Usual(PathBuf),
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The keys.
    pub keys: Keys,
    /// What could not be loaded beside them.
    pub problem: Option<StoreError>,
}

impl Store {
    /// The file that was named, or else the usual place.
    pub fn of(named: Option<PathBuf>) -> Self {
        match (named, dirs::config_dir()) {
            (Some(path), _) => Self::File(path),
            (None, Some(folder)) => Self::Usual(folder.join("switchboard")),
            (None, None) => Self::Nowhere,
        }
    }

    /// All keys there are. A keychain that does not answer within half a minute is a problem; what is in the file counts all the same.
    pub fn load(&self) -> Loaded {
        match self {
            Self::Nowhere => Loaded::default(),
            Self::File(path) => Loaded::of(file::read(path)),
            Self::Usual(folder) => {
                let mut loaded = Loaded::of(file::read(&folder.join(NAME)));
                match in_time(PATIENCE, || {
                    Keychain::open().map_or_else(|| Ok(Keys::default()), |keychain| keychain.read())
                }) {
                    // Of two keys for one board, that of the keychain is the newer: the file is written where there is none.
                    Ok(keys) => keys.iter().for_each(|key| loaded.keys.insert(key.clone())),
                    Err(problem) => loaded.problem = loaded.problem.or(Some(problem)),
                }
                loaded
            }
        }
    }

    /// Whether a key could be saved now; nothing is changed.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn try_out(&self) -> Result<(), StoreError> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => file::try_out(path),
            Self::Usual(folder) => {
                let answers = in_time(PERSON, || match Keychain::open() {
                    Some(keychain) => keychain.read().map(|_| true),
                    None => Ok(false),
                })?;
                if answers { Ok(()) } else { file::try_out(&folder.join(NAME)) }
            }
        }
    }

    /// Saves a key, instead of one for the same board.
    ///
    /// # Errors
    /// Where it cannot be saved.
    pub fn add(&self, key: Key) -> Result<(), StoreError> {
        self.change(&Change::Add(key))
    }

    /// Deletes the key of a board, wherever it is.
    ///
    /// # Errors
    /// Where it is and cannot be deleted.
    pub fn remove(&self, board: &str) -> Result<(), StoreError> {
        let change = Change::Remove(board.to_owned());
        if let Self::Usual(folder) = self {
            change.make_in(&folder.join(NAME))?;
        }
        self.change(&change)
    }

    fn change(&self, change: &Change) -> Result<(), StoreError> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(path) => change.make_in(path),
            Self::Usual(folder) => {
                let wanted = change.clone();
                let saved = in_time(PERSON, move || match Keychain::open() {
                    Some(keychain) => {
                        let mut keys = keychain.read()?;
                        if wanted.make(&mut keys) { keychain.write(&keys).map(|()| true) } else { Ok(true) }
                    }
                    None => Ok(false),
                })?;
                if saved { Ok(()) } else { change.make_in(&folder.join(NAME)) }
            }
        }
    }
}

/// What becomes of the keys.
#[derive(Debug, Clone)]
enum Change {
    Add(Key),
    Remove(String),
}

impl Change {
    /// Whether anything is other than before.
    fn make(&self, keys: &mut Keys) -> bool {
        match self {
            Self::Add(key) => {
                let news = keys.get(&key.board) != Some(key);
                keys.insert(key.clone());
                news
            }
            Self::Remove(board) => keys.remove(board).is_some(),
        }
    }

    fn make_in(&self, path: &Path) -> Result<(), StoreError> {
        let mut keys = file::read(path)?;
        if self.make(&mut keys) { file::write(path, &keys) } else { Ok(()) }
    }
}

/// What comes of something that may wait for ever, unless it takes too long.
fn in_time<T: Send + 'static>(
    patience: Duration,
    ask: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (tell, told) = sync_channel(1);
    let run = move || {
        // Whoever asked may have given up.
        let _ = tell.send(ask());
    };
    thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(run)
        .map_err(|error| StoreError::Keychain(error.to_string()))?;
    told.recv_timeout(patience).unwrap_or_else(|error| {
        Err(StoreError::Keychain(match error {
            RecvTimeoutError::Timeout => format!("no answer within {} s", patience.as_secs()),
            RecvTimeoutError::Disconnected => "the library that asks it failed".to_owned(),
        }))
    })
}

impl Loaded {
    fn of(read: Result<Keys, StoreError>) -> Self {
        match read {
            Ok(keys) => Self { keys, problem: None },
            Err(problem) => Self { keys: Keys::default(), problem: Some(problem) },
        }
    }
}

/// Why keys cannot be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file can be read by others.
    #[error(
        "{} holds keys and others than you can read it: it is not used. Look who had them, then: chmod 600 {}",
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
}

#[cfg(test)]
mod tests {
    use std::{error::Error, fs};

    use noise::{KeyId, Psk, Role};

    use super::*;

    type Tested = Result<(), Box<dyn Error>>;

    /// A folder that is removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> io::Result<Self> {
            let path = std::env::temp_dir().join(format!("switchboard-keys-{name}-{}", std::process::id()));
            fs::create_dir_all(&path)?;
            Ok(Self(path))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn key(board: &str) -> Key {
        Key { board: board.to_owned(), kid: KeyId([1; 4]), role: Role::View, psk: Psk::new([2; 32]) }
    }

    #[test]
    fn keys_in_a_file_are_there_the_next_time_until_they_are_forgotten() -> Tested {
        let folder = Folder::new("file")?;
        let store = Store::File(folder.0.join("new").join("keys"));
        assert!(store.load().keys.is_empty());
        store.add(key("sb-1"))?;
        store.add(key("sb-2"))?;
        assert_eq!(store.load().keys.iter().count(), 2);
        store.remove("sb-1")?;
        store.remove("sb-3")?;
        let loaded = store.load();
        assert_eq!(loaded.keys.iter().map(|key| key.board.as_str()).collect::<Vec<_>>(), ["sb-2"]);
        assert_eq!(fs::read_dir(folder.0.join("new"))?.count(), 1, "nothing is left beside it");
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_its_owners_alone_and_one_that_is_not_is_refused() -> Tested {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("mode")?;
        let path = folder.0.join("keys");
        let store = Store::File(path.clone());
        store.add(key("sb-1"))?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
            let loaded = store.load();
            assert!(loaded.keys.is_empty());
            let problem = loaded.problem.ok_or("it is not refused")?.to_string();
            assert!(problem.contains("chmod 600"), "{problem}");
            assert!(matches!(store.add(key("sb-2")), Err(StoreError::Exposed { .. })));
        }
        Ok(())
    }
}
