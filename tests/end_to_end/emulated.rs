//! The board core on an emulated machine, bare-metal, driven over its own
//! network stack. `firmware/emulated/check` runs these: they need its image,
//! QEMU, and a network of their own with a DHCP server.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
    sync::{Barrier, mpsc::Receiver},
    thread,
    time::{Duration, Instant},
};

use crate::desk::{
    Onlooker, SOON, component_of,
    emulator::{AtAPort, Emulator, Flash, pull_the_cable},
    key, on, reply,
    wire::{Heard, Wire},
};
use noise::{Key, Role};
use protocol::{
    Kind, Object, State,
    improv::{Command as Asked, ErrorState, Item, Packet, PacketKind, Reader},
    limits, ota,
    telemetry::Frame,
};
use serde_json::{Value, json};
use switchboard::{
    fleet::{
        ImageSource, LinkProblem, LinkState, Listening, Lock, LogEvent, Origin, Outcome, Settings,
        UpdateState,
    },
    keys::Store,
    pairing::{Pairing, Progress, Wanted},
};
use virtual_board::image::Image;

/// Somebody who finds the board as the window does.
fn finder() -> Onlooker {
    Onlooker::new(Settings::default())
}

fn done(answered: &Receiver<Outcome>, what: &str) {
    let outcome = answered.recv_timeout(SOON);
    assert!(
        matches!(outcome, Ok(Outcome::Done { .. })),
        "{what}: {outcome:?}"
    );
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_is_found_by_mdns_and_obeys_in_each_kind_of_component() {
    let board = Emulator::boot();
    let mut onlooker = finder();
    let found = onlooker.connected(board.name());
    assert!(!found.by_hand && found.announcement.is_some());
    assert_eq!(
        (found.address.as_str(), found.id.as_deref()),
        (board.address(), board.listening["id"].as_str())
    );
    for kind in [
        "switch",
        "binary_sensor",
        "light",
        "sensor",
        "number",
        "select",
        "text",
        "button",
        "valve",
    ] {
        let kind = Kind::from(kind);
        assert!(
            found
                .components
                .iter()
                .any(|component| component.descriptor.kind == kind),
            "no {kind}"
        );
    }
    for (component, change) in [
        ("switch:0", on(true)),
        (
            "light:0",
            on(true)
                .with("brightness", 40)
                .with("rgb", json!([255, 0, 128])),
        ),
        ("number:0", State::new().with("value", 75)),
        ("select:0", State::new().with("value", "night")),
        ("text:0", State::new().with("value", "Grüße")),
    ] {
        let (answer, answered) = reply();
        onlooker
            .fleet
            .set(found.key, &key(component), change.clone(), answer);
        done(&answered, component);
        onlooker.shows(board.name(), component, |shown| {
            change
                .0
                .iter()
                .all(|(field, value)| shown.get(field).is_some_and(|shown| alike(shown, value)))
        });
    }
    let (answer, answered) = reply();
    onlooker.fleet.toggle(found.key, &key("switch:0"), answer);
    done(&answered, "toggle");
    onlooker.shows(board.name(), "switch:0", |switch| {
        switch.on() == Some(false)
    });
    let (answer, answered) = reply();
    onlooker.fleet.press(found.key, &key("button:0"), answer);
    done(&answered, "press");
    onlooker.shows(board.name(), "light:0", |light| light.on() == Some(false));
}

/// 75 is 75.0.
fn alike(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn what_a_hand_does_there_is_pushed() {
    let mut board = Emulator::boot();
    let mut onlooker = finder();
    onlooker.connected(board.name());
    board.types("press button:0 long_press");
    let origin = onlooker.until("the press is in the log", SOON, |seen| {
        seen.log.iter().find_map(|entry| match &entry.what {
            LogEvent::Event {
                component,
                event,
                origin,
                ..
            } if *component == key("button:0") && event == "long_press" => Some(origin.clone()),
            _ => None,
        })
    });
    assert_eq!(origin, Origin::ByHand);
    board.types("press button:0");
    onlooker.shows(board.name(), "light:0", |light| light.on() == Some(true));
    board.types("set binary_sensor:0 on=true");
    onlooker.shows(board.name(), "binary_sensor:0", |motion| {
        motion.on() == Some(true)
    });
    board.types("press switch:0");
    board.hears("that a switch is no button", |line| {
        line.contains("error").then_some(())
    });
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn four_controllers_are_served_and_a_fifth_is_refused_by_name() {
    let mut board = Emulator::boot();
    let mut four: Vec<Wire> = (0..4).map(|_| Wire::open(board.address())).collect();
    let Err((status, body)) = Wire::request(board.address(), "/rpc", &[]) else {
        panic!("a fifth was let in")
    };
    assert_eq!(status, 503);
    assert!(body.contains("all_places_taken"), "{body}");
    for wire in &mut four {
        assert!(wire.call("Device.Subscribe", json!({}))["result"].is_object());
    }
    four[0].call("Switch.Set", json!({ "id": 0, "on": true }));
    for wire in &mut four[1..] {
        wire.until("the others are told", |message| {
            message["params"]["switch:0"]["on"] == true
        });
    }
    board.types("memory");
    let used = board.hears("how much memory is used", |line| {
        line.contains("heap").then(|| line.to_owned())
    });
    println!("With four controllers: {used}");
}

/// The bytes of its heap that are in use, once they stand still.
fn heap_in_use(board: &mut Emulator) -> u64 {
    let mut before = None;
    let deadline = Instant::now() + SOON;
    loop {
        board.types("memory");
        let used = board.hears("how much memory is used", |line| {
            serde_json::from_str::<Value>(line).ok()?["heap"]["used"].as_u64()
        });
        if before == Some(used) {
            return used;
        }
        before = Some(used);
        assert!(Instant::now() < deadline, "its heap never stands still");
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn what_each_channel_costs_is_near_to_what_the_board_says_of_it() {
    let mut board = Emulator::boot();
    let address = board.address().to_owned();
    let mut asker = Wire::open(&address);
    for path in ["/rpc", "/log", "/telemetry", "/ws"] {
        let before = heap_in_use(&mut board);
        let mut channel = Wire::request(&address, path, &[]).expect("a channel");
        if path == "/telemetry" {
            while !matches!(channel.hear(), Heard::Binary(_)) {}
        }
        let list = asker.call("Clients.List", json!({}));
        let said = list["result"]["clients"][1]["memory"]
            .as_u64()
            .expect("a number");
        // The buffers of its sockets are there whoever is connected; what waits
        // in the ring of the telemetry comes and goes.
        let cost = heap_in_use(&mut board).saturating_sub(before);
        println!(
            "{path} takes {cost} bytes of the heap; the board says {said}, 4,096 of them its \
                 socket's"
        );
        assert!(
            cost < said + 8_192,
            "{path}: {cost} bytes, and it says {said}"
        );
        drop(channel);
        let gone = |list: &Value| list["result"]["total"] == 1;
        let deadline = Instant::now() + SOON;
        while !gone(&asker.call("Clients.List", json!({}))) {
            assert!(Instant::now() < deadline, "{path} is never gone");
        }
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn its_samples_are_the_waves_that_they_should_be_without_a_gap() {
    let board = Emulator::boot();
    let mut samples = Wire::request(board.address(), "/telemetry", &[]).expect("a channel");
    let described = samples.json();
    assert_eq!(described["channels"][1]["name"], "Triangle");
    let mut next: Option<(u32, u64)> = None;
    for _ in 0..40 {
        let Heard::Binary(bytes) = samples.hear() else {
            panic!("no frame")
        };
        let frame = Frame::decode(&bytes).expect("a frame");
        if let Some(next) = next {
            assert_eq!((frame.sequence, frame.time_us), next);
        }
        for row in 0..frame.rows() {
            let ms =
                u32::try_from((frame.time_us / 1_000 + row as u64) % 1_000).expect("below 1,000");
            let triangle = 2 * (ms % 100).min(100 - ms % 100);
            let expected = [ms, triangle].map(f64::from);
            assert_eq!(
                [0, 1].map(|channel| frame.samples.get(2 * row + channel)),
                expected.map(Some)
            );
        }
        next = Some((
            frame.sequence + 1,
            frame.time_us + 1_000 * frame.rows() as u64,
        ));
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn controllers_that_come_at_the_same_moment_are_all_let_in() {
    let board = Emulator::boot();
    let address = board.address();
    for _ in 0..10 {
        let together = Barrier::new(4);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    together.wait();
                    let mut wire = Wire::open(address);
                    assert!(wire.call("Sys.Ping", json!({}))["result"].is_object());
                    // A place is free again once its board knows.
                    wire.socket.close(None).expect("open until now");
                    while wire.socket.read().is_ok() {}
                });
            }
        });
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn of_a_thousand_commands_none_is_lost() {
    const COMMANDS: i64 = 1_000;
    let board = Emulator::boot();
    let (mut commanding, mut watching) = (Wire::open(board.address()), Wire::open(board.address()));
    let mut seen = watching.call("Device.Subscribe", json!({}))["result"]["seq"].as_i64();
    let mut last = None;
    for number in 1..=COMMANDS {
        let answer = commanding.call("Switch.Set", json!({ "id": 0, "on": number % 2 == 1 }));
        assert_eq!(
            answer["result"]["was_on"],
            number % 2 == 0,
            "command {number}: {answer}"
        );
        last = answer["result"]["seq"].as_i64();
    }
    // And whoever looks on is told of all of it: each push names the one
    // before.
    while seen < last {
        let push = watching.until("a change", |message| message["method"] == "NotifyStatus");
        assert_eq!(push["params"]["prev"].as_i64(), seen);
        seen = push["params"]["seq"].as_i64();
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn with_its_cable_out_and_in_again_it_goes_on() {
    let mut board = Emulator::boot();
    let mut onlooker = finder();
    onlooker.connected(board.name());
    pull_the_cable(Duration::from_secs(2));
    board.types("press button:0");
    onlooker.shows(board.name(), "light:0", |light| light.on() == Some(true));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn after_a_reboot_it_has_another_epoch_and_what_it_kept_and_is_followed() {
    let board = Emulator::boot();
    let mut onlooker = finder();
    let found = onlooker.connected(board.name());
    let epoch = found.info.as_ref().expect("known").epoch;
    let (answer, answered) = reply();
    onlooker.fleet.set(
        found.key,
        &key("light:0"),
        on(true).with("brightness", 40),
        answer,
    );
    done(&answered, "set");
    let (answer, answered) = reply();
    onlooker
        .fleet
        .call(found.key, "Device.Reboot", Object::new(), answer);
    done(&answered, "reboot");
    assert_eq!(board.serves()["id"], board.listening["id"]);
    onlooker.until("the board is back with a new epoch", 2 * SOON, |seen| {
        let board = seen
            .board(board.name())
            .filter(|board| board.link == LinkState::Connected)?;
        (board.info.as_ref()?.epoch != epoch).then_some(())
    });
    assert_eq!(asked(&board, "Device.GetInfo")["reset_reason"], "software");
    let light = component_of(onlooker.board(board.name()).expect("there"), "light:0")
        .expect("a light")
        .shown();
    assert_eq!((light.on(), light.brightness()), (Some(true), Some(40)));
}

/// The board's own word, over a connection of its own.
fn asked(board: &Emulator, method: &str) -> Value {
    Wire::open(board.address()).call(method, json!({}))["result"].clone()
}

fn told(board: &Emulator, method: &str, parameters: Value) {
    let answer = Wire::open(board.address()).call(method, parameters);
    assert!(answer["result"].is_object(), "{method}: {answer}");
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn what_it_has_kept_for_five_seconds_survives_a_cut_and_what_is_younger_does_not() {
    let flash = Flash::erased("cut").expect("a file");
    let board = Emulator::boot_with(&flash);
    assert_eq!(asked(&board, "Device.GetInfo")["name"], "Emulated board");
    told(&board, "Device.SetName", json!({ "name": "Küche" }));
    told(&board, "Number.Set", json!({ "id": 0, "value": 75 }));
    told(
        &board,
        "Light.Set",
        json!({ "id": 0, "on": true, "rgb": [255, 0, 128] }),
    );
    // QEMU is killed before the five seconds are over.
    drop(board);
    let board = Emulator::boot_with(&flash);
    assert_eq!(asked(&board, "Device.GetInfo")["name"], "Emulated board");
    assert_eq!(asked(&board, "Device.GetStatus")["light:0"]["on"], false);
    told(&board, "Device.SetName", json!({ "name": "Küche" }));
    told(&board, "Number.Set", json!({ "id": 0, "value": 75 }));
    told(
        &board,
        "Light.Set",
        json!({ "id": 0, "on": true, "rgb": [255, 0, 128] }),
    );
    // The last of the three entries, by its key.
    let deadline = Instant::now() + SOON;
    while !flash.holds(b"number:0") {
        assert!(Instant::now() < deadline, "it is never written");
        // A pause between two looks at a file; nothing waits for it to be long
        // enough.
        thread::park_timeout(Duration::from_millis(50));
    }
    told(&board, "Switch.Set", json!({ "id": 1, "on": true }));
    drop(board);
    let mut board = Emulator::boot_with(&flash);
    assert_eq!(asked(&board, "Device.GetInfo")["name"], "Küche");
    let status = asked(&board, "Device.GetStatus");
    assert_eq!(status["number:0"]["value"], 75);
    let light = json!({ "on": true, "brightness": 60, "rgb": [255, 0, 128], "ct_k": null, "effect": "none" });
    assert_eq!(
        (&status["light:0"], &status["switch:1"]["on"]),
        (&light, &json!(false))
    );
    // And all of it is forgotten at a word.
    board.types("erase");
    board.listening = board.serves();
    assert_eq!(asked(&board, "Device.GetInfo")["name"], "Emulated board");
    assert_eq!(asked(&board, "Device.GetStatus")["light:0"]["on"], false);
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn an_image_with_a_wrong_hash_is_refused_and_the_board_goes_on() {
    let board = Emulator::boot();
    let mut onlooker = finder();
    let before = onlooker
        .connected(board.name())
        .info
        .as_ref()
        .expect("known")
        .clone();
    let image = Image::new("0.9.0").expect("a version").to_bytes(2_000);
    let mut wire = Wire::open(board.address());
    let begun = wire.call(
        "Ota.Begin",
        json!({ "size": image.len(), "sha256": "0".repeat(64) }),
    );
    assert_eq!(begun["result"]["offset"], 0, "{begun}");
    let mut offset = 0;
    for part in image.chunks(limits::UPDATE_CHUNK) {
        wire.call("Ota.Write", json!(ota::Write::new(offset, part)));
        offset += u32::try_from(part.len()).expect("a short part");
    }
    let refused = wire.call("Ota.Commit", json!({}));
    assert_eq!(
        refused["error"]["data"]["reason"], "hash_mismatch",
        "{refused}"
    );
    onlooker.shows(board.name(), "update:0", |update| {
        update.in_progress() == Some(false)
            && update
                .last_error()
                .is_some_and(|error| error.contains("SHA-256"))
    });
    let after = wire.call("Device.GetInfo", json!({}));
    assert_eq!(after["result"]["epoch"], json!(before.epoch));
    assert_eq!(after["result"]["version"], json!(before.version));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn an_image_is_taken_and_its_version_told_after_the_restart_and_the_next() {
    let board = Emulator::boot();
    let mut onlooker = finder();
    let found = onlooker.connected(board.name());
    let image = Image::new("0.9.0").expect("a version").to_bytes(200_000);
    onlooker.fleet.update(found.key, ImageSource::Bytes(image));
    let ended = onlooker.until("the update has ended", 3 * SOON, |seen| {
        seen.board(board.name())?
            .update
            .clone()
            .filter(|update| !update.is_under_way())
    });
    let before = found.info.as_ref().map(|info| info.version.clone());
    assert_eq!(
        ended,
        UpdateState::Done {
            before,
            after: Some("0.9.0".to_owned())
        }
    );
    // It was reached, so that another restart keeps it.
    let mut wire = Wire::open(board.address());
    wire.call("Device.Reboot", json!({}));
    board.serves();
    board.serves();
    let info = Wire::open(board.address()).call("Device.GetInfo", json!({}));
    assert_eq!(info["result"]["version"], "0.9.0");
}

/// `switchboard provision` at this port, and the password that is typed; its
/// status, and what it printed.
fn provision(board: &AtAPort, ssid: &str, password: &str) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args([
            "provision",
            "--serial",
            &board.port,
            "--ssid",
            ssid,
            "--json",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = program.stdin.take().expect("piped");
    // It may have ended before it reads.
    let _ = writeln!(stdin, "{password}");
    drop(stdin);
    let output = program.wait_with_output().expect("it ends");
    let said = [output.stderr, output.stdout].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_is_given_a_network_at_its_serial_port_and_keeps_it_over_a_cut() {
    let flash = Flash::erased("provisioned").expect("a file");
    let board = AtAPort::boot_with(&flash);
    let (status, said) = provision(&board, "Switchboard Lab", "wrong password");
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("is the password right"), "{said}");
    assert!(
        !flash.holds(b"wrong password"),
        "what did not work was stored"
    );
    let (status, said) = provision(&board, "Switchboard Lab", "blinking lights");
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("\"ssid\":\"Switchboard Lab\"") && said.contains("\"address\":\"10."),
        "{said}"
    );
    assert!(!said.contains("already connected to a network"), "{said}");
    assert!(flash.holds(b"Switchboard Lab"));
    drop(board);

    let board = AtAPort::boot_with(&flash);
    let (status, said) = provision(&board, "Open Bench", "");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("already connected to a network"), "{said}");
}

/// The other end of a board's serial port.
struct Port {
    port: Box<dyn serialport::SerialPort>,
    reader: Reader,
}

impl Port {
    fn open(path: &str) -> Self {
        let port = serialport::new(path, 115_200)
            .timeout(Duration::from_millis(500))
            .open()
            .expect("the port");
        Self {
            port,
            reader: Reader::default(),
        }
    }

    /// Writes these bytes until something comes that passes, again whenever
    /// nothing comes for half a second.
    fn answer<T>(
        &mut self,
        bytes: &[u8],
        what: &str,
        mut pass: impl FnMut(&Item) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        self.port.write_all(bytes).expect("written");
        loop {
            assert!(Instant::now() < deadline, "the board never said {what}");
            let mut read = [0; 256];
            match self.port.read(&mut read) {
                Ok(length) => {
                    if let Some(found) = self
                        .reader
                        .receive(&read[..length])
                        .iter()
                        .find_map(&mut pass)
                    {
                        return found;
                    }
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    self.port.write_all(bytes).expect("written")
                }
                Err(error) => panic!("the port: {error}"),
            }
        }
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn at_its_serial_port_broken_and_unknown_packets_are_answered_and_the_console_goes_on() {
    let flash = Flash::erased("packets").expect("a file");
    let board = AtAPort::boot_with(&flash);
    let mut port = Port::open(&board.port);
    let state = Asked::RequestState.to_packet().expect("a packet").encode();
    // What is written before it has booted is lost.
    port.answer(&state, "its state", |item| {
        matches!(item, Item::Packet(packet) if packet.kind() == PacketKind::State).then_some(())
    });
    let unknown = Packet::new(PacketKind::Command, vec![0x42, 0])
        .expect("a packet")
        .encode();
    let mut broken = state.clone();
    let checksum = broken.len() - 2;
    broken[checksum] ^= 1;
    for (packet, error) in [
        (broken, ErrorState::InvalidPacket),
        (unknown, ErrorState::UnknownCommand),
    ] {
        let answered = port.answer(&packet, "an error", |item| match item {
            Item::Packet(packet) if packet.kind() == PacketKind::Error => {
                packet.data().first().copied().filter(|error| *error != 0)
            }
            _ => None,
        });
        assert_eq!(answered, u8::from(error));
    }
    let mut said = String::new();
    port.answer(b"what?\r\n", "the console's help", |item| {
        if let Item::Text(text) = item {
            said.push_str(&String::from_utf8_lossy(text));
        }
        said.contains("press button:0").then_some(())
    });
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn a_panic_is_not_a_success() {
    let mut board = Emulator::boot();
    board.types("panic");
    assert_eq!(board.ends(), Some(101));
    let mut board = Emulator::boot();
    board.types("off");
    assert_eq!(board.ends(), Some(0));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn with_a_key_from_its_serial_port_it_is_locked_and_obeys_who_has_it() {
    let mut board = Emulator::boot();
    let mut open = finder();
    open.connected(board.name());
    board.types("lock");
    let key: Key = board.hears("its key", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["owner"].as_str()?.parse().ok()
    });
    // Who has no key is let go, and told why it stays away.
    open.until("it is locked", SOON, |seen| {
        let board = seen
            .boards
            .values()
            .find(|view| view.name == board.name())?;
        matches!(
            board.link,
            LinkState::Unreachable {
                problem: LinkProblem::Locked,
                ..
            }
        )
        .then_some(())
    });
    let keys = Some([key].into_iter().collect());
    let mut owner = Onlooker::new(Settings {
        keys,
        ..Settings::default()
    });
    let found = owner.connected(board.name());
    assert_eq!(found.lock(), Lock::Unlocked(Role::Control));
    let (answer, answered) = reply();
    owner
        .fleet
        .set(found.key, &self::key("switch:0"), on(true), answer);
    done(&answered, "switch:0");
    owner.shows(board.name(), "switch:0", |switch| switch.on() == Some(true));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_calls_whom_it_was_told_to_over_a_restart_too_and_with_its_key_once_it_is_locked() {
    let mut board = Emulator::boot();
    let listen = |keys: Option<Key>| {
        let keys = Some(keys.into_iter().collect());
        let listen = Some(([0, 0, 0, 0], 0).into());
        let mut onlooker = Onlooker::new(Settings {
            discovery: None,
            keys,
            listen,
            ..Settings::default()
        });
        let port = onlooker.until("it listens", SOON, |seen| match seen.status.listening {
            Listening::At(address) => Some(address.port()),
            _ => None,
        });
        // The address of this end of the cable.
        (onlooker, format!("ws://10.78.0.1:{port}/"))
    };
    let (mut open, url) = listen(None);
    board.types(&format!("call {url}"));
    let found = open.connected(board.name());
    assert!(found.only_calls && found.caller.is_some());
    let (answer, answered) = reply();
    open.fleet
        .set(found.key, &self::key("switch:0"), on(true), answer);
    done(&answered, "switch:0");
    board.types("press button:0");
    open.until("the press is pushed", SOON, |seen| {
        let pressed =
            |entry: &LogEvent| matches!(entry, LogEvent::Event { component, .. } if *component == key("button:0"));
        seen.log.iter().any(|entry| pressed(&entry.what)).then_some(())
    });
    let (answer, answered) = reply();
    open.fleet
        .call(found.key, "Device.Reboot", Object::new(), answer);
    done(&answered, "Device.Reboot");
    board.serves();
    let before = found.caller;
    open.until("it has called again", SOON, |seen| {
        let board = seen.board(board.name())?;
        (board.link == LinkState::Connected && board.caller != before).then_some(())
    });
    // A name that nobody knows is told.
    board.types("call ws://no-such-host.invalid:7433/");
    let mut other = finder();
    let same = other.connected(board.name());
    other.until("why its call fails", SOON * 3, |seen| {
        let (answer, answered) = reply();
        seen.fleet
            .call(same.key, "Outbound.Get", Object::new(), answer);
        let Ok(Outcome::Done { result, .. }) = answered.recv_timeout(SOON) else {
            return None;
        };
        result["last_failure"]["message"]
            .as_str()?
            .contains("no address of no-such-host.invalid")
            .then_some(())
    });
    drop((open, other));
    board.types("lock");
    let key: Key = board.hears("its key", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["owner"].as_str()?.parse().ok()
    });
    let (mut owner, url) = listen(Some(key));
    board.types(&format!("call {url}"));
    let found = owner.connected(board.name());
    assert_eq!(found.lock(), Lock::Unlocked(Role::Control));
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_is_paired_with_the_code_on_its_serial_port_and_a_cut_before_the_proof_leaves_it_open() {
    let flash = Flash::erased("pairing").expect("a file");
    let mut board = Emulator::boot_with(&flash);
    let id = board.listening["id"].as_str().expect("an id").to_owned();
    let says = |board: &Emulator, what: &str| {
        board.hears(what, |line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["pairing"]
                .as_str()
                .filter(|said| said.starts_with(what))
                .map(str::to_owned)
        })
    };
    let ask = |board: &mut Emulator| {
        board.types("pair");
        says(board, "pairing is open");
        let (tell, told) = std::sync::mpsc::channel();
        let wanted = Wanted {
            addresses: switchboard::fleet::Candidates::given(
                board.address().parse().expect("an address"),
            ),
            board: Some(id.clone()),
            store: Store::nowhere(),
            replace: false,
        };
        let pairing =
            Pairing::begin(wanted, move |progress| drop(tell.send(progress))).expect("a thread");
        let Ok(Progress::Code { code, .. }) = told.recv_timeout(SOON) else {
            panic!("no code")
        };
        assert!(says(board, "pairing code").starts_with(&format!("pairing code {code}:")));
        (pairing, told)
    };
    let (pairing, told) = ask(&mut board);
    board.types("press button:0 long_press");
    assert!(
        told.recv_timeout(Duration::from_millis(500)).is_err(),
        "a long press confirms nothing"
    );
    board.types("press button:0");
    says(&board, "pairing is confirmed");
    assert!(matches!(told.recv_timeout(SOON), Ok(Progress::Confirmed)));
    // The key is on its way, and the power is lost.
    drop(board);
    drop(pairing);
    let mut board = Emulator::boot_with(&flash);
    finder().connected(board.name());
    let (pairing, told) = ask(&mut board);
    pairing.codes_match();
    board.types("press button:0");
    let paired = loop {
        match told.recv_timeout(SOON).expect("a key") {
            Progress::Paired(key) => break key,
            Progress::Failed(problem) => panic!("{problem}"),
            _ => {}
        }
    };
    says(&board, "pairing is closed");
    let keys = Some([*paired].into_iter().collect());
    let mut owner = Onlooker::new(Settings {
        keys,
        ..Settings::default()
    });
    let found = owner.connected(board.name());
    assert_eq!(found.lock(), Lock::Unlocked(Role::Control));
    // It is kept.
    drop(board);
    let board = Emulator::boot_with(&flash);
    assert_eq!(
        owner.connected(board.name()).lock(),
        Lock::Unlocked(Role::Control)
    );
}
