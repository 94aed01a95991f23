//! A NOR flash in a file, as large as the settings of a chip with ESP-IDF's
//! usual partitions. Each write reaches the file at once, so that the end of
//! this program at any moment is what a cut is to a chip. What the computer has
//! not written when its own power goes is the computer's. It holds keys: it is
//! for its owner alone.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Six sectors of 4 KiB.
pub(crate) const SIZE: u32 = 6 * 4_096;

/// The file; nobody else may open it meanwhile.
pub(crate) struct StateFile(File);

/// Why the file does not do what a flash does.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct FileError(#[from] io::Error);

impl StateFile {
    /// Opens the file, or makes it. What it is short of is erased flash.
    ///
    /// # Errors
    /// As the system has them, and where another program has opened it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            files::create_private_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        // One of an earlier version is for everybody to read.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::ResourceBusy, "another program has opened it")
            }
            TryLockError::Error(error) => error,
        })?;
        let length = file.seek(SeekFrom::End(0))?;
        if let Ok(missing) = usize::try_from(u64::from(SIZE).saturating_sub(length)) {
            file.write_all(&vec![0xff; missing])?;
        }
        Ok(Self(file))
    }

    fn seek(&mut self, offset: u32) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset.into())).map(drop)
    }
}

impl NorFlashError for FileError {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for StateFile {
    type Error = FileError;
}

impl ReadNorFlash for StateFile {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FileError> {
        self.seek(offset)?;
        Ok(self.0.read_exact(bytes)?)
    }

    fn capacity(&self) -> usize {
        SIZE as usize
    }
}

impl NorFlash for StateFile {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4_096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FileError> {
        self.seek(from)?;
        for _ in (from..to).step_by(Self::ERASE_SIZE) {
            self.0.write_all(&[0xff; Self::ERASE_SIZE])?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FileError> {
        self.seek(offset)?;
        Ok(self.0.write_all(bytes)?)
    }
}
