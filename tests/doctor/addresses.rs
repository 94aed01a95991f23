//! Which of a board's addresses is used, and where announcements must not lead:
//! two hosts on a cable, and mDNS answers of one of them.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{blames, found, lan::Lan};

/// A file that is removed after the test.
pub(crate) struct Notes(PathBuf);

impl Notes {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("sbdoc-notes-{}-{number}", std::process::id())))
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Prints a line. Not by a macro, whose output the test harness would capture.
fn print(line: &str) {
    let _ = writeln!(io::stderr(), "ROW | {line}");
}

/// Gives the other host these addresses, and drops packets to the silent ones.
fn with_addresses(lan: &Lan, addresses: &[&str], silent: &[&str]) {
    for address in addresses {
        lan.run_there(&format!("ip address add {address}/24 dev e0"));
    }
    lan.run_there("nft add table inet filter");
    lan.run_there("nft add chain inet filter input { type filter hook input priority 0 ; }");
    for address in silent {
        lan.run_there(&format!(
            "nft add rule inet filter input ip daddr {address} tcp dport 80 drop"
        ));
    }
}

#[test]
fn a_board_is_reached_at_any_announced_address() {
    // One address is silent and one refuses; the board is at the lowest,
    // between them, and at the highest.
    for (alive, silent) in [
        ("10.77.0.3", "10.77.0.5"),
        ("10.77.0.5", "10.77.0.3"),
        ("10.77.0.7", "10.77.0.3"),
    ] {
        let Some(lan) = Lan::of_two() else { return };
        with_addresses(&lan, &["10.77.0.3", "10.77.0.5", "10.77.0.7"], &[silent]);
        let _board = lan.actor_there(&format!("board-at {alive} 10.77.0.3,10.77.0.5,10.77.0.7"));
        let begun = Instant::now();
        let (status, said) = lan.switchboard(&["toggle", "desk-lamp/light:0"]);
        let took = begun.elapsed();
        assert_eq!(status, 0, "at {alive}: {said}");
        print(&format!(
            "{silent} silent, one refuses, the board at {alive}: toggled within {} ms",
            took.as_millis()
        ));
        // By name, which waits 0.4 s for another board of that name; each
        // silent address adds 250 ms.
        assert!(took < Duration::from_secs(8), "{took:?}");
        let (status, findings) = lan.doctor(&["desk-lamp"]);
        assert_eq!(status, 0, "at {alive}: {findings:#?}");
        let tried = found(&findings, "board")["tried"]
            .as_str()
            .expect("what was tried")
            .to_owned();
        assert!(tried.contains(&format!("{alive}:80")), "{tried}");
    }
}

#[test]
fn a_board_is_reached_at_any_address_of_its_name() {
    let Some(lan) = Lan::of_two() else { return };
    with_addresses(
        &lan,
        &["10.77.0.3", "10.77.0.5", "10.77.0.7"],
        &["10.77.0.3"],
    );
    let _names = lan.name_here("lamp.test", &["10.77.0.3", "10.77.0.5", "10.77.0.7"]);
    let _board = lan.actor_there("board-at 10.77.0.7 10.77.0.7");
    // The board refuses an unknown host name with 421, which shows that it was
    // reached.
    let (_, said) = lan.switchboard(&["show", "lamp.test:80"]);
    assert!(said.contains("421"), "{said}");
}

#[test]
fn the_doctor_reports_the_result_of_every_address() {
    let Some(lan) = Lan::of_two() else { return };
    with_addresses(&lan, &["10.77.0.3", "10.77.0.5"], &["10.77.0.3"]);
    let _announcer = lan.actor_there("announce 10.77.0.3,10.77.0.5 80 1 open");
    let (status, findings) = lan.doctor(&["desk-lamp"]);
    assert_eq!(status, 5);
    let answers = [
        "10.77.0.3:80: no answer within 4 s",
        "10.77.0.5:80: the device is there, but refuses the port",
    ];
    blames(&findings, "no_answer", &answers);
    let advice = findings[0]["advice"][0]["what"]
        .as_str()
        .expect("advice")
        .to_owned();
    assert!(!advice.contains("power"), "{advice}");
}

#[test]
fn a_network_with_link_local_ipv6_alone() {
    let Some(lan) = Lan::of_two() else { return };
    lan.run_here("ip address flush dev e0");
    lan.run_there("ip address flush dev e0");
    lan.run_here("ip address add fe80::1/64 dev e0 nodad");
    lan.run_there("ip address add fe80::2/64 dev e0 nodad");
    let _board = lan.actor_there("board-on ::");
    let (status, said) = lan.switchboard(&["toggle", "desk-lamp/light:0"]);
    assert_eq!(status, 0, "{said}");
    let (_, said) = lan.switchboard(&["list", "--json"]);
    assert!(said.contains("\"[fe80::2%e0]:80\""), "{said}");
    for typed in [
        "[fe80::2%e0]:80",
        "[fe80::2%25e0]:80",
        "fe80::2%e0",
        "[FE80::2%e0]",
    ] {
        let (status, said) = lan.switchboard(&["show", typed]);
        assert_eq!(status, 0, "{typed}: {said}");
        let (status, findings) = lan.doctor(&[typed]);
        assert_eq!(status, 0, "{typed}: {findings:#?}");
    }
    let (status, said) = lan.switchboard(&["check", "ws://[fe80::2%e0]:80/rpc"]);
    assert_eq!(status, 0, "{said}");
    let (status, said) = lan.switchboard(&[
        "channel",
        "ws://[fe80::2%25e0]:80/ws",
        "--send",
        "hi",
        "--count",
        "1",
    ]);
    assert_eq!((status, said.lines().next()), (0, Some("hi")), "{said}");
    let (status, said) = lan.switchboard(&["show", "[fe80::2]:80"]);
    assert_eq!(status, 2, "{said}");
    assert!(
        said.contains("[fe80::1%eth0]:80"),
        "what would be accepted: {said}"
    );
    let (status, said) = lan.switchboard(&["show", "[fe80::2%e9]:80"]);
    assert_ne!(status, 0);
    assert!(said.contains("\"e9\"; available: e0, lo"), "{said}");
    // If no board answers, the doctor suggests a command that works with the
    // address.
    let (_, findings) = lan.doctor(&["[fe80::2%e0]:81"]);
    blames(&findings, "no_answer", &["refuses the port"]);
    assert!(
        findings[0].to_string().contains("ping -c 3 fe80::2%e0"),
        "{findings:#?}"
    );
    assert!(
        !findings[0].to_string().contains("has power"),
        "{findings:#?}"
    );
}

#[test]
fn an_announcement_leads_neither_to_the_internet_nor_to_local_services() {
    let Some(lan) = Lan::of_two() else { return };
    // The other host is the default gateway, and acts as a host on the
    // internet.
    lan.run_here("ip route add default via 10.77.0.2");
    lan.run_there("ip address add 203.0.113.7/32 dev lo");
    let (stranger, own) = (Notes::new(), Notes::new());
    let _stranger = lan.actor_there(&format!("listen 203.0.113.7:80 {}", stranger.path()));
    let _own = lan.actor_here(&format!("listen 127.0.0.1:80 {}", own.path()));
    let _spoofs = [
        ("sb-1", "203.0.113.7"),
        ("sb-2", "127.0.0.1"),
        ("sb-3", "::ffff:127.0.0.1"),
        ("sb-4", "::1"),
    ]
    .map(|(id, address)| {
        lan.actor_there(&format!(
            "spoof 10.77.0.2 {id} Stranger {address} 80 /admin/reboot"
        ))
    });
    let (_, said) = lan.switchboard(&["watch", "--for", "3s"]);
    for id in ["sb-1", "sb-2", "sb-3", "sb-4"] {
        let (status, said) = lan.switchboard(&["show", id]);
        assert_ne!(status, 0, "{id}: {said}");
        assert!(
            said.contains("on no network of this computer"),
            "{id}: {said}"
        );
    }
    let (status, findings) = lan.doctor(&["sb-1"]);
    assert_eq!(status, 5);
    blames(&findings, "another_subnet", &["203.0.113.7:80 is on none"]);
    assert_eq!(
        (stranger.text(), own.text()),
        (String::new(), String::new()),
        "connected to; {said}"
    );
    // A user may connect there.
    let _ = lan.switchboard(&["show", "203.0.113.7:80"]);
    assert!(
        stranger.text().contains("connected: GET /rpc "),
        "{}",
        stranger.text()
    );
}

#[test]
fn an_announcement_cannot_choose_the_path() {
    let Some(lan) = Lan::of_two() else { return };
    let notes = Notes::new();
    let _listener = lan.actor_there(&format!("listen 10.77.0.2:80 {}", notes.path()));
    let _spoof = lan.actor_there("spoof 10.77.0.2 sb-1 Stranger 10.77.0.2 80 /admin/reboot");
    let _ = lan.switchboard(&["show", "sb-1"]);
    let _ = lan.switchboard(&["check", "sb-1"]);
    let asked = notes.text();
    assert!(asked.contains("connected: GET /rpc "), "{asked}");
    assert!(!asked.contains("/admin"), "{asked}");
}

#[test]
fn a_scene_file_does_not_cause_connections() {
    let Some(lan) = Lan::of_two() else { return };
    let (notes, scene) = (Notes::new(), Notes::new());
    let _listener = lan.actor_there(&format!("listen 10.77.0.2:8080 {}", notes.path()));
    let step =
        r#"{"board":"10.77.0.2:8080","component":"light:0","name":"Lamp","set":{"on":true}}"#;
    let text = format!(
        r#"{{"switchboard":"scene","version":1,"name":"Evening","transition_ms":0,"steps":[{step}]}}"#
    );
    fs::write(&scene.0, text).expect("a file");
    let (status, said) = lan.switchboard(&["scene", "apply", scene.path()]);
    assert_ne!(status, 0, "{said}");
    assert!(
        said.contains("10.77.0.2:8080") && said.contains("--connect"),
        "{said}"
    );
    assert_eq!(notes.text(), "", "connected to; {said}");
    let _ = lan.switchboard(&["scene", "apply", scene.path(), "--connect"]);
    assert!(
        notes.text().contains("connected: GET /rpc "),
        "{}",
        notes.text()
    );
}

/// Runs commands concurrently; returns how many succeeded.
fn commands(
    lan: &Lan,
    count: usize,
    variables: &[(&str, &str)],
    words: &[&str],
) -> (usize, Vec<String>) {
    let outcomes: Vec<_> = thread::scope(|scope| {
        let worker = |share: usize| {
            scope.spawn(move || {
                (0..share)
                    .map(|_| lan.switchboard_with(variables, words))
                    .collect::<Vec<_>>()
            })
        };
        let workers: Vec<_> = (0..4)
            .map(|at| worker(count / 4 + usize::from(at < count % 4)))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("it ends"))
            .collect()
    });
    let done = outcomes.iter().filter(|(status, _)| *status == 0).count();
    (
        done,
        outcomes
            .into_iter()
            .filter(|(status, _)| *status != 0)
            .map(|(_, said)| said)
            .collect(),
    )
}

#[test]
fn a_similar_id_is_never_taken_for_that_of_a_key() {
    let Some(lan) = Lan::of_two() else { return };
    let keys = Notes::new();
    let board = lan.actor_there(&format!("locked-board {}", keys.path()));
    let id = keys.text().split(':').nth(2).expect("an id").to_owned();
    let notes = Notes::new();
    lan.run_there("ip address add 10.77.0.9/24 dev e0");
    let _listener = lan.actor_there(&format!("listen 10.77.0.9:80 {}", notes.path()));
    // The same id in uppercase, a longer one, and another whose name is the id.
    let loud = id.to_uppercase();
    let longer = format!("{id}0");
    let _spoofs = [
        (&loud, "Stranger"),
        (&longer, "Stranger"),
        (&"sb-0".to_owned(), &id),
    ]
    .map(|(alike, name)| {
        lan.actor_there(&format!("spoof 10.77.0.9 {alike} {name} 10.77.0.9 80 /rpc"))
    });
    let target = format!("{id}/light:0");
    let variables = [("SWITCHBOARD_KEYS", keys.path())];
    let (done, failed) = commands(&lan, 100, &variables, &["toggle", &target]);
    print(&format!(
        "{done} of 100 commands for {id} done by it, {} connections to the stranger",
        notes.text().lines().count()
    ));
    assert_eq!(done, 100, "{failed:?}");
    assert_eq!(notes.text(), "", "the stranger was connected to");
    // While the board is absent, no other board matches.
    drop(board);
    let (done, _) = commands(&lan, 4, &variables, &["toggle", &target]);
    assert_eq!(
        (done, notes.text()),
        (0, String::new()),
        "the stranger was connected to"
    );
}
