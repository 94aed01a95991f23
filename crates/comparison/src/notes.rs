//! Writes down what one follower learns.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::{
    Trouble,
    judge::Sighting,
    record::{Followed, Record},
};
use net::client::Traffic;

/// So much is written down of one follower; what comes later is not. A poll
/// every 10 ms for ten minutes fits.
const MOST: usize = 100_000;

/// What several write down and faces look at.
pub(super) type Shared = Arc<Mutex<Record>>;

/// Looks at it.
pub(super) fn look(record: &Shared) -> MutexGuard<'_, Record> {
    // Whoever panicked left plain data behind.
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a follower writes.
pub(super) struct Notes {
    record: Shared,
    /// Its place among the followers.
    place: usize,
    begun: Instant,
    components: BTreeSet<ComponentKey>,
}

impl Notes {
    pub(super) fn new(
        record: Shared,
        place: usize,
        begun: Instant,
        components: BTreeSet<ComponentKey>,
    ) -> Self {
        Self {
            record,
            place,
            begun,
            components,
        }
    }

    /// Whether this component is what is followed.
    pub(super) fn follows(&self, component: &ComponentKey) -> bool {
        self.components.contains(component)
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        look(&self.record)
            .followers
            .get(self.place)
            .map(|followed| Arc::clone(&followed.traffic))
            .unwrap_or_default()
    }

    pub(super) fn connected(&self, took: Duration) {
        self.write(|followed, _| push(&mut followed.connects, took));
    }

    pub(super) fn asked(&self) {
        self.write(|followed, at| push(&mut followed.asked, at));
    }

    pub(super) fn told(&self, seq: u64, changed: bool) {
        self.write(|followed, at| push(&mut followed.sightings, Sighting { at, seq, changed }));
    }

    pub(super) fn failed(&self, trouble: &Trouble) {
        self.write(|followed, _| {
            followed.failed += 1;
            followed.problem = Some(trouble.to_string());
        });
    }

    fn write(&self, note: impl FnOnce(&mut Followed, Duration)) {
        let mut record = look(&self.record);
        record.edition += 1;
        if let Some(followed) = record.followers.get_mut(self.place) {
            note(followed, self.begun.elapsed());
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST {
        list.push(item);
    }
}
