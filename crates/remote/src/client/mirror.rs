//! What a window has of a server's fleet, without a socket: messages go in, and
//! others come out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fleet::{
    BoardChange, BoardKey, BoardView, BrokerState, BrokerStatus, Candidates, ChangeScope,
    FleetRequest, FleetStatus, Frames, ImageSource, LinkProblem, LinkState, Listening, LogEntry,
    Outcome, Published, Reply, ServerState, ServerStatus, SessionStatus, Shown, UpdateProblem,
    UpdateState,
};
use keys::Role;
use link::commands::Command;
use protocol::{LogFilter, State};
use web_time::Instant;

use super::{
    Server,
    apply::{self, components, head},
};
use crate::{
    Refusal,
    wire::{
        self, BoardPart, Changes, FromServer, FromWindow, Hello, IMAGE, IMAGE_PART, Json, Shows,
        VERSION, Welcome, WireError, decode, encode, event::level_number,
    },
};

/// Told which boards' frames are followed: the board, and whether.
pub(super) type OnFollow = Arc<dyn Fn(BoardKey, bool) + Send + Sync>;

/// What a window has of a server's fleet.
pub struct Mirror {
    published: Published,
    server: Server,
    /// The server's run, once it has said it.
    run: Option<u64>,
    /// Whether the server has accepted this window, on this connection.
    welcomed: bool,
    keys: HashMap<wire::Board, BoardKey>,
    numbers: HashMap<BoardKey, wire::Board>,
    views: HashMap<BoardKey, Arc<BoardView>>,
    /// Boards that were sent on this connection.
    seen: HashSet<BoardKey>,
    requests: u64,
    waiting: HashMap<u64, Reply>,
    /// Boards that are being added, until the server has answered: also those
    /// that are added before it is connected.
    adding: BTreeMap<u64, (BoardKey, String)>,
    shown: Option<Shown>,
    followed: BTreeSet<BoardKey>,
    on_follow: OnFollow,
    status: FleetStatus,
    pages: u64,
    refused: Option<Ending>,
    outgoing: Vec<FromWindow>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub why: String,
    /// There is no point in trying again until something changes.
    pub is_final: bool,
}

impl Mirror {
    /// An empty one, of this server. `on_follow` is told when the frames of a
    /// board begin and cease to be followed: see [`Mirror::follow_frames`].
    pub fn new(
        published: Published,
        server: Server,
        on_follow: impl Fn(BoardKey, bool) + Send + Sync + 'static,
    ) -> Self {
        let status = FleetStatus {
            server: Some(ServerStatus {
                address: server.address().to_owned(),
                state: ServerState::Connecting,
                access: Role::View,
                number: None,
                manages: false,
                sessions: Vec::new(),
                shown_page: None,
            }),
            ..FleetStatus::default()
        };
        published.status(status.clone());
        Self {
            published,
            server,
            run: None,
            welcomed: false,
            keys: HashMap::new(),
            numbers: HashMap::new(),
            views: HashMap::new(),
            seen: HashSet::new(),
            requests: 0,
            waiting: HashMap::new(),
            adding: BTreeMap::new(),
            shown: None,
            followed: BTreeSet::new(),
            on_follow: Arc::new(on_follow),
            status,
            pages: 0,
            refused: None,
            outgoing: Vec::new(),
        }
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A connection is being made.
    pub fn connecting(&mut self) {
        self.server_status(|server| server.state = ServerState::Connecting);
    }

    /// The WebSocket is open.
    pub fn opened(&mut self) {
        self.outgoing = vec![FromWindow::Hello(Hello {
            version: VERSION,
            token: self.server.token.clone(),
            name: self.server.name.clone(),
        })];
        self.seen.clear();
        self.say_shown();
    }

    /// The connection ended, or could not be made: why, and when it is tried
    /// again.
    pub fn lost(&mut self, problem: &str, retry_at: Option<Instant>) {
        self.welcomed = false;
        self.outgoing.clear();
        for (_, reply) in self.waiting.drain() {
            answer(reply, Outcome::LinkLost);
        }
        let (now, steady) = (Instant::now(), self.published.clock().now());
        let link = LinkState::Unreachable {
            problem: LinkProblem::Server(problem.to_owned()),
            retry_at,
        };
        for view in self.views.values_mut() {
            apply::lost(Arc::make_mut(view), link.clone(), now, steady);
            publish(&self.published, view, ChangeScope::Board, &[]);
        }
        self.server_status(|server| {
            server.state = ServerState::Lost {
                problem: problem.to_owned(),
                retry_at,
            };
            server.sessions.clear();
        });
    }

    /// What the server said before it ended the connection.
    pub fn refused(&mut self) -> Option<Ending> {
        self.refused.take()
    }

    /// Whether the server has accepted this window.
    pub fn is_connected(&self) -> bool {
        self.welcomed
    }

    /// Takes the messages that are to be sent now.
    pub fn outgoing(&mut self) -> Vec<Vec<u8>> {
        let messages = std::mem::take(&mut self.outgoing);
        let encoded = messages.iter().map(encode);
        encoded.filter_map(Result::ok).collect()
    }

    /// What is shown from now on.
    pub fn shows(&mut self, shown: Shown) {
        self.shown = Some(shown);
        if self.welcomed {
            self.say_shown();
        }
    }

    /// Follows the frames of a board from now on, or no longer.
    pub fn follow_frames(&mut self, board: BoardKey, wanted: bool) {
        match wanted {
            true => self.followed.insert(board),
            false => self.followed.remove(&board),
        };
        self.say(board, |board| FromWindow::FollowFrames(board, wanted));
    }

    /// Sends what a user of the fleet asks.
    pub fn request(&mut self, request: FleetRequest) {
        match request {
            FleetRequest::Command(board, command, reply) => self.command(board, command, reply),
            FleetRequest::Toggle(board, _, component, reply) => {
                self.ask(board, reply, |request, board| FromWindow::Toggle {
                    request,
                    board,
                    component: component.to_string(),
                });
            }
            FleetRequest::Add(key, address, family) => {
                let address = match family {
                    Some(family) => format!("{family}://{address}"),
                    None => address.to_string(),
                };
                self.requests += 1;
                self.adding.insert(self.requests, (key, address));
                self.say_added(self.requests);
            }
            FleetRequest::Connect(board) => self.say(board, FromWindow::Connect),
            FleetRequest::RetryNow(board) => self.say(board, FromWindow::RetryNow),
            FleetRequest::FollowLog(board, wanted) => {
                let wanted = match wanted {
                    LogFilter::Off => None,
                    LogFilter::UpTo(level) => Some(level_number(level)),
                };
                self.say(board, |board| FromWindow::FollowLog(board, wanted));
            }
            FleetRequest::FollowPreview(board, wanted) => {
                self.say(board, |board| FromWindow::FollowPreview(board, wanted));
            }
            FleetRequest::Update(board, _, ImageSource::Bytes(bytes)) => {
                self.update(board, Ok(bytes));
            }
            // A window reads its files itself: see `Mirror::update`.
            FleetRequest::Update(_, _, ImageSource::File(_)) => {}
            FleetRequest::CancelUpdate(board) => self.say(board, FromWindow::CancelUpdate),
            FleetRequest::EndSession(session) => {
                self.outgoing.push(FromWindow::EndSession(session));
            }
            FleetRequest::Grant(session, access) => {
                let control = access == Role::Control;
                self.outgoing.push(FromWindow::Grant(session, control));
            }
            FleetRequest::ShowPage(page) => self.outgoing.push(FromWindow::ShowPage(page)),
            // What the server keeps is not changed from here: keys, brokers,
            // where it listens, and which boards it knows.
            FleetRequest::Recall(..)
            | FleetRequest::Forget(_)
            | FleetRequest::Ignore(_)
            | FleetRequest::StopIgnoring(_)
            | FleetRequest::HoldKeys(_)
            | FleetRequest::GiveKeys(..)
            | FleetRequest::ForgetKey(_)
            | FleetRequest::Listen(_)
            | FleetRequest::AddBroker(_)
            | FleetRequest::RemoveBroker(_) => {}
            // For the connection.
            FleetRequest::Reconnect | FleetRequest::End => {}
        }
        if !self.welcomed {
            self.outgoing.clear();
        }
    }

    fn command(&mut self, board: BoardKey, command: Command, reply: Reply) {
        let Command {
            component,
            method,
            params,
            wanted,
            replaceable,
            refusal,
            ..
        } = command;
        if let Some(refusal) = refusal {
            return answer(reply, Outcome::Refused(refusal));
        }
        match component {
            Some(component) if replaceable => {
                let mut change = State::new();
                for (field, value) in params.into_iter().filter(|(field, _)| field != "id") {
                    change = change.with(&field, value);
                }
                if self.welcomed
                    && let Some(wanted) = wanted
                {
                    self.show_wanted(board, &component, &wanted);
                }
                self.ask(board, reply, |request, board| FromWindow::Set {
                    request,
                    board,
                    component: component.to_string(),
                    change: Json(change),
                });
            }
            component => self.ask(board, reply, |request, board| FromWindow::Call {
                request,
                board,
                component: component.map(|component| component.to_string()),
                method,
                params: Json(params),
            }),
        }
    }

    /// Shows a requested state at once, as a fleet of this computer does.
    fn show_wanted(&mut self, board: BoardKey, component: &protocol::ComponentKey, change: &State) {
        let Some(view) = self.views.get_mut(&board) else {
            return;
        };
        let at = view
            .components
            .iter()
            .position(|one| one.descriptor.key == *component);
        let Some(at) = at else {
            return;
        };
        let board = Arc::make_mut(view);
        if let Some(component) = board.components.get_mut(at) {
            let component = Arc::make_mut(component);
            let wanted = component.wanted.get_or_insert_default();
            wanted.merge(change);
            component.command = fleet::CommandState::Pending {
                since: Instant::now(),
            };
        }
        publish(&self.published, view, ChangeScope::Components, &[at]);
    }

    fn say_added(&mut self, request: u64) {
        if let (true, Some((_, address))) = (self.welcomed, self.adding.get(&request)) {
            let address = address.clone();
            self.outgoing.push(FromWindow::Add { request, address });
        }
    }

    /// Sends an image, for an update of a board; or shows why it could not be
    /// read.
    pub fn update(&mut self, board: BoardKey, image: Result<Vec<u8>, String>) {
        let image = image.and_then(|bytes| match u32::try_from(bytes.len()) {
            Ok(size) if size <= IMAGE => Ok((bytes, size)),
            _ => Err(format!(
                "the file is larger than {} MiB, the largest image",
                IMAGE >> 20
            )),
        });
        let (bytes, size) = match image {
            Ok(image) => image,
            Err(problem) => {
                if let Some(view) = self.views.get_mut(&board) {
                    let failed = UpdateState::Failed(UpdateProblem::File(problem));
                    Arc::make_mut(view).update = Some(failed);
                    publish(&self.published, view, ChangeScope::Board, &[]);
                }
                return;
            }
        };
        self.say(board, |board| FromWindow::Image(board, size));
        if !self.welcomed {
            return;
        }
        for part in bytes.chunks(IMAGE_PART) {
            self.outgoing.push(FromWindow::ImagePart(part.to_vec()));
        }
    }

    /// Sends what is about a board, if the server knows it.
    fn say(&mut self, board: BoardKey, message: impl FnOnce(wire::Board) -> FromWindow) {
        if let (true, Some(number)) = (self.welcomed, self.numbers.get(&board)) {
            self.outgoing.push(message(*number));
        }
    }

    /// Sends a command, whose outcome is awaited.
    fn ask(
        &mut self,
        board: BoardKey,
        reply: Reply,
        message: impl FnOnce(u64, wire::Board) -> FromWindow,
    ) {
        let (true, Some(number)) = (self.welcomed, self.numbers.get(&board)) else {
            return answer(reply, Outcome::NotConnected);
        };
        self.requests += 1;
        self.outgoing.push(message(self.requests, *number));
        self.waiting.insert(self.requests, reply);
    }

    fn say_shown(&mut self) {
        let Some(shown) = &self.shown else {
            return;
        };
        let number = |board: &BoardKey| self.numbers.get(board).copied();
        let parts = shown.parts.iter().filter_map(|(board, parts)| {
            let parts = parts.iter().map(ToString::to_string).collect();
            Some((number(board)?, parts))
        });
        let shows = Shows {
            boards: shown.boards.iter().filter_map(number).collect(),
            round_trips: shown.round_trips.iter().filter_map(number).collect(),
            parts: parts.collect(),
            log: shown.log,
            news: shown.news,
        };
        self.outgoing.push(FromWindow::Shows(shows));
    }

    /// Takes a message of the server.
    ///
    /// # Errors
    /// It cannot be read: the connection is of no use.
    pub fn received(&mut self, message: &[u8]) -> Result<(), WireError> {
        let now = Instant::now();
        match decode(message)? {
            FromServer::Welcome(welcome) => self.welcome(&welcome),
            FromServer::Changes(changes) => self.changes(changes, now),
            FromServer::Replies(replies) => {
                for (request, outcome) in replies {
                    if let Some(reply) = self.waiting.remove(&request) {
                        answer(reply, outcome.into());
                    }
                }
            }
            FromServer::Added(request, added) => {
                if let Some((key, _)) = self.adding.remove(&request) {
                    self.added(key, added);
                }
            }
            FromServer::Sessions { all, control } => {
                let sessions = all.into_iter().map(|session| SessionStatus {
                    number: session.number,
                    name: session.name,
                    address: session.address,
                    access: access(session.control),
                    manages: session.manages,
                });
                self.server_status(|server| {
                    server.sessions = sessions.collect();
                    server.access = access(control);
                });
            }
            FromServer::ShowPage(page) => {
                self.pages += 1;
                let page = Some((self.pages, page));
                self.server_status(|server| server.shown_page = page);
            }
            FromServer::StillHere(_) => {}
            FromServer::Refused(code, why) => self.refused = Some(ending(code, &why)),
        }
        Ok(())
    }

    fn welcome(&mut self, welcome: &Welcome) {
        let Welcome {
            run,
            number,
            manages,
            clocks,
            ..
        } = *welcome;
        if self.run.is_some_and(|before| before != run) {
            self.forget_all();
        }
        if self.run != Some(run) {
            self.published
                .clock()
                .follow(clocks.steady.into(), clocks.system.into());
        }
        self.run = Some(run);
        self.welcomed = true;
        for request in self.adding.keys().copied().collect::<Vec<_>>() {
            self.say_added(request);
        }
        for board in self.followed.clone() {
            self.say(board, |board| FromWindow::FollowFrames(board, true));
        }
        self.server_status(|server| {
            server.state = ServerState::Connected;
            server.number = Some(number);
            server.manages = manages;
        });
    }

    fn added(&mut self, key: BoardKey, added: Result<wire::Board, String>) {
        match added {
            Ok(number) => match self.keys.get(&number) {
                Some(known) => self.published.merge(key, *known),
                None => self.pair(number, key),
            },
            Err(problem) => log::warn!("the server did not add a board: {problem}"),
        }
    }

    fn pair(&mut self, number: wire::Board, key: BoardKey) {
        self.keys.insert(number, key);
        self.numbers.insert(key, number);
    }

    fn changes(&mut self, changes: Changes, now: Instant) {
        for part in changes.boards {
            self.board(part, now);
        }
        for number in changes.forgotten {
            if let Some(key) = self.keys.get(&number) {
                self.forget(*key);
            }
        }
        if changes.complete {
            let keys = self.views.keys().copied();
            let gone: Vec<_> = keys.filter(|key| !self.seen.contains(key)).collect();
            for key in gone {
                self.forget(key);
            }
            // Boards have numbers now.
            self.say_shown();
        }
        let entries = changes.log.into_iter().filter_map(|entry| {
            Some(LogEntry {
                number: 0,
                at: entry.at.into(),
                steady: entry.steady.into(),
                board: *self.keys.get(&entry.board)?,
                board_name: entry.board_name.into(),
                what: entry.event.read(now)?,
            })
        });
        self.published.log(entries.collect());
        if let Some(status) = changes.status {
            self.take_status(status);
        }
    }

    fn board(&mut self, part: BoardPart, now: Instant) {
        let BoardPart {
            board,
            head: of_head,
            round_trip,
            last_heard,
            health,
            components: parts,
            preview: of_preview,
            frames,
        } = part;
        let key = match self.keys.get(&board) {
            Some(key) => *key,
            None => {
                let key = self.published.new_key();
                self.pair(board, key);
                key
            }
        };
        self.seen.insert(key);
        let on_follow = Arc::clone(&self.on_follow);
        let view = self.views.entry(key).or_insert_with(|| {
            let frames = Frames::followed_by(move |followed| on_follow(key, followed));
            let addresses = Candidates::default();
            Arc::new(BoardView {
                frames: Arc::new(frames),
                ..BoardView::new(now, key, addresses, false)
            })
        });
        let view_before = view.components.len();
        let changed = Arc::make_mut(view);
        let mut scope = ChangeScope::RoundTrip;
        let places = components(changed, parts, now);
        if !places.is_empty() {
            scope = ChangeScope::Components;
        }
        if let Some(of_head) = of_head {
            head(changed, *of_head, now);
            scope = ChangeScope::Board;
        }
        if view_before != changed.components.len() {
            scope = ChangeScope::Board;
        }
        changed.round_trip = round_trip;
        changed.last_heard = last_heard.map(|ago| ago.before(now));
        if let Some(health) = health {
            changed.health = Arc::new(health);
        }
        if let Some(of_preview) = of_preview {
            changed.preview = of_preview
                .and_then(|preview| preview.read(now))
                .map(Arc::new);
            scope = scope.max(ChangeScope::Components);
        }
        publish(&self.published, view, scope, &places);
        for frame in frames {
            view.frames.copy(&frame.into());
        }
    }

    fn take_status(&mut self, status: wire::Status) {
        self.status.discovery_problem = status.discovery_problem;
        self.status.resolving = status.resolving;
        self.status.listening = match status.listening {
            None => Listening::Off,
            Some((text, problem)) => match (apply::listening(&text), problem) {
                (Some(address), None) => Listening::At(address),
                (Some(address), Some(problem)) => Listening::Failed { address, problem },
                (None, _) => Listening::Off,
            },
        };
        self.status.brokers = status
            .brokers
            .into_iter()
            .filter_map(|broker| {
                Some(BrokerStatus {
                    address: broker.address.parse().ok()?,
                    state: match broker.state {
                        None => BrokerState::Connecting,
                        Some(Ok(())) => BrokerState::Connected,
                        Some(Err((problem, refuses_login))) => BrokerState::Failed {
                            problem,
                            refuses_login,
                        },
                    },
                    boards: usize::try_from(broker.boards).unwrap_or(usize::MAX),
                    refused: broker.refused,
                })
            })
            .collect();
        self.published.status(self.status.clone());
    }

    fn forget_all(&mut self) {
        let keys: Vec<BoardKey> = self.views.keys().copied().collect();
        for key in keys {
            self.forget(key);
        }
        self.keys.clear();
        self.numbers.clear();
    }

    fn forget(&mut self, key: BoardKey) {
        self.views.remove(&key);
        self.seen.remove(&key);
        if let Some(number) = self.numbers.remove(&key) {
            self.keys.remove(&number);
        }
        self.published.forget(key);
    }

    fn server_status(&mut self, change: impl FnOnce(&mut ServerStatus)) {
        if let Some(server) = &mut self.status.server {
            change(server);
        }
        self.published.status(self.status.clone());
    }
}

/// What a server of this or a newer version says before it ends a connection.
fn ending(code: u16, why: &str) -> Ending {
    Ending {
        why: why.to_owned(),
        is_final: Refusal::of(code).is_some_and(Refusal::is_final),
    }
}

fn publish(published: &Published, view: &Arc<BoardView>, scope: ChangeScope, places: &[usize]) {
    let change = BoardChange {
        board: view,
        scope,
        components: places,
    };
    published.board(change, Vec::new());
}

fn answer(reply: Reply, outcome: Outcome) {
    if let Some(reply) = reply {
        reply(outcome);
    }
}

fn access(control: bool) -> Role {
    match control {
        true => Role::Control,
        false => Role::View,
    }
}
