//! The server's side of one window: what it asks is carried out, and what it is
//! told is the newest. A window that reads slowly gets fewer messages, never
//! older ones.

mod asked;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use fleet::{
    BoardKey, BoardView, Changes, FleetStatus, Listening, LogEntry, LogEvent, Outcome, Shown,
    Urgency, Watch,
};
use web_time::Instant;

use super::{
    hub::{Hub, Wake},
    part::{Asked, Sent},
};
use crate::{
    Refusal,
    wire::{self, Clocks, Entry, Event, FromServer, Time, Welcome, encode, event::sent_origin},
};

/// A message is ended once it has this many bytes.
const ENOUGH: usize = 128 << 10;

/// How many readings of one drain are sent: a slow window gets the newest.
const READINGS: usize = 100;

/// The next thing to do for a window.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Send this message.
    Send(Vec<u8>),
    /// Close the connection.
    End(Refusal),
}

/// One window of a server. On drop it has left.
pub struct Session {
    hub: Arc<Hub>,
    number: u32,
    wake: Wake,
    watch: Watch,
    welcomed: bool,
    /// What is not sent yet, of what was drained.
    boards: VecDeque<Arc<BoardView>>,
    log: VecDeque<Arc<LogEntry>>,
    forgotten: Vec<BoardKey>,
    missed: u64,
    status: Option<FleetStatus>,
    /// Whether the window has, or will have, every board with what waits.
    complete: bool,
    sent: Sent,
    shown: Shown,
    /// Outcomes of commands and added boards, which wait.
    answers: Arc<Mutex<VecDeque<(u64, Outcome)>>>,
    added: Vec<FromServer>,
    /// The image that is being received: its board, its size and its bytes.
    image: Option<(BoardKey, u32, Vec<u8>)>,
    still_here: bool,
}

impl Session {
    pub(super) fn new(hub: Arc<Hub>, number: u32, wake: Wake) -> Self {
        let woken = Arc::clone(&wake);
        let mut watch = hub.fleet().watch(move |urgency| woken(urgency));
        let Changes { boards, status, .. } = watch.drain();
        Self {
            hub,
            number,
            wake,
            watch,
            welcomed: false,
            boards: boards.into(),
            log: VecDeque::new(),
            forgotten: Vec::new(),
            missed: 0,
            status,
            complete: false,
            sent: Sent::default(),
            shown: Shown::default(),
            answers: Arc::default(),
            added: Vec::new(),
            image: None,
            still_here: false,
        }
    }

    /// Its number, for logs.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The window is told that the server is still there, if nothing else is
    /// sent.
    pub fn beat(&mut self) {
        self.still_here = true;
    }

    /// What is to be done next; `None` until the session is woken. To be called
    /// only once what was returned before is written to the socket: then a slow
    /// window gets the newest states.
    pub fn next_step(&mut self) -> Option<Next> {
        let message = self.next_message();
        if let Some(Next::Send(_)) = &message {
            self.still_here = false;
        }
        message
    }

    fn next_message(&mut self) -> Option<Next> {
        if !self.welcomed {
            self.welcomed = true;
            let (_, manages) = self.hub.access(self.number);
            return send(&FromServer::Welcome(Welcome {
                version: wire::VERSION,
                run: self.hub.run(),
                number: self.number,
                manages,
                clocks: self.clocks(),
            }));
        }
        let untold = self.hub.untold(self.number);
        if let Some(why) = untold.ended {
            return Some(Next::End(why));
        }
        if let Some(page) = untold.page {
            self.added.push(FromServer::ShowPage(page));
        }
        if untold.sessions {
            let (control, _) = self.hub.access(self.number);
            return self.first_of(FromServer::Sessions {
                all: self.hub.all(),
                control,
            });
        }
        if !self.added.is_empty() {
            return send(&self.added.remove(0));
        }
        // States before outcomes: with an outcome, its effect is known.
        if let Some(changes) = self.changes() {
            return send(&FromServer::Changes(changes));
        }
        let replies = self.replies();
        if !replies.is_empty() {
            return send(&FromServer::Replies(replies));
        }
        std::mem::take(&mut self.still_here)
            .then(|| send(&FromServer::StillHere(self.clocks())))
            .flatten()
    }

    /// This message; what was to be sent before it comes first.
    fn first_of(&mut self, message: FromServer) -> Option<Next> {
        self.added.push(message);
        send(&self.added.remove(0))
    }

    /// The next message with changes, if there are any.
    fn changes(&mut self) -> Option<wire::Changes> {
        if self.boards.is_empty() && self.log.is_empty() {
            let Changes {
                boards,
                forgotten,
                log,
                missed,
                status,
            } = self.watch.drain();
            self.boards.extend(boards);
            self.missed += self.add_entries(log);
            self.forgotten.extend(forgotten);
            self.missed += missed;
            self.status = status.or(self.status.take());
            let followed: Vec<BoardKey> = self.sent.following.keys().copied().collect();
            for board in followed {
                self.add_frames_of(board);
            }
        }
        let now = Instant::now();
        let (mut changes, mut size) = (wire::Changes::default(), 0);
        for board in std::mem::take(&mut self.forgotten) {
            self.hub.forget(board);
            if self.sent.forget(board) {
                changes.forgotten.push(board.0);
            }
        }
        changes.status = self.status.take().as_ref().map(status);
        changes.missed = std::mem::take(&mut self.missed);
        while size < ENOUGH
            && let Some(view) = self.boards.pop_front()
        {
            let shown = &self.shown;
            let (part, more) = self.sent.part(
                &view,
                Asked {
                    session: self.number,
                    acts: &self.hub.lock().acts,
                    now,
                    shown: shown.boards.contains(&view.key) || shown.parts.contains_key(&view.key),
                    health: shown.boards.contains(&view.key)
                        || shown.round_trips.contains(&view.key),
                },
            );
            size += wire::size(&part);
            changes.boards.push(part);
            if more {
                self.add_board(view.key);
            }
        }
        // Entries follow the states of their boards.
        while self.boards.is_empty()
            && size < ENOUGH
            && let Some(entry) = self.log.pop_front()
        {
            if let Some(entry) = self.entry(&entry, now) {
                size += wire::size(&entry);
                changes.log.push(entry);
            }
        }
        if !self.complete && self.boards.is_empty() {
            (self.complete, changes.complete) = (true, true);
            return Some(changes);
        }
        let empty = changes.boards.is_empty()
            && changes.forgotten.is_empty()
            && changes.log.is_empty()
            && changes.missed == 0
            && changes.status.is_none();
        (!empty).then_some(changes)
    }

    /// The oldest outcomes that the window does not have.
    fn replies(&self) -> Vec<(u64, wire::Result)> {
        let mut answers = lock(&self.answers);
        let mut size = 0;
        let mut replies = Vec::new();
        while size < ENOUGH
            && let Some((request, outcome)) = answers.pop_front()
        {
            let reply = (request, wire::Result::from(&outcome));
            size += wire::size(&reply);
            replies.push(reply);
        }
        replies
    }

    /// Has entries sent, without the oldest of many readings; returns how many
    /// are left out.
    fn add_entries(&mut self, entries: Vec<Arc<LogEntry>>) -> u64 {
        let is_reading = |entry: &&Arc<LogEntry>| entry.what.is_reading();
        let readings = entries.iter().filter(is_reading).count();
        let mut over = readings.saturating_sub(READINGS);
        let before = entries.len();
        let kept = entries.into_iter().filter(|entry| {
            let dropped = over > 0 && entry.what.is_reading();
            over -= usize::from(dropped);
            !dropped
        });
        let had = self.log.len();
        self.log.extend(kept);
        (before - (self.log.len() - had)) as u64
    }

    /// An entry as the window is told it; `None` if it is of no use there.
    /// Readings keep coming, and are sent only while they are shown.
    fn entry(&self, entry: &LogEntry, now: Instant) -> Option<Entry> {
        let shown = self.shown.log || self.shown.boards.contains(&entry.board);
        if entry.what.is_reading() && !shown {
            return None;
        }
        let state = self.hub.lock();
        if let LogEvent::Command { component, .. } = &entry.what {
            // What others command is told as what it changes.
            let by = state
                .acts
                .session(entry.board, component.as_ref(), entry.steady);
            if by != Some(self.number) {
                return None;
            }
        }
        let mut event = Event::new(&entry.what, now);
        if let Some(origin) = sent_origin(&mut event)
            && let Some(component) = entry.what.component()
        {
            let acts = &state.acts;
            *origin = acts.origin(entry.board, component, entry.steady, origin, self.number);
        }
        Some(Entry {
            at: entry.at.into(),
            steady: entry.steady.into(),
            board: entry.board.0,
            board_name: entry.board_name.to_string(),
            event,
        })
    }

    /// Has the newest state of a board sent, after what waits.
    fn add_board(&mut self, board: BoardKey) {
        if !self.boards.iter().any(|view| view.key == board)
            && let Some(view) = self.hub.fleet().board(board)
        {
            self.boards.push_back(view);
        }
    }

    /// Has the board sent if it has new frames; otherwise wakes the session
    /// with the next.
    fn add_frames_of(&mut self, board: BoardKey) {
        let Some((following, next)) = self.sent.following.get(&board) else {
            return;
        };
        let wake = Arc::clone(&self.wake);
        let frames = following.frames();
        frames.wake_with_next(self.number, move || wake(Urgency::Reading));
        if frames.next_number() > *next {
            self.add_board(board);
        }
    }

    fn clocks(&self) -> Clocks {
        let clock = self.hub.fleet().clock();
        let steady = clock.now();
        Clocks {
            steady: Time::from(steady),
            system: Time::from(clock.shown(steady)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hub.leave(self.number);
    }
}

fn send(message: &FromServer) -> Option<Next> {
    match encode(message) {
        Ok(bytes) => Some(Next::Send(bytes)),
        Err(error) => {
            log::error!("a message cannot be written: {error}");
            None
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status(status: &FleetStatus) -> wire::Status {
    let listening = match &status.listening {
        Listening::Off => None,
        Listening::At(address) => Some((address.to_string(), None)),
        Listening::Failed { address, problem } => {
            Some((address.to_string(), Some(problem.clone())))
        }
    };
    let brokers = status.brokers.iter().map(|broker| wire::Broker {
        address: broker.address.to_string(),
        state: match &broker.state {
            fleet::BrokerState::Connecting => None,
            fleet::BrokerState::Connected => Some(Ok(())),
            fleet::BrokerState::Failed {
                problem,
                refuses_login,
            } => Some(Err((problem.clone(), *refuses_login))),
        },
        boards: u32::try_from(broker.boards).unwrap_or(u32::MAX),
        refused: broker.refused.clone(),
    });
    wire::Status {
        discovery_problem: status.discovery_problem.clone(),
        resolving: status.resolving,
        listening,
        brokers: brokers.collect(),
    }
}
