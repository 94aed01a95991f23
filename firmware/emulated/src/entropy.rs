//! The machine's source of random numbers (virtio-rng): QEMU hands on the
//! host's own. It is where keys come from; a machine without it cannot be
//! locked.

use virtio_drivers::{
    device::rng::VirtIORng,
    transport::{DeviceType, mmio::MmioTransport},
};

use crate::network::{Memory, find};

/// The source.
pub(crate) struct Entropy(VirtIORng<Memory, MmioTransport<'static>>);

impl Entropy {
    /// The first that the machine has.
    pub(crate) fn find() -> Option<Self> {
        VirtIORng::new(find(DeviceType::EntropySource)?)
            .ok()
            .map(Self)
    }

    /// Fills all of `bytes`; `false` where the device does not.
    pub(crate) fn fill(&mut self, mut bytes: &mut [u8]) -> bool {
        // A device may give less than it was asked for (virtio 1.2, section
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
