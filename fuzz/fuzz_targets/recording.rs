//! Files that are replayed: anything, plain or compressed. Reading never
//! panics and ends, and what is played is in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{Item, Player, Reader, Window};

/// A small compressed file may have many lines.
const MOST: usize = 20_000;

fuzz_target!(|input: &[u8]| {
    let (from, file) = match input.split_first() {
        Some((first, rest)) if *first != b'{' && *first != 0x1f => (f64::from(*first), rest),
        _ => (0.0, input),
    };
    let Ok(reader) = Reader::of_bytes(file.to_vec()) else {
        return;
    };
    let mut player = Player::new(Window {
        speed: 10.0,
        from,
        to: Some(from + 1e6),
        boards: Vec::new(),
    });
    let mut last = std::time::Duration::ZERO;
    let mut failed = false;
    for item in reader.take(MOST) {
        assert!(!failed, "nothing is read after an error");
        match item {
            Ok(Item::Header(header)) => player.header(&header),
            Ok(Item::Record(record)) => {
                for step in player.record(*record) {
                    assert!(step.due >= last, "the order is that of the records");
                    last = step.due;
                }
            }
            Ok(Item::Note(_)) => {}
            Err(error) => {
                assert!(!error.to_string().is_empty());
                failed = true;
            }
        }
    }
});
