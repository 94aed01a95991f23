//! What is wrong with one board, from what it announced and what became of the
//! link.

use std::net::IpAddr;

use protocol::PROTOCOL_MAJOR;

use super::{Advice, Finding, Kind, Verdict};
use crate::{
    address::ip_of,
    doctor::evidence::{Evidence, Examined, Host, Interface, Link, Record},
    fleet::LinkProblem,
    words,
};

/// What is found of it: one thing, the first cause.
pub(super) fn finding(board: &Examined, evidence: &Evidence) -> Finding {
    let tried = tried(board);
    let (verdict, kind, title, mut observed, advice) = judge(board, evidence);
    match board.record {
        Record::None => observed.push_str("; nobody announces it by mDNS"),
        Record::Heard => {}
        Record::Confirmed => observed.push_str("; it is announced afresh"),
        Record::Gone => observed.push_str("; asked for anew, nobody announces it any more"),
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

type Judged = (Verdict, Kind, String, String, Vec<Advice>);

fn judge(board: &Examined, evidence: &Evidence) -> Judged {
    let Examined { name, address, .. } = board;
    let fault = |kind, title: String, observed: String, advice| {
        (Verdict::Fault, kind, title, observed, advice)
    };
    match &board.link {
        Link::Works => {
            let observed = "it told what is on it".to_owned();
            let (verdict, advice) = match board.record {
                Record::None => (
                    Verdict::Fine,
                    vec![Advice::words(
                        "It is known by its address; keep that the same.",
                    )],
                ),
                _ => (Verdict::Fine, Vec::new()),
            };
            (
                verdict,
                Kind::Board,
                format!("{name} works"),
                observed,
                advice,
            )
        }
        Link::NotTried => {
            let observed = "no link was asked for".to_owned();
            (
                Verdict::Fine,
                Kind::Board,
                format!("{name} announces itself"),
                observed,
                Vec::new(),
            )
        }
        Link::Problem(LinkProblem::Locked) => fault(
            Kind::Locked,
            format!("{name} is locked, and there is no key for it"),
            "it speaks only with controllers that have a key for it".to_owned(),
            new_key(board),
        ),
        Link::Problem(LinkProblem::KeyUnavailable { why, .. }) => fault(
            Kind::Locked,
            format!("This computer cannot get at its key of {name}"),
            format!("{}; nothing was said to the board", words::plain(why)),
            vec![
                Advice::words("Unlock the keychain of this computer, then try again."),
                Advice::words("If the board was erased and is open now, forget its key."),
                Advice::run(
                    "Forget the key.",
                    format!("switchboard keys forget {}", named(board)),
                ),
            ],
        ),
        Link::Problem(LinkProblem::WrongKey) => fault(
            Kind::Locked,
            format!("{name} does not accept the key that this computer has for it"),
            "it refused the key: it was removed from the board, or was made for another run of it"
                .to_owned(),
            new_key(board),
        ),
        Link::Problem(LinkProblem::NotLocked { .. } | LinkProblem::NoGreeting) => fault(
            Kind::NotLocked,
            format!("{name} does not lock itself, and this computer has a key for it"),
            format!(
                "what answers at {address} speaks as an open board does; nothing was said to it"
            ),
            vec![
                Advice::words("If you erased the board, forget its key: it is open then, as new."),
                Advice::words(
                    "If nobody did, something else answers in its place: find out what, before \
                         you forget the key.",
                ),
                Advice::run(
                    "Forget the key.",
                    format!("switchboard keys forget {}", named(board)),
                ),
            ],
        ),
        Link::Problem(LinkProblem::UnsupportedVersion { theirs }) => fault(
            Kind::Version,
            format!("{name} speaks another version of the protocol"),
            format!(
                "it speaks {}; this program speaks {PROTOCOL_MAJOR}",
                words::plain(theirs)
            ),
            vec![
                Advice::words("Update whichever is older: this program, or the board's firmware."),
                Advice::run(
                    "See which version of this program runs.",
                    "switchboard --version",
                ),
            ],
        ),
        Link::Problem(LinkProblem::AllPlacesTaken) => fault(
            Kind::PlacesTaken,
            format!("{name} has no place for another controller"),
            "it answered HTTP 503: all its places are taken".to_owned(),
            vec![
                Advice::words(
                    "Close another window, browser tab or script that is connected to the board.",
                ),
                Advice::run(
                    "See which programs of this computer are.",
                    format!(
                        "ss -tnp dst {}",
                        words::plain(&board.ip().map_or(address.clone(), |ip| ip.to_string()))
                    ),
                ),
                Advice::words("A controller that lost its power frees its place within 45 s."),
            ],
        ),
        Link::Problem(LinkProblem::AnotherBoard { expected, found }) => fault(
            Kind::StaleRecord,
            format!("What is announced of {name} is out of date"),
            format!(
                "at {address} answers {} instead of {}",
                words::plain(found),
                words::plain(expected)
            ),
            renew(board),
        ),
        Link::Problem(problem) if board.record == Record::Gone => fault(
            Kind::StaleRecord,
            format!("What was announced of {name} is out of date"),
            format!("{}{}", words::problem(problem), host(board)),
            renew(board),
        ),
        Link::Unsettled if board.record == Record::Gone => fault(
            Kind::StaleRecord,
            format!("What was announced of {name} is out of date"),
            format!("no answer{}", host(board)),
            renew(board),
        ),
        Link::Problem(LinkProblem::NotABoard(what)) => fault(
            Kind::NotABoard,
            format!("Something else than a board answers at {address}"),
            words::plain(what),
            vec![Advice::words(
                "Look whether the address and the port are the board's; port 80 may be another \
                     device's page.",
            )],
        ),
        Link::Problem(LinkProblem::Rebooting) => (
            Verdict::Warning,
            Kind::Unsteady,
            format!("{name} is restarting"),
            "it said that it restarts".to_owned(),
            vec![Advice::words("Wait until it is back, then look again.")],
        ),
        Link::Problem(_) | Link::Unsettled => unanswered(board, evidence),
    }
}

/// How one comes by a key.
fn new_key(board: &Examined) -> Vec<Advice> {
    vec![
        Advice::words(
            "Hold the board's button until its light blinks red (5 s) and release it before 10 s: \
                 it can be paired for 2 minutes.",
        ),
        Advice::run(
            "Then pair it.",
            format!("switchboard keys pair {}", named(board)),
        ),
        Advice::run(
            "Or enter a key that you were given.",
            "switchboard keys add -",
        ),
    ]
}

/// As it is typed.
fn named(board: &Examined) -> String {
    words::plain(board.id.as_deref().unwrap_or(&board.address))
}

/// Nothing answers where the board is said to be, or not as a board does.
fn unanswered(board: &Examined, evidence: &Evidence) -> Judged {
    let Examined { name, address, .. } = board;
    let said = match &board.link {
        Link::Problem(LinkProblem::Elsewhere(_)) => "it was not connected to".to_owned(),
        Link::Problem(problem) => words::problem(problem),
        _ => "no answer".to_owned(),
    };
    let observed = format!("{said}{}", host(board));
    let nets = evidence.interfaces.as_deref().unwrap_or_default();
    if let Some(zone) = missing_interface(board) {
        let mut names: Vec<_> = nets.iter().map(|own| own.name.as_str()).collect();
        names.dedup();
        return (
            Verdict::Fault,
            Kind::NoAnswer,
            format!("This computer has no network interface {zone}"),
            format!(
                "{address} is on the interface {zone}; this computer has {}",
                names.join(", ")
            ),
            vec![
                Advice::words(
                    "An address that begins with fe80 is on one network: after % stands this \
                         computer's interface to it.",
                ),
                Advice::run("See which interfaces there are.", "ip -br link"),
            ],
        );
    }
    if let Some(ip) = board.ip()
        && !nets.is_empty()
        && !matches!(board.host(), Some(Host::Open | Host::Refused))
        && is_elsewhere(board, nets)
    {
        let networks: Vec<_> = nets
            .iter()
            .filter(|own| !own.loopback && !is_link_local(own.address))
            .map(network)
            .collect();
        let here = if networks.is_empty() {
            "on none".to_owned()
        } else {
            format!("on {}", networks.join(", "))
        };
        return (
            Verdict::Fault,
            Kind::AnotherSubnet,
            format!("{name} is in another subnet"),
            format!(
                "{} of this computer's networks ({here}); {observed}",
                on_none(board)
            ),
            vec![
                Advice::words(
                    "Put the board and this computer into the same network, for example the same \
                         Wi-Fi.",
                ),
                Advice::run("See which way leads there.", format!("ip route get {ip}")),
                Advice::words(
                    "Where a router joins both, let it pass TCP to the board, and add the board \
                         by host:port: an address that was only \
                     announced from another network is not connected to.",
                ),
            ],
        );
    }
    let mut advice = match board.host() {
        Some(Host::Refused) => {
            vec![Advice::words(
                "Something is at that address and has no server at that port: look whether the \
                     port is right.",
            )]
        }
        Some(Host::Open) => vec![Advice::words(
            "The connection opens, but nothing speaks: restart the board.",
        )],
        _ => vec![Advice::words(
            "Look whether the board has power and is in reach of its Wi-Fi.",
        )],
    };
    if let Some(ip) = board.ip() {
        advice.push(Advice::run(
            "See whether the host is there.",
            format!("ping -c 3 {}", pinged(board, ip)),
        ));
    }
    advice.push(Advice::words(
        "Restart the board: it asks for an address and announces itself anew.",
    ));
    advice.push(Advice::words(
        "In the access point, switch off client isolation: it lets devices be heard and not be \
             reached.",
    ));
    let kind = match (&board.link, board.host()) {
        (Link::Problem(LinkProblem::Closed | LinkProblem::Silent), Some(Host::Open)) => {
            Kind::Unsteady
        }
        _ => Kind::NoAnswer,
    };
    let title = match (kind, board.record) {
        (Kind::Unsteady, _) => format!("The link to {name} does not hold"),
        (_, Record::None) => format!("{name} does not answer"),
        _ if board.addresses.len() > 1 => {
            format!("{name} is announced at several addresses, and none answers")
        }
        _ => format!("{name} is announced at an address that does not answer"),
    };
    (Verdict::Fault, kind, title, observed, advice)
}

fn tried(board: &Examined) -> String {
    let all = match board.addresses.len() {
        0 | 1 => board.address.clone(),
        _ => board.addresses.texts().join(", "),
    };
    match (&board.link, board.host(), board.record) {
        (Link::Works, ..) => format!("a link to {}", board.address),
        (Link::NotTried, ..) => "listened for announcements".to_owned(),
        (Link::Problem(LinkProblem::Locked), ..) => {
            "read what it announces, or how it greets".to_owned()
        }
        (_, None, _) => format!("connected to {all} and asked what is on it"),
        (_, Some(Host::Elsewhere), _) => format!("compared {all} with this computer's networks"),
        (_, Some(_), Record::None | Record::Heard) => {
            format!("a link and a plain TCP connection to {all}")
        }
        (_, Some(_), _) => {
            format!(
                "a link and a plain TCP connection to {all}, then asked for its announcement again"
            )
        }
    }
}

/// What its addresses answered to plain connections, each with its address
/// where there are several.
fn host(board: &Examined) -> String {
    match board.hosts.as_slice() {
        [] => String::new(),
        [(_, host)] => answer(board, host)
            .map(|answer| format!("; {answer}"))
            .unwrap_or_default(),
        several => {
            let one = |(address, host): &(String, Host)| {
                Some(format!(
                    "{address}: {}",
                    answer(board, host)?.trim_start_matches("a plain TCP connection: ")
                ))
            };
            let told: Vec<_> = several.iter().filter_map(one).collect();
            format!("; plain TCP connections: {}", told.join(", "))
        }
    }
}

fn answer(board: &Examined, host: &Host) -> Option<String> {
    Some(match host {
        Host::Open => "a plain TCP connection opens".to_owned(),
        Host::Refused => "the host is there and refuses the port".to_owned(),
        // The link said so already.
        Host::NoWay(problem) if matches!(&board.link, Link::Problem(LinkProblem::Connect(said)) if said == problem) => {
            "a plain TCP connection the same".to_owned()
        }
        Host::NoWay(problem) => format!("a plain TCP connection: {problem}"),
        Host::Silent { after } => format!(
            "a plain TCP connection: no answer within {} s",
            after.as_secs()
        ),
        Host::Elsewhere if board.hosts.len() == 1 => return None,
        Host::Elsewhere => "not tried, on no network of this computer".to_owned(),
        Host::NoInterface => "not tried, there is no such interface".to_owned(),
    })
}

/// The interface in the board's only address that this computer does not have.
fn missing_interface(board: &Examined) -> Option<String> {
    match board.hosts.as_slice() {
        [(address, Host::NoInterface)] => {
            Some(address.split_once('%')?.1.split(']').next()?.to_owned())
        }
        _ => None,
    }
}

/// Whether no address of the board is on a network of this computer.
fn is_elsewhere(board: &Examined, nets: &[Interface]) -> bool {
    let near = |ip: IpAddr| nets.iter().any(|own| own.shares_network_with(ip));
    match board.hosts.is_empty() {
        true => board.ip().is_some_and(|ip| !near(ip)),
        false => board.hosts.iter().all(|(address, host)| {
            *host == Host::Elsewhere || ip_of(address).is_some_and(|ip| !near(ip))
        }),
    }
}

fn on_none(board: &Examined) -> String {
    match board.addresses.len() {
        0 | 1 => format!("{} is on none", board.address),
        _ => format!("{} are on none", board.addresses.texts().join(", ")),
    }
}

/// The address as ping takes it.
fn pinged(board: &Examined, ip: IpAddr) -> String {
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

/// Every IPv6 interface has such an address; it says nothing of the network.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn renew(board: &Examined) -> Vec<Advice> {
    let mut advice = vec![
        Advice::words(
            "Look whether the board has power and is in reach of its Wi-Fi; once it is back, it \
                 announces itself anew.",
        ),
        Advice::words(
            "In the window, Forget takes the board off the list; mDNS brings it back when it is \
                 there.",
        ),
    ];
    if let Some(id) = &board.id {
        let what = "See what this computer's own mDNS service still remembers of it.";
        advice.push(Advice::run(
            what,
            format!("avahi-resolve -n {}.local", words::plain(id)),
        ));
    }
    advice.push(Advice::words(
        "A router that repeats mDNS between networks may repeat old announcements: restart it.",
    ));
    advice
}
