//! Waits for what one command needs: the board that is meant, a link to it, an
//! answer. Decides how long; prints nothing.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use protocol::limits::{COMMAND_TIMEOUT, CONNECT_TIMEOUT};

use super::{
    Failure,
    find::{Match, Named, NotFound, find},
    output,
};
use crate::{
    fleet::{
        BoardKey, BoardView, Changes, Fleet, LinkProblem, LinkState, Listening, Lookout, Outcome,
        Reading, Settings, Watch, reading,
    },
    keys::{Key, Keys, Loaded, Store, StoreError},
    matching::{Fit, Typed},
};

/// A board that announces itself is found within this time (RFC 6762, section
/// 6: an answer comes within some 100 ms; one that was sent less than a second
/// ago is sent again only after that second).
pub(super) const DISCOVERY: Duration = Duration::from_secs(2);

/// How long a name waits for a namesake. Boards answer one question within some
/// 100 ms of each other (RFC 6762, section 6); an id has none and need not
/// wait.
const NAMESAKES: Duration = Duration::from_millis(400);

/// With `--listen` a board is waited for that calls: it tries once in 60 s at
/// least, and may be about to.
const CALLS_WITHIN: Duration = Duration::from_secs(75);

/// How boards are reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    /// The keys of locked ones.
    pub(super) keys: &'a Store,
    /// Where they can call; `None`: nowhere.
    pub(super) listen: Option<SocketAddr>,
}

impl<'a> From<&'a Store> for Reach<'a> {
    fn from(keys: &'a Store) -> Self {
        Self { keys, listen: None }
    }
}

/// Gets the outcome of a command.
pub(super) type Answer = Box<dyn FnOnce(Outcome) + Send>;

/// A fleet, and what is known of it so far.
pub(super) struct Watching {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    boards: BTreeMap<BoardKey, Arc<BoardView>>,
    problem: Option<String>,
    listening: Listening,
    keys: Keys,
}

impl Watching {
    pub(super) fn start<'a>(
        reach: impl Into<Reach<'a>>,
        discover: bool,
        connect_to_all: bool,
    ) -> Result<Self, Failure> {
        let Reach { keys, listen } = reach.into();
        let keys = Some(held(keys)?);
        let discovery = discover.then(Lookout::default);
        Self::with(Settings {
            discovery,
            connect_to_all,
            keys,
            listen,
            ..Settings::default()
        })
    }

    /// Looks for announcements, and connects to nobody.
    pub(super) fn look(lookout: Lookout) -> Result<Self, Failure> {
        Self::with(Settings {
            discovery: Some(lookout),
            connect_to_all: false,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Result<Self, Failure> {
        let listen = settings.listen;
        let keys = settings.keys.clone().unwrap_or_default();
        let fleet = Fleet::start(settings)?;
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move || {
            // Full: the reader will be woken anyway. Closed: it is gone.
            let _ = wake.try_send(());
        });
        let (boards, problem, listening) = (BTreeMap::new(), None, Listening::Off);
        let mut watching = Self {
            fleet,
            watch,
            woken,
            boards,
            problem,
            listening,
            keys,
        };
        watching.drain();
        if let Some(address) = listen {
            watching.await_listening(address)?;
        }
        Ok(watching)
    }

    /// Waits until boards can call.
    fn await_listening(&mut self, asked: SocketAddr) -> Result<(), Failure> {
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
                return Err(Failure::NoAnswer(format!("cannot listen at {asked}")));
            }
        }
    }

    /// Where boards can call, if they can.
    pub(super) fn listens_at(&self) -> Option<SocketAddr> {
        match self.listening {
            Listening::At(address) => Some(address),
            Listening::Off | Listening::Failed { .. } => None,
        }
    }

    /// Waits for the next changes; `None` when the time is over.
    pub(super) fn wait(&mut self, end: Instant) -> Option<Changes> {
        // Checked first: boards that push all the time must not keep it going
        // for ever.
        let left = end
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())?;
        self.woken.recv_timeout(left).ok()?;
        Some(self.drain())
    }

    pub(super) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(super) fn boards(&self) -> &BTreeMap<BoardKey, Arc<BoardView>> {
        &self.boards
    }

    pub(super) fn discovery_problem(&self) -> Option<&str> {
        self.problem.as_deref()
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
            self.listening.clone_from(&status.listening);
        }
        changes
    }

    fn find(&self, typed: &str) -> Result<(BoardKey, Fit), NotFound> {
        // The id of a board for which a key is held means this board alone: a
        // board with a similar name or id is never taken for it.
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
            Err(NotFound::Nobody { typed, near, .. }) => Err(NotFound::Nobody {
                typed,
                near,
                problem: self.problem.clone(),
            }),
            Err(several) => Err(several),
        }
    }

    /// Whether it is exactly the name of a board.
    fn is_name(&self, typed: &str) -> bool {
        let typed = Typed::new(typed);
        self.boards
            .values()
            .any(|board| typed.fit("", &board.name) == Some(Fit::Name))
    }
}

/// Finds the announced board that a text names; `None` if the text is an
/// address. An exact name takes precedence over a text that may also be an
/// address; boards choose their names, so a text that can only be an address is
/// never taken as a name.
///
/// # Errors
/// Where no board is called so, or several are.
pub(super) fn locate(
    reach: Reach<'_>,
    typed: &str,
) -> Result<Option<(Watching, BoardKey)>, Failure> {
    let kind = reading(typed);
    if kind == Reading::Address {
        return Ok(None);
    }
    let mut watching = Watching::start(reach, true, false)?;
    if kind == Reading::NameOrAddress {
        return Ok(discover_exactly(&mut watching, typed)?.map(|key| (watching, key)));
    }
    let key = discover(&mut watching, typed)?;
    Ok(Some((watching, key)))
}

/// A link to the one board that a command is for.
pub(super) struct Client {
    watching: Watching,
    key: BoardKey,
}

impl Client {
    /// Finds the board and waits until it is connected.
    ///
    /// # Errors
    /// Where there is no such board, or no link to it.
    pub(super) fn connect<'a>(reach: impl Into<Reach<'a>>, board: &str) -> Result<Self, Failure> {
        let reach = reach.into();
        let mut client = match locate(reach, board)? {
            None => {
                let watching = Watching::start(reach, false, true)?;
                let key = watching
                    .fleet
                    .add_address(board)
                    .map_err(|error| Failure::Usage(error.to_string()))?;
                Self { watching, key }
            }
            Some((watching, key)) => {
                watching.fleet.connect(key);
                Self { watching, key }
            }
        };
        client.wait_until_connected(board)?;
        Ok(client)
    }

    pub(super) fn fleet(&self) -> &Fleet {
        &self.watching.fleet
    }

    pub(super) fn key(&self) -> BoardKey {
        self.key
    }

    pub(super) fn into_watching(self) -> Watching {
        self.watching
    }

    /// The board as it is now.
    ///
    /// # Errors
    /// Where it is gone.
    pub(super) fn board(&self) -> Result<Arc<BoardView>, Failure> {
        self.fleet()
            .board(self.key)
            .ok_or_else(|| Failure::NoAnswer("the board is gone".to_owned()))
    }

    /// Gives a command and waits for its outcome.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn ask(&self, command: impl FnOnce(Answer)) -> Result<Outcome, Failure> {
        let (tell, told) = sync_channel(1);
        command(Box::new(move |outcome| {
            // The reader may have given up.
            let _ = tell.try_send(outcome);
        }));
        // The session gives up at COMMAND_TIMEOUT and says so; the second more
        // is for a machine under load.
        told.recv_timeout(COMMAND_TIMEOUT + Duration::from_secs(1))
            .map_err(|_| Failure::NoAnswer("no answer in time".to_owned()))
    }

    fn wait_until_connected(&mut self, typed: &str) -> Result<(), Failure> {
        let end = Instant::now() + CONNECT_TIMEOUT + Duration::from_secs(1);
        loop {
            if let Some(board) = self.watching.boards.get(&self.key) {
                match &board.link {
                    LinkState::Connected | LinkState::Stale => return Ok(()),
                    LinkState::Unreachable {
                        problem: LinkProblem::AwaitsCall(_),
                        ..
                    } => {}
                    LinkState::Unreachable { problem, .. } => {
                        return Err(unreachable(&board.name, typed, problem));
                    }
                    LinkState::Announced | LinkState::Connecting => {}
                }
            }
            if self.watching.wait(end).is_none() {
                return Err(Failure::NoAnswer(format!("{typed}: no answer within 10 s")));
            }
        }
    }
}

/// The keys of this computer. What cannot be read is an error; a keychain that
/// does not answer is told, and no more: boards that are open can be used, and
/// those that have a key are not spoken to.
///
/// # Errors
/// Where a file with keys cannot be read, or others can read it too.
pub(super) fn held(keys: &Store) -> Result<Keys, Failure> {
    let Loaded { keys, problem } = keys.load();
    match problem {
        Some(problem @ StoreError::Keychain(_)) => {
            output::say(problem);
            Ok(keys)
        }
        Some(problem) => Err(problem.into()),
        None => Ok(keys),
    }
}

/// There is no link to the board that was typed so, and why.
pub(super) fn unreachable(board: &str, typed: &str, problem: &LinkProblem) -> Failure {
    match problem {
        LinkProblem::KeyUnavailable { board: id, .. } => Failure::KeyUnavailable {
            board: board.to_owned(),
            id: id.clone(),
            problem: problem.clone(),
        },
        LinkProblem::Locked | LinkProblem::WrongKey => Failure::NoKey {
            board: board.to_owned(),
            typed: typed.to_owned(),
            problem: problem.clone(),
        },
        problem
            if problem.is_about_keys()
                || problem.is_settled()
                || *problem == LinkProblem::AllPlacesTaken =>
        {
            Failure::CannotSpeak {
                board: format!("{board}:"),
                problem: problem.clone(),
            }
        }
        _ => Failure::NoAnswer(format!("{board}: {problem}")),
    }
}

/// Waits until the board that is meant announces itself. An id is taken at
/// once; of a name it is waited for a moment, of the start of one to the end,
/// whether another board has it too.
///
/// Where boards can call, one that is not heard of is waited for longer.
pub(super) fn discover(watching: &mut Watching, typed: &str) -> Result<BoardKey, Failure> {
    let announced = Instant::now() + DISCOVERY;
    let end = if watching.listens_at().is_some() {
        Instant::now() + CALLS_WITHIN
    } else {
        announced
    };
    let mut named = None;
    loop {
        let namesakes = Instant::now() + NAMESAKES;
        let until = match watching.find(typed) {
            Ok((key, Fit::Id)) => return Ok(key),
            Ok((_, Fit::Name | Fit::Alike)) => *named.get_or_insert_with(|| end.min(namesakes)),
            Ok((_, Fit::Start)) => announced.max(*named.get_or_insert_with(|| end.min(namesakes))),
            Err(_) => end,
        };
        if watching.wait(until).is_none() {
            return Ok(watching.find(typed)?.0);
        }
    }
}

/// Waits until a board with exactly this name or id announces itself; `None` if
/// none does. For texts that may also be an address, so a name that is only
/// similar does not count.
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
            return match watching.find(typed) {
                Ok((key, Fit::Id | Fit::Name)) => Ok(Some(key)),
                Err(several) if watching.is_name(typed) => Err(several.into()),
                Ok(_) | Err(_) => Ok(None),
            };
        }
    }
}
