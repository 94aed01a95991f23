//! Connects to the board that a command refers to, and waits for the outcome.
//! Decides how long to wait; prints nothing.

use std::{
    sync::{Arc, mpsc::sync_channel},
    time::{Duration, Instant},
};

use protocol::{
    Object,
    limits::{COMMAND_TIMEOUT, CONNECT_TIMEOUT},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Failure, done, remembered,
    watching::{Reach, Watching, locate},
};
use fleet::{BoardKey, BoardView, CredentialKind, Family, Fleet, LinkProblem, LinkState, Outcome};

/// Receives the outcome of a command.
pub(super) type Reply = Box<dyn FnOnce(Outcome) + Send>;

/// A connection to the board that a command is for.
pub(super) struct Client {
    watching: Watching,
    key: BoardKey,
}

impl Client {
    /// Finds the board and waits until it is connected.
    ///
    /// # Errors
    /// If there is no such board, or the connection fails.
    pub(super) fn connect<'a>(reach: impl Into<Reach<'a>>, board: &str) -> Result<Self, Failure> {
        let reach = reach.into();
        let mut client = match locate(reach, board)? {
            None => {
                let watching = Watching::start(reach, false, true)?;
                let key = watching.add_address(board)?;
                Self { watching, key }
            }
            Some((watching, key)) => {
                watching.fleet().connect(key);
                Self { watching, key }
            }
        };
        client.wait_until_connected(board)?;
        Ok(client)
    }

    /// The same for a command that needs the board only once, and not where it
    /// moves to meanwhile. A board that an earlier command found is tried at
    /// the same address first.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) fn connect_once(reach: Reach<'_>, board: &str) -> Result<Self, Failure> {
        if let Some(client) = remembered::connect(reach, board)? {
            return Ok(client);
        }
        let client = Self::connect(reach, board)?;
        if client.watching.discovers() {
            let found = client.board()?;
            remembered::keep(board, &found, client.watching.has_key(&found));
            remembered::forget_namesakes(client.watching.boards());
        }
        Ok(client)
    }

    /// A connection that is being made.
    pub(super) const fn at(watching: Watching, key: BoardKey) -> Self {
        Self { watching, key }
    }

    /// Waits until the board has stated its id; `false` if it does not in time,
    /// or something else answers.
    pub(super) fn states_its_id(&mut self, end: Instant) -> bool {
        loop {
            match self.watching.boards().get(&self.key) {
                Some(board) if board.info.is_some() => return true,
                Some(board) if matches!(board.link, LinkState::Unreachable { .. }) => {
                    // What it lacks may be a key.
                    return is_about_its_key(&board.link);
                }
                _ => {}
            }
            if self.watching.wait(end).is_none() {
                return false;
            }
        }
    }

    /// The same, if the board runs the firmware of Switchboard.
    ///
    /// # Errors
    /// If there is no such board, the connection fails, or the board is of
    /// another family, which has nothing like the command.
    pub(super) fn connect_ours<'a>(
        reach: impl Into<Reach<'a>>,
        board: &str,
    ) -> Result<Self, Failure> {
        let client = Self::connect(reach, board)?;
        ours(&*client.board()?)?;
        Ok(client)
    }

    pub(super) fn fleet(&self) -> &Fleet {
        self.watching.fleet()
    }

    pub(super) fn key(&self) -> BoardKey {
        self.key
    }

    pub(super) fn into_watching(self) -> Watching {
        self.watching
    }

    /// The board's current state.
    ///
    /// # Errors
    /// If the fleet no longer has the board.
    pub(super) fn board(&self) -> Result<Arc<BoardView>, Failure> {
        self.fleet()
            .board(self.key)
            .ok_or_else(|| Failure::NoAnswer("the board is gone".to_owned()))
    }

    /// Sends a command and waits for its outcome.
    ///
    /// # Errors
    /// If there is no outcome in time.
    pub(super) fn outcome(&self, command: impl FnOnce(Reply)) -> Result<Outcome, Failure> {
        let (sender, receiver) = sync_channel(1);
        command(Box::new(move |outcome| {
            // The receiver may have timed out.
            let _ = sender.try_send(outcome);
        }));
        // The session reports a timeout after COMMAND_TIMEOUT; the extra second
        // is for a machine under load.
        receiver
            .recv_timeout(COMMAND_TIMEOUT + Duration::from_secs(1))
            .map_err(|_| Failure::NoAnswer("no response in time".to_owned()))
    }

    /// Calls a method and returns its result.
    ///
    /// # Errors
    /// If the board refuses, or does not respond in time.
    pub(super) fn call(&self, method: &str, params: Object) -> Result<Value, Failure> {
        let outcome =
            self.outcome(|reply| self.fleet().call(self.key(), method, params, Some(reply)))?;
        let (result, _) = done(&self.board()?.name, outcome)?;
        Ok(result)
    }

    /// Calls a method with parameters that serialize as an object, and
    /// deserializes its result.
    ///
    /// # Errors
    /// If the board refuses, does not respond in time, or returns something
    /// else.
    pub(super) fn call_typed<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, Failure> {
        let params = match serde_json::to_value(params) {
            Ok(Value::Object(params)) => params,
            _ => Object::new(),
        };
        let result = self.call(method, params)?;
        // serde's error is not printed: it may quote the result, which may
        // contain a key.
        match serde_json::from_value(result) {
            Ok(result) => Ok(result),
            Err(_) => Err(Failure::NoAnswer(format!(
                "{}: the response to {method} is invalid",
                self.board()?.name
            ))),
        }
    }

    /// Waits until the board is connected.
    ///
    /// # Errors
    /// If the connection fails, or takes too long.
    pub(super) fn wait_until_connected(&mut self, typed: &str) -> Result<(), Failure> {
        let end = Instant::now() + CONNECT_TIMEOUT + Duration::from_secs(1);
        loop {
            if let Some(board) = self.watching.boards().get(&self.key) {
                match &board.link {
                    LinkState::Connected | LinkState::Stale => return Ok(()),
                    LinkState::Unreachable {
                        problem: LinkProblem::AwaitingInbound(_),
                        ..
                    } => {}
                    LinkState::Unreachable { problem, .. } => {
                        return Err(unreachable(&board.name, typed, board.family, problem));
                    }
                    LinkState::Announced | LinkState::Connecting => {}
                }
            }
            if self.watching.wait(end).is_none() {
                return Err(Failure::NoAnswer(format!(
                    "{typed}: no response within 10 s"
                )));
            }
        }
    }
}

/// Whether a board is not connected to because its key cannot be read.
const fn is_about_its_key(link: &LinkState) -> bool {
    matches!(
        link,
        LinkState::Unreachable {
            problem: LinkProblem::KeyUnavailable { .. },
            ..
        }
    )
}

/// Whether a board runs the firmware of Switchboard.
///
/// # Errors
/// If it does not: the command needs what only that firmware has.
pub(super) fn ours(board: &BoardView) -> Result<(), Failure> {
    match board.family.is_ours() {
        true => Ok(()),
        false => Err(Failure::AnotherFamily {
            board: board.name.to_string(),
            family: board.family,
        }),
    }
}

/// The failure for a board that cannot be connected to.
pub(super) fn unreachable(
    board: &str,
    typed: &str,
    family: Family,
    problem: &LinkProblem,
) -> Failure {
    match problem {
        LinkProblem::KeyUnavailable { board: id, .. } => Failure::KeyUnavailable {
            board: board.to_owned(),
            id: id.clone(),
            problem: problem.of_family(family),
        },
        LinkProblem::Locked | LinkProblem::WrongKey if !family.is_ours() => Failure::NoCredential {
            board: board.to_owned(),
            typed: typed.to_owned(),
            noun: CredentialKind::of(family).map_or("key", CredentialKind::noun),
            problem: problem.of_family(family),
        },
        LinkProblem::Locked | LinkProblem::WrongKey => Failure::NoKey {
            board: board.to_owned(),
            typed: typed.to_owned(),
            problem: problem.clone(),
        },
        problem
            if problem.is_about_keys()
                || problem.is_settled()
                || *problem == LinkProblem::AllSlotsTaken =>
        {
            Failure::Incompatible {
                board: format!("{board}:"),
                problem: problem.of_family(family),
            }
        }
        _ => Failure::NoAnswer(format!("{board}: {problem}")),
    }
}
