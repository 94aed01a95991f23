//! The board core on an emulated RISC-V machine. Initializes the machine and
//! starts the tasks that run on it.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "the flash is taken once")]

extern crate alloc;

mod chance;
mod console;
mod cost;
mod entropy;
mod flash;
mod hardware;
mod machine;
mod memory;
mod network;
mod plan;
mod serial;
mod slot;
mod time;
mod wave;

use alloc::{boxed::Box, format, string::ToString};
use core::{
    fmt::{self, Write},
    net::SocketAddr,
    panic::PanicInfo,
};

use embassy_executor::{Executor, Spawner};
use embedded::{AnnounceEvent, Buffers, Service, Task};
use protocol::{Epoch, Level};
use riscv::interrupt::machine::Interrupt;
use serde_json::json;
use server::{EmbassyClock, ServerSettings, Shared};

use chance::Chance;
use entropy::Entropy;
use flash::Flash;
use hardware::Bench;
use network::Card;
use slot::Slot;

/// The board, shared by the tasks.
type Board = Shared<Bench, EmbassyClock>;

/// The storage, shared by the tasks.
type SavedState = embedded::SavedState<Flash>;

const SERVICE: Service = Service {
    port: 80,
    buffers: BUFFERS,
    settings: &SETTINGS,
};

const BUFFERS: Buffers = Buffers {
    receive: 2_048,
    send: 2_048,
};

static SETTINGS: ServerSettings = ServerSettings {
    socket_buffers: BUFFERS.receive + BUFFERS.send,
    ..ServerSettings::for_controllers(protocol::limits::CONTROLLERS)
};

const SOCKETS: usize = embedded::sockets(&ServerSettings::for_controllers(
    protocol::limits::CONTROLLERS,
));

#[riscv_rt::entry]
fn main() -> ! {
    memory::init();
    machine::enable_serial();
    machine::enable_interrupts();
    Box::leak(Box::new(Executor::new())).run(start)
}

fn start(spawner: Spawner) {
    let spawn = |task: Task| match run(task) {
        Ok(task) => spawner.spawn(task),
        Err(error) => fail(&error.to_string()),
    };
    let Some(card) = Card::find() else {
        fail("the machine has no network card: -device virtio-net-device")
    };
    let mut chance = Chance::of_this_boot();
    let slot = Slot::boot();
    let plan = plan::plan(card.mac(), slot.version());
    let seed = chance.next();
    let stack = Service::start_network::<_, SOCKETS>(card, &plan.identity.id, seed, spawn);
    let epoch = Epoch((chance.next() >> 32) as u32);
    // SAFETY: this is called once, at boot.
    let flash = unsafe { Flash::take() };
    let (saved, loaded) =
        embassy_futures::block_on(SavedState::open(flash, Some(Flash::STORAGE), report));
    let saved: &'static SavedState = Box::leak(Box::new(saved));
    let board: &'static Board = match Shared::new(
        plan,
        &loaded.retained,
        epoch,
        Bench::new(slot, machine::take_reset_reason(), Entropy::find()),
        EmbassyClock::start(),
    ) {
        Ok(board) => Box::leak(Box::new(board)),
        Err(error) => fail(&error.to_string()),
    };
    let on_event = |event| match event {
        AnnounceEvent::Address(address) => print_address(&board.identity(), address),
        AnnounceEvent::NoAddress => {}
        AnnounceEvent::Failed(error) => print_error(&format!("mDNS: {error}")),
    };
    SERVICE.start(stack, board, chance, on_event, spawn);
    let has_network = loaded.wifi.is_some();
    spawn(Box::pin(serial::run(board, stack, saved, has_network)));
    spawn(Box::pin(saved.keep(board)));
}

/// Spawns one of the tasks above.
#[embassy_executor::task(pool_size = 6)]
async fn run(task: Task) {
    task.await;
}

/// Prints an error of the storage.
fn report(level: Level, message: fmt::Arguments<'_>) {
    if matches!(level, Level::Error | Level::Warn) {
        print_error(&message.to_string());
    }
}

fn print_error(error: &str) {
    console::print(&json!({ "error": error }));
}

fn print_address(identity: &board::Identity, address: SocketAddr) {
    console::print(&json!({
        "id": identity.id,
        "name": identity.name,
        "address": address.to_string(),
        "after_ms": embassy_time::Instant::now().as_millis(),
    }));
}

#[riscv_rt::core_interrupt(Interrupt::MachineTimer)]
fn timer_interrupt() {
    time::expired();
}

#[riscv_rt::core_interrupt(Interrupt::MachineExternal)]
fn external_interrupt() {
    machine::for_each_external(|external| match external {
        machine::External::Serial => console::interrupted(),
        machine::External::Virtio => network::interrupted(),
    });
}

/// Prints why the machine cannot run, and exits.
fn fail(reason: &str) -> ! {
    let _ = writeln!(console::Serial, "{reason}");
    machine::exit(1)
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(console::Serial, "{info}");
    machine::exit(101)
}
