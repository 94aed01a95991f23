//! A fleet that finds boards that are already there: prints when it has found
//! this many, and when all of them are connected, in milliseconds after its
//! start. `cargo run --example find -- 200`. Used by `benches/discovery`.

use std::{error::Error, time::Instant};

use engine::{Interfaces, Lookout, Settings};

#[path = "measured/observer.rs"]
mod observer;
use observer::Observer;

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: usize = std::env::args().nth(1).ok_or("how many boards?")?.parse()?;
    // One socket per board.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let begun = Instant::now();
    let service = Lookout::default();
    let lookout = Lookout::only(service.service(), Interfaces::Loopback);
    let fleet = engine::start(Settings {
        discovery: Some(lookout),
        ..Settings::default()
    })?;
    let mut observer = Observer::watch(&fleet);
    let found = observer
        .wait(begun, |observer| observer.found() >= wanted)
        .ok_or("not all were found")?;
    let connected = observer
        .wait(begun, |observer| observer.connected() >= wanted)
        .ok_or("not all were connected")?;
    println!(
        "{{\"found_ms\":{:.1},\"connected_ms\":{:.1}}}",
        found.as_secs_f64() * 1e3,
        connected.as_secs_f64() * 1e3
    );
    Ok(())
}
