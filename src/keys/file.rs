//! Keys in a file that only its owner can read: lines of key text, written whole beside the old file and then put in its place, so that
//! a crash at any moment leaves the old or the new one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Keys, StoreError};

/// The largest file that is read, in bytes: ten thousand keys and room to spare.
const LARGEST: u64 = 4 << 20;

/// The keys in a file; none where it is not there.
///
/// # Errors
/// Where others than its owner can read it, it cannot be read, or a line of it is no key.
pub(super) fn read(path: &Path) -> Result<Keys, StoreError> {
    let at = || path.to_owned();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Keys::default()),
        Err(source) => return Err(StoreError::File { path: at(), source }),
    };
    if is_exposed(&file).map_err(|source| StoreError::File { path: at(), source })? {
        return Err(StoreError::Exposed { path: at() });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST).read_to_string(&mut text).map_err(|source| StoreError::File { path: at(), source })?;
    Keys::from_text(&text).map_err(|source| StoreError::Text { place: path.display().to_string(), source })
}

/// Whether the file could be written now. It stays as it is.
///
/// # Errors
/// As [`read`] and [`write`].
pub(super) fn try_out(path: &Path) -> Result<(), StoreError> {
    read(path)?;
    let failed = |source| StoreError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let tried = path.with_file_name(format!(".keys-try-{}", std::process::id()));
    create(&tried).map_err(failed)?;
    fs::remove_file(&tried).map_err(failed)
}

/// Puts these keys in the place of what the file holds.
///
/// # Errors
/// Where it cannot be written; then it is as it was.
pub(super) fn write(path: &Path, keys: &Keys) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|source| StoreError::File { path: path.to_owned(), source })?;
    }
    write_secret(path, &keys.to_text()).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

/// Writes a text that only the owner of the file can read, instead of what was there.
///
/// # Errors
/// In the system's words; then the file is as it was.
pub(crate) fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    // What a run left that ended in the middle is no use to anybody.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    path.with_file_name(name)
}

/// A new file: nobody can have opened it before, and nobody but its owner can from the start.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Whether others than its owner may read or write it.
#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// On other systems the folder says who may, and that of settings is its user's.
#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}
