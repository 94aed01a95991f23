//! What a virtual board keeps without power: as long as this program runs, or
//! in a file for longer. What is kept, and when, is the board core's.

use std::{collections::BTreeMap, io, path::Path};

use board::{Retained, RetainedKey, Unsaved};
use embassy_futures::block_on;
use storage::{Blocking, Found, Storage, StorageError};

use crate::state_file::{FileError, SIZE, StateFile};

/// The memory of one board.
#[derive(Default)]
pub(crate) struct Memory {
    kept: BTreeMap<RetainedKey, Vec<u8>>,
    file: Option<Storage<Blocking<StateFile>>>,
}

impl Memory {
    /// A memory in this file.
    ///
    /// # Errors
    /// Where it cannot be read or made. A file that nobody understands is none:
    /// it is told, and begun anew.
    pub(crate) fn in_file(path: &Path) -> io::Result<Self> {
        // Nothing is waited for: a file is done when its calls return.
        let opened = block_on(async {
            let (mut storage, found) =
                Storage::open(Blocking(StateFile::open(path)?), 0..SIZE).await?;
            let retained = storage.retained().await?;
            Ok::<_, Failure>((storage, found, retained))
        });
        let (storage, found, retained) = opened.map_err(|failure| failure.0)?;
        if !matches!(found, Found::Nothing | Found::Entries) {
            eprintln!("what is in {} counts as nothing: {found:?}", path.display());
        }
        Ok(Self {
            kept: retained
                .into_iter()
                .map(|kept| (kept.key, kept.value))
                .collect(),
            file: Some(storage),
        })
    }

    /// Everything that is kept.
    pub(crate) fn retained(&self) -> Vec<Retained> {
        self.kept
            .iter()
            .map(|(key, value)| Retained {
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }

    /// The name that is kept, if one is.
    pub(crate) fn name(&self) -> Option<String> {
        String::from_utf8(self.kept.get(&RetainedKey::Name)?.clone()).ok()
    }

    /// Whether it is kept whom the board calls, were it nobody.
    pub(crate) fn knows_whom_to_call(&self) -> bool {
        self.kept.contains_key(&RetainedKey::Outbound)
    }

    /// Writes or erases.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn save(&mut self, unsaved: &Unsaved) -> Result<(), StorageError<FileError>> {
        if let Some(file) = &mut self.file {
            block_on(file.save(unsaved))?;
        }
        match unsaved {
            Unsaved::Write(retained) => {
                self.kept.extend(
                    retained
                        .iter()
                        .map(|kept| (kept.key.clone(), kept.value.clone())),
                );
            }
            Unsaved::Erase => self.kept.clear(),
        }
        Ok(())
    }
}

/// Why a file is no memory.
struct Failure(io::Error);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<StorageError<FileError>> for Failure {
    fn from(error: StorageError<FileError>) -> Self {
        Self(io::Error::other(error.to_string()))
    }
}
