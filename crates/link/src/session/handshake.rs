//! What a session does with a locked board: it waits for the board's hello,
//! proves that it has the key, and goes on encrypted. While a key is held for a
//! board's id, nothing is sent to that board in plain text, whatever is
//! announced about it.

use keys::Keys;
use noise::{Answer, Hello, Initiator, Key, NoiseError};
use protocol::{DeviceInfo, FromBoard, RpcError};
use sanitize::bounds;
use web_time::Instant;
use zeroize::Zeroizing;

use super::{Phase, Session};
use crate::{
    connection::Connection,
    output::{Frame, Output, Report},
    state::{LinkProblem, Now},
};

/// The state of a handshake.
#[derive(Debug)]
pub(super) enum Handshake {
    /// The board speaks first.
    AwaitingHello,
    /// The board has sent its hello and was sent an offer.
    Offered {
        initiator: Box<Initiator>,
        board: String,
    },
}

impl Session {
    /// The key for this board, by any id that it may have.
    pub(super) fn key(&self) -> Option<&Key> {
        if self.is_foreign() {
            return None;
        }
        let stated = self
            .phase
            .connection()
            .and_then(|connection| connection.stated_id.as_ref());
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        self.id
            .iter()
            .chain(stated)
            .chain(announced)
            .find_map(|id| self.key_of(id))
    }

    pub(super) fn key_of(&self, id: &str) -> Option<&Key> {
        self.keys.as_ref()?.get(id)
    }

    /// Why nothing may be sent to a board with this id: its key could not be
    /// read.
    pub(super) fn key_unavailable_for(&self, id: &str) -> Option<LinkProblem> {
        let why = self.keys.as_ref()?.unavailable(id)?.to_owned();
        Some(LinkProblem::KeyUnavailable {
            board: id.to_owned(),
            why,
        })
    }

    /// The same for this board, by any id that it may have.
    pub(super) fn key_unavailable(&self) -> Option<LinkProblem> {
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        self.id
            .iter()
            .chain(announced)
            .find_map(|id| self.key_unavailable_for(id))
    }

    /// Other keys are held from now on. A link that was established with
    /// another key, or without one, is established again.
    pub(super) fn keys_changed(&mut self, now: Instant, keys: Keys) {
        let before = (self.key().cloned(), self.credential());
        self.unproven.clear();
        let were_pending = self.keys.replace(keys).is_none();
        let affected = match &self.phase {
            Phase::Idle => return,
            Phase::Waiting {
                problem: LinkProblem::NotLocked { board },
                ..
            } => self.key_of(board).is_none(),
            Phase::Waiting {
                problem: LinkProblem::KeyUnavailable { board, .. },
                ..
            } => self.key_unavailable_for(board).is_none(),
            _ => self.key_unavailable().is_some(),
        };
        let after = (self.key().cloned(), self.credential());
        if were_pending || affected || after != before {
            self.connect(now);
        }
    }

    /// A binary message: part of a handshake, or encrypted.
    pub(super) fn binary(&mut self, now: Now, bytes: &[u8]) {
        if matches!(self.phase, Phase::Handshaking { .. }) {
            if let Err(problem) = self.shake_hands(now.instant, bytes) {
                self.fail(now.instant, problem);
            }
            return;
        }
        let opened = self
            .phase
            .connection_mut()
            .and_then(|connection| connection.open(bytes));
        match opened {
            Some(Ok(text)) => {
                self.out.push(Output::Decrypted(text.clone()));
                self.read(now, &text);
            }
            Some(Err(error @ NoiseError::NotText)) => {
                self.fail(now.instant, LinkProblem::NotABoard(error.to_string()));
            }
            Some(Err(_)) => self.fail(now.instant, LinkProblem::NotAuthentic),
            // An open board sends no binary messages: one that sends a hello is
            // locked.
            None if matches!(self.phase, Phase::Reading { .. }) => match Hello::from_bytes(bytes) {
                Ok(hello) => self.unexpected_hello(now.instant, hello),
                Err(NoiseError::OtherVersion(theirs)) => {
                    self.fail(now.instant, other_version(theirs));
                }
                Err(_) => self.heard(now.instant),
            },
            None => self.heard(now.instant),
        }
    }

    /// A board whose key is not held, or whose id was not known, turns out to
    /// be locked.
    fn unexpected_hello(&mut self, now: Instant, hello: Hello) {
        if let Err(problem) = self.check_expected(&hello.board) {
            return self.fail(now, problem);
        }
        if self.key_of(&hello.board).is_some() {
            self.id = Some(hello.board);
            // It does not answer plain text. The next attempt uses the key.
            self.connect(now);
        } else if let Err(problem) = self.check_lock(true) {
            self.fail(now, problem);
        } else {
            let problem = self.locked_without_key(hello.board);
            self.fail(now, problem);
        }
    }

    /// Remembers whether the board is locked. An announcement alone may lead to
    /// another peer, so a lock that changed together with the address is for
    /// the user to accept.
    fn check_lock(&mut self, locked: bool) -> Result<(), LinkProblem> {
        let address = self.address().cloned();
        let suspicious = self
            .last_lock
            .as_ref()
            .is_some_and(|(at, was)| *was != locked && *at != address);
        if suspicious {
            return Err(LinkProblem::LockChanged { locked });
        }
        self.last_lock = Some((address, locked));
        Ok(())
    }

    /// A board that sends a hello and whose key is not held proves nothing. On
    /// an inbound connection it is believed only if nothing else is known.
    fn locked_without_key(&mut self, board: String) -> LinkProblem {
        let problem = self
            .key_unavailable_for(&board)
            .unwrap_or(LinkProblem::Locked);
        if self.inbound().is_none() || self.is_known_by_claim_only() {
            self.id = Some(board.clone());
            self.out.report(Report::Locked(board));
        }
        problem
    }

    fn shake_hands(&mut self, now: Instant, bytes: &[u8]) -> Result<(), LinkProblem> {
        let Phase::Handshaking { handshake, .. } = &mut self.phase else {
            return Ok(());
        };
        match std::mem::replace(handshake, Handshake::AwaitingHello) {
            Handshake::AwaitingHello => self.hello(bytes),
            Handshake::Offered { initiator, board } => {
                let answer = Answer::from_bytes(bytes).map_err(|_| {
                    LinkProblem::NotABoard("its answer to an offer is invalid".to_owned())
                })?;
                let channel = initiator
                    .finish(&answer)
                    .map_err(|_| LinkProblem::NotAuthentic)?;
                let Phase::Handshaking { attempt, .. } =
                    std::mem::replace(&mut self.phase, Phase::Idle)
                else {
                    return Ok(());
                };
                self.id = Some(board.clone());
                self.last_lock = Some((attempt.address.clone(), true));
                self.out.report(Report::Locked(board.clone()));
                let last = self.last_request;
                let connection = Connection::encrypted(now, attempt, last, channel, board);
                self.start_reading(now, connection);
                Ok(())
            }
        }
    }

    /// The board's hello, which is answered with an offer.
    fn hello(&mut self, bytes: &[u8]) -> Result<(), LinkProblem> {
        let hello = Hello::from_bytes(bytes).map_err(|error| match error {
            NoiseError::OtherVersion(theirs) => other_version(theirs),
            _ => LinkProblem::NotABoard("its hello is invalid".to_owned()),
        })?;
        self.check_expected(&hello.board)?;
        let Some(key) = self.key_of(&hello.board) else {
            return Err(self.locked_without_key(hello.board));
        };
        let ephemeral = Zeroizing::new((self.random)().map_err(LinkProblem::Connect)?);
        let (initiator, offer) = Initiator::new(&hello, key, *ephemeral)
            .map_err(|error| LinkProblem::NotABoard(error.to_string()))?;
        self.out
            .push(Output::Send(Frame::handshake(offer.to_bytes())));
        if let Phase::Handshaking { handshake, .. } = &mut self.phase {
            *handshake = Handshake::Offered {
                initiator: Box::new(initiator),
                board: hello.board,
            };
        }
        Ok(())
    }

    /// Plain text during a handshake: a refusal, or a board that is open by now
    /// or never was this one.
    pub(super) fn plain_text_in_handshake(&mut self, now: Instant, text: &str) {
        let problem = match FromBoard::parse(text) {
            Ok(FromBoard::Response(response)) if response.id.is_none() => match response.outcome {
                Err(error) => refusal(&error, self.has_offered()),
                Ok(_) => self.not_locked(),
            },
            Ok(_) => self.not_locked(),
            Err(error) => LinkProblem::NotABoard(bounds::text(error.to_string())),
        };
        self.fail(now, problem);
    }

    pub(super) fn handshake_timed_out(&mut self, now: Instant) {
        let announced_locked = self
            .announced
            .as_ref()
            .is_some_and(|announced| announced.locked);
        let problem = if self.has_offered() || announced_locked {
            LinkProblem::ConnectTimeout
        } else {
            LinkProblem::NoHello
        };
        self.fail(now, problem);
    }

    fn has_offered(&self) -> bool {
        matches!(
            self.phase,
            Phase::Handshaking {
                handshake: Handshake::Offered { .. },
                ..
            }
        )
    }

    fn not_locked(&self) -> LinkProblem {
        let board = self.key().map(|key| key.board.clone()).unwrap_or_default();
        LinkProblem::NotLocked { board }
    }

    /// Checks whether another board answers where this one is announced,
    /// connected from, or known to be. A board with a key or a password, and
    /// one that only this id means, keeps its id, even if a peer at its address
    /// claims another one.
    pub(super) fn check_expected(&self, found: &str) -> Result<(), LinkProblem> {
        let another = |expected: &String| {
            Err(LinkProblem::AnotherBoard {
                expected: expected.clone(),
                found: found.to_owned(),
            })
        };
        let has_secret = |id: &&String| {
            let has_password = |keys: &Keys| keys.password(id).is_some();
            self.key_of(id).is_some() || self.keys.as_ref().is_some_and(has_password)
        };
        let pinned = self
            .id
            .as_ref()
            .filter(|id| self.is_id_fixed || has_secret(id));
        let expected = self.inbound().map(|inbound| &inbound.id).or(pinned);
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return another(expected);
        }
        // Anyone can announce a board at an address that the user typed.
        let Some(announced) = self
            .announced
            .as_ref()
            .filter(|_| self.address() != self.typed_address.as_ref())
        else {
            return Ok(());
        };
        let announced_here = self
            .address()
            .is_some_and(|address| announced.addresses.have(address));
        if announced_here && announced.id != found {
            return another(&announced.id);
        }
        Ok(())
    }

    /// Checks the id that the board states before anything it says is believed:
    /// that of a locked board was proven; one whose key is held does not belong
    /// to an open board; and an address that mDNS once gave may belong to
    /// another board by now.
    pub(super) fn identified(&mut self, info: Box<DeviceInfo>) -> Result<(), LinkProblem> {
        let Some(connection) = self.phase.connection() else {
            return Ok(());
        };
        if let Some(expected) = connection.stated_id.as_ref().filter(|id| **id != info.id) {
            return Err(LinkProblem::AnotherBoard {
                expected: expected.clone(),
                found: info.id,
            });
        }
        if self.is_foreign() {
            return self.identified_foreign(info);
        }
        let encrypted = connection.is_encrypted();
        if !encrypted {
            if self.key_of(&info.id).is_some() {
                return Err(LinkProblem::NotLocked { board: info.id });
            }
            if let Some(problem) = self.key_unavailable_for(&info.id) {
                return Err(problem);
            }
            self.check_expected(&info.id)?;
            self.check_lock(false)?;
        }
        if let Some(connection) = self.phase.connection_mut() {
            connection.stated_id = Some(info.id.clone());
        }
        self.out.report(Report::Info(info));
        if !encrypted {
            self.out.report(Report::Open);
        }
        Ok(())
    }
}

/// What a refusal in plain text means. It is not authenticated: it is reported
/// and waited for, and nothing else depends on it.
fn refusal(error: &RpcError, offered: bool) -> LinkProblem {
    match error.data.reason.as_str() {
        "wrong_key" if offered => LinkProblem::WrongKey,
        "handshake_timeout" => LinkProblem::ConnectTimeout,
        "all_places_taken" => LinkProblem::AllSlotsTaken,
        "rebooting" => LinkProblem::Rebooting,
        _ => LinkProblem::NotABoard(bounds::text(error.to_string())),
    }
}

fn other_version(theirs: u8) -> LinkProblem {
    LinkProblem::UnsupportedVersion {
        theirs: theirs.to_string(),
    }
}
