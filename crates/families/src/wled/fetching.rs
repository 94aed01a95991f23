//! Decides when the names are read of the board's web server: once per
//! connection, and when the board says that they changed. Reading them makes
//! animations stutter, so they are read one after the other and never without
//! need.

use std::time::Duration;

use web_time::Instant;

use crate::{Action, Actions};

use super::{names::AllNames, report::Info};

/// The first wait after a failure; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How often the same names are requested if that fails.
const TRIES: u32 = 3;

/// A request without an answer is given up after this time.
const ANSWER: Duration = Duration::from_secs(15);

/// The shortest time between two requests because something changed.
const PAUSE: Duration = Duration::from_secs(5);

/// The largest list that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

const EFFECTS: &str = "/json/eff";
const PALETTES: &str = "/json/pal";
const PRESETS: &str = "/presets.json";

/// One kind of names.
#[derive(Debug)]
struct List {
    path: &'static str,
    /// What tells that they changed: a number of `info`.
    version: Option<u64>,
    /// Failures so far.
    failures: u32,
    /// When they are to be requested.
    due: Option<Instant>,
    read: fn(&mut AllNames, &str) -> bool,
}

impl List {
    const fn new(path: &'static str, read: fn(&mut AllNames, &str) -> bool) -> Self {
        Self {
            path,
            version: None,
            failures: 0,
            due: None,
            read,
        }
    }

    fn reported(&mut self, now: Instant, version: Option<u64>, first: bool) {
        if first {
            self.due = Some(now);
        } else if version != self.version {
            self.due.get_or_insert(now + PAUSE);
            self.failures = 0;
        }
        self.version = version;
    }

    fn failed(&mut self, now: Instant) {
        self.failures += 1;
        let wait = FIRST_WAIT * 2_u32.saturating_pow(self.failures - 1);
        self.due = (self.failures < TRIES).then(|| now + wait);
    }
}

/// What is read of the web server on one connection.
#[derive(Debug)]
pub(super) struct Fetching {
    lists: [List; 3],
    in_progress: Option<(&'static str, Instant)>,
    started: bool,
}

impl Fetching {
    pub(super) const fn new() -> Self {
        Self {
            lists: [
                List::new(EFFECTS, AllNames::read_effects),
                List::new(PALETTES, AllNames::read_palettes),
                List::new(PRESETS, AllNames::read_presets),
            ],
            in_progress: None,
            started: false,
        }
    }

    /// The board reported its information.
    pub(super) fn reported(&mut self, now: Instant, info: &Info, out: &mut Actions) {
        let versions = [info.effects, info.palettes, info.presets_changed];
        for (list, version) in self.lists.iter_mut().zip(versions) {
            list.reported(now, version, !self.started);
        }
        self.started = true;
        self.advance(now, out);
    }

    /// A list was read, or not.
    pub(super) fn fetched(
        &mut self,
        now: Instant,
        path: &str,
        body: Result<&str, &str>,
        names: &mut AllNames,
        out: &mut Actions,
    ) {
        if self
            .in_progress
            .is_none_or(|(requested, _)| requested != path)
        {
            return;
        }
        self.in_progress = None;
        if let Some(list) = self.lists.iter_mut().find(|list| list.path == path) {
            let body = body.ok().filter(|body| body.len() <= LARGEST);
            match body.is_some_and(|body| (list.read)(names, body)) {
                true => list.failures = 0,
                // Also a busy board, which answers with an error instead.
                false => list.failed(now),
            }
        }
        self.advance(now, out);
    }

    /// Whether nothing more is expected for now.
    pub(super) fn is_settled(&self) -> bool {
        let waits = |list: &List| list.due.is_some() && list.failures == 0;
        self.started && self.in_progress.is_none() && !self.lists.iter().any(waits)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        match self.in_progress {
            Some((_, until)) => Some(until),
            None => self.lists.iter().filter_map(|list| list.due).min(),
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Instant, out: &mut Actions) {
        if let Some((path, until)) = self.in_progress
            && now >= until
        {
            self.in_progress = None;
            if let Some(list) = self.lists.iter_mut().find(|list| list.path == path) {
                list.failed(now);
            }
        }
        self.advance(now, out);
    }

    fn advance(&mut self, now: Instant, out: &mut Actions) {
        if self.in_progress.is_some() {
            return;
        }
        let due = |list: &&mut List| list.due.is_some_and(|due| now >= due);
        if let Some(list) = self.lists.iter_mut().find(due) {
            list.due = None;
            self.in_progress = Some((list.path, now + ANSWER));
            out.push(Action::Fetch {
                path: list.path.to_owned(),
            });
        }
    }
}
