//! What the program says: a line on the serial port at once, and soon after one
//! in the board's log. Saying it waits for nobody: of lines that come quicker
//! than the board takes them, the latest are only on the serial port.
#![expect(
    unsafe_code,
    reason = "without compare-and-swap (riscv32imc) a logger is set with a promise"
)]

use alloc::string::{String, ToString};

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use esp_println::println;
use log::{LevelFilter, Log, Metadata, Record};
use protocol::Level;

use crate::Board;

/// Lines on their way to the board.
static LINES: Channel<CriticalSectionRawMutex, (Level, String), 8> = Channel::new();

struct Logger;

static LOGGER: Logger = Logger;

/// From now on everything from `Info` on is said.
pub(crate) fn start() {
    // SAFETY: called once, before anything else runs that could set or use a
    // logger.
    unsafe {
        let _ = log::set_logger_racy(&LOGGER);
        log::set_max_level_racy(LevelFilter::Info);
    }
}

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        println!("{} {}", record.level(), record.args());
        let level = match record.level() {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug | log::Level::Trace => Level::Debug,
        };
        let _ = LINES.try_send((level, record.args().to_string()));
    }

    fn flush(&self) {}
}

/// Hands the lines to the board, for ever.
#[embassy_executor::task]
pub(crate) async fn keep(board: &'static Board) {
    loop {
        let (level, line) = LINES.receive().await;
        board.log(level, format_args!("{line}"));
    }
}
