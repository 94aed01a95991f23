//! What a session does with a locked board: it waits for the greeting, proves
//! that it has the key, and from then on encrypts all that it says. While a key
//! is held for a board's id, nothing is sent to that board in plain text,
//! whatever is announced of it.

use std::{fmt, time::Instant};

use noise::{Answer, Channel, Hello, Initiator, Key, NoiseError};
use protocol::{FromBoard, RpcError};
use zeroize::Zeroizing;

use super::{Output, Phase, Report, Session};
use crate::{
    keys::Keys,
    link::state::{LinkProblem, Now},
};
use sanitize::bounds;

/// 32 fresh bytes from a cryptographic source, for one handshake.
pub(crate) struct Ephemeral(Zeroizing<[u8; 32]>);

impl Ephemeral {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ephemeral(..)")
    }
}

/// How far a handshake is.
#[derive(Debug)]
pub(super) enum Handshake {
    /// The board speaks first.
    Awaited(Ephemeral),
    /// The board greeted and was made an offer.
    Offered {
        initiator: Box<Initiator>,
        board: String,
    },
}

/// What makes the present connection secret.
#[derive(Debug)]
pub(super) struct Secret {
    channel: Channel,
    /// Whom the handshake proved the other end to be.
    pub(super) board: String,
}

impl Session {
    /// The key for this board, by any id that it may have.
    pub(super) fn key(&self) -> Option<&Key> {
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        self.id
            .iter()
            .chain(&self.said)
            .chain(announced)
            .find_map(|id| self.key_of(id))
    }

    pub(super) fn key_of(&self, id: &str) -> Option<&Key> {
        self.keys.as_ref()?.get(id)
    }

    /// Why nothing may be sent to a board with this id: it has a key that is
    /// not at hand.
    pub(super) fn key_withheld(&self, id: &str) -> Option<LinkProblem> {
        let why = self.keys.as_ref()?.unavailable(id)?.to_owned();
        Some(LinkProblem::KeyUnavailable {
            board: id.to_owned(),
            why,
        })
    }

    /// The same for this board, by any id that it may have.
    pub(super) fn withheld(&self) -> Option<LinkProblem> {
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        self.id
            .iter()
            .chain(announced)
            .find_map(|id| self.key_withheld(id))
    }

    /// Other keys are held from now on. A link that was made with another key,
    /// or without one, is made anew.
    pub(super) fn keys_changed(&mut self, now: Instant, keys: Keys, out: &mut Vec<Output>) {
        let before = self.key().cloned();
        self.marked.clear();
        let awaited = self.keys.replace(keys).is_none();
        let forgotten = match &self.phase {
            Phase::Resting => return,
            Phase::Waiting {
                problem: LinkProblem::NotLocked { board },
                ..
            } => self.key_of(board).is_none(),
            Phase::Waiting {
                problem: LinkProblem::KeyUnavailable { board, .. },
                ..
            } => self.key_withheld(board).is_none(),
            _ => self.withheld().is_some(),
        };
        if awaited || forgotten || self.key() != before.as_ref() {
            self.open(now, out);
        }
    }

    /// The socket is open, and a key is held: nothing is said before the board
    /// has greeted.
    pub(super) fn await_greeting(&mut self, now: Instant, ephemeral: Ephemeral) {
        self.phase = Phase::Shaking {
            handshake: Handshake::Awaited(ephemeral),
            deadline: now + self.within,
        };
    }

    /// A binary message came: part of a handshake, or what is encrypted.
    pub(super) fn binary(&mut self, now: Now, attempt: u64, bytes: &[u8], out: &mut Vec<Output>) {
        if attempt != self.attempt {
            return;
        }
        match (&mut self.phase, &mut self.secret) {
            (Phase::Shaking { .. }, _) => {
                if let Err(problem) = self.shake(now.instant, bytes, out) {
                    self.fail(now.instant, problem, out);
                }
            }
            (Phase::Reading { .. } | Phase::Live(_), Some(secret)) => {
                match secret.channel.open_text(bytes) {
                    Ok(text) => {
                        out.push(Output::Decrypted(text.clone()));
                        self.read(now, &text, out);
                    }
                    Err(NoiseError::NotText) => {
                        self.fail(
                            now.instant,
                            LinkProblem::NotABoard(NoiseError::NotText.to_string()),
                            out,
                        );
                    }
                    Err(_) => self.fail(now.instant, LinkProblem::NotAuthentic, out),
                }
            }
            // An open board sends no binary messages: one that greets is
            // locked.
            (Phase::Reading { .. }, None) => match Hello::from_bytes(bytes) {
                Ok(hello) => self.greeted_unasked(now.instant, hello, out),
                Err(NoiseError::OtherVersion(theirs)) => {
                    self.fail(now.instant, other_version(theirs), out);
                }
                Err(_) => self.heard(now.instant, attempt, out),
            },
            (_, None | Some(_)) => self.heard(now.instant, attempt, out),
        }
    }

    /// A board of which no key is held, or of which the id was not known, turns
    /// out to be locked.
    fn greeted_unasked(&mut self, now: Instant, hello: Hello, out: &mut Vec<Output>) {
        if let Some(problem) = self.another(&hello.board) {
            return self.fail(now, problem, out);
        }
        if self.key_of(&hello.board).is_some() {
            self.id = Some(hello.board.clone());
            // What was asked in plain text it does not answer. With the key it
            // is asked properly, and identified then.
            self.open(now, out);
        } else if let Some(problem) = self.lock_changed(true) {
            self.fail(now, problem, out);
        } else {
            let problem = self
                .key_withheld(&hello.board)
                .unwrap_or(LinkProblem::Locked);
            self.greeted_without_key(hello.board, out);
            self.fail(now, problem, out);
        }
    }

    /// Notes whether the board is locked, unless an announcement may have led
    /// to something else that says it is not what it was: that is for the
    /// person to accept.
    fn lock_changed(&mut self, locked: bool) -> Option<LinkProblem> {
        let elsewhere = self
            .seen
            .as_ref()
            .is_some_and(|(at, was)| *was != locked && *at != self.address);
        if elsewhere {
            return Some(LinkProblem::LockChanged { locked });
        }
        self.seen = Some((self.address.clone(), locked));
        None
    }

    /// A board that greets and whose key is not held proves nothing: over an
    /// inbound connection it is believed only where nothing else is known.
    fn greeted_without_key(&mut self, board: String, out: &mut Vec<Output>) {
        if self.caller.is_none() || self.knows_only_calls() {
            self.id = Some(board.clone());
            out.push(Output::Report(Report::Greeted(board)));
        }
    }

    fn shake(
        &mut self,
        now: Instant,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> Result<(), LinkProblem> {
        let Phase::Shaking {
            handshake,
            deadline,
        } = std::mem::replace(&mut self.phase, Phase::Resting)
        else {
            return Ok(());
        };
        // Whatever comes of it, there is a connection that is to be ended.
        self.phase = Phase::Opening {
            deadline: Some(deadline),
        };
        match handshake {
            Handshake::Awaited(ephemeral) => {
                let hello = Hello::from_bytes(bytes).map_err(|error| match error {
                    NoiseError::OtherVersion(theirs) => other_version(theirs),
                    _ => LinkProblem::NotABoard("its greeting is none".to_owned()),
                })?;
                if let Some(problem) = self.another(&hello.board) {
                    return Err(problem);
                }
                let Some(key) = self.keys.as_ref().and_then(|keys| keys.get(&hello.board)) else {
                    let problem = self
                        .key_withheld(&hello.board)
                        .unwrap_or(LinkProblem::Locked);
                    self.greeted_without_key(hello.board, out);
                    return Err(problem);
                };
                let (initiator, offer) = Initiator::new(&hello, key, *ephemeral.0)
                    .map_err(|error| LinkProblem::NotABoard(error.to_string()))?;
                out.push(Output::SendFrame(offer.to_bytes()));
                let handshake = Handshake::Offered {
                    initiator: Box::new(initiator),
                    board: hello.board,
                };
                self.phase = Phase::Shaking {
                    handshake,
                    deadline,
                };
            }
            Handshake::Offered { initiator, board } => {
                let answer = Answer::from_bytes(bytes).map_err(|_| {
                    LinkProblem::NotABoard("its answer to an offer is none".to_owned())
                })?;
                let channel = initiator
                    .finish(&answer)
                    .map_err(|_| LinkProblem::NotAuthentic)?;
                self.id = Some(board.clone());
                self.seen = Some((self.address.clone(), true));
                self.said = Some(board.clone());
                out.push(Output::Report(Report::Greeted(board.clone())));
                self.secret = Some(Box::new(Secret { channel, board }));
                self.start_reading(now, out);
            }
        }
        Ok(())
    }

    /// Plain text came where none may: a refusal, or a board that is open by
    /// now or never was this one.
    pub(super) fn plain_text(&mut self, now: Instant, text: &str, out: &mut Vec<Output>) {
        let problem = match &self.phase {
            Phase::Shaking { handshake, .. } => {
                let offered = matches!(handshake, Handshake::Offered { .. });
                match FromBoard::parse(text) {
                    Ok(FromBoard::Response(response)) if response.id.is_none() => {
                        match response.outcome {
                            Err(error) => refusal(&error, offered),
                            Ok(_) => self.says_it_is_open(),
                        }
                    }
                    Ok(_) => self.says_it_is_open(),
                    Err(error) => LinkProblem::NotABoard(bounds::text(error.to_string())),
                }
            }
            _ => LinkProblem::NotAuthentic,
        };
        self.fail(now, problem, out);
    }

    /// No greeting, or no answer to an offer, in time.
    pub(super) fn handshake_over(&mut self, now: Instant, out: &mut Vec<Output>) {
        let greeted = matches!(
            &self.phase,
            Phase::Shaking {
                handshake: Handshake::Offered { .. },
                ..
            }
        );
        let announced_locked = self
            .announced
            .as_ref()
            .is_some_and(|announced| announced.locked);
        let problem = if greeted || announced_locked {
            LinkProblem::ConnectTimeout
        } else {
            LinkProblem::NoGreeting
        };
        self.fail(now, problem, out);
    }

    fn says_it_is_open(&self) -> LinkProblem {
        let board = self.key().map(|key| key.board.clone()).unwrap_or_default();
        LinkProblem::NotLocked { board }
    }

    /// Whether another board answers where this one is announced, connected
    /// from, or known to be: the id of a board with a key is not given up
    /// because a peer at its address claims another one.
    fn another(&self, found: &str) -> Option<LinkProblem> {
        let pinned = self.id.as_ref().filter(|id| self.key_of(id).is_some());
        let expected = self.caller.as_ref().map(|caller| &caller.id).or(pinned);
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Some(LinkProblem::AnotherBoard {
                expected: expected.clone(),
                found: found.to_owned(),
            });
        }
        // Anyone can announce a board at an address that a person gave.
        let announced = self
            .announced
            .as_ref()
            .filter(|_| self.address != self.given)?;
        let there = self
            .address
            .as_ref()
            .is_some_and(|address| announced.addresses.have(address));
        (there && announced.id != found).then(|| LinkProblem::AnotherBoard {
            expected: announced.id.clone(),
            found: found.to_owned(),
        })
    }

    /// The id that the board says it has is checked before anything is believed
    /// of it: that of a locked board was proved; one for which a key is held is
    /// no open board's; and an address that mDNS once gave may belong to
    /// another board by now.
    pub(super) fn check_id(&mut self, now: Instant, out: &mut Vec<Output>) {
        let said = out.iter().find_map(|output| match output {
            Output::Report(Report::Info(info)) => Some(info.id.clone()),
            _ => None,
        });
        let Some(said) = said else { return };
        let problem = match &self.secret {
            _ if self.said.as_ref().is_some_and(|before| *before != said) => {
                // On one connection a board stays the board that it is.
                let expected = self.said.clone().unwrap_or_default();
                Some(LinkProblem::AnotherBoard {
                    expected,
                    found: said.clone(),
                })
            }
            Some(secret) if secret.board != said => Some(LinkProblem::AnotherBoard {
                expected: secret.board.clone(),
                found: said.clone(),
            }),
            Some(_) => None,
            None if self.key_of(&said).is_some() => Some(LinkProblem::NotLocked {
                board: said.clone(),
            }),
            None => self
                .key_withheld(&said)
                .or_else(|| self.another(&said))
                .or_else(|| self.lock_changed(false)),
        };
        if let Some(problem) = problem {
            out.retain(|output| !matches!(output, Output::Report(Report::Info(_) | Report::Open)));
            return self.fail(now, problem, out);
        }
        self.said = Some(said);
        if self.secret.is_none() {
            out.push(Output::Report(Report::Open));
        }
    }

    /// Encrypts what is to be sent. Called before a channel is given up, and
    /// before anything leaves the session: where no connection is one on which
    /// plain text may be said, none leaves it.
    pub(super) fn protect(&mut self, out: &mut Vec<Output>) {
        match &mut self.secret {
            Some(secret) => {
                let Secret { channel, .. } = &mut **secret;
                for output in out.iter_mut() {
                    if let Output::Send(text) = output
                        && let Ok(sealed) = channel.seal(text.as_bytes())
                    {
                        *output = Output::SendSealed {
                            sealed,
                            text: std::mem::take(text),
                        };
                    }
                }
                // What is longer than a message of Noise no board takes: it
                // stays without an answer.
                out.retain(|output| !matches!(output, Output::Send(_)));
            }
            None if !matches!(self.phase, Phase::Reading { .. } | Phase::Live(_)) => {
                out.retain(|output| !matches!(output, Output::Send(_)));
            }
            None => {}
        }
    }
}

/// What a refusal in plain text means. Nobody vouches for it: it is told, and
/// waited because of it, no more.
fn refusal(error: &RpcError, offered: bool) -> LinkProblem {
    match error.data.reason.as_str() {
        "wrong_key" if offered => LinkProblem::WrongKey,
        "handshake_timeout" => LinkProblem::ConnectTimeout,
        "all_places_taken" => LinkProblem::AllPlacesTaken,
        "rebooting" => LinkProblem::Rebooting,
        _ => LinkProblem::NotABoard(bounds::text(error.to_string())),
    }
}

fn other_version(theirs: u8) -> LinkProblem {
    LinkProblem::UnsupportedVersion {
        theirs: theirs.to_string(),
    }
}
