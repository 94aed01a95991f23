//! The heap: the boot loader's memory, and a part of the RAM that the linker
//! assigns. The rest of that RAM is the stack.

/// The boot loader's own memory, free once the program runs.
const RECLAIMED: usize = 64 * 1_024;

/// Together with the above: 90 kB for the board with four controllers, 120 kB
/// for the radio and its bursts. Also in budget.toml.
const OWN: usize = 144 * 1_024;

/// Makes the heap usable, before anything is allocated.
pub(crate) fn init() {
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED);
    esp_alloc::heap_allocator!(size: OWN);
}

/// The free heap in bytes.
pub(crate) fn free() -> u32 {
    u32::try_from(esp_alloc::HEAP.free()).unwrap_or(u32::MAX)
}
