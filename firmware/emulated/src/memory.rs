//! The heap, with its current and maximum usage.
#![expect(unsafe_code, reason = "an allocator hands out memory")]

use core::{
    alloc::{GlobalAlloc, Layout},
    mem::MaybeUninit,
    ptr::addr_of_mut,
};

use embedded_alloc::LlffHeap;
use portable_atomic::{AtomicBool, AtomicUsize, Ordering};

/// Enough for four controllers and two echoes of 64 KiB; the README says how
/// much four controllers need.
const SIZE: usize = 768 * 1_024;

struct Heap {
    inner: LlffHeap,
    most: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap {
    inner: LlffHeap::empty(),
    most: AtomicUsize::new(0),
};

// SAFETY: every call is forwarded to an allocator that upholds the contract.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let place = unsafe { self.inner.alloc(layout) };
        self.most.fetch_max(self.inner.used(), Ordering::Relaxed);
        place
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.inner.dealloc(place, layout) };
    }
}

/// Initializes the heap. Must be called before anything is allocated.
pub(crate) fn init() {
    static mut SPACE: [MaybeUninit<u8>; SIZE] = [MaybeUninit::uninit(); SIZE];
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.swap(true, Ordering::Relaxed) {
        // SAFETY: nothing else refers to `SPACE`, and this is done once.
        unsafe { HEAP.inner.init(addr_of_mut!(SPACE) as usize, SIZE) };
    }
}

/// The usage of the heap, in bytes.
pub(crate) struct Usage {
    pub(crate) free: usize,
    pub(crate) used: usize,
    /// The most that was in use at once.
    pub(crate) most: usize,
}

/// The current usage of the heap.
pub(crate) fn usage() -> Usage {
    let Heap { inner, most } = &HEAP;
    Usage {
        free: inner.free(),
        used: inner.used(),
        most: most.load(Ordering::Relaxed),
    }
}
