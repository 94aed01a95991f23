//! The chip's flash, shared by the tasks that use it. `partitions.csv` says
//! what is where.

use alloc::boxed::Box;
use core::{cell::RefCell, fmt, ops::Range};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use esp_bootloader_esp_idf::{
    ota::Ota,
    ota_updater::OtaUpdater,
    partitions::{
        self, AppPartitionSubType, Error, PARTITION_TABLE_MAX_LEN, PartitionEntry, PartitionType,
    },
};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError};

/// The flash.
#[derive(Clone, Copy)]
pub(crate) struct Flash(&'static RefCell<FlashStorage<'static>>);

/// An error of the flash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlashError(FlashStorageError);

impl Flash {
    pub(crate) fn new(part: FLASH<'static>) -> Self {
        Self(Box::leak(Box::new(RefCell::new(FlashStorage::new(part)))))
    }

    /// The address range of the partition with this name; `None` if it does
    /// not exist or the table cannot be read.
    pub(crate) fn partition(self, name: &str) -> Option<Range<u32>> {
        let mut buffer = Box::new([0; PARTITION_TABLE_MAX_LEN]);
        let table =
            partitions::read_partition_table(&mut self.0.borrow_mut(), &mut buffer[..]).ok()?;
        let entry = table.iter().find(|entry| entry.label_as_str() == name)?;
        Some(entry.offset()..entry.offset().checked_add(entry.len())?)
    }

    /// The running firmware's partition, and the two partitions for firmware.
    pub(crate) fn app_partitions(self) -> Option<(Range<u32>, Range<u32>, Range<u32>)> {
        let mut buffer = Box::new([0; PARTITION_TABLE_MAX_LEN]);
        let table =
            partitions::read_partition_table(&mut self.0.borrow_mut(), &mut buffer[..]).ok()?;
        let range =
            |entry: PartitionEntry| Some(entry.offset()..entry.offset().checked_add(entry.len())?);
        let partition = |which| range(table.find_partition(PartitionType::App(which)).ok()??);
        let running = range(table.booted_partition().ok()??)?;
        Some((
            running,
            partition(AppPartitionSubType::Ota0)?,
            partition(AppPartitionSubType::Ota1)?,
        ))
    }

    /// Gives access to the OTA data, which records the image to boot.
    ///
    /// # Errors
    /// If there is no record, or the flash fails.
    pub(crate) fn record<R>(
        self,
        work: impl FnOnce(&mut Ota<'_, 'static>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut buffer = Box::new([0; PARTITION_TABLE_MAX_LEN]);
        let mut flash = self.0.borrow_mut();
        let mut updater = OtaUpdater::new(&mut flash, &mut buffer)?;
        work(&mut updater.ota_data()?)
    }
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            FlashStorageError::IoError => "an operation failed",
            FlashStorageError::IoTimeout => "an operation timed out",
            FlashStorageError::CantUnlock => "it cannot be unlocked",
            FlashStorageError::NotAligned => "an address is not aligned",
            FlashStorageError::OutOfBounds => "an address is beyond its end",
            FlashStorageError::NotSupported => "an operation is not supported",
            FlashStorageError::Other(code) => return write!(f, "error {code}"),
            _ => "another error",
        })
    }
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self.0 {
            FlashStorageError::NotAligned => NorFlashErrorKind::NotAligned,
            FlashStorageError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.0
            .borrow_mut()
            .read_nor(offset, bytes)
            .map_err(FlashError)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4_096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.0.borrow_mut().erase(from, to).map_err(FlashError)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.0
            .borrow_mut()
            .write_nor(offset, bytes)
            .map_err(FlashError)
    }
}
