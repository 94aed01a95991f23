//! Stores a board's settings in flash. Defines the keys of the entries, and
//! what happens to data of another program or a newer version. [`board::Board`]
//! decides when values are written, sequential-storage where.
//!
//! Each value is a separate entry: if power is lost, an entry has its old or
//! its new value, and of several that are written together the first ones are
//! new. Nothing is written until there is something to save.
#![no_std]

extern crate alloc;

mod blocking;
mod journal;
mod key;
mod sectors;
mod wifi;

use alloc::vec::Vec;
use core::{
    fmt::{self, Debug, Display},
    ops::Range,
};

use board::{Retained, Unsaved};
use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::{
    cache::{Cache, Uncached},
    map::{MapConfig, MapStorage},
};

pub use blocking::Blocking;
/// The trait that a driver implements for [`Blocking`].
pub use embedded_storage::nor_flash;
pub use wifi::{Wifi, WifiError};

use journal::Journal;
use key::Key;

/// The format version of the entries. A board does not read a format newer than
/// its own.
const VERSION: u8 = 1;

/// Stored instead of a version while everything is being erased.
const ERASING: u8 = 0;

/// The maximum length of a value, in bytes.
pub const LONGEST: usize = Retained::MAX_LEN;

/// The size of a buffer for a key and a value, rounded up to words.
const BUFFER: usize = Key::LONGEST + 1 + LONGEST + 32;

/// What was in the flash when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing: it is erased, or power was lost while it was being erased.
    Nothing,
    /// Values of this or an older version.
    Entries,
    /// Values of a newer version, in this format. They are ignored, and the
    /// first write erases them.
    Newer(u8),
    /// Unknown data. It is ignored, and the first write erases it.
    Garbage,
}

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Entries => f.write_str("saved values"),
            Self::Newer(format) => write!(f, "values of newer firmware, in format {format}"),
            Self::Garbage => f.write_str("unknown data"),
        }
    }
}

/// Why a value could not be saved, read or erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError<E: Debug> {
    /// The range has fewer than three sectors, is not aligned to sectors, or is
    /// not within the flash.
    #[error("the storage needs three whole flash sectors at least")]
    Range,
    /// The flash driver failed.
    #[error("flash: {0}")]
    Flash(E),
    /// There is no space left.
    #[error("the storage is full")]
    Full,
    /// A value has more than [`LONGEST`] bytes, or a key more than 32.
    #[error("an entry has at most {LONGEST} bytes, and its key 32")]
    TooLong,
    /// The stored data has become unreadable. It is ignored, and the next write
    /// erases it.
    #[error("the stored data is unreadable and will be erased")]
    Garbage,
}

type Map<F> = MapStorage<Key, Journal<F>, Cache<Uncached, Uncached, Uncached, Key>>;

/// How the entries in flash are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contents {
    /// They are valid.
    Ours,
    /// There are none.
    Blank,
    /// They are ignored.
    Foreign,
}

/// The values that a board saves.
pub struct Storage<F: NorFlash> {
    map: Map<F>,
    contents: Contents,
    buffer: [u8; BUFFER],
}

impl<F: NorFlash> Storage<F>
where
    F::Error: Debug,
{
    /// Opens this address range of a flash, of at least three sectors, and
    /// returns what was found there.
    ///
    /// # Errors
    /// [`StorageError::Range`], and [`StorageError::Flash`] if the flash cannot
    /// be read. Unknown contents are not an error.
    pub async fn open(
        flash: F,
        range: Range<u32>,
    ) -> Result<(Self, Found), StorageError<F::Error>> {
        // The subtraction below must not underflow.
        if range.start >= range.end || range.end as usize > flash.capacity() {
            return Err(StorageError::Range);
        }
        let journal = u32::try_from(F::ERASE_SIZE).map_err(|_| StorageError::Range)?;
        let entries = range.start.saturating_add(journal)..range.end;
        if entries.start >= entries.end {
            return Err(StorageError::Range);
        }
        let config = MapConfig::try_new(entries).map_err(|_| StorageError::Range)?;
        let flash = Journal::open(flash, &range)
            .await
            .map_err(StorageError::Flash)?;
        let map = MapStorage::new(flash, config, Cache::new_uncached());
        let mut storage = Self {
            map,
            contents: Contents::Ours,
            buffer: [0; BUFFER],
        };
        let version = match storage.get(Key::VERSION).await {
            Ok(version) => version,
            Err(StorageError::Flash(error)) => return Err(StorageError::Flash(error)),
            // Unreadable entries are not an error: another program may have
            // written them.
            Err(_) => None,
        };
        let found = match version.as_deref() {
            Some([ERASING]) => {
                storage.erase().await?;
                Found::Nothing
            }
            Some([VERSION]) => Found::Entries,
            Some([newer]) => Found::Newer(*newer),
            _ if storage.is_blank().await? => Found::Nothing,
            _ => Found::Garbage,
        };
        storage.contents = match found {
            Found::Nothing => Contents::Blank,
            Found::Entries => Contents::Ours,
            Found::Newer(_) | Found::Garbage => Contents::Foreign,
        };
        Ok((storage, found))
    }

    /// The values that [`Self::save`] stored, for [`board::Board::new`].
    ///
    /// # Errors
    /// Errors of the flash, and [`StorageError::Garbage`].
    pub async fn retained(&mut self) -> Result<Vec<Retained>, StorageError<F::Error>> {
        let mut all: Vec<Retained> = Vec::new();
        if self.contents != Contents::Ours {
            return Ok(all);
        }
        let read = async {
            let mut entries = self.map.fetch_all_items(&mut self.buffer).await?;
            while let Some((key, value)) = entries.next::<&[u8]>(&mut self.buffer).await? {
                let Some(key) = key.retained() else { continue };
                // Oldest first: a later value replaces an earlier one.
                match all.iter_mut().find(|known| known.key == key) {
                    Some(known) => known.value = value.into(),
                    None => all.push(Retained {
                        key,
                        value: value.into(),
                    }),
                }
            }
            Ok(())
        };
        let read = read.await;
        self.judge(read)?;
        Ok(all)
    }

    /// Writes a board's unsaved entries, one after the other, or erases
    /// everything.
    ///
    /// # Errors
    /// Errors of the flash, [`StorageError::Full`], [`StorageError::TooLong`]
    /// and [`StorageError::Garbage`]. Entries written before the error stay.
    pub async fn save(&mut self, unsaved: &Unsaved) -> Result<(), StorageError<F::Error>> {
        let Unsaved::Write(entries) = unsaved else {
            return self.erase().await;
        };
        for entry in entries {
            let key = Key::of(&entry.key).ok_or(StorageError::TooLong)?;
            self.set(key, &entry.value).await?;
        }
        Ok(())
    }

    /// The stored Wi-Fi credentials, if any.
    ///
    /// # Errors
    /// Errors of the flash, and [`StorageError::Garbage`].
    pub async fn wifi(&mut self) -> Result<Option<Wifi>, StorageError<F::Error>> {
        Ok(self
            .get(Key::WIFI)
            .await?
            .and_then(|value| Wifi::from_bytes(&value)))
    }

    /// Stores the Wi-Fi credentials to use. `None` removes them, but the
    /// password stays in flash until its sector is erased; see [`Self::erase`].
    ///
    /// # Errors
    /// As [`Self::save`].
    pub async fn set_wifi(&mut self, wifi: Option<&Wifi>) -> Result<(), StorageError<F::Error>> {
        self.set(Key::WIFI, &wifi.map(Wifi::to_bytes).unwrap_or_default())
            .await
    }

    /// Erases all sectors, so that no data remains in flash. If power is lost
    /// meanwhile, the storage is treated as empty, and the rest is erased when
    /// it is opened.
    ///
    /// # Errors
    /// Errors of the flash.
    pub async fn erase(&mut self) -> Result<(), StorageError<F::Error>> {
        let mut last = None;
        if self.contents == Contents::Ours {
            // A storage with no space for this entry is erased without it.
            match self.put(Key::VERSION, &[ERASING]).await {
                Err(StorageError::Flash(error)) => return Err(StorageError::Flash(error)),
                _ => last = sectors::active(self.map.flash_range(), self.map.flash()).await?,
            }
        }
        self.contents = Contents::Foreign;
        let range = self.map.flash_range();
        // The sector with that entry is erased last, because it marks the
        // others as invalid.
        let (marked, others): (Vec<_>, Vec<_>) =
            sectors::all::<F>(range).partition(|sector| Some(sector.start) == last);
        for sector in others.into_iter().chain(marked) {
            self.map
                .flash()
                .erase(sector.start, sector.end)
                .await
                .map_err(StorageError::Flash)?;
        }
        self.map
            .flash()
            .forget()
            .await
            .map_err(StorageError::Flash)?;
        self.contents = Contents::Blank;
        Ok(())
    }

    /// Returns the flash.
    pub fn into_flash(self) -> F {
        self.map.destroy().0.into_flash()
    }

    async fn get(&mut self, key: Key) -> Result<Option<Vec<u8>>, StorageError<F::Error>> {
        if self.contents != Contents::Ours {
            return Ok(None);
        }
        let read = self.map.fetch_item::<&[u8]>(&mut self.buffer, &key).await;
        let read = read.map(|value| value.filter(|value| !value.is_empty()).map(Vec::from));
        self.judge(read)
    }

    /// Stores a value; erases foreign data first.
    async fn set(&mut self, key: Key, value: &[u8]) -> Result<(), StorageError<F::Error>> {
        if value.len() > LONGEST {
            return Err(StorageError::TooLong);
        }
        if self.contents == Contents::Foreign {
            self.erase().await?;
        }
        if self.contents == Contents::Blank {
            // After the first byte it is no longer blank.
            self.contents = Contents::Foreign;
            self.put(Key::VERSION, &[VERSION]).await?;
            self.contents = Contents::Ours;
        }
        self.put(key, value).await
    }

    async fn put(&mut self, key: Key, value: &[u8]) -> Result<(), StorageError<F::Error>> {
        let written = self.map.store_item(&mut self.buffer, &key, &value).await;
        self.judge(written)
    }

    /// Converts an error, and updates how the stored entries are treated.
    fn judge<T>(
        &mut self,
        outcome: Result<T, sequential_storage::Error<F::Error>>,
    ) -> Result<T, StorageError<F::Error>> {
        use sequential_storage::Error;
        outcome.map_err(|error| match error {
            Error::Storage { value } => StorageError::Flash(value),
            Error::FullStorage => StorageError::Full,
            Error::ItemTooBig | Error::BufferTooBig => StorageError::TooLong,
            _ => {
                self.contents = Contents::Foreign;
                StorageError::Garbage
            }
        })
    }

    async fn is_blank(&mut self) -> Result<bool, StorageError<F::Error>> {
        let range = self.map.flash_range();
        sectors::are_blank(range, self.map.flash(), &mut self.buffer).await
    }
}
