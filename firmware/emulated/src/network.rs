//! The network card: an embassy-net driver for virtio-net. It only transfers
//! frames.
#![expect(
    unsafe_code,
    reason = "the card reads and writes this program's memory"
)]

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use core::{alloc::Layout, cell::RefCell, ptr::NonNull, task::Context};

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;
use virtio_drivers::{
    BufferDirection, Hal, PAGE_SIZE, PhysAddr,
    device::net::{RxBuffer, VirtIONet},
    transport::{
        DeviceType,
        mmio::{MmioTransport, VirtIOHeader},
    },
};

use crate::machine;

/// The queue length in each direction, in frames.
const QUEUE: usize = 16;

/// The longest Ethernet frame without its check sequence.
const FRAME: usize = 1_514;

/// The buffer size for a frame: the card's header has 12 bytes, and a buffer
/// needs at least 1,526 bytes in all (virtio 1.2, section 5.1.6.3).
const BUFFER: usize = 1_536;

/// Woken when frames were received or sent.
static WAITING: AtomicWaker = AtomicWaker::new();

/// Handles the interrupt of a virtio device.
pub(crate) fn interrupted() {
    WAITING.wake();
}

type Device = VirtIONet<Memory, MmioTransport<'static>, QUEUE>;

/// The registers of the machine's first device of a type. Must be called only
/// once per type.
pub(crate) fn find(wanted: DeviceType) -> Option<MmioTransport<'static>> {
    // Dropping a transport resets its device, so none is created just to read
    // the type.
    let slot =
        machine::virtio_slots().find(|slot| machine::virtio_device(*slot) == wanted as u32)?;
    let header = NonNull::new(slot as *mut VirtIOHeader)?;
    // SAFETY: each slot of the virt board has these registers, and because this
    // is called once per type, nothing else uses them.
    unsafe { MmioTransport::new(header, machine::SLOT_SIZE) }.ok()
}

/// The network card.
pub(crate) struct Card {
    // The tokens of a received frame and of its response exist at the same
    // time.
    device: RefCell<Device>,
}

impl Card {
    /// Opens the machine's first network card.
    pub(crate) fn find() -> Option<Self> {
        let device = Device::new(find(DeviceType::Network)?, BUFFER).ok()?;
        Some(Self {
            device: RefCell::new(device),
        })
    }

    /// The MAC address.
    pub(crate) fn mac(&self) -> [u8; 6] {
        self.device.borrow().mac_address()
    }
}

impl Driver for Card {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = ToSend<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, ToSend<'_>)> {
        // Registered before the check, so that a frame in between wakes the
        // task.
        WAITING.register(cx.waker());
        let received = self.device.borrow_mut().receive().ok()?;
        Some((
            Received {
                device: &self.device,
                frame: received,
            },
            ToSend {
                device: &self.device,
            },
        ))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<ToSend<'_>> {
        WAITING.register(cx.waker());
        self.device.borrow().can_send().then_some(ToSend {
            device: &self.device,
        })
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        // virtio-drivers does not report the link state.
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities.max_burst_size = Some(QUEUE);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.mac())
    }
}

/// A received frame.
pub(crate) struct Received<'a> {
    device: &'a RefCell<Device>,
    frame: RxBuffer,
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, read: F) -> R {
        let result = read(self.frame.packet_mut());
        // The queue has space, because this buffer was taken from it.
        let _ = self.device.borrow_mut().recycle_rx_buffer(self.frame);
        result
    }
}

/// A slot for a frame to send.
pub(crate) struct ToSend<'a> {
    device: &'a RefCell<Device>,
}

impl TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let mut device = self.device.borrow_mut();
        let mut frame = device.new_tx_buffer(length);
        let result = fill(frame.packet_mut());
        // Waits until QEMU has taken the frame. One that it does not take is
        // lost.
        let _ = device.send(frame);
        result
    }
}

/// Memory shared with devices. The machine has no address translation, so
/// devices use the same addresses.
pub(crate) struct Memory;

fn pages(count: usize) -> Layout {
    match Layout::from_size_align(count * PAGE_SIZE, PAGE_SIZE) {
        Ok(layout) => layout,
        Err(_) => handle_alloc_error(Layout::new::<u8>()),
    }
}

// SAFETY: memory from the heap is zeroed, aligned and unaliased; all addresses
// are physical.
unsafe impl Hal for Memory {
    fn dma_alloc(count: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let layout = pages(count);
        // SAFETY: a queue has at least one page.
        match NonNull::new(unsafe { alloc_zeroed(layout) }) {
            Some(place) => (place.as_ptr() as PhysAddr, place),
            None => handle_alloc_error(layout),
        }
    }

    unsafe fn dma_dealloc(_: PhysAddr, place: NonNull<u8>, count: usize) -> i32 {
        // SAFETY: the caller passes memory from `dma_alloc`.
        unsafe { dealloc(place.as_ptr(), pages(count)) };
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        // Only used for PCI devices, and there are none.
        NonNull::dangling()
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.cast::<u8>().as_ptr() as PhysAddr
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}
