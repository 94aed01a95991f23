//! The server's side of one window: what it asks is carried out, and what it is
//! told is the newest. A window that reads slowly gets fewer messages, never
//! older ones.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use fleet::{
    BoardKey, BoardView, Changes, FleetStatus, ImageSource, Listening, LogEntry, LogEvent, Outcome,
    Reply, Shown, Trigger, Urgency, Watch,
};
use protocol::{Code, ComponentKey, LogFilter, RpcError, method};
use web_time::Instant;

use super::{
    hub::{Hub, Wake},
    part::{Asked, Sent},
};
use crate::{
    Refusal,
    wire::{
        self, Clocks, Entry, Event, FromServer, FromWindow, IMAGE, Json, Shows, Time, Welcome,
        decode, encode,
        event::{level, sent_origin},
    },
};

/// A message with changes is ended once it has this many bytes.
const ENOUGH: usize = 128 << 10;

/// How many readings of one drain are sent: a slow window gets the newest.
const READINGS: usize = 100;

/// What only those who manage the server may call, also if they were granted
/// control: it would outlast their session.
const MANAGED: [&str; 7] = [
    method::DEVICE_FACTORY_RESET,
    method::KEYS_ADD,
    method::KEYS_REMOVE,
    method::OTA_BEGIN,
    method::OTA_WRITE,
    method::OTA_COMMIT,
    method::OUTBOUND_SET,
];

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
    answers: Arc<Mutex<Vec<(u64, Outcome)>>>,
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

    /// Takes a message of the window.
    ///
    /// # Errors
    /// It is no message of a window: the session must end with this.
    pub fn receive(&mut self, message: &[u8]) -> Result<(), Refusal> {
        let message: FromWindow = decode(message).map_err(|_| Refusal::NotAMessage)?;
        match message {
            FromWindow::Hello(_) => return Err(Refusal::NotAMessage),
            FromWindow::Shows(shows) => self.shows(shows)?,
            FromWindow::Set {
                request,
                board,
                component,
                change,
            } => {
                let (board, component) = (BoardKey(board), key(&component)?);
                let reply = self.reply(request);
                if let Some(reply) = self.allowed(board, Some(&component), None, reply) {
                    self.hub.fleet().set(board, &component, change.0, reply);
                }
            }
            FromWindow::Toggle {
                request,
                board,
                component,
            } => {
                let (board, component) = (BoardKey(board), key(&component)?);
                let reply = self.reply(request);
                if let Some(reply) = self.allowed(board, Some(&component), None, reply) {
                    self.hub.fleet().toggle(board, &component, reply);
                }
            }
            FromWindow::Call {
                request,
                board,
                component,
                method,
                params,
            } => {
                let board = BoardKey(board);
                let component = component.as_deref().map(key).transpose()?;
                let reply = self.reply(request);
                let allowed = self.allowed(board, component.as_ref(), Some(&method), reply);
                if let Some(reply) = allowed {
                    self.call(board, component, &method, params, reply);
                }
            }
            FromWindow::Add { request, address } => self.add(request, &address),
            FromWindow::Connect(board) if self.controls() => {
                self.hub.fleet().connect(BoardKey(board));
            }
            FromWindow::RetryNow(board) if self.controls() => {
                self.hub.fleet().retry_now(BoardKey(board));
            }
            FromWindow::CancelUpdate(board) if self.manages() => {
                self.hub.fleet().cancel_update(BoardKey(board));
            }
            FromWindow::FollowLog(board, wanted) => {
                let wanted = match wanted {
                    Some(number) => LogFilter::UpTo(level(number).ok_or(Refusal::NotAMessage)?),
                    None => LogFilter::Off,
                };
                self.hub.follow_log(self.number, BoardKey(board), wanted);
            }
            FromWindow::FollowPreview(board, wanted) => {
                self.hub
                    .follow_preview(self.number, BoardKey(board), wanted);
            }
            FromWindow::FollowFrames(board, wanted) => self.follow_frames(BoardKey(board), wanted),
            FromWindow::Image(board, size) if self.manages() && size <= IMAGE => {
                self.image = Some((BoardKey(board), size, Vec::new()));
            }
            FromWindow::ImagePart(part) => self.image_part(&part)?,
            FromWindow::EndSession(number) if self.manages() => {
                self.hub.end(number, Refusal::Ended);
            }
            FromWindow::Grant(number, control) if self.manages() => {
                self.hub.grant(number, control);
            }
            FromWindow::ShowPage(page) if self.manages() => {
                self.hub.show_page(self.number, &page);
            }
            // A window offers none of these without the permission.
            FromWindow::Connect(_)
            | FromWindow::RetryNow(_)
            | FromWindow::CancelUpdate(_)
            | FromWindow::Image(..)
            | FromWindow::EndSession(_)
            | FromWindow::Grant(..)
            | FromWindow::ShowPage(_) => {
                log::info!("session {}: not allowed", self.number);
            }
        }
        Ok(())
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
        let answers = std::mem::take(&mut *lock(&self.answers));
        if !answers.is_empty() {
            let replies = answers.iter();
            let replies = replies.map(|(request, outcome)| (*request, outcome.into()));
            return send(&FromServer::Replies(replies.collect()));
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
            let part = {
                let state = self.hub.lock();
                let is_shown = self.shown.boards.contains(&view.key)
                    || self.shown.parts.contains_key(&view.key);
                let asked = Asked {
                    session: self.number,
                    acts: &state.acts,
                    now,
                    shown: is_shown,
                    health: self.shown.boards.contains(&view.key)
                        || self.shown.round_trips.contains(&view.key),
                };
                self.sent.part(&view, asked)
            };
            size += encode(&part).map_or(ENOUGH, |bytes| bytes.len());
            changes.boards.push(part);
        }
        // Entries follow the states of their boards.
        while self.boards.is_empty()
            && size < ENOUGH
            && let Some(entry) = self.log.pop_front()
        {
            if let Some(entry) = self.entry(&entry, now) {
                size += encode(&entry).map_or(ENOUGH, |bytes| bytes.len());
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

    /// What the window shows from now on.
    fn shows(&mut self, shows: Shows) -> Result<(), Refusal> {
        let boards = |boards: Vec<u32>| boards.into_iter().map(BoardKey).collect::<BTreeSet<_>>();
        let parts = shows.parts.into_iter().map(|(board, parts)| {
            let keys: Result<Vec<_>, _> = parts.iter().map(|part| key(part)).collect();
            Ok((BoardKey(board), keys?))
        });
        let shown = Shown {
            boards: boards(shows.boards),
            round_trips: boards(shows.round_trips),
            parts: parts.collect::<Result<_, Refusal>>()?,
            log: shows.log,
            news: shows.news,
        };
        // What was not sent while it was not shown.
        let begins = shown.boards.iter().chain(shown.parts.keys());
        let begins = begins.chain(&shown.round_trips).filter(|board| {
            let had = self.shown.boards.contains(board) || self.shown.round_trips.contains(board);
            !had || !self.sent.has_past(**board)
        });
        let begins: BTreeSet<BoardKey> = begins.copied().collect();
        let views = begins
            .iter()
            .filter_map(|board| self.hub.fleet().board(*board));
        self.boards.extend(views);
        self.watch.shows(shown.clone());
        self.shown = shown;
        (self.wake)(Urgency::Prompt);
        Ok(())
    }

    /// Calls a method, or what stands for it.
    fn call(
        &self,
        board: BoardKey,
        component: Option<ComponentKey>,
        method: &str,
        params: Json<protocol::Object>,
        reply: Reply,
    ) {
        let fleet = self.hub.fleet();
        match component {
            Some(component) if method == method::BUTTON_PRESS => {
                fleet.press(board, &component, reply);
            }
            Some(component) if let Some(trigger) = Trigger::of(method) => {
                fleet.trigger(board, &component, trigger, reply);
            }
            _ => fleet.call(board, method, params.0, reply),
        }
    }

    fn add(&mut self, request: u64, address: &str) {
        let added = match self.controls() {
            true => self
                .hub
                .fleet()
                .add_address(address)
                .map_err(|error| error.to_string()),
            false => Err(view_only().message),
        };
        let added = added.map(|board| board.0);
        self.added.push(FromServer::Added(request, added));
        (self.wake)(Urgency::Prompt);
    }

    fn follow_frames(&mut self, board: BoardKey, wanted: bool) {
        if !wanted {
            self.sent.following.remove(&board);
            return;
        }
        let Some(view) = self.hub.fleet().board(board) else {
            return;
        };
        let following = view.frames.follow();
        self.sent.following.insert(board, (following, 0));
        self.boards.push_back(view);
        (self.wake)(Urgency::Prompt);
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
        if !frames.since(*next).is_empty()
            && !self.boards.iter().any(|view| view.key == board)
            && let Some(view) = self.hub.fleet().board(board)
        {
            self.boards.push_back(view);
        }
    }

    fn image_part(&mut self, part: &[u8]) -> Result<(), Refusal> {
        // What follows an image that was not allowed.
        let Some((board, size, mut bytes)) = self.image.take() else {
            return Ok(());
        };
        bytes.extend_from_slice(part);
        match bytes
            .len()
            .cmp(&usize::try_from(size).unwrap_or(usize::MAX))
        {
            std::cmp::Ordering::Less => self.image = Some((board, size, bytes)),
            std::cmp::Ordering::Equal => {
                self.hub.fleet().update(board, ImageSource::Bytes(bytes));
            }
            std::cmp::Ordering::Greater => return Err(Refusal::NotAMessage),
        }
        Ok(())
    }

    /// The reply of a command, if the session may give it; it is refused
    /// otherwise.
    fn allowed(
        &self,
        board: BoardKey,
        component: Option<&ComponentKey>,
        method: Option<&str>,
        reply: Reply,
    ) -> Option<Reply> {
        let (controls, manages) = self.hub.access(self.number);
        let managed = method.is_some_and(|method| MANAGED.contains(&method));
        if !controls || (managed && !manages) {
            if let Some(reply) = reply {
                reply(Outcome::Refused(match controls {
                    false => view_only(),
                    true => forbidden("only someone who manages the server may do this"),
                }));
            }
            return None;
        }
        // What does not exist cannot change, and would be remembered for ever.
        let exists = |view: &Arc<BoardView>| {
            component.is_none_or(|component| view.component(component).is_some())
        };
        if self.hub.fleet().board(board).as_ref().is_some_and(exists) {
            let (name, at) = (self.hub.name(self.number), self.hub.fleet().clock().now());
            let acts = &mut self.hub.lock().acts;
            acts.add(board, component.cloned(), self.number, &name, at);
        }
        Some(reply)
    }

    fn reply(&self, request: u64) -> Reply {
        let (answers, wake) = (Arc::clone(&self.answers), Arc::clone(&self.wake));
        Some(Box::new(move |outcome| {
            lock(&answers).push((request, outcome));
            wake(Urgency::Prompt);
        }))
    }

    fn controls(&self) -> bool {
        self.hub.access(self.number).0
    }

    fn manages(&self) -> bool {
        self.hub.access(self.number).1
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

fn key(text: &str) -> Result<ComponentKey, Refusal> {
    text.parse().map_err(|_| Refusal::NotAMessage)
}

fn view_only() -> RpcError {
    forbidden("this window may only view: ask the person who runs the server for control")
}

fn forbidden(message: &str) -> RpcError {
    RpcError::new(Code::Forbidden, "view_only", message.to_owned())
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
