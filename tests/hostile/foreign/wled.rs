//! What answers as a WLED.

use std::{net::TcpStream, thread, time::Duration};

use fleet::Family;
use serde_json::{Value, json};

use super::{
    Peer, Promise, assert_names_are_short, attack, drip, huge, is_given_up, nested, respond,
};
use crate::{pretender::Wire, to_the_app::fragments};

/// Answers requests for lists with `lists`, and a WebSocket with `does`.
fn peer(
    lists: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static,
    does: impl Fn(&mut Wire) -> Option<()> + Send + Sync + 'static,
) -> Peer {
    Peer::that(Family::Wled, move |stream| {
        let mut head = [0; 9];
        loop {
            match stream.peek(&mut head).ok()? {
                0 => return None,
                read if read == head.len() => break,
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
        if head.starts_with(b"GET /ws ") {
            does(&mut Wire::accept(stream)?)
        } else {
            lists(stream)
        }
    })
}

/// An honest list.
fn names(stream: TcpStream) -> Option<()> {
    respond(stream, Some(9), br#"["Solid"]"#)
}

fn report(name: &str, segments: &Value, brightness: u32) -> String {
    json!({
        "state": { "on": true, "bri": brightness % 256, "ps": -1, "pl": -1, "seg": segments },
        "info": {
            "ver": "0.15.0", "name": name, "mac": "aabbccddeeff", "arch": "esp32",
            "uptime": 100, "fxcount": 1, "palcount": 1, "leds": { "seglc": [1, 1] },
        },
    })
    .to_string()
}

fn one_segment() -> Value {
    json!([{ "id": 0, "on": true, "bri": 255, "col": [[255, 0, 0]], "fx": 0, "pal": 0 }])
}

/// An honest report.
fn introduce(wire: &mut Wire) -> Option<()> {
    wire.text(report("Strip", &one_segment(), 1))
}

#[test]
fn a_message_of_a_hundred_megabytes_in_one_frame() {
    attack(
        "100 MB in one frame",
        &peer(names, huge),
        Promise(8, "too long"),
        |_| true,
    );
}

#[test]
fn a_message_in_fragments_without_end() {
    attack(
        "endless fragments",
        &peer(names, fragments),
        Promise(8, "too long"),
        |_| true,
    );
}

#[test]
fn a_message_that_drips() {
    is_given_up(&peer(names, drip), "a message byte by byte");
}

#[test]
fn json_nested_thousands_deep() {
    attack(
        "JSON nested 100 and 30,000 deep, endless",
        &peer(names, |wire| {
            introduce(wire)?;
            loop {
                for depth in [100, 30_000] {
                    wire.text(format!(r#"{{"state":{{"seg":{}}}}}"#, nested(depth)))?;
                }
            }
        }),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
}

/// As many segments as fit into a message, from this number on.
fn segments(from: u32) -> Value {
    let one = |id| json!({ "id": id, "n": "x".repeat(300), "bri": 7 });
    Value::Array((from..from + 150).map(one).collect())
}

#[test]
fn a_million_segments() {
    let shown = attack(
        "a million segments, others in each push",
        &peer(names, |wire| {
            for from in (0_u32..).step_by(150) {
                wire.text(report("Strip", &segments(from % 900), from))?;
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
    assert!(shown["components"].as_u64() <= Some(512), "{shown}");
}

#[test]
fn names_of_megabytes() {
    let shown = attack(
        "names of 60 kB; a list in 100 MB, without end",
        &peer(
            |stream| {
                respond(
                    stream,
                    None,
                    format!("[\"{}\",", "x".repeat(60_000)).as_bytes(),
                )
            },
            |wire| {
                let segments = json!([{ "id": 0, "n": "x".repeat(30_000) }, { "id": 1 }]);
                wire.text(report(&"x".repeat(30_000), &segments, 1))?;
                wire.stay()
            },
        ),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
    assert_names_are_short(&shown);
}

#[test]
fn lists_as_long_as_is_read() {
    let name = format!("\"{}\",", "x".repeat(900));
    let list = format!("[{}0]", name.repeat(280));
    attack(
        "lists of 250 kB, changed in each push",
        &peer(
            move |stream| respond(stream, Some(list.len()), list.as_bytes()),
            |wire| {
                introduce(wire)?;
                for number in 0_u32.. {
                    let mut changed: Value =
                        serde_json::from_str(&report("Strip", &one_segment(), number)).ok()?;
                    changed["info"]["fxcount"] = json!(number);
                    changed["info"]["palcount"] = json!(number);
                    changed["info"]["fs"] = json!({ "pmt": number });
                    wire.text(changed.to_string())?;
                    thread::sleep(Duration::from_millis(10));
                }
                None
            },
        ),
        Promise(16, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn lists_that_drip_or_are_nested() {
    attack(
        "lists nested 100,000 deep",
        &peer(
            |stream| {
                let lists = nested(100_000);
                respond(stream, Some(lists.len()), lists.as_bytes())
            },
            |wire| introduce(wire).and_then(|()| wire.stay()),
        ),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
    attack(
        "lists that never arrive",
        &peer(
            |stream| {
                let mut stream = stream;
                loop {
                    std::io::Write::write_all(&mut stream, b"H").ok()?;
                    thread::sleep(Duration::from_millis(20));
                }
            },
            |wire| introduce(wire).and_then(|()| wire.stay()),
        ),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn pushes_without_end() {
    attack(
        "pushes as fast as possible",
        &peer(names, |wire| {
            for number in 0_u32.. {
                wire.text(report("Strip", &one_segment(), number))?;
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn previews_without_end() {
    attack(
        "previews of LEDs as fast as possible",
        &peer(names, |wire| {
            introduce(wire)?;
            let mut preview = vec![b'L', 1];
            preview.resize(60_002, 7);
            loop {
                wire.binary(preview.clone())?;
            }
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}
