//! The board on an ESP32. Initializes the chip and starts the tasks that run on
//! it.
#![no_std]
#![no_main]

extern crate alloc;

mod button;
mod flash;
mod hardware;
mod heap;
mod light;
mod logs;
mod panic;
mod pins;
mod plan;
mod provisioning;
mod reasons;
mod reset;
mod stack;
mod thermometer;
mod update;
mod watchdog;
mod wifi;

use alloc::boxed::Box;

use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embedded::{AnnounceEvent, Buffers, Service, Task, sender::Watched};
use esp_hal::{clock::CpuClock, rng::Rng, timer::timg::TimerGroup};
use esp_radio::wifi::Interface;
use log::{error, info};
use protocol::{Epoch, limits};
use server::{EmbassyClock, ServerSettings, Shared};

use flash::Flash;
use hardware::Chip;
use light::StatusLed;
use pins::Parts;
use thermometer::Thermometer;
use wifi::WifiEvent;

// What the boot loader and espflash read of the image.
esp_bootloader_esp_idf::esp_app_desc!();

/// The board as its tasks share it.
type Board = Shared<Chip, EmbassyClock>;

/// What the board saves, as its tasks share it.
type SavedState = embedded::SavedState<Flash>;

const SERVICE: Service = Service {
    port: 80,
    buffers: BUFFERS,
    settings: &SETTINGS,
};

/// An echo needs twice its longest message: two of 2 KiB fit next to four
/// controllers.
static SETTINGS: ServerSettings = ServerSettings {
    echo_limit: 2_048,
    socket_buffers: BUFFERS.receive + BUFFERS.send,
    ..ServerSettings::for_controllers(limits::CONTROLLERS)
};

/// For 12 sockets, 43 kB in all: a full segment can be received, and the
/// longest message but a half can be sent at once.
const BUFFERS: Buffers = Buffers {
    receive: 1_536,
    send: 2_048,
};

const SOCKETS: usize = embedded::sockets(&ServerSettings::for_controllers(limits::CONTROLLERS));

/// The partition for saved state in `partitions.csv`.
const PARTITION: &str = "kept";

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

    let (controller, wifi) = match wifi::start(parts.radio) {
        Ok(started) => started,
        Err(error) => panic::fail(format_args!("cannot start the radio: {error}")),
    };
    let interface = Interface::station();
    let mac = interface.mac_address();
    let random = Rng::new();
    let plan = plan::plan(mac);
    let seed = u64::from(random.random()) << 32 | u64::from(random.random());
    let run_task = |task| spawn(spawner, run(task));
    let stack = Service::start_network::<_, SOCKETS>(
        Watched::new(interface, &wifi.sender),
        &plan.identity.id,
        seed,
        run_task,
    );

    let flash = Flash::new(parts.flash);
    let (saved, loaded) = SavedState::open(flash, flash.partition(PARTITION), logs::report).await;
    let saved: &'static SavedState = Box::leak(Box::new(saved));
    let led: &'static StatusLed = Box::leak(Box::default());
    let chip = Chip::new(
        led,
        wifi,
        parts.relay,
        Thermometer::new(parts.thermometer),
        update::boot(flash),
        random,
    );
    let board: &'static Board = match Shared::new(
        plan,
        &loaded.retained,
        Epoch(random.random()),
        chip,
        EmbassyClock::start(),
    ) {
        Ok(board) => Box::leak(Box::new(board)),
        Err(error) => panic::fail(format_args!("{error}")),
    };
    spawn(spawner, light::show(led, parts.pulses, parts.led));
    spawn(spawner, button::watch(parts.button, board, led));
    spawn(spawner, wifi::run(controller, stack, wifi, random));
    spawn(spawner, logs::forward(board));
    run_task(Box::pin(saved.keep(board)));
    spawn(
        spawner,
        provisioning::run(parts.serial, board, wifi, saved, loaded.wifi.clone()),
    );
    wifi.join(loaded.wifi);
    let on_event = move |event| match event {
        AnnounceEvent::Address(address) => {
            info!("{} is served at http://{address}/", board.identity().id);
            wifi.report(WifiEvent::Address(address));
        }
        AnnounceEvent::NoAddress => {
            info!("the address was lost");
            wifi.report(WifiEvent::NoAddress);
        }
        AnnounceEvent::Failed(error) => error!("mDNS: {error}"),
    };
    SERVICE.start(stack, board, random, on_event, run_task);
}

fn spawn<S>(spawner: Spawner, task: Result<SpawnToken<S>, SpawnError>) {
    match task {
        Ok(task) => spawner.spawn(task),
        Err(error) => panic::fail(format_args!("cannot start a task: {error}")),
    }
}

/// Runs a task of `embedded`: the network, what is served on it, and saving.
#[embassy_executor::task(pool_size = 5)]
async fn run(task: Task) {
    task.await;
}
