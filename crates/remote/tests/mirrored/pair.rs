//! A server's fleet, and windows over it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Instant, SystemTime},
};

use fleet::{
    BoardChange, BoardKey, BoardView, Candidates, ChangeScope, Changes, CommandState,
    ComponentView, Fleet, FleetRequest, History, LinkState, LogEvent, Published, Sample, Shown,
    Watch,
};
use protocol::{ComponentKey, Descriptor, State};
use remote::{
    Ending, Mirror, Refusal, Server,
    server::{Hub, Next, Role, Session},
    wire::Hello,
};
use tokio::sync::mpsc::UnboundedReceiver;

/// A server: what it publishes is set by the test.
pub(crate) struct Desk {
    pub(crate) published: Published,
    pub(crate) hub: Arc<Hub>,
    pub(crate) asked: UnboundedReceiver<FleetRequest>,
    boards: BTreeMap<BoardKey, Arc<BoardView>>,
}

/// A window.
pub(crate) struct Window {
    pub(crate) fleet: Fleet,
    watch: Watch,
    asked: UnboundedReceiver<FleetRequest>,
    pub(crate) mirror: Mirror,
    pub(crate) session: Option<Session>,
    /// What the window's users have drained, by board.
    pub(crate) has: BTreeMap<BoardKey, Arc<BoardView>>,
    pub(crate) log: Vec<LogEvent>,
    pub(crate) missed: u64,
    /// Boards whose frames begin (true) or cease to be followed.
    followed: Arc<Mutex<Vec<(BoardKey, bool)>>>,
    pub(crate) ended: Option<Refusal>,
    /// How many bytes the server has sent.
    pub(crate) bytes: usize,
    /// The size of its longest message.
    pub(crate) longest: usize,
}

pub(crate) fn component(key: &str, state: &State) -> ComponentView {
    let key: ComponentKey = key.parse().expect("a component");
    ComponentView {
        descriptor: Arc::new(Descriptor::new(key.kind, key.id, "")),
        reported: state.clone(),
        wanted: None,
        command: CommandState::Idle,
        changed: None,
        last_event: None,
        history: Arc::new(History::default()),
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        let published = Published::default();
        let (fleet, asked) = Fleet::new(published.clone());
        Self {
            published,
            hub: Hub::new(Arc::new(fleet), Hub::SESSIONS),
            asked,
            boards: BTreeMap::new(),
        }
    }

    /// Adds a connected board.
    pub(crate) fn board(&mut self, name: &str, components: Vec<ComponentView>) -> BoardKey {
        let key = self.published.new_key();
        let view = BoardView {
            id: Some(format!("sb-{:06x}", key.0).into()),
            name: name.into(),
            address: "127.0.0.1:80".into(),
            locked: Some(false),
            link: LinkState::Connected,
            client: Some(1),
            components: components.into_iter().map(Arc::new).collect(),
            ..BoardView::new(Instant::now(), key, Candidates::default(), false)
        };
        self.boards.insert(key, Arc::new(view));
        self.publish(key, ChangeScope::Board, &[], Vec::new());
        key
    }

    /// Changes a board, and publishes it.
    pub(crate) fn change(
        &mut self,
        key: BoardKey,
        scope: ChangeScope,
        change: impl FnOnce(&mut BoardView),
    ) {
        let view = self.boards.get_mut(&key).expect("a board");
        change(Arc::make_mut(view));
        let all: Vec<usize> = (0..view.components.len()).collect();
        self.publish(key, scope, &all, Vec::new());
    }

    /// A component reports a value, with the event of it.
    pub(crate) fn report(&mut self, key: BoardKey, at: usize, state: State, origin: fleet::Origin) {
        let steady = self.published.clock().now();
        let view = self.boards.get_mut(&key).expect("a board");
        let component = &mut Arc::make_mut(view).components[at];
        let component = Arc::make_mut(component);
        component.reported.merge(&state);
        component.changed = Some((steady, origin.clone()));
        if let Some(value) = state.0.get("value").and_then(serde_json::Value::as_f64) {
            component.history.push(Sample { at: steady, value });
        }
        let event = LogEvent::Changed {
            component: component.descriptor.key.clone(),
            change: state,
            origin,
            delay: None,
        };
        self.publish(key, ChangeScope::Components, &[at], vec![(steady, event)]);
    }

    pub(crate) fn publish(
        &self,
        key: BoardKey,
        scope: ChangeScope,
        components: &[usize],
        events: Vec<(SystemTime, LogEvent)>,
    ) {
        let board = &self.boards[&key];
        let change = BoardChange {
            board,
            scope,
            components,
        };
        self.published.board(change, events);
    }

    pub(crate) fn forget(&mut self, key: BoardKey) {
        self.boards.remove(&key);
        self.published.forget(key);
    }

    pub(crate) fn views(&self) -> impl Iterator<Item = &Arc<BoardView>> {
        self.boards.values()
    }

    /// What was asked of the server's fleet since the last call.
    pub(crate) fn asked(&mut self) -> Vec<FleetRequest> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

impl Window {
    /// A window that is connected as someone.
    pub(crate) fn open(desk: &Desk, name: &str, role: Role) -> Self {
        let published = Published::default();
        let (fleet, asked) = Fleet::new(published.clone());
        let mut server = Server::at("ws://127.0.0.1").expect("an address");
        server.name = name.to_owned();
        let watch = fleet.watch(|_| {});
        let followed = Arc::<Mutex<Vec<_>>>::default();
        let told = Arc::clone(&followed);
        let mirror = Mirror::new(published, server, move |board, wanted| {
            told.lock().expect("no panic").push((board, wanted));
        });
        let mut window = Self {
            fleet,
            watch,
            asked,
            mirror,
            session: None,
            has: BTreeMap::new(),
            log: Vec::new(),
            missed: 0,
            followed,
            ended: None,
            bytes: 0,
            longest: 0,
        };
        window.connect(desk, role);
        window
    }

    /// Connects, with a new session.
    pub(crate) fn connect(&mut self, desk: &Desk, role: Role) {
        self.mirror.connecting();
        self.mirror.opened();
        let mut messages = self.mirror.outgoing().into_iter();
        let hello = Hello::read(&messages.next().expect("a hello")).expect("a hello");
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
        let mut session = desk
            .hub
            .enter(&hello, role, address, |_| {})
            .expect("a session");
        for message in messages {
            session.receive(&message).expect("a message");
        }
        self.session = Some(session);
        self.settle();
    }

    /// The connection is lost.
    pub(crate) fn lose(&mut self) {
        self.session = None;
        self.mirror.lost(&Ending::of("gone"), None);
        self.drain();
    }

    pub(crate) fn shows(&mut self, shown: Shown) {
        self.watch.shows(shown.clone());
        self.mirror.shows(shown);
        self.settle();
    }

    /// Passes messages in both directions until there are none.
    pub(crate) fn settle(&mut self) {
        loop {
            while let Ok(request) = self.asked.try_recv() {
                match request {
                    FleetRequest::Update(board, _, image) => {
                        self.mirror.update(board, image.read());
                    }
                    request => self.mirror.request(request),
                }
            }
            for (board, wanted) in std::mem::take(&mut *self.followed.lock().expect("no panic")) {
                self.mirror.follow_frames(board, wanted);
            }
            let Some(session) = &mut self.session else {
                break;
            };
            let to_server = self.mirror.outgoing();
            for message in &to_server {
                session.receive(message).expect("a message");
            }
            let next = session.next_step();
            match next {
                Some(Next::Send(message)) => {
                    self.bytes += message.len();
                    self.longest = self.longest.max(message.len());
                    self.mirror.received(&message).expect("a message");
                }
                Some(Next::End(why)) => {
                    self.ended = Some(why);
                    self.session = None;
                }
                None if to_server.is_empty() => break,
                None => {}
            }
        }
        self.drain();
    }

    fn drain(&mut self) {
        let Changes {
            boards,
            forgotten,
            log,
            missed,
            ..
        } = self.watch.drain();
        self.has
            .extend(boards.into_iter().map(|view| (view.key, view)));
        for key in forgotten {
            self.has.remove(&key);
        }
        self.log.extend(log.iter().map(|entry| entry.what.clone()));
        self.missed += missed;
    }

    /// The board with this name.
    pub(crate) fn named(&self, name: &str) -> &Arc<BoardView> {
        let mut boards = self.has.values();
        boards.find(|view| &*view.name == name).expect(name)
    }

    /// What the window knows of the server.
    pub(crate) fn server(&mut self) -> fleet::ServerStatus {
        let mut watch = self.fleet.watch(|_| {});
        let status = watch.drain().status.expect("a status");
        status.server.expect("a server")
    }

    /// Everything that is shown, of these boards.
    pub(crate) fn showing(&self, names: &[&str]) -> Shown {
        Shown {
            boards: names.iter().map(|name| self.named(name).key).collect(),
            ..Shown::default()
        }
    }
}
