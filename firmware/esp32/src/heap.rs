//! The heap: what the boot loader leaves when it is done, and a part of the RAM that the linker hands out. What remains of that
//! is the stack.

/// The boot loader's own memory, free once the program runs.
const RECLAIMED: usize = 64 * 1_024;

/// The sizes that budget.toml reckons with.
const OWN: usize = 96 * 1_024;

/// Makes the heap usable, before anything is allocated.
pub(crate) fn init() {
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED);
    esp_alloc::heap_allocator!(size: OWN);
}

/// How much of it is free now, in bytes.
pub(crate) fn free() -> u32 {
    u32::try_from(esp_alloc::HEAP.free()).unwrap_or(u32::MAX)
}
