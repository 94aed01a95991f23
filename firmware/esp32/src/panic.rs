//! Handles a panic: prints its message on the serial port, stores it in memory
//! that a reset does not clear, and resets the chip. The next run reports it.

use alloc::{string::String, vec::Vec};
use core::{
    fmt::{self, Write},
    panic::PanicInfo,
};

use embedded::panic_report::{PanicReport, stored};
use esp_println::println;
use portable_atomic::{AtomicU8, AtomicU32, Ordering};

/// The longest message that is stored, in bytes.
const LONGEST: usize = 256;

/// Marks a stored message; memory is unlikely to contain it after power-on.
const STORED: u32 = 0x9a41_c0de;

#[esp_hal::ram(unstable(rtc_fast, persistent))]
static STATE: AtomicU32 = AtomicU32::new(0);
#[esp_hal::ram(unstable(rtc_fast, persistent))]
static LENGTH: AtomicU32 = AtomicU32::new(0);
#[esp_hal::ram(unstable(rtc_fast, persistent))]
static MESSAGE: [AtomicU8; LONGEST] = [const { AtomicU8::new(0) }; LONGEST];

/// Takes the message of a panic in the previous run, and prints it: the run
/// itself may have ended before the port was read.
pub(crate) fn take_last() -> Option<String> {
    if STATE.swap(0, Ordering::Relaxed) != STORED {
        return None;
    }
    let length = usize::try_from(LENGTH.load(Ordering::Relaxed))
        .ok()?
        .min(LONGEST);
    let bytes: Vec<u8> = MESSAGE[..length]
        .iter()
        .map(|byte| byte.load(Ordering::Relaxed))
        .collect();
    let message = stored(&bytes);
    println!("the previous run panicked: {message}");
    Some(message)
}

/// Panics because the chip cannot run.
#[expect(
    clippy::panic,
    reason = "only a reset helps, and the message is wanted then"
)]
pub(crate) fn fail(reason: fmt::Arguments<'_>) -> ! {
    panic!("{reason}")
}

/// Writes as much of a message as fits.
struct Memory(usize);

impl Write for Memory {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (place, byte) in MESSAGE.iter().skip(self.0).zip(text.bytes()) {
            place.store(byte, Ordering::Relaxed);
            self.0 += 1;
        }
        Ok(())
    }
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let mut memory = Memory(0);
    PanicReport::with(info, |report| {
        println!("panicked: {report}");
        let _ = write!(memory, "{report}");
    });
    LENGTH.store(
        u32::try_from(memory.0).unwrap_or_default(),
        Ordering::Relaxed,
    );
    STATE.store(STORED, Ordering::Relaxed);
    esp_hal::system::software_reset()
}
