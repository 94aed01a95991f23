//! Boards of other families that connect to this program, because they sleep
//! most of the time.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use doubles::{Shelly, ShellyOptions, shelly::Model};
use fleet::{BoardView, Family, Fleet, LinkProblem, LinkState, Listening, Settings};

const SOON: Duration = Duration::from_secs(30);

/// Waits until the fleet has what is looked for.
fn until<T>(fleet: &Fleet, look: impl Fn(&BoardView) -> Option<T>) -> T {
    let end = Instant::now() + SOON;
    let mut watch = fleet.watch(|| {});
    let mut boards = std::collections::BTreeMap::new();
    loop {
        for board in watch.drain().boards {
            boards.insert(board.key, board);
        }
        if let Some(found) = boards.values().find_map(|board| look(board)) {
            return found;
        }
        assert!(Instant::now() < end, "not seen: {boards:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_shelly_with_a_battery_connects_is_shown_and_waited_for_when_it_sleeps() {
    let fleet = Fleet::start(Settings {
        listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        ..Settings::default()
    })
    .expect("a fleet");
    let mut watch = fleet.watch(|| {});
    let end = Instant::now() + SOON;
    let address = loop {
        let status = watch.drain().status;
        if let Some(Listening::At(address)) = status.map(|status| status.listening) {
            break address;
        }
        assert!(Instant::now() < end, "it listens");
        std::thread::sleep(Duration::from_millis(5));
    };
    let shelly = Shelly::start(ShellyOptions {
        model: Model::HtG3,
        server: Some(format!("ws://{address}/")),
        // Boards that connect are exempt from it.
        password: Some("secret".to_owned()),
        awake: Duration::from_millis(500),
        sleep: Duration::from_secs(60),
        ..ShellyOptions::default()
    })
    .expect("a Shelly");
    let temperature = until(&fleet, |board| {
        (board.link == LinkState::Connected).then_some(())?;
        let is_measured = |class: &str| {
            board.components.iter().find_map(|component| {
                let descriptor = &component.descriptor;
                (descriptor.device_class.as_deref() == Some(class))
                    .then(|| component.reported.number())
                    .flatten()
            })
        };
        is_measured("temperature")
    });
    assert!((-40.0..80.0).contains(&temperature), "{temperature}");
    let board = until(&fleet, |board| {
        matches!(
            board.link,
            LinkState::Unreachable {
                problem: LinkProblem::AwaitingInbound(_),
                ..
            }
        )
        .then(|| board.clone())
    });
    assert_eq!(
        (board.id.as_deref(), board.family),
        (Some(shelly.id()), Family::Shelly)
    );
    // It wakes up and connects again.
    shelly.wake();
    until(&fleet, |board| {
        (board.link == LinkState::Connected).then_some(())
    });
}
