//! Reads and writes files safely. Every file that Switchboard's programs save
//! goes through this crate: a file is replaced as a whole or not at all, links
//! are followed, modes are kept, and files with secrets are readable by their
//! owner only.
//!
//! Knows nothing about the contents of files.

mod draft;
mod lock;
mod place;
mod text;

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

pub use draft::{Access, Draft, stream, write};
pub use lock::{Lock, lock};
pub use place::is_standard_output;
pub use text::{NotText, text};

/// Reads a file of at most `most` bytes; `None` if it is larger. Goes by what
/// is read, because a pipe or a device has no length.
///
/// # Errors
/// If the system refuses.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(most.saturating_add(1));
    file.read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Creates a folder and its parents. New folders are accessible only to their
/// owner; existing ones stay as they are.
///
/// # Errors
/// If the system refuses.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates an empty file that grows, such as a recording.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is one already, which stays as it
/// is; and whatever the system refuses.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).open(path)
}

/// Creates a file that only its owner can read, with these bytes.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is one already, which stays as it
/// is; and whatever the system refuses.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a secret is of no use; the error says why it is missing.
        let _ = fs::remove_file(path);
    }
    written
}

/// Reads a file with a secret, of at most `most` bytes; `None` if users other
/// than its owner may read or write it. On other systems than Unix the folder
/// determines access, and the settings folder belongs to its user.
///
/// # Errors
/// If the system refuses, and [`io::ErrorKind::FileTooLarge`].
pub fn read_private(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    if is_exposed(&file)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let problem = format!("the file is larger than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(Some(bytes))
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let file = file.metadata()?;
    // A pipe has only one reader, regardless of its mode.
    Ok(file.is_file() && file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}
