//! What a path that is to be written leads to: a file that can be replaced, or
//! something that is written in place.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

/// So many links in a row are followed, as Linux does (`path_resolution(7)`).
const LINKS: usize = 40;

/// What a path leads to.
pub(crate) enum Place {
    /// Nothing yet, or a regular file with no other name: a new file takes its
    /// place.
    Replace {
        /// Where it really is, after all links.
        path: PathBuf,
        /// What is there.
        before: Option<Metadata>,
    },
    /// A regular file that has other names or is open elsewhere: its contents
    /// are exchanged.
    Exchange(PathBuf),
    /// A pipe, a terminal, a device, or standard output: it is written to.
    Stream(PathBuf),
}

/// Opens what is written to. A pipe waits here for its reader.
pub(crate) fn open_stream(path: &Path) -> io::Result<File> {
    match fs::metadata(path).ok().as_ref().and_then(standard_output) {
        Some(output) => Ok(output),
        None => File::options().write(true).open(path),
    }
}

/// Follows a path to what is to be written.
///
/// # Errors
/// If the system refuses, or there is a folder.
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
            "this is a folder; the name of a file is expected",
        ));
    }
    if !before.is_file() || standard_output(&before).is_some() {
        return Ok(Place::Stream(path.to_owned()));
    }
    // One that may not be written is not replaced either.
    File::options().write(true).open(path)?;
    match path.canonicalize() {
        Ok(path) if !has_other_names(&before) && !is_of_a_process(&path) => Ok(Place::Replace {
            path,
            before: Some(before),
        }),
        _ => Ok(Place::Exchange(path.to_owned())),
    }
}

/// Where a file would be created: at the end of links that lead to nothing.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new("")).join(target),
            // It is no link.
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("these links lead in a circle"))
}

/// Whether a file is this process's standard output, under whatever name.
pub fn is_standard_output(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| standard_output(&file).is_some())
}

/// Standard output, if this is it. Opened once more it would have a position of
/// its own, and each would overwrite the other.
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

/// Replaced, it would be another file than its other names.
#[cfg(unix)]
fn has_other_names(file: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(file) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Named through a descriptor of a process, as `/dev/fd/3` is.
fn is_of_a_process(path: &Path) -> bool {
    cfg!(unix) && (path.starts_with("/proc") || path.starts_with("/dev"))
}
