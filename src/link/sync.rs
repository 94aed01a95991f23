//! Decides from `epoch`, `prev` and `seq` whether a push is the next one,
//! whether something was missed, and which pushes stand when the whole state
//! arrives. Asks for nothing itself.

use std::collections::VecDeque;

use protocol::{Epoch, NotifyStatus, Snapshot};

use super::state::ResyncCause;

/// Pushes that are kept while the whole state is on its way.
const KEPT: usize = 32;

/// What of a board's changes is known.
#[derive(Debug)]
pub(crate) struct Sync {
    epoch: Epoch,
    /// The last `seq` that was pushed: what the board's next `prev` is made
    /// from.
    pushed: u64,
    /// What the state shown is up to; beyond `pushed` after a
    /// `Device.GetStatus`.
    seen: u64,
    asked: Option<Asked>,
}

/// The whole state is on its way.
#[derive(Debug, Default)]
struct Asked {
    /// What came since: what of it is newer than the answer is applied once
    /// more on top of it.
    since: VecDeque<NotifyStatus>,
    /// The answer has to be at least this new to fill every gap.
    at_least: u64,
    /// The answer before was too old. It is asked for no third time: a board
    /// that contradicts itself is no reason to ask for ever.
    again: bool,
}

/// What a push is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The next one.
    Next,
    /// New, but something between was missed; whether to ask for the whole
    /// state, or that is under way.
    AfterGap {
        /// Ask now.
        ask: bool,
    },
    /// Contained in what is known.
    Old,
    /// Of another run of the board.
    NewEpoch,
}

impl Sync {
    pub(crate) const fn new(snapshot: &Snapshot) -> Self {
        Self {
            epoch: snapshot.epoch,
            pushed: snapshot.seq,
            seen: snapshot.seq,
            asked: None,
        }
    }

    /// The state shown has all changes up to this one.
    pub(crate) const fn seen(&self) -> u64 {
        self.seen
    }

    pub(crate) fn pushed(&mut self, status: &NotifyStatus) -> Verdict {
        if status.epoch != self.epoch {
            return Verdict::NewEpoch;
        }
        // A board may or may not count an answer to `Device.GetStatus` as sent
        // to this client: both are no gap.
        let gap = !(self.pushed..=self.seen).contains(&status.prev);
        let old = status.seq <= self.seen && !gap;
        self.pushed = status.seq;
        if let Some(asked) = &mut self.asked {
            if asked.since.len() == KEPT {
                asked.at_least = asked
                    .since
                    .pop_front()
                    .map_or(0, |dropped| dropped.seq)
                    .max(asked.at_least);
            }
            asked.since.push_back(status.clone());
        }
        if old {
            return Verdict::Old;
        }
        self.seen = self.seen.max(status.seq);
        if gap {
            Verdict::AfterGap {
                ask: self.ask(status.seq),
            }
        } else {
            Verdict::Next
        }
    }

    /// Something came that could not be read; whether to ask for the whole
    /// state now.
    pub(crate) fn miss(&mut self) -> bool {
        self.ask(self.seen)
    }

    /// The whole state came: lays the newer pushes over it, and says whether
    /// and why it has to be asked for once more.
    pub(crate) fn answered(&mut self, snapshot: &mut Snapshot) -> Option<ResyncCause> {
        let asked = self.asked.take().unwrap_or_default();
        if snapshot.epoch != self.epoch {
            return Some(ResyncCause::NewEpoch);
        }
        for newer in asked
            .since
            .into_iter()
            .filter(|status| status.seq > snapshot.seq)
        {
            for (key, change) in newer.components {
                snapshot.components.entry(key).or_default().merge(&change);
            }
        }
        self.seen = self.seen.max(snapshot.seq);
        let too_old = snapshot.seq < asked.at_least && !asked.again;
        if too_old {
            self.asked = Some(Asked {
                at_least: asked.at_least,
                again: true,
                ..Asked::default()
            });
        }
        too_old.then_some(ResyncCause::Gap)
    }

    fn ask(&mut self, at_least: u64) -> bool {
        match &mut self.asked {
            Some(asked) => {
                asked.at_least = asked.at_least.max(at_least);
                false
            }
            None => {
                self.asked = Some(Asked {
                    at_least,
                    ..Asked::default()
                });
                true
            }
        }
    }
}
