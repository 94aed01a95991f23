//! `switchboard doctor` in small networks with one problem each: network
//! namespaces joined by a cable. Needs root on Linux; elsewhere each test is
//! skipped.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod actors;
mod addresses;
mod lan;

use serde_json::Value;

use addresses::Notes;
use lan::Lan;

/// The finding of this kind.
fn found<'a>(findings: &'a [Value], kind: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["finding"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} among {findings:#?}"))
}

/// Asserts that the worst finding is a fault of this kind, and that its
/// observation contains these words.
fn blames(findings: &[Value], kind: &str, words: &[&str]) {
    let worst = findings.first().expect("a finding");
    assert_eq!(
        (&worst["verdict"], &worst["finding"]),
        (&"fault".into(), &kind.into()),
        "{findings:#?}"
    );
    let observed = worst["observed"].as_str().expect("what was observed");
    assert!(
        words.iter().all(|word| observed.contains(word)),
        "{words:?} are not in {observed:?}"
    );
    assert!(
        worst["tried"]
            .as_str()
            .is_some_and(|tried| !tried.is_empty()),
        "{worst}"
    );
    assert!(
        worst["advice"]
            .as_array()
            .is_some_and(|advice| !advice.is_empty()),
        "{worst}"
    );
}

/// The first command of a finding that contains this text, as root runs it.
fn command(finding: &Value, part: &str) -> String {
    let commands = finding["advice"]
        .as_array()
        .expect("advice")
        .iter()
        .filter_map(|advice| advice["command"].as_str());
    let command = commands
        .filter(|command| command.contains(part))
        .map(|command| command.trim_start_matches("sudo "));
    command
        .map(str::to_owned)
        .next()
        .unwrap_or_else(|| panic!("no {part:?} in {finding}"))
}

#[test]
fn without_problems_the_exit_status_is_0() {
    let Some(lan) = Lan::of_two() else { return };
    let _board = lan.actor_there("board");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 0, "{findings:#?}");
    assert!(
        findings.iter().all(|finding| finding["verdict"] == "fine"),
        "{findings:#?}"
    );
    assert_eq!(found(&findings, "board")["board"], "Desk lamp");
    assert!(
        found(&findings, "interfaces")["observed"]
            .as_str()
            .is_some_and(|seen| seen.contains("10.77.0.1/24"))
    );
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(
        (status, &found(&findings, "board")["verdict"]),
        (0, &"fine".into()),
        "{findings:#?}"
    );
    let (status, findings) = lan.doctor(&["heater"]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "missing",
        &["Desk lamp", "1 other device answered by mDNS"],
    );
}

#[test]
fn a_computer_without_multicast_on_any_interface() {
    let Some(lan) = Lan::of_two() else { return };
    let _board = lan.actor_there("board");
    lan.run_here("ip link set e0 down");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(&findings, "interfaces", &["lo 127.0.0.1"]);
    lan.run_here("ip link set e0 up multicast off");
    lan.has_carrier_here();
    let (status, findings) = lan.doctor(&["10.99.99.99"]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "interfaces",
        &["e0 10.77.0.1/24 (without multicast)"],
    );
    lan.run_here(&command(&findings[0], "multicast on"));
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(status, 0, "its advice was followed: {findings:#?}");
}

#[test]
fn a_firewall_that_drops_port_5353() {
    let Some(lan) = Lan::of_two() else { return };
    let _board = lan.actor_there("board");
    lan.run_here("nft add table inet filter");
    for hook in ["input", "output"] {
        lan.run_here(&format!(
            "nft add chain inet filter {hook} {{ type filter hook {hook} priority 0 ; }}"
        ));
    }
    lan.run_here("nft add rule inet filter input udp dport 5353 drop");
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "firewall",
        &[
            "e0 10.77.0.1: not heard",
            "while another port of the same group was heard",
        ],
    );
    assert_eq!(found(&findings, "missing")["verdict"], "fault");
    lan.run_here(&command(&findings[0], "nft insert rule"));
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(status, 0, "its advice was followed: {findings:#?}");

    lan.run_here("nft add rule inet filter output udp dport 5353 drop");
    blames(
        &lan.doctor(&[]).1,
        "firewall",
        &["e0 10.77.0.1: blocked: Operation not permitted"],
    );
}

#[test]
fn a_program_that_does_not_share_the_port() {
    let Some(lan) = Lan::of_two() else { return };
    let _board = lan.actor_there("board");
    let holder = lan.actor_here("hold");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    let process = format!("(process {})", holder.id());
    blames(&findings, "port", &["Address already in use", &process]);
    assert_eq!(
        command(&findings[0], "kill"),
        format!("kill {}", holder.id())
    );
    drop(holder);
    // A program that shares the port, as mDNS programs do, is named and is not
    // a problem.
    let sharer = lan.actor_here("announce 10.77.0.1 81 1 open");
    let (_, findings) = lan.doctor(&["desk-lamp"]);
    let port = found(&findings, "port");
    assert_eq!(port["verdict"], "fine");
    assert!(
        port["observed"]
            .as_str()
            .is_some_and(|seen| seen.contains(&sharer.id().to_string())),
        "{port}"
    );
}

#[test]
fn an_announcement_with_an_address_that_does_not_answer() {
    let Some(lan) = Lan::of_two() else { return };
    lan.run_there("ip address add 10.77.0.9/24 dev e0");
    lan.run_there("nft add table inet filter");
    lan.run_there("nft add chain inet filter input { type filter hook input priority 0 ; }");
    lan.run_there("nft add rule inet filter input ip daddr 10.77.0.9 tcp dport 80 drop");
    let _announcer = lan.actor_there("announce 10.77.0.9 80 1 open");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "no_answer",
        &["no answer within 4 s", "announcement was confirmed"],
    );
    // The same with only its address, and with a host that refuses.
    let (status, findings) = lan.doctor(&["10.77.0.2:81"]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "no_answer",
        &[
            "Connection refused",
            "the device is there, but refuses the port",
        ],
    );
}

#[test]
fn an_announcement_of_another_subnet() {
    let Some(lan) = Lan::of_two() else { return };
    lan.run_there("ip address add 10.99.0.5/24 dev e0");
    let _announcer = lan.actor_there("announce 10.99.0.5 80 1 open");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "another_subnet",
        &[
            "10.99.0.5:80 is on none",
            "e0 10.77.0.1/24",
            "no connection was attempted",
        ],
    );
    let (status, findings) = lan.doctor(&["192.168.200.7"]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "another_subnet",
        &["192.168.200.7:80 is on none"],
    );
}

#[test]
fn an_outdated_announcement() {
    let Some(lan) = Lan::of_two() else { return };
    // It disappears without a goodbye when a controller connects, so its
    // announcement becomes outdated.
    let _board = lan.actor_there("vanish");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "stale_record",
        &["when queried again, it was no longer announced"],
    );
}

#[test]
fn a_board_of_another_version() {
    let Some(lan) = Lan::of_two() else { return };
    let _announcer = lan.actor_there("announce 10.77.0.2 80 2 open");
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(
        &findings,
        "version",
        &["it uses version 2; this program uses version 1"],
    );
}

#[test]
fn a_board_without_a_free_slot() {
    let Some(lan) = Lan::of_two() else { return };
    let _board = lan.actor_there("board");
    let visitors = lan.actor_here("visit 10.77.0.2:80 4");
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(status, 5);
    blames(&findings, "places_taken", &["HTTP 503"]);
    drop(visitors);
}

#[test]
fn a_locked_board() {
    let Some(lan) = Lan::of_two() else { return };
    // The doctor is not told about the file with its key.
    let key = Notes::new();
    let _board = lan.actor_there(&format!("locked-board {}", key.path()));
    let (status, findings) = lan.doctor(&[]);
    assert_eq!(status, 5);
    blames(&findings, "locked", &["key"]);
}
