//! What a virtual board saves: in memory while this program runs, or in a file.
//! The board core decides what is saved and when.

use std::{collections::BTreeMap, io, path::Path};

use board::{Retained, RetainedKey, Unsaved};
use embassy_futures::block_on;
use storage::{Blocking, Found, Storage, StorageError};

use crate::state_file::{FileError, SIZE, StateFile};

/// The saved state of one board.
#[derive(Default)]
pub(crate) struct Memory {
    saved: BTreeMap<RetainedKey, Vec<u8>>,
    file: Option<Storage<Blocking<StateFile>>>,
}

impl Memory {
    /// State in this file.
    ///
    /// # Errors
    /// If the file cannot be read or created. A file with unreadable contents
    /// is reported and overwritten.
    pub(crate) fn in_file(path: &Path) -> io::Result<Self> {
        // This does not block: file operations complete at once.
        let opened = block_on(async {
            let (mut storage, found) =
                Storage::open(Blocking(StateFile::open(path)?), 0..SIZE).await?;
            let retained = storage.retained().await?;
            Ok::<_, Failure>((storage, found, retained))
        });
        let (storage, found, retained) = opened.map_err(|failure| failure.0)?;
        if !matches!(found, Found::Nothing | Found::Entries) {
            eprintln!("ignoring the contents of {}: {found}", path.display());
        }
        Ok(Self {
            saved: retained
                .into_iter()
                .map(|saved| (saved.key, saved.value))
                .collect(),
            file: Some(storage),
        })
    }

    /// Everything that is saved.
    pub(crate) fn retained(&self) -> Vec<Retained> {
        self.saved
            .iter()
            .map(|(key, value)| Retained {
                key: key.clone(),
                value: value.clone(),
            })
            .collect()
    }

    /// The saved name.
    pub(crate) fn name(&self) -> Option<String> {
        String::from_utf8(self.saved.get(&RetainedKey::Name)?.clone()).ok()
    }

    /// Whether a setting for the outbound connection is saved, even if it is
    /// off.
    pub(crate) fn has_outbound(&self) -> bool {
        self.saved.contains_key(&RetainedKey::Outbound)
    }

    /// Writes or erases.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn save(&mut self, unsaved: &Unsaved) -> Result<(), StorageError<FileError>> {
        if let Some(file) = &mut self.file {
            block_on(file.save(unsaved))?;
        }
        match unsaved {
            Unsaved::Write(retained) => {
                self.saved.extend(
                    retained
                        .iter()
                        .map(|saved| (saved.key.clone(), saved.value.clone())),
                );
            }
            Unsaved::Erase => self.saved.clear(),
        }
        Ok(())
    }
}

/// Why a file cannot be used.
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
