//! Random images, requests and power cuts.

use proptest::collection;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use protocol::{limits, method, ota};
use serde_json::json;

use super::{OLD, T0, begin, begin_of, commit, flash, image, reset, updatable, write};
use crate::{
    fixtures::{connected, ms, read, request},
    test_flash::MAGIC,
};

fn any_image() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(any::<u8>(), 1..6_000).prop_map(|mut image| {
        image[0] = MAGIC;
        image
    })
}

proptest! {
    #[test]
    fn any_split_into_chunks_gives_the_same_image(
        image in any_image(), parts in collection::vec((1..=limits::UPDATE_CHUNK, 0..4_u8), 1..40)
    ) {
        let mut board = updatable();
        let mut client = connected(&mut board);
        begin(&mut board, T0, client, &image).result();
        let mut offset = 0;
        for (length, mishap) in parts.iter().cycle() {
            let part = &image[offset..(offset + length).min(image.len())];
            match mishap {
                // The response was lost, and the chunk is sent twice.
                0 => {
                    write(&mut board, T0, client, offset, part).result();
                    let error = write(&mut board, T0, client, offset, part).error();
                    let expected = if part.is_empty() { "out_of_range" } else { "wrong_offset" };
                    prop_assert_eq!(error.data.reason, expected);
                }
                // The connection was lost, and another one continues.
                1 => {
                    board.disconnect(ms(0), client);
                    client = connected(&mut board);
                    let begun = begin(&mut board, T0, client, &image).result();
                    prop_assert_eq!(begun["offset"].as_u64(), Some(offset as u64));
                    write(&mut board, T0, client, offset, part).result();
                }
                _ => { write(&mut board, T0, client, offset, part).result(); }
            }
            offset += part.len();
            if offset == image.len() {
                break;
            }
        }
        commit(&mut board, T0, client).result();
        let mut board = reset(board);
        prop_assert_eq!(flash(&mut board).running(), image);
    }

    #[test]
    fn a_power_cut_leaves_the_old_image_or_the_whole_new_one(
        image in any_image(),
        part in 200..=limits::UPDATE_CHUNK,
        cut in any::<proptest::sample::Index>(),
    ) {
        // Once without a power cut, to count the operations.
        let mut moments = None;
        loop {
            let mut board = updatable();
            let client = connected(&mut board);
            flash(&mut board).power = moments.map(|moments| cut.index(moments));
            begin(&mut board, T0, client, &image).result();
            for (index, part_of) in image.chunks(part).enumerate() {
                write(&mut board, T0, client, index * part, part_of).result();
            }
            let committed = commit(&mut board, T0, client);
            let Some(_) = moments else {
                committed.result();
                moments = Some(flash(&mut board).operations + 1);
                continue;
            };
            let mut board = reset(board);
            let running = flash(&mut board).running();
            prop_assert!(running == OLD || running == image);
            break;
        }
    }

    #[test]
    fn any_requests_of_an_update_boot_only_a_whole_image(
        asked in collection::vec((0..3_usize, 0..6_u8, 0..300_usize, 0..40_000_u64), 0..60)
    ) {
        let images = [image(200), image(300)];
        let mut board = updatable();
        let mut clients = [connected(&mut board), connected(&mut board), connected(&mut board)];
        let mut now = T0;
        for (who, what, number, pause) in asked {
            now += ms(pause / 10);
            board.run_until(now);
            let image = &images[number % 2];
            let client = clients[who];
            let (method, params) = match what {
                0 => (method::OTA_BEGIN, begin_of(image)),
                1 => {
                    let offset = u32::try_from(number).unwrap();
                    (method::OTA_WRITE, json!(ota::Write::new(offset, &image[number / 2..])))
                }
                2 => (method::OTA_WRITE, json!(ota::Write::new(0, image))),
                3 => (method::OTA_COMMIT, json!({})),
                4 => (method::OTA_ABORT, json!({})),
                _ => {
                    board.disconnect(ms(0), client);
                    if let Ok(again) = board.connect(now) {
                        clients[who] = again;
                    }
                    continue;
                }
            };
            board.receive(now, client, &request(method, &params));
            while let Some(outgoing) = board.next_outgoing(now, client) {
                read(outgoing);
            }
        }
        let mut board = reset(board);
        let running = flash(&mut board).running();
        prop_assert!(running == OLD || images.iter().any(|image| running == image));
    }
}
