//! Decides which of several bridges with one shard is active, by one retained
//! message: the claim. Its connection has the empty message as its will, so
//! that the broker withdraws the claim of a bridge that disappears. Owns no
//! connection and reads no clock.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a bridge waits for a claim after it subscribed, and after a claim
/// was withdrawn. The bridge that was active before waits for less.
const VACANT: Duration = Duration::from_millis(1500);

/// See [`VACANT`].
const VACANT_BEFORE: Duration = Duration::from_millis(300);

/// How long a bridge that claimed waits for another claim: of two that claim
/// at the same time, the one whose claim arrives last is active.
const CONTESTED: Duration = Duration::from_millis(500);

/// How often an active bridge repeats its claim.
pub const REPEAT: Duration = Duration::from_secs(5);

/// A claim that is not repeated for this long is void: a broker that was
/// restarted can keep the claim of a bridge that is gone.
const VOID: Duration = Duration::from_secs(16);

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Open the connection with the will, and publish the claim on it.
    Claim,
    /// Publish the boards and carry out commands.
    Activate,
    /// Repeat the claim.
    Repeat,
    /// Another bridge is active: close the connection without its will.
    Yield {
        /// Its name.
        holder: String,
    },
    /// Another bridge is active, and this one was not.
    StandBy {
        /// Its name.
        holder: String,
    },
    /// The broker is away: close the connection.
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Without a broker.
    Away,
    /// No claim is known.
    Vacant { until: Instant },
    /// Another bridge is active.
    Held { until: Instant, holder: String },
    /// Claimed; not seen at the broker yet.
    Claiming,
    /// Seen at the broker.
    Contested { until: Instant },
    /// Active.
    Active { repeat_at: Instant },
}

/// The claim of one bridge.
#[derive(Debug)]
pub struct Claim {
    bridge: String,
    /// Distinguishes runs and namesakes.
    instance: String,
    /// Spreads the bridges that wait.
    jitter: Duration,
    phase: Phase,
    was_active: bool,
    steps: Vec<Step>,
}

impl Claim {
    /// A bridge without a broker. `random` distinguishes it from others of its
    /// name.
    pub fn new(bridge: &str, random: u64) -> Self {
        Self {
            bridge: bridge.to_owned(),
            instance: format!("{random:016x}"),
            jitter: Duration::from_millis(random % 500),
            phase: Phase::Away,
            was_active: false,
            steps: Vec::new(),
        }
    }

    /// What distinguishes this run from others of its name.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The claim as a message.
    pub fn payload(&self) -> Vec<u8> {
        json!({ "bridge": self.bridge, "instance": self.instance })
            .to_string()
            .into_bytes()
    }

    /// Whether this bridge is active.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active { .. })
    }

    /// Whether this bridge was the last active one, as far as it knows.
    pub fn was_active(&self) -> bool {
        self.was_active
    }

    /// Whether another bridge is active.
    pub fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held { .. })
    }

    /// The broker accepted the subscription to the claim.
    pub fn subscribed(&mut self, now: Instant) {
        if self.phase == Phase::Away {
            self.wait(now);
        }
    }

    fn wait(&mut self, now: Instant) {
        let wait = if self.was_active {
            VACANT_BEFORE
        } else {
            VACANT + self.jitter
        };
        self.phase = Phase::Vacant { until: now + wait };
    }

    /// The broker is away.
    pub fn disconnected(&mut self) {
        if self.has_connection() {
            self.steps.push(Step::Stop);
        }
        self.phase = Phase::Away;
    }

    fn has_connection(&self) -> bool {
        matches!(
            self.phase,
            Phase::Claiming | Phase::Contested { .. } | Phase::Active { .. }
        )
    }

    /// The connection with the will was lost.
    pub fn lost(&mut self, now: Instant) {
        if self.has_connection() {
            self.steps.push(Step::Stop);
            self.wait(now);
        }
    }

    /// A message on the topic of the claim.
    pub fn message(&mut self, payload: &[u8], now: Instant) {
        if self.phase == Phase::Away {
            return;
        }
        match read(payload) {
            None if self.has_connection() => {
                // The will of an earlier connection of this bridge, or the
                // broker lost it.
                if self.phase != Phase::Claiming {
                    self.steps.push(Step::Repeat);
                }
            }
            None => {
                self.was_active = false;
                self.phase = Phase::Vacant {
                    until: now + self.jitter,
                };
            }
            Some((_, instance)) if instance == self.instance => match self.phase {
                Phase::Claiming => {
                    let until = now + CONTESTED;
                    self.phase = Phase::Contested { until };
                }
                // Of an earlier connection, whose will is still to come.
                Phase::Held { .. } => self.wait(now),
                _ => {}
            },
            Some((holder, _)) => {
                if self.has_connection() {
                    let holder = holder.clone();
                    self.steps.push(Step::Yield { holder });
                } else if !matches!(&self.phase, Phase::Held { holder: old, .. } if *old == holder)
                {
                    let holder = holder.clone();
                    self.steps.push(Step::StandBy { holder });
                }
                self.was_active = false;
                let until = now + VOID + self.jitter;
                self.phase = Phase::Held { until, holder };
            }
        }
    }

    /// When [`Claim::passed`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Away | Phase::Claiming => None,
            Phase::Vacant { until } | Phase::Held { until, .. } | Phase::Contested { until } => {
                Some(until)
            }
            Phase::Active { repeat_at } => Some(repeat_at),
        }
    }

    /// The deadline has passed.
    pub fn passed(&mut self, now: Instant) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.phase {
            Phase::Away | Phase::Claiming => {}
            Phase::Vacant { .. } | Phase::Held { .. } => {
                self.phase = Phase::Claiming;
                self.steps.push(Step::Claim);
            }
            Phase::Contested { .. } => {
                self.was_active = true;
                self.phase = Phase::Active {
                    repeat_at: now + REPEAT,
                };
                self.steps.push(Step::Activate);
            }
            Phase::Active { .. } => {
                self.phase = Phase::Active {
                    repeat_at: now + REPEAT,
                };
                self.steps.push(Step::Repeat);
            }
        }
    }

    /// What to do now.
    pub fn steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }
}

/// The bridge and the instance of a claim; `None` if it is withdrawn or
/// unreadable.
fn read(payload: &[u8]) -> Option<(String, String)> {
    let claim: Value = serde_json::from_slice(payload).ok()?;
    let text = |field| {
        let text = claim.get(field)?.as_str()?;
        Some(text.chars().take(mqtt::topic::LONGEST_LEVEL).collect())
    };
    Some((text("bridge")?, text("instance")?))
}

#[cfg(test)]
#[path = "claim_tests.rs"]
mod tests;
