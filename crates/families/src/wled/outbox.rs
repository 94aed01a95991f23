//! Messages on their way to the board, one at a time. WLED's answers name no
//! request, and one TCP segment must hold a whole message, so the next one
//! waits until the last one was dealt with. A `ping` follows each message: WLED
//! handles messages in order, so its `pong` tells that the message was taken.
//! A board that is busy gets the same message again after a wait that grows.

use std::{collections::VecDeque, time::Duration};

use protocol::{ComponentKey, Id, State, limits::COMMAND_TIMEOUT};
use web_time::Instant;

use crate::Actions;

/// The text that WLED answers with [`PONG`].
const PING: &str = "ping";

/// WLED's answer to a text of less than ten bytes that begins with `p`.
pub(super) const PONG: &str = "pong";

/// The largest message: what fits into one TCP segment, together with the
/// `ping` that follows it and the headers of both.
pub(super) const LARGEST: usize = 1_400;

/// The same on an ESP8266, whose TCP segments are smaller.
pub(super) const LARGEST_ESP8266: usize = 500;

/// Messages that wait.
const QUEUED: usize = 64;

/// Pings without an answer.
const PINGS: usize = 16;

/// A message that gets no answer counts as taken after this time.
const ANSWER: Duration = Duration::from_secs(3);

/// The wait before a busy board gets a message again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// How often a message is sent: the waits add up to 3.15 s, less than the time
/// after which a command counts as unconfirmed.
const TRIES: u32 = 7;

/// What a message is for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Purpose {
    /// Reads state and information.
    Read,
    /// Starts or stops the live preview.
    Live,
    /// A command, and the state that confirms it.
    Command {
        id: Option<Id>,
        wanted: Option<(ComponentKey, State)>,
    },
}

#[derive(Debug)]
struct Message {
    text: String,
    purpose: Purpose,
    given: Instant,
}

/// The message that the board is dealing with.
#[derive(Debug)]
struct Current {
    message: Message,
    tries: u32,
    /// The number of the `ping` that followed it.
    fence: u64,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The board has it; it counts as taken then.
    Sent { until: Instant },
    /// The board was busy; it is sent again then.
    Busy { until: Instant },
}

/// What a `pong` answers.
#[derive(Debug)]
enum Ping {
    Fence(u64),
    Request(Option<Id>),
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Settled {
    /// The board took it.
    Taken(Purpose),
    /// The board says that nothing changed.
    Unchanged(Purpose),
    /// The board was busy each time, so nothing was carried out.
    Busy(Purpose),
    /// The board refused it with this number.
    Refused(Purpose, i64),
}

/// A `pong` arrived.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ponged {
    /// It answers this `Sys.Ping`.
    Request(Option<Id>),
    /// The board dealt with a message.
    Message(Settled),
    /// It answers nothing that is still open.
    Nothing,
}

/// The messages of one connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Message>,
    current: Option<Current>,
    pings: VecDeque<(Instant, Ping)>,
    fences: u64,
}

impl Outbox {
    /// Sends a message when its turn comes; whether there is room for it.
    pub(super) fn push(
        &mut self,
        now: Instant,
        text: String,
        purpose: Purpose,
        out: &mut Actions,
    ) -> bool {
        let read_waits = purpose == Purpose::Read
            && self
                .waiting
                .iter()
                .any(|message| message.purpose == Purpose::Read);
        if read_waits {
            return true;
        }
        if self.waiting.len() >= QUEUED {
            return false;
        }
        self.waiting.push_back(Message {
            text,
            purpose,
            given: now,
        });
        self.advance(now, out);
        true
    }

    /// Sends a `ping` for `Sys.Ping`.
    pub(super) fn ping(&mut self, now: Instant, id: Option<Id>, out: &mut Actions) {
        if self.expect_pong(now, Ping::Request(id)) {
            out.send_text(PING.to_owned());
        }
    }

    /// The board answered a `ping`.
    pub(super) fn ponged(&mut self, now: Instant, out: &mut Actions) -> Ponged {
        match self.pings.pop_front() {
            Some((_, Ping::Request(id))) => Ponged::Request(id),
            Some((_, Ping::Fence(number))) => {
                let answered = self.current.as_ref().is_some_and(|current| {
                    current.fence == number && matches!(current.phase, Phase::Sent { .. })
                });
                let settled = answered
                    .then(|| self.settle(now, Settled::Taken, out))
                    .flatten();
                settled.map_or(Ponged::Nothing, Ponged::Message)
            }
            None => Ponged::Nothing,
        }
    }

    /// The board says that the message changed nothing.
    pub(super) fn unchanged(&mut self, now: Instant, out: &mut Actions) -> Option<Settled> {
        self.settle(now, Settled::Unchanged, out)
    }

    /// The board refused the message.
    pub(super) fn refused(
        &mut self,
        now: Instant,
        code: i64,
        out: &mut Actions,
    ) -> Option<Settled> {
        self.settle(now, |purpose| Settled::Refused(purpose, code), out)
    }

    /// The board was busy: the message is sent again later. Without a message,
    /// it is a push that the board could not send.
    pub(super) fn busy(&mut self, now: Instant, out: &mut Actions) -> Option<Settled> {
        let current = self.current.as_mut()?;
        if matches!(current.phase, Phase::Busy { .. }) {
            return None;
        }
        if current.tries < TRIES {
            let wait = FIRST_WAIT * 2_u32.saturating_pow(current.tries - 1);
            current.phase = Phase::Busy { until: now + wait };
            return None;
        }
        self.settle(now, Settled::Busy, out)
    }

    /// The state arrived: whether it is what the message in progress was for.
    pub(super) fn reported(
        &mut self,
        now: Instant,
        is_reached: impl Fn(&ComponentKey, &State) -> bool,
        out: &mut Actions,
    ) -> Option<Settled> {
        let current = self.current.as_ref()?;
        let done = matches!(current.phase, Phase::Sent { .. })
            && match &current.message.purpose {
                Purpose::Read => true,
                Purpose::Command {
                    wanted: Some((key, state)),
                    ..
                } => is_reached(key, state),
                Purpose::Command { wanted: None, .. } | Purpose::Live => false,
            };
        done.then(|| self.settle(now, Settled::Taken, out))
            .flatten()
    }

    /// Whether no message is on its way or waits.
    pub(super) fn is_idle(&self) -> bool {
        self.current.is_none()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.current.as_ref().map(|current| match current.phase {
            Phase::Sent { until } | Phase::Busy { until } => until,
        })
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Actions) -> Option<Settled> {
        match self.current.as_ref()?.phase {
            Phase::Sent { until } if now >= until => self.settle(now, Settled::Taken, out),
            Phase::Busy { until } if now >= until => {
                let Current { message, tries, .. } = self.current.take()?;
                self.send(now, message, tries + 1, out);
                None
            }
            Phase::Sent { .. } | Phase::Busy { .. } => None,
        }
    }

    fn settle(
        &mut self,
        now: Instant,
        how: impl FnOnce(Purpose) -> Settled,
        out: &mut Actions,
    ) -> Option<Settled> {
        let current = self.current.take()?;
        self.advance(now, out);
        Some(how(current.message.purpose))
    }

    /// Sends the next message. A command that waited until it counts as
    /// unconfirmed is not sent any more: it would surprise.
    fn advance(&mut self, now: Instant, out: &mut Actions) {
        while self.current.is_none() {
            let Some(message) = self.waiting.pop_front() else {
                return;
            };
            let too_late = matches!(message.purpose, Purpose::Command { .. })
                && now.saturating_duration_since(message.given) >= COMMAND_TIMEOUT;
            if !too_late {
                self.send(now, message, 1, out);
            }
        }
    }

    fn send(&mut self, now: Instant, message: Message, tries: u32, out: &mut Actions) {
        out.send_text(message.text.clone());
        self.fences += 1;
        if self.expect_pong(now, Ping::Fence(self.fences)) {
            out.send_text(PING.to_owned());
        }
        self.current = Some(Current {
            message,
            tries,
            fence: self.fences,
            phase: Phase::Sent {
                until: now + ANSWER,
            },
        });
    }

    /// Whether a `ping` may be sent. A board whose queue is full drops answers,
    /// so old ones are not waited for: the next `pong` would be taken for
    /// theirs.
    fn expect_pong(&mut self, now: Instant, ping: Ping) -> bool {
        self.pings
            .retain(|(sent, _)| now.saturating_duration_since(*sent) < COMMAND_TIMEOUT);
        let fits = self.pings.len() < PINGS;
        if fits {
            self.pings.push_back((now, ping));
        }
        fits
    }
}
