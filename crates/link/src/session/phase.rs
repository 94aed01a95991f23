//! The phases of a link. What belongs to one connection lives in the phase, and
//! ends with it.

use protocol::limits::CONNECT_TIMEOUT;
use web_time::Instant;

use super::handshake::Handshake;
use crate::{
    commands::CommandQueues,
    connection::{Attempt, Connection},
    reading::Reading,
    requests::Purpose,
    state::LinkProblem,
    sync::Sync,
};

#[derive(Debug)]
pub(super) enum Phase {
    /// No link is wanted.
    Idle,
    /// There is no connection until `retry_at`, or until something changes.
    Waiting {
        problem: LinkProblem,
        retry_at: Option<Instant>,
    },
    /// The socket is being opened; without a deadline while it is queued.
    Opening {
        attempt: Attempt,
        deadline: Option<Instant>,
    },
    /// The socket is open, and each end has to prove that it has the key. Only
    /// handshake messages can be sent.
    Handshaking {
        attempt: Attempt,
        handshake: Handshake,
        deadline: Instant,
    },
    /// The board is being read.
    Reading {
        connection: Box<Connection>,
        reading: Box<Reading>,
    },
    /// The board is subscribed to.
    Live(Box<Live>),
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) connection: Box<Connection>,
    pub(super) since: Instant,
    pub(super) stale: bool,
    pub(super) sync: Sync,
    pub(super) commands: CommandQueues,
    /// The number that the board gave to this program.
    pub(super) client: Option<u32>,
    /// The epoch changed on an open connection: the board is read once more.
    pub(super) rereading: Option<Box<Reading>>,
    /// The board announced that it restarts: it is not retried before this.
    pub(super) restarts_until: Option<Instant>,
}

impl Live {
    pub(super) fn next_deadline(&self, now: Instant) -> Instant {
        let others = [
            self.rereading.as_ref().map(|reading| reading.deadline()),
            self.status_deadline(),
            self.restarts_until,
            self.connection.verify_by,
            self.commands.next_deadline(),
        ];
        others
            .into_iter()
            .flatten()
            .fold(self.connection.heartbeat.next_deadline(now), Instant::min)
    }

    /// When a requested status is overdue: a board that pushes but never states
    /// its whole state would be shown wrongly for good.
    pub(super) fn status_deadline(&self) -> Option<Instant> {
        self.connection
            .sent_at(&Purpose::Status)
            .map(|sent| sent + CONNECT_TIMEOUT)
    }
}

impl Phase {
    pub(super) fn has_socket(&self) -> bool {
        !matches!(self, Self::Idle | Self::Waiting { .. })
    }

    /// Whether a connection is being made and the board is not subscribed to
    /// yet.
    pub(super) fn is_connecting(&self) -> bool {
        matches!(
            self,
            Self::Opening { .. } | Self::Handshaking { .. } | Self::Reading { .. }
        )
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    /// Subscribed, and heard from lately.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self, Self::Live(live) if !live.stale)
    }

    /// Subscribed, but silent.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self, Self::Live(live) if live.stale)
    }

    /// The attempt, from opening the socket until the connection ends.
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Idle | Self::Waiting { .. } => None,
            Self::Opening { attempt, .. } | Self::Handshaking { attempt, .. } => Some(attempt),
            Self::Reading { connection, .. } => Some(&connection.attempt),
            Self::Live(live) => Some(&live.connection.attempt),
        }
    }

    /// The connection, if requests can be sent.
    pub(super) fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Reading { connection, .. } => Some(connection),
            Self::Live(live) => Some(&live.connection),
            _ => None,
        }
    }

    /// The connection, if requests can be sent.
    pub(super) fn connection_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Reading { connection, .. } => Some(connection),
            Self::Live(live) => Some(&mut live.connection),
            _ => None,
        }
    }

    /// The board is being read, for the first time or once more.
    pub(super) fn is_reading(&self) -> bool {
        match self {
            Self::Reading { .. } => true,
            Self::Live(live) => live.rereading.is_some(),
            _ => false,
        }
    }

    /// A reading in progress, and its connection.
    pub(super) fn reading_mut(&mut self) -> Option<(&mut Reading, &mut Connection)> {
        match self {
            Self::Reading {
                connection,
                reading,
            } => Some((reading, connection)),
            Self::Live(live) => Some((live.rereading.as_mut()?, &mut live.connection)),
            _ => None,
        }
    }
}
