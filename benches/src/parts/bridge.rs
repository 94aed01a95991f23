//! `switchboard bridge` without its command line.

use bridge::{Context, Options, Shard};
use engine::Settings;
use net::client::Trust;

use super::{Shared, addresses, answer_with};
use crate::Outcome;

/// Prints a line at its start and the counts, which are zero, for each line on
/// standard input: what it publishes is counted by a subscriber.
pub(super) fn run(broker: u16) -> Outcome<()> {
    let addresses = addresses()?;
    println!("started");
    answer_with(Shared::default());
    let names = Context {
        prefix: "ours".to_owned(),
        site: "bench".to_owned(),
        bridge: "bridge".to_owned(),
        discovery_prefix: "homeassistant".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let options = Options {
        broker: format!("mqtt://127.0.0.1:{broker}").parse()?,
        password: None,
        trust: Trust::usual(),
        names,
        home_assistant: false,
        metrics: None,
        shard: Shard::default(),
    };
    let fleet = Settings {
        discovery: None,
        addresses,
        ..Settings::default()
    };
    Ok(bridge::run(options, fleet, |notice| {
        if notice.is_problem() {
            eprintln!("{notice}");
        }
    })?)
}
