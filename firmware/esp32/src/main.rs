//! The board on an ESP32. Brings the chip up and starts what runs on it;
//! decides nothing about the board.
#![no_std]
#![no_main]

extern crate alloc;

mod button;
mod flash;
mod hardware;
mod heap;
mod keeper;
mod light;
mod logs;
mod panic;
mod pins;
mod plan;
mod provisioning;
mod reset;
mod stack;
mod thermometer;
mod update;
mod watchdog;
mod wifi;

use alloc::boxed::Box;

use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embassy_net::{Runner, Stack, StackResources};
use embedded::{Buffers, Dialer, Listener, News};
use esp_hal::{clock::CpuClock, rng::Rng, timer::timg::TimerGroup};
use esp_radio::wifi::Interface;
use log::{error, info};
use protocol::{Epoch, limits};
use server::{EmbassyClock, ServerSettings, Shared};

use flash::Flash;
use hardware::Chip;
use keeper::Keeper;
use light::Lamp;
use pins::Parts;
use thermometer::Thermometer;
use update::Slot;
use wifi::Air;

// What the boot loader and espflash read of the image.
esp_bootloader_esp_idf::esp_app_desc!();

/// The board as its tasks share it.
type Board = Shared<Chip, EmbassyClock>;

/// Where it is served.
const PORT: u16 = 80;

/// An echo needs twice its longest message: two of 2 KiB fit beside four
/// controllers.
const SETTINGS: ServerSettings = ServerSettings {
    echo_limit: 2_048,
    socket_buffers: BUFFERS.receive + BUFFERS.send,
    ..ServerSettings::for_controllers(limits::CONTROLLERS)
};

/// Of 12 sockets, 43 kB in all: a whole segment can come in, the longest
/// message but a half goes out at once.
const BUFFERS: Buffers = Buffers {
    receive: 1_536,
    send: 2_048,
};

#[esp_hal::main]
async fn main(spawner: Spawner) {
    stack::paint();
    let parts = Parts::of(esp_hal::init(
        esp_hal::Config::default().with_cpu_clock(CpuClock::max()),
    ));
    heap::init();
    logs::start();
    esp_rtos::start(TimerGroup::new(parts.timers).timer0, parts.interrupt);
    spawn(spawner, watchdog::feed(watchdog::start(parts.watchdog)));

    let (controller, air) = match wifi::start(parts.radio) {
        Ok(started) => started,
        Err(error) => panic::fail(format_args!("the radio does not start: {error:?}")),
    };
    let interface = Interface::station();
    let mac = interface.mac_address();
    let random = Rng::new();
    let plan = plan::plan(mac);
    let resources = Box::leak(Box::new(
        StackResources::<{ embedded::sockets(&SETTINGS) }>::new(),
    ));
    let seed = u64::from(random.random()) << 32 | u64::from(random.random());
    let (stack, runner) = embassy_net::new(
        interface,
        embedded::config(&plan.identity.id),
        resources,
        seed,
    );

    let flash = Flash::new(parts.flash);
    let (keeper, retained, wifi) = Keeper::open(flash).await;
    let lamp: &'static Lamp = Box::leak(Box::default());
    let chip = Chip::new(
        lamp,
        air,
        parts.relay,
        Thermometer::new(parts.thermometer),
        Slot::boot(flash),
        random,
    );
    let board: &'static Board = match Shared::new(
        plan,
        &retained,
        Epoch(random.random()),
        chip,
        EmbassyClock::start(),
    ) {
        Ok(board) => Box::leak(Box::new(board)),
        Err(error) => panic::fail(format_args!("{error}")),
    };
    spawn(spawner, light::show(lamp, parts.pulses, parts.led));
    spawn(spawner, button::watch(parts.button, board, lamp));
    spawn(spawner, wifi::stay(controller, stack, air, random));
    spawn(spawner, logs::keep(board));
    spawn(spawner, keeper::keep(keeper, board));
    spawn(
        spawner,
        provisioning::talk(parts.serial, board, air, keeper, wifi.clone()),
    );
    air.join(wifi);
    spawn(spawner, network(runner));
    spawn(spawner, serve(stack, board));
    spawn(spawner, call(stack, board));
    spawn(spawner, answer(stack, board, air, random));
}

fn spawn<S>(spawner: Spawner, task: Result<SpawnToken<S>, SpawnError>) {
    match task {
        Ok(task) => spawner.spawn(task),
        Err(error) => panic::fail(format_args!("a task cannot be started: {error}")),
    }
}

#[embassy_executor::task]
async fn network(mut runner: Runner<'static, Interface>) -> ! {
    runner.run().await
}

/// Serves the board; it ends when the chip is reset.
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
async fn answer(stack: Stack<'static>, board: &'static Board, air: &'static Air, random: Rng) {
    let tell = |news| match news {
        News::Address(address) => {
            info!("{} serves at http://{address}/", board.identity().id);
            air.tell(wifi::News::Address(address));
        }
        News::NoAddress => {
            info!("there is no address any more");
            air.tell(wifi::News::NoAddress);
        }
        News::Failed(error) => error!("mDNS: {error:?}"),
    };
    embedded::announce(stack, PORT, board, random, tell).await;
}
