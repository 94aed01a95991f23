//! Decides from `epoch`, `prev` and `seq` whether a push is the next one,
//! whether one was missed, and which pushes still apply on top of a whole
//! state. Sends nothing itself.

use std::collections::VecDeque;

use protocol::{Epoch, NotifyStatus, Snapshot};

use super::state::ResyncCause;

/// Pushes that are kept while the whole state is requested.
const KEPT: usize = 32;

/// Which of a board's changes are known.
#[derive(Debug)]
pub(crate) struct Sync {
    epoch: Epoch,
    /// The last `seq` that was pushed, from which the board makes its next
    /// `prev`.
    pushed: u64,
    /// The `seq` of the state that is shown; beyond `pushed` after a
    /// `Device.GetStatus`.
    seen: u64,
    requested: Option<StatusRequest>,
}

/// The whole state is requested.
#[derive(Debug, Default)]
struct StatusRequest {
    /// Pushes since then: those newer than the response are applied on top of
    /// it.
    since: VecDeque<NotifyStatus>,
    /// The response has to be at least this new to fill every gap.
    at_least: u64,
    /// The previous response was too old. There is no third request, because a
    /// board that contradicts itself would be polled for good.
    repeated: bool,
}

/// How a push relates to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The next one.
    Next,
    /// New, but a push before it was missed.
    AfterGap {
        /// Whether the whole state has to be requested; otherwise it already
        /// is.
        resync: bool,
    },
    /// Already contained in what is known.
    Old,
    /// From another run of the board.
    NewEpoch,
}

impl Sync {
    pub(crate) const fn new(snapshot: &Snapshot) -> Self {
        Self {
            epoch: snapshot.epoch,
            pushed: snapshot.seq,
            seen: snapshot.seq,
            requested: None,
        }
    }

    /// The state shown contains all changes up to this one.
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
        if let Some(request) = &mut self.requested {
            if request.since.len() == KEPT {
                request.at_least = request
                    .since
                    .pop_front()
                    .map_or(0, |dropped| dropped.seq)
                    .max(request.at_least);
            }
            request.since.push_back(status.clone());
        }
        if old {
            return Verdict::Old;
        }
        self.seen = self.seen.max(status.seq);
        if gap {
            Verdict::AfterGap {
                resync: self.request(status.seq),
            }
        } else {
            Verdict::Next
        }
    }

    /// A message could not be read; whether the whole state has to be requested
    /// now.
    pub(crate) fn miss(&mut self) -> bool {
        self.request(self.seen)
    }

    /// Applies newer pushes to the whole state that arrived, and returns
    /// whether and why it has to be requested once more.
    pub(crate) fn answered(&mut self, snapshot: &mut Snapshot) -> Option<ResyncCause> {
        let request = self.requested.take().unwrap_or_default();
        if snapshot.epoch != self.epoch {
            return Some(ResyncCause::NewEpoch);
        }
        for newer in request
            .since
            .into_iter()
            .filter(|status| status.seq > snapshot.seq)
        {
            for (key, change) in newer.components {
                snapshot.components.entry(key).or_default().merge(&change);
            }
        }
        self.seen = self.seen.max(snapshot.seq);
        let too_old = snapshot.seq < request.at_least && !request.repeated;
        if too_old {
            self.requested = Some(StatusRequest {
                at_least: request.at_least,
                repeated: true,
                ..StatusRequest::default()
            });
        }
        too_old.then_some(ResyncCause::Gap)
    }

    fn request(&mut self, at_least: u64) -> bool {
        match &mut self.requested {
            Some(request) => {
                request.at_least = request.at_least.max(at_least);
                false
            }
            None => {
                self.requested = Some(StatusRequest {
                    at_least,
                    ..StatusRequest::default()
                });
                true
            }
        }
    }
}
