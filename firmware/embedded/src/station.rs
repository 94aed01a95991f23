//! Decides when a Wi-Fi station joins its network, leaves it, and when the
//! radio is to be started anew. Drives no radio and reads no clock: what
//! happened comes in with its time, [`Station::next`] says what to do.
//!
//! A network that is away is no fault: it is looked for, for ever, ever less
//! often, and the board goes on without it. A radio that does not answer, or
//! refuses orders, is one: after some of these in a row the chip is to be
//! reset, which is all that helps. An association without an address is left
//! and made anew, since a router that was restarted may not know of it.

use core::time::Duration;

/// A radio answers within this time whether it has joined: scanning all
/// channels and the handshake take a few seconds.
pub const JOIN_WITHIN: Duration = Duration::from_secs(30);

/// From joining to an address; DHCP asks again after 4, 8, 16 s (RFC 2131,
/// section 4.1).
pub const ADDRESS_WITHIN: Duration = Duration::from_secs(45);

/// The longest rest between attempts.
pub const LONGEST_REST: Duration = Duration::from_secs(60);

/// So many faults in a row, and the chip is to be reset.
pub const FAULTS: u32 = 5;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// There is a network to join, perhaps another one than before.
    Network,
    /// There is none any more.
    NoNetwork,
    /// [`Step::Join`] succeeded.
    Joined,
    /// [`Step::Join`] failed by what is in the air: no such network, a wrong
    /// password, too far.
    Refused,
    /// The radio did not do what it was told, or did not answer in time.
    Fault,
    /// The network is gone.
    Lost,
    /// The board has an address.
    Address,
    /// The board has no address any more.
    NoAddress,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Join, and tell how that went within [`JOIN_WITHIN`].
    Join,
    /// Leave the network, then ask again.
    Leave,
    /// Reset the chip.
    Reset,
    /// Nothing, until something happens or this time has come.
    Wait(Option<Duration>),
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It knows no network.
    Idle,
    /// It will join.
    Resting { until: Duration },
    /// It is joining.
    Joining,
    /// It has joined; without an address it is left then.
    Joined { leave_at: Option<Duration> },
    /// What it joined, or is joining, is not what it is to join.
    Wrong,
}

/// The station.
#[derive(Debug, Clone)]
pub struct Station {
    state: State,
    network: bool,
    /// Attempts in a row that failed.
    attempts: u32,
    /// Faults in a row.
    faults: u32,
}

impl Default for Station {
    fn default() -> Self {
        Self::new()
    }
}

impl Station {
    /// A station that knows no network.
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            network: false,
            attempts: 0,
            faults: 0,
        }
    }

    /// Something happened. `chance` is a random number: boards that lost one
    /// network together do not all come back at once.
    pub fn handle(&mut self, now: Duration, event: Event, chance: u32) {
        match event {
            Event::Network | Event::NoNetwork => {
                self.network = event == Event::Network;
                self.attempts = 0;
                self.state = match self.state {
                    State::Idle | State::Resting { .. } => self.rested(now),
                    State::Joining | State::Joined { .. } | State::Wrong => State::Wrong,
                };
            }
            Event::Joined => {
                self.faults = 0;
                if self.state != State::Wrong {
                    self.state = State::Joined {
                        leave_at: Some(now + ADDRESS_WITHIN),
                    };
                }
            }
            Event::Refused => {
                self.faults = 0;
                self.failed(now, chance);
            }
            Event::Fault => {
                self.faults += 1;
                self.failed(now, chance);
            }
            // It was good until now: the first attempt need not wait.
            Event::Lost => self.state = self.rested(now + jitter(Duration::from_secs(1), chance)),
            Event::Address => {
                self.attempts = 0;
                if let State::Joined { leave_at } = &mut self.state {
                    *leave_at = None;
                }
            }
            Event::NoAddress => {
                if let State::Joined { leave_at } = &mut self.state {
                    *leave_at = Some(now + ADDRESS_WITHIN);
                }
            }
        }
    }

    /// What to do now. A [`Step::Join`] or [`Step::Leave`] is given once.
    pub fn next(&mut self, now: Duration) -> Step {
        if self.faults >= FAULTS {
            return Step::Reset;
        }
        match self.state {
            State::Idle | State::Joining | State::Joined { leave_at: None } => Step::Wait(None),
            State::Resting { until } if until <= now => {
                self.state = State::Joining;
                Step::Join
            }
            State::Joined { leave_at: Some(at) } if at <= now => {
                self.attempts += 1;
                self.state = self.rested(now + Duration::from_secs(1));
                Step::Leave
            }
            State::Wrong => {
                self.state = self.rested(now);
                Step::Leave
            }
            State::Resting { until: at } | State::Joined { leave_at: Some(at) } => {
                Step::Wait(Some(at))
            }
        }
    }

    /// Whether it takes its network for joined: a radio that says otherwise has
    /// lost it.
    pub const fn has_joined(&self) -> bool {
        matches!(self.state, State::Joined { .. })
    }

    fn failed(&mut self, now: Duration, chance: u32) {
        self.attempts = self.attempts.saturating_add(1);
        let longest = Duration::from_secs(1 << self.attempts.min(6)).min(LONGEST_REST);
        self.state = self.rested(now + jitter(longest, chance));
    }

    fn rested(&self, until: Duration) -> State {
        if self.network {
            State::Resting { until }
        } else {
            State::Idle
        }
    }
}

/// From half of it to all of it.
fn jitter(time: Duration, chance: u32) -> Duration {
    let half = time / 2;
    half + half * (chance >> 16) / 0xffff
}
