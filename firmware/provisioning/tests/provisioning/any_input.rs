//! Any input with any result causes no panic, and every deadline is kept.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use protocol::improv::{Command, ErrorState};
use switchboard_provisioning::{Action, Attempt, CONNECT_TIMEOUT, Input};

use crate::cable::{Cable, address, credentials, error, network};

#[derive(Debug, Clone)]
enum Step {
    Bytes(Vec<u8>),
    Settings,
    Scan,
    Connected { last: bool, worked: bool },
    Network(bool),
    Stored(bool),
    Scanned(bool),
    Renamed(bool),
    Time(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        vec(any::<u8>(), 0..30).prop_map(Step::Bytes),
        (0..9_u8, vec(any::<u8>(), 0..8))
            .prop_map(|(number, data)| Step::Bytes(framed(number, &data))),
        Just(Step::Settings),
        Just(Step::Scan),
        any::<(bool, bool)>().prop_map(|(last, worked)| Step::Connected { last, worked }),
        any::<bool>().prop_map(Step::Network),
        any::<bool>().prop_map(Step::Stored),
        any::<bool>().prop_map(Step::Scanned),
        any::<bool>().prop_map(Step::Renamed),
        (0..40_000_u64).prop_map(Step::Time),
    ]
}

/// A command in a packet with a valid checksum.
fn framed(number: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    let mut bytes = [b"IMPROV\x01\x03", &[length + 2, number, length][..], data].concat();
    bytes.push(bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte)));
    bytes
}

proptest! {
    #[test]
    fn every_attempt_ends_in_time(steps in vec(step(), 0..40)) {
        let mut cable = Cable::new();
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut connecting_since = None;
        for step in steps {
            let heard = match step {
                Step::Bytes(bytes) => cable.writes(&bytes),
                Step::Settings => {
                    let credentials = credentials("Attic", "password");
                    cable.sends(&Command::SendWifiSettings(credentials))
                }
                Step::Scan => cable.sends(&Command::RequestNetworks),
                Step::Connected { last, worked } => {
                    let attempt = if last { attempts.last() } else { attempts.first() };
                    let Some(attempt) = attempt.copied() else { continue };
                    cable.happens(Input::Connected { attempt, address: worked.then(address) })
                }
                Step::Network(there) => cable.happens(Input::Network(there.then(address))),
                Step::Stored(stored) => cable.happens(Input::Stored(stored)),
                Step::Scanned(worked) => {
                    cable.happens(Input::Scanned(worked.then(|| vec![network("Attic", -50, true)])))
                }
                Step::Renamed(renamed) => cable.happens(Input::Renamed(renamed)),
                Step::Time(ms) => {
                    let end = cable.now + Duration::from_millis(ms);
                    while cable.board.next_deadline().is_some_and(|deadline| deadline <= end) {
                        let (_, heard) = cable.waits();
                        if heard.done.contains(&Action::Abandon) {
                            connecting_since = None;
                        }
                    }
                    cable.now = end;
                    continue;
                }
            };
            for action in &heard.done {
                match action {
                    Action::Connect { attempt, .. } => {
                        prop_assert!(attempts.iter().all(|earlier| earlier < attempt));
                        attempts.push(*attempt);
                        connecting_since = Some(cable.now);
                    }
                    Action::Abandon => connecting_since = None,
                    _ => {}
                }
            }
            let has_result = heard.said.iter().any(|said| {
                matches!(said, protocol::improv::FromDevice::Result(result) if result.command == 1)
            });
            if has_result {
                connecting_since = None;
            }
            if let Some(since) = connecting_since {
                prop_assert!(cable.now < since + CONNECT_TIMEOUT);
            }
        }
        if let Some(since) = connecting_since {
            let mut told = Vec::new();
            while cable.board.next_deadline().is_some() {
                told.extend(cable.waits().1.said);
            }
            prop_assert!(cable.now <= since + CONNECT_TIMEOUT);
            let gave_up = [ErrorState::UnableToConnect, ErrorState::OTHER]
                .iter()
                .any(|reason| told.contains(&error(*reason)));
            prop_assert!(gave_up, "{:?}", told);
        }
    }
}
