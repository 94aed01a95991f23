//! The values of labels that say what happened: few and fixed, because each is
//! a series of its own.

use fleet::{LinkProblem, LinkState, Outcome};

/// The states of a link, in the order of [`fleet::LinkState`].
pub(super) const LINK_STATES: [&str; 5] = [
    "announced",
    "connecting",
    "connected",
    "stale",
    "unreachable",
];

/// The state of a link.
pub(super) fn link_state(state: &LinkState) -> &'static str {
    match state {
        LinkState::Announced => "announced",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Stale => "stale",
        LinkState::Unreachable { .. } => "unreachable",
    }
}

/// Why a link was lost.
pub(super) fn cause(problem: &LinkProblem) -> &'static str {
    match problem {
        LinkProblem::Connect(_) => "connection_failed",
        LinkProblem::Elsewhere(_) => "other_network",
        LinkProblem::ConnectTimeout => "timeout",
        LinkProblem::AllSlotsTaken => "board_full",
        LinkProblem::UnsupportedVersion { .. } => "unsupported_version",
        LinkProblem::KeysPending => "keys_pending",
        LinkProblem::Locked => "locked",
        LinkProblem::KeyUnavailable { .. } => "key_unavailable",
        LinkProblem::WrongKey => "wrong_key",
        LinkProblem::NotLocked { .. } => "not_locked",
        LinkProblem::NoHello => "no_hello",
        LinkProblem::LockChanged { .. } => "lock_changed",
        LinkProblem::NotAuthentic => "not_authentic",
        LinkProblem::ReportedOffline => "reported_offline",
        LinkProblem::Broker(_) => "broker",
        LinkProblem::Server(_) => "server",
        LinkProblem::Closed => "closed",
        LinkProblem::Silent => "silent",
        LinkProblem::NotABoard(_) | LinkProblem::NotThatFamily { .. } => "protocol_violation",
        LinkProblem::Rebooting => "restart",
        LinkProblem::AwaitingInbound(_) => "awaiting_inbound",
        LinkProblem::NotListening => "not_listening",
        LinkProblem::IdTaken { .. } => "id_taken",
        LinkProblem::AnotherBoard { .. } => "another_board",
    }
}

/// The outcome of a command.
pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "confirmed",
        Outcome::Refused(_) => "refused",
        Outcome::Unconfirmed => "unconfirmed",
        Outcome::LinkLost => "link_lost",
        Outcome::NotConnected => "not_connected",
        Outcome::Superseded => "superseded",
    }
}
