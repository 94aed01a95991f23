//! Diagnoses this computer: interfaces, the mDNS port, a firewall.

use std::net::Ipv4Addr;

use super::{Advice, Finding, FindingKind, Verdict, any_board_connected, commands};
use crate::evidence::{Echo, Evidence, Holder, Interface, MdnsPort, Multicast};

/// All findings about this computer.
pub(super) fn findings(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = vec![interfaces(evidence), port(evidence)];
    findings.extend(firewall(evidence));
    findings.extend(discovery(evidence));
    findings
}

fn finding(
    verdict: Verdict,
    kind: FindingKind,
    title: &str,
    tried: &str,
    observed: String,
    advice: Vec<Advice>,
) -> Finding {
    let (title, tried) = (title.to_owned(), tried.to_owned());
    Finding {
        verdict,
        kind,
        board: None,
        title,
        tried,
        observed,
        advice,
    }
}

fn interfaces(evidence: &Evidence) -> Finding {
    let tried = "listed this computer's network interfaces";
    let all = match &evidence.interfaces {
        Ok(all) => all,
        Err(problem) => {
            let title = "The network interfaces cannot be listed";
            return finding(
                Verdict::Warning,
                FindingKind::Interfaces,
                title,
                tried,
                problem.clone(),
                Vec::new(),
            );
        }
    };
    let usable: Vec<_> = all
        .iter()
        .filter(|interface| interface.has_multicast())
        .map(describe)
        .collect();
    if !usable.is_empty() {
        let title = "A network interface supports multicast";
        return finding(
            Verdict::Fine,
            FindingKind::Interfaces,
            title,
            tried,
            usable.join(", "),
            Vec::new(),
        );
    }
    let verdict = if any_board_connected(evidence) {
        Verdict::Warning
    } else {
        Verdict::Fault
    };
    let found: Vec<_> = all.iter().map(describe).collect();
    let observed = match found.len() {
        0 => "no interface has an address".to_owned(),
        _ => format!(
            "none can carry mDNS to other computers: {}",
            found.join(", ")
        ),
    };
    let mut advice = vec![Advice::words(
        "Connect this computer to the boards' network, by cable or Wi-Fi. A VPN alone carries no \
            multicast.",
    )];
    let without: Vec<_> = all
        .iter()
        .filter(|one| !one.loopback && one.multicast == Some(false))
        .collect();
    advice.extend(without.iter().map(|one| commands::multicast_on(&one.name)));
    if without.is_empty() {
        advice.push(commands::interfaces(evidence.platform));
    }
    finding(
        verdict,
        FindingKind::Interfaces,
        "No network interface supports multicast",
        tried,
        observed,
        advice,
    )
}

fn describe(interface: &Interface) -> String {
    let Interface {
        name,
        address,
        prefix,
        ..
    } = interface;
    let why = match interface {
        Interface { loopback: true, .. } => " (loopback)",
        Interface { up: false, .. } => " (down)",
        Interface {
            multicast: Some(false),
            ..
        } => " (without multicast)",
        _ => "",
    };
    format!("{name} {address}/{prefix}{why}")
}

fn port(evidence: &Evidence) -> Finding {
    let tried = "bound UDP port 5353 in shared mode, as mDNS programs do";
    match &evidence.port {
        MdnsPort::Shared { with } => {
            let observed = match with.len() {
                0 => "it is free".to_owned(),
                _ => format!("it is shared with {}", names(with)),
            };
            finding(
                Verdict::Fine,
                FindingKind::Port,
                "UDP port 5353 can be shared",
                tried,
                observed,
                Vec::new(),
            )
        }
        MdnsPort::Refused {
            problem,
            in_use: true,
            by,
        } => {
            let observed = match by.len() {
                0 => problem.clone(),
                _ => format!("{problem}: in use by {}", names(by)),
            };
            let end = by
                .iter()
                .filter_map(|holder| holder.process.as_ref())
                .map(|(pid, name)| {
                    let what = format!("Close {name}, or configure it to share the port.");
                    Advice::run(what, commands::end_process(evidence.platform, *pid))
                });
            let mut advice: Vec<_> = end.collect();
            advice.push(commands::users_of_the_port(evidence.platform));
            let title = "Another program does not share UDP port 5353";
            finding(
                Verdict::Fault,
                FindingKind::Port,
                title,
                tried,
                observed,
                advice,
            )
        }
        MdnsPort::Refused {
            problem,
            in_use: false,
            ..
        } => {
            let advice = vec![Advice::words(
                "Check for restrictions on this program: in a sandbox or a container, it needs \
                    network access.",
            )];
            finding(
                Verdict::Fault,
                FindingKind::Port,
                "UDP port 5353 cannot be used",
                tried,
                problem.clone(),
                advice,
            )
        }
    }
}

fn names(holders: &[Holder]) -> String {
    let name = |holder: &Holder| match &holder.process {
        Some((pid, name)) => format!("{name} (process {pid})"),
        None => format!("a program of user {}", holder.user),
    };
    holders.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn firewall(evidence: &Evidence) -> Option<Finding> {
    let tried = "sent a query to 224.0.0.251, UDP port 5353, on each interface and listened for it";
    let (heard, deaf): (Vec<_>, Vec<_>) = evidence
        .multicast
        .iter()
        .partition(|multicast| matches!(multicast.echo, Echo::Heard { .. }));
    if deaf.is_empty() {
        let observed: Vec<_> = heard.iter().map(|multicast| observed(multicast)).collect();
        let title = "This computer receives multicast on UDP port 5353";
        let fine = || {
            finding(
                Verdict::Fine,
                FindingKind::Firewall,
                title,
                tried,
                observed.join("; "),
                Vec::new(),
            )
        };
        return (!heard.is_empty()).then(fine);
    }
    let observed = deaf
        .iter()
        .chain(&heard)
        .map(|multicast| observed(multicast))
        .collect::<Vec<_>>()
        .join("; ");
    let verdict = if heard.is_empty() {
        Verdict::Fault
    } else {
        Verdict::Warning
    };
    if deaf
        .iter()
        .all(|multicast| matches!(multicast.echo, Echo::Failed(_)))
    {
        let advice = vec![commands::route(
            evidence.platform,
            "224.0.0.251",
            Ipv4Addr::new(224, 0, 0, 251).into(),
        )];
        let title = "Multicast cannot be sent";
        return Some(finding(
            verdict,
            FindingKind::Discovery,
            title,
            tried,
            observed,
            advice,
        ));
    }
    let only = deaf
        .iter()
        .any(|multicast| matches!(multicast.elsewhere, Some(Echo::Heard { .. })));
    let title = match only {
        true => "A firewall drops UDP port 5353",
        false => "A firewall drops multicast, including UDP port 5353",
    };
    Some(finding(
        verdict,
        FindingKind::Firewall,
        title,
        tried,
        observed,
        commands::firewall(evidence.platform),
    ))
}

fn observed(multicast: &Multicast) -> String {
    let Multicast {
        interface,
        address,
        echo,
        elsewhere,
        others,
    } = multicast;
    let others = match others {
        0 => "no other host was heard".to_owned(),
        1 => "1 other host was heard".to_owned(),
        more => format!("{more} other hosts were heard"),
    };
    let echo = match echo {
        Echo::Heard { after } => format!("heard after {} ms, {others}", after.as_millis()),
        Echo::Silent => format!("not heard, {others}"),
        Echo::Forbidden(problem) => format!("blocked: {problem}"),
        Echo::Failed(problem) => format!("not sent: {problem}"),
    };
    let elsewhere = match elsewhere {
        None => "",
        Some(Echo::Heard { .. }) => ", while another port of the same group was heard",
        Some(_) => ", and another port of the same group was not heard either",
    };
    format!("{interface} {address}: {echo}{elsewhere}")
}

/// The error of mDNS discovery itself, if no finding above explains it.
fn discovery(evidence: &Evidence) -> Option<Finding> {
    let problem = evidence.discovery_problem.clone()?;
    let tried = "started mDNS discovery";
    let title = "mDNS discovery does not work";
    let advice = vec![Advice::words(
        "Until this is fixed, you can add boards by address, as host:port.",
    )];
    Some(finding(
        Verdict::Warning,
        FindingKind::Discovery,
        title,
        tried,
        problem,
        advice,
    ))
}
