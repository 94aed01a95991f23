//! Which board of the network is the one at the port.

use fleet::{BoardView, Candidates, Family};
use setup::{Board, DeviceInfo, Expected};

use crate::scenes::{self, Now};

fn at_port(firmware: &str, url: Option<&str>) -> Expected {
    let board = Board {
        info: Some(DeviceInfo {
            firmware: firmware.to_owned(),
            version: "1".to_owned(),
            chip: "ESP32".to_owned(),
            name: "Strip".to_owned(),
        }),
        hostname: Some("sb-a1b2c3".to_owned()),
        provisioned: true,
    };
    Expected::new(&board, url.map(str::to_owned))
}

fn seen(family: Family, id: &str, name: &str, address: &str) -> BoardView {
    BoardView {
        family,
        id: Some(id.into()),
        address: address.into(),
        addresses: Candidates::given(address.parse().unwrap()),
        ..scenes::board(1, name, Now::read())
    }
}

#[test]
fn a_board_of_ours_is_known_by_its_id_or_its_address() {
    let ours = at_port("Switchboard", Some("http://192.168.1.17/?a=b"));
    let board = |id, address| seen(Family::Switchboard, id, "Strip", address);
    assert!(ours.is(&board("sb-a1b2c3", "10.0.0.9:80")));
    assert!(ours.is(&board("sb-ffffff", "192.168.1.17:80")));
    // The same name, or the same host with another port, is another board.
    assert!(!ours.is(&board("sb-ffffff", "192.168.1.17:8080")));
    assert!(!ours.is(&board("sb-ffffff", "10.0.0.9:80")));
    assert_eq!(ours.typed_address().as_deref(), Some("192.168.1.17:80"));
}

#[test]
fn a_board_of_another_family_is_known_by_its_host_or_name_and_its_family() {
    let url = Some("http://192.168.1.17:8080/");
    let esphome = at_port("ESPHome", url);
    let board = |family, address| seen(family, "esphome-1", "Strip", address);
    assert!(esphome.is(&board(Family::Esphome, "192.168.1.17:6053")));
    assert!(!esphome.is(&board(Family::Wled, "192.168.1.17:80")));
    assert!(!esphome.is(&board(Family::Esphome, "192.168.1.18:6053")));
    assert_eq!(
        esphome.typed_address().as_deref(),
        Some("esphome://192.168.1.17")
    );
    // Without a URL, only its name is left.
    let wled = at_port("WLED", None);
    assert!(wled.is(&board(Family::Wled, "192.168.1.20:80")));
    assert!(!wled.is(&seen(Family::Wled, "w", "Other", "192.168.1.20:80")));
}

#[test]
fn a_board_with_tasmota_never_appears() {
    let tasmota = at_port("Tasmota", Some("http://192.168.1.17/"));
    assert!(!tasmota.can_appear());
    assert_eq!(tasmota.typed_address(), None);
    let board = seen(Family::Switchboard, "sb-a1b2c3", "Strip", "192.168.1.17:80");
    assert!(!tasmota.is(&board));
}
