//! Decides what evidence means: what is wrong with this computer's side, and
//! with each board. Tries nothing itself.

mod board;
mod computer;
#[cfg(test)]
mod tests;

use super::evidence::{Evidence, Examined, Link, Record};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It keeps a board from being reached.
    Fault,
    /// It may.
    Warning,
    /// It is as it should be.
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

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The interfaces of this computer, and whether they have multicast.
    Interfaces,
    /// Whether UDP port 5353 can be shared.
    Port,
    /// Whether a firewall drops UDP port 5353.
    Firewall,
    /// mDNS does not work for another reason.
    Discovery,
    /// The board that was asked for is nowhere.
    Missing,
    /// Nobody announces itself.
    Nobody,
    /// A board's address does not answer.
    NoAnswer,
    /// A board's address is on none of this computer's networks.
    AnotherSubnet,
    /// What was announced of a board is not true any more.
    StaleRecord,
    /// A board speaks another version of the protocol.
    Version,
    /// A board has no place for another controller.
    PlacesTaken,
    /// A board wants a key.
    Locked,
    /// A board for which there is a key speaks as an open one.
    NotLocked,
    /// Something else than a board answers.
    NotABoard,
    /// A link that comes and goes.
    Unsteady,
    /// A board works.
    Board,
}

impl Kind {
    /// Its name in JSON, for example `another_subnet`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Interfaces => "interfaces",
            Self::Port => "port",
            Self::Firewall => "firewall",
            Self::Discovery => "discovery",
            Self::Missing => "missing",
            Self::Nobody => "nobody",
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

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// In words.
    pub what: String,
    /// A command that does it, on Linux where the words name no other system.
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

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is about.
    pub kind: Kind,
    /// The name or the address of the board that it is about.
    pub board: Option<String>,
    /// In a sentence.
    pub title: String,
    /// What was tried.
    pub tried: String,
    /// What was observed.
    pub observed: String,
    /// What to do, the likeliest first.
    pub advice: Vec<Advice>,
}

/// What evidence means, the worst first; what is about this computer before
/// what is about a board. With `wanted` only boards that are meant by it are
/// told of.
pub fn findings(evidence: &Evidence, wanted: Option<&str>) -> Vec<Finding> {
    let is_meant = |board: &&Examined| wanted.is_none_or(|wanted| board.is_meant_by(wanted));
    let meant: Vec<&Examined> = evidence.boards.iter().filter(is_meant).collect();
    let mut findings = computer::findings(evidence);
    findings.extend(meant.iter().map(|board| board::finding(board, evidence)));
    if meant.is_empty() {
        findings.push(match wanted {
            Some(wanted) => missing(wanted, evidence),
            None => nobody(evidence),
        });
    }
    findings.sort_by_key(|finding| finding.verdict);
    findings
}

/// What to do where a board does not announce itself at all.
fn look_after_it() -> Vec<Advice> {
    vec![
        Advice::words(
            "Look whether the board has power and is in the same Wi-Fi; a guest network keeps its \
                 devices apart.",
        ),
        Advice::run(
            "Give the board its Wi-Fi again, over a cable.",
            "switchboard provision --serial /dev/ttyACM0",
        ),
        Advice::words(
            "In the access point, switch off client isolation and any filter of multicast (IGMP \
                 snooping without a querier).",
        ),
        Advice::words("If its address is known, add it by host:port: that needs no mDNS."),
    ]
}

fn missing(wanted: &str, evidence: &Evidence) -> Finding {
    let announced: Vec<_> = evidence
        .boards
        .iter()
        .filter(|board| board.record != Record::None)
        .map(|board| board.name.as_str())
        .collect();
    let others = match announced.len() {
        0 => "nobody announced itself".to_owned(),
        1..=8 => format!("announced themselves: {}", announced.join(", ")),
        more => format!("{more} other boards announced themselves"),
    };
    Finding {
        verdict: Verdict::Fault,
        kind: Kind::Missing,
        board: Some(wanted.to_owned()),
        title: format!("{wanted} does not announce itself"),
        tried: tried_to_listen(evidence),
        observed: format!("no board is called so; {others}{}", heard(evidence)),
        advice: look_after_it(),
    }
}

fn nobody(evidence: &Evidence) -> Finding {
    Finding {
        verdict: Verdict::Warning,
        kind: Kind::Nobody,
        board: None,
        title: "No board announces itself".to_owned(),
        tried: tried_to_listen(evidence),
        observed: format!("nobody announced itself{}", heard(evidence)),
        advice: look_after_it(),
    }
}

fn tried_to_listen(evidence: &Evidence) -> String {
    let seconds = evidence.looked.as_secs_f32();
    format!(
        "asked by mDNS for {} and listened {seconds:.1} s",
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
        0 => "; no other host was heard by mDNS at all".to_owned(),
        1 => "; 1 other host was heard by mDNS".to_owned(),
        more => format!("; {more} other hosts were heard by mDNS"),
    }
}

/// Whether a link was had to any board: then what is wrong with this computer
/// does not keep all of them away.
fn some_link(evidence: &Evidence) -> bool {
    evidence
        .boards
        .iter()
        .any(|board| board.link == Link::Works)
}
