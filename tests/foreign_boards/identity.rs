//! Who a board is: addresses that were swapped, and announcements and typed
//! addresses that would make a board one of another family.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use doubles::{Announce, Shelly, ShellyOptions, shelly::Model};
use engine::{Interfaces, Lookout, Settings};
use fleet::{Family, LinkProblem, LinkState};
use keys::{Key, KeyId, Keys, Role};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use noise::Psk;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{Observer, SOON, component_of, private_service},
    families::{announced, finding, shelly},
};

/// A key of this board.
fn key_of(board: &str) -> Key {
    Key {
        board: board.to_owned(),
        kid: KeyId([1, 2, 3, 4]),
        role: Role::Control,
        psk: Psk::new([7; 32]),
    }
}

/// Announces a Shelly on loopback whose id is any, and then an honest one: what
/// hears the second has heard the first.
fn pretend(service: &str, id: &str, at: SocketAddr) -> (ServiceDaemon, Shelly) {
    let honest = shelly(ShellyOptions::default());
    let daemon = ServiceDaemon::new().expect("mDNS");
    daemon.disable_interface(IfKind::All).expect("disabled");
    daemon
        .enable_interface(IfKind::LoopbackV4)
        .expect("enabled");
    let txt = [("gen", "2"), ("app", "Plus2PM"), ("ver", "1.5.1")];
    for (id, at) in [(id, at), (honest.id(), honest.address())] {
        let host = format!("{id}-shelly.local.");
        let info = ServiceInfo::new(service, id, &host, at.ip(), at.port(), &txt[..]);
        daemon.register(info.expect("valid")).expect("announced");
    }
    (daemon, honest)
}

// home-assistant/core#119933, #98807.
#[test]
fn boards_that_swap_addresses_are_never_shown_under_each_others_name() {
    let (ours, theirs) = (private_service(), private_service());
    let options = |number: u8, model, announce: Announce| ShellyOptions {
        model,
        mac: Some([0x02, 0, 0, 0, 2, number]),
        announce,
        ..ShellyOptions::default()
    };
    let sockets = |announce| options(1, Model::Plus2Pm, announce);
    let buttons = |announce| options(2, Model::PlusI4, announce);
    let (one, other) = (
        shelly(sockets(announced(&theirs))),
        shelly(buttons(announced(&theirs))),
    );
    let (first, second) = (one.address(), other.address());
    let ids = [one.id().to_owned(), other.id().to_owned()];
    let mut seen = finding(&ours, Family::Shelly, &theirs);
    let mut has_outputs = BTreeMap::new();
    for id in &ids {
        let view = seen.connected(id);
        has_outputs.insert(id.clone(), component_of(&view, "switch:0").is_some());
    }
    assert_eq!(has_outputs.values().filter(|has| **has).count(), 1);
    let check = |seen: &Observer| {
        for (id, has_outputs) in &has_outputs {
            let Some(view) = seen.board(id) else { continue };
            let stated = view.info.as_ref().map(|info| info.id.as_str());
            assert!(stated.is_none_or(|stated| stated == id), "{id}: {stated:?}");
            if view.link == LinkState::Connected && !view.components.is_empty() {
                let has = component_of(view, "switch:0").is_some();
                assert_eq!(has, *has_outputs, "{id} shows the other's components");
            }
        }
    };
    // First without new announcements: what is remembered is wrong.
    drop((one, other));
    let one = shelly(ShellyOptions {
        bind: second,
        ..sockets(Announce::No)
    });
    let other = shelly(ShellyOptions {
        bind: first,
        ..buttons(Announce::No)
    });
    seen.for_a_while(Duration::from_secs(3), check);
    drop((one, other));
    let _one = shelly(ShellyOptions {
        bind: second,
        ..sockets(announced(&theirs))
    });
    let _other = shelly(ShellyOptions {
        bind: first,
        ..buttons(announced(&theirs))
    });
    seen.until(
        "each is at its new address",
        Duration::from_secs(20),
        |seen| {
            check(seen);
            let at = |id: &String, address: SocketAddr| {
                let view = seen.board(id)?;
                (view.link == LinkState::Connected && *view.address == *address.to_string())
                    .then_some(())
            };
            at(&ids[0], second).and_then(|()| at(&ids[1], first))
        },
    );
}

#[test]
fn two_boards_at_swapped_typed_addresses_are_never_mixed_up() {
    let options = |number: u8, bind: Option<SocketAddr>| ShellyOptions {
        mac: Some([0x02, 0, 0, 0, 3, number]),
        bind: bind.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
        ..ShellyOptions::default()
    };
    let (one, other) = (shelly(options(1, None)), shelly(options(2, None)));
    let (first, second) = (one.address(), other.address());
    let ids = [one.id().to_owned(), other.id().to_owned()];
    let addresses = [first, second].map(|address| format!("shelly://{address}"));
    let mut seen = Observer::of(&[&addresses[0], &addresses[1]]);
    for id in &ids {
        seen.connected(id);
    }
    drop((one, other));
    let (one, other) = (
        shelly(options(1, Some(second))),
        shelly(options(2, Some(first))),
    );
    one.set_output(0, true);
    other.set_output(0, false);
    let check = |seen: &Observer| {
        for view in seen.boards.values() {
            let stated = view.info.as_ref().map(|info| info.id.as_str());
            if view.link == LinkState::Connected {
                assert_eq!(stated, view.id.as_deref(), "{}", view.name);
                let here = if view.id.as_deref() == Some(&ids[0]) {
                    second
                } else {
                    first
                };
                assert_eq!(*view.address, *here.to_string(), "{}", view.name);
            }
        }
    };
    // The check holds for what was connected after the swap.
    seen.until("both are lost or moved", SOON, |seen| {
        let old = |id: &String, address: SocketAddr| {
            seen.board(id).is_some_and(|view| {
                view.link == LinkState::Connected && *view.address == *address.to_string()
            })
        };
        (!old(&ids[0], first) && !old(&ids[1], second)).then_some(())
    });
    seen.for_a_while(Duration::from_secs(6), check);
    // At a typed address, whichever board answers is meant. The entry that
    // first states the other's id is merged into the other's, and may be the
    // only one that remains.
    seen.until("one is at its new address", SOON, |seen| {
        check(seen);
        let shows = |id: &String, address: SocketAddr, on: bool| {
            seen.board(id).is_some_and(|view| {
                view.link == LinkState::Connected
                    && *view.address == *address.to_string()
                    && component_of(view, "switch:0")
                        .is_some_and(|output| output.shown().on() == Some(on))
            })
        };
        (shows(&ids[0], second, true) || shows(&ids[1], first, false)).then_some(())
    });
}

#[test]
fn an_announcement_never_turns_a_board_of_ours_into_one_of_another_family() {
    let (ours, theirs) = (private_service(), private_service());
    let boards = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        service: ours.clone(),
        ..Options::default()
    })
    .expect("a virtual board");
    let id = boards.list()[0].id.clone();
    let mut seen = finding(&ours, Family::Shelly, &theirs);
    seen.connected(&id);
    let stranger = shelly(ShellyOptions::default());
    let (_announced, honest) = pretend(&theirs, &id, stranger.address());
    seen.connected(honest.id());
    seen.for_a_while(Duration::from_secs(4), |seen| {
        let view = seen.board(&id).expect("it stays");
        assert_eq!(view.family, Family::Switchboard);
        assert_eq!(view.link, LinkState::Connected);
    });
    // Nor while it is offline.
    boards.stop(&id).expect("stopped");
    seen.until("it is lost", SOON, |seen| {
        matches!(seen.board(&id)?.link, LinkState::Unreachable { .. }).then_some(())
    });
    drop(_announced);
    let (_again, honest) = pretend(&theirs, &id, stranger.address());
    seen.connected(honest.id());
    seen.for_a_while(Duration::from_secs(4), |seen| {
        let family = seen.board(&id).map(|view| view.family);
        assert!(family.is_none_or(|family| family == Family::Switchboard));
    });
    assert_eq!(stranger.counts().connections, 0, "it was never asked");
    boards.start_again(&id).expect("started");
    seen.connected(&id);
}

#[test]
fn a_board_whose_key_is_held_is_never_talked_to_in_another_family() {
    let (ours, theirs) = (private_service(), private_service());
    let id = "bench-lamp-0001";
    let stranger = shelly(ShellyOptions::default());
    let mut keys = Keys::default();
    keys.insert(key_of(id));
    let (_announced, honest) = pretend(&theirs, id, stranger.address());
    let mut seen = Observer::new(Settings {
        discovery: Some(Lookout::only(&ours, Interfaces::Loopback).with(Family::Shelly, &theirs)),
        keys: Some(keys),
        ..Settings::default()
    });
    let honest = seen.connected(honest.id()).key;
    seen.for_a_while(Duration::from_secs(4), |seen| {
        for view in seen.boards.values().filter(|view| view.key != honest) {
            assert_ne!(view.link, LinkState::Connected, "{}", view.name);
            assert_eq!(view.family, Family::Switchboard, "{}", view.name);
        }
    });
    assert_eq!(stranger.counts().connections, 0, "it was never asked");
}

#[test]
fn a_peer_of_another_family_that_states_an_id_whose_key_is_held_is_not_believed() {
    let stranger = shelly(ShellyOptions::default());
    let address = stranger.address();
    // An address alone is tried as ours, as a Shelly's and as a WLED's.
    for (typed, attempts) in [(format!("shelly://{address}"), 1), (address.to_string(), 3)] {
        let mut keys = Keys::default();
        keys.insert(key_of(stranger.id()));
        let before = stranger.counts().connections;
        let mut seen = Observer::new(Settings {
            discovery: None,
            addresses: vec![typed.clone()],
            keys: Some(keys),
            ..Settings::default()
        });
        seen.until("it was asked and is not believed", SOON, |seen| {
            let is_refused = seen.boards.values().any(|view| {
                matches!(
                    view.link,
                    LinkState::Unreachable {
                        problem: LinkProblem::NotLocked { .. } | LinkProblem::NotABoard(_),
                        ..
                    }
                )
            });
            let asked = stranger.counts().connections - before;
            (is_refused && asked >= attempts).then_some(())
        });
        seen.for_a_while(Duration::from_secs(3), |seen| {
            for view in seen.boards.values() {
                assert_ne!(view.link, LinkState::Connected, "{typed}");
                assert!(view.components.is_empty(), "{typed}");
            }
        });
    }
}
