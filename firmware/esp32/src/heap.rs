//! The heap: what the boot loader leaves when it is done, and a part of the RAM
//! that the linker hands out. What remains of that is the stack.

/// The boot loader's own memory, free once the program runs.
const RECLAIMED: usize = 64 * 1_024;

/// With the above, 90 kB for the board with four controllers and 120 kB for the
/// radio and its bursts; budget.toml has it too.
const OWN: usize = 144 * 1_024;

/// Makes the heap usable, before anything is allocated.
pub(crate) fn init() {
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED);
    esp_alloc::heap_allocator!(size: OWN);
}

/// How much of it is free now, in bytes.
pub(crate) fn free() -> u32 {
    u32::try_from(esp_alloc::HEAP.free()).unwrap_or(u32::MAX)
}
