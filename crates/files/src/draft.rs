//! Writes a file to a temporary file next to it, which then replaces it. After
//! a crash, the file has either its old or its new contents.

use std::{
    fs::{self, File, Metadata},
    io::{self, BufWriter, Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tempfile::{Builder, NamedTempFile};

use crate::place::{Place, open_stream, place};

/// An older temporary file was left behind by a process that crashed while
/// writing.
const LEFT_OVER: Duration = Duration::from_secs(600);

/// The suffix of temporary files.
const ENDING: &str = ".new";

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The same users as before; a new file gets its mode from the umask.
    AsBefore,
    /// Only its owner, even if others could read it before.
    Owner,
}

/// Writes a whole file.
///
/// # Errors
/// If the system refuses. The previous contents are then kept, unless the file
/// could only be written in place.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut draft = Draft::create(path, access)?;
    draft.write_all(bytes)?;
    draft.finish()
}

/// Opens a file that others can read while it is being written. Its previous
/// contents are discarded immediately.
///
/// # Errors
/// If the system refuses.
pub fn stream(path: &Path) -> io::Result<File> {
    match place(path)? {
        Place::Stream(path) => open_stream(&path),
        Place::Replace { path, .. } | Place::Exchange(path) => File::create(path),
    }
}

/// A file that is being written. [`Draft::finish`] puts it in place; if it is
/// dropped earlier, nothing changes.
#[derive(Debug)]
pub struct Draft {
    out: BufWriter<Out>,
}

#[derive(Debug)]
enum Out {
    Temporary {
        temporary: NamedTempFile,
        target: PathBuf,
        exists: bool,
    },
    /// The contents of a regular file that has to be written in place, once
    /// they are complete.
    Exchange {
        target: File,
        bytes: Vec<u8>,
    },
    Stream(File),
}

impl Draft {
    /// Starts writing a file.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn create(path: &Path, access: Access) -> io::Result<Self> {
        let out = match place(path)? {
            Place::Stream(path) => Out::Stream(open_stream(&path)?),
            Place::Exchange(path) => exchange(&path, access)?,
            Place::Replace { path, before } => match temporary_file(&path, before.as_ref(), access)
            {
                Ok(temporary) => Out::Temporary {
                    temporary,
                    target: path,
                    exists: before.is_some(),
                },
                // No file can be created in the folder, or none with the same
                // owner: write the file itself.
                Err(_) if before.is_some() => exchange(&path, access)?,
                Err(error) => return Err(error),
            },
        };
        Ok(Self {
            out: BufWriter::new(out),
        })
    }

    /// Moves the file into place and waits until it is on disk.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(self) -> io::Result<()> {
        match self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
        {
            Out::Stream(mut file) => file.flush(),
            Out::Exchange { mut target, bytes } => fill(&mut target, &bytes),
            Out::Temporary {
                temporary,
                target,
                exists,
            } => {
                temporary.as_file().sync_all()?;
                match temporary.persist(&target) {
                    Ok(_) => Ok(()),
                    // A file that is a mount point cannot be replaced.
                    Err(refused) if exists => {
                        let mut bytes = Vec::new();
                        let mut temporary = refused.file;
                        temporary.rewind()?;
                        temporary.read_to_end(&mut bytes)?;
                        let mut file = File::options()
                            .write(true)
                            .open(&target)
                            .map_err(|_| refused.error)?;
                        fill(&mut file, &bytes)
                    }
                    Err(refused) => Err(refused.error),
                }
            }
        }
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary { temporary, .. } => temporary.write(bytes),
            Self::Exchange { bytes: all, .. } => all.write(bytes),
            Self::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary { temporary, .. } => temporary.flush(),
            Self::Exchange { .. } => Ok(()),
            Self::Stream(file) => file.flush(),
        }
    }
}

fn exchange(path: &Path, access: Access) -> io::Result<Out> {
    let target = File::options().write(true).open(path)?;
    #[cfg(unix)]
    if access == Access::Owner {
        target.set_permissions(owner_only())?;
    }
    #[cfg(not(unix))]
    let _ = access;
    Ok(Out::Exchange {
        target,
        bytes: Vec::new(),
    })
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new file in the same folder with an unpredictable name, and the owner and
/// mode of the existing file.
fn temporary_file(
    path: &Path,
    before: Option<&Metadata>,
    access: Access,
) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Most file systems limit names to 255 bytes.
    let prefix: String = std::iter::once('.')
        .chain(name.chars().take(50))
        .chain(['.'])
        .collect();
    remove_left_over(folder, &prefix);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(ENDING).rand_bytes(12);
    #[cfg(unix)]
    if access == Access::AsBefore && before.is_none() {
        // The umask is applied to it.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(folder)?;
    if let Some(before) = before {
        make_alike(temporary.as_file(), before, access)?;
    }
    Ok(temporary)
}

#[cfg(unix)]
fn owner_only() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o600)
}

#[cfg(unix)]
fn make_alike(file: &File, before: &Metadata, access: Access) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (before.uid(), before.gid()) {
        fchown(file, Some(before.uid()), Some(before.gid()))?;
    }
    match access {
        Access::AsBefore => file.set_permissions(fs::Permissions::from_mode(
            before.permissions().mode() & 0o7777,
        )),
        Access::Owner => file.set_permissions(owner_only()),
    }
}

#[cfg(not(unix))]
fn make_alike(file: &File, before: &Metadata, _: Access) -> io::Result<()> {
    file.set_permissions(before.permissions())
}

/// Removes temporary files that crashed processes left behind.
fn remove_left_over(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(prefix) && name.ends_with(ENDING));
        let old = |file: Metadata| {
            let age = file
                .modified()
                .ok()
                .and_then(|at| SystemTime::now().duration_since(at).ok());
            file.is_file() && age.is_some_and(|age| age > LEFT_OVER)
        };
        if ours && fs::symlink_metadata(entry.path()).is_ok_and(old) {
            // A failure only wastes disk space.
            let _ = fs::remove_file(entry.path());
        }
    }
}
