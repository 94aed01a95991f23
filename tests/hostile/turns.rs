//! Lets a test run alone if it measures what a target can still do at its
//! limit: other attacks at the same time would change the result.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

/// The attacks that run now.
struct Turns {
    shared: usize,
    alone: Option<ThreadId>,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns {
    shared: 0,
    alone: None,
});
static CHANGED: Condvar = Condvar::new();

/// Ends the turn when dropped.
pub(crate) enum Turn {
    /// With others.
    Shared,
    Alone,
    /// Within a turn alone.
    Within,
}

impl Turn {
    /// Waits while another test runs alone.
    pub(crate) fn shared() -> Self {
        let own = thread::current().id();
        let mut turns = wait_while(|turns| turns.alone.is_some_and(|alone| alone != own));
        if turns.alone.is_some() {
            return Self::Within;
        }
        turns.shared += 1;
        Self::Shared
    }

    /// Waits until no other test runs an attack; none begins one until this is
    /// dropped, except for this thread.
    pub(crate) fn alone() -> Self {
        let mut turns = wait_while(|turns| turns.shared > 0 || turns.alone.is_some());
        turns.alone = Some(thread::current().id());
        Self::Alone
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = locked();
        match self {
            Self::Shared => turns.shared -= 1,
            Self::Alone => turns.alone = None,
            Self::Within => return,
        }
        CHANGED.notify_all();
    }
}

fn wait_while(mut condition: impl FnMut(&Turns) -> bool) -> MutexGuard<'static, Turns> {
    CHANGED
        .wait_while(locked(), |turns| condition(turns))
        .unwrap_or_else(PoisonError::into_inner)
}

fn locked() -> MutexGuard<'static, Turns> {
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}
