//! Keys in a file that only its owner can read, one per line.

use std::{fs, io, path::Path};

use files::Access;
use keys::Keys;
use zeroize::Zeroizing;

use super::{StoreError, known::is_missing};

/// The largest key file, in bytes: enough for ten thousand keys.
const LARGEST: u64 = 4 << 20;

/// The keys in a file; none if it does not exist.
///
/// # Errors
/// If users other than its owner can read it, it cannot be read, or a line is
/// not a key.
pub(super) fn read(path: &Path) -> Result<Keys, StoreError> {
    let failed = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    let bytes = match files::read_private(path, LARGEST) {
        Ok(Some(bytes)) => Zeroizing::new(bytes),
        Ok(None) => {
            return Err(StoreError::Exposed {
                path: path.to_owned(),
            });
        }
        Err(error) if is_missing(&error) || is_out_of_reach(path) => return Ok(Keys::default()),
        Err(source) => return Err(failed(source)),
    };
    from_bytes(&bytes, &path.display().to_string())
}

/// Parses keys from a file or standard input, with or without a byte order
/// mark. `place` names the source in errors.
///
/// # Errors
/// If a line is not a key.
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

/// Reads the keys in a file, changes them, and writes them back while no other
/// process does. `make` returns whether anything changed.
///
/// # Errors
/// If the file cannot be read or written; it is then unchanged.
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

/// Writes a text to a file that only its owner can read, replacing the file.
///
/// # Errors
/// If the system refuses.
pub fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    files::write(path, text.as_bytes(), Access::Owner)
}

/// Whether this user may not access the folder: then it is not this user's home
/// and contains none of their keys.
fn is_out_of_reach(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
