//! Changed recordings: reading them ends, and never panics. `fuzz` has the
//! longer version.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use record::{Item, Player, Reader, Window};

const LINES: &str = r#"{"switchboard_recording":1,"program":"switchboard 0.1.0","session":"s","started":1.5,"part":1}
{"at":1.5,"t":0.0,"board":"sb-1","what":"board","name":"Lamp","family":"switchboard","address":"192.0.2.1:80","link":{"state":"connected"},"components":[{"descriptor":{"key":"light:0","kind":"light","name":"Light"},"state":{"on":true}}]}
{"at":2.5,"t":1.0,"board":"sb-1","what":"push","components":{"light:0":{"on":false,"brightness":40}},"origin":"client:3","delay_ms":1.25}
{"at":3.5,"t":2.0,"board":"sb-1","what":"event","component":"button:0","event":"press","origin":"physical"}
{"at":4.5,"t":3.0,"board":"sb-1","what":"command","method":"Light.Set","outcome":"refused","error":{"code":-32602,"message":"no","data":{"reason":"missing"}}}
{"at":5.5,"t":4.0,"what":"end"}
"#;

/// Reads and plays; how many items there were.
fn play(bytes: Vec<u8>, from: f64) -> usize {
    let Ok(reader) = Reader::of_bytes(bytes) else {
        return 0;
    };
    let mut player = Player::new(Window {
        from,
        ..Window::default()
    });
    let mut last = std::time::Duration::ZERO;
    let (mut items, mut failed) = (0, false);
    for item in reader {
        assert!(!failed, "nothing is read after an error");
        items += 1;
        match item {
            Ok(Item::Header(header)) => player.header(&header),
            Ok(Item::Record(record)) => {
                for step in player.record(*record) {
                    assert!(step.due >= last, "the order is that of the records");
                    last = step.due;
                }
            }
            Ok(Item::Note(_)) => {}
            Err(_) => failed = true,
        }
    }
    items
}

#[test]
fn changed_recordings_are_read_up_to_an_error_without_a_panic() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(LINES.as_bytes()).expect("memory");
    let compressed = encoder.finish().expect("memory");
    let mut random = fastrand::Rng::with_seed(22);
    for original in [LINES.as_bytes(), &compressed] {
        assert_eq!(play(original.to_vec(), 0.0), 6);
        let mut read = std::collections::BTreeSet::new();
        for _ in 0..20_000 {
            let mut bytes = original.to_vec();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                match random.u8(..4) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes.truncate(at.max(1)),
                    2 => drop(bytes.remove(at)),
                    _ => {
                        let end = random.usize(at..bytes.len());
                        let part = bytes[at..=end.min(at + 40).min(bytes.len() - 1)].to_vec();
                        bytes.splice(at..at, part);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'{');
                }
            }
            read.insert(play(bytes, if random.bool() { 0.0 } else { 1.5 }));
        }
        assert!(read.len() > 3, "the changes reach every line: {read:?}");
    }
}
