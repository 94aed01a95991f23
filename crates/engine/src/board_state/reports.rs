//! Applies the reports of a session to what is known about its board.

use std::sync::Arc;

use link::{
    output::Report,
    state::{LinkState, Now, Outcome},
};
use protocol::{Code, Event, Object, method};
use sanitize::redact::redacted;
use serde_json::Value;

use super::{
    BoardState, Logged,
    components::{add_sample, set_outcome},
};
use fleet::{CommandState, LastEvent, LogEvent, Sample};

/// Methods of the board itself that are optional (docs/protocol.md,
/// "Methods").
const OPTIONAL: [&str; 3] = [
    method::DEVICE_IDENTIFY,
    method::DEVICE_SET_NAME,
    method::DEVICE_REBOOT,
];

impl BoardState {
    /// Applies a report; returns the events for the log.
    pub fn apply(&mut self, now: Now, report: Report) -> Logged {
        match report {
            Report::Link(link) => return self.link(now, link),
            Report::Locked(id) => {
                self.lock_known = true;
                let view = Arc::make_mut(&mut self.view);
                view.locked = Some(true);
                view.id = Some(id.into());
                self.find_key();
            }
            Report::Open => {
                self.lock_known = true;
                Arc::make_mut(&mut self.view).locked = Some(false);
            }
            Report::Family(family) => Arc::make_mut(&mut self.view).family = family,
            Report::Notification { method, params } => {
                if let Some(preview) = self.new_preview(now.instant, &method, &params) {
                    Arc::make_mut(&mut self.view).preview = Some(Arc::new(preview));
                }
            }
            // These concern other boards too, and are handled above.
            Report::Verified | Report::IdClaimed(_) => {}
            Report::Info(info) => {
                let view = Arc::make_mut(&mut self.view);
                view.id = Some(info.id.as_str().into());
                if !info.name.is_empty() {
                    view.name = info.name.as_str().into();
                }
                if view
                    .info
                    .as_ref()
                    .is_some_and(|before| before.version != info.version || before.id != info.id)
                {
                    view.lacking.clear();
                }
                view.info = Some(Arc::from(info));
                self.find_key();
            }
            Report::Renamed(name) => {
                let view = Arc::make_mut(&mut self.view);
                if let Some(info) = &mut view.info {
                    Arc::make_mut(info).name.clone_from(&name);
                }
                if !name.is_empty() {
                    view.name = name.into();
                }
            }
            Report::Components(descriptors) => self.describe(descriptors),
            Report::Snapshot {
                client,
                components,
                at,
            } => {
                Arc::make_mut(&mut self.view).client = client;
                let keeps_past = self.keeps_past;
                for (key, state) in components {
                    let Some(component) = self.component(&key) else {
                        continue;
                    };
                    if component.reported != state {
                        // Who changed it while there was no link is unknown.
                        component.changed = None;
                    }
                    component.reported = state;
                    if keeps_past {
                        add_sample(component, at);
                    }
                }
            }
            Report::Changed {
                components,
                origin,
                at,
                delay,
            } => {
                if !self.keeps_past {
                    for (key, change) in &components {
                        self.change(key, change, &origin, at);
                    }
                    return Vec::new();
                }
                return components
                    .into_iter()
                    .filter_map(|(key, change)| {
                        self.change(&key, &change, &origin, at)?;
                        let origin = origin.clone();
                        Some((
                            at,
                            LogEvent::Changed {
                                component: key,
                                change,
                                origin,
                                delay,
                            },
                        ))
                    })
                    .collect();
            }
            Report::Events {
                events,
                origin,
                at,
                delay,
            } => {
                return events
                    .into_iter()
                    .map(
                        |Event {
                             component, event, ..
                         }| {
                            let origin = origin.clone();
                            if let Some(shown) = self.known(&component) {
                                let name = event.clone();
                                shown.last_event = Some(Box::new(LastEvent {
                                    name,
                                    at,
                                    origin: origin.clone(),
                                }));
                            }
                            (
                                at,
                                LogEvent::Event {
                                    component,
                                    event,
                                    origin,
                                    delay,
                                },
                            )
                        },
                    )
                    .collect();
            }
            Report::Log { lost, lines } => {
                let lost = (lost > 0).then_some((now.wall, LogEvent::LogLost(lost)));
                // A board may log an address with a secret in it.
                let lines = lines.into_iter().map(|(at, level, message)| {
                    let message = redacted(&message).into_owned();
                    (at, LogEvent::Log { level, message })
                });
                return lost.into_iter().chain(lines).collect();
            }
            Report::NoLog(error) => return vec![(now.wall, LogEvent::NoLog(error))],
            Report::Unreadable(value) => return vec![(now.wall, LogEvent::Unreadable(value))],
            Report::Update(state) => Arc::make_mut(&mut self.view).update = Some(state),
            Report::Resync(cause) => return vec![(now.wall, LogEvent::Resync(cause))],
            Report::RoundTrip { took, booted } => {
                let view = Arc::make_mut(&mut self.view);
                view.round_trip = Some(took);
                Arc::make_mut(&mut view.health).round_trip(now.wall, took);
                view.booted = booted.or(view.booted);
            }
            Report::Pending {
                component,
                wanted,
                since,
            } => {
                if let Some(component) = self.known(&component) {
                    component.wanted = wanted;
                    if let Some(since) = since {
                        component.command = CommandState::Pending { since };
                    } else if matches!(component.command, CommandState::Pending { .. }) {
                        component.command = CommandState::Idle;
                    }
                }
            }
            Report::CommandDone {
                component,
                method,
                params,
                outcome,
                trail,
                ..
            } => {
                if let Some(component) = component.as_ref().and_then(|key| self.known(key)) {
                    set_outcome(component, now.instant, &outcome);
                }
                if let Outcome::Refused(error) = &outcome
                    && error.code == Code::MethodNotFound
                    && let Some(missing) = OPTIONAL.into_iter().find(|one| *one == method)
                {
                    Arc::make_mut(&mut self.view).lacking.insert(missing.into());
                }
                // Not logged: a dragged slider supersedes its own commands many
                // times per second, and the window lists clients every second.
                let polled =
                    method == method::CLIENTS_LIST && matches!(outcome, Outcome::Done { .. });
                if outcome != Outcome::Superseded && !polled {
                    let outcome = without_key(&method, outcome);
                    let params = shown_params(component.is_some(), &method, params);
                    return vec![(
                        now.wall,
                        LogEvent::Command {
                            component,
                            method,
                            params,
                            outcome,
                            trail: Box::new(trail),
                        },
                    )];
                }
            }
        }
        Vec::new()
    }

    fn link(&mut self, now: Now, link: LinkState) -> Logged {
        let view = Arc::make_mut(&mut self.view);
        let was_up = view.link.is_up();
        Arc::make_mut(&mut view.health).link(now.wall, &link);
        view.link = link.clone();
        view.link_since = now.instant;
        if was_up && !link.is_up() {
            view.round_trip = None;
            view.preview = None;
            for component in &view.components {
                if component
                    .history
                    .last()
                    .is_some_and(|last| !last.value.is_nan())
                {
                    component.history.push(Sample {
                        at: now.wall,
                        value: f64::NAN,
                    });
                }
            }
        }
        let is_new = match (&link, &self.logged) {
            (LinkState::Announced | LinkState::Connecting, _) => false,
            (
                LinkState::Unreachable { problem, .. },
                Some(LinkState::Unreachable {
                    problem: before, ..
                }),
            ) => problem != before,
            (link, before) => before.as_ref() != Some(link),
        };
        if !is_new {
            return Vec::new();
        }
        self.logged = Some(link.clone());
        vec![(now.wall, LogEvent::Link(link))]
    }
}

/// The parameters that are logged; others may be passwords.
fn shown_params(of_component: bool, method: &str, mut params: Object) -> Object {
    if of_component {
        params.remove("id");
        params
    } else if method == method::DEVICE_SET_NAME {
        params
    } else {
        Object::new()
    }
}

/// A key that a board created is not logged.
fn without_key(method: &str, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Done { took, .. } if method == method::KEYS_ADD => Outcome::Done {
            result: Value::Null,
            took,
        },
        outcome => outcome,
    }
}
