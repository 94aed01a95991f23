//! The machine: the addresses of the devices of QEMU's virt board
//! (hw/riscv/virt.c), interrupts, exit and reset. Other modules drive the
//! devices.
#![expect(unsafe_code, reason = "registers are memory")]

use core::ptr::{read_volatile, write_volatile};

use protocol::ResetReason;
use riscv::interrupt::machine::Interrupt;

/// A device of one word: a write to it ends or resets the machine.
const TEST_DEVICE: usize = 0x0010_0000;
/// The real-time clock: nanoseconds since 1970.
const CLOCK: usize = 0x0010_1000;
/// The timer: its count and its compare register.
const CLINT: usize = 0x0200_0000;
/// The interrupt controller.
const PLIC: usize = 0x0c00_0000;
/// The serial port, an NS16550A.
const UART: usize = 0x1000_0000;
/// The first of eight slots for virtio devices.
const VIRTIO: usize = 0x1000_1000;

/// A word of RAM outside of the linker's memory (memory.x), which a reset
/// preserves: whether the board reset itself.
const RESET_MARK: usize = 0x8040_8000;
const ITSELF: u32 = 0x5357_5253;

/// The distance between two virtio slots.
pub(crate) const SLOT_SIZE: usize = 0x1000;
/// The number of slots; each has the interrupt of its number, counted from 1.
const SLOTS: u32 = 8;
/// The serial port's interrupt.
const UART_INTERRUPT: u32 = 10;

/// Ticks of [`ticks`] per second.
pub(crate) const TICKS_PER_SECOND: u64 = 10_000_000;

fn read(address: usize) -> u32 {
    // SAFETY: every address here is an aligned 32-bit register of the virt
    // board, or RAM beyond memory.x, which this program does not use otherwise.
    unsafe { read_volatile(address as *const u32) }
}

fn write(address: usize, value: u32) {
    // SAFETY: as in `read`.
    unsafe { write_volatile(address as *mut u32, value) }
}

fn read_byte(address: usize) -> u8 {
    // SAFETY: as in `read`; these registers are bytes.
    unsafe { read_volatile(address as *const u8) }
}

fn write_byte(address: usize, value: u8) {
    // SAFETY: as in `read_byte`.
    unsafe { write_volatile(address as *mut u8, value) }
}

/// Exits QEMU with this status.
pub(crate) fn exit(status: u16) -> ! {
    // hw/misc/sifive_test.c: 0x5555 is success; 0x3333 is failure, and its
    // status is in the upper half.
    let word = if status == 0 {
        0x5555
    } else {
        0x3333 | u32::from(status) << 16
    };
    write(TEST_DEVICE, word);
    stop()
}

/// Resets the machine.
pub(crate) fn reset() -> ! {
    write(RESET_MARK, ITSELF);
    write(TEST_DEVICE, 0x7777);
    stop()
}

/// Why the machine started. Must be called only once.
pub(crate) fn take_reset_reason() -> ResetReason {
    let mark = read(RESET_MARK);
    write(RESET_MARK, 0);
    if mark == ITSELF {
        ResetReason::Software
    } else {
        ResetReason::PowerOn
    }
}

fn stop() -> ! {
    loop {
        riscv::asm::wfi();
    }
}

/// Nanoseconds since 1970. Used as a random seed: no two boots have the same.
pub(crate) fn nanoseconds() -> u64 {
    // The lower half first: reading it latches the upper half.
    let low = read(CLOCK);
    let high = read(CLOCK + 4);
    u64::from(high) << 32 | u64::from(low)
}

/// The timer's count, ten million per second since the start of the machine.
pub(crate) fn ticks() -> u64 {
    const LOW: usize = CLINT + 0xbff8;
    loop {
        let high = read(LOW + 4);
        let low = read(LOW);
        if read(LOW + 4) == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// The timer's interrupt is pending from this count on.
pub(crate) fn interrupt_at(ticks: u64) {
    const LOW: usize = CLINT + 0x4000;
    let [a, b, c, d, e, f, g, h] = ticks.to_be_bytes();
    let [high, low] = [[a, b, c, d], [e, f, g, h]].map(u32::from_be_bytes);
    // The privileged architecture, "Machine Timer Registers": no intermediate
    // value may be less than both the old and the new one.
    write(LOW, u32::MAX);
    write(LOW + 4, high);
    write(LOW, low);
}

/// Enables the interrupts of the timer, the serial port and all virtio slots.
pub(crate) fn enable_interrupts() {
    let mut enabled = 0;
    for interrupt in [UART_INTERRUPT].into_iter().chain(1..=SLOTS) {
        write(PLIC + 4 * interrupt as usize, 1);
        enabled |= 1 << interrupt;
    }
    write(PLIC + 0x2000, enabled);
    write(PLIC + 0x20_0000, 0);
    // SAFETY: the handlers are linked (main.rs), and this is called only at
    // boot, when no critical section is active.
    unsafe {
        riscv::interrupt::enable_interrupt(Interrupt::MachineTimer);
        riscv::interrupt::enable_interrupt(Interrupt::MachineExternal);
        riscv::interrupt::enable();
    }
}

/// The source of an external interrupt.
pub(crate) enum External {
    /// The serial port received bytes.
    Serial,
    /// A virtio device has an event.
    Virtio,
}

/// Handles each external interrupt that is pending.
pub(crate) fn for_each_external(mut handle: impl FnMut(External)) {
    const CLAIM: usize = PLIC + 0x20_0004;
    loop {
        match read(CLAIM) {
            0 => return,
            interrupt => {
                if interrupt == UART_INTERRUPT {
                    handle(External::Serial);
                } else {
                    acknowledge_virtio(interrupt as usize - 1);
                    handle(External::Virtio);
                }
                write(CLAIM, interrupt);
            }
        }
    }
}

/// The addresses of the virtio slots.
pub(crate) fn virtio_slots() -> impl Iterator<Item = usize> {
    (0..SLOTS as usize).map(|slot| VIRTIO + slot * SLOT_SIZE)
}

/// The device type in a slot (virtio 1.2, section 5); 0 if it is empty. Reading
/// it has no side effects.
pub(crate) fn virtio_device(slot: usize) -> u32 {
    read(slot + 0x8)
}

/// Virtio 1.2, section 4.2.2: the pending bits are acknowledged by writing them
/// back.
fn acknowledge_virtio(slot: usize) {
    let device = VIRTIO + slot * SLOT_SIZE;
    write(device + 0x64, read(device + 0x60));
}

/// Enables the serial port's receive interrupt.
pub(crate) fn enable_serial() {
    const FIFO: usize = UART + 2;
    const INTERRUPTS: usize = UART + 1;
    write_byte(FIFO, 1);
    write_byte(INTERRUPTS, 1);
}

/// A received byte.
pub(crate) fn serial_input() -> Option<u8> {
    const LINE_STATUS: usize = UART + 5;
    (read_byte(LINE_STATUS) & 1 != 0).then(|| read_byte(UART))
}

/// Sends a byte, once there is space for it.
pub(crate) fn serial_output(byte: u8) {
    const LINE_STATUS: usize = UART + 5;
    while read_byte(LINE_STATUS) & 0x20 == 0 {}
    write_byte(UART, byte);
}
