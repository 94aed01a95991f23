//! What a broker's events mean, without a broker.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use address::BrokerAddress;
use tokio::{runtime::Builder, sync::mpsc::unbounded_channel};

use super::broker::Connected;
use fleet::Broker;

#[test]
fn a_filter_that_is_refused_again_is_listed_once() {
    // Nothing runs on it, so that no broker is looked for.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let address: BrokerAddress = "mqtt://127.0.0.1:1".parse().unwrap();
    let (given, (events, _received)) = (Broker::new(address), unbounded_channel());
    let mut broker = Connected::start(given.clone(), given, runtime.handle(), "test", events);
    let long = "x".repeat(60_000);
    for _ in 0..9 {
        broker.refused("tele/+/LWT");
        broker.refused(&long);
    }
    let status = broker.status();
    assert_eq!(status.refused.len(), 2);
    assert!(status.problem().unwrap().len() < 2_000);
}
