//! Simulates the ESP32's NOR flash: sectors of 4 KiB, words of 4 bytes, and
//! bits that only change from 1 to 0 until their sector is erased. Its power
//! can be cut before or during any step, which writes one word or erases one
//! sector.

use std::{cell::RefCell, ops::Range, rc::Rc};

use board::{Retained, Unsaved};
use embassy_futures::block_on;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use switchboard_storage::{Blocking, Found, Storage};

pub(crate) const SECTOR: usize = 4_096;
pub(crate) const WORD: usize = 4;

/// The state of the step at which the power is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Torn {
    /// It was not started.
    Not,
    /// Its first half is done.
    FirstHalf,
    /// Its second half is done.
    SecondHalf,
    /// Some of its bits have changed.
    SomeBits,
}

pub(crate) const ALL_TORN: [Torn; 4] =
    [Torn::Not, Torn::FirstHalf, Torn::SecondHalf, Torn::SomeBits];

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) bytes: Vec<u8>,
    /// The number of erasures of each sector.
    pub(crate) erased: Vec<u32>,
    /// The number of words written and sectors erased.
    pub(crate) steps: u64,
    /// The step at which the power is cut.
    cut: Option<(u64, Torn)>,
    dead: bool,
}

/// The chip; a clone is the same chip.
#[derive(Debug, Clone)]
pub(crate) struct Chip(pub(crate) Rc<RefCell<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPower;

impl NorFlashError for NoPower {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Chip {
    pub(crate) fn new(sectors: usize) -> Self {
        Self::with(vec![0xff; sectors * SECTOR])
    }

    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        let erased = vec![0; bytes.len() / SECTOR];
        Self(Rc::new(RefCell::new(State {
            bytes,
            erased,
            steps: 0,
            cut: None,
            dead: false,
        })))
    }

    /// Another chip with the same contents.
    pub(crate) fn copy(&self) -> Self {
        Self::with(self.0.borrow().bytes.clone())
    }

    pub(crate) fn steps(&self) -> u64 {
        self.0.borrow().steps
    }

    /// Cuts the power after this many more steps; the next one is not done, or
    /// only in part.
    pub(crate) fn cut_after(&self, steps: u64, torn: Torn) {
        let mut state = self.0.borrow_mut();
        state.cut = Some((state.steps + steps, torn));
    }

    pub(crate) fn power_on(&self) {
        let mut state = self.0.borrow_mut();
        (state.cut, state.dead) = (None, false);
    }

    pub(crate) fn open(&self) -> (Storage<Blocking<Self>>, Found) {
        let range = 0..u32::try_from(self.0.borrow().bytes.len()).unwrap();
        block_on(Storage::open(Blocking(self.clone()), range)).unwrap()
    }

    /// Opens the storage and reads its entries.
    pub(crate) fn read_back(&self) -> Vec<Retained> {
        block_on(self.open().0.retained()).unwrap()
    }
}

impl State {
    /// One step: changes the bytes of `range` to those of `becomes`, unless the
    /// power is cut.
    fn step(
        &mut self,
        range: Range<usize>,
        becomes: impl Fn(u8, usize) -> u8,
    ) -> Result<(), NoPower> {
        if self.dead {
            return Err(NoPower);
        }
        let torn = self
            .cut
            .filter(|(at, _)| *at == self.steps)
            .map(|(_, torn)| torn);
        let half = range.len() / 2;
        for (at, byte) in self.bytes[range].iter_mut().enumerate() {
            let done = becomes(*byte, at);
            *byte = match torn {
                None => done,
                Some(Torn::FirstHalf) if at < half => done,
                Some(Torn::SecondHalf) if at >= half => done,
                // The bits of a step do not change simultaneously.
                Some(Torn::SomeBits) => (*byte & 0x5a) | (done & !0x5a),
                Some(_) => *byte,
            };
        }
        self.dead = torn.is_some();
        self.steps += 1;
        if self.dead { Err(NoPower) } else { Ok(()) }
    }
}

impl ErrorType for Chip {
    type Error = NoPower;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NoPower> {
        let (state, at) = (self.0.borrow(), offset as usize);
        assert!(
            at.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD),
            "{offset:#x} {}",
            bytes.len()
        );
        if state.dead {
            return Err(NoPower);
        }
        bytes.copy_from_slice(&state.bytes[at..at + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NoPower> {
        let mut state = self.0.borrow_mut();
        for sector in (from as usize..to as usize).step_by(SECTOR) {
            assert!(sector.is_multiple_of(SECTOR) && sector + SECTOR <= to as usize);
            state.step(sector..sector + SECTOR, |_, _| 0xff)?;
            state.erased[sector / SECTOR] += 1;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NoPower> {
        let (mut state, offset) = (self.0.borrow_mut(), offset as usize);
        assert!(
            offset.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD),
            "{offset:#x} {}",
            bytes.len()
        );
        for (number, word) in bytes.chunks(WORD).enumerate() {
            let at = offset + number * WORD;
            assert!(
                state.dead || state.bytes[at..at + WORD] == [0xff; WORD],
                "{at:#x} is written twice"
            );
            state.step(at..at + WORD, |byte, at| byte & word[at])?;
        }
        Ok(())
    }
}

pub(crate) fn entry(key: &str, value: &str) -> Retained {
    Retained {
        key: key.parse().unwrap(),
        value: value.into(),
    }
}

pub(crate) fn write(entries: &[Retained]) -> Unsaved {
    Unsaved::Write(entries.to_vec())
}
