//! Any input in chunks of any size: no panic, no text lost, every packet found.

use proptest::{collection::vec, prelude::*};
use switchboard_protocol::improv::{
    Command, FromDevice, HEADER, Item, MAX_DATA, Packet, PacketKind, Reader, RpcResult, VERSION,
};

/// Reads the stream in chunks of these sizes, and the rest at once.
fn read(stream: &[u8], sizes: &[usize]) -> Vec<Item> {
    let mut reader = Reader::default();
    let mut items = Vec::new();
    let mut rest = stream;
    for size in sizes {
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        items.extend(reader.receive(piece));
        rest = after;
    }
    items.extend(reader.receive(rest));
    items.extend(reader.give_up());
    joined(items)
}

/// Joins text that arrived in pieces.
fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut joined: Vec<Item> = Vec::new();
    for item in items {
        match (joined.last_mut(), item) {
            (Some(Item::Text(text)), Item::Text(more)) => text.extend(more),
            (_, item) => joined.push(item),
        }
    }
    joined
}

/// Bytes in which headers are frequent.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => vec(any::<u8>(), 0..20),
        2 => Just([&HEADER[..], &[VERSION]].concat()),
        1 => Just(HEADER[..3].to_vec()),
        1 => packet().prop_map(|packet| packet.encode()),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn packet() -> impl Strategy<Value = Packet> {
    (any::<u8>(), vec(any::<u8>(), 0..=MAX_DATA))
        .prop_map(|(kind, data)| Packet::new(kind.into(), data).unwrap())
}

/// Text that contains no start of a packet.
fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(
        any::<u8>().prop_filter("a header's first byte", |byte| *byte != HEADER[0]),
        0..40,
    )
}

proptest! {
    #[test]
    fn chunk_sizes_do_not_affect_the_result(stream in bytes(), sizes in vec(0..40_usize, 0..40)) {
        prop_assert_eq!(read(&stream, &[]), read(&stream, &sizes));
    }

    #[test]
    fn text_without_a_header_is_passed_through(text in text(), sizes in vec(0..9_usize, 0..20)) {
        let expected = if text.is_empty() { Vec::new() } else { vec![Item::Text(text.clone())] };
        prop_assert_eq!(read(&text, &sizes), expected);
    }

    #[test]
    fn packets_and_the_text_between_them_are_found(
        parts in vec((text(), packet()), 0..6),
        sizes in vec(0..60_usize, 0..40),
    ) {
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for (text, packet) in parts {
            stream.extend_from_slice(&text);
            stream.extend(packet.encode());
            if !text.is_empty() {
                expected.push(Item::Text(text));
            }
            expected.push(Item::Packet(packet));
        }
        prop_assert_eq!(read(&stream, &sizes), expected);
    }

    #[test]
    fn a_packet_is_found_after_any_input(noise in bytes(), packet in packet()) {
        let mut reader = Reader::default();
        reader.receive(&noise);
        reader.give_up();
        let items = reader.receive(&packet.encode());
        prop_assert!(items.contains(&Item::Packet(packet)), "{:?}", items);
    }

    #[test]
    fn any_data_decodes_as_a_command_or_an_error(data in vec(any::<u8>(), 0..=MAX_DATA)) {
        if let Ok(command) = Command::from_data(&data) {
            let packet = command.to_packet().expect("it came in one");
            prop_assert_eq!(packet.data(), data);
        }
    }

    #[test]
    fn any_packet_decodes_as_a_message_or_an_error(packet in packet()) {
        if let Ok(FromDevice::Result(result)) = FromDevice::from_packet(&packet) {
            prop_assert_eq!(packet.kind(), PacketKind::Result);
            prop_assert_eq!(Some(&result.command), packet.data().first());
        }
    }

    #[test]
    fn results_round_trip(command: u8, strings in vec("\\PC{0,12}", 0..5)) {
        let result = RpcResult { command, strings };
        let packet = result.to_packet().expect("short");
        prop_assert_eq!(FromDevice::from_packet(&packet), Ok(FromDevice::Result(result)));
    }
}
