//! Replays a recording: reads it, waits until each record is due, and lets
//! virtual boards repeat it. `record` decides what is due when, and
//! `virtual_board::replay` how the boards answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use protocol::{Source, board_id, limits};
use record::{BoardRecord, Item, Player, ReadError, Reader, Recorded, Step, Window};
use virtual_board::{
    Listening, StartError,
    replay::{Act, Description, ReplayOptions, ReplayedBoards},
};

/// After the first controller, the others have this long to connect.
const OTHERS: Duration = Duration::from_secs(2);

/// What the ids of replayed boards begin with: the recorded board may be on the
/// network too.
const ID_PREFIX: &str = "replay-";

/// What their names end with.
const NAME_SUFFIX: &str = " (replay)";

/// How a recording is replayed.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Which part of it, and how fast.
    pub window: Window,
    /// How the boards are reached.
    pub boards: ReplayOptions,
    /// Whether it begins at once. Otherwise it waits until a controller is
    /// connected, so that nothing is missed.
    pub at_once: bool,
    /// Whether boards stay reachable while the recorded ones were not.
    pub keep_connected: bool,
}

/// What happens during a replay.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A board listens.
    Board(Listening),
    /// A board was recorded without a description: it was never connected.
    Skipped(String),
    /// Something about a file.
    Note(String),
    /// It waits for a controller.
    Waiting,
    /// It plays from now on. The time of the first record, in seconds since
    /// 1970.
    Playing(f64),
    /// It has ended; the boards stay. Why, if it could not be read to its end.
    Ended(Option<String>),
}

/// Why a replay does not start.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The boards cannot be started.
    #[error(transparent)]
    Boards(#[from] StartError),
    /// The thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

/// How far a replay is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// The ids of its boards that are new since the last call.
    pub boards: Vec<String>,
    /// The time of the last record that was played, in seconds since 1970.
    pub at: Option<f64>,
    /// It has ended, and its boards stay.
    pub ended: bool,
}

/// A replay. When it is dropped, its boards end.
pub struct Playback {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    control: Mutex<Control>,
    changed: Condvar,
    progress: Mutex<Progress>,
}

/// What others tell the thread of a replay.
#[derive(Default)]
struct Control {
    stopped: bool,
    /// A controller has subscribed since this was looked at.
    subscribed: bool,
}

impl Playback {
    /// Starts the replay of the recording whose first file this is. `tell` is
    /// called from its thread.
    ///
    /// # Errors
    /// If it is not a recording, or the boards cannot be started.
    pub fn start(
        path: &Path,
        settings: Settings,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, PlayError> {
        let reader = Reader::open(path)?;
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let boards = ReplayedBoards::start(settings.boards.clone(), move || {
            lock(&told.control).subscribed = true;
            told.changed.notify_all();
        })?;
        let runner = Runner {
            player: Player::new(settings.window.clone()),
            settings,
            boards,
            shared: Arc::clone(&shared),
            tell: Box::new(tell),
            known: BTreeMap::new(),
            complete: BTreeSet::new(),
            reachable: BTreeSet::new(),
            began: None,
        };
        let thread = std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || runner.run(reader))
            .map_err(PlayError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let mut progress = lock(&self.shared.progress);
        Progress {
            boards: std::mem::take(&mut progress.boards),
            ..*progress
        }
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        lock(&self.shared.control).stopped = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Waits until this time; whether the replay goes on.
    fn wait_until(&self, due: Instant) -> bool {
        let mut control = lock(&self.control);
        loop {
            if control.stopped {
                return false;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let waited = self.changed.wait_timeout(control, left);
            control = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until a controller has subscribed, or until this time; whether the
    /// replay goes on.
    fn wait_for_controller(&self, end: Option<Instant>) -> bool {
        let mut control = lock(&self.control);
        while !control.stopped && !std::mem::take(&mut control.subscribed) {
            let Some(end) = end else {
                let waited = self.changed.wait(control);
                control = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(control, left);
            control = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !control.stopped
    }

    fn is_stopped(&self) -> bool {
        lock(&self.control).stopped
    }

    /// Waits until the replay is to end.
    fn wait_for_end(&self) {
        let mut control = lock(&self.control);
        while !control.stopped {
            let waited = self.changed.wait(control);
            control = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread of a replay.
struct Runner {
    settings: Settings,
    player: Player,
    boards: ReplayedBoards,
    shared: Arc<Shared>,
    tell: Box<dyn FnMut(Event) + Send>,
    /// The ids of replayed boards by the recorded ones; `None` for boards
    /// without a description.
    known: BTreeMap<String, Option<String>>,
    /// The recorded ids of replayed boards with components.
    complete: BTreeSet<String>,
    /// The ids of replayed boards that can be reached.
    reachable: BTreeSet<String>,
    /// When the replay began, and how much recorded time was skipped.
    began: Option<(Instant, Duration)>,
}

impl Runner {
    fn run(mut self, reader: Reader) {
        let Some(problem) = self.play(reader) else {
            return;
        };
        for (board, played) in std::mem::take(&mut self.known) {
            if played.is_none() {
                (self.tell)(Event::Skipped(board));
            }
        }
        lock(&self.shared.progress).ended = true;
        (self.tell)(Event::Ended(problem));
        // The boards stay with their last states until this is dropped.
        self.shared.wait_for_end();
    }

    /// Plays everything; why that ended early, or `None` if it was stopped.
    fn play(&mut self, reader: Reader) -> Option<Option<String>> {
        for item in reader {
            match item {
                Ok(Item::Header(header)) => self.player.header(&header),
                Ok(Item::Note(note)) => (self.tell)(Event::Note(note.to_string())),
                Ok(Item::Record(record)) => {
                    for step in self.player.record(*record) {
                        match self.step(step) {
                            Ok(true) => {}
                            Ok(false) => return None,
                            Err(error) => return Some(Some(error.to_string())),
                        }
                    }
                    if self.player.is_over() {
                        break;
                    }
                }
                Err(error) => return Some(Some(error.to_string())),
            }
        }
        let late = !self.player.has_begun();
        let boards = &self.settings.window.boards;
        if !late && self.known.is_empty() && !boards.is_empty() {
            let why = format!("the recording has no board named {}", boards.join(" or "));
            return Some(Some(why));
        }
        Some(late.then(|| {
            let length = self.player.position();
            format!(
                "the recording is only {length:.1} s long, and the replay would begin after its end"
            )
        }))
    }

    /// Plays a step; whether the replay goes on.
    fn step(&mut self, step: Step) -> Result<bool, StartError> {
        // What precedes the first push only prepares the boards, and so do the
        // first lines of the log of a board whose components follow.
        let prepares = !self.complete.contains(&step.board)
            || matches!(
                step.what,
                Recorded::Board(_) | Recorded::Link { .. } | Recorded::Forgotten
            );
        if self.began.is_none() && !prepares {
            if !self.settings.at_once && !self.wait_for_controllers() {
                return Ok(false);
            }
            // Only the time in which the recorder found its boards is skipped.
            let skipped = match self.settings.window.from > 0.0 {
                true => Duration::ZERO,
                false => step.due,
            };
            self.began = Some((Instant::now(), skipped));
            (self.tell)(Event::Playing(step.at));
        }
        if let Some((began, skipped)) = self.began
            && let Some(due) = began.checked_add(step.due.saturating_sub(skipped))
            && !self.shared.wait_until(due)
        {
            return Ok(false);
        }
        lock(&self.shared.progress).at = Some(step.at);
        let recorded = step.board;
        if let Recorded::Board(board) = step.what {
            self.describe(recorded, *board)?;
            return Ok(!self.shared.is_stopped());
        }
        match self.known.get(&recorded) {
            Some(Some(id)) => {
                let id = id.clone();
                match self.act(step.what) {
                    Some(Act::Reachable(up)) => self.set_reachable(&id, up),
                    Some(act) => self.boards.act(&id, act),
                    None => {}
                }
            }
            // It is recorded under its id from now on.
            Some(None) if step.what == Recorded::Forgotten => {
                self.known.remove(&recorded);
            }
            _ => {}
        }
        Ok(true)
    }

    /// Waits until every board has a controller, or one had time to reach all;
    /// whether the replay goes on.
    fn wait_for_controllers(&mut self) -> bool {
        (self.tell)(Event::Waiting);
        let mut end = None;
        loop {
            let list = self.boards.list();
            let subscribed = list.iter().filter(|(_, controllers)| *controllers > 0);
            let subscribed = subscribed.count();
            if subscribed >= self.reachable.len() {
                return true;
            }
            if subscribed > 0 {
                let end = *end.get_or_insert_with(|| Instant::now() + OTHERS);
                if Instant::now() >= end {
                    return true;
                }
            }
            if !self.shared.wait_for_controller(end) {
                return false;
            }
        }
    }

    fn describe(&mut self, recorded: String, board: BoardRecord) -> Result<(), StartError> {
        let up = board.link.is_reachable() || self.settings.keep_connected;
        let is_complete = !board.components.is_empty();
        let Some(mut description) = description(&recorded, board) else {
            // It may still be described.
            self.known.entry(recorded).or_default();
            return Ok(());
        };
        description.info.id = self.own_id(&recorded, &description.info.id);
        let id = description.info.id.clone();
        let listening = self.boards.describe(description)?;
        if !matches!(self.known.get(&recorded), Some(Some(_))) {
            lock(&self.shared.progress).boards.push(id.clone());
            (self.tell)(Event::Board(listening));
        }
        self.set_reachable(&id, up);
        if is_complete {
            self.complete.insert(recorded.clone());
        }
        self.known.insert(recorded, Some(id));
        Ok(())
    }

    fn set_reachable(&mut self, id: &str, up: bool) {
        match up {
            true => self.reachable.insert(id.to_owned()),
            false => self.reachable.remove(id),
        };
        self.boards.act(id, Act::Reachable(up));
    }

    /// The id of a replayed board, which no other one has: ids of other
    /// families may be alike once they are valid.
    fn own_id(&self, recorded: &str, wanted: &str) -> String {
        let is_free = |id: &str| {
            let mut others = self.known.iter().filter(|(other, _)| *other != recorded);
            !others.any(|(_, taken)| taken.as_deref() == Some(id))
        };
        if is_free(wanted) {
            return wanted.to_owned();
        }
        let stem: String = wanted.chars().take(limits::NAME - 5).collect();
        let numbered = (2..9_999).map(|number| format!("{stem}-{number}"));
        numbered.into_iter().find(|id| is_free(id)).unwrap_or(stem)
    }

    /// What a replayed board does because of a record.
    fn act(&self, what: Recorded) -> Option<Act> {
        let reachable = |reachable: bool| {
            let outage = !reachable && self.settings.keep_connected;
            (!outage).then_some(Act::Reachable(reachable))
        };
        match what {
            Recorded::State { components } => Some(Act::Push {
                components,
                source: None,
            }),
            Recorded::Push {
                components, origin, ..
            } => Some(Act::Push {
                components,
                source: source(origin.as_deref()),
            }),
            Recorded::Event {
                component,
                event,
                origin,
                ..
            } => Some(Act::Event {
                component,
                event,
                source: source(origin.as_deref()),
            }),
            Recorded::Log { level, message } => Some(Act::Log { level, message }),
            Recorded::Link { link } if link.is_up() => reachable(true),
            Recorded::Link { link } if !link.is_reachable() => reachable(false),
            Recorded::Forgotten => reachable(false),
            _ => None,
        }
    }
}

/// What a replayed board is; `None` if the recorded one was never connected.
fn description(recorded: &str, board: BoardRecord) -> Option<Description> {
    let mut info = *board.info?;
    info.id = replayed_id(recorded);
    info.name = replayed_name(&board.name);
    info.extra
        .insert("replay_of".to_owned(), recorded.to_owned().into());
    let components = board.components.into_iter();
    Some(Description {
        info,
        components: components
            .map(|component| (component.descriptor, component.state))
            .collect(),
    })
}

/// The id of a replayed board: boards of other families may have ids that ours
/// cannot have.
fn replayed_id(recorded: &str) -> String {
    let plain = recorded.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' => char::from(byte),
        b'A'..=b'Z' => char::from(byte.to_ascii_lowercase()),
        _ => '-',
    });
    let id: String = ID_PREFIX.chars().chain(plain).take(limits::NAME).collect();
    match board_id(&id) {
        Ok(_) => id,
        Err(_) => ID_PREFIX.to_owned() + "board",
    }
}

fn replayed_name(name: &str) -> String {
    let room = limits::NAME - NAME_SUFFIX.len();
    let end = name.floor_char_boundary(room);
    format!("{}{NAME_SUFFIX}", name.get(..end).unwrap_or_default())
}

/// Who caused a change. A controller of the replay has no part in it.
fn source(origin: Option<&str>) -> Option<Source> {
    Some(match origin? {
        "this_program" => Source::Unknown("recorder".to_owned()),
        "board" => Source::Timer,
        other => {
            let Ok(source) = other.parse();
            source
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replayed_board_has_an_id_of_its_own_and_a_marked_name() {
        assert_eq!(replayed_id("sb-7e7291"), "replay-sb-7e7291");
        assert_eq!(replayed_id("shellyPlus1PM_A8"), "replay-shellyplus1pm-a8");
        assert_eq!(replayed_id(&"x".repeat(63)).len(), 63);
        assert_eq!(replayed_name("Desk lamp"), "Desk lamp (replay)");
        let long = replayed_name(&"ü".repeat(40));
        assert!(long.len() <= 63 && long.ends_with("ü (replay)"), "{long}");
    }
}
