//! Where commands last found the boards that they name: a small file in the
//! cache folder. It can be lost at any time, so nothing here fails: what cannot
//! be read is not known, and what cannot be written is not kept. Knows nothing
//! about how names match or how long an entry may be used.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use families::Family;
use files::Access;
use serde::{Deserialize, Serialize};

/// The file's name in the cache folder.
const NAME: &str = "addresses.json";

/// How many boards are kept; the oldest entry makes room.
const MOST: usize = 64;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 10;

/// A board that a command found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundBoard {
    /// What was typed for it.
    pub typed: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its family.
    #[serde(default, skip_serializing_if = "Family::is_ours")]
    pub family: Family,
    /// Its address, `host:port`.
    pub address: String,
    /// Whether this computer had a key or a password for it.
    pub has_key: bool,
    /// When it was discovered, in seconds since 1970 (UTC).
    pub at: u64,
}

impl FoundBoard {
    /// How long ago it was discovered; `None` if that is in the future.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.at))?;
        now.duration_since(at).ok()
    }
}

/// The file.
#[derive(Debug, Clone)]
pub struct Addresses {
    path: Option<PathBuf>,
}

impl Addresses {
    /// The file in this user's cache folder.
    pub fn usual() -> Self {
        let folder = dirs::cache_dir().filter(|folder| folder.is_absolute());
        Self {
            path: folder.map(|folder| folder.join("switchboard").join(NAME)),
        }
    }

    /// The file in this folder: for tests.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            path: Some(folder.join(NAME)),
        }
    }

    /// What was found for this text.
    pub fn find(&self, typed: &str) -> Option<FoundBoard> {
        self.read().into_iter().find(|found| found.typed == typed)
    }

    /// Keeps what was found, in place of what was found for the same text.
    pub fn keep(&self, found: FoundBoard) {
        let mut all = self.read();
        all.retain(|other| other.typed != found.typed);
        all.push(found);
        // Entries are in the order in which they were kept.
        let surplus = all.len().saturating_sub(MOST);
        all.drain(..surplus);
        self.write(&all);
    }

    /// Keeps only some of what was found.
    pub fn retain(&self, keep: impl FnMut(&FoundBoard) -> bool) {
        let mut all = self.read();
        let before = all.len();
        all.retain(keep);
        if all.len() != before {
            self.write(&all);
        }
    }

    fn read(&self) -> Vec<FoundBoard> {
        let regular = |path: &&PathBuf| fs::metadata(path).is_ok_and(|file| file.is_file());
        let Some(path) = self.path.as_ref().filter(regular) else {
            return Vec::new();
        };
        let bytes = files::read_at_most(path, LARGEST).ok().flatten();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Replaces the file as a whole. It is not locked: an entry that another
    /// command adds at the same moment may be lost, and is found again.
    fn write(&self, all: &[FoundBoard]) {
        let Some(path) = &self.path else { return };
        // Writing to a pipe would wait for a reader.
        if fs::metadata(path).is_ok_and(|file| !file.is_file()) {
            return;
        }
        let written = files::create_private_folder(path.parent().unwrap_or(Path::new("")))
            .and_then(|()| Ok(serde_json::to_vec(all)?))
            .and_then(|bytes| files::write(path, &bytes, Access::Owner));
        if let Err(error) = written {
            log::debug!("{}: {error}; an address is not kept", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, thread};

    use super::*;

    type Tested = Result<(), Box<dyn Error>>;

    fn found(typed: &str, address: &str) -> FoundBoard {
        FoundBoard {
            typed: typed.to_owned(),
            id: "sb-7e7291".to_owned(),
            name: "Lamp".to_owned(),
            family: Family::default(),
            address: address.to_owned(),
            has_key: false,
            at: 1_000,
        }
    }

    #[test]
    fn the_newest_address_for_a_text_is_kept() -> Tested {
        let folder = tempfile::tempdir()?;
        let addresses = Addresses::in_folder(&folder.path().join("deep"));
        assert_eq!(addresses.find("lamp"), None);
        addresses.keep(found("lamp", "10.0.0.7:80"));
        addresses.keep(found("Lamp", "10.0.0.8:80"));
        addresses.keep(found("lamp", "10.0.0.9:80"));
        assert_eq!(addresses.find("lamp"), Some(found("lamp", "10.0.0.9:80")));
        assert_eq!(addresses.find("Lamp"), Some(found("Lamp", "10.0.0.8:80")));
        addresses.retain(|found| found.typed != "lamp");
        assert_eq!(addresses.find("lamp"), None);
        assert!(addresses.find("Lamp").is_some());
        Ok(())
    }

    #[test]
    fn the_oldest_entry_makes_room() -> Tested {
        let folder = tempfile::tempdir()?;
        let addresses = Addresses::in_folder(folder.path());
        for number in 0..=MOST {
            addresses.keep(found(&format!("lamp-{number}"), "10.0.0.7:80"));
        }
        assert_eq!(addresses.find("lamp-0"), None);
        assert!(addresses.find("lamp-1").is_some());
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_is_as_good_as_none() -> Tested {
        let folder = tempfile::tempdir()?;
        let (path, addresses) = (
            folder.path().join(NAME),
            Addresses::in_folder(folder.path()),
        );
        for bytes in [&b"{"[..], b"\xff\x00", b"[{\"typed\":\"lamp\"}]", b""] {
            fs::write(&path, bytes)?;
            assert_eq!(addresses.find("lamp"), None, "{bytes:?}");
            addresses.keep(found("lamp", "10.0.0.7:80"));
            assert!(addresses.find("lamp").is_some(), "{bytes:?}");
        }
        fs::write(&path, vec![b' '; usize::try_from(LARGEST)? + 1])?;
        assert_eq!(addresses.find("lamp"), None);
        fs::remove_file(&path)?;
        fs::create_dir(&path)?;
        addresses.keep(found("lamp", "10.0.0.7:80"));
        assert_eq!(addresses.find("lamp"), None);
        let below_a_file = folder.path().join("file");
        fs::write(&below_a_file, "")?;
        let nowhere = Addresses::in_folder(&below_a_file);
        nowhere.keep(found("lamp", "10.0.0.7:80"));
        assert_eq!(nowhere.find("lamp"), None);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_the_file() -> Tested {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let below = folder.path().join("switchboard");
        Addresses::in_folder(&below).keep(found("lamp", "10.0.0.7:80"));
        let mode = |path: &Path| Ok::<_, Box<dyn Error>>(fs::metadata(path)?.permissions().mode());
        assert_eq!(mode(&below.join(NAME))? & 0o777, 0o600);
        assert_eq!(mode(&below)? & 0o777, 0o700);
        Ok(())
    }

    #[test]
    fn commands_that_write_at_the_same_time_leave_a_whole_file() -> Tested {
        let folder = tempfile::tempdir()?;
        let addresses = Addresses::in_folder(folder.path());
        thread::scope(|scope| {
            for thread in 0..4 {
                let addresses = &addresses;
                scope.spawn(move || {
                    for number in 0..20 {
                        addresses.keep(found(&format!("{thread}-{number}"), "10.0.0.7:80"));
                    }
                });
            }
        });
        addresses.keep(found("last", "10.0.0.7:80"));
        let all = addresses.read();
        assert!(all.len() > 1 && all.last() == Some(&found("last", "10.0.0.7:80")));
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn an_entry_of_the_future_has_no_age() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let entry = found("lamp", "10.0.0.7:80");
        assert_eq!(entry.age(at(1_060)), Some(Duration::from_secs(60)));
        assert_eq!(entry.age(at(999)), None);
    }
}
