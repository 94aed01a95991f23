//! The exchange without errors.

use protocol::improv::{Command, State};
use switchboard_provisioning::{Action, Input, MAX_NETWORKS};

use crate::cable::{Cable, Heard, address, fine, network, result, state};

#[test]
fn a_new_board_is_ready_and_describes_itself() {
    let mut cable = Cable::new();
    let heard = cable.sends(&Command::RequestState);
    assert_eq!(
        heard,
        Heard {
            said: vec![fine(), state(State::Ready)],
            done: vec![]
        }
    );
    let heard = cable.sends(&Command::RequestInfo);
    assert_eq!(
        heard.said,
        [
            fine(),
            result(3, &["Switchboard", "0.1.0", "ESP32-C3", "Desk lamp"])
        ]
    );
}

#[test]
fn credentials_are_stored_after_the_connection_and_then_the_client_gets_the_url() {
    let mut cable = Cable::new();
    let heard = cable.gets_in("Attic", "correct horse", address());
    assert_eq!(
        heard.said,
        [
            state(State::Provisioned),
            result(1, &["http://192.168.1.17/"])
        ]
    );
    assert_eq!((heard.done, cable.board.next_deadline()), (vec![], None));
}

#[test]
fn a_provisioned_board_answers_a_state_request_with_its_url() {
    let mut cable = Cable::new();
    cable.gets_in("Attic", "correct horse", address());
    let heard = cable.sends(&Command::RequestState);
    assert_eq!(
        heard.said,
        [
            fine(),
            state(State::Provisioned),
            result(2, &["http://192.168.1.17/"])
        ]
    );
    let heard = cable.sends(&Command::RequestNetworkState);
    assert_eq!(
        heard.said,
        [fine(), result(7, &["3", "http://192.168.1.17/"])]
    );
}

#[test]
fn another_port_is_part_of_the_url() {
    let mut cable = Cable::new();
    let heard = cable.gets_in("Attic", "", "127.0.0.1:8080".parse().unwrap());
    assert!(
        heard.said.contains(&result(1, &["http://127.0.0.1:8080/"])),
        "{heard:?}"
    );
    let heard = cable.gets_in("Attic", "", "[fd00::1]:80".parse().unwrap());
    assert!(
        heard.said.contains(&result(1, &["http://[fd00::1]/"])),
        "{heard:?}"
    );
}

#[test]
fn networks_are_listed_once_each_strongest_first_and_end_with_an_empty_result() {
    let mut cable = Cable::new();
    let heard = cable.sends(&Command::RequestNetworks);
    assert_eq!(
        heard,
        Heard {
            said: vec![fine()],
            done: vec![Action::Scan]
        }
    );
    let found = vec![
        network("Attic", -80, true),
        network("Cafe", -60, false),
        network("", -20, true),
        network("Attic", -50, true),
    ];
    let heard = cable.happens(Input::Scanned(Some(found)));
    assert_eq!(
        heard.said,
        [
            result(4, &["Attic", "-50", "YES"]),
            result(4, &["Cafe", "-60", "NO"]),
            result(4, &[])
        ]
    );
    assert_eq!(cable.board.next_deadline(), None);
}

#[test]
fn only_the_strongest_of_many_networks_are_listed() {
    let mut cable = Cable::new();
    cable.sends(&Command::RequestNetworks);
    let crowd = (0..100)
        .map(|number| network(&format!("Network {number}"), -100 + number, true))
        .collect();
    let heard = cable.happens(Input::Scanned(Some(crowd)));
    assert_eq!(heard.said.len(), MAX_NETWORKS + 1);
    assert_eq!(
        heard.said.first(),
        Some(&result(4, &["Network 99", "-1", "YES"]))
    );
}

#[test]
fn without_networks_the_scan_result_is_empty() {
    let mut cable = Cable::new();
    cable.sends(&Command::RequestNetworks);
    assert_eq!(
        cable.happens(Input::Scanned(Some(vec![]))).said,
        [result(4, &[])]
    );
}

#[test]
fn two_scan_requests_share_one_scan() {
    let mut cable = Cable::new();
    cable.sends(&Command::RequestNetworks);
    assert_eq!(cable.sends(&Command::RequestNetworks).done, []);
}

#[test]
fn a_board_that_rejoins_its_stored_network_reports_it() {
    let mut cable = Cable::new();
    assert_eq!(
        cable.happens(Input::Network(Some(address()))).said,
        [state(State::Provisioned)]
    );
    assert_eq!(cable.happens(Input::Network(Some(address()))).said, []);
    assert_eq!(
        cable.happens(Input::Network(None)).said,
        [state(State::Ready)]
    );
}

#[test]
fn names_can_be_read_and_the_board_can_be_renamed() {
    let mut cable = Cable::new();
    assert_eq!(
        cable.sends(&Command::GetHostname).said,
        [fine(), result(5, &["switchboard-c0ffee"])]
    );
    assert_eq!(
        cable.sends(&Command::GetDeviceName).said,
        [fine(), result(6, &["Desk lamp"])]
    );
    let heard = cable.sends(&Command::SetDeviceName("Reading lamp".into()));
    assert_eq!(heard.done, [Action::Rename("Reading lamp".into())]);
    cable.about.name = "Reading lamp".into();
    assert_eq!(
        cable.happens(Input::Renamed(true)).said,
        [result(6, &["Reading lamp"])]
    );
    let same = Command::SetHostname("switchboard-c0ffee".into());
    assert_eq!(
        cable.sends(&same).said,
        [fine(), result(5, &["switchboard-c0ffee"])]
    );
}

#[test]
fn a_console_on_the_same_port_receives_its_lines() {
    let mut cable = Cable::new();
    let request = Command::RequestState.to_packet().unwrap().encode();
    let heard = cable.writes(&[b"press button:0\n", &request[..], b"memory\n"].concat());
    assert_eq!(
        heard.done,
        [
            Action::Text(b"press button:0\n".into()),
            Action::Text(b"memory\n".into())
        ]
    );
    assert_eq!(heard.said, [fine(), state(State::Ready)]);
}
