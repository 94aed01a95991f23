//! Makes erasing a sector safe against power loss. A partly erased sector may
//! look as if it were in use or full, and sequential-storage would then restore
//! its outdated contents or repair itself with what is left of them. Therefore
//! the first sector of the storage is a journal, which records each erasure
//! before it starts and after it is done. An erasure that is not recorded as
//! done is repeated when the storage is opened.

use core::ops::Range;

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A flash that completes interrupted erasures.
#[derive(Debug)]
pub(crate) struct Journal<F> {
    flash: F,
    /// The journal's sector.
    sector: Range<u32>,
    /// The address of the next record.
    next: u32,
}

/// The size of the buffer for one word of the flash; sequential-storage does
/// not support longer words.
const WORD: usize = 32;

/// An erased word.
const BLANK: [u8; WORD] = [0xff; WORD];

/// Written after a record once its sector is erased. Any zero bit counts.
const DONE: [u8; WORD] = [0; WORD];

impl<F: NorFlash> Journal<F> {
    /// The size of a record: a word for the sector to erase and a word that
    /// marks it as done.
    const NOTE: u32 = 2 * Self::word();

    #[expect(
        clippy::cast_possible_truncation,
        reason = "words and sectors of a flash fit its 32-bit addresses"
    )]
    const fn word() -> u32 {
        let word = if F::WRITE_SIZE > F::READ_SIZE {
            F::WRITE_SIZE
        } else {
            F::READ_SIZE
        };
        // A sector number takes four bytes.
        if word < 4 { 4 } else { word as u32 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "as in `word`")]
    const fn sector_size() -> u32 {
        F::ERASE_SIZE as u32
    }

    /// Opens a flash with its journal in the first sector of `range`. Repeats
    /// an erasure that a power loss interrupted, unless the sector holds
    /// another program's data.
    pub(crate) async fn open(flash: F, range: &Range<u32>) -> Result<Self, F::Error> {
        let sector = range.start..range.start + Self::sector_size();
        let mut journal = Self {
            next: sector.end,
            flash,
            sector,
        };
        let mut last = None;
        for at in
            (journal.sector.start..=journal.sector.end - Self::NOTE).step_by(Self::NOTE as usize)
        {
            let note = journal.read_word(at).await?;
            let is_done = journal.read_word(at + Self::word()).await? != BLANK;
            if note == BLANK && !is_done {
                journal.next = journal.next.min(at);
            } else if journal.next < at {
                // A record after a blank one: the journal itself was being
                // erased, and no other sector at that time.
                journal.next = journal.sector.end;
                return Ok(journal);
            } else {
                last = Some((at, note, is_done));
            }
        }
        if let Some((at, note, false)) = last
            && let Some(number) = number_of(&note).filter(|number| *number > 0)
            && let erased = range.start + number.saturating_mul(Self::sector_size())
            && erased < range.end
        {
            journal
                .flash
                .erase(erased, erased + Self::sector_size())
                .await?;
            journal.write_word(at + Self::word(), &DONE).await?;
        }
        Ok(journal)
    }

    /// Returns the flash.
    pub(crate) fn into_flash(self) -> F {
        self.flash
    }

    /// Erases the journal itself. A power loss leaves only records that are
    /// invalid or done.
    pub(crate) async fn forget(&mut self) -> Result<(), F::Error> {
        self.flash.erase(self.sector.start, self.sector.end).await?;
        self.next = self.sector.start;
        Ok(())
    }

    async fn read_word(&mut self, at: u32) -> Result<[u8; WORD], F::Error> {
        let mut word = BLANK;
        if let Some(bytes) = word.get_mut(..Self::word() as usize) {
            self.flash.read(at, bytes).await?;
        }
        Ok(word)
    }

    async fn write_word(&mut self, at: u32, word: &[u8; WORD]) -> Result<(), F::Error> {
        match word.get(..Self::word() as usize) {
            Some(bytes) => self.flash.write(at, bytes).await,
            None => Ok(()),
        }
    }

    async fn erase_sector(&mut self, at: u32) -> Result<(), F::Error> {
        if self.next + Self::NOTE > self.sector.end {
            self.forget().await?;
        }
        let note = self.next;
        self.next += Self::NOTE;
        self.write_word(note, &noted((at - self.sector.start) / Self::sector_size()))
            .await?;
        self.flash.erase(at, at + Self::sector_size()).await?;
        self.write_word(note + Self::word(), &DONE).await
    }
}

/// The record for the sector with this number: the number and its complement. A
/// power loss leaves some bits at 1 that should be 0, and then the two do not
/// match.
fn noted(number: u32) -> [u8; WORD] {
    let mut word = BLANK;
    let [low, high, ..] = number.to_le_bytes();
    for (byte, value) in word.iter_mut().zip([low, high, !low, !high]) {
        *byte = value;
    }
    word
}

fn number_of(note: &[u8; WORD]) -> Option<u32> {
    let [low, high, not_low, not_high, ..] = *note;
    (not_low == !low && not_high == !high).then_some(u32::from_le_bytes([low, high, 0, 0]))
}

impl<F: ErrorType> ErrorType for Journal<F> {
    type Error = F::Error;
}

impl<F: NorFlash> ReadNorFlash for Journal<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.flash.read(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> NorFlash for Journal<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        for at in (from..to).step_by(F::ERASE_SIZE) {
            self.erase_sector(at).await?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, bytes).await
    }
}
