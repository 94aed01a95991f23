//! Errors and timeouts.

use std::time::Duration;

use protocol::improv::{Command, ErrorState, State};
use switchboard_provisioning::{Action, CONNECT_TIMEOUT, Input, SCAN_TIMEOUT, STALLED};

use crate::cable::{Cable, address, error, fine, network, state};

#[test]
fn a_wrong_password_is_reported_and_nothing_is_stored() {
    let mut cable = Cable::new();
    let attempt = cable.connects("Attic", "wrong");
    let heard = cable.happens(Input::Connected {
        attempt,
        address: None,
    });
    assert_eq!(
        heard.said,
        [error(ErrorState::UnableToConnect), state(State::Ready)]
    );
    assert_eq!(heard.done, [Action::Abandon]);
}

#[test]
fn a_network_that_never_answers_times_out_after_30_s() {
    let mut cable = Cable::new();
    let attempt = cable.connects("Attic", "password");
    let (waited, heard) = cable.waits();
    assert_eq!(
        (waited, CONNECT_TIMEOUT),
        (CONNECT_TIMEOUT, Duration::from_secs(30))
    );
    assert_eq!(
        heard.said,
        [error(ErrorState::UnableToConnect), state(State::Ready)]
    );
    assert_eq!(heard.done, [Action::Abandon]);
    let late = cable.happens(Input::Connected {
        attempt,
        address: Some(address()),
    });
    assert_eq!((late.said, late.done), (vec![], vec![]));
}

#[test]
fn credentials_that_cannot_be_stored_are_an_error() {
    let mut cable = Cable::new();
    let attempt = cable.connects("Attic", "password");
    cable.happens(Input::Connected {
        attempt,
        address: Some(address()),
    });
    let heard = cable.happens(Input::Stored(false));
    assert_eq!(heard.said, [error(ErrorState::OTHER), state(State::Ready)]);
    assert_eq!(heard.done, [Action::Abandon]);
}

#[test]
fn newer_credentials_replace_an_attempt_and_its_result_is_ignored() {
    let mut cable = Cable::new();
    let first = cable.connects("Attic", "wrong");
    cable.now += Duration::from_secs(20);
    let second = cable.connects("Attic", "right");
    let heard = cable.happens(Input::Connected {
        attempt: first,
        address: None,
    });
    assert_eq!((heard.said, heard.done), (vec![], vec![]));
    let heard = cable.happens(Input::Connected {
        attempt: second,
        address: Some(address()),
    });
    assert!(
        matches!(heard.done.as_slice(), [Action::Store(_)]),
        "{heard:?}"
    );
}

#[test]
fn after_a_failure_the_board_returns_to_its_stored_network() {
    let mut cable = Cable::new();
    cable.gets_in("Attic", "correct horse", address());
    let attempt = cable.connects("Cellar", "wrong");
    let heard = cable.happens(Input::Connected {
        attempt,
        address: None,
    });
    assert_eq!(heard.done, [Action::Abandon]);
    assert_eq!(
        cable.happens(Input::Network(Some(address()))).said,
        [state(State::Provisioned)]
    );
}

#[test]
fn a_scan_that_fails_or_never_ends_is_an_error() {
    let mut cable = Cable::new();
    cable.sends(&Command::RequestNetworks);
    assert_eq!(
        cable.happens(Input::Scanned(None)).said,
        [error(ErrorState::OTHER)]
    );
    cable.sends(&Command::RequestNetworks);
    let (waited, heard) = cable.waits();
    assert_eq!(
        (waited, heard.said),
        (SCAN_TIMEOUT, vec![error(ErrorState::OTHER)])
    );
    assert_eq!(
        cable
            .happens(Input::Scanned(Some(vec![network("Late", -50, true)])))
            .said,
        []
    );
}

#[test]
fn a_board_does_not_scan_while_it_connects() {
    let mut cable = Cable::new();
    cable.connects("Attic", "password");
    let heard = cable.sends(&Command::RequestNetworks);
    assert_eq!(
        (heard.said, heard.done),
        (vec![fine(), error(ErrorState::OTHER)], vec![])
    );
    assert_eq!(
        cable.sends(&Command::RequestState).said,
        [fine(), state(State::Provisioning)]
    );
}

#[test]
fn invalid_packets_and_unknown_commands_are_told_apart() {
    let mut cable = Cable::new();
    let mut damaged = Command::RequestState.to_packet().unwrap().encode();
    damaged[9] ^= 0x40;
    assert_eq!(
        cable.writes(&damaged).said,
        [error(ErrorState::InvalidPacket)]
    );
    // Command 9 without data, and a length that does not match the data.
    // Checksums: 0x1DE + 03 + 02 + 09 = 0x1EC; 03 + 02 + 02 + 05.
    assert_eq!(
        cable.writes(b"IMPROV\x01\x03\x02\x09\x00\xec\n").said,
        [error(ErrorState::UnknownCommand)]
    );
    assert_eq!(
        cable.writes(b"IMPROV\x01\x03\x02\x02\x05\xea\n").said,
        [error(ErrorState::InvalidPacket)]
    );
    assert_eq!(
        cable.sends(&Command::RequestState).said,
        [fine(), state(State::Ready)]
    );
}

#[test]
fn an_echo_of_its_own_packets_is_ignored() {
    let mut cable = Cable::new();
    let heard = cable.writes(&State::Ready.to_packet().encode());
    assert_eq!((heard.said, heard.done), (vec![], vec![]));
}

#[test]
fn an_incomplete_packet_is_discarded_and_the_next_one_is_read() {
    let mut cable = Cable::new();
    assert_eq!(cable.writes(b"IMPROV\x01\x03\x20").said, []);
    let (waited, heard) = cable.waits();
    assert_eq!(
        (waited, heard.said),
        (STALLED, vec![error(ErrorState::InvalidPacket)])
    );
    assert_eq!(
        cable.sends(&Command::RequestState).said,
        [fine(), state(State::Ready)]
    );
}

#[test]
fn other_host_names_are_refused_and_a_name_may_be_refused() {
    let mut cable = Cable::new();
    let heard = cable.sends(&Command::SetHostname("lamp".into()));
    assert_eq!(heard.said, [fine(), error(ErrorState::BadHostname)]);
    cable.sends(&Command::SetDeviceName(" ".into()));
    assert_eq!(
        cable.happens(Input::Renamed(false)).said,
        [error(ErrorState::OTHER)]
    );
}

#[test]
fn a_response_that_is_too_long_is_an_error() {
    let mut cable = Cable::new();
    cable.about.name = "n".repeat(300);
    assert_eq!(
        cable.sends(&Command::RequestInfo).said,
        [fine(), error(ErrorState::OTHER)]
    );
}

#[test]
fn no_action_shows_the_password() {
    let mut cable = Cable::new();
    let attempt = cable.connects("Attic", "correct horse");
    let heard = cable.happens(Input::Connected {
        attempt,
        address: Some(address()),
    });
    let shown = format!("{heard:?}");
    assert!(
        shown.contains("Attic") && !shown.contains("horse"),
        "{shown}"
    );
    let mut cable = Cable::new();
    let settings = Command::SendWifiSettings(crate::cable::credentials("Attic", "correct horse"));
    let mut damaged = settings.to_packet().unwrap().encode();
    damaged[8] -= 1;
    let heard = cable.writes(&damaged);
    assert_eq!(heard.done, []);
    assert_eq!(heard.said, [error(ErrorState::InvalidPacket)]);
}
