//! Decides when a Wi-Fi station joins and leaves its network, and when the chip
//! is reset. Drives no radio and reads no clock: events come in with their
//! time, [`Station::next_action`] says what to do.
//!
//! A missing network is no fault: the station retries forever with growing
//! delays, and the board runs without it. A radio that does not answer or
//! refuses commands is a fault: after several in a row the chip has to be
//! reset. A radio that has stopped sending ([`crate::sender`]) is restarted; if
//! that does not help, the chip is reset. An association without an address is
//! ended and started again, since a restarted router may not know it.

use core::time::Duration;

/// The time that a radio has to join a network: scanning all channels and the
/// handshake take a few seconds.
pub const JOIN_WITHIN: Duration = Duration::from_secs(30);

/// The time from joining to an address; DHCP retries after 4, 8, 16 s (RFC
/// 2131, section 4.1).
pub const ADDRESS_WITHIN: Duration = Duration::from_secs(45);

/// The longest delay between attempts.
pub const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// After this many faults in a row the chip is reset.
pub const FAULTS: u32 = 5;

/// After this many restarts of the radio without an address, the chip is reset.
pub const RESTARTS: u32 = 2;

/// Something that happened to the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationEvent {
    /// There is a network to join, possibly a different one.
    Network,
    /// There is no network to join.
    NoNetwork,
    /// [`StationAction::Join`] succeeded.
    Joined,
    /// [`StationAction::Join`] failed on the air: no such network, a wrong
    /// password, or out of range.
    Refused,
    /// The radio refused a command or did not answer in time.
    Fault,
    /// The network was lost.
    Lost,
    /// The radio has stopped sending.
    Stuck,
    /// The board has an address.
    Address,
    /// The board lost its address.
    NoAddress,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationAction {
    /// Join, and report the outcome within [`JOIN_WITHIN`].
    Join,
    /// Leave the network, then call [`Station::next_action`] again.
    Leave,
    /// Restart the radio, then call [`Station::next_action`] again.
    Restart,
    /// Reset the chip.
    Reset,
    /// Wait for an event or until this time.
    Wait(Option<Duration>),
}

/// What the station is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no network to join.
    Idle,
    /// It joins later.
    Delayed { until: Duration },
    /// It is joining.
    Joining,
    /// It has joined. At `leave_at` it leaves, unless it has an address.
    Joined { leave_at: Option<Duration> },
    /// It has joined or is joining another network than the one to join.
    WrongNetwork,
    /// The radio has to be restarted.
    Stuck,
}

/// The state of a Wi-Fi station.
#[derive(Debug, Clone)]
pub struct Station {
    state: State,
    network: bool,
    /// Consecutive failed attempts.
    attempts: u32,
    /// Consecutive faults.
    faults: u32,
    /// Restarts of the radio since there was an address.
    restarts: u32,
}

impl Default for Station {
    fn default() -> Self {
        Self::new()
    }
}

impl Station {
    /// A station without a network to join.
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            network: false,
            attempts: 0,
            faults: 0,
            restarts: 0,
        }
    }

    /// Handles an event. `random` keeps boards that lost a network at the same
    /// time from rejoining all at once.
    pub fn handle(&mut self, now: Duration, event: StationEvent, random: u32) {
        match event {
            StationEvent::Network | StationEvent::NoNetwork => {
                self.network = event == StationEvent::Network;
                self.attempts = 0;
                self.state = match self.state {
                    State::Idle | State::Delayed { .. } => self.delayed(now),
                    State::Joining | State::Joined { .. } | State::WrongNetwork => {
                        State::WrongNetwork
                    }
                    State::Stuck => State::Stuck,
                };
            }
            StationEvent::Joined => {
                self.faults = 0;
                if self.state != State::WrongNetwork {
                    self.state = State::Joined {
                        leave_at: Some(now + ADDRESS_WITHIN),
                    };
                }
            }
            StationEvent::Refused => {
                self.faults = 0;
                self.failed(now, random);
            }
            StationEvent::Fault => {
                self.faults += 1;
                self.failed(now, random);
            }
            // The network worked until now: retry at once.
            StationEvent::Lost => {
                self.state = self.delayed(now + jitter(Duration::from_secs(1), random));
            }
            StationEvent::Stuck => {
                self.restarts += 1;
                self.state = State::Stuck;
            }
            StationEvent::Address => {
                self.attempts = 0;
                self.restarts = 0;
                if let State::Joined { leave_at } = &mut self.state {
                    *leave_at = None;
                }
            }
            StationEvent::NoAddress => {
                if let State::Joined { leave_at } = &mut self.state {
                    *leave_at = Some(now + ADDRESS_WITHIN);
                }
            }
        }
    }

    /// What to do at `now`. A [`StationAction::Join`],
    /// [`StationAction::Leave`] or [`StationAction::Restart`] is returned once.
    pub fn next_action(&mut self, now: Duration) -> StationAction {
        if self.faults >= FAULTS || self.restarts > RESTARTS {
            return StationAction::Reset;
        }
        match self.state {
            State::Idle | State::Joining | State::Joined { leave_at: None } => {
                StationAction::Wait(None)
            }
            State::Delayed { until } if until <= now => {
                self.state = State::Joining;
                StationAction::Join
            }
            State::Joined { leave_at: Some(at) } if at <= now => {
                self.attempts += 1;
                self.state = self.delayed(now + Duration::from_secs(1));
                StationAction::Leave
            }
            State::WrongNetwork => {
                self.state = self.delayed(now);
                StationAction::Leave
            }
            State::Stuck => {
                self.state = self.delayed(now);
                StationAction::Restart
            }
            State::Delayed { until: at } | State::Joined { leave_at: Some(at) } => {
                StationAction::Wait(Some(at))
            }
        }
    }

    /// Whether it assumes that it has joined: a radio that is not connected has
    /// lost its network then.
    pub const fn has_joined(&self) -> bool {
        matches!(self.state, State::Joined { .. })
    }

    fn failed(&mut self, now: Duration, random: u32) {
        self.attempts = self.attempts.saturating_add(1);
        let longest = Duration::from_secs(1 << self.attempts.min(6)).min(LONGEST_DELAY);
        self.state = self.delayed(now + jitter(longest, random));
    }

    fn delayed(&self, until: Duration) -> State {
        if self.network {
            State::Delayed { until }
        } else {
            State::Idle
        }
    }
}

/// A random time between half of `time` and all of it.
fn jitter(time: Duration, random: u32) -> Duration {
    let half = time / 2;
    half + half * (random >> 16) / 0xffff
}
