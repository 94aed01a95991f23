//! Attacks on the app by fake boards: an honest board is served, memory is
//! bounded, and the user is told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    ATTACK, SOON,
    announcements::Liar,
    honest::Served,
    pretender::{Pretender, Wire, frame_header, info},
    process::{Used, Victim, print},
};

/// The maximum time of an honest board's command.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

/// What a board may cost the app, in kilobytes: a frame of 64 KiB and the
/// message that it is part of, each in a buffer that doubles.
const EACH_KB: u64 = 2 * 128;

/// A service type that no other test uses.
pub(crate) fn private_service() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "_swh{}-{number:x}._tcp.local.",
        std::process::id() & 0xf_ffff
    )
}

/// A fleet with an honest board, found by mDNS.
pub(crate) struct Stage {
    pub(crate) app: Victim,
    pub(crate) honest: VirtualBoards,
    pub(crate) key: u64,
    pub(crate) id: String,
    pub(crate) service: String,
    pub(crate) said: Vec<Value>,
}

impl Stage {
    pub(crate) fn set() -> Self {
        let service = private_service();
        let options = Options {
            profile: Profile::Lamp,
            service: service.clone(),
            ..Options::default()
        };
        let honest = VirtualBoards::start(options).expect("a board");
        let id = honest.list()[0].id.clone();
        let mut app = Victim::fleet(&service);
        let told = app.hears("that it is connected", |told| {
            told["id"] == *id
                && told["link"] == "connected"
                && told["components"].as_u64() > Some(1)
        });
        app.measure_from_now();
        Self {
            app,
            honest,
            key: told["key"].as_u64().expect("a key"),
            id,
            service,
            said: Vec::new(),
        }
    }

    /// Sends commands to the honest board one after the other, during the
    /// attack.
    pub(crate) fn commands(&mut self) -> Served {
        let end = Instant::now() + ATTACK;
        let mut served = Served::default();
        while Instant::now() < end {
            served.add(self.press());
            // About twenty per second: a person does not flood.
            thread::sleep(Duration::from_millis(50));
        }
        served
    }

    pub(crate) fn press(&mut self) -> Duration {
        self.app.tell(&format!("press {}", self.key));
        let end = Instant::now() + SOON;
        loop {
            let lines = self.app.said();
            let outcome = lines.iter().find_map(|line| line["took_ms"].as_u64());
            for line in lines {
                assert_eq!(
                    line["failed"],
                    Value::Null,
                    "the honest board is not served"
                );
                self.said.push(line);
            }
            if let Some(took) = outcome {
                return Duration::from_millis(took);
            }
            assert!(Instant::now() < end, "no outcome");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// What the app shows of the board at this address, once it is as expected.
    pub(crate) fn shows(&mut self, address: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + SOON;
        loop {
            self.said.extend(self.app.said());
            let shown = self
                .said
                .iter()
                .rev()
                .find(|line| line["address"] == *address);
            if let Some(shown) = shown.filter(|shown| wanted(shown)) {
                return shown.clone();
            }
            assert!(Instant::now() < end, "{shown:?} is shown");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Every problem shown for the board at this address.
    pub(crate) fn problems(&mut self, address: &str) -> Vec<String> {
        self.said.extend(self.app.said());
        let of = self.said.iter().filter(|line| line["address"] == *address);
        let mut problems: Vec<_> = of
            .filter_map(|line| line["problem"].as_str().map(str::to_owned))
            .collect();
        problems.dedup();
        problems
    }

    pub(crate) fn end(&self, peer: &str, served: &Served, bound_mb: u64, told: &str) -> Used {
        let used = self.app.used();
        print(peer, used, &format!("{served}; {told}"));
        assert!(used.peak_kb <= 1024 * bound_mb, "{used:?}");
        assert!(served.slowest() < SERVED_WITHIN, "{served}");
        used
    }
}

/// A fake board against the app: its behavior, the memory that it may cost, the
/// problem that the user is told, and the expected state at the end.
fn pretend(
    peer: &str,
    bound_mb: u64,
    told: &str,
    does: impl Fn(&mut Wire) -> Option<()> + Send + Sync + 'static,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let mut stage = Stage::set();
    let pretender = Pretender::that(does);
    stage.app.tell(&format!("add {}", pretender.address));
    let served = stage.commands();
    let problems = stage.problems(&pretender.address);
    let words = if told.is_empty() {
        "nothing to tell".to_owned()
    } else {
        format!("told: {}", problems.join("; "))
    };
    stage.end(peer, &served, bound_mb, &words);
    assert!(
        problems.iter().any(|problem| problem.contains(told)) || told.is_empty(),
        "{problems:?}"
    );
    stage.shows(&pretender.address, wanted)
}

#[test]
fn a_message_of_a_hundred_megabytes_in_one_frame() {
    pretend(
        "a message of 100 MB in one frame",
        8,
        "is not a Switchboard board",
        |wire| {
            wire.bytes(&frame_header(0x81, 100 << 20))?;
            loop {
                wire.bytes(&[b' '; 64 * 1024])?;
            }
        },
        |_| true,
    );
}

#[test]
fn a_message_in_fragments_without_end() {
    pretend(
        "a message in fragments without end",
        8,
        "is not a Switchboard board",
        fragments,
        |_| true,
    );
}

/// Fragments of 60,000 bytes, for as long as they are taken.
pub(crate) fn fragments(wire: &mut Wire) -> Option<()> {
    let mut fragment = vec![0x01, 126, 0xea, 0x60];
    fragment.extend([b' '; 60_000]);
    wire.bytes(&fragment)?;
    fragment[0] = 0x00;
    loop {
        wire.bytes(&fragment)?;
    }
}

#[test]
fn twelve_boards_that_send_fragments_without_end() {
    const BOARDS: u64 = 12;
    let mut stage = Stage::set();
    let pretenders: Vec<_> = (0..BOARDS).map(|_| Pretender::that(fragments)).collect();
    for pretender in &pretenders {
        stage.app.tell(&format!("add {}", pretender.address));
    }
    let served = stage.commands();
    let used = stage.end("12 boards that send fragments without end", &served, 8, "");
    let each = used.peak_kb / BOARDS;
    assert!(each < EACH_KB, "{each} kB each");
}

#[test]
fn twelve_boards_that_stop_before_the_end_of_the_longest_message() {
    const BOARDS: u64 = 12;
    let mut stage = Stage::set();
    let pretenders: Vec<_> = (0..BOARDS)
        .map(|_| {
            Pretender::that(|wire| {
                let mut fragment = vec![0x01, 126, 0x03, 0xe8];
                fragment.extend([b' '; 1_000]);
                for _ in 0..65 {
                    wire.bytes(&fragment)?;
                    fragment[0] = 0x00;
                }
                // Until the app gives up.
                while wire.request().is_some() {}
                None
            })
        })
        .collect();
    for pretender in &pretenders {
        stage.app.tell(&format!("add {}", pretender.address));
    }
    let served = stage.commands();
    let used = stage.end(
        "12 boards that stop before the end of a message of 64 KiB",
        &served,
        8,
        "",
    );
    let each = used.peak_kb / BOARDS;
    assert!(each < EACH_KB, "{each} kB each");
}

#[test]
fn components_without_end() {
    let shown = pretend(
        "a million components, page by page",
        16,
        "",
        |wire| {
            loop {
                let request = wire.request()?;
                let result = match request["method"].as_str().unwrap_or_default() {
                    "Device.GetInfo" => info("Endless"),
                    "Device.GetComponents" => {
                        let offset = request["params"]["offset"].as_u64().unwrap_or_default();
                        let one = |number: u64| {
                            let key = format!("sensor:{number}");
                            json!({ "key": key, "kind": "sensor", "name": "x".repeat(60) })
                        };
                        let page: Vec<_> = (offset..offset + 100).map(one).collect();
                        json!({ "offset": offset, "total": 1_000_000, "components": page })
                    }
                    _ => json!({ "epoch": "00c0ffee", "seq": 1, "uptime_ms": 1, "client": 1 }),
                };
                wire.answer(&request, result)?;
            }
        },
        |shown| shown["components"] == 512,
    );
    assert_eq!(shown["components"], 512, "{shown}");
}

#[test]
fn a_component_list_whose_pages_never_advance() {
    pretend(
        "one component a page, always the same",
        16,
        "",
        |wire| {
            loop {
                let request = wire.request()?;
                let result = match request["method"].as_str().unwrap_or_default() {
                    "Device.GetInfo" => info("Again"),
                    "Device.GetComponents" => {
                        let one = json!({ "key": "sensor:0", "kind": "sensor", "name": "again" });
                        json!({ "offset": 0, "total": 1_000_000, "components": [one] })
                    }
                    _ => json!({ "epoch": "00c0ffee", "seq": 1, "uptime_ms": 1, "client": 1 }),
                };
                wire.answer(&request, result)?;
            }
        },
        |_| true,
    );
}

#[test]
fn values_that_are_huge_or_not_numbers() {
    const VALUES: [&str; 8] = [
        "NaN",
        "1e999",
        "-1e999",
        "Infinity",
        "1e308",
        "-1e308",
        "123456789012345678901234567890",
        "-0.0",
    ];
    let shown = pretend(
        "NaN, infinite and huge numbers, without end",
        8,
        "",
        |wire| {
            wire.introduce("Odd numbers")?;
            let mut seq = 1;
            loop {
                for value in VALUES {
                    seq += 1;
                    wire.text(format!(
                    r#"{{"jsonrpc":"2.0","method":"NotifyStatus","params":{{"epoch":"00c0ffee","prev":{},"seq":{seq},"uptime_ms":{seq},"sensor:0":{{"value":{value}}}}}}}"#,
                    seq - 1
                ))?;
                    thread::sleep(Duration::from_millis(5));
                }
            }
        },
        |_| true,
    );
    let value = &shown["shown"]["value"];
    assert!(
        value.is_null() || value.as_f64().is_some_and(f64::is_finite),
        "{shown}"
    );
}

#[test]
fn pushes_without_end() {
    pretend(
        "pushes as fast as they go",
        64,
        "",
        |wire| {
            wire.introduce("Flood")?;
            for seq in 2_u64.. {
                let params = json!({
                    "epoch": "00c0ffee", "prev": seq - 1, "seq": seq, "uptime_ms": seq,
                    "sensor:0": { "value": seq },
                });
                wire.text(
                    json!({ "jsonrpc": "2.0", "method": "NotifyStatus", "params": params })
                        .to_string(),
                )?;
            }
            None
        },
        |_| true,
    );
}

#[test]
fn a_name_that_hides_its_difference_from_another() {
    let shown = pretend(
        "names with unseen and turning characters",
        8,
        "",
        |wire| {
            wire.introduce("Desk\u{200b} lamp \u{202e}1.861.291")?;
            while wire.request().is_some() {}
            None
        },
        |shown| {
            shown["names"]
                .as_array()
                .is_some_and(|names| !names.is_empty())
        },
    );
    assert_eq!(
        shown["name"], "Desk\u{fffd} lamp \u{fffd}1.861.291",
        "{shown}"
    );
    assert_eq!(shown["names"][0], shown["name"]);
}

#[test]
fn a_name_that_is_not_utf_8_is_announced() {
    let mut stage = Stage::set();
    let liar = Liar::of(&stage.service);
    let end = Instant::now() + SOON;
    let shown = loop {
        liar.announce_at("sb-latin", b"K\xfcche", std::net::Ipv4Addr::LOCALHOST, 9);
        stage.said.extend(stage.app.said());
        if let Some(shown) = stage.said.iter().find(|line| line["id"] == "sb-latin") {
            break shown["name"].clone();
        }
        assert!(Instant::now() < end, "it is never shown");
        thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(shown, "K\u{fffd}che");
}

/// Sends this many announcements per second during the attack.
pub(crate) fn lie(
    stage: &mut Stage,
    per_second: u32,
    lie: impl Fn(&Liar, u32) + Send + 'static,
) -> (Served, u32) {
    let over = Arc::new(AtomicBool::new(false));
    let (ended, service) = (Arc::clone(&over), stage.service.clone());
    let liar = thread::spawn(move || {
        let liar = Liar::of(&service);
        let begun = Instant::now();
        let mut told = 0;
        while !ended.load(Ordering::Relaxed) {
            lie(&liar, told);
            told += 1;
            let due = begun + told * Duration::from_secs(1) / per_second;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        told
    });
    let served = stage.commands();
    over.store(true, Ordering::Relaxed);
    (served, liar.join().expect("a liar"))
}

#[test]
fn an_announcement_whose_port_changes_all_the_time() {
    let mut stage = Stage::set();
    let (served, told) = lie(&mut stage, 1_000, |liar, number| {
        liar.announce(
            "sb-runs-away",
            "Runs away",
            10_000 + u16::try_from(number % 50_000).unwrap_or_default(),
        );
    });
    stage.said.extend(stage.app.said());
    let boards = stage
        .said
        .iter()
        .filter_map(|line| line["met"].as_u64())
        .max()
        .unwrap_or_default();
    stage.end(
        "one board, another port 1,000 times a second",
        &served,
        16,
        &format!("{told} announced"),
    );
    assert_eq!(boards, 2);
}

#[test]
fn an_announcement_with_the_id_of_a_board_that_is_connected() {
    let mut stage = Stage::set();
    let pretender = Pretender::that(|wire| {
        wire.introduce("Desk lamp")?;
        while wire.request().is_some() {}
        None
    });
    let port = pretender
        .address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port");
    let id = stage.id.clone();
    let (served, told) = lie(&mut stage, 100, move |liar, _| {
        liar.announce(&id, "Desk lamp", port);
    });
    stage.said.extend(stage.app.said());
    let honest = stage.honest.list()[0].address.to_string();
    let strayed = stage
        .said
        .iter()
        .filter(|line| line["key"] == stage.key && line["address"] != *honest)
        .count();
    stage.end(
        "the id of a connected board announced elsewhere",
        &served,
        8,
        &format!("{told} announced, {strayed} followed"),
    );
    assert_eq!(strayed, 0, "the link of a live board was led elsewhere");
}
