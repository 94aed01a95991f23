//! Changes at the board that are pushed together: those of one moment, and
//! those that follow within [`limits::BATCH`].

use alloc::collections::BTreeMap;
use core::time::Duration;

use protocol::{ComponentKey, NotifyStatus, State, limits};

use crate::{Core, Hardware, client::Cause, text};

/// The fields that changed, by component.
pub(crate) type Changes = BTreeMap<ComponentKey, State>;

/// Changes that were not pushed yet. They are already in the states of the
/// components.
#[derive(Default)]
pub(crate) struct Batch {
    waiting: Option<Waiting>,
    /// No batch is due earlier: [`limits::BATCH`] after the last one.
    earliest: Duration,
}

struct Waiting {
    due: Duration,
    changes: Changes,
    cause: Cause,
}

impl Batch {
    /// When it must be pushed.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.waiting.as_ref().map(|waiting| waiting.due)
    }

    fn add(&mut self, since: Duration, key: ComponentKey, change: &State, cause: &Cause) {
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            due: since.max(self.earliest),
            changes: Changes::new(),
            cause: cause.clone(),
        });
        waiting.cause.join(cause);
        waiting.changes.entry(key).or_default().merge(change);
    }

    fn take(&mut self, now: Duration) -> Option<Waiting> {
        let waiting = self.waiting.take()?;
        // Counted from when it was due: a late timer must not postpone all
        // batches that follow.
        self.earliest = now.min(waiting.due) + limits::BATCH;
        Some(waiting)
    }
}

impl<H: Hardware> Core<H> {
    /// Adds a change to the batch, which is pushed in [`Self::end_batch`] at
    /// the earliest: what the driver reports until then is in one push. `since`
    /// is when the change was due: before now if the timer is late.
    pub(crate) fn add_to_batch(
        &mut self,
        since: Duration,
        key: ComponentKey,
        change: &State,
        cause: &Cause,
    ) {
        self.components.batch.add(since, key, change, cause);
    }

    /// Pushes the batch if it is due.
    pub(crate) fn end_batch(&mut self, now: Duration) {
        if self.components.batch.due().is_some_and(|due| due <= now) {
            self.flush(now);
        }
    }

    /// Pushes the batch, so that `seq` identifies the state of every component.
    pub(crate) fn flush(&mut self, now: Duration) {
        if let Some(waiting) = self.components.batch.take(now) {
            self.push(now, waiting.changes, &waiting.cause);
        }
    }

    /// Pushes changes at once.
    pub(crate) fn push(&mut self, now: Duration, components: Changes, cause: &Cause) {
        self.components.seq += 1;
        let status = NotifyStatus {
            epoch: self.components.epoch,
            prev: 0,
            seq: self.components.seq,
            uptime_ms: text::millis(now),
            source: cause.clone().source(),
            components,
        };
        self.connections.clients.push_status(&status, cause);
    }
}
