//! The ids of boards for which this computer has had a key or a password.
//! Contains no secrets. It ensures that a locked board does not look like an
//! open one when the keychain does not respond, is locked, or is missing.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use files::Access;

/// The file's name in the settings folder.
const NAME: &str = "locked-boards";

/// The first line of the file, for people who open it.
const HEAD: &str = "# Boards that this computer has a key for. Nothing is sent to them in plain \
     text; \"switchboard keys forget ID\" ends that.";

/// The largest file that is read; a bound against other files.
const LARGEST: usize = 4 << 20;

/// The ids in this folder's file; none if the file does not exist.
///
/// # Errors
/// If the file exists and cannot be read.
pub(super) fn read(folder: &Path) -> io::Result<BTreeSet<String>> {
    let bytes = match fs::read(path(folder)) {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let text = files::text(bytes.get(..LARGEST).unwrap_or(&bytes)).map_err(io::Error::other)?;
    let lines = text.lines().map(str::trim);
    Ok(lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

/// Adds these ids.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn add<'a>(folder: &Path, ids: impl Iterator<Item = &'a str> + Clone) -> io::Result<()> {
    // Usually nothing is new, so nothing is locked or written.
    let known = read(folder)?;
    if ids.clone().all(|id| known.contains(id)) {
        return Ok(());
    }
    change(folder, |known| known.extend(ids.map(str::to_owned)))
}

/// Removes an id; returns whether it was there.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn remove(folder: &Path, id: &str) -> io::Result<bool> {
    if !read(folder)?.contains(id) {
        return Ok(false);
    }
    change(folder, |known| {
        known.remove(id);
    })?;
    Ok(true)
}

fn change(folder: &Path, make: impl FnOnce(&mut BTreeSet<String>)) -> io::Result<()> {
    files::create_private_folder(folder)?;
    let path = path(folder);
    let _lock = files::lock(&path)?;
    let mut known = read(folder)?;
    make(&mut known);
    let mut text = format!("{HEAD}\n").into_bytes();
    for id in known {
        writeln!(text, "{id}")?;
    }
    files::write(&path, &text, Access::Owner)
}

fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Whether the file does not exist; it cannot exist if the home folder is not a
/// folder.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
