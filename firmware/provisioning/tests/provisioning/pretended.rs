//! The simulated Wi-Fi.

use switchboard_provisioning::pretended::{LOCKED, OPEN, Outcome, PASSWORD, SILENT, join, scan};

use crate::cable::credentials;

#[test]
fn each_network_behaves_as_documented() {
    for (ssid, password, outcome) in [
        (LOCKED, PASSWORD, Outcome::Joined),
        (LOCKED, "something else", Outcome::Refused),
        (LOCKED, "", Outcome::Refused),
        (OPEN, "", Outcome::Joined),
        (SILENT, PASSWORD, Outcome::Nothing),
        ("not in the air", PASSWORD, Outcome::Refused),
    ] {
        assert_eq!(
            join(&credentials(ssid, password)),
            outcome,
            "{ssid} {password}"
        );
    }
}

#[test]
fn a_scan_finds_all_networks_and_which_need_a_password() {
    let locked = |ssid| {
        scan()
            .iter()
            .find(|network| network.ssid == ssid)
            .map(|network| network.locked)
    };
    assert_eq!(
        [LOCKED, OPEN, SILENT].map(locked),
        [Some(true), Some(false), Some(true)]
    );
    assert_eq!(scan().len(), 3);
}
