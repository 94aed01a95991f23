//! Diagnoses one board from its announcement and its link.

use std::net::IpAddr;

use protocol::PROTOCOL_MAJOR;

use super::{Advice, Finding, FindingKind, Verdict, commands};
use crate::evidence::{Evidence, ExaminedBoard, Interface, LinkOutcome, MdnsRecord, TcpProbe};
use address::ip_of;
use fleet::{CredentialKind, LinkProblem};
use platform::Platform;
use sanitize::plain::plain;

/// The finding for a board: the first cause that applies.
pub(super) fn finding(board: &ExaminedBoard, evidence: &Evidence) -> Finding {
    let tried = tried(board);
    let (verdict, kind, title, mut observed, advice) = diagnose(board, evidence);
    match board.record {
        MdnsRecord::None => observed.push_str("; it is not announced by mDNS"),
        MdnsRecord::Heard => {}
        MdnsRecord::Confirmed => observed.push_str("; its announcement was confirmed"),
        MdnsRecord::Gone => observed.push_str("; when queried again, it was no longer announced"),
    }
    Finding {
        verdict,
        kind,
        board: Some(board.name.clone()),
        title,
        tried,
        observed,
        advice,
    }
}

/// A link problem as part of a sentence about the board.
fn problem_text(problem: &LinkProblem) -> String {
    let text = plain(&problem.to_string());
    match problem {
        LinkProblem::UnsupportedVersion { .. } | LinkProblem::NotABoard(_) => format!("it {text}"),
        problem if problem.is_about_keys() => format!("it {text}"),
        _ => text,
    }
}

type Diagnosis = (Verdict, FindingKind, String, String, Vec<Advice>);

fn fault(
    kind: FindingKind,
    title: String,
    observed: impl Into<String>,
    advice: Vec<Advice>,
) -> Diagnosis {
    (Verdict::Fault, kind, title, observed.into(), advice)
}

fn diagnose(board: &ExaminedBoard, evidence: &Evidence) -> Diagnosis {
    match &board.link {
        LinkOutcome::Works => connected(board),
        LinkOutcome::NotTried => (
            Verdict::Fine,
            FindingKind::Board,
            format!("{} announces itself", board.name),
            "no connection was requested".to_owned(),
            Vec::new(),
        ),
        LinkOutcome::Problem(problem) => key_problem(board, problem)
            .or_else(|| refusal(board, problem, evidence.platform))
            .or_else(|| outdated(board, evidence.platform))
            .or_else(|| other_answer(board, problem))
            .unwrap_or_else(|| not_answering(board, evidence)),
        LinkOutcome::Unsettled => {
            outdated(board, evidence.platform).unwrap_or_else(|| not_answering(board, evidence))
        }
    }
}

fn connected(board: &ExaminedBoard) -> Diagnosis {
    let advice = match board.record {
        MdnsRecord::None => vec![Advice::words(
            "It is known by its address only. Make sure that the address does not change.",
        )],
        _ => Vec::new(),
    };
    (
        Verdict::Fine,
        FindingKind::Board,
        format!("{} works", board.name),
        "it described its components".to_owned(),
        advice,
    )
}

/// A problem with the key of a locked board.
fn key_problem(board: &ExaminedBoard, problem: &LinkProblem) -> Option<Diagnosis> {
    let ExaminedBoard { name, address, .. } = board;
    let forget = || {
        Advice::run(
            "Forget the key.",
            format!("switchboard keys forget {}", cli_name(board)),
        )
    };
    Some(match problem {
        LinkProblem::Locked | LinkProblem::WrongKey if !board.family.is_ours() => fault(
            FindingKind::Locked,
            format!("{name} {}", problem.of_family(board.family)),
            "it refused the connection",
            credential_advice(board),
        ),
        LinkProblem::Locked => fault(
            FindingKind::Locked,
            format!("{name} is locked, and this computer has no key for it"),
            "it accepts only controllers with one of its keys",
            key_advice(board),
        ),
        LinkProblem::KeyUnavailable { why, .. } => fault(
            FindingKind::Locked,
            format!("The key of {name} is not available on this computer"),
            format!("{}; nothing was sent to the board", plain(why)),
            vec![
                Advice::words("Unlock this computer's keychain and try again."),
                Advice::words("If the board was reset and is open now, forget its key."),
                forget(),
            ],
        ),
        LinkProblem::WrongKey => fault(
            FindingKind::Locked,
            format!("{name} does not accept this computer's key"),
            "it refused the key: the key was removed from the board, or the board was reset since",
            key_advice(board),
        ),
        LinkProblem::NotLocked { .. } | LinkProblem::NoHello => fault(
            FindingKind::NotLocked,
            format!("{name} is not locked, but this computer has a key for it"),
            format!("an open board answers at {address}; nothing was sent to it"),
            vec![
                Advice::words("If you reset the board, forget its key: a reset board is open."),
                Advice::words(
                    "If it was not reset, something else answers in its place. Find out what \
                     before you forget the key.",
                ),
                forget(),
            ],
        ),
        _ => return None,
    })
}

/// The board refuses the connection.
fn refusal(board: &ExaminedBoard, problem: &LinkProblem, platform: Platform) -> Option<Diagnosis> {
    let ExaminedBoard { name, address, .. } = board;
    Some(match problem {
        LinkProblem::UnsupportedVersion { theirs } => fault(
            FindingKind::Version,
            format!("{name} uses another version of the protocol"),
            format!(
                "it uses version {}; this program uses version {PROTOCOL_MAJOR}",
                plain(theirs)
            ),
            vec![
                Advice::words("Update the older one: this program, or the board's firmware."),
                Advice::run("Show the version of this program.", "switchboard --version"),
            ],
        ),
        LinkProblem::AllSlotsTaken => fault(
            FindingKind::PlacesTaken,
            format!("{name} has no free slot for another controller"),
            "it answered HTTP 503: all controller slots are in use",
            vec![
                Advice::words(
                    "Close another window, browser tab or script that is connected to the board.",
                ),
                commands::connections(
                    platform,
                    &plain(&board.ip().map_or(address.clone(), |ip| ip.to_string())),
                ),
                Advice::words("A controller that lost power frees its slot within 60 s."),
            ],
        ),
        LinkProblem::AnotherBoard { expected, found } => fault(
            FindingKind::StaleRecord,
            format!("The announcement of {name} is out of date"),
            format!(
                "{address} is now the address of {} instead of {}",
                plain(found),
                plain(expected)
            ),
            outdated_advice(board, platform),
        ),
        _ => return None,
    })
}

/// The board was no longer announced when queried again.
fn outdated(board: &ExaminedBoard, platform: Platform) -> Option<Diagnosis> {
    let problem = match &board.link {
        LinkOutcome::Problem(problem) => problem_text(problem),
        _ => "no answer".to_owned(),
    };
    (board.record == MdnsRecord::Gone).then(|| {
        fault(
            FindingKind::StaleRecord,
            format!("The announcement of {} is out of date", board.name),
            format!("{problem}{}", host(board)),
            outdated_advice(board, platform),
        )
    })
}

/// Something answers, but not as a running board does.
fn other_answer(board: &ExaminedBoard, problem: &LinkProblem) -> Option<Diagnosis> {
    let ExaminedBoard { name, address, .. } = board;
    Some(match problem {
        LinkProblem::NotABoard(what) => fault(
            FindingKind::NotABoard,
            format!("Something other than a board answers at {address}"),
            plain(what),
            vec![Advice::words(
                "Check that the address and port are the board's. Port 80 may belong to another \
                 device's web page.",
            )],
        ),
        LinkProblem::Rebooting => (
            Verdict::Warning,
            FindingKind::Unsteady,
            format!("{name} is restarting"),
            "it announced that it is restarting".to_owned(),
            vec![Advice::words("Wait until it is back, then check again.")],
        ),
        _ => return None,
    })
}

/// How to get a key.
fn key_advice(board: &ExaminedBoard) -> Vec<Advice> {
    vec![
        Advice::words(
            "Hold the board's button for 5 s, until its light blinks red, and release it before \
                10 s. You can then pair it within 2 minutes.",
        ),
        Advice::run(
            "Pair it.",
            format!("switchboard keys pair {}", cli_name(board)),
        ),
        Advice::run(
            "Or enter a key that you were given.",
            "switchboard keys add -",
        ),
    ]
}

fn credential_advice(board: &ExaminedBoard) -> Vec<Advice> {
    let noun = CredentialKind::of(board.family).map_or("key", CredentialKind::noun);
    vec![Advice::run(
        format!("Enter its {noun}."),
        format!("switchboard keys set {}", cli_name(board)),
    )]
}

/// How to refer to the board on the command line.
fn cli_name(board: &ExaminedBoard) -> String {
    plain(board.id.as_deref().unwrap_or(&board.address))
}

/// Nothing answers at the board's address, or not as a board should.
fn not_answering(board: &ExaminedBoard, evidence: &Evidence) -> Diagnosis {
    let said = match &board.link {
        LinkOutcome::Problem(LinkProblem::Elsewhere(_)) => "no connection was attempted".to_owned(),
        LinkOutcome::Problem(problem) => problem_text(problem),
        _ => "no answer".to_owned(),
    };
    let observed = format!("{said}{}", host(board));
    let interfaces = evidence.interfaces.as_deref().unwrap_or_default();
    if let Some(zone) = missing_interface(board) {
        return without_interface(board, &zone, interfaces, evidence.platform);
    }
    if let Some(ip) = board.ip()
        && !interfaces.is_empty()
        && !matches!(board.host(), Some(TcpProbe::Open | TcpProbe::Refused))
        && is_on_no_network(board, interfaces)
    {
        return another_subnet(board, ip, evidence, &observed);
    }
    let kind = match (&board.link, board.host()) {
        (LinkOutcome::Problem(LinkProblem::Closed | LinkProblem::Silent), Some(TcpProbe::Open)) => {
            FindingKind::Unsteady
        }
        _ => FindingKind::NoAnswer,
    };
    let name = &board.name;
    let title = match (kind, board.record) {
        (FindingKind::Unsteady, _) => format!("The connection to {name} is unstable"),
        (_, MdnsRecord::None) => format!("{name} does not answer"),
        _ if board.addresses.len() > 1 => {
            format!("{name} is announced at several addresses, but none answers")
        }
        _ => format!("{name} is announced at an address that does not answer"),
    };
    fault(
        kind,
        title,
        observed,
        no_answer_advice(board, evidence.platform),
    )
}

fn without_interface(
    board: &ExaminedBoard,
    zone: &str,
    interfaces: &[Interface],
    platform: Platform,
) -> Diagnosis {
    let mut names: Vec<_> = interfaces.iter().map(|own| own.name.as_str()).collect();
    names.dedup();
    fault(
        FindingKind::NoAnswer,
        format!("This computer has no network interface {zone}"),
        format!(
            "{} is on the interface {zone}; this computer has {}",
            board.address,
            names.join(", ")
        ),
        vec![
            Advice::words(
                "An address that begins with fe80 belongs to one network. After the %, enter \
                 this computer's interface to that network.",
            ),
            commands::zones(platform),
        ],
    )
}

fn another_subnet(
    board: &ExaminedBoard,
    ip: IpAddr,
    evidence: &Evidence,
    observed: &str,
) -> Diagnosis {
    let networks: Vec<_> = evidence
        .interfaces
        .as_deref()
        .unwrap_or_default()
        .iter()
        .filter(|own| !own.loopback && !is_link_local(own.address))
        .map(network)
        .collect();
    let here = if networks.is_empty() {
        "it has none".to_owned()
    } else {
        format!("on {}", networks.join(", "))
    };
    fault(
        FindingKind::AnotherSubnet,
        format!("{} is in another subnet", board.name),
        format!(
            "{} of this computer's networks ({here}); {observed}",
            on_none(board)
        ),
        vec![
            Advice::words(
                "Connect the board and this computer to the same network, for example the same \
                 Wi-Fi.",
            ),
            commands::route(evidence.platform, "the board", ip),
            Advice::words(
                "If a router connects both networks, let it forward TCP to the board, and add the \
                 board as host:port. Addresses that were only announced from another network are \
                 not used.",
            ),
        ],
    )
}

fn no_answer_advice(board: &ExaminedBoard, platform: Platform) -> Vec<Advice> {
    let mut advice = vec![Advice::words(match board.host() {
        Some(TcpProbe::Refused) => {
            "There is a device at that address, but it has no server at that port. Check the port."
        }
        Some(TcpProbe::Open) => {
            "The connection opens, but the board sends nothing. Restart the board."
        }
        _ => "Check that the board has power and is in range of its Wi-Fi.",
    })];
    if let Some(ip) = board.ip() {
        advice.push(Advice::run(
            "Check whether the device responds.",
            commands::ping(platform, ip, &ping_target(board, ip)),
        ));
    }
    advice.push(Advice::words(
        "Restart the board, so that it requests an address and announces itself again.",
    ));
    advice.push(Advice::words(
        "In the access point, turn off client isolation: it lets devices be discovered but not \
         reached.",
    ));
    advice
}

fn tried(board: &ExaminedBoard) -> String {
    let all = match board.addresses.len() {
        0 | 1 => board.address.clone(),
        _ => board.addresses.texts().join(", "),
    };
    match (&board.link, board.host(), board.record) {
        (LinkOutcome::Works, ..) => format!("connected to {}", board.address),
        (LinkOutcome::NotTried, ..) => "listened for announcements".to_owned(),
        (LinkOutcome::Problem(LinkProblem::Locked), ..) => {
            "read its announcement or its hello".to_owned()
        }
        (_, None, _) => format!("connected to {all} and requested its components"),
        (_, Some(TcpProbe::Elsewhere), _) => {
            format!("compared {all} with this computer's networks")
        }
        (_, Some(_), MdnsRecord::None | MdnsRecord::Heard) => {
            format!("connected to {all} as a controller and by plain TCP")
        }
        (_, Some(_), _) => {
            format!(
                "connected to {all} as a controller and by plain TCP, then queried its \
                    announcement again"
            )
        }
    }
}

/// What its addresses answered to plain connections, with the address if there
/// are several.
fn host(board: &ExaminedBoard) -> String {
    match board.hosts.as_slice() {
        [] => String::new(),
        [(_, host)] => answer(board, host)
            .map(|answer| format!("; {answer}"))
            .unwrap_or_default(),
        several => {
            let one = |(address, host): &(String, TcpProbe)| {
                Some(format!(
                    "{address}: {}",
                    answer(board, host)?.trim_start_matches("plain TCP connection: ")
                ))
            };
            let told: Vec<_> = several.iter().filter_map(one).collect();
            format!("; plain TCP connections: {}", told.join(", "))
        }
    }
}

fn answer(board: &ExaminedBoard, host: &TcpProbe) -> Option<String> {
    Some(match host {
        TcpProbe::Open => "plain TCP connection succeeded".to_owned(),
        TcpProbe::Refused => "the device is there, but refuses the port".to_owned(),
        // The link reported the same error.
        TcpProbe::NoWay(problem)
            if board.link == LinkOutcome::Problem(LinkProblem::Connect(problem.clone())) =>
        {
            "plain TCP connection failed with the same error".to_owned()
        }
        TcpProbe::NoWay(problem) => format!("plain TCP connection: {problem}"),
        TcpProbe::Silent { after } => format!(
            "plain TCP connection: no answer within {} s",
            after.as_secs()
        ),
        TcpProbe::Elsewhere if board.hosts.len() == 1 => return None,
        TcpProbe::Elsewhere => {
            "not tried, because it is on none of this computer's networks".to_owned()
        }
        TcpProbe::NoInterface => "not tried, because there is no such interface".to_owned(),
    })
}

/// The interface in the board's only address, if this computer lacks it.
fn missing_interface(board: &ExaminedBoard) -> Option<String> {
    match board.hosts.as_slice() {
        [(address, TcpProbe::NoInterface)] => {
            Some(address.split_once('%')?.1.split(']').next()?.to_owned())
        }
        _ => None,
    }
}

/// Whether no address of the board is on a network of this computer.
fn is_on_no_network(board: &ExaminedBoard, nets: &[Interface]) -> bool {
    let near = |ip: IpAddr| nets.iter().any(|own| own.is_on_network_of(ip));
    match board.hosts.is_empty() {
        true => board.ip().is_some_and(|ip| !near(ip)),
        false => board.hosts.iter().all(|(address, host)| {
            *host == TcpProbe::Elsewhere || ip_of(address).is_some_and(|ip| !near(ip))
        }),
    }
}

fn on_none(board: &ExaminedBoard) -> String {
    match board.addresses.len() {
        0 | 1 => format!("{} is on none", board.address),
        _ => format!("{} are on none", board.addresses.texts().join(", ")),
    }
}

/// The address in the form that ping accepts.
fn ping_target(board: &ExaminedBoard, ip: IpAddr) -> String {
    let zone = board
        .address
        .split_once('%')
        .and_then(|(_, rest)| rest.split(']').next());
    zone.map_or_else(|| ip.to_string(), |zone| format!("{ip}%{zone}"))
}

fn network(interface: &Interface) -> String {
    let Interface {
        name,
        address,
        prefix,
        ..
    } = interface;
    format!("{name} {address}/{prefix}")
}

/// Every IPv6 interface has such an address, so it does not identify a network.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn outdated_advice(board: &ExaminedBoard, platform: Platform) -> Vec<Advice> {
    let mut advice = vec![
        Advice::words(
            "Check that the board has power and is in range of its Wi-Fi. It announces itself \
                again when it is back.",
        ),
        Advice::words(
            "To remove the board from the list, choose Forget in the window. It reappears when it \
                announces itself again.",
        ),
    ];
    if let Some(id) = &board.id {
        advice.push(commands::cached(platform, &plain(id)));
    }
    advice.push(Advice::words(
        "A router that repeats mDNS between networks may repeat old announcements. Restart it.",
    ));
    advice
}
