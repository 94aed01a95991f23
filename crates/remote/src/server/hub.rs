//! What the sessions of a server share: the fleet, who is connected, and what
//! any of them follows.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fleet::{BoardKey, Fleet, Urgency};
use keys::Role;
use protocol::LogFilter;

use super::{Session, acts::Acts};
use crate::{
    Refusal,
    wire::{self, Hello},
};

/// Wakes the task that sends a session's messages.
pub(super) type Wake = Arc<dyn Fn(Urgency) + Send + Sync>;

/// What the sessions of a server share.
pub struct Hub {
    fleet: Arc<Fleet>,
    run: u64,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    next: u32,
    members: BTreeMap<u32, Member>,
    pub(super) acts: Acts,
    logs: BTreeMap<BoardKey, BTreeMap<u32, LogFilter>>,
    previews: BTreeMap<BoardKey, Vec<u32>>,
}

struct Member {
    name: String,
    address: SocketAddr,
    control: bool,
    manages: bool,
    wake: Wake,
    /// What it was not told yet.
    untold: Untold,
}

/// What a session was not told yet.
#[derive(Debug, Default)]
pub(super) struct Untold {
    pub(super) ended: Option<Refusal>,
    pub(super) sessions: bool,
    pub(super) page: Option<String>,
}

impl Hub {
    /// The most sessions, unless another number is given.
    pub const SESSIONS: usize = 64;

    /// A server of this fleet, with at most this many sessions.
    pub fn new(fleet: Arc<Fleet>, most: usize) -> Arc<Self> {
        Arc::new(Self {
            fleet,
            run: RandomState::new().hash_one("run"),
            most,
            state: Mutex::default(),
        })
    }

    /// The fleet.
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.lock().members.len()
    }

    /// Another number if the server was started again.
    pub(super) fn run(&self) -> u64 {
        self.run
    }

    /// Admits a window that has proved its role: `View` sees everything, and
    /// controls boards once someone grants it; `Control` also manages sessions.
    /// `wake` is called from any
    /// thread when [`Session::next_step`] has something; it must not block.
    ///
    /// # Errors
    /// [`Refusal::Full`].
    pub fn enter(
        self: &Arc<Self>,
        hello: &Hello,
        role: Role,
        address: SocketAddr,
        wake: impl Fn(Urgency) + Send + Sync + 'static,
    ) -> Result<Session, Refusal> {
        let wake: Wake = Arc::new(wake);
        let number = {
            let mut state = self.lock();
            if state.members.len() >= self.most {
                return Err(Refusal::Full);
            }
            state.next += 1;
            let number = state.next;
            let manages = role == Role::Control;
            let member = Member {
                name: hello.person().unwrap_or_else(|| format!("Guest {number}")),
                address,
                control: manages,
                manages,
                wake: Arc::clone(&wake),
                untold: Untold::default(),
            };
            state.members.insert(number, member);
            number
        };
        self.sessions_changed();
        Ok(Session::new(Arc::clone(self), number, wake))
    }

    /// Ends every session.
    pub fn end_all(&self, why: Refusal) {
        let numbers: Vec<u32> = self.lock().members.keys().copied().collect();
        for number in numbers {
            self.end(number, why);
        }
    }

    /// Ends a session.
    pub(super) fn end(&self, number: u32, why: Refusal) {
        self.tell(number, |untold| untold.ended = Some(why));
    }

    /// Lets a session control boards, or no longer. One that manages keeps
    /// control.
    pub(super) fn grant(&self, number: u32, control: bool) {
        let known = {
            let mut state = self.lock();
            let member = state.members.get_mut(&number);
            member.filter(|member| !member.manages).map(|member| {
                member.control = control;
            })
        };
        if known.is_some() {
            self.sessions_changed();
        }
    }

    /// Shows a page to everyone else.
    pub(super) fn show_page(&self, by: u32, page: &str) {
        let others: Vec<u32> = self.lock().members.keys().copied().collect();
        for number in others.into_iter().filter(|number| *number != by) {
            self.tell(number, |untold| untold.page = Some(page.to_owned()));
        }
    }

    /// A session has ended.
    pub(super) fn leave(&self, number: u32) {
        let (logs, previews) = {
            let mut state = self.lock();
            state.members.remove(&number);
            let followed = |boards: &BTreeMap<BoardKey, BTreeMap<u32, LogFilter>>| {
                let of_it = boards.iter().filter(|(_, by)| by.contains_key(&number));
                of_it.map(|(board, _)| *board).collect::<Vec<_>>()
            };
            let previews = state.previews.iter();
            let previews = previews.filter(|(_, by)| by.contains(&number));
            let previews: Vec<_> = previews.map(|(board, _)| *board).collect();
            (followed(&state.logs), previews)
        };
        for board in logs {
            self.follow_log(number, board, LogFilter::Off);
        }
        for board in previews {
            self.follow_preview(number, board, false);
        }
        self.sessions_changed();
    }

    /// Follows a board's log as the session that wants most.
    pub(super) fn follow_log(&self, number: u32, board: BoardKey, wanted: LogFilter) {
        if self.fleet.board(board).is_none() {
            return;
        }
        let most = {
            let mut state = self.lock();
            let by = state.logs.entry(board).or_default();
            match wanted {
                LogFilter::Off => by.remove(&number),
                wanted => by.insert(number, wanted),
            };
            let levels = by.values().filter_map(|filter| match filter {
                LogFilter::UpTo(level) => Some(*level),
                LogFilter::Off => None,
            });
            levels.max().map_or(LogFilter::Off, LogFilter::UpTo)
        };
        self.fleet.follow_log(board, most);
    }

    /// Follows a preview as long as any session wants it.
    pub(super) fn follow_preview(&self, number: u32, board: BoardKey, wanted: bool) {
        if self.fleet.board(board).is_none() {
            return;
        }
        let any = {
            let mut state = self.lock();
            let by = state.previews.entry(board).or_default();
            by.retain(|one| *one != number);
            if wanted {
                by.push(number);
            }
            !by.is_empty()
        };
        self.fleet.follow_preview(board, any);
    }

    /// Whether a session may command boards, and whether it manages others.
    pub(super) fn access(&self, number: u32) -> (bool, bool) {
        let state = self.lock();
        let member = state.members.get(&number);
        member.map_or((false, false), |member| (member.control, member.manages))
    }

    /// A board was removed.
    pub(super) fn forget(&self, board: BoardKey) {
        let mut state = self.lock();
        state.acts.forget(board);
        state.logs.remove(&board);
        state.previews.remove(&board);
    }

    /// The name of a session's person.
    pub(super) fn name(&self, number: u32) -> String {
        let state = self.lock();
        let member = state.members.get(&number);
        member.map(|member| member.name.clone()).unwrap_or_default()
    }

    /// Takes what a session was not told yet.
    pub(super) fn untold(&self, number: u32) -> Untold {
        let mut state = self.lock();
        let member = state.members.get_mut(&number);
        member.map_or_else(Untold::default, |member| std::mem::take(&mut member.untold))
    }

    /// Everyone who is connected, as it is sent.
    pub(super) fn all(&self) -> Vec<wire::Session> {
        let state = self.lock();
        let members = state.members.iter();
        members
            .map(|(number, member)| wire::Session {
                number: *number,
                name: member.name.clone(),
                address: member.address.ip().to_string(),
                control: member.control,
                manages: member.manages,
            })
            .collect()
    }

    fn sessions_changed(&self) {
        let numbers: Vec<u32> = self.lock().members.keys().copied().collect();
        for number in numbers {
            self.tell(number, |untold| untold.sessions = true);
        }
    }

    fn tell(&self, number: u32, tell: impl FnOnce(&mut Untold)) {
        let wake = {
            let mut state = self.lock();
            let Some(member) = state.members.get_mut(&number) else {
                return;
            };
            tell(&mut member.untold);
            Arc::clone(&member.wake)
        };
        wake(Urgency::Prompt);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half done: each change is one insertion or
        // removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
