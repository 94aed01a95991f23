//! Packets as specified at <https://www.improv-wifi.com/serial/> ("Packet
//! format" and the tables of each packet; the version that includes "Get
//! Network State"). The strings are the examples from those tables. Headers,
//! lengths and checksums were computed independently of this code: the checksum
//! is the sum of all bytes before it, modulo 256, to which `IMPROV` and the
//! version 1 contribute 0x1DE.

use switchboard_protocol::improv::{
    Command, CommandError, Credentials, DeviceInfo, ErrorState, FromDevice, Item, Network,
    NetworkState, Packet, PacketKind, Password, Reader, RpcResult, State,
};

fn whole(hex: &str) -> Vec<u8> {
    let mut bytes = b"IMPROV\x01".to_vec();
    bytes.extend(
        hex.split_whitespace()
            .flat_map(|word| match word.strip_prefix('\'') {
                Some(text) => text.as_bytes().to_vec(),
                None => vec![u8::from_str_radix(word, 16).unwrap()],
            }),
    );
    bytes.push(b'\n');
    bytes
}

/// Decodes bytes that are exactly one packet.
fn packet(bytes: &[u8]) -> Packet {
    match <[Item; 1]>::try_from(Reader::default().receive(bytes)) {
        Ok([Item::Packet(packet)]) => packet,
        other => panic!("no single packet: {other:?}"),
    }
}

fn command(hex: &str, command: &Command) {
    let bytes = whole(hex);
    assert_eq!(command.to_packet().unwrap().encode(), bytes, "{command:?}");
    let read = packet(&bytes);
    assert_eq!(read.kind(), PacketKind::Command);
    assert_eq!(Command::from_data(read.data()).as_ref(), Ok(command));
}

fn from_device(hex: &str, encoded: &Packet, meant: &FromDevice) {
    let bytes = whole(hex);
    assert_eq!(encoded.encode(), bytes, "{meant:?}");
    assert_eq!(FromDevice::from_packet(&packet(&bytes)).as_ref(), Ok(meant));
}

fn result(hex: &str, result: &RpcResult) {
    from_device(
        hex,
        &result.to_packet().unwrap(),
        &FromDevice::Result(result.clone()),
    );
}

fn strings(strings: &[&str]) -> Vec<String> {
    strings.iter().map(|string| (*string).to_owned()).collect()
}

#[test]
fn credentials_match_the_example_of_the_standard() {
    let credentials = Credentials::new("MyWirelessAP", Password::new("mysecurepassword")).unwrap();
    // 0x1DE + 03 + 20 + 01 + 1E + 0C + 10 = 0x23C; the name makes 0x4A5, the
    // password 0x6E0: together 0xDC1.
    command(
        "03 20 01 1E 0C 'MyWirelessAP 10 'mysecurepassword C1",
        &Command::SendWifiSettings(credentials),
    );
}

#[test]
fn an_open_network_has_an_empty_password() {
    let credentials = Credentials::new("ab", Password::default()).unwrap();
    // 0x1DE + 03 + 06 + 01 + 04 + 02 + 61 + 62 + 00 = 0x2B1.
    command(
        "03 06 01 04 02 61 62 00 B1",
        &Command::SendWifiSettings(credentials),
    );
}

#[test]
fn commands_without_data_have_length_zero() {
    // 0x1DE + 03 + 02 = 0x1E3, and the number.
    command("03 02 02 00 E5", &Command::RequestState);
    command("03 02 03 00 E6", &Command::RequestInfo);
    command("03 02 04 00 E7", &Command::RequestNetworks);
    command("03 02 05 00 E8", &Command::GetHostname);
    command("03 02 06 00 E9", &Command::GetDeviceName);
    command("03 02 07 00 EA", &Command::RequestNetworkState);
}

#[test]
fn names_have_no_length_prefix() {
    // 0x1DE + 03 + 06 + 05 + 04 + 6C + 61 + 6D + 70 = 0x39A.
    command(
        "03 06 05 04 'lamp 9A",
        &Command::SetHostname("lamp".to_owned()),
    );
    // 0x1DE + 03 + 06 + 06 + 04 + 4C + C3 + A4 + 6D = 0x411.
    command(
        "03 06 06 04 4C C3 A4 6D 11",
        &Command::SetDeviceName("Läm".to_owned()),
    );
}

#[test]
fn states_are_one_byte() {
    // 0x1DE + 01 + 01 = 0x1E0, and the state.
    for (state, hex) in [
        (State::AuthorizationRequired, "01 01 01 E1"),
        (State::Ready, "01 01 02 E2"),
        (State::Provisioning, "01 01 03 E3"),
        (State::Provisioned, "01 01 04 E4"),
    ] {
        from_device(hex, &state.to_packet(), &FromDevice::State(state));
    }
}

#[test]
fn errors_are_one_byte() {
    // 0x1DE + 02 + 01 = 0x1E1, and the error.
    for (error, hex) in [
        (ErrorState::None, "02 01 00 E1"),
        (ErrorState::InvalidPacket, "02 01 01 E2"),
        (ErrorState::UnknownCommand, "02 01 02 E3"),
        (ErrorState::UnableToConnect, "02 01 03 E4"),
        (ErrorState::NotAuthorized, "02 01 04 E5"),
        (ErrorState::BadHostname, "02 01 05 E6"),
        (ErrorState::OTHER, "02 01 FF E0"),
    ] {
        from_device(hex, &error.to_packet(), &FromDevice::Error(error));
    }
}

#[test]
fn a_provisioned_board_answers_with_its_url() {
    // 0x1DE + 04 + 12 + 01 + 10 + 0F = 0x214, and the URL's 0x3DA make 0x5EE.
    let answer = RpcResult {
        command: Command::SEND_WIFI_SETTINGS,
        strings: strings(&["http://10.0.0.7"]),
    };
    result("04 12 01 10 0F 'http://10.0.0.7 EE", &answer);
}

#[test]
fn device_information_has_four_strings() {
    let info = DeviceInfo {
        firmware: "ESPHome".to_owned(),
        version: "2021.11.0".to_owned(),
        chip: "ESP32-C3".to_owned(),
        name: "Temperature Monitor".to_owned(),
    };
    // Lengths: 7 + 9 + 8 + 19 + 4 = 0x2F. 0x1DE + 04 + 31 + 03 + 2F + 07 + 09 +
    // 08 + 13 = 0x270; the names make 0x271, 0x1B3, 0x1F0 and 0x796: together
    // 0x101A.
    result(
        "04 31 03 2F 07 'ESPHome 09 '2021.11.0 08 'ESP32-C3 13 'Temperature 20 'Monitor 1A",
        &info.to_result(),
    );
    assert_eq!(
        DeviceInfo::from_strings(&info.to_result().strings),
        Some(info.clone())
    );
    let with_system = [info.to_result().strings, strings(&["Linux", "6"])].concat();
    assert_eq!(DeviceInfo::from_strings(&with_system), Some(info));
    assert_eq!(
        DeviceInfo::from_strings(&strings(&["ESPHome", "1", "C3"])),
        None
    );
}

#[test]
fn networks_end_with_an_empty_result() {
    let network = Network {
        ssid: "MyWirelessNetwork".to_owned(),
        rssi: -60,
        locked: true,
    };
    // Lengths: 17 + 3 + 3 + 3 = 0x1A. 0x1DE + 04 + 1C + 04 + 1A + 11 + 03 + 03
    // = 0x233; the strings make 0x6FE, 0x93 and 0xF1: together 0xAB5.
    result(
        "04 1C 04 1A 11 'MyWirelessNetwork 03 '-60 03 'YES B5",
        &network.to_result(),
    );
    assert_eq!(
        Network::from_strings(&network.to_result().strings),
        Some(network)
    );
    // 0x1DE + 04 + 02 + 04 + 00 = 0x1E8.
    result(
        "04 02 04 00 E8",
        &RpcResult {
            command: Command::REQUEST_NETWORKS,
            strings: Vec::new(),
        },
    );
}

#[test]
fn networks_of_other_firmware_are_understood() {
    let locked = |method| {
        Network::from_strings(&strings(&["x", "-60", method]))
            .unwrap()
            .locked
    };
    assert_eq!(
        ["YES", "NO", "WPA2", "WPA2 EAP"].map(locked),
        [true, false, true, true]
    );
    assert_eq!(
        Network::from_strings(&strings(&["x", "-300", "NO"]))
            .unwrap()
            .rssi,
        i8::MIN
    );
    assert_eq!(
        Network::from_strings(&strings(&["x", "strong", "NO"])),
        None
    );
    assert_eq!(Network::from_strings(&strings(&["x", "-60"])), None);
}

#[test]
fn the_network_state_has_flags_and_urls() {
    let state = NetworkState {
        flags: NetworkState::ONLINE | NetworkState::WIFI | NetworkState::ETHERNET,
        urls: strings(&["http://192.168.1.10"]),
    };
    // Lengths: 1 + 19 + 2 = 0x16. 0x1DE + 04 + 18 + 07 + 16 + 01 + 37 + 13 =
    // 0x262, and the URL's 0x4AF make 0x711.
    result(
        "04 18 07 16 01 37 13 'http://192.168.1.10 11",
        &state.to_result(),
    );
    assert_eq!(
        NetworkState::from_strings(&state.to_result().strings),
        Some(state)
    );
    assert_eq!(NetworkState::from_strings(&[]), None);
}

#[test]
fn malformed_and_unknown_commands_are_told_apart() {
    for data in [
        &[][..],
        &[2],
        &[2, 1],
        &[2, 1, 0],
        &[1, 0],
        &[1, 3, 1, b'x', 9],
        &[1, 2, 0, 0],
        &[1, 4, 1, 0xff, 1, b'p'],
        &[1, 5, 1, b'a', 0, 1, b'b'],
        &[5, 1, 0xff],
    ] {
        assert_eq!(
            Command::from_data(data),
            Err(CommandError::Invalid),
            "{data:?}"
        );
    }
    assert_eq!(Command::from_data(&[8, 0]), Err(CommandError::Unknown(8)));
    assert_eq!(
        Command::from_data(&[200, 1, 7]),
        Err(CommandError::Unknown(200))
    );
}

#[test]
fn credentials_have_the_length_limits_of_wifi() {
    let credentials = |ssid: usize, password: usize| {
        Credentials::new("s".repeat(ssid), Password::new("p".repeat(password)))
    };
    assert!(credentials(1, 0).is_ok() && credentials(32, 64).is_ok());
    assert!(
        credentials(0, 8).is_err() && credentials(33, 8).is_err() && credentials(8, 65).is_err()
    );
}

#[test]
fn values_that_are_too_long_are_not_sent() {
    assert_eq!(Command::SetDeviceName("n".repeat(254)).to_packet(), None);
    assert!(
        Command::SetDeviceName("n".repeat(253))
            .to_packet()
            .is_some()
    );
    let answer = |length| RpcResult {
        command: 6,
        strings: vec!["n".repeat(length)],
    };
    assert!(
        answer(252).to_packet().is_ok()
            && answer(253).to_packet().is_err()
            && answer(256).to_packet().is_err()
    );
}

#[test]
fn debug_output_omits_passwords() {
    let credentials = Credentials::new("Attic", Password::new("correct horse")).unwrap();
    let command = Command::SendWifiSettings(credentials);
    let packet = command.to_packet().unwrap();
    let shown = format!(
        "{command:?} {packet:?} {:?} {:#?}",
        Item::Packet(packet.clone()),
        command
    );
    assert!(
        shown.contains("Attic") && !shown.contains("horse") && !shown.contains("114"),
        "{shown}"
    );
}
