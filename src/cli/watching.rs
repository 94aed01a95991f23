//! A fleet, and the boards that are announced while a command runs. Decides how
//! long to wait for one; prints nothing but keychain warnings.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use super::{
    Failure,
    find::{Match, Named, NotFound, find},
    output, remembered,
};
use disk::keys::{Loaded, Store, StoreError};
use engine::{Lookout, Settings};
use fleet::{
    BoardKey, BoardView, Broker, BrokerStatus, Changes, Fleet, KnownBoard, LOGIN_ADVICE, Listening,
    TypedKind, Watch, typed_kind,
};
use keys::{Key, Keys};
use text::matching::{Fit, Typed};

/// A board that announces itself is found within this time. RFC 6762, section
/// 6: a response takes about 100 ms, but a record that was multicast within the
/// last second is not multicast again until that second is over.
pub(super) const DISCOVERY: Duration = Duration::from_secs(2);

/// How long a name waits for a namesake. Boards answer one question within some
/// 100 ms of each other (RFC 6762, section 6); an id has none and need not
/// wait.
const NAMESAKES: Duration = Duration::from_millis(400);

/// How often a name looks whether boards that were heard are known by now.
const RESOLVING: Duration = Duration::from_millis(50);

/// How many boards of other families are asked for their names.
const ASKED: usize = 256;

/// How long `--listen` waits for an inbound connection: a board attempts one at
/// least every 60 s.
const INBOUND_WITHIN: Duration = Duration::from_secs(75);

/// How boards are reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    /// The keys of locked boards.
    pub(super) keys: &'a Store,
    /// Where to accept inbound connections; `None`: nowhere.
    pub(super) listen: Option<SocketAddr>,
    /// The brokers from which boards are taken too.
    pub(super) brokers: &'a [Broker],
}

impl<'a> From<&'a Store> for Reach<'a> {
    fn from(keys: &'a Store) -> Self {
        Self {
            keys,
            listen: None,
            brokers: &[],
        }
    }
}

/// A fleet and its most recently reported state.
pub(super) struct Watching {
    fleet: Fleet,
    /// Whether boards are discovered.
    discovers: bool,
    watch: Watch,
    woken: Receiver<()>,
    boards: BTreeMap<BoardKey, Arc<BoardView>>,
    problem: Option<String>,
    /// Boards were heard that are not known yet.
    resolving: bool,
    listening: Listening,
    brokers: Vec<BrokerStatus>,
    keys: Keys,
}

impl Watching {
    pub(super) fn start<'a>(
        reach: impl Into<Reach<'a>>,
        discover: bool,
        connect_to_all: bool,
    ) -> Result<Self, Failure> {
        let Reach {
            keys,
            listen,
            brokers,
        } = reach.into();
        let keys = Some(held(keys)?);
        let discovery = discover.then(Lookout::default);
        Self::with(Settings {
            discovery,
            connect_to_all,
            keys,
            listen,
            brokers: brokers.to_vec(),
            ..Settings::default()
        })
    }

    /// Adds a board by its address.
    ///
    /// # Errors
    /// If the address is invalid.
    pub(super) fn add_address(&self, address: &str) -> Result<BoardKey, Failure> {
        self.fleet
            .add_address(address)
            .map_err(|error| Failure::Usage(error.to_string()))
    }

    /// Connects only to a board that an earlier command knew, without
    /// discovery. `typed` was typed for it. `None` if its address is invalid,
    /// or `typed` is the id of another board for which there is a key.
    ///
    /// # Errors
    /// If a key file cannot be read, or other users can read it too.
    pub(super) fn recall(
        keys: &Store,
        typed: &str,
        known: KnownBoard,
        has_key: bool,
    ) -> Result<Option<(Self, BoardKey)>, Failure> {
        let typed = typed.trim().to_ascii_lowercase();
        let id = known.id.clone().unwrap_or_default();
        let keys = usable(match has_key {
            true => keys.load(),
            false => keys.load_for(&[&id, &typed]),
        })?;
        let is_of_another = typed != id && keys.get(&typed).is_some();
        if is_of_another {
            return Ok(None);
        }
        let mut watching = Self::with(Settings {
            discovery: None,
            keys: Some(keys),
            ..Settings::default()
        })?;
        if watching.fleet.recall(known).is_err() {
            return Ok(None);
        }
        let end = Instant::now() + DISCOVERY;
        loop {
            if let Some(key) = watching.boards.keys().next().copied() {
                return Ok(Some((watching, key)));
            }
            if watching.wait(end).is_none() {
                return Ok(None);
            }
        }
    }

    /// Discovers boards without connecting to any.
    pub(super) fn look(lookout: Lookout) -> Result<Self, Failure> {
        Self::with(Settings {
            discovery: Some(lookout),
            connect_to_all: false,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Result<Self, Failure> {
        let listen = settings.listen;
        let discovers = settings.discovery.is_some();
        let keys = settings.keys.clone().unwrap_or_default();
        let fleet = engine::start(settings)?;
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move |_| {
            // Full: the reader will be woken anyway. Closed: it has stopped.
            let _ = wake.try_send(());
        });
        let (boards, problem, listening) = (BTreeMap::new(), None, Listening::Off);
        let resolving = false;
        let mut watching = Self {
            fleet,
            discovers,
            watch,
            woken,
            boards,
            problem,
            resolving,
            listening,
            brokers: Vec::new(),
            keys,
        };
        watching.drain();
        if let Some(address) = listen {
            watching.await_listening(address)?;
        }
        Ok(watching)
    }

    /// Waits until inbound connections are accepted.
    fn await_listening(&mut self, requested: SocketAddr) -> Result<(), Failure> {
        let end = Instant::now() + DISCOVERY;
        loop {
            match &self.listening {
                Listening::At(_) => return Ok(()),
                Listening::Failed { address, problem } => {
                    return Err(Failure::Usage(format!(
                        "cannot listen at {address}: {problem}"
                    )));
                }
                Listening::Off => {}
            }
            if self.wait(end).is_none() {
                return Err(Failure::NoAnswer(format!("cannot listen at {requested}")));
            }
        }
    }

    /// Whether boards are discovered.
    pub(super) fn discovers(&self) -> bool {
        self.discovers
    }

    /// Whether this computer has a key or a password for a board.
    pub(super) fn has_key(&self, board: &BoardView) -> bool {
        let id = board.id.as_deref().unwrap_or_default();
        self.keys.get(id).is_some() || self.keys.password(id).is_some()
    }

    /// Where inbound connections are accepted, if they are.
    pub(super) fn listens_at(&self) -> Option<SocketAddr> {
        match self.listening {
            Listening::At(address) => Some(address),
            Listening::Off | Listening::Failed { .. } => None,
        }
    }

    /// Waits for the next changes; `None` when the time is over.
    pub(super) fn wait(&mut self, end: Instant) -> Option<Changes> {
        // Checked first, so that it ends even if boards push all the time.
        let left = end
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())?;
        self.woken.recv_timeout(left).ok()?;
        Some(self.drain())
    }

    pub(super) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The fleet, to be watched in another way.
    pub(super) fn into_fleet(self) -> Fleet {
        self.fleet
    }

    pub(super) fn boards(&self) -> &BTreeMap<BoardKey, Arc<BoardView>> {
        &self.boards
    }

    pub(super) fn discovery_problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// What is wrong with the brokers.
    pub(super) fn broker_problems(&self) -> impl Iterator<Item = String> {
        self.brokers.iter().filter_map(|broker| {
            let problem = broker.problem()?;
            Some(match broker.refuses_login() {
                true => format!("{problem} {LOGIN_ADVICE}"),
                false => problem,
            })
        })
    }

    fn drain(&mut self) -> Changes {
        let changes = self.watch.drain();
        for board in &changes.boards {
            self.boards.insert(board.key, Arc::clone(board));
        }
        for key in &changes.forgotten {
            self.boards.remove(key);
        }
        if let Some(status) = &changes.status {
            self.problem.clone_from(&status.discovery_problem);
            self.resolving = status.resolving;
            self.listening.clone_from(&status.listening);
            self.brokers.clone_from(&status.brokers);
        }
        changes
    }

    fn find(&self, typed: &str) -> Result<(BoardKey, Fit), NotFound> {
        // The id of a board for which there is a key refers only to that board,
        // never to one with a similar name or id.
        if let Some(Key { board: id, .. }) = self.keys.get(&typed.trim().to_ascii_lowercase()) {
            let board = self
                .boards
                .values()
                .find(|board| board.id.as_deref() == Some(id));
            return board
                .map(|board| (board.key, Fit::Id))
                .ok_or_else(|| NotFound::Absent { id: id.clone() });
        }
        let (keys, named): (Vec<_>, Vec<_>) = self
            .boards
            .values()
            .map(|board| {
                let id = board.id.as_deref().unwrap_or_default();
                (
                    board.key,
                    Named {
                        id,
                        name: &board.name,
                        address: &board.address,
                    },
                )
            })
            .unzip();
        match find(typed, &named) {
            Ok(Match { at, fit }) => Ok((keys[at], fit)),
            Err(NotFound::NoMatch { typed, near, .. }) => Err(NotFound::NoMatch {
                typed,
                near,
                problem: self.problem.clone(),
            }),
            Err(other) => Err(other),
        }
    }

    /// Connects to boards of other families, which may have names that they do
    /// not announce.
    fn ask_names(&self) {
        let nameless = self
            .boards
            .values()
            .filter(|board| !board.family.is_ours() && board.info.is_none());
        for board in nameless.take(ASKED) {
            self.fleet.connect(board.key);
        }
    }

    /// Whether this is exactly the name of a board.
    fn is_name(&self, typed: &str) -> bool {
        let typed = Typed::new(typed);
        self.boards
            .values()
            .any(|board| typed.fit("", &board.name) == Some(Fit::Name))
    }
}

/// Finds the announced board that `typed` names; `None` if it is an address.
///
/// If the text could be a name or an address, an exact name takes precedence. A
/// text that can only be an address is never looked up as a name, because
/// boards choose their own names.
///
/// # Errors
/// If no board matches, or several do.
pub(super) fn locate(
    reach: Reach<'_>,
    typed: &str,
) -> Result<Option<(Watching, BoardKey)>, Failure> {
    let kind = typed_kind(typed);
    if kind == TypedKind::Address {
        return Ok(None);
    }
    let mut watching = Watching::start(reach, true, false)?;
    let found = match kind {
        TypedKind::NameOrAddress => discover_exactly(&mut watching, typed),
        _ => discover(&mut watching, typed).map(Some),
    };
    remembered::forget_namesakes(watching.boards());
    Ok(found?.map(|key| (watching, key)))
}

/// Waits until the board that `typed` refers to announces itself. An id matches
/// immediately; a name waits briefly, and a prefix the whole time, for other
/// boards that match too. If no announced name matches, boards of other
/// families are asked for theirs, because some announce only their id.
///
/// Waits longer for an unknown board if inbound connections are accepted.
fn discover(watching: &mut Watching, typed: &str) -> Result<BoardKey, Failure> {
    let announced = Instant::now() + DISCOVERY;
    let end = if watching.listens_at().is_some() {
        Instant::now() + INBOUND_WITHIN
    } else {
        announced
    };
    let mut named = None;
    let mut question = Instant::now() + NAMESAKES;
    loop {
        let namesakes = Instant::now() + NAMESAKES;
        let found = watching.find(typed);
        let until = match found {
            Ok((key, Fit::Id)) => return Ok(key),
            Ok((_, Fit::Name | Fit::Alike)) => *named.get_or_insert_with(|| end.min(namesakes)),
            Ok((_, Fit::Start)) => announced.max(*named.get_or_insert_with(|| end.min(namesakes))),
            Err(_) => end,
        };
        let mut next = until;
        if found.is_err() {
            if Instant::now() >= question {
                watching.ask_names();
                question = namesakes;
            }
            next = until.min(question);
        }
        if watching.wait(next).is_some() || next != until {
            continue;
        }
        // One of those that are not known yet may have the same name.
        if watching.resolving && Instant::now() < announced {
            named = Some(announced.min(Instant::now() + RESOLVING));
            continue;
        }
        let found = watching.find(typed);
        if found.is_err() {
            watching.broker_problems().for_each(output::say);
        }
        return Ok(found?.0);
    }
}

/// Waits until a board with exactly this name or id announces itself; `None` if
/// none does. For texts that may also be an address, so similar names do not
/// count.
fn discover_exactly(watching: &mut Watching, typed: &str) -> Result<Option<BoardKey>, Failure> {
    let end = Instant::now() + DISCOVERY;
    let mut named = None;
    loop {
        let until = match watching.find(typed) {
            Ok((key, Fit::Id)) => return Ok(Some(key)),
            Ok((_, Fit::Name)) => *named.get_or_insert_with(|| end.min(Instant::now() + NAMESAKES)),
            _ if watching.problem.is_some() => return Ok(None),
            _ => end,
        };
        if watching.wait(until).is_none() {
            if watching.resolving && Instant::now() < end {
                named = Some(end.min(Instant::now() + RESOLVING));
                continue;
            }
            return match watching.find(typed) {
                Ok((key, Fit::Id | Fit::Name)) => Ok(Some(key)),
                Err(ambiguous) if watching.is_name(typed) => Err(ambiguous.into()),
                Ok(_) | Err(_) => Ok(None),
            };
        }
    }
}

/// The keys on this computer. A keychain that does not respond only causes a
/// warning: open boards can still be used, while boards with a key are not
/// contacted.
///
/// # Errors
/// If a key file cannot be read, or other users can read it too.
pub(super) fn held(keys: &Store) -> Result<Keys, Failure> {
    usable(keys.load())
}

fn usable(Loaded { keys, problem }: Loaded) -> Result<Keys, Failure> {
    match problem {
        Some(problem @ StoreError::Keychain(_)) => {
            output::say(problem);
            Ok(keys)
        }
        Some(problem) => Err(problem.into()),
        None => Ok(keys),
    }
}
