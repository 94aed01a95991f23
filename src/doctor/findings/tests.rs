//! What each piece of evidence means.

use std::time::Duration;

use super::*;
use crate::{
    address::Candidates,
    doctor::evidence::{Echo, Holder, Host, Interface, Multicast, Port},
    fleet::LinkProblem,
};

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

/// A computer on which everything is well, and these boards.
fn evidence(boards: Vec<Examined>) -> Evidence {
    Evidence {
        service: "_switchboard._tcp.local.".into(),
        interfaces: Ok(vec![
            interface("lo", "127.0.0.1", false),
            interface("e0", "10.77.0.1", true),
        ]),
        port: Port::Shared { beside: Vec::new() },
        multicast: vec![echo(heard(), None)],
        discovery_problem: None,
        looked: Duration::from_millis(2_500),
        boards,
    }
}

fn board(record: Record, link: Link, host: Option<Host>) -> Examined {
    at("10.77.0.2:80", record, link, host)
}

fn at(address: &str, record: Record, link: Link, host: Option<Host>) -> Examined {
    let (name, id, address) = ("Desk lamp".into(), Some("sb-1".into()), address.to_owned());
    let addresses = Candidates::given(address.parse().expect("an address"));
    let hosts = host
        .into_iter()
        .map(|host| (address.clone(), host))
        .collect();
    Examined {
        name,
        id,
        address,
        addresses,
        record,
        link,
        hosts,
    }
}

fn problem(problem: LinkProblem) -> Link {
    Link::Problem(problem)
}

fn refused() -> Link {
    problem(LinkProblem::Connect(
        "Connection refused (os error 111)".into(),
    ))
}

/// The worst of what is found.
fn worst(evidence: &Evidence) -> (Verdict, Kind) {
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
fn where_all_is_well_nothing_is_wrong() {
    let evidence = evidence(vec![board(Record::Heard, Link::Works, None)]);
    let found = findings(&evidence, None);
    assert!(
        found.iter().all(|finding| finding.verdict == Verdict::Fine),
        "{found:#?}"
    );
    let kinds: Vec<_> = found.iter().map(|finding| finding.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Interfaces, Kind::Port, Kind::Firewall, Kind::Board]
    );
}

#[test]
fn without_multicast_on_any_interface_nobody_can_be_found() {
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
        assert_eq!(worst(&evidence), (Verdict::Fault, Kind::Interfaces));
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
fn what_is_sent_to_5353_and_not_heard_was_dropped_by_a_firewall() {
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
        assert_eq!(worst(&evidence), (Verdict::Fault, Kind::Firewall));
        assert!(findings(&evidence, None)[0].title.contains(words));
        evidence.multicast.push(echo(heard(), None));
        assert_eq!(
            worst(&evidence),
            (Verdict::Warning, Kind::Firewall),
            "one interface of two hears"
        );
    }
    let mut evidence = evidence(vec![]);
    let failed = || Echo::Failed("Network is unreachable".into());
    evidence.multicast = vec![echo(failed(), Some(failed()))];
    assert_eq!(worst(&evidence), (Verdict::Fault, Kind::Discovery));
}

#[test]
fn who_keeps_the_port_is_named_and_who_shares_it_is_no_trouble() {
    let holder = Holder {
        process: Some((7, "greedy".into())),
        user: 0,
    };
    let mut evidence = evidence(Vec::new());
    let problem = "Address already in use".to_owned();
    evidence.port = Port::Refused {
        problem,
        in_use: true,
        by: vec![holder.clone()],
    };
    assert_eq!(worst(&evidence), (Verdict::Fault, Kind::Port));
    let found = &findings(&evidence, None)[0];
    assert!(found.observed.contains("greedy (process 7)"), "{found:?}");
    assert_eq!(found.advice[0].command.as_deref(), Some("kill 7"));
    evidence.port = Port::Shared {
        beside: vec![holder],
    };
    assert_eq!(
        worst(&evidence).0,
        Verdict::Warning,
        "only that nobody announces itself"
    );
}

#[test]
fn an_announced_address_that_does_not_answer_is_told_from_one_that_is_out_of_date() {
    let silent = || {
        Some(Host::Silent {
            after: Duration::from_secs(4),
        })
    };
    for (record, link, host, kind) in [
        (Record::Confirmed, Link::Unsettled, silent(), Kind::NoAnswer),
        (
            Record::Confirmed,
            refused(),
            Some(Host::Refused),
            Kind::NoAnswer,
        ),
        (Record::None, refused(), Some(Host::Refused), Kind::NoAnswer),
        (
            Record::Gone,
            refused(),
            Some(Host::Refused),
            Kind::StaleRecord,
        ),
        (Record::Gone, Link::Unsettled, silent(), Kind::StaleRecord),
        (
            Record::Gone,
            problem(LinkProblem::Closed),
            Some(Host::Refused),
            Kind::StaleRecord,
        ),
        (
            Record::Confirmed,
            problem(LinkProblem::Closed),
            Some(Host::Open),
            Kind::Unsteady,
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
    let evidence = evidence(vec![board(Record::Confirmed, problem(another), None)]);
    assert_eq!(worst(&evidence), (Verdict::Fault, Kind::StaleRecord));
}

#[test]
fn a_silent_address_on_no_network_of_this_computer_is_in_another_subnet() {
    let no_way = || Some(Host::NoWay("Network is unreachable (os error 101)".into()));
    let far = |host| at("10.99.0.5:80", Record::Confirmed, refused(), host);
    assert_eq!(
        worst(&evidence(vec![far(no_way())])),
        (Verdict::Fault, Kind::AnotherSubnet)
    );
    assert_eq!(
        worst(&evidence(vec![far(Some(Host::Elsewhere))])),
        (Verdict::Fault, Kind::AnotherSubnet)
    );
    // A router leads there: what refuses is the host itself.
    assert_eq!(
        worst(&evidence(vec![far(Some(Host::Refused))])),
        (Verdict::Fault, Kind::NoAnswer)
    );
    assert_eq!(
        worst(&evidence(vec![board(
            Record::Confirmed,
            refused(),
            no_way()
        )]))
        .1,
        Kind::NoAnswer
    );
}

#[test]
fn what_a_board_says_itself_is_its_finding() {
    for (said, kind) in [
        (LinkProblem::Locked, Kind::Locked),
        (LinkProblem::WrongKey, Kind::Locked),
        (
            LinkProblem::NotLocked {
                board: "sb-1".into(),
            },
            Kind::NotLocked,
        ),
        (
            LinkProblem::UnsupportedVersion { theirs: "2".into() },
            Kind::Version,
        ),
        (LinkProblem::AllSlotsTaken, Kind::PlacesTaken),
        (
            LinkProblem::NotABoard("it answers HTTP 404".into()),
            Kind::NotABoard,
        ),
    ] {
        let evidence = evidence(vec![board(Record::Heard, problem(said), None)]);
        assert_eq!(worst(&evidence), (Verdict::Fault, kind));
    }
    let restarting = evidence(vec![board(
        Record::Heard,
        problem(LinkProblem::Rebooting),
        None,
    )]);
    assert_eq!(worst(&restarting), (Verdict::Warning, Kind::Unsteady));
}

#[test]
fn only_what_was_asked_for_is_told_of_and_what_is_nowhere_is_missing() {
    let other = Examined {
        name: "Fan".into(),
        id: Some("sb-2".into()),
        ..board(Record::Heard, refused(), None)
    };
    let evidence = evidence(vec![board(Record::Heard, Link::Works, None), other]);
    assert!(
        findings(&evidence, Some("desk-lamp"))
            .iter()
            .all(|finding| finding.verdict == Verdict::Fine)
    );
    assert_eq!(findings(&evidence, Some("fan"))[0].kind, Kind::NoAnswer);
    let missing = &findings(&evidence, Some("heater"))[0];
    assert_eq!(
        (missing.verdict, missing.kind),
        (Verdict::Fault, Kind::Missing)
    );
    assert!(missing.observed.contains("Desk lamp, Fan"), "{missing:?}");
}

#[test]
fn an_unknown_network_is_no_fault_and_nobody_only_a_warning() {
    let mut evidence = evidence(Vec::new());
    assert_eq!(worst(&evidence), (Verdict::Warning, Kind::Nobody));
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
fn all_addresses_are_judged_and_each_is_told_with_what_it_answered() {
    let addresses = ["10.77.0.2:80", "10.77.0.3:80"];
    let given =
        addresses.map(|text| crate::address::Candidate::Given(text.parse().expect("an address")));
    let silent = Host::Silent {
        after: Duration::from_secs(4),
    };
    let board = Examined {
        addresses: Candidates::new(given, &[]),
        hosts: vec![
            (addresses[0].into(), silent),
            (addresses[1].into(), Host::Refused),
        ],
        ..board(Record::Confirmed, Link::Unsettled, None)
    };
    let found = &findings(&evidence(vec![board]), None)[0];
    assert_eq!(found.kind, Kind::NoAnswer);
    assert!(
        found.tried.contains("10.77.0.2:80, 10.77.0.3:80"),
        "{found:?}"
    );
    let told =
        "10.77.0.2:80: no answer within 4 s, 10.77.0.3:80: the host is there and refuses the port";
    assert!(found.observed.contains(told), "{found:?}");
    // What refuses is there: the port is wrong, and power is not the trouble.
    assert!(
        found.advice[0].what.contains("has no server at that port"),
        "{found:?}"
    );
}

#[test]
fn an_interface_that_this_computer_lacks_is_said_and_power_is_not_blamed() {
    let board = at(
        "[fe80::1%eth9]:80",
        Record::None,
        refused(),
        Some(Host::NoInterface),
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
