//! A test double of the boot loader in an ESP32's ROM and of the stub that
//! flashing programs load into its RAM. It has no port: bytes go in, bytes come
//! out.
//!
//! Written from [Espressif's description of the
//! protocol](https://docs.espressif.com/projects/esptool/en/latest/esp32c3/advanced-topics/serial-protocol.html).
//! It fails where its [`Fault`] says.

mod slip;

use std::{collections::VecDeque, io::Write};

use flate2::write::ZlibDecoder;
use md5::{Digest, Md5};

use slip::Frames;

/// The largest flash that can be asked for.
const MOST_FLASH: usize = 32 << 20;

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    Nothing,
    /// It never responds: not in download mode.
    Silent,
    /// It runs its program, which prints lines.
    RunsItsProgram,
    /// The flash does not respond.
    NoFlash,
    /// The stub does not start.
    NoStub,
    /// It refuses to erase.
    RefusesToErase,
    /// It refuses a block of data, counted from 0.
    RefusesBlock(usize),
    /// It stops responding at a block of data.
    HangsAtBlock(usize),
    /// The cable is pulled at a block of data.
    UnpluggedAtBlock(usize),
    /// One bit at this address is stored wrongly.
    FlipsBitAt(usize),
    /// The cable is pulled before it has verified.
    UnpluggedAtVerification,
}

/// A chip.
#[derive(Debug, Clone, Copy)]
pub struct Chip {
    /// The chip's id, `esp_chip_id_t`: 5 is ESP32-C3, 13 ESP32-C6.
    pub id: u32,
    /// The size of its flash as a power of two: 22 is 4 MB.
    pub flash: u8,
    /// Flags of its security: 1 is secure boot.
    pub security: u32,
    /// What goes wrong.
    pub fault: Fault,
}

impl Default for Chip {
    fn default() -> Self {
        Self {
            id: 5,
            flash: 22,
            security: 0,
            fault: Fault::Nothing,
        }
    }
}

/// The boot loader.
pub struct BootLoader {
    chip: Chip,
    frames: Frames,
    stub: bool,
    flash: Vec<u8>,
    /// What the next reads of registers return.
    registers: VecDeque<u32>,
    at: usize,
    unpacking: Option<ZlibDecoder<Vec<u8>>>,
    blocks: usize,
    unplugged: bool,
    started: bool,
}

/// A command: its number, and its data.
struct Command<'a> {
    number: u8,
    data: &'a [u8],
}

impl Command<'_> {
    /// A word of the data; 0 if it is too short.
    fn word(&self, index: usize) -> u32 {
        self.data
            .chunks_exact(4)
            .nth(index)
            .and_then(|word| word.try_into().ok())
            .map_or(0, u32::from_le_bytes)
    }

    fn position(&self, index: usize) -> usize {
        usize::try_from(self.word(index)).unwrap_or(usize::MAX)
    }

    /// The data of a block, behind its header of four words.
    fn block(&self) -> &[u8] {
        let rest = self.data.get(16..).unwrap_or_default();
        &rest[..self.position(0).min(rest.len())]
    }
}

impl BootLoader {
    /// A chip whose flash is full of zeros, unlike an erased one.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        let size = 1_usize.checked_shl(chip.flash.into()).unwrap_or(MOST_FLASH);
        Self {
            chip,
            frames: Frames::default(),
            stub: false,
            flash: vec![0; size.min(MOST_FLASH)],
            registers: VecDeque::new(),
            at: 0,
            unpacking: None,
            blocks: 0,
            unplugged: false,
            started: false,
        }
    }

    /// Returns to the boot loader, as a reset while BOOT is held does. The
    /// flash stays.
    pub fn enter(&mut self) {
        let flash = std::mem::take(&mut self.flash);
        *self = Self {
            flash,
            ..Self::new(self.chip)
        };
    }

    /// What it responds to these bytes.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut responses = Vec::new();
        for frame in self.frames.of(bytes) {
            // Direction, number, size, checksum.
            if let (Some(0), Some(&number), Some(data)) =
                (frame.first(), frame.get(1), frame.get(8..))
                && !self.unplugged
            {
                responses.extend(self.respond(&Command { number, data }));
            }
        }
        responses
    }

    /// What it prints on its own, if it runs its program.
    #[must_use]
    pub fn prints(&self) -> &'static [u8] {
        match self.chip.fault {
            Fault::RunsItsProgram => {
                b"ESP-ROM:esp32c3-api1-20210207\r\nboot:0xc (SPI_FAST_FLASH_BOOT)\r\n"
            }
            _ => b"",
        }
    }

    /// Its flash.
    #[must_use]
    pub fn flash(&self) -> &[u8] {
        &self.flash
    }

    /// Whether the cable is pulled: the port is gone.
    #[must_use]
    pub fn is_unplugged(&self) -> bool {
        self.unplugged
    }

    /// Whether it has left the boot loader and runs the firmware.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.started
    }

    fn respond(&mut self, command: &Command<'_>) -> Vec<u8> {
        if matches!(self.chip.fault, Fault::Silent | Fault::RunsItsProgram) {
            return Vec::new();
        }
        match command.number {
            // SYNC: eight responses.
            0x08 => (0..8).flat_map(|_| self.done(command, 0, &[])).collect(),
            // GET_SECURITY_INFO
            0x14 => {
                let mut info = [0; 20];
                info[..4].copy_from_slice(&self.chip.security.to_le_bytes());
                info[12..16].copy_from_slice(&self.chip.id.to_le_bytes());
                self.done(command, 0, &info)
            }
            // WRITE_REG
            0x09 => {
                self.write_register(command.word(1));
                self.done(command, 0, &[])
            }
            // READ_REG
            0x0a => {
                let value = self.registers.pop_front().unwrap_or(0);
                self.done(command, value, &[])
            }
            // MEM_END: starts the stub.
            0x06 => {
                let mut response = self.done(command, 0, &[]);
                if self.chip.fault != Fault::NoStub {
                    self.stub = true;
                    response.extend(slip::frame(b"OHAI"));
                }
                response
            }
            // FLASH_BEGIN, FLASH_DEFL_BEGIN
            0x02 | 0x10 => {
                self.at = command.position(3);
                self.unpacking = (command.number == 0x10).then(|| ZlibDecoder::new(Vec::new()));
                self.done(command, 0, &[])
            }
            // FLASH_DATA, FLASH_DEFL_DATA
            0x03 | 0x11 => self.block(command),
            // SPI_FLASH_MD5
            0x13 => self.digest(command),
            // ERASE_FLASH
            0xd0 if self.chip.fault == Fault::RefusesToErase => self.failed(command),
            0xd0 => {
                self.flash.fill(0xff);
                self.done(command, 0, &[])
            }
            // RUN_USER_CODE: no response.
            0xd3 => {
                self.started = true;
                Vec::new()
            }
            // MEM_BEGIN, MEM_DATA, SPI_SET_PARAMS, SPI_ATTACH,
            // CHANGE_BAUDRATE, FLASH_END, FLASH_DEFL_END
            0x05 | 0x07 | 0x0b | 0x0d | 0x0f | 0x04 | 0x12 => self.done(command, 0, &[]),
            _ => self.failed(command),
        }
    }

    /// A command for the flash is run by setting a bit of a register. The
    /// program then reads this register, until the bit is clear, and the
    /// answer.
    fn write_register(&mut self, value: u32) {
        const RUN: u32 = 1 << 18;
        if value == RUN {
            let id = match self.chip.fault {
                Fault::NoFlash => 0xff_ffff,
                _ => u32::from(self.chip.flash) << 16 | 0x40ef,
            };
            self.registers.extend([0, id]);
        }
    }

    fn block(&mut self, command: &Command<'_>) -> Vec<u8> {
        let number = self.blocks;
        self.blocks += 1;
        match self.chip.fault {
            Fault::RefusesBlock(at) if at == number => return self.failed(command),
            Fault::HangsAtBlock(at) if at <= number => return Vec::new(),
            Fault::UnpluggedAtBlock(at) if at == number => {
                self.unplugged = true;
                return Vec::new();
            }
            _ => {}
        }
        let unpacked = match &mut self.unpacking {
            None => command.block().to_vec(),
            Some(unpacking) => {
                let written = unpacking
                    .write_all(command.block())
                    .and_then(|()| unpacking.flush());
                if written.is_err() {
                    return self.failed(command);
                }
                std::mem::take(unpacking.get_mut())
            }
        };
        let end = (self.at + unpacked.len()).min(self.flash.len());
        if let Some(place) = self.flash.get_mut(self.at..end) {
            place.copy_from_slice(&unpacked[..place.len()]);
            if let Fault::FlipsBitAt(at) = self.chip.fault
                && (self.at..end).contains(&at)
            {
                self.flash[at] ^= 1;
            }
        }
        self.at = end;
        self.done(command, 0, &[])
    }

    fn digest(&mut self, command: &Command<'_>) -> Vec<u8> {
        if self.chip.fault == Fault::UnpluggedAtVerification {
            self.unplugged = true;
            return Vec::new();
        }
        let end = command.position(0).saturating_add(command.position(1));
        match self.flash.get(command.position(0)..end) {
            Some(part) => self.done(command, 0, &Md5::digest(part)),
            None => self.failed(command),
        }
    }

    fn done(&self, command: &Command<'_>, value: u32, data: &[u8]) -> Vec<u8> {
        self.response(command, value, data, [0, 0])
    }

    /// Error 6: the ROM failed to act on a message.
    fn failed(&self, command: &Command<'_>) -> Vec<u8> {
        self.response(command, 0, &[], [1, 6])
    }

    fn response(&self, command: &Command<'_>, value: u32, data: &[u8], status: [u8; 2]) -> Vec<u8> {
        let mut body = data.to_vec();
        body.extend(status);
        // The ROM's status has two more bytes than the stub's.
        if !self.stub {
            body.extend([0, 0]);
        }
        let mut response = vec![1, command.number];
        response.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
        response.extend(value.to_le_bytes());
        response.extend(body);
        slip::frame(&response)
    }
}
