//! The requests to a board: their numbers, their order, and what happens if the
//! board refuses the digest. Decides when to ask for another nonce and when to
//! wait; reads no clock.
//!
//! A nonce that has expired costs one more round trip and never a command. A
//! board that is asked for too many nonces answers 429 for a while, and only a
//! frame without `auth` frees it: after the wait, one such frame is sent alone.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use protocol::Object;
use serde_json::Value;
use web_time::Instant;

use super::{
    auth::{Auth, Challenge},
    frames::{self, Failure},
};
use crate::{Actions, Problem};

/// Requests in flight once the board has accepted one; before that, it is one.
const WINDOW: usize = 4;

/// Requests that wait to be sent; further ones are refused.
const WAITING: usize = 64;

/// How long nothing is sent after the first 429. The board refuses for 2 s.
const FIRST_WAIT: Duration = Duration::from_millis(2_500);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A request to the board, and what it is for.
#[derive(Debug)]
pub(super) struct Call<P> {
    pub(super) method: Cow<'static, str>,
    pub(super) params: Object,
    pub(super) purpose: P,
    /// It is given up then.
    pub(super) expires: Instant,
}

/// What became of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The board answered.
    Done(Value),
    /// The board refused.
    Refused(Failure),
    /// It was sent, and not answered in time.
    Unanswered,
    /// It was not sent in time, because the board lets no client authenticate.
    NotSent,
}

#[derive(Debug)]
struct Waiting<P> {
    call: Call<P>,
    /// Refusals with 401 in a row.
    challenged: u8,
}

#[derive(Debug)]
struct InFlight<P> {
    waiting: Waiting<P>,
    /// The nonce that it was sent with.
    generation: Option<u64>,
}

#[derive(Debug)]
struct Throttle {
    until: Instant,
    wait: Duration,
}

/// The requests of one connection.
#[derive(Debug)]
pub(super) struct Calls<P> {
    src: String,
    last: i64,
    auth: Auth,
    /// The board has accepted a request that needs the password if there is
    /// one.
    accepted: bool,
    waiting: VecDeque<Waiting<P>>,
    in_flight: BTreeMap<i64, InFlight<P>>,
    throttle: Option<Throttle>,
    /// The connection ends: nothing is sent any more.
    closed: bool,
}

/// The one method that needs no password.
pub(super) const GET_DEVICE_INFO: &str = "Shelly.GetDeviceInfo";

impl<P> Calls<P> {
    pub(super) fn new(src: String, auth: Auth) -> Self {
        Self {
            src,
            last: 0,
            auth,
            accepted: false,
            waiting: VecDeque::new(),
            in_flight: BTreeMap::new(),
            throttle: None,
            closed: false,
        }
    }

    /// The connection ends.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
        self.in_flight.clear();
    }

    /// Sends a request, or lets it wait; returned if too many wait.
    pub(super) fn submit(
        &mut self,
        now: Instant,
        call: Call<P>,
        out: &mut Actions,
    ) -> Result<(), Call<P>> {
        if self.closed || self.waiting.len() >= WAITING {
            return Err(call);
        }
        self.waiting.push_back(Waiting {
            call,
            challenged: 0,
        });
        self.send(now, out);
        Ok(())
    }

    /// The board answered a request: what it was for, unless the request is
    /// sent again.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        id: i64,
        outcome: Result<Value, Failure>,
        out: &mut Actions,
    ) -> Option<(P, Outcome)> {
        // An answer that is too late, or to nothing.
        let in_flight = self.in_flight.remove(&id)?;
        let done = match outcome {
            Err(failure) if failure.code == 401 => {
                self.challenged(in_flight, &failure.message, out);
                None
            }
            Err(failure) if failure.code == 429 => {
                self.throttled(now, in_flight);
                None
            }
            outcome => {
                if in_flight.waiting.call.method != GET_DEVICE_INFO {
                    self.accepted = true;
                    self.throttle = None;
                }
                let outcome = outcome.map_or_else(Outcome::Refused, Outcome::Done);
                Some((in_flight.waiting.call.purpose, outcome))
            }
        };
        self.send(now, out);
        done
    }

    /// Gives up what was not answered in time, and sends what was waiting.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Actions) -> Vec<(P, Outcome)> {
        let mut over = Vec::new();
        let late = self
            .in_flight
            .extract_if(.., |_, sent| sent.waiting.call.expires <= now);
        over.extend(late.map(|(_, sent)| (sent.waiting.call.purpose, Outcome::Unanswered)));
        let (late, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<VecDeque<_>, _>(|waiting| waiting.call.expires <= now);
        self.waiting = waiting;
        let late = late.into_iter().map(|waiting| waiting.call.purpose);
        over.extend(late.map(|purpose| (purpose, Outcome::NotSent)));
        self.send(now, out);
        over
    }

    /// When [`Self::tick`] is due next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let in_flight = self.in_flight.values().map(|sent| &sent.waiting);
        let expires = in_flight
            .chain(&self.waiting)
            .map(|waiting| waiting.call.expires)
            .min();
        let resumes = self.throttle.as_ref().map(|throttle| throttle.until);
        let resumes = resumes.filter(|_| self.in_flight.is_empty() && !self.waiting.is_empty());
        expires.into_iter().chain(resumes).min()
    }

    fn send(&mut self, now: Instant, out: &mut Actions) {
        if self
            .throttle
            .as_ref()
            .is_some_and(|throttle| now < throttle.until)
        {
            return;
        }
        let window = if self.accepted { WINDOW } else { 1 };
        while self.in_flight.len() < window
            && let Some(waiting) = self.waiting.pop_front()
        {
            let Call { method, params, .. } = &waiting.call;
            let (generation, auth) = match method.as_ref() {
                GET_DEVICE_INFO => (None, None),
                _ => (self.auth.generation(), self.auth.next()),
            };
            self.last += 1;
            out.send_text(frames::request(self.last, &self.src, method, params, auth));
            let sent = InFlight {
                waiting,
                generation,
            };
            self.in_flight.insert(self.last, sent);
        }
    }

    /// The board wants a digest, or no longer accepts the nonce. The first time
    /// the request is sent again with the new nonce; the second time in a row,
    /// the password is wrong.
    fn challenged(&mut self, sent: InFlight<P>, message: &str, out: &mut Actions) {
        let InFlight {
            mut waiting,
            generation,
        } = sent;
        self.accepted = false;
        if !self.auth.has_password() {
            self.close();
            return out.end(Problem::CredentialNeeded);
        }
        if waiting.challenged > 0 {
            self.close();
            return out.end(Problem::WrongCredential);
        }
        // Another request may have brought a newer nonce in the meantime.
        if generation == self.auth.generation() {
            let Some(challenge) = Challenge::parse(message) else {
                let problem = "it asks for a password in a way that is not known".to_owned();
                self.close();
                return out.end(Problem::NotABoard(problem));
            };
            self.auth.adopt(challenge);
        }
        waiting.challenged += 1;
        self.waiting.push_front(waiting);
    }

    /// The board has no nonce left to give, or counted too many failed
    /// attempts.
    fn throttled(&mut self, now: Instant, sent: InFlight<P>) {
        self.accepted = false;
        self.auth.forget();
        let wait = match &self.throttle {
            // Sent before the first 429 arrived.
            Some(throttle) if now < throttle.until => None,
            Some(throttle) => Some((throttle.wait * 2).min(LONGEST_WAIT)),
            None => Some(FIRST_WAIT),
        };
        if let Some(wait) = wait {
            self.throttle = Some(Throttle {
                until: now + wait,
                wait,
            });
        }
        self.waiting.push_front(Waiting {
            challenged: 0,
            ..sent.waiting
        });
    }
}
