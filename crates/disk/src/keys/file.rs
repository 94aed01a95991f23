//! Keys in a file that only its owner can read: one line of key text each.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use files::Access;
use keys::Keys;
use zeroize::Zeroizing;

use super::{StoreError, known::is_missing};

/// The largest file that is read, in bytes: ten thousand keys and room to
/// spare.
const LARGEST: u64 = 4 << 20;

/// The keys in a file; none if it does not exist.
///
/// # Errors
/// If others than its owner can read it, it cannot be read, or a line of it is
/// no key.
pub(super) fn read(path: &Path) -> Result<Keys, StoreError> {
    let failed = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) || is_out_of_reach(path) => return Ok(Keys::default()),
        Err(source) => return Err(failed(source)),
    };
    if is_exposed(&file).map_err(failed)? {
        return Err(StoreError::Exposed {
            path: path.to_owned(),
        });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    from_bytes(&bytes, &path.display().to_string())
}

/// Reads keys as they are in a file or on standard input, with or without a
/// byte order mark. `place` says which, for an error.
///
/// # Errors
/// If a line is no key.
pub fn from_bytes(bytes: &[u8], place: &str) -> Result<Keys, StoreError> {
    let text = files::text(bytes).map_err(|source| StoreError::NotText {
        place: place.to_owned(),
        source,
    })?;
    Keys::from_text(&text).map_err(|source| StoreError::Text {
        place: place.to_owned(),
        source,
    })
}

/// Reads the keys in a file, has them changed, and writes them, while no other
/// process does. `make` says whether anything changed.
///
/// # Errors
/// If it cannot be read or written; then it is as it was.
pub(super) fn change(path: &Path, make: impl FnOnce(&mut Keys) -> bool) -> Result<(), StoreError> {
    let failed = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    files::create_private_folder(path.parent().unwrap_or(Path::new(""))).map_err(failed)?;
    let _lock = files::lock(path).map_err(failed)?;
    let mut keys = read(path)?;
    if make(&mut keys) {
        write_secret(path, &keys.to_text()).map_err(failed)
    } else {
        Ok(())
    }
}

/// Writes a text that only the owner of the file can read, in place of what was
/// there.
///
/// # Errors
/// If the system refuses.
pub fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    files::write(path, text.as_bytes(), Access::Owner)
}

/// Whether this user may not even look into the folder: then it is no home of
/// theirs, and holds no keys of theirs.
fn is_out_of_reach(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Whether others than its owner may read or write it.
#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let file = file.metadata()?;
    // A pipe has one reader, whatever its mode.
    Ok(file.is_file() && file.permissions().mode() & 0o077 != 0)
}

/// On other systems the folder says who may, and that of settings is its
/// user's.
#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}
