//! Commands that wait for a message that confirms or refuses them.

use protocol::{Code, Id, RpcError, limits};
use web_time::Instant;

/// The most that wait: bounded by the session, which sends few.
const MOST: usize = 64;

/// Commands, each with what it waits for.
#[derive(Debug)]
pub(crate) struct Waiting<T>(Vec<Command<T>>);

#[derive(Debug)]
struct Command<T> {
    id: Option<Id>,
    awaited: T,
    /// The session has reported it as unconfirmed by then.
    until: Instant,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Waiting<T> {
    /// Forgets commands that were reported as unconfirmed.
    ///
    /// # Errors
    /// If there is no room for another command.
    pub(crate) fn check_room(&mut self, now: Instant) -> Result<(), RpcError> {
        self.0.retain(|command| now < command.until);
        if self.0.len() < MOST {
            return Ok(());
        }
        let message = "too many commands wait for an answer";
        Err(RpcError::new(
            Code::ResourceExhausted,
            "too_many_commands",
            message,
        ))
    }

    /// Adds a command that is sent now.
    pub(crate) fn add(&mut self, now: Instant, id: Option<Id>, awaited: T) {
        self.0.push(Command {
            id,
            awaited,
            until: now + limits::COMMAND_TIMEOUT,
        });
    }

    /// Takes the commands that wait for this.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        is_it: impl Fn(&T) -> bool,
    ) -> Vec<(Option<Id>, T)> {
        let (taken, others) = std::mem::take(&mut self.0)
            .into_iter()
            .filter(|command| now < command.until)
            .partition::<Vec<_>, _>(|command| is_it(&command.awaited));
        self.0 = others;
        let taken = taken.into_iter();
        taken.map(|command| (command.id, command.awaited)).collect()
    }

    /// What they wait for.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|command| &command.awaited)
    }

    /// What they wait for, to be changed.
    pub(crate) fn awaited_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|command| &mut command.awaited)
    }
}
