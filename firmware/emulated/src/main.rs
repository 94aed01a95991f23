//! The board core on an emulated RISC-V machine. Brings the machine up and
//! starts what runs on it; decides nothing about the board.
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
use core::{fmt::Write, net::SocketAddr, panic::PanicInfo};

use embassy_executor::{Executor, SpawnError, SpawnToken, Spawner};
use embassy_net::{Runner, Stack, StackResources};
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, mutex::Mutex};
use embedded::{Buffers, Dialer, Listener, News};
use protocol::Epoch;
use riscv::interrupt::machine::Interrupt;
use serde_json::json;
use server::{EmbassyClock, ServerSettings, Shared};
use storage::{Blocking, Found};

use chance::Chance;
use entropy::Entropy;
use flash::Flash;
use hardware::Bench;
use network::Card;
use slot::Slot;

/// The board as its tasks share it.
type Board = Shared<Bench, EmbassyClock>;

/// What the board keeps without power.
type Storage = storage::Storage<Blocking<Flash>>;

/// As the tasks that write to it share it.
type SharedStorage = Mutex<CriticalSectionRawMutex, Storage>;

/// Where it is served.
const PORT: u16 = 80;

const BUFFERS: Buffers = Buffers {
    receive: 2_048,
    send: 2_048,
};

const SETTINGS: ServerSettings = ServerSettings {
    socket_buffers: BUFFERS.receive + BUFFERS.send,
    ..ServerSettings::for_controllers(protocol::limits::CONTROLLERS)
};

#[riscv_rt::entry]
fn main() -> ! {
    memory::init();
    machine::enable_serial();
    machine::enable_interrupts();
    Box::leak(Box::new(Executor::new())).run(start)
}

fn start(spawner: Spawner) {
    let Some(card) = Card::find() else {
        fail("the machine has no network card: -device virtio-net-device")
    };
    let mut chance = Chance::of_this_boot();
    let slot = Slot::boot();
    let plan = plan::plan(card.mac(), slot.version());
    let resources = Box::leak(Box::new(
        StackResources::<{ embedded::sockets(&SETTINGS) }>::new(),
    ));
    let (stack, runner) = embassy_net::new(
        card,
        embedded::config(&plan.identity.id),
        resources,
        chance.next(),
    );
    let epoch = Epoch((chance.next() >> 32) as u32);
    let mut storage = open_storage();
    let retained = embassy_futures::block_on(storage.retained()).unwrap_or_else(|error| {
        say_error(&error.to_string());
        Default::default()
    });
    let board: &'static Board = match Shared::new(
        plan,
        &retained,
        epoch,
        Bench::new(slot, machine::take_reset_reason(), Entropy::find()),
        EmbassyClock::start(),
    ) {
        Ok(board) => Box::leak(Box::new(board)),
        Err(error) => fail(&error.to_string()),
    };
    spawn(spawner, network(runner));
    spawn(spawner, serve(stack, board));
    spawn(spawner, call(stack, board));
    spawn(spawner, answer(stack, board, chance));
    let storage: &'static SharedStorage = Box::leak(Box::new(Mutex::new(storage)));
    spawn(spawner, serial(board, stack, storage));
    spawn(spawner, keep(board, storage));
}

fn open_storage() -> Storage {
    // SAFETY: this is called once, at boot.
    let flash = Blocking(unsafe { Flash::take() });
    match embassy_futures::block_on(Storage::open(flash, Flash::STORAGE)) {
        Ok((storage, found)) => {
            if !matches!(found, Found::Nothing | Found::Entries) {
                say_error(&format!(
                    "what is in the flash counts as nothing: {found:?}"
                ));
            }
            storage
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn say_error(error: &str) {
    console::say(&json!({ "error": error }));
}

fn spawn<S>(spawner: Spawner, task: Result<SpawnToken<S>, SpawnError>) {
    match task {
        Ok(task) => spawner.spawn(task),
        Err(error) => fail(&error.to_string()),
    }
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Card>) -> ! {
    runner.run().await
}

/// Serves the board; it ends when the machine is reset.
#[embassy_executor::task]
async fn serve(stack: Stack<'static>, board: &'static Board) {
    let listener = Listener::new(stack, PORT, embedded::connections(&SETTINGS), BUFFERS);
    server::serve(&listener, board, &SETTINGS).await;
}

/// Makes the calls that it was told to make.
#[embassy_executor::task]
async fn call(stack: Stack<'static>, board: &'static Board) -> ! {
    server::run_outbound(&Dialer::new(stack, BUFFERS), board).await
}

/// Announces the board whenever it has an address, and answers for it.
#[embassy_executor::task]
async fn answer(stack: Stack<'static>, board: &'static Board, chance: Chance) {
    let tell = |news| match news {
        News::Address(address) => say_where(&board.identity(), address),
        News::NoAddress => {}
        News::Failed(error) => say_error(&format!("mDNS: {error:?}")),
    };
    embedded::announce(stack, PORT, board, chance, tell).await;
}

fn say_where(identity: &board::Identity, address: SocketAddr) {
    console::say(&json!({
        "id": identity.id,
        "name": identity.name,
        "address": address.to_string(),
        "after_ms": embassy_time::Instant::now().as_millis(),
    }));
}

/// Keeps what the board hands out. A machine that is reset meanwhile has lost
/// its power.
#[embassy_executor::task]
async fn keep(board: &'static Board, storage: &'static SharedStorage) -> ! {
    board
        .keep(async |unsaved| {
            let saved = storage.lock().await.save(unsaved).await;
            saved.inspect_err(|error| say_error(&error.to_string()))
        })
        .await
}

#[embassy_executor::task]
async fn serial(board: &'static Board, stack: Stack<'static>, storage: &'static SharedStorage) {
    serial::run(board, stack, storage).await;
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

/// Says why the machine cannot go on, and ends it.
fn fail(reason: &str) -> ! {
    let _ = writeln!(console::Serial, "{reason}");
    machine::exit(1)
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(console::Serial, "{info}");
    machine::exit(101)
}
