//! What a Shelly pushes: changes, whole states and events.

use protocol::{Event, Kind, Object, Source as Origin};
use sanitize::bounds;
use serde_json::Value;
use web_time::Instant;

use super::{
    INBOUND_TIMEOUT, Purpose, Shelly,
    board::{Board, Refreshed, SYS, States},
    calls::GET_DEVICE_INFO,
    commands, frames,
    reading::another,
    source::{Source, Type},
};
use crate::{Actions, OWN_CLIENT, shadow::system};

/// What boards call a change by a WebSocket client, whichever it was; the
/// second one of components that users created.
const BY_CLIENT: [&str; 2] = ["WS_in", "rpc"];

/// What of an output is set, and not measured.
const SET: [&str; 8] = [
    "output",
    "brightness",
    "rgb",
    "ct",
    "white",
    "state",
    "current_pos",
    "value",
];

/// Whether a change is only of what sensors measure.
fn is_sensed(source: Source, change: &Value) -> bool {
    let is_set = || SET.iter().any(|field| change.get(field).is_some());
    !matches!(source.kind, Type::Sys | Type::Wifi) && (source.kind.is_sensor() || !is_set())
}

impl Shelly {
    /// `NotifyStatus`: changes, to be laid over the known status.
    pub(super) fn changed(&mut self, now: Instant, params: Object, out: &mut Actions) {
        let mut sources = Vec::new();
        let (mut read, mut uptime) = (false, false);
        for (name, change) in params {
            let Some(source) = Source::parse(&name) else {
                continue;
            };
            let origin = self.origin(now, source, &change);
            uptime |= source == SYS && change.get("uptime").is_some();
            let Some(board) = &mut self.board else {
                return;
            };
            read |= board.change(source, change);
            if board.knows(source) {
                sources.push((source, origin));
            }
        }
        // Before it is known, everything is new.
        if read && self.shadow.is_known() {
            self.read_soon(now);
        }
        if uptime {
            self.check_uptime(now, out);
        }
        if sources.iter().any(|(source, _)| *source == SYS) {
            self.check_revision(now);
        }
        self.pass_on(now, sources, out);
    }

    /// Passes on the states of components that changed, those of one origin in
    /// one message.
    fn pass_on(&mut self, now: Instant, sources: Vec<(Source, Option<Origin>)>, out: &mut Actions) {
        let Some(board) = self.board.as_mut().filter(|_| self.shadow.is_known()) else {
            return;
        };
        let mut groups: Vec<(Option<Origin>, States)> = Vec::new();
        let mut grew = false;
        for (source, origin) in sources {
            let refreshed = board.refresh(source);
            grew |= refreshed.grew;
            match groups.iter_mut().find(|(group, _)| *group == origin) {
                Some((_, states)) => states.extend(refreshed.states),
                None => groups.push((origin, refreshed.states)),
            }
        }
        if grew {
            self.list_again(now, out);
        } else {
            for (origin, states) in groups {
                self.shadow.update(now, states, origin, out);
            }
        }
        self.settle(now, out);
    }

    /// Components have appeared: the session reads all of them.
    fn list_again(&mut self, now: Instant, out: &mut Actions) {
        if let Some(board) = &self.board {
            let (components, states) = board.description();
            let info = board.info.clone();
            self.shadow.describe(now, info, components, states, out);
        }
    }

    /// The status of everything.
    pub(super) fn whole_status(&mut self, now: Instant, status: Object, out: &mut Actions) {
        let Some(board) = &mut self.board else {
            return;
        };
        board.set_status(status);
        let known = self.shadow.is_known();
        let Refreshed { grew, states } = match known {
            true => board.refresh_all(),
            false => Refreshed::default(),
        };
        if grew {
            self.list_again(now, out);
            self.read_soon(now);
        } else {
            self.shadow.update(now, states, None, out);
        }
        self.check_uptime(now, out);
        self.check_revision(now);
        self.settle(now, out);
    }

    /// `NotifyFullStatus`: how a connection that the board opened begins.
    pub(super) fn full_status(
        &mut self,
        now: Instant,
        src: &str,
        status: Object,
        out: &mut Actions,
    ) {
        match &self.board {
            Some(board) if !board.info.id.eq_ignore_ascii_case(src) => {
                self.not_a_board(another(src), out);
            }
            Some(_) => self.whole_status(now, status, out),
            None if self.inbound => match Board::named(src) {
                Ok(mut board) => {
                    board.set_status(status);
                    self.board = Some(board);
                    let identify = (Purpose::Identify, INBOUND_TIMEOUT);
                    self.call(now, GET_DEVICE_INFO, Object::new(), identify, out);
                }
                Err(problem) => self.not_a_board(problem, out),
            },
            None => {}
        }
    }

    /// `NotifyEvent`.
    pub(super) fn events(&mut self, now: Instant, events: Vec<frames::Event>, out: &mut Actions) {
        let mut passed = Vec::new();
        for event in events {
            match Source::parse(&event.component) {
                Some(Source {
                    kind: Type::Sys, ..
                }) => passed.extend(self.system_event(now, &event, out)),
                Some(source) => passed.extend(self.component_event(source, &event)),
                None => {}
            }
        }
        let physical = Some(Origin::Physical);
        self.shadow.events(now, passed, physical, out);
    }

    fn component_event(&self, source: Source, event: &frames::Event) -> Option<Event> {
        let parts = self.board.as_ref()?.parts(source);
        let main = parts.iter().find(|part| {
            let kind = &part.descriptor.kind;
            part.state.is_empty() || !matches!(kind, Kind::Sensor)
        })?;
        let key = main.descriptor.key.clone();
        let name = match source.kind {
            Type::Button => commands::push_to_press(&event.name),
            _ => event.name.as_str(),
        };
        Some(Event {
            component: key,
            event: bounds::text(name.to_owned()),
            extra: Object::new(),
        })
    }

    /// An event of the board as a whole, and what it means to others.
    fn system_event(
        &mut self,
        now: Instant,
        event: &frames::Event,
        out: &mut Actions,
    ) -> Option<Event> {
        let percent = || match event.fields.get("progress_percent").and_then(Value::as_u64) {
            Some(percent) if percent <= 100 => percent.into(),
            _ => Value::Null,
        };
        let message = || match event.fields.get("msg").and_then(Value::as_str) {
            Some(message) => bounds::text(message.to_owned()).into(),
            None => Value::from("the update failed"),
        };
        match event.name.as_str() {
            "config_changed" | "component_added" | "component_removed" => self.read_soon(now),
            "ota_begin" => self.update_proceeds(now, (true, 0.into(), Value::Null), out),
            "ota_progress" => self.update_proceeds(now, (true, percent(), Value::Null), out),
            "ota_success" => self.update_proceeds(now, (false, Value::Null, Value::Null), out),
            "ota_error" => self.update_proceeds(now, (false, Value::Null, message()), out),
            "scheduled_restart" => {
                return Some(Event {
                    component: system(),
                    event: "rebooting".to_owned(),
                    extra: Object::new(),
                });
            }
            _ => {}
        }
        None
    }

    fn update_proceeds(
        &mut self,
        now: Instant,
        (in_progress, percent, error): (bool, Value, Value),
        out: &mut Actions,
    ) {
        if let Some(board) = &mut self.board {
            board.set_update(in_progress, percent, error);
            self.pass_on(now, vec![(SYS, None)], out);
        }
    }

    /// Who caused a change. An output says it unless it is the same as before;
    /// a sensor does not.
    fn origin(&self, now: Instant, source: Source, change: &Value) -> Option<Origin> {
        let own = self.own.get(&source).is_some_and(|until| *until > now);
        let before = || {
            change.get("output")?;
            self.board.as_ref()?.source_of(source)
        };
        let by = change.get("source").and_then(Value::as_str);
        match by.or_else(before) {
            Some("button" | "input" | "switch") => Some(Origin::Physical),
            Some("timer") => Some(Origin::Timer),
            Some("init") => Some(Origin::Boot),
            None if own => Some(Origin::Client(OWN_CLIENT)),
            Some(by) if own && BY_CLIENT.contains(&by) => Some(Origin::Client(OWN_CLIENT)),
            Some(by) if by == self.src => Some(Origin::Client(OWN_CLIENT)),
            Some(by) => Some(Origin::Unknown(bounds::text(by.to_owned()))),
            None => is_sensed(source, change).then_some(Origin::Physical),
        }
    }
}
