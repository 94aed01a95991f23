//! The board core on an emulated RISC-V machine. Brings the machine up and starts what runs on it; decides nothing about the board.
#![no_std]
#![no_main]

extern crate alloc;

mod chance;
mod console;
mod hardware;
mod listener;
mod machine;
mod memory;
mod network;
mod plan;
mod time;

use alloc::{boxed::Box, string::ToString};
use core::{fmt::Write, net::SocketAddr, panic::PanicInfo};

use edge_nal::UdpSplit;
use edge_nal_embassy::{Udp, UdpBuffers};
use embassy_executor::{Executor, SpawnError, SpawnToken, Spawner};
use embassy_futures::select::{Either, select};
use embassy_net::{Config, DhcpConfig, Runner, Stack, StackResources};
use protocol::Epoch;
use riscv::interrupt::machine::Interrupt;
use serde_json::json;
use server::{EmbassyClock, Settings, Shared};

use chance::Chance;
use hardware::Bench;
use listener::Listener;
use network::Card;

/// The board as its tasks share it.
type Board = Shared<Bench, EmbassyClock>;

/// Where it is served.
const PORT: u16 = 80;

const SETTINGS: Settings = Settings::for_controllers(protocol::limits::CONTROLLERS);

/// The server's connections, and two that are on their way out.
const CONNECTIONS: usize = SETTINGS.connections + 2;

/// All sockets of the network: those of the port, mDNS, DHCP.
const SOCKETS: usize = CONNECTIONS + listener::KNOCKING + 2;

#[riscv_rt::entry]
fn main() -> ! {
    memory::init();
    machine::enable_serial();
    machine::enable_interrupts();
    Box::leak(Box::new(Executor::new())).run(start)
}

fn start(spawner: Spawner) {
    let Some(card) = Card::find() else { fail("the machine has no network card: -device virtio-net-device") };
    let mut chance = Chance::of_this_boot();
    let plan = plan::plan(card.mac());
    let mut dhcp = DhcpConfig::default();
    dhcp.hostname = plan.identity.id.as_str().try_into().ok();
    let resources = Box::leak(Box::new(StackResources::<SOCKETS>::new()));
    let (stack, runner) = embassy_net::new(card, Config::dhcpv4(dhcp), resources, chance.next());
    let epoch = Epoch((chance.next() >> 32) as u32);
    let board: &'static Board = match Shared::new(plan, epoch, Bench::default(), EmbassyClock::start()) {
        Ok(board) => Box::leak(Box::new(board)),
        Err(error) => fail(&error.to_string()),
    };
    spawn(spawner, network(runner));
    spawn(spawner, serve(stack, board));
    spawn(spawner, answer(stack, board, chance));
    spawn(spawner, serial(board));
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
    let listener = Listener::new(stack, PORT, CONNECTIONS);
    server::serve(&listener, board, &SETTINGS).await;
}

/// Announces the board whenever it has an address, and answers for it.
#[embassy_executor::task]
async fn answer(stack: Stack<'static>, board: &'static Board, mut chance: Chance) {
    let buffers = Box::new(UdpBuffers::<1, 1_472, 4_416, 8>::new());
    loop {
        stack.wait_config_up().await;
        let Some(address) = stack.config_v4().map(|config| config.address.address()) else { continue };
        let identity = board.identity();
        let reached = SocketAddr::from((address, PORT));
        say_where(&identity, reached);
        let udp = Udp::new(stack, &*buffers);
        let responding = async {
            let mut socket = edge_mdns::io::bind(&udp, edge_mdns::io::IPV4_DEFAULT_SOCKET, Some(address), None).await?;
            let (receive, send) = socket.split();
            server::mdns::respond(receive, send, address, PORT, board, chance.split()).await
        };
        if let Either::First(Err(error)) = select(responding, stack.wait_config_down()).await {
            console::say(&json!({ "error": alloc::format!("mDNS: {error:?}") }));
            embassy_time::Timer::after_secs(1).await;
        }
    }
}

fn say_where(identity: &board::Identity, address: SocketAddr) {
    console::say(&json!({
        "id": identity.id,
        "name": identity.name,
        "address": address.to_string(),
        "after_ms": embassy_time::Instant::now().as_millis(),
    }));
}

#[embassy_executor::task]
async fn serial(board: &'static Board) {
    console::run(board).await;
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
