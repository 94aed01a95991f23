//! Packets between log lines.

use switchboard_protocol::improv::{Command, Item, Packet, Reader, State};

fn text(text: &str) -> Item {
    Item::Text(text.as_bytes().to_vec())
}

fn ready() -> Packet {
    State::Ready.to_packet()
}

#[test]
fn log_lines_around_packets_are_passed_through() {
    let stream = [
        b"boot\nIMP",
        &ready().encode()[..],
        b"scan\r\n",
        &ready().encode(),
        b"IMPROVed\n",
    ]
    .concat();
    let items = Reader::default().receive(&stream);
    let packet = || Item::Packet(ready());
    assert_eq!(
        items,
        [
            text("boot\nIMP"),
            packet(),
            text("scan\r\n"),
            packet(),
            text("IMPROVed\n")
        ]
    );
}

#[test]
fn another_version_is_text() {
    assert_eq!(
        Reader::default().receive(b"IMPROV\x02\x01\x01\x02\n"),
        [text("IMPROV\u{2}\u{1}\u{1}\u{2}\n")]
    );
}

#[test]
fn a_packet_needs_no_newline_after_it() {
    let mut encoded = ready().encode();
    assert_eq!(encoded.pop(), Some(b'\n'));
    let twice = [encoded.clone(), encoded].concat();
    assert_eq!(
        Reader::default().receive(&twice),
        [Item::Packet(ready()), Item::Packet(ready())]
    );
}

#[test]
fn only_one_newline_belongs_to_a_packet() {
    let stream = [&ready().encode()[..], b"\n"].concat();
    assert_eq!(
        Reader::default().receive(&stream),
        [Item::Packet(ready()), text("\n")]
    );
}

#[test]
fn a_bad_checksum_is_reported_and_the_next_packet_decoded() {
    let mut damaged = ready().encode();
    damaged[10] ^= 1;
    let stream = [damaged, ready().encode()].concat();
    assert_eq!(
        Reader::default().receive(&stream),
        [Item::Damaged, Item::Packet(ready())]
    );
}

#[test]
fn a_packet_that_a_wrong_length_would_swallow_is_found() {
    let mut damaged = ready().encode();
    damaged[8] = 20;
    let stream = [damaged, ready().encode(), ready().encode()].concat();
    let items = Reader::default().receive(&stream);
    assert_eq!(
        items,
        [Item::Damaged, Item::Packet(ready()), Item::Packet(ready())]
    );
}

#[test]
fn a_packet_that_never_ends_is_given_up() {
    let mut reader = Reader::default();
    let stream = [&b"IMPROV\x01\x03\xff"[..], &ready().encode()].concat();
    assert_eq!(reader.receive(&stream), []);
    assert!(reader.is_waiting());
    assert_eq!(reader.give_up(), [Item::Damaged, Item::Packet(ready())]);
    assert!(!reader.is_waiting());
    assert_eq!(reader.receive(b"IMPR"), []);
    assert_eq!(reader.give_up(), [text("IMPR")]);
}

#[test]
fn bytes_of_a_damaged_packet_are_not_passed_through() {
    let bytes = Command::SetDeviceName("secret".to_owned())
        .to_packet()
        .unwrap()
        .encode();
    for at in 7..bytes.len() - 1 {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let mut reader = Reader::default();
        let mut items = reader.receive(&damaged);
        items.extend(reader.give_up());
        items.extend(reader.receive(b"next\n"));
        assert!(
            !format!("{items:?}").contains("cret"),
            "byte {at}: {items:?}"
        );
        assert!(items.contains(&Item::Damaged), "byte {at}: {items:?}");
    }
}

#[test]
fn the_line_after_a_damaged_packet_is_passed_through() {
    let mut bytes = ready().encode();
    bytes[10] ^= 1;
    let stream = [&bytes[..], b"next\n"].concat();
    assert_eq!(
        Reader::default().receive(&stream),
        [Item::Damaged, text("next\n")]
    );
}
