//! What a window has of a server's fleet, without a socket: messages go in, and
//! others come out.

mod requests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use fleet::{
    BoardChange, BoardKey, BoardView, BrokerState, BrokerStatus, Candidates, ChangeScope,
    FleetStatus, Frames, LinkProblem, LinkState, Listening, LogEntry, Outcome, Published, Reply,
    ServerState, ServerStatus, SessionStatus, Shown,
};
use keys::Role;
use web_time::Instant;

use super::{
    Server,
    apply::{self, components, head},
};
use crate::{
    Refusal,
    wire::{
        self, BoardPart, Changes, FromServer, FromWindow, Hello, VERSION, Welcome, WireError,
        decode, encode,
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
    /// What the server refused with, if it did and this program knows it.
    pub refusal: Option<Refusal>,
}

impl Ending {
    /// For a reason that the server did not give.
    pub fn of(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            refusal: None,
        }
    }

    /// Whether there is no point in trying again until something changes.
    pub fn is_final(&self) -> bool {
        self.refusal.is_some_and(Refusal::is_final)
    }
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
    }

    /// The connection ended, or could not be made; and when it is tried again.
    pub fn lost(&mut self, ending: &Ending, retry_at: Option<Instant>) {
        self.welcomed = false;
        self.outgoing.clear();
        for (_, reply) in self.waiting.drain() {
            answer(reply, Outcome::LinkLost);
        }
        let (now, steady) = (Instant::now(), self.published.clock().now());
        let link = LinkState::Unreachable {
            problem: LinkProblem::Server(ending.why.clone()),
            retry_at,
        };
        for view in self.views.values_mut() {
            apply::lost(Arc::make_mut(view), link.clone(), now, steady);
            publish(&self.published, view, ChangeScope::Board, &[]);
        }
        self.server_status(|server| {
            server.state = ServerState::Lost {
                problem: ending.why.clone(),
                retry_at,
                wants_token: ending.refusal.is_some_and(Refusal::wants_token),
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
        self.welcomed = true;
        if self.run == Some(run) {
            self.say_shown();
        } else {
            self.published
                .clock()
                .follow(clocks.steady.into(), clocks.system.into());
        }
        self.run = Some(run);
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
        refusal: Refusal::of(code),
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
