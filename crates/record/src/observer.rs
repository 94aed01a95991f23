//! Turns the changes of a fleet into records. Owns no file and no thread.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use fleet::{BoardKey, BoardView, Changes, Clock, LogEntry, LogEvent, Outcome, Trail};
use protocol::{ComponentKey, Descriptor, DeviceInfo, State};
use serde_json::Value;

use crate::format::{
    BoardRecord, Command, ComponentRecord, Link, Record, Recorded, cause, millis, origin_text,
    rounded, seconds,
};

/// Which boards are recorded. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Selection(Option<Arc<Mutex<BTreeSet<BoardKey>>>>);

impl Selection {
    /// All boards.
    pub fn all() -> Self {
        Self(None)
    }

    /// Only those that are [added](Self::add).
    pub fn some() -> Self {
        Self(Some(Arc::default()))
    }

    /// Records a board from its next change on; whether it was not recorded
    /// before.
    pub fn add(&self, board: BoardKey) -> bool {
        let Some(some) = &self.0 else {
            return false;
        };
        let mut some = some.lock().unwrap_or_else(PoisonError::into_inner);
        some.insert(board)
    }

    fn has(&self, board: BoardKey) -> bool {
        self.0.as_ref().is_none_or(|some| {
            let some = some.lock().unwrap_or_else(PoisonError::into_inner);
            some.contains(&board)
        })
    }
}

/// Turns changes into records.
pub struct Observer {
    clock: Arc<Clock>,
    /// When the session began, on the clock that never jumps.
    began: SystemTime,
    selection: Selection,
    boards: BTreeMap<BoardKey, Known>,
}

/// What the records say of a board so far.
struct Known {
    view: Arc<BoardView>,
    /// Its id or its address.
    reference: String,
    description: Description,
    states: BTreeMap<ComponentKey, State>,
}

/// What leads to a new description when it changes. Parts are shared with the
/// view, so that comparing them is cheap.
struct Description {
    name: Arc<str>,
    locked: Option<bool>,
    info: Option<Arc<DeviceInfo>>,
    components: Vec<Arc<Descriptor>>,
}

impl Description {
    fn of(view: &BoardView) -> Self {
        let descriptors = view.components.iter().map(|view| &view.descriptor);
        Self {
            name: Arc::clone(&view.name),
            locked: view.locked,
            info: view.info.clone(),
            components: descriptors.map(Arc::clone).collect(),
        }
    }

    fn is_of(&self, view: &BoardView) -> bool {
        let same_info = match (&self.info, &view.info) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || is_same(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        let descriptors = view.components.iter().map(|view| &view.descriptor);
        self.name == view.name
            && self.locked == view.locked
            && same_info
            && self.components.len() == view.components.len()
            && std::iter::zip(&self.components, descriptors)
                .all(|(old, new)| Arc::ptr_eq(old, new) || old == new)
    }
}

/// The same but for the time since boot.
fn is_same(old: &DeviceInfo, new: &DeviceInfo) -> bool {
    let uptime_ms = new.uptime_ms;
    let old = DeviceInfo {
        uptime_ms,
        ..old.clone()
    };
    old == *new
}

impl Observer {
    /// Records these boards from now on.
    pub fn new(clock: Arc<Clock>, selection: Selection) -> Self {
        let began = clock.now();
        Self {
            clock,
            began,
            selection,
            boards: BTreeMap::new(),
        }
    }

    /// When the session began, in seconds since 1970.
    pub fn started(&self) -> f64 {
        seconds(self.clock.shown(self.began))
    }

    /// The records of these changes, in their order.
    pub fn observe(&mut self, changes: &Changes) -> Vec<Record> {
        let now = self.clock.now();
        let mut records = Vec::new();
        let wanted: Vec<_> = changes
            .boards
            .iter()
            .filter(|view| self.selection.has(view.key))
            .collect();
        // What happened at a board follows its description.
        for view in &wanted {
            let known = self.boards.get(&view.key);
            // Its id or its components were not known until now.
            let is_partial = known.is_some_and(|known| {
                known.description.components.is_empty()
                    || view.id.as_deref().is_some_and(|id| id != known.reference)
            });
            if known.is_none() {
                self.describe(now, view, &mut records);
            } else if is_partial {
                self.compare(now, view, &mut records);
            }
        }
        for entry in &changes.log {
            if let Some(record) = self.entry(entry) {
                join(&mut records, record);
            }
        }
        if changes.missed > 0 {
            let entries = changes.missed;
            records.push(self.record(now, None, Recorded::Missed { entries }));
        }
        for view in wanted {
            self.compare(now, view, &mut records);
        }
        for key in &changes.forgotten {
            if let Some(known) = self.boards.remove(key) {
                let reference = Some(known.reference);
                records.push(self.record(now, reference, Recorded::Forgotten));
            }
        }
        records
    }

    /// The descriptions of all boards with their present states: for the
    /// beginning of a file, and after records were lost.
    pub fn snapshot(&mut self) -> Vec<Record> {
        let now = self.clock.now();
        let mut records = Vec::new();
        let views: Vec<_> = self
            .boards
            .values()
            .map(|known| Arc::clone(&known.view))
            .collect();
        for view in views {
            self.describe(now, &view, &mut records);
        }
        records
    }

    /// A record that concerns the recording itself.
    pub fn remark(&self, what: Recorded) -> Record {
        self.record(self.clock.now(), None, what)
    }

    /// How many boards were recorded.
    pub fn boards(&self) -> usize {
        self.boards.len()
    }

    fn record(&self, steady: SystemTime, board: Option<String>, what: Recorded) -> Record {
        let since = match steady.duration_since(self.began) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        };
        Record {
            at: seconds(self.clock.shown(steady)),
            t: rounded(since),
            board,
            what,
        }
    }

    /// Describes a board as it is now.
    fn describe(&mut self, now: SystemTime, view: &Arc<BoardView>, records: &mut Vec<Record>) {
        let reference = view.id.as_ref().unwrap_or(&view.address).to_string();
        let components: Vec<_> = view
            .components
            .iter()
            .map(|component| ComponentRecord {
                descriptor: (*component.descriptor).clone(),
                state: component.reported.clone(),
            })
            .collect();
        let states = components
            .iter()
            .map(|component| (component.descriptor.key.clone(), component.state.clone()))
            .collect();
        let described = BoardRecord {
            name: view.name.to_string(),
            family: view.family.as_str().to_owned(),
            address: view.address.to_string(),
            locked: view.locked,
            link: Link::of(&view.link, view.family),
            info: view.info.as_deref().cloned().map(Box::new),
            components,
        };
        let what = Recorded::Board(Box::new(described));
        records.push(self.record(now, Some(reference.clone()), what));
        let known = Known {
            view: Arc::clone(view),
            reference,
            description: Description::of(view),
            states,
        };
        self.boards.insert(view.key, known);
    }

    /// Records what changed without an entry in the log.
    fn compare(&mut self, now: SystemTime, view: &Arc<BoardView>, records: &mut Vec<Record>) {
        let Some(known) = self.boards.get_mut(&view.key) else {
            return;
        };
        let before = std::mem::replace(&mut known.view, Arc::clone(view));
        if view.id.as_deref().is_some_and(|id| id != known.reference) {
            let old = known.reference.clone();
            records.push(self.record(now, Some(old), Recorded::Forgotten));
            return self.describe(now, view, records);
        }
        if !known.description.is_of(view) {
            return self.describe(now, view, records);
        }
        let mut others = BTreeMap::new();
        for component in &view.components {
            let key = &component.descriptor.key;
            if before
                .component(key)
                .is_some_and(|old| Arc::ptr_eq(old, component))
            {
                continue;
            }
            let recorded = known.states.get(key);
            if recorded.is_none_or(|state| *state != component.reported) {
                known.states.insert(key.clone(), component.reported.clone());
                others.insert(key.clone(), component.reported.clone());
            }
        }
        if !others.is_empty() {
            let reference = Some(known.reference.clone());
            let what = Recorded::State { components: others };
            records.push(self.record(now, reference, what));
        }
    }

    /// The record of an entry in the log; `None` if its board is not recorded.
    fn entry(&mut self, entry: &LogEntry) -> Option<Record> {
        let known = self.boards.get_mut(&entry.board)?;
        let what = match &entry.what {
            LogEvent::Changed {
                component,
                change,
                origin,
                delay,
            } => {
                let state = known.states.entry(component.clone()).or_default();
                state.merge(change);
                Recorded::Push {
                    components: BTreeMap::from([(component.clone(), change.clone())]),
                    origin: origin_text(origin),
                    delay_ms: delay.map(millis),
                }
            }
            LogEvent::Event {
                component,
                event,
                origin,
                delay,
            } => Recorded::Event {
                component: component.clone(),
                event: event.clone(),
                origin: origin_text(origin),
                delay_ms: delay.map(millis),
            },
            LogEvent::Command {
                component,
                method,
                params,
                outcome,
                trail,
            } => {
                let mut command = Command {
                    component: component.clone(),
                    method: method.clone(),
                    params: params.clone(),
                    ..outcome_of(outcome, trail)
                };
                if component.is_none() {
                    // The results of other methods may contain secrets.
                    command.result = Value::Null;
                }
                Recorded::Command(Box::new(command))
            }
            LogEvent::Log { level, message } => Recorded::Log {
                level: *level,
                message: message.clone(),
            },
            LogEvent::LogLost(lines) => Recorded::LogLost { lines: *lines },
            LogEvent::NoLog(error) => Recorded::NoLog {
                error: error.clone(),
            },
            LogEvent::Link(link) => Recorded::Link {
                link: Link::of(link, known.view.family),
            },
            LogEvent::Resync(why) => Recorded::Resync {
                cause: cause(*why).to_owned(),
            },
            LogEvent::Unreadable(value) => Recorded::Unreadable {
                component: value.component.clone(),
                field: value.field.clone(),
                found: value.found.clone(),
            },
            LogEvent::IdClaimed(address) => Recorded::IdClaimed {
                address: address.clone(),
            },
        };
        let reference = known.reference.clone();
        Some(self.record(entry.steady, Some(reference), what))
    }
}

/// Adds a record. Changes of one push are logged per component; they become one
/// record again.
fn join(records: &mut Vec<Record>, next: Record) {
    if let Some(last) = records.last_mut()
        && last.t.total_cmp(&next.t).is_eq()
        && last.board == next.board
        && let (
            Recorded::Push {
                components,
                origin,
                delay_ms,
            },
            Recorded::Push {
                components: more,
                origin: its_origin,
                delay_ms: its_delay,
            },
        ) = (&mut last.what, &next.what)
        && (&*origin, &*delay_ms) == (its_origin, its_delay)
        && !more.keys().any(|key| components.contains_key(key))
    {
        components.extend(more.clone());
        return;
    }
    records.push(next);
}

/// A command with this outcome, without what it was.
fn outcome_of(outcome: &Outcome, trail: &Trail) -> Command {
    let (word, result, error, took): (_, _, _, Option<Duration>) = match outcome {
        Outcome::Done { result, took } => ("done", result.clone(), None, Some(*took)),
        Outcome::Refused(error) => ("refused", Value::Null, Some(error.clone()), None),
        Outcome::Unconfirmed => ("unconfirmed", Value::Null, None, None),
        Outcome::LinkLost => ("link_lost", Value::Null, None, None),
        Outcome::NotConnected => ("not_connected", Value::Null, None, None),
        Outcome::Superseded => ("superseded", Value::Null, None, None),
    };
    Command {
        component: None,
        method: String::new(),
        params: protocol::Object::new(),
        outcome: word.to_owned(),
        result,
        error,
        took_ms: took.map(millis),
        sent_ms: trail.sent.map(millis),
        answered_ms: trail.answered.map(millis),
        pushed_ms: trail.pushed.map(millis),
    }
}
