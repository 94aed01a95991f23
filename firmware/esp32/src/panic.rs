//! What becomes of a panic: its message on the serial port, then a reset.

use core::{fmt, panic::PanicInfo};

use esp_println::println;

/// The chip cannot go on, and says why.
#[expect(clippy::panic, reason = "only a reset helps, and the message is wanted then")]
pub(crate) fn fail(reason: fmt::Arguments<'_>) -> ! {
    panic!("{reason}")
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    esp_hal::system::software_reset()
}
