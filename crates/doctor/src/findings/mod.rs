//! Decides what the evidence means: what is wrong with this computer and with
//! each board. Performs no tests itself.

mod board;
mod commands;
mod host;
#[cfg(test)]
mod tests;

use platform::Platform;

use super::evidence::{Evidence, ExaminedBoard, LinkOutcome, MdnsRecord};

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It prevents a connection to a board.
    Fault,
    /// It may prevent one.
    Warning,
    /// No problem.
    Fine,
}

impl Verdict {
    /// `fault`, `warning` or `fine`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Warning => "warning",
            Self::Fine => "fine",
        }
    }
}

/// Subject of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// This computer's interfaces, and whether they support multicast.
    Interfaces,
    /// Whether UDP port 5353 can be shared.
    Port,
    /// Whether a firewall drops UDP port 5353.
    Firewall,
    /// mDNS fails for another reason.
    Discovery,
    /// The requested board was not found.
    Missing,
    /// No board announces itself.
    NoBoards,
    /// A board's address does not answer.
    NoAnswer,
    /// A board's address is on none of this computer's networks.
    AnotherSubnet,
    /// A board's announcement is out of date.
    StaleRecord,
    /// A board uses another version of the protocol.
    Version,
    /// A board has no free controller slot.
    PlacesTaken,
    /// A board requires a key.
    Locked,
    /// A board for which there is a key answers as an open one.
    NotLocked,
    /// Something other than a board answers.
    NotABoard,
    /// An unstable connection.
    Unsteady,
    /// A board works.
    Board,
}

impl FindingKind {
    /// Its name in JSON, for example `another_subnet`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Interfaces => "interfaces",
            Self::Port => "port",
            Self::Firewall => "firewall",
            Self::Discovery => "discovery",
            Self::Missing => "missing",
            Self::NoBoards => "nobody",
            Self::NoAnswer => "no_answer",
            Self::AnotherSubnet => "another_subnet",
            Self::StaleRecord => "stale_record",
            Self::Version => "version",
            Self::PlacesTaken => "places_taken",
            Self::Locked => "locked",
            Self::NotLocked => "not_locked",
            Self::NotABoard => "not_a_board",
            Self::Unsteady => "unsteady",
            Self::Board => "board",
        }
    }
}

/// A step to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The step, in a sentence.
    pub what: String,
    /// A command for it, for the system of this computer.
    pub command: Option<String>,
}

impl Advice {
    fn words(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            command: None,
        }
    }

    fn run(what: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            command: Some(command.into()),
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How severe it is.
    pub verdict: Verdict,
    /// What it is about.
    pub kind: FindingKind,
    /// The name or address of the board, if it is about one.
    pub board: Option<String>,
    /// A short sentence.
    pub title: String,
    /// What was tried.
    pub tried: String,
    /// What was observed.
    pub observed: String,
    /// Steps to take, the most promising first.
    pub advice: Vec<Advice>,
}

/// Evaluates the evidence, most severe first; findings about this computer
/// precede those about boards. With `wanted`, only boards that match it are
/// included.
pub fn findings(evidence: &Evidence, wanted: Option<&str>) -> Vec<Finding> {
    let is_meant = |board: &&ExaminedBoard| wanted.is_none_or(|wanted| board.matches(wanted));
    let meant: Vec<&ExaminedBoard> = evidence.boards.iter().filter(is_meant).collect();
    let mut findings = host::findings(evidence);
    findings.extend(meant.iter().map(|board| board::finding(board, evidence)));
    if meant.is_empty() {
        findings.push(match wanted {
            Some(wanted) => missing(wanted, evidence),
            None => no_boards(evidence),
        });
    }
    findings.sort_by_key(|finding| finding.verdict);
    findings
}

/// Advice for a board that does not announce itself.
fn announcement_advice(platform: Platform) -> Vec<Advice> {
    vec![
        Advice::words(
            "Check that the board has power and uses the same Wi-Fi. A guest network isolates its \
                devices.",
        ),
        Advice::run(
            "Send the Wi-Fi credentials to the board again, over a cable.",
            format!("switchboard provision --serial {}", platform.port_example()),
        ),
        Advice::words(
            "In the access point, turn off client isolation and multicast filtering (IGMP \
                snooping without a querier).",
        ),
        Advice::words("If you know its address, add it as host:port, which needs no mDNS."),
    ]
}

fn missing(wanted: &str, evidence: &Evidence) -> Finding {
    let announced: Vec<_> = evidence
        .boards
        .iter()
        .filter(|board| board.record != MdnsRecord::None)
        .map(|board| board.name.as_str())
        .collect();
    let others = match announced.len() {
        0 => "no board announced itself".to_owned(),
        1..=8 => format!("announced boards: {}", announced.join(", ")),
        more => format!("{more} other boards announced themselves"),
    };
    Finding {
        verdict: Verdict::Fault,
        kind: FindingKind::Missing,
        board: Some(wanted.to_owned()),
        title: format!("{wanted} does not announce itself"),
        tried: query_text(evidence),
        observed: format!("no board matches; {others}{}", heard(evidence)),
        advice: announcement_advice(evidence.platform),
    }
}

fn no_boards(evidence: &Evidence) -> Finding {
    Finding {
        verdict: Verdict::Warning,
        kind: FindingKind::NoBoards,
        board: None,
        title: "No board announces itself".to_owned(),
        tried: query_text(evidence),
        observed: format!("no board announced itself{}", heard(evidence)),
        advice: announcement_advice(evidence.platform),
    }
}

fn query_text(evidence: &Evidence) -> String {
    let seconds = evidence.looked.as_secs_f32();
    format!(
        "queried {} by mDNS and listened for {seconds:.1} s",
        evidence.service.trim_end_matches(".local.")
    )
}

fn heard(evidence: &Evidence) -> String {
    let others: usize = evidence
        .multicast
        .iter()
        .map(|multicast| multicast.others)
        .sum();
    match others {
        0 if evidence.multicast.is_empty() => String::new(),
        0 => "; no other device answered by mDNS".to_owned(),
        1 => "; 1 other device answered by mDNS".to_owned(),
        more => format!("; {more} other devices answered by mDNS"),
    }
}

/// Whether any board is connected: then the problems of this computer do not
/// affect all of them.
fn any_board_connected(evidence: &Evidence) -> bool {
    evidence
        .boards
        .iter()
        .any(|board| board.link == LinkOutcome::Works)
}
