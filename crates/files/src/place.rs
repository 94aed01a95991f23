//! Finds out what a path leads to: a file that can be replaced, or something
//! that is written in place.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

/// How many links in a row are followed, as on Linux (`path_resolution(7)`).
const LINKS: usize = 40;

/// What a path leads to.
pub(crate) enum Place {
    /// Nothing yet, or a regular file with no other name, which a new file can
    /// replace.
    Replace {
        /// The real path, with all links resolved.
        path: PathBuf,
        /// The existing file.
        before: Option<Metadata>,
    },
    /// A regular file that has other names or is open elsewhere: its contents
    /// are replaced.
    Exchange(PathBuf),
    /// A pipe, a terminal, a device, or standard output: it is written to
    /// directly.
    Stream(PathBuf),
}

/// Opens something that is written to directly. For a pipe, this waits for a
/// reader.
pub(crate) fn open_stream(path: &Path) -> io::Result<File> {
    match fs::metadata(path).ok().as_ref().and_then(standard_output) {
        Some(output) => Ok(output),
        None => File::options().write(true).open(path),
    }
}

/// Resolves a path that is about to be written.
///
/// # Errors
/// If the system refuses, or the path is a folder.
pub(crate) fn place(path: &Path) -> io::Result<Place> {
    let before = match fs::metadata(path) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Place::Replace {
                path: end_of_links(path)?,
                before: None,
            });
        }
        Err(error) => return Err(error),
    };
    if before.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "this is a folder; expected a file name",
        ));
    }
    if !before.is_file() || standard_output(&before).is_some() {
        return Ok(Place::Stream(path.to_owned()));
    }
    // Do not replace a file that may not be written.
    File::options().write(true).open(path)?;
    match path.canonicalize() {
        Ok(path) if !has_other_names(&before) && !is_of_a_process(&path) => Ok(Place::Replace {
            path,
            before: Some(before),
        }),
        _ => Ok(Place::Exchange(path.to_owned())),
    }
}

/// Where a file would be created: at the end of a chain of dangling links.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new("")).join(target),
            // Not a link.
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("the links form a loop"))
}

/// Whether a file is this process's standard output, under whatever name.
pub fn is_standard_output(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| standard_output(&file).is_some())
}

/// Standard output, if the file is the same. Opened a second time, it would
/// have its own position, and writes would overwrite each other.
#[cfg(unix)]
fn standard_output(file: &Metadata) -> Option<File> {
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let own = output.metadata().ok()?;
    ((own.dev(), own.ino()) == (file.dev(), file.ino())).then_some(output)
}

#[cfg(not(unix))]
fn standard_output(_: &Metadata) -> Option<File> {
    None
}

/// Replacing such a file would separate it from its other names.
#[cfg(unix)]
fn has_other_names(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Whether the path names a descriptor of a process, as `/dev/fd/3` does.
fn is_of_a_process(path: &Path) -> bool {
    cfg!(unix) && (path.starts_with("/proc") || path.starts_with("/dev"))
}
