//! The program's log: each line is printed on the serial port at once and then
//! added to the board's log. Logging never waits: if lines come faster than the
//! board takes them, the latest are only on the serial port.
#![expect(
    unsafe_code,
    reason = "without compare-and-swap (riscv32imc) a logger is set with a promise"
)]

use alloc::string::{String, ToString};
use core::fmt;

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use esp_println::println;
use log::{LevelFilter, Log, Metadata, Record};
use protocol::Level;

use crate::Board;

/// Lines that the board has not taken yet.
static LINES: Channel<CriticalSectionRawMutex, (Level, String), 8> = Channel::new();

struct Logger;

static LOGGER: Logger = Logger;

/// Starts logging, from `Info` up.
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

/// Logs a message of the board's storage.
pub(crate) fn report(level: Level, message: fmt::Arguments<'_>) {
    match level {
        Level::Error => log::error!("{message}"),
        Level::Warn => log::warn!("{message}"),
        _ => log::info!("{message}"),
    }
}

/// Adds the lines to the board's log, forever.
#[embassy_executor::task]
pub(crate) async fn forward(board: &'static Board) {
    loop {
        let (level, line) = LINES.receive().await;
        board.log(level, format_args!("{line}"));
    }
}
