//! Adapts a blocking flash driver to the async trait.

use embedded_storage::nor_flash as waiting;
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};

/// A blocking flash driver, such as esp-storage's. No other task runs during an
/// operation.
#[derive(Debug, Clone)]
pub struct Blocking<F>(pub F);

impl<F: waiting::ErrorType> waiting::ErrorType for Blocking<F> {
    type Error = F::Error;
}

impl<F: waiting::ReadNorFlash> ReadNorFlash for Blocking<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: waiting::NorFlash> NorFlash for Blocking<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.0.write(offset, bytes)
    }
}
