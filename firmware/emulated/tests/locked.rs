//! Locked boards, outbound connections and pairing.

use std::time::Duration;

use crate::desk::{Observer, SOON, key, on, reply};
use crate::{
    done,
    emulator::{Emulator, Flash},
    finder,
};
use disk::keys::Store;
use engine::Settings;
use fleet::{LinkProblem, LinkState, Listening, Lock, LogEvent, Outcome};
use noise::{Key, Role};
use pairing::{Pairing, Progress, Wanted};
use protocol::Object;
use serde_json::Value;

#[test]
#[ignore = "run by firmware/emulated/check"]
fn a_key_from_its_serial_port_locks_it_and_gives_control() {
    let mut board = Emulator::boot();
    let mut open = finder();
    open.connected(board.name());
    board.types("lock");
    let key: Key = board.hears("its key", |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["owner"].as_str()?.parse().ok()
    });
    // An observer without a key is disconnected and learns why.
    open.until("it is locked", SOON, |seen| {
        let board = seen
            .boards
            .values()
            .find(|view| *view.name == *board.name())?;
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
    let mut owner = Observer::new(Settings {
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
fn its_outbound_connection_survives_a_restart_and_uses_its_key_when_locked() {
    let mut board = Emulator::boot();
    let listen = |keys: Option<Key>| {
        let keys = Some(keys.into_iter().collect());
        let listen = Some(([0, 0, 0, 0], 0).into());
        let mut observer = Observer::new(Settings {
            discovery: None,
            keys,
            listen,
            ..Settings::default()
        });
        let port = observer.until("it listens", SOON, |seen| match seen.status.listening {
            Listening::At(address) => Some(address.port()),
            _ => None,
        });
        // The address of this end of the cable.
        (observer, format!("ws://10.78.0.1:{port}/"))
    };
    let (mut open, url) = listen(None);
    board.types(&format!("call {url}"));
    let found = open.connected(board.name());
    assert!(found.inbound_only && found.inbound_from.is_some());
    let (answer, answered) = reply();
    open.fleet
        .set(found.key, &self::key("switch:0"), on(true), answer);
    done(&answered, "switch:0");
    board.types("press button:0");
    open.until("the press is pushed", SOON, |seen| {
        let pressed = |entry: &LogEvent| {
            matches!(entry, LogEvent::Event { component, .. } if *component == key("button:0"))
        };
        seen.log.iter().any(|entry| pressed(&entry.what)).then_some(())
    });
    let (answer, answered) = reply();
    open.fleet
        .call(found.key, "Device.Reboot", Object::new(), answer);
    done(&answered, "Device.Reboot");
    board.serves();
    let before = found.inbound_from;
    open.until("it has called again", SOON, |seen| {
        let board = seen.board(board.name())?;
        (board.link == LinkState::Connected && board.inbound_from != before).then_some(())
    });
    // An unknown name is reported.
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
fn the_code_on_its_serial_port_pairs_it_and_a_power_loss_before_the_proof_leaves_it_open() {
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
            addresses: fleet::Candidates::given(board.address().parse().expect("an address")),
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
    // The power is lost while the key is being sent.
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
    let mut owner = Observer::new(Settings {
        keys,
        ..Settings::default()
    });
    let found = owner.connected(board.name());
    assert_eq!(found.lock(), Lock::Unlocked(Role::Control));
    // The key is retained.
    drop(board);
    let board = Emulator::boot_with(&flash);
    assert_eq!(
        owner.connected(board.name()).lock(),
        Lock::Unlocked(Role::Control)
    );
}
