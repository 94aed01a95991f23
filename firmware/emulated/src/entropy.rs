//! The machine's source of random numbers (virtio-rng), which QEMU takes from
//! the host. Keys are generated from it; a machine without it cannot be locked.

use virtio_drivers::{
    device::rng::VirtIORng,
    transport::{DeviceType, mmio::MmioTransport},
};

use crate::network::{Memory, find};

/// The random number generator.
pub(crate) struct Entropy(VirtIORng<Memory, MmioTransport<'static>>);

impl Entropy {
    /// Opens the machine's first device of this type.
    pub(crate) fn find() -> Option<Self> {
        VirtIORng::new(find(DeviceType::EntropySource)?)
            .ok()
            .map(Self)
    }

    /// Fills all of `bytes`; `false` if the device fails.
    pub(crate) fn fill(&mut self, mut bytes: &mut [u8]) -> bool {
        // A device may return fewer bytes than requested (virtio 1.2, section
        // 5.4.6.1).
        while !bytes.is_empty() {
            match self.0.request_entropy(bytes) {
                Ok(given) if (1..=bytes.len()).contains(&given) => bytes = &mut bytes[given..],
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }
}
