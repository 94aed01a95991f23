//! Records the measurements of one follower.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::{
    FollowError,
    detection::Observation,
    measurements::{FollowerMeasurements, Measurements},
};
use net::client::Traffic;

/// Maximum number of entries per list; later ones are dropped. A poll every 10
/// ms for ten minutes fits.
const MAX_ENTRIES: usize = 100_000;

/// Measurements shared by followers and readers.
pub(super) type Shared = Arc<Mutex<Measurements>>;

/// Locks the measurements.
pub(super) fn lock(record: &Shared) -> MutexGuard<'_, Measurements> {
    // A panic cannot leave plain data inconsistent.
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a follower records its measurements.
pub(super) struct Recorder {
    record: Shared,
    /// Index of the follower.
    place: usize,
    started: Instant,
    components: BTreeSet<ComponentKey>,
}

impl Recorder {
    pub(super) fn new(
        record: Shared,
        place: usize,
        started: Instant,
        components: BTreeSet<ComponentKey>,
    ) -> Self {
        Self {
            record,
            place,
            started,
            components,
        }
    }

    /// Whether this component is observed.
    pub(super) fn follows(&self, component: &ComponentKey) -> bool {
        self.components.contains(component)
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        lock(&self.record)
            .followers
            .get(self.place)
            .map(|followed| Arc::clone(&followed.traffic))
            .unwrap_or_default()
    }

    pub(super) fn connected(&self, took: Duration) {
        self.write(|followed, _| push(&mut followed.connects, took));
    }

    pub(super) fn asked(&self) {
        self.write(|followed, at| push(&mut followed.requests, at));
    }

    pub(super) fn told(&self, seq: u64, changed: bool) {
        self.write(|followed, at| {
            push(&mut followed.observations, Observation { at, seq, changed });
        });
    }

    pub(super) fn failed(&self, trouble: &FollowError) {
        self.write(|followed, _| {
            followed.failed += 1;
            followed.problem = Some(trouble.to_string());
        });
    }

    fn write(&self, note: impl FnOnce(&mut FollowerMeasurements, Duration)) {
        let mut record = lock(&self.record);
        record.revision += 1;
        if let Some(followed) = record.followers.get_mut(self.place) {
            note(followed, self.started.elapsed());
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MAX_ENTRIES {
        list.push(item);
    }
}
