//! Reads a recording for the window, on another thread than the window's: the
//! newest of it, in bounded memory.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::channel::{Entry, ReadError, Reader};

/// So many entries of a recording are shown.
const ENTRIES: usize = 200_000;

/// Of so many bytes together.
const BYTES: usize = 128 << 20;

/// A recording, or its newest part.
#[derive(Debug)]
pub(in crate::ui) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) address: String,
    pub(super) entries: VecDeque<Arc<Entry>>,
    /// How many older ones are left out.
    pub(super) dropped: u64,
}

/// Reads it.
///
/// # Errors
/// Where the file cannot be read or is no recording.
pub(in crate::ui) fn load(path: &Path) -> Result<Loaded, ReadError> {
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
        while (loaded.entries.len() > ENTRIES || bytes > BYTES)
            && let Some(oldest) = loaded.entries.pop_front()
        {
            bytes -= oldest.size();
            loaded.dropped += 1;
        }
    }
    Ok(loaded)
}
