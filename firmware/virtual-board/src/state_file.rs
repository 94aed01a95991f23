//! A NOR flash in a file, as large as the settings partition of a chip with
//! ESP-IDF's defaults. Each write goes to the file at once, so that ending this
//! program is like cutting a chip's power. The file contains keys, so only its
//! owner can read it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Six sectors of 4 KiB.
pub(crate) const SIZE: u32 = 6 * 4_096;

/// The file, locked against other programs.
pub(crate) struct StateFile(File);

/// An error of the file.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct FileError(#[from] io::Error);

impl StateFile {
    /// Opens or creates the file. If it is too short, it is extended with
    /// erased flash.
    ///
    /// # Errors
    /// I/O errors, and if another program has opened the file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            files::create_private_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        // Earlier versions created a file that everyone could read.
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
