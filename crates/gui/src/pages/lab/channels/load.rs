//! Loads a recording for the window: its newest entries, in bounded memory.
//! Runs outside the window's thread.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
};

use channel::{Entry, ReadError, Reader};

/// Entries of a recording that are shown.
const MAX_ENTRIES: usize = 200_000;

/// Their total size, in bytes.
const MAX_BYTES: usize = 128 << 20;

/// A recording, or its newest part.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) address: String,
    pub(super) entries: VecDeque<Arc<Entry>>,
    /// How many older entries are omitted.
    pub(super) dropped: u64,
}

/// Loads a recording.
///
/// # Errors
/// If the file cannot be read or is not a recording.
pub(crate) fn load(path: &Path) -> Result<Loaded, ReadError> {
    let reader = Reader::open(path)?;
    let address = reader.address().to_owned();
    let mut loaded = Loaded {
        path: path.to_owned(),
        address,
        entries: VecDeque::new(),
        dropped: 0,
    };
    let mut bytes = 0;
    for entry in reader {
        let entry = entry?;
        bytes += entry.size();
        loaded.entries.push_back(Arc::new(entry));
        while (loaded.entries.len() > MAX_ENTRIES || bytes > MAX_BYTES)
            && let Some(oldest) = loaded.entries.pop_front()
        {
            bytes -= oldest.size();
            loaded.dropped += 1;
        }
    }
    Ok(loaded)
}
