//! Which board a command reaches: the one whose name was typed, or none.

use std::{
    process::{Command, Output},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

use crate::{actors::Actor, lan::Lan};

/// The boards of the network. Two have the same name.
const NAMES: [&str; 8] = [
    "\u{1f4a1}",
    "Desk lamp",
    "Desk lamp!",
    "Strip",
    "Strip",
    "Lamp:2",
    "B\u{fc}ro",
    "[Lab] lamp",
];

/// How often an ambiguous name is typed until it is refused. A name waits 0.4 s
/// for another board with the same name, which may be heard later on a loaded
/// machine.
const TRIES: usize = 5;

/// The pause between two tries. RFC 6762, section 6: a record that was
/// multicast is not multicast again within a second. Asked at a shorter
/// interval, two boards may answer in turns, and never both.
const PAUSE: Duration = Duration::from_millis(1_200);

fn switchboard(lan: &Lan, words: &[&str]) -> Output {
    let mut command = Command::new("ip");
    command
        .args([
            "netns",
            "exec",
            &lan.host(1),
            env!("CARGO_BIN_EXE_switchboard"),
        ])
        .args(words);
    command.output().expect("the program")
}

/// The boards that were switched in between.
fn changed(before: &Value, after: &Value) -> Vec<usize> {
    (0..NAMES.len())
        .filter(|at| before[*at] != after[*at])
        .collect()
}

#[test]
fn a_command_reaches_the_board_that_was_typed_or_none() {
    let Some(lan) = Lan::of(2) else { return };
    let mut boards = Actor::at(&lan, 2, &format!("named {}", NAMES.join(";")));
    let ids = boards.answer();
    let mut before = boards.ask("which are on");
    for (typed, status, reached) in [
        // Version 0.1 toggled the board with the other emoji.
        ("\u{1f680}/light:0", 3, None),
        ("\u{1f4a1}/light:0", 0, Some(0)),
        ("!/light:0", 3, None),
        ("/light:0", 2, None),
        (" /light:0", 2, None),
        ("Desk lamp?/light:0", 3, None),
        ("Desk lamp/light:0", 0, Some(1)),
        ("Desk lamp!/light:0", 0, Some(2)),
        ("desk lamp!/light:0", 0, Some(2)),
        ("Lamp:2/light:0", 0, Some(5)),
        ("Bu\u{308}ro/light:0", 0, Some(6)),
        ("[Lab] lamp/light:0", 0, Some(7)),
        ("ws://10.78.0.2:8001/light:0", 0, Some(1)),
        ("WS://10.78.0.2:8001/rpc/light:0", 0, Some(1)),
    ] {
        let output = switchboard(&lan, &["toggle", typed]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{typed}: {words}");
        let after = boards.ask("which are on");
        let changed = changed(&before, &after);
        assert_eq!(changed, Vec::from_iter(reached), "{typed}: {words}");
        before = after;
    }
    // Boards that cannot be told apart are listed with their ids.
    let id = |at: usize| ids[at].as_str().unwrap_or_default().to_owned();
    for (typed, all) in [("Strip", [3, 4]), ("desk-lamp", [1, 2])] {
        // Until it is refused, a command may reach one of the two boards, and
        // no other.
        let refused = (1..=TRIES).find(|_| {
            sleep(PAUSE);
            let output = switchboard(&lan, &["toggle", &format!("{typed}/light:0")]);
            let after = boards.ask("which are on");
            let changed = changed(&before, &after);
            before = after;
            let is_refused = output.status.code() == Some(3);
            let is_possible = match changed[..] {
                [] => is_refused,
                [at] => !is_refused && all.contains(&at),
                _ => false,
            };
            assert!(is_possible, "{typed}: {changed:?}, {output:?}");
            is_refused
        });
        let refused = refused.unwrap_or_else(|| panic!("{typed} is never refused"));
        let (shown, output) = (1..=TRIES)
            .map(|tries| {
                sleep(PAUSE);
                (tries, switchboard(&lan, &["show", typed]))
            })
            .find(|(_, output)| output.status.code() == Some(3))
            .unwrap_or_else(|| panic!("{typed} is never ambiguous to show"));
        println!("{typed}: refused by toggle at try {refused}, by show at try {shown}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            all.iter()
                .all(|at| words.contains(&format!("{} ({})", NAMES[*at], id(*at)))),
            "{words}"
        );
    }
    let shown = switchboard(&lan, &["show", &id(4), "--json"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("the board that has this id");
    assert_eq!(shown["id"], ids[4]);
    // With a scheme it is an address, although a board has this name.
    let address = switchboard(&lan, &["show", "ws://lamp:2"]);
    assert_eq!(
        address.status.code(),
        Some(4),
        "{}",
        String::from_utf8_lossy(&address.stderr)
    );
}
