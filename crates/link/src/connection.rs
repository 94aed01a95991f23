//! One open WebSocket to a board: how it is encrypted, the requests in flight,
//! and when it was last heard. [`Connection::request`] seals a message before
//! it becomes an output, so nothing leaves an encrypted connection in plain
//! text. Owns no socket and reads no clock.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use families::{Action, Actions, Dialect, Problem, Received};
use noise::{Channel, NoiseError};
use protocol::{ComponentKey, FromBoard, Id, Object, Unreadable, method};
use sanitize::bounds;
use web_time::Instant;

use super::{
    heartbeat::Heartbeat,
    output::{Frame, Output, Outputs},
    requests::{Purpose, Request, Requests},
    session::Inbound,
};

/// An attempt to connect, and the connection that it becomes.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The address that answered, or that an inbound connection comes from.
    pub(crate) address: Option<String>,
    /// Set if the board connected to this program.
    pub(crate) inbound: Option<Inbound>,
    /// How long each step may take until the board is subscribed to.
    pub(crate) step_timeout: Duration,
}

/// How messages are written on a connection.
#[derive(Debug)]
enum Wire {
    /// As they are.
    Plain,
    /// Sealed: a Noise handshake has taken place.
    Sealed(Channel),
    /// Translated into the protocol of another family.
    Translated(Box<Translation>),
}

/// The dialect of another family, and what it said that was not read yet.
#[derive(Debug)]
struct Translation {
    dialect: Box<dyn Dialect>,
    said: VecDeque<Said>,
    /// The dialect was given the board's password or key.
    has_credential: bool,
}

/// What a dialect said.
#[derive(Debug)]
pub(crate) enum Said {
    /// A message of the board.
    Message(FromBoard),
    /// Read this path of the board's web server.
    Fetch(String),
    /// The broker vouches for the board.
    Alive,
    /// End the connection.
    End(Problem),
}

/// A connection on which requests can be sent.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) attempt: Attempt,
    pub(crate) heartbeat: Heartbeat,
    /// The id that the board stated. It cannot change while the connection
    /// lasts.
    pub(crate) stated_id: Option<String>,
    /// Another peer claims the board's id: the board has to answer by then.
    pub(crate) verify_by: Option<Instant>,
    wire: Wire,
    requests: Requests,
    reported_unreadable: BTreeSet<(Option<ComponentKey>, String)>,
}

impl Connection {
    /// A connection in plain text. `last_request` is the number of the last
    /// request that was sent to this board on any connection.
    pub(crate) fn plain(now: Instant, attempt: Attempt, last_request: i64) -> Self {
        Self {
            attempt,
            heartbeat: Heartbeat::new(now),
            stated_id: None,
            verify_by: None,
            wire: Wire::Plain,
            requests: Requests::after(last_request),
            reported_unreadable: BTreeSet::new(),
        }
    }

    /// A connection to a board that has proved to be `board`: everything on it
    /// is encrypted.
    pub(crate) fn encrypted(
        now: Instant,
        attempt: Attempt,
        last_request: i64,
        channel: Channel,
        board: String,
    ) -> Self {
        Self {
            stated_id: Some(board),
            wire: Wire::Sealed(channel),
            ..Self::plain(now, attempt, last_request)
        }
    }

    /// A connection to a board of another family.
    pub(crate) fn translated(
        now: Instant,
        attempt: Attempt,
        last_request: i64,
        dialect: Box<dyn Dialect>,
        has_credential: bool,
        out: &mut Outputs,
    ) -> Self {
        let mut connection = Self::plain(now, attempt, last_request);
        connection.wire = Wire::Translated(Box::new(Translation {
            dialect,
            said: VecDeque::new(),
            has_credential,
        }));
        connection.translate(out, |dialect, actions| dialect.opened(now, actions));
        connection
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.wire, Wire::Sealed(_))
    }

    pub(crate) fn is_translated(&self) -> bool {
        matches!(self.wire, Wire::Translated(_))
    }

    /// Lets the dialect do something, if there is one. What it sends becomes
    /// outputs; what it says is taken with [`Self::said`].
    pub(crate) fn translate(
        &mut self,
        out: &mut Outputs,
        act: impl FnOnce(&mut dyn Dialect, &mut Actions),
    ) {
        let Wire::Translated(translation) = &mut self.wire else {
            return;
        };
        let mut actions = Actions::default();
        act(&mut *translation.dialect, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send { payload, shown } => {
                    out.push(Output::Send(Frame::translated(payload, shown)));
                }
                Action::Decoded(text) => out.push(Output::Decrypted(text)),
                Action::Message(message) => translation.said.push_back(Said::Message(message)),
                Action::Fetch { path } => translation.said.push_back(Said::Fetch(path)),
                Action::Alive => translation.said.push_back(Said::Alive),
                Action::End(problem) => translation.said.push_back(Said::End(problem)),
            }
        }
    }

    /// Passes what arrived to the dialect.
    pub(crate) fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Outputs) {
        self.translate(out, |dialect, actions| {
            dialect.received(now, received, actions);
        });
    }

    /// The next thing that the dialect said, oldest first.
    pub(crate) fn said(&mut self) -> Option<Said> {
        match &mut self.wire {
            Wire::Translated(translation) => translation.said.pop_front(),
            Wire::Plain | Wire::Sealed(_) => None,
        }
    }

    /// Whether a dialect was given the board's password or key.
    pub(crate) fn has_credential(&self) -> bool {
        matches!(&self.wire, Wire::Translated(translation) if translation.has_credential)
    }

    /// When the dialect is to be told the time.
    pub(crate) fn dialect_deadline(&self) -> Option<Instant> {
        match &self.wire {
            Wire::Translated(translation) => translation.dialect.next_deadline(),
            Wire::Plain | Wire::Sealed(_) => None,
        }
    }

    /// Sends a request, and returns its number.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        purpose: Purpose,
        method: &str,
        params: Object,
        out: &mut Outputs,
    ) -> i64 {
        let request = self.requests.add(now, purpose, method, params);
        let number = self.requests.last();
        match self.wire {
            Wire::Plain | Wire::Sealed(_) => self.send(request.to_json(), out),
            Wire::Translated(_) => self.translate(out, |dialect, actions| {
                dialect.request(now, &request, actions);
            }),
        }
        number
    }

    /// Sends `Sys.Ping`.
    pub(crate) fn ping(&mut self, now: Instant, out: &mut Outputs) {
        self.request(now, Purpose::Ping, method::SYS_PING, Object::new(), out);
    }

    fn send(&mut self, text: String, out: &mut Outputs) {
        let frame = match &mut self.wire {
            Wire::Plain => Frame::plain(text),
            Wire::Sealed(cipher) => match cipher.seal(text.as_bytes()) {
                Ok(sealed) => Frame::sealed(sealed, text),
                // Longer than a Noise message, and so than any board accepts:
                // the request stays without an answer.
                Err(_) => return,
            },
            Wire::Translated(_) => return,
        };
        out.push(Output::Send(frame));
    }

    /// Decrypts a binary message; `None` if the connection is not encrypted.
    pub(crate) fn open(&mut self, bytes: &[u8]) -> Option<Result<String, NoiseError>> {
        match &mut self.wire {
            Wire::Sealed(cipher) => Some(cipher.open_text(bytes)),
            Wire::Plain | Wire::Translated(_) => None,
        }
    }

    /// The request that a response answers, if any.
    pub(crate) fn take_request(&mut self, id: Option<&Id>) -> Option<Request> {
        self.requests.take(id)
    }

    /// The answer to this request is no longer needed.
    pub(crate) fn forget_request(&mut self, number: i64) {
        self.requests.forget(number);
    }

    /// The board was reset: it answers none of the requests in flight.
    pub(crate) fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// When the oldest request in flight for this purpose was sent.
    pub(crate) fn sent_at(&self, purpose: &Purpose) -> Option<Instant> {
        self.requests.sent_at(purpose)
    }

    pub(crate) fn requests_in_flight(&self) -> usize {
        self.requests.in_flight()
    }

    /// The number of the last request.
    pub(crate) fn last_request(&self) -> i64 {
        self.requests.last()
    }

    /// Whether a value that cannot be read is to be reported: each is reported
    /// once per connection.
    pub(crate) fn is_new_unreadable(&mut self, value: &Unreadable) -> bool {
        self.reported_unreadable.len() < bounds::COMPONENTS
            && self
                .reported_unreadable
                .insert((value.component.clone(), value.field.clone()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use noise::{Hello, Initiator, Key, KeyId, Psk, Role, respond};
    use protocol::limits::CONNECT_TIMEOUT;

    use super::*;
    use crate::output::Payload;

    fn attempt() -> Attempt {
        Attempt {
            address: None,
            inbound: None,
            step_timeout: CONNECT_TIMEOUT,
        }
    }

    /// Both ends of a channel: that of this program and that of the board.
    fn channels() -> (Channel, Channel) {
        let hello = Hello::new("lamp-1", [9; 16]);
        let psk = || Psk::new([1; 32]);
        let key = Key {
            board: "lamp-1".to_owned(),
            kid: KeyId([1; 4]),
            role: Role::Control,
            psk: psk(),
        };
        let (initiator, offer) = Initiator::new(&hello, &key, [7; 32]).unwrap();
        let (board, answer) = respond(&hello, &offer, &psk(), [8; 32]).unwrap();
        (initiator.finish(&answer).unwrap(), board)
    }

    #[test]
    fn a_request_on_an_encrypted_connection_is_sealed_when_it_is_sent() {
        let (channel, mut board) = channels();
        let now = Instant::now();
        let mut connection = Connection::encrypted(now, attempt(), 41, channel, "lamp-1".into());
        let mut out = Outputs::default();
        connection.ping(now, &mut out);
        let Some(Output::Send(frame)) = out.pop() else {
            unreachable!("nothing was sent")
        };
        let text = frame.plaintext().unwrap().to_owned();
        let Payload::Binary(sealed) = frame.into_payload() else {
            unreachable!("plain text was sent")
        };
        assert_eq!(board.open_text(&sealed).unwrap(), text);
        assert!(text.contains("\"id\":42"), "numbers continue: {text}");
    }

    #[test]
    fn a_request_too_long_to_be_sealed_is_not_sent_at_all() {
        let (channel, _board) = channels();
        let now = Instant::now();
        let mut connection = Connection::encrypted(now, attempt(), 0, channel, "lamp-1".into());
        let mut out = Outputs::default();
        let long = Object::from_iter([("text".to_owned(), "x".repeat(1 << 17).into())]);
        connection.request(now, Purpose::Command(None), "Text.Set", long, &mut out);
        assert!(out.pop().is_none());
        assert_eq!(connection.requests_in_flight(), 1);
    }
}
