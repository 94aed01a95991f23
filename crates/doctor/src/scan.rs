//! Discovers boards with a fleet of its own and connects to the wanted ones,
//! tests the addresses of those that do not answer, and queries their
//! announcements again with an empty cache.

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
    evidence::{ExaminedBoard, LinkOutcome, MdnsRecord, TcpProbe},
    examination::{Check, DoctorRequest, KnownDevice, Worker},
};
use address::{Usable, Verdict};
use engine::{Lookout, Settings, StartError};
use fleet::{
    BoardKey, BoardView, Fleet, KnownBoard, LinkProblem, LinkState, LogEvent, TypedKind, Watch,
    typed_kind,
};
use keys::Keys;
use net::client::interfaces;

/// How long to listen for announcements. An answer takes about 100 ms; a
/// responder repeats one that it sent less than a second ago only after that
/// second (RFC 6762, section 6).
const LISTEN: Duration = Duration::from_millis(2_500);

/// Timeout of a plain connection. Connecting within a building takes
/// milliseconds; a lost SYN is repeated after 1 s and 3 s (RFC 6298, section
/// 2).
const CONNECT: Duration = Duration::from_secs(4);

/// Maximum number of addresses tested at once.
const MAX_CONCURRENT: usize = 32;

/// How often to check for cancellation.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The result of a scan.
pub(super) struct ScanResult {
    pub(super) discovery_problem: Option<String>,
    pub(super) looked: Duration,
    pub(super) boards: Vec<ExaminedBoard>,
}

/// Scans; `None` if canceled.
///
/// # Errors
/// If no fleet can be started.
pub(super) fn examine(
    request: &DoctorRequest,
    worker: &Worker,
) -> Result<Option<ScanResult>, StartError> {
    worker.begin_check(Check::Boards);
    let begun = Instant::now();
    let (connected, missing): (Vec<_>, Vec<_>) = request
        .known
        .iter()
        .cloned()
        .partition(|known| known.connected);
    let mut scan = Scan::start(request.lookout.clone(), request.keys.clone())?;
    scan.connected = connected;
    let linked = |wanted: &str| {
        scan.connected
            .iter()
            .any(|known| from_known(known).matches(wanted))
    };
    let unlinked = request.wanted.as_deref().filter(|wanted| !linked(wanted));
    if let Some(wanted) = unlinked.filter(|wanted| typed_kind(wanted) == TypedKind::Address) {
        // A text that is not an address after all is reported as missing.
        let _ = scan.fleet.add_address(wanted);
    }
    let wanted = |board: &ExaminedBoard| {
        request
            .wanted
            .as_deref()
            .is_none_or(|wanted| board.matches(wanted))
    };
    for known in missing {
        if wanted(&from_known(&known)) {
            scan.recall(known);
        }
    }
    if !scan.process_until(begun + LISTEN, worker, &wanted, |_| false) {
        return Ok(None);
    }
    // A board with this name would have announced itself by now.
    if let Some(name) = unlinked.filter(|name| typed_kind(name) == TypedKind::NameOrAddress)
        && !scan.examined().iter().any(|(_, board)| board.matches(name))
    {
        let _ = scan.fleet.add_address(name);
    }
    let looked = begun.elapsed();
    let silent: Vec<_> = scan
        .examined()
        .into_iter()
        .filter(|(_, board)| needs_probe(board))
        .collect();
    if !silent.is_empty() {
        worker.begin_check(Check::Hosts);
    }
    let hosts = probe_hosts(&silent, worker);
    // If something accepts connections, wait for its answer as long as a link
    // does.
    let open = |key: &BoardKey| {
        hosts
            .get(key)
            .is_some_and(|of| of.iter().any(|(_, host)| *host == TcpProbe::Open))
    };
    let settled = |scan: &Scan| {
        scan.examined()
            .iter()
            .all(|(key, board)| !open(key) || is_settled(board))
    };
    if worker.is_canceled()
        || !scan.process_until(begun + LISTEN + CONNECT_TIMEOUT, worker, &wanted, settled)
    {
        return Ok(None);
    }
    let mut boards = scan.examined();
    for (key, board) in &mut boards {
        board.hosts = hosts.get(key).cloned().unwrap_or_default();
    }
    let mut boards: Vec<_> = boards.into_iter().map(|(_, board)| board).collect();
    let problem = scan.problem.clone();
    let connected = std::mem::take(&mut scan.connected);
    drop(scan);
    if !confirm_records(&mut boards, &request.lookout, worker)? {
        return Ok(None);
    }
    boards.extend(connected.iter().map(|known| ExaminedBoard {
        link: LinkOutcome::Works,
        ..from_known(known)
    }));
    Ok(Some(ScanResult {
        discovery_problem: problem,
        looked,
        boards,
    }))
}

/// Queries the announcements of boards that do not answer again, and updates
/// their records. False if canceled.
fn confirm_records(
    boards: &mut [ExaminedBoard],
    lookout: &Lookout,
    worker: &Worker,
) -> Result<bool, StartError> {
    let unconfirmed: BTreeSet<_> = boards
        .iter()
        .filter(|board| needs_confirmation(board))
        .filter_map(|board| board.id.clone())
        .collect();
    if unconfirmed.is_empty() {
        return Ok(true);
    }
    worker.begin_check(Check::Records);
    let Some(confirmed) = confirmed(lookout, &unconfirmed, worker)? else {
        return Ok(false);
    };
    for board in boards {
        if let Some(id) = board.id.as_ref().filter(|id| unconfirmed.contains(*id)) {
            board.record = if confirmed.contains(id) {
                MdnsRecord::Confirmed
            } else {
                MdnsRecord::Gone
            };
        }
    }
    Ok(true)
}

/// A fleet and what it has found.
struct Scan {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    boards: BTreeMap<BoardKey, BoardView>,
    /// The last reason why a connection failed.
    problems: BTreeMap<BoardKey, LinkProblem>,
    /// The ids that were ever announced.
    announced_ids: BTreeSet<String>,
    /// Boards that are connected already.
    connected: Vec<KnownDevice>,
    problem: Option<String>,
}

impl Scan {
    fn start(lookout: Lookout, keys: Keys) -> Result<Self, StartError> {
        let settings = Settings {
            discovery: Some(lookout),
            connect_to_all: false,
            keys: Some(keys),
            ..Settings::default()
        };
        let fleet = engine::start(settings)?;
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move |_| {
            // Full: the reader will be woken anyway. Closed: it is gone.
            let _ = wake.try_send(());
        });
        let (boards, problems, announced_ids, connected) = Default::default();
        Ok(Self {
            fleet,
            watch,
            woken,
            boards,
            problems,
            announced_ids,
            connected,
            problem: None,
        })
    }

    /// Adds a board that is known already.
    fn recall(&mut self, known: KnownDevice) {
        let KnownDevice {
            id,
            family,
            name,
            address,
            addresses,
            announced,
            ..
        } = known;
        self.announced_ids.extend(id.clone().filter(|_| announced));
        let _ = self.fleet.recall(KnownBoard {
            id,
            family,
            name,
            address,
            by_hand: false,
            announced: addresses,
            ..KnownBoard::default()
        });
    }

    /// Processes changes until `end` or until `is_done` returns true, and
    /// connects to wanted boards. Returns false if canceled.
    fn process_until(
        &mut self,
        end: Instant,
        worker: &Worker,
        wanted: &dyn Fn(&ExaminedBoard) -> bool,
        is_done: impl Fn(&Self) -> bool,
    ) -> bool {
        loop {
            self.drain(wanted);
            if worker.is_canceled() {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || is_done(self) {
                return true;
            }
            let _ = self.woken.recv_timeout(left.min(CANCEL_CHECK_INTERVAL));
        }
    }

    fn drain(&mut self, wanted: &dyn Fn(&ExaminedBoard) -> bool) {
        let changes = self.watch.drain();
        for board in changes.boards {
            if let LinkState::Unreachable { problem, .. } = &board.link {
                self.problems.insert(board.key, problem.clone());
            }
            if board.announcement.is_some() {
                self.announced_ids
                    .extend(board.id.as_deref().map(str::to_owned));
            }
            let here = self
                .connected
                .iter()
                .any(|known| known.id.is_some() && known.id.as_deref() == board.id.as_deref());
            if board.link == LinkState::Announced && !here && wanted(&self.examined_board(&board)) {
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
            // A board that said goodbye remains in the evidence; one that
            // turned out to be another board does not.
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

    fn examined(&self) -> Vec<(BoardKey, ExaminedBoard)> {
        let here = |board: &BoardView| {
            self.connected
                .iter()
                .any(|known| known.id.is_some() && known.id.as_deref() == board.id.as_deref())
        };
        self.boards
            .values()
            .filter(|board| !here(board))
            .map(|board| (board.key, self.examined_board(board)))
            .collect()
    }

    fn examined_board(&self, board: &BoardView) -> ExaminedBoard {
        let told = board
            .id
            .as_deref()
            .is_some_and(|id| self.announced_ids.contains(id));
        let link = match (&board.link, self.problems.get(&board.key)) {
            (LinkState::Connected | LinkState::Stale, _) => LinkOutcome::Works,
            (LinkState::Unreachable { problem, .. }, _) => LinkOutcome::Problem(problem.clone()),
            (_, Some(problem)) => LinkOutcome::Problem(problem.clone()),
            (LinkState::Connecting, None) => LinkOutcome::Unsettled,
            (LinkState::Announced, None) => LinkOutcome::NotTried,
        };
        let id = board.id.as_deref().map(str::to_owned);
        let (name, address) = (board.name.to_string(), board.address.to_string());
        let (addresses, record) = (
            board.addresses.clone(),
            if told {
                MdnsRecord::Heard
            } else {
                MdnsRecord::None
            },
        );
        ExaminedBoard {
            name,
            id,
            family: board.family,
            address,
            addresses,
            record,
            link,
            hosts: Vec::new(),
        }
    }
}

fn from_known(known: &KnownDevice) -> ExaminedBoard {
    let KnownDevice {
        id,
        family,
        name,
        address,
        addresses,
        announced,
        ..
    } = known.clone();
    let record = if announced {
        MdnsRecord::Heard
    } else {
        MdnsRecord::None
    };
    ExaminedBoard {
        name,
        id,
        family,
        address,
        addresses,
        record,
        link: LinkOutcome::NotTried,
        hosts: Vec::new(),
    }
}

fn is_settled(board: &ExaminedBoard) -> bool {
    board.link != LinkOutcome::Unsettled
}

/// Whether to test if anything answers at the address at all.
fn needs_probe(board: &ExaminedBoard) -> bool {
    match &board.link {
        LinkOutcome::Works | LinkOutcome::NotTried => false,
        LinkOutcome::Unsettled => true,
        LinkOutcome::Problem(problem) => matches!(
            problem,
            LinkProblem::Connect(_)
                | LinkProblem::Elsewhere(_)
                | LinkProblem::ConnectTimeout
                | LinkProblem::Closed
                | LinkProblem::Silent
        ),
    }
}

/// Whether to query the announcement again.
fn needs_confirmation(board: &ExaminedBoard) -> bool {
    let another = matches!(
        &board.link,
        LinkOutcome::Problem(LinkProblem::AnotherBoard { .. } | LinkProblem::NotABoard(_))
    );
    board.record == MdnsRecord::Heard && (another || needs_probe(board))
}

/// Opens a plain connection to every address of these boards, several at a
/// time.
fn probe_hosts(
    boards: &[(BoardKey, ExaminedBoard)],
    worker: &Worker,
) -> BTreeMap<BoardKey, Vec<(String, TcpProbe)>> {
    let own = interfaces::current();
    let mut found: BTreeMap<BoardKey, Vec<(String, TcpProbe)>> = BTreeMap::new();
    let mut to_try = Vec::new();
    for (key, board) in boards {
        for candidate in board.addresses.iter() {
            let shown = candidate.address().to_string();
            match candidate.judge(&own) {
                Verdict::Usable(Usable::Ip(address)) => to_try.push((*key, shown, address)),
                Verdict::Usable(Usable::Name(name, port)) => {
                    match (name.as_str(), port).to_socket_addrs() {
                        // Listed by IP address: the name may resolve to several
                        // hosts.
                        Ok(ips) => to_try.extend(ips.map(|ip| (*key, ip.to_string(), ip))),
                        Err(error) => found
                            .entry(*key)
                            .or_default()
                            .push((shown, TcpProbe::NoWay(error.to_string()))),
                    }
                }
                Verdict::Elsewhere => found
                    .entry(*key)
                    .or_default()
                    .push((shown, TcpProbe::Elsewhere)),
                Verdict::NoInterface => found
                    .entry(*key)
                    .or_default()
                    .push((shown, TcpProbe::NoInterface)),
                Verdict::NoHost => {}
            }
        }
    }
    for some in to_try.chunks(MAX_CONCURRENT) {
        if worker.is_canceled() {
            break;
        }
        thread::scope(|scope| {
            let running: Vec<_> = some
                .iter()
                .map(|(key, shown, address)| {
                    scope.spawn(move || (*key, shown.clone(), probe(*address)))
                })
                .collect();
            for (key, shown, host) in running.into_iter().filter_map(|one| one.join().ok()) {
                found.entry(key).or_default().push((shown, host));
            }
        });
    }
    found
}

fn probe(address: SocketAddr) -> TcpProbe {
    match TcpStream::connect_timeout(&address, CONNECT) {
        Ok(_) => TcpProbe::Open,
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => TcpProbe::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                TcpProbe::Silent { after: CONNECT }
            }
            _ => TcpProbe::NoWay(error.to_string()),
        },
    }
}

/// Which of these ids are announced to a new querier, which has an empty cache.
fn confirmed(
    lookout: &Lookout,
    unconfirmed: &BTreeSet<String>,
    worker: &Worker,
) -> Result<Option<BTreeSet<String>>, StartError> {
    let mut scan = Scan::start(lookout.clone(), Keys::default())?;
    let all = |scan: &Scan| unconfirmed.iter().all(|id| scan.announced_ids.contains(id));
    let on = scan.process_until(Instant::now() + LISTEN, worker, &|_| false, all);
    Ok(on.then(|| std::mem::take(&mut scan.announced_ids)))
}
