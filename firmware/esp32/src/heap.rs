//! The heap: the boot loader's memory, and a part of the RAM that the linker
//! assigns. `pins` has their sizes.

use crate::pins::{OWN_HEAP, RECLAIMED_HEAP};

/// Makes the heap usable, before anything is allocated.
pub(crate) fn init() {
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: RECLAIMED_HEAP);
    esp_alloc::heap_allocator!(size: OWN_HEAP);
}

/// The free heap in bytes.
pub(crate) fn free() -> u32 {
    u32::try_from(esp_alloc::HEAP.free()).unwrap_or(u32::MAX)
}
