//! Findings for each kind of evidence.

use std::time::Duration;

use super::*;
use crate::evidence::{Echo, Holder, Interface, MdnsPort, Multicast, TcpProbe};
use address::Candidates;
use fleet::{Family, LinkProblem};
use platform::Platform;

fn interface(name: &str, address: &str, multicast: bool) -> Interface {
    let address = address.parse().expect("an address");
    Interface {
        name: name.into(),
        index: None,
        address,
        prefix: 24,
        loopback: name == "lo",
        up: true,
        multicast: Some(multicast),
    }
}

fn echo(echo: Echo, elsewhere: Option<Echo>) -> Multicast {
    let address = "10.77.0.1".parse().expect("an address");
    Multicast {
        interface: "e0".into(),
        address,
        echo,
        elsewhere,
        others: 0,
    }
}

fn heard() -> Echo {
    Echo::Heard {
        after: Duration::from_millis(1),
    }
}

/// A computer without problems, and these boards.
fn evidence(boards: Vec<ExaminedBoard>) -> Evidence {
    Evidence {
        platform: Platform::Linux,
        service: "_switchboard._tcp.local.".into(),
        interfaces: Ok(vec![
            interface("lo", "127.0.0.1", false),
            interface("e0", "10.77.0.1", true),
        ]),
        port: MdnsPort::Shared { with: Vec::new() },
        multicast: vec![echo(heard(), None)],
        discovery_problem: None,
        looked: Duration::from_millis(2_500),
        boards,
    }
}

fn board(record: MdnsRecord, link: LinkOutcome, host: Option<TcpProbe>) -> ExaminedBoard {
    at("10.77.0.2:80", record, link, host)
}

fn at(
    address: &str,
    record: MdnsRecord,
    link: LinkOutcome,
    host: Option<TcpProbe>,
) -> ExaminedBoard {
    let (name, id, address) = ("Desk lamp".into(), Some("sb-1".into()), address.to_owned());
    let addresses = Candidates::given(address.parse().expect("an address"));
    let hosts = host
        .into_iter()
        .map(|host| (address.clone(), host))
        .collect();
    ExaminedBoard {
        name,
        id,
        family: Family::Switchboard,
        address,
        addresses,
        record,
        link,
        hosts,
    }
}

fn problem(problem: LinkProblem) -> LinkOutcome {
    LinkOutcome::Problem(problem)
}

fn refused() -> LinkOutcome {
    problem(LinkProblem::Connect(
        "Connection refused (os error 111)".into(),
    ))
}

/// The most severe finding.
fn worst(evidence: &Evidence) -> (Verdict, FindingKind) {
    let findings = findings(evidence, None);
    let worst = findings.first().expect("a finding");
    assert!(
        !worst.tried.is_empty() && !worst.observed.is_empty() && !worst.title.is_empty(),
        "{worst:?}"
    );
    assert!(
        worst.verdict == Verdict::Fine || !worst.advice.is_empty(),
        "nothing to do: {worst:?}"
    );
    (worst.verdict, worst.kind)
}

#[test]
fn without_problems_nothing_is_reported() {
    let evidence = evidence(vec![board(MdnsRecord::Heard, LinkOutcome::Works, None)]);
    let found = findings(&evidence, None);
    assert!(
        found.iter().all(|finding| finding.verdict == Verdict::Fine),
        "{found:#?}"
    );
    let kinds: Vec<_> = found.iter().map(|finding| finding.kind).collect();
    assert_eq!(
        kinds,
        [
            FindingKind::Interfaces,
            FindingKind::Port,
            FindingKind::Firewall,
            FindingKind::Board
        ]
    );
}

#[test]
fn without_multicast_no_board_can_be_found() {
    let mut evidence = evidence(Vec::new());
    evidence.multicast.clear();
    for interfaces in [
        vec![],
        vec![interface("lo", "127.0.0.1", false)],
        vec![
            interface("lo", "127.0.0.1", false),
            interface("e0", "10.77.0.1", false),
        ],
        vec![Interface {
            up: false,
            ..interface("e0", "10.77.0.1", true)
        }],
    ] {
        evidence.interfaces = Ok(interfaces);
        assert_eq!(worst(&evidence), (Verdict::Fault, FindingKind::Interfaces));
    }
    let commands: Vec<_> = findings(&evidence, None)[0]
        .advice
        .iter()
        .filter_map(|a| a.command.clone())
        .collect();
    assert_eq!(commands, ["ip -br address"]);
    evidence.interfaces = Ok(vec![interface("e0", "10.77.0.1", false)]);
    let advice = &findings(&evidence, None)[0].advice;
    assert_eq!(
        advice[1].command.as_deref(),
        Some("sudo ip link set dev e0 multicast on")
    );
}

#[test]
fn queries_that_are_not_heard_were_dropped_by_a_firewall() {
    for (silent, elsewhere, words) in [
        (Echo::Silent, heard(), "drops UDP port 5353"),
        (
            Echo::Forbidden("not permitted".into()),
            heard(),
            "drops UDP port 5353",
        ),
        (Echo::Silent, Echo::Silent, "drops multicast"),
    ] {
        let mut evidence = evidence(vec![]);
        evidence.multicast = vec![echo(silent, Some(elsewhere))];
        assert_eq!(worst(&evidence), (Verdict::Fault, FindingKind::Firewall));
        assert!(findings(&evidence, None)[0].title.contains(words));
        evidence.multicast.push(echo(heard(), None));
        assert_eq!(
            worst(&evidence),
            (Verdict::Warning, FindingKind::Firewall),
            "one interface of two hears"
        );
    }
    let mut evidence = evidence(vec![]);
    let failed = || Echo::Failed("Network is unreachable".into());
    evidence.multicast = vec![echo(failed(), Some(failed()))];
    assert_eq!(worst(&evidence), (Verdict::Fault, FindingKind::Discovery));
}

#[test]
fn a_program_that_does_not_share_the_port_is_named() {
    let holder = Holder {
        process: Some((7, "greedy".into())),
        user: 0,
    };
    let mut evidence = evidence(Vec::new());
    let problem = "Address already in use".to_owned();
    evidence.port = MdnsPort::Refused {
        problem,
        in_use: true,
        by: vec![holder.clone()],
    };
    assert_eq!(worst(&evidence), (Verdict::Fault, FindingKind::Port));
    let found = &findings(&evidence, None)[0];
    assert!(found.observed.contains("greedy (process 7)"), "{found:?}");
    assert_eq!(found.advice[0].command.as_deref(), Some("kill 7"));
    evidence.port = MdnsPort::Shared { with: vec![holder] };
    assert_eq!(
        worst(&evidence).0,
        Verdict::Warning,
        "only that no board announces itself"
    );
}

#[test]
fn unanswered_and_outdated_announcements_are_told_apart() {
    let silent = || {
        Some(TcpProbe::Silent {
            after: Duration::from_secs(4),
        })
    };
    for (record, link, host, kind) in [
        (
            MdnsRecord::Confirmed,
            LinkOutcome::Unsettled,
            silent(),
            FindingKind::NoAnswer,
        ),
        (
            MdnsRecord::Confirmed,
            refused(),
            Some(TcpProbe::Refused),
            FindingKind::NoAnswer,
        ),
        (
            MdnsRecord::None,
            refused(),
            Some(TcpProbe::Refused),
            FindingKind::NoAnswer,
        ),
        (
            MdnsRecord::Gone,
            refused(),
            Some(TcpProbe::Refused),
            FindingKind::StaleRecord,
        ),
        (
            MdnsRecord::Gone,
            LinkOutcome::Unsettled,
            silent(),
            FindingKind::StaleRecord,
        ),
        (
            MdnsRecord::Gone,
            problem(LinkProblem::Closed),
            Some(TcpProbe::Refused),
            FindingKind::StaleRecord,
        ),
        (
            MdnsRecord::Confirmed,
            problem(LinkProblem::Closed),
            Some(TcpProbe::Open),
            FindingKind::Unsteady,
        ),
    ] {
        let evidence = evidence(vec![board(record, link.clone(), host)]);
        assert_eq!(
            worst(&evidence),
            (Verdict::Fault, kind),
            "{record:?} {link:?}"
        );
    }
    let another = LinkProblem::AnotherBoard {
        expected: "sb-1".into(),
        found: "sb-2".into(),
    };
    let evidence = evidence(vec![board(MdnsRecord::Confirmed, problem(another), None)]);
    assert_eq!(worst(&evidence), (Verdict::Fault, FindingKind::StaleRecord));
}

#[test]
fn a_silent_address_outside_of_all_networks_is_in_another_subnet() {
    let no_way = || {
        Some(TcpProbe::NoWay(
            "Network is unreachable (os error 101)".into(),
        ))
    };
    let far = |host| at("10.99.0.5:80", MdnsRecord::Confirmed, refused(), host);
    assert_eq!(
        worst(&evidence(vec![far(no_way())])),
        (Verdict::Fault, FindingKind::AnotherSubnet)
    );
    assert_eq!(
        worst(&evidence(vec![far(Some(TcpProbe::Elsewhere))])),
        (Verdict::Fault, FindingKind::AnotherSubnet)
    );
    // A router leads there: the device itself refuses.
    assert_eq!(
        worst(&evidence(vec![far(Some(TcpProbe::Refused))])),
        (Verdict::Fault, FindingKind::NoAnswer)
    );
    assert_eq!(
        worst(&evidence(vec![board(
            MdnsRecord::Confirmed,
            refused(),
            no_way()
        )]))
        .1,
        FindingKind::NoAnswer
    );
}

#[test]
fn the_answer_of_a_board_determines_its_finding() {
    for (said, kind) in [
        (LinkProblem::Locked, FindingKind::Locked),
        (LinkProblem::WrongKey, FindingKind::Locked),
        (
            LinkProblem::NotLocked {
                board: "sb-1".into(),
            },
            FindingKind::NotLocked,
        ),
        (
            LinkProblem::UnsupportedVersion { theirs: "2".into() },
            FindingKind::Version,
        ),
        (LinkProblem::AllSlotsTaken, FindingKind::PlacesTaken),
        (
            LinkProblem::NotABoard("it answers HTTP 404".into()),
            FindingKind::NotABoard,
        ),
    ] {
        let evidence = evidence(vec![board(MdnsRecord::Heard, problem(said), None)]);
        assert_eq!(worst(&evidence), (Verdict::Fault, kind));
    }
    let restarting = evidence(vec![board(
        MdnsRecord::Heard,
        problem(LinkProblem::Rebooting),
        None,
    )]);
    assert_eq!(
        worst(&restarting),
        (Verdict::Warning, FindingKind::Unsteady)
    );
}

#[test]
fn a_foreign_board_is_asked_for_its_password_or_key_and_not_paired() {
    for (family, words) in [
        (Family::Shelly, "rejects the password"),
        (Family::Esphome, "rejects the encryption key"),
    ] {
        let board = ExaminedBoard {
            family,
            ..board(MdnsRecord::Heard, problem(LinkProblem::WrongKey), None)
        };
        let finding = board::finding(&board, &evidence(vec![board.clone()]));
        assert_eq!(finding.kind, FindingKind::Locked);
        assert!(finding.title.contains(words), "{}", finding.title);
        let advice = format!("{:?}", finding.advice);
        assert!(advice.contains("switchboard keys set sb-1"), "{advice}");
        assert!(!advice.contains("pair"), "{advice}");
    }
}

#[test]
fn only_the_requested_board_is_reported() {
    let other = ExaminedBoard {
        name: "Fan".into(),
        id: Some("sb-2".into()),
        ..board(MdnsRecord::Heard, refused(), None)
    };
    let evidence = evidence(vec![
        board(MdnsRecord::Heard, LinkOutcome::Works, None),
        other,
    ]);
    assert!(
        findings(&evidence, Some("desk-lamp"))
            .iter()
            .all(|finding| finding.verdict == Verdict::Fine)
    );
    assert_eq!(
        findings(&evidence, Some("fan"))[0].kind,
        FindingKind::NoAnswer
    );
    let missing = &findings(&evidence, Some("heater"))[0];
    assert_eq!(
        (missing.verdict, missing.kind),
        (Verdict::Fault, FindingKind::Missing)
    );
    assert!(missing.observed.contains("Desk lamp, Fan"), "{missing:?}");
}

#[test]
fn no_boards_are_only_a_warning() {
    let mut evidence = evidence(Vec::new());
    assert_eq!(worst(&evidence), (Verdict::Warning, FindingKind::NoBoards));
    evidence.interfaces = Err("not supported".into());
    let found = findings(&evidence, None);
    assert!(
        found
            .iter()
            .all(|finding| finding.verdict != Verdict::Fault),
        "{found:#?}"
    );
}

#[test]
fn every_address_is_reported_with_its_result() {
    let addresses = ["10.77.0.2:80", "10.77.0.3:80"];
    let given = addresses.map(|text| address::Candidate::Given(text.parse().expect("an address")));
    let silent = TcpProbe::Silent {
        after: Duration::from_secs(4),
    };
    let board = ExaminedBoard {
        addresses: Candidates::new(given, &[]),
        hosts: vec![
            (addresses[0].into(), silent),
            (addresses[1].into(), TcpProbe::Refused),
        ],
        ..board(MdnsRecord::Confirmed, LinkOutcome::Unsettled, None)
    };
    let found = &findings(&evidence(vec![board]), None)[0];
    assert_eq!(found.kind, FindingKind::NoAnswer);
    assert!(
        found.tried.contains("10.77.0.2:80, 10.77.0.3:80"),
        "{found:?}"
    );
    let told = "10.77.0.2:80: no answer within 4 s, \
                10.77.0.3:80: the device is there, but refuses the port";
    assert!(found.observed.contains(told), "{found:?}");
    // The device that refuses is there: the port is wrong, not the power.
    assert!(
        found.advice[0].what.contains("has no server at that port"),
        "{found:?}"
    );
}

#[test]
fn a_missing_interface_is_reported_instead_of_a_power_problem() {
    let board = at(
        "[fe80::1%eth9]:80",
        MdnsRecord::None,
        refused(),
        Some(TcpProbe::NoInterface),
    );
    let found = &findings(&evidence(vec![board]), None)[0];
    assert_eq!(found.title, "This computer has no network interface eth9");
    assert!(
        found
            .advice
            .iter()
            .all(|advice| !advice.what.contains("power")),
        "{found:?}"
    );
}

/// Every kind of evidence whose findings advise commands.
fn troubled(platform: Platform) -> Vec<Evidence> {
    let computer = || Evidence {
        platform,
        ..evidence(Vec::new())
    };
    let with = |one: ExaminedBoard| Evidence {
        boards: vec![one],
        ..computer()
    };
    let taken = MdnsPort::Refused {
        problem: "in use".into(),
        in_use: true,
        by: vec![Holder {
            process: Some((7, "greedy".into())),
            user: 0,
        }],
    };
    let failed = || Echo::Failed("unreachable".into());
    vec![
        computer(),
        Evidence {
            interfaces: Ok(Vec::new()),
            ..computer()
        },
        Evidence {
            port: taken,
            ..computer()
        },
        Evidence {
            multicast: vec![echo(Echo::Silent, Some(heard()))],
            ..computer()
        },
        Evidence {
            multicast: vec![echo(failed(), Some(failed()))],
            ..computer()
        },
        with(board(
            MdnsRecord::Heard,
            problem(LinkProblem::AllSlotsTaken),
            None,
        )),
        with(board(MdnsRecord::Gone, refused(), Some(TcpProbe::Refused))),
        with(board(
            MdnsRecord::Confirmed,
            refused(),
            Some(TcpProbe::Refused),
        )),
        with(at(
            "10.99.0.5:80",
            MdnsRecord::Confirmed,
            refused(),
            Some(TcpProbe::Elsewhere),
        )),
        with(at(
            "[fe80::1%eth9]:80",
            MdnsRecord::None,
            refused(),
            Some(TcpProbe::NoInterface),
        )),
    ]
}

#[test]
fn connections_are_shown_of_this_board_alone() {
    let command = |platform, address: &str| {
        let board = at(
            address,
            MdnsRecord::Heard,
            problem(LinkProblem::AllSlotsTaken),
            None,
        );
        let evidence = Evidence {
            platform,
            ..evidence(vec![board])
        };
        let advice = findings(&evidence, None).remove(0).advice;
        advice
            .into_iter()
            .find_map(|one| one.command)
            .expect("a command")
    };
    for (platform, address, wanted) in [
        (Platform::Linux, "10.77.0.2:80", "ss -tnp dst 10.77.0.2"),
        (Platform::MacOs, "10.77.0.2:80", "lsof -nP -iTCP@10.77.0.2"),
        (
            Platform::MacOs,
            "[fe80::1%en0]:80",
            "lsof -nP '-iTCP@[fe80::1]'",
        ),
        (
            Platform::Windows,
            "10.77.0.2:80",
            "netstat -ano | findstr /C:\"10.77.0.2:\"",
        ),
        (
            Platform::Windows,
            "[fe80::1%9]:80",
            "netstat -ano | findstr fe80::1",
        ),
    ] {
        assert_eq!(command(platform, address), wanted);
    }
}

#[test]
fn advice_is_for_the_system_of_this_computer() {
    const LINUX: [&str; 9] = [
        "sudo ss",
        "ss -tnp",
        "ip ",
        "nft",
        "ufw",
        "avahi",
        "/dev/tty",
        "-c 3",
        "firewalld",
    ];
    const MAC: [&str; 5] = ["System Settings", "lsof", "ifconfig", "dns-sd", "/dev/cu."];
    const WINDOWS: [&str; 6] = [
        "Windows",
        "netstat",
        "ipconfig",
        "Resolve-DnsName",
        "COM3",
        "-n 3",
    ];
    for platform in Platform::ALL {
        let mut all = String::new();
        for evidence in troubled(platform) {
            for advice in findings(&evidence, None)
                .into_iter()
                .flat_map(|one| one.advice)
            {
                for text in [Some(advice.what), advice.command].into_iter().flatten() {
                    all.push_str(&format!("\n{text}"));
                }
            }
        }
        for (own, words) in [
            (Platform::Linux, &LINUX[..]),
            (Platform::MacOs, &MAC),
            (Platform::Windows, &WINDOWS),
        ] {
            for word in words {
                // macOS and Linux share ping's options.
                let here = own == platform || (*word == "-c 3" && platform == Platform::MacOs);
                let said = all.contains(&format!("\n{word}")) || all.contains(&format!(" {word}"));
                assert_eq!(said, here, "{platform:?}: {word}: {all}");
            }
        }
    }
}
