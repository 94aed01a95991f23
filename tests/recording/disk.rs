//! A recorder that is killed, and one whose disk is full.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, SystemTime},
};

use record::{Item, Note, Reader, Recorded};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{bench::records, command_line::switchboard, program};

/// A board that pushes ten times per second, and its address.
fn restless() -> (VirtualBoards, String) {
    let boards = VirtualBoards::start(Options {
        profile: Profile::Weather,
        samples_per_second: Some(50.0),
        mdns: false,
        ..Options::default()
    })
    .expect("a board");
    let list = boards.list();
    let address = list.first().expect("a board").address.to_string();
    (boards, address)
}

#[test]
fn a_recorder_that_is_killed_loses_at_most_the_last_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_boards, address) = restless();
    let mut child = switchboard(folder.path(), &["record", &address, "--to", "lab.jsonl.gz"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    sleep(Duration::from_millis(4_400));
    child.kill().expect("the program runs");
    let killed = SystemTime::now();
    child.wait().expect("the program");
    let path = folder.path().join("lab.jsonl.gz");
    let items: Vec<_> = Reader::open(&path)
        .expect("a recording")
        .map(|item| item.expect("no error"))
        .collect();
    assert!(matches!(items.last(), Some(Item::Note(Note::Torn(_)))));
    let last = items.iter().rev().find_map(|item| match item {
        Item::Record(record) if matches!(record.what, Recorded::Push { .. }) => Some(record.at),
        _ => None,
    });
    let last = last.expect("a push");
    let missing = record::seconds(killed) - last;
    // One second, the board's own 100 ms, and a busy computer.
    assert!(missing < 1.6, "{missing} s are missing");
}

#[test]
fn a_full_disk_is_reported_and_recording_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let mounts = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "mount",
            "-t",
            "tmpfs",
            "none",
            "/mnt",
        ])
        .output();
    if !mounts.is_ok_and(|mounts| mounts.status.success()) {
        // Not printed by a macro, whose output the test runner would capture.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED recording: a full disk: unshare cannot mount a small disk here"
        );
        return;
    }
    let (_boards, address) = restless();
    // The small disk exists only in the script's namespace.
    let script = r#"
        mkdir disk
        mount -t tmpfs -o size=16k none disk
        "$1" --keys keys record "$2" --to disk/lab.jsonl > out 2> err & recorder=$!
        said() {
            for i in $(seq 600); do grep -q "$1" err && return; sleep 0.1; done
            cat err; exit 1
        }
        said "the disk is full"
        sleep 2
        mount -o remount,size=16m disk
        said "recording again"
        sleep 2
        kill -INT $recorder
        wait $recorder
        cp disk/* .
    "#;
    let program = program::switchboard();
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "bash",
            "-euc",
            script,
            "-",
        ])
        .arg(program.get_program())
        .arg(&address)
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(folder.path())
        .output()
        .expect("unshare");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}\n{told}");
    let err = std::fs::read_to_string(folder.path().join("err")).expect("a file");
    assert!(err.contains("recording again; nothing was lost"), "{err}");
    assert!(err.contains("recording to disk/lab.2.jsonl"), "{err}");
    let records = records(&folder.path().join("lab.jsonl"));
    let mut last: Option<f64> = None;
    let mut widest = 0.0_f64;
    for record in &records {
        if matches!(record.what, Recorded::Push { .. }) {
            widest = widest.max(last.map_or(0.0, |last| record.t - last));
            last = Some(record.t);
        }
    }
    // The board pushes every 100 ms: a lost second would be seen.
    assert!(widest < 0.9, "{widest} s without a push");
    assert_eq!(
        records.last().map(|record| &record.what),
        Some(&Recorded::End)
    );
}
