//! How much of the main task's stack was never used: painted at boot, looked at
//! later. The radio's tasks have stacks of their own, from the heap.
#![expect(unsafe_code, reason = "a stack is memory that nobody names")]

use core::ptr::{addr_of, read_volatile, write_volatile};

/// Nothing that a program would write by chance, again and again.
const PAINT: u32 = 0x5b5b_a7a7;

/// Where esp-hal keeps its guard word; a write there is taken for an overflow.
const GUARD: usize = 128;

/// What is left alone above, for the frames that are there while painting.
const FRAMES: usize = 1_024;

unsafe extern "C" {
    static _stack_end_cpu0: u32;
}

fn bottom() -> usize {
    // Only its address is taken: the linker's name for the stack's lower end.
    addr_of!(_stack_end_cpu0) as usize + GUARD
}

/// Paints what is free. To be called once, at boot.
pub(crate) fn paint() {
    let here = 0_u32;
    let top = addr_of!(here) as usize - FRAMES;
    for address in (bottom()..top).step_by(4) {
        // SAFETY: below every frame that is in use, above the guard: nobody's
        // memory. It is aligned as the stack's end is.
        unsafe { write_volatile(address as *mut u32, PAINT) };
    }
}

/// The least that was ever free, in bytes.
pub(crate) fn least_free() -> u32 {
    let here = 0_u32;
    let top = addr_of!(here) as usize;
    // SAFETY: the stack of the task that runs this, from its end to its top.
    let used = (bottom()..top)
        .step_by(4)
        .take_while(|address| unsafe { read_volatile(*address as *const u32) } == PAINT);
    u32::try_from(used.count() * 4).unwrap_or(u32::MAX)
}
