//! How much of the main task's stack was never used: it is painted at boot and
//! inspected later. The radio's tasks have stacks of their own, on the heap.
#![expect(unsafe_code, reason = "a stack is memory that nobody names")]

use core::ptr::{addr_of, read_volatile, write_volatile};

/// A pattern that a program is unlikely to write repeatedly.
const PAINT: u32 = 0x5b5b_a7a7;

/// The offset of esp-hal's guard word; a write there counts as an overflow.
const GUARD: usize = 128;

/// The unpainted top, for the frames that are in use while painting.
const FRAMES: usize = 1_024;

unsafe extern "C" {
    static _stack_end_cpu0: u32;
}

fn bottom() -> usize {
    // The linker's symbol for the lower end; only its address is used.
    addr_of!(_stack_end_cpu0) as usize + GUARD
}

/// Paints the free stack. Has to be called once, at boot.
pub(crate) fn paint() {
    let here = 0_u32;
    let top = addr_of!(here) as usize - FRAMES;
    for address in (bottom()..top).step_by(4) {
        // SAFETY: below every frame in use and above the guard, so nothing else
        // uses this memory. It is aligned because the stack's end is.
        unsafe { write_volatile(address as *mut u32, PAINT) };
    }
}

/// The smallest free stack since boot, in bytes.
pub(crate) fn least_free() -> u32 {
    let here = 0_u32;
    let top = addr_of!(here) as usize;
    // SAFETY: this is the stack of the task that runs this function.
    let used = (bottom()..top)
        .step_by(4)
        .take_while(|address| unsafe { read_volatile(*address as *const u32) } == PAINT);
    u32::try_from(used.count() * 4).unwrap_or(u32::MAX)
}
