//! The machine: where QEMU's virt board has its devices (hw/riscv/virt.c), and
//! how it is ended or started again. What the devices do is in the files that
//! drive them.
#![expect(unsafe_code, reason = "registers are memory")]

use core::ptr::{read_volatile, write_volatile};

use protocol::ResetReason;
use riscv::interrupt::machine::Interrupt;

/// A device of one word: writing ends the machine, or starts it again.
const TEST_DEVICE: usize = 0x0010_0000;
/// Nanoseconds since 1970, as the computer has it.
const CLOCK: usize = 0x0010_1000;
/// The timer: its count and what it is compared with.
const CLINT: usize = 0x0200_0000;
/// The interrupt controller.
const PLIC: usize = 0x0c00_0000;
/// The serial port, an NS16550A.
const UART: usize = 0x1000_0000;
/// The first of eight slots for virtio devices.
const VIRTIO: usize = 0x1000_1000;

/// A word of RAM that the linker does not know (memory.x) and a reset leaves as
/// it is: whether the board reset itself.
const RESET_MARK: usize = 0x8040_8000;
const ITSELF: u32 = 0x5357_5253;

/// From one virtio slot to the next.
pub(crate) const SLOT_SIZE: usize = 0x1000;
/// How many there are; each has the interrupt of its number, counted from 1.
const SLOTS: u32 = 8;
/// The serial port's interrupt.
const UART_INTERRUPT: u32 = 10;

/// Ticks of [`ticks`] a second.
pub(crate) const TICKS_PER_SECOND: u64 = 10_000_000;

fn read(address: usize) -> u32 {
    // SAFETY: every address here is a 32-bit register of the virt board, or RAM
    // beyond memory.x, aligned; nothing of this program is there.
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

/// Ends the machine: QEMU exits with this status.
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

/// Starts the machine again, as its reset button would.
pub(crate) fn reset() -> ! {
    write(RESET_MARK, ITSELF);
    write(TEST_DEVICE, 0x7777);
    stop()
}

/// Why the machine started; to be called once.
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

/// Nanoseconds since 1970. It is chance here: no two boots have the same.
pub(crate) fn nanoseconds() -> u64 {
    // The lower half first: reading it keeps the upper half.
    let low = read(CLOCK);
    let high = read(CLOCK + 4);
    u64::from(high) << 32 | u64::from(low)
}

/// The timer's count, ten million a second from the start of the machine on.
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
    // The privileged architecture, "Machine Timer Registers": no moment in
    // between may be earlier than both.
    write(LOW, u32::MAX);
    write(LOW + 4, high);
    write(LOW, low);
}

/// Lets the interrupts of the timer, the serial port and all virtio slots
/// through.
pub(crate) fn enable_interrupts() {
    let mut enabled = 0;
    for interrupt in [UART_INTERRUPT].into_iter().chain(1..=SLOTS) {
        write(PLIC + 4 * interrupt as usize, 1);
        enabled |= 1 << interrupt;
    }
    write(PLIC + 0x2000, enabled);
    write(PLIC + 0x20_0000, 0);
    // SAFETY: the handlers are linked (main.rs), and no critical section is
    // open at boot, when alone this is called.
    unsafe {
        riscv::interrupt::enable_interrupt(Interrupt::MachineTimer);
        riscv::interrupt::enable_interrupt(Interrupt::MachineExternal);
        riscv::interrupt::enable();
    }
}

/// What an external interrupt is about.
pub(crate) enum External {
    /// Bytes have come in at the serial port.
    Serial,
    /// A virtio device has done something.
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

/// Where the virtio slots are.
pub(crate) fn virtio_slots() -> impl Iterator<Item = usize> {
    (0..SLOTS as usize).map(|slot| VIRTIO + slot * SLOT_SIZE)
}

/// What is in a slot, as a number of virtio 1.2, section 5; 0 in an empty one.
/// Reading it changes nothing.
pub(crate) fn virtio_device(slot: usize) -> u32 {
    read(slot + 0x8)
}

/// Virtio 1.2, section 4.2.2: what is read as pending is written back.
fn acknowledge_virtio(slot: usize) {
    let device = VIRTIO + slot * SLOT_SIZE;
    write(device + 0x64, read(device + 0x60));
}

/// The serial port interrupts when bytes come in.
pub(crate) fn enable_serial() {
    const FIFO: usize = UART + 2;
    const INTERRUPTS: usize = UART + 1;
    write_byte(FIFO, 1);
    write_byte(INTERRUPTS, 1);
}

/// A byte that has come in.
pub(crate) fn serial_input() -> Option<u8> {
    const LINE_STATUS: usize = UART + 5;
    (read_byte(LINE_STATUS) & 1 != 0).then(|| read_byte(UART))
}

/// Sends a byte, once there is room for it.
pub(crate) fn serial_output(byte: u8) {
    const LINE_STATUS: usize = UART + 5;
    while read_byte(LINE_STATUS) & 0x20 == 0 {}
    write_byte(UART, byte);
}
