//! What is wrong with this computer's side: interfaces, the port of mDNS, a
//! firewall.

use super::{Advice, Finding, Kind, Verdict, some_link};
use crate::doctor::evidence::{Echo, Evidence, Holder, Interface, Multicast, Port};

/// All of it.
pub(super) fn findings(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = vec![interfaces(evidence), port(evidence)];
    findings.extend(firewall(evidence));
    findings.extend(discovery(evidence));
    findings
}

fn finding(
    verdict: Verdict,
    kind: Kind,
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
                Kind::Interfaces,
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
        .map(described)
        .collect();
    if !usable.is_empty() {
        let title = "There is an interface with multicast";
        return finding(
            Verdict::Fine,
            Kind::Interfaces,
            title,
            tried,
            usable.join(", "),
            Vec::new(),
        );
    }
    let verdict = if some_link(evidence) {
        Verdict::Warning
    } else {
        Verdict::Fault
    };
    let found: Vec<_> = all.iter().map(described).collect();
    let observed = match found.len() {
        0 => "there is none with an address".to_owned(),
        _ => format!(
            "none can carry mDNS to other computers: {}",
            found.join(", ")
        ),
    };
    let mut advice = vec![Advice::words(
        "Connect this computer to the network that the boards are in, by cable or Wi-Fi; a VPN \
             alone carries no multicast.",
    )];
    let without: Vec<_> = all
        .iter()
        .filter(|one| !one.loopback && one.multicast == Some(false))
        .collect();
    advice.extend(without.iter().map(|one| {
        let what = format!("Switch multicast on for {}.", one.name);
        Advice::run(
            what,
            format!("sudo ip link set dev {} multicast on", one.name),
        )
    }));
    if without.is_empty() {
        advice.push(Advice::run(
            "See which interfaces there are and which are up.",
            "ip -br address",
        ));
    }
    finding(
        verdict,
        Kind::Interfaces,
        "No network interface has multicast",
        tried,
        observed,
        advice,
    )
}

fn described(interface: &Interface) -> String {
    let Interface {
        name,
        address,
        prefix,
        ..
    } = interface;
    let why = match interface {
        Interface { loopback: true, .. } => " (this computer alone)",
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
    let tried = "bound UDP port 5353 so that others can have it too, as mDNS programs do";
    match &evidence.port {
        Port::Shared { beside } => {
            let observed = match beside.len() {
                0 => "it is free".to_owned(),
                _ => format!("it is shared with {}", names(beside)),
            };
            finding(
                Verdict::Fine,
                Kind::Port,
                "UDP port 5353 can be shared",
                tried,
                observed,
                Vec::new(),
            )
        }
        Port::Refused {
            problem,
            in_use: true,
            by,
        } => {
            let observed = match by.len() {
                0 => problem.clone(),
                _ => format!("{problem}: {} has it", names(by)),
            };
            let end = by
                .iter()
                .filter_map(|holder| holder.process.as_ref())
                .map(|(pid, name)| {
                    let what = format!("End {name}, or set it so that it shares the port.");
                    Advice::run(what, format!("kill {pid}"))
                });
            let mut advice: Vec<_> = end.collect();
            advice.push(Advice::run(
                "See who has the port.",
                "sudo ss -ulpn 'sport = :5353'",
            ));
            advice.push(Advice::words(
                "On macOS: sudo lsof -nP -iUDP:5353. On Windows: netstat -abn -p UDP.",
            ));
            let title = "Another program keeps UDP port 5353 to itself";
            finding(Verdict::Fault, Kind::Port, title, tried, observed, advice)
        }
        Port::Refused {
            problem,
            in_use: false,
            ..
        } => {
            let advice = vec![Advice::words(
                "Look for what confines this program: a sandbox or a container needs access to \
                     the network.",
            )];
            finding(
                Verdict::Fault,
                Kind::Port,
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
    let tried =
        "sent a query to 224.0.0.251, UDP port 5353, on each interface, and listened for it";
    let (heard, deaf): (Vec<_>, Vec<_>) = evidence
        .multicast
        .iter()
        .partition(|multicast| matches!(multicast.echo, Echo::Heard { .. }));
    if deaf.is_empty() {
        let observed: Vec<_> = heard.iter().map(|multicast| observed(multicast)).collect();
        let title = "Multicast to UDP port 5353 comes through on this computer";
        let fine = || {
            finding(
                Verdict::Fine,
                Kind::Firewall,
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
        let advice = vec![Advice::run(
            "See whether the interface has a way to 224.0.0.251.",
            "ip route get 224.0.0.251",
        )];
        let title = "Multicast cannot be sent";
        return Some(finding(
            verdict,
            Kind::Discovery,
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
        false => "A firewall drops multicast, UDP port 5353 too",
    };
    Some(finding(
        verdict,
        Kind::Firewall,
        title,
        tried,
        observed,
        open_the_port(),
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
        Echo::Forbidden(problem) => format!("not let out: {problem}"),
        Echo::Failed(problem) => format!("not sent: {problem}"),
    };
    let elsewhere = match elsewhere {
        None => "",
        Some(Echo::Heard { .. }) => ", while another port of the same group was heard",
        Some(_) => ", and no other port of the same group either",
    };
    format!("{interface} {address}: {echo}{elsewhere}")
}

fn open_the_port() -> Vec<Advice> {
    vec![
        Advice::run("See the rules.", "sudo nft list ruleset"),
        Advice::run(
            "Let it through with nftables, where the table is called so.",
            "sudo nft insert rule inet filter input udp dport 5353 accept",
        ),
        Advice::run("Or with ufw (Ubuntu, Debian).", "sudo ufw allow 5353/udp"),
        Advice::run(
            "Or with firewalld (Fedora).",
            "sudo firewall-cmd --permanent --add-service=mdns && sudo firewall-cmd --reload",
        ),
        Advice::words(
            "On macOS: System Settings, Network, Firewall, Options: allow incoming connections \
                 for Switchboard, and under Privacy \
             and Security, Local Network, allow it there.",
        ),
        Advice::words(
            "On Windows: Windows Security, Firewall, Allow an app: tick Switchboard for private \
                 networks, and set this network to \
             private.",
        ),
    ]
}

/// Where mDNS itself says why it does not work, and nothing above did.
fn discovery(evidence: &Evidence) -> Option<Finding> {
    let problem = evidence.discovery_problem.clone()?;
    let tried = "started to look for boards by mDNS";
    let title = "Boards cannot be found by mDNS";
    let advice = vec![Advice::words(
        "Until that is put right, boards can be added by their addresses, host:port.",
    )];
    Some(finding(
        Verdict::Warning,
        Kind::Discovery,
        title,
        tried,
        problem,
        advice,
    ))
}
