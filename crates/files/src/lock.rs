//! Lets only one process at a time read a file, change it, and write it back.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::place::{Place, place};

/// A change takes a few milliseconds; a process that holds the lock longer is
/// stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// The interval between attempts to get a lock.
const RETRY: Duration = Duration::from_millis(5);

/// Prevents other Switchboard processes from changing the file until it is
/// dropped.
#[derive(Debug)]
#[must_use = "the lock ends when it is dropped"]
pub struct Lock {
    held: Option<File>,
    /// The lock file next to it, which is removed at the end.
    lock_file: Option<PathBuf>,
}

/// Waits until no other process is changing this file. Only regular files are
/// locked.
///
/// The file itself cannot be locked, because it is replaced. A temporary file
/// next to it is locked instead.
///
/// # Errors
/// If the system refuses, or another process holds the lock for 10 s.
pub fn lock(path: &Path) -> io::Result<Lock> {
    let (target, replaced) = match place(path)? {
        Place::Replace { path, before } => (path, before.is_some()),
        Place::Exchange(path) => (path, true),
        Place::Stream(_) => {
            return Ok(Lock {
                held: None,
                lock_file: None,
            });
        }
    };
    let end = Instant::now() + PATIENCE;
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".lock");
    let lock_file = target.with_file_name(name);
    loop {
        let file = match open(&lock_file) {
            Ok(file) => file,
            // No file can be created in that folder, so the file will be
            // written in place and can be locked itself.
            Err(error) if replaced && cannot_be_made(&error) => {
                let file = File::options().read(true).write(true).open(&target)?;
                wait(&file, end)?;
                return Ok(Lock {
                    held: Some(file),
                    lock_file: None,
                });
            }
            Err(error) => return Err(error),
        };
        wait(&file, end)?;
        // The previous holder may have removed it.
        if is_still(&file, &lock_file)? {
            return Ok(Lock {
                held: Some(file),
                lock_file: Some(lock_file),
            });
        }
    }
}

/// Whether the error means that no files can be created in the folder.
fn cannot_be_made(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn wait(file: &File, end: Instant) -> io::Result<()> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    "another program has been changing it for 10 s",
                ));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(RETRY),
        }
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // The link was created by another user: do not follow or lock it.
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) {
        return Err(io::Error::other(format!(
            "{} is a symbolic link; remove it",
            path.display()
        )));
    }
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Whether this is still the file with that name.
#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((own.dev(), own.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// On other systems the lock file stays: not all of them can remove an open
/// file.
#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

impl Drop for Lock {
    fn drop(&mut self) {
        if cfg!(unix)
            && let Some(lock_file) = &self.lock_file
        {
            // Removed before the lock is released, so that waiting processes
            // notice. A lock file that stays does no harm.
            let _ = fs::remove_file(lock_file);
        }
        self.held.take();
    }
}
