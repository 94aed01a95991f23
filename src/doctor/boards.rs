//! Looks for boards with a fleet of its own and connects to those that are
//! wanted, tries the addresses of those that do not answer, and asks for their
//! announcements anew with an empty memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use protocol::limits::CONNECT_TIMEOUT;

use super::{
    evidence::{Examined, Host, Link, Record},
    examination::{Asked, Check, Course, Known},
};
use crate::{
    address::{Usable, Verdict},
    dial::interfaces,
    fleet::{
        BoardKey, BoardView, Fleet, KnownBoard, LinkProblem, LinkState, LogEvent, Lookout,
        Settings, StartError, TypedKind, Watch, typed_kind,
    },
    keys::Keys,
};

/// How long announcements are listened for. An answer comes within some 100 ms;
/// one that was sent less than a second ago is sent again only after that
/// second (RFC 6762, section 6).
const LISTEN: Duration = Duration::from_millis(2_500);

/// How long a plain connection may take. One to a host of the same building
/// takes milliseconds; a SYN that was lost is sent again after 1 s and 3 s (RFC
/// 6298, section 2).
const CONNECT: Duration = Duration::from_secs(4);

/// Addresses that are tried at once.
const AT_ONCE: usize = 32;

/// How often it is seen whether the examination is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// What was seen.
pub(super) struct Seen {
    pub(super) discovery_problem: Option<String>,
    pub(super) looked: Duration,
    pub(super) boards: Vec<Examined>,
}

/// Looks; `None` where that was cancelled.
///
/// # Errors
/// Where no fleet can be started.
pub(super) fn examine(asked: &Asked, course: &Course) -> Result<Option<Seen>, StartError> {
    course.trying(Check::Boards);
    let begun = Instant::now();
    let (connected, missing): (Vec<_>, Vec<_>) = asked
        .known
        .iter()
        .cloned()
        .partition(|known| known.connected);
    let mut party = Party::start(asked.lookout.clone(), asked.keys.clone())?;
    party.connected = connected;
    let linked = |wanted: &str| {
        party
            .connected
            .iter()
            .any(|known| of_known(known).is_meant_by(wanted))
    };
    let unlinked = asked.wanted.as_deref().filter(|wanted| !linked(wanted));
    if let Some(wanted) = unlinked.filter(|wanted| typed_kind(wanted) == TypedKind::Address) {
        // What is no address after all is then missing.
        let _ = party.fleet.add_address(wanted);
    }
    let wanted = |board: &Examined| {
        asked
            .wanted
            .as_deref()
            .is_none_or(|wanted| board.is_meant_by(wanted))
    };
    for known in missing {
        if wanted(&of_known(&known)) {
            let Known {
                id,
                name,
                address,
                addresses,
                announced,
                ..
            } = known;
            party.told.extend(id.clone().filter(|_| announced));
            let _ = party.fleet.recall(KnownBoard {
                id,
                name,
                address,
                by_hand: false,
                announced: addresses,
            });
        }
    }
    if !party.follow(begun + LISTEN, course, &wanted, |_| false) {
        return Ok(None);
    }
    // A board with this name would have announced itself by now.
    if let Some(name) = unlinked.filter(|name| typed_kind(name) == TypedKind::NameOrAddress)
        && !party
            .examined()
            .iter()
            .any(|(_, board)| board.is_meant_by(name))
    {
        let _ = party.fleet.add_address(name);
    }
    let looked = begun.elapsed();
    let silent: Vec<_> = party
        .examined()
        .into_iter()
        .filter(|(_, board)| needs_a_host(board))
        .collect();
    if !silent.is_empty() {
        course.trying(Check::Hosts);
    }
    let hosts = hosts(&silent, course);
    // Where something accepts connections, it is waited for what it says as
    // long as a link waits.
    let open = |key: &BoardKey| {
        hosts
            .get(key)
            .is_some_and(|of| of.iter().any(|(_, host)| *host == Host::Open))
    };
    let settled = |party: &Party| {
        party
            .examined()
            .iter()
            .all(|(key, board)| !open(key) || is_settled(board))
    };
    if course.is_cancelled()
        || !party.follow(begun + LISTEN + CONNECT_TIMEOUT, course, &wanted, settled)
    {
        return Ok(None);
    }
    let mut boards = party.examined();
    for (key, board) in &mut boards {
        board.hosts = hosts.get(key).cloned().unwrap_or_default();
    }
    let mut boards: Vec<_> = boards.into_iter().map(|(_, board)| board).collect();
    let problem = party.problem.clone();
    let connected = std::mem::take(&mut party.connected);
    drop(party);
    let doubtful: BTreeSet<_> = boards
        .iter()
        .filter(|board| is_doubtful(board))
        .filter_map(|board| board.id.clone())
        .collect();
    if !doubtful.is_empty() {
        course.trying(Check::Records);
        let Some(confirmed) = confirmed(&asked.lookout, &doubtful, course)? else {
            return Ok(None);
        };
        for board in &mut boards {
            if let Some(id) = board.id.as_ref().filter(|id| doubtful.contains(*id)) {
                board.record = if confirmed.contains(id) {
                    Record::Confirmed
                } else {
                    Record::Gone
                };
            }
        }
    }
    boards.extend(connected.iter().map(|known| Examined {
        link: Link::Works,
        ..of_known(known)
    }));
    Ok(Some(Seen {
        discovery_problem: problem,
        looked,
        boards,
    }))
}

/// A fleet, and what it came to know.
struct Party {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    boards: BTreeMap<BoardKey, BoardView>,
    /// Why a link was not had, the last time.
    problems: BTreeMap<BoardKey, LinkProblem>,
    /// The ids of all that were ever announced.
    told: BTreeSet<String>,
    /// To which there is a link already.
    connected: Vec<Known>,
    problem: Option<String>,
}

impl Party {
    fn start(lookout: Lookout, keys: Keys) -> Result<Self, StartError> {
        let settings = Settings {
            discovery: Some(lookout),
            connect_to_all: false,
            keys: Some(keys),
            ..Settings::default()
        };
        let fleet = Fleet::start(settings)?;
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move || {
            // Full: the reader will be woken anyway. Closed: it is gone.
            let _ = wake.try_send(());
        });
        let (boards, problems, told, connected) = Default::default();
        Ok(Self {
            fleet,
            watch,
            woken,
            boards,
            problems,
            told,
            connected,
            problem: None,
        })
    }

    /// Follows what happens until the time is over or it is enough, and
    /// connects to those that are wanted. False where it was cancelled.
    fn follow(
        &mut self,
        end: Instant,
        course: &Course,
        wanted: &dyn Fn(&Examined) -> bool,
        enough: impl Fn(&Self) -> bool,
    ) -> bool {
        loop {
            self.drain(wanted);
            if course.is_cancelled() {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || enough(self) {
                return true;
            }
            let _ = self.woken.recv_timeout(left.min(LOOK));
        }
    }

    fn drain(&mut self, wanted: &dyn Fn(&Examined) -> bool) {
        let changes = self.watch.drain();
        for board in changes.boards {
            if let LinkState::Unreachable { problem, .. } = &board.link {
                self.problems.insert(board.key, problem.clone());
            }
            if board.announcement.is_some() {
                self.told.extend(board.id.clone());
            }
            let here = self
                .connected
                .iter()
                .any(|known| known.id.is_some() && known.id == board.id);
            if board.link == LinkState::Announced && !here && wanted(&self.one(&board)) {
                self.fleet.connect(board.key);
            }
            self.boards.insert(board.key, (*board).clone());
        }
        for entry in &changes.log {
            if let LogEvent::Link(LinkState::Unreachable { problem, .. }) = &entry.what {
                self.problems.insert(entry.board, problem.clone());
            }
        }
        for gone in changes.forgotten {
            // A board that said goodbye stays among the evidence; one that
            // turned out to be another does not.
            let id = self.boards.get(&gone).and_then(|board| board.id.clone());
            if self
                .boards
                .values()
                .any(|board| board.key != gone && board.id == id)
            {
                self.boards.remove(&gone);
            }
        }
        if let Some(status) = changes.status {
            self.problem = status.discovery_problem;
        }
    }

    fn examined(&self) -> Vec<(BoardKey, Examined)> {
        let here = |board: &BoardView| {
            self.connected
                .iter()
                .any(|known| known.id.is_some() && known.id == board.id)
        };
        self.boards
            .values()
            .filter(|board| !here(board))
            .map(|board| (board.key, self.one(board)))
            .collect()
    }

    fn one(&self, board: &BoardView) -> Examined {
        let told = board.id.as_ref().is_some_and(|id| self.told.contains(id));
        let link = match (&board.link, self.problems.get(&board.key)) {
            (LinkState::Connected | LinkState::Stale, _) => Link::Works,
            (LinkState::Unreachable { problem, .. }, _) => Link::Problem(problem.clone()),
            (_, Some(problem)) => Link::Problem(problem.clone()),
            (LinkState::Connecting, None) => Link::Unsettled,
            (LinkState::Announced, None) => Link::NotTried,
        };
        let (name, id, address) = (board.name.clone(), board.id.clone(), board.address.clone());
        let (addresses, record) = (
            board.addresses.clone(),
            if told { Record::Heard } else { Record::None },
        );
        Examined {
            name,
            id,
            address,
            addresses,
            record,
            link,
            hosts: Vec::new(),
        }
    }
}

fn of_known(known: &Known) -> Examined {
    let Known {
        id,
        name,
        address,
        addresses,
        announced,
        ..
    } = known.clone();
    let record = if announced {
        Record::Heard
    } else {
        Record::None
    };
    Examined {
        name,
        id,
        address,
        addresses,
        record,
        link: Link::NotTried,
        hosts: Vec::new(),
    }
}

fn is_settled(board: &Examined) -> bool {
    board.link != Link::Unsettled
}

/// Whether it is to be seen if anything answers at the address at all.
fn needs_a_host(board: &Examined) -> bool {
    match &board.link {
        Link::Works | Link::NotTried => false,
        Link::Unsettled => true,
        Link::Problem(problem) => matches!(
            problem,
            LinkProblem::Connect(_)
                | LinkProblem::Elsewhere(_)
                | LinkProblem::ConnectTimeout
                | LinkProblem::Closed
                | LinkProblem::Silent
        ),
    }
}

/// Whether what was announced is to be asked for anew.
fn is_doubtful(board: &Examined) -> bool {
    let another = matches!(
        &board.link,
        Link::Problem(LinkProblem::AnotherBoard { .. } | LinkProblem::NotABoard(_))
    );
    board.record == Record::Heard && (another || needs_a_host(board))
}

/// Tries a plain connection to every address of these boards, some at once.
fn hosts(
    boards: &[(BoardKey, Examined)],
    course: &Course,
) -> BTreeMap<BoardKey, Vec<(String, Host)>> {
    let own = interfaces::current();
    let mut found: BTreeMap<BoardKey, Vec<(String, Host)>> = BTreeMap::new();
    let mut to_try = Vec::new();
    for (key, board) in boards {
        for candidate in board.addresses.iter() {
            let shown = candidate.address().to_string();
            match candidate.judge(&own) {
                Verdict::Usable(Usable::Ip(address)) => to_try.push((*key, shown, address)),
                Verdict::Usable(Usable::Name(name, port)) => {
                    match (name.as_str(), port).to_socket_addrs() {
                        // Each under its own address: the name may lead to
                        // several hosts.
                        Ok(ips) => to_try.extend(ips.map(|ip| (*key, ip.to_string(), ip))),
                        Err(error) => found
                            .entry(*key)
                            .or_default()
                            .push((shown, Host::NoWay(error.to_string()))),
                    }
                }
                Verdict::Elsewhere => found
                    .entry(*key)
                    .or_default()
                    .push((shown, Host::Elsewhere)),
                Verdict::NoInterface => found
                    .entry(*key)
                    .or_default()
                    .push((shown, Host::NoInterface)),
                Verdict::NoHost => {}
            }
        }
    }
    for some in to_try.chunks(AT_ONCE) {
        if course.is_cancelled() {
            break;
        }
        thread::scope(|scope| {
            let running: Vec<_> = some
                .iter()
                .map(|(key, shown, address)| {
                    scope.spawn(move || (*key, shown.clone(), host(*address)))
                })
                .collect();
            for (key, shown, host) in running.into_iter().filter_map(|one| one.join().ok()) {
                found.entry(key).or_default().push((shown, host));
            }
        });
    }
    found
}

fn host(address: SocketAddr) -> Host {
    match TcpStream::connect_timeout(&address, CONNECT) {
        Ok(_) => Host::Open,
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Host::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Host::Silent { after: CONNECT },
            _ => Host::NoWay(error.to_string()),
        },
    }
}

/// Which of these are announced to somebody who asks for the first time: a new
/// responder has no memory of what was said before.
fn confirmed(
    lookout: &Lookout,
    doubtful: &BTreeSet<String>,
    course: &Course,
) -> Result<Option<BTreeSet<String>>, StartError> {
    let mut party = Party::start(lookout.clone(), Keys::default())?;
    let all = |party: &Party| doubtful.iter().all(|id| party.told.contains(id));
    let on = party.follow(Instant::now() + LISTEN, course, &|_| false, all);
    Ok(on.then(|| std::mem::take(&mut party.told)))
}
