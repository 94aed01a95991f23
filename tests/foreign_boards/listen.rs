//! Boards that connect to this program, because they sleep most of the time.

use std::{net::Ipv4Addr, time::Duration};

use doubles::{Shelly, ShellyOptions, shelly::Model};
use engine::Settings;
use fleet::{Family, LinkProblem, LinkState, Listening};

use crate::desk::{Observer, SOON};

#[test]
fn a_shelly_with_a_battery_connects_is_shown_and_waited_for_when_it_sleeps() {
    let mut seen = Observer::new(Settings {
        discovery: None,
        listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        ..Settings::default()
    });
    let address = seen.until("it listens", SOON, |seen| match seen.status.listening {
        Listening::At(address) => Some(address),
        _ => None,
    });
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
    let board = seen.connected(shelly.id());
    assert_eq!(board.family, Family::Shelly);
    let temperature = board.components.iter().find_map(|component| {
        let class = component.descriptor.device_class.as_deref();
        (class == Some("temperature"))
            .then(|| component.reported.number())
            .flatten()
    });
    assert!(
        temperature.is_some_and(|celsius| (-40.0..80.0).contains(&celsius)),
        "{temperature:?}"
    );
    seen.until("it sleeps", SOON, |seen| {
        let board = seen.boards.get(&board.key)?;
        let is_waited_for = matches!(
            board.link,
            LinkState::Unreachable {
                problem: LinkProblem::AwaitingInbound(_),
                ..
            }
        );
        is_waited_for.then_some(())
    });
    shelly.wake();
    seen.connected(shelly.id());
}
