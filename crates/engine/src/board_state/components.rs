//! The components of a board, as far as they are known.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Instant, SystemTime},
};

use link::state::{Now, Origin, Outcome};
use protocol::{ComponentKey, Descriptor, Kind, State};
use sanitize::bounds;

use super::BoardState;
use crate::descriptors::Descriptors;
use fleet::{CommandState, ComponentView, Sample};

impl BoardState {
    /// The system clock was set: histories get a gap, because times before and
    /// after are not comparable.
    pub(crate) fn clock_was_set(&self, now: Now) {
        for component in &self.view.components {
            let Some(last) = component.history.last().filter(|last| !last.value.is_nan()) else {
                continue;
            };
            component.history.push(Sample {
                at: now.wall,
                value: f64::NAN,
            });
            component.history.push(Sample {
                at: now.wall,
                value: last.value,
            });
        }
    }

    /// Takes a new list, and keeps what is known about components that are
    /// still in it.
    pub(super) fn describe(&mut self, descriptors: Vec<Descriptor>) {
        let view = Arc::make_mut(&mut self.view);
        let mut known: BTreeMap<_, _> = std::mem::take(&mut view.components)
            .into_iter()
            .map(|c| (c.descriptor.key.clone(), c))
            .collect();
        for descriptor in descriptors {
            let key = descriptor.key.clone();
            if index_of(&view.components, &key).is_some() {
                continue;
            }
            let component = match known.remove(&key) {
                Some(mut component) => {
                    if *component.descriptor != descriptor {
                        Arc::make_mut(&mut component).descriptor = Arc::new(descriptor);
                    }
                    component
                }
                None => Arc::new(blank(descriptor)),
            };
            view.components.push(component);
        }
    }

    /// Shares descriptors that other boards have too.
    pub(crate) fn share_descriptors(&mut self, descriptors: &Descriptors) {
        for component in &mut Arc::make_mut(&mut self.view).components {
            let shared = descriptors.share(&component.descriptor);
            if !Arc::ptr_eq(&shared, &component.descriptor) {
                Arc::make_mut(component).descriptor = shared;
            }
        }
    }

    /// Merges a change; `None` if its component cannot be kept.
    pub(super) fn change(
        &mut self,
        key: &ComponentKey,
        change: &State,
        origin: &Origin,
        at: SystemTime,
    ) -> Option<()> {
        let index = self.index_or_add(key)?;
        self.changed.push(index);
        let keeps_past = self.keeps_past;
        let component = Arc::make_mut(&mut self.view).components.get_mut(index)?;
        let changed = Some((at, origin.clone()));
        match Arc::get_mut(component) {
            Some(component) if bounds::fit_together(&component.reported, change) => {
                component.reported.merge(change);
                component.changed = changed;
            }
            // Others may have the old one, whose state need not be copied
            // twice.
            _ => {
                let mut reported = component.reported.clone();
                reported.merge(change);
                if !bounds::fits(&reported) {
                    return None;
                }
                *component = Arc::new(ComponentView {
                    descriptor: Arc::clone(&component.descriptor),
                    reported,
                    wanted: component.wanted.clone(),
                    command: component.command.clone(),
                    changed,
                    last_event: component.last_event.clone(),
                    history: Arc::clone(&component.history),
                });
            }
        }
        if keeps_past {
            add_sample(component, at);
        }
        Some(())
    }

    /// A component that the board has described: a command for any other does
    /// not create it.
    pub(super) fn known(&mut self, key: &ComponentKey) -> Option<&mut ComponentView> {
        let at = index_of(&self.view.components, key)?;
        self.changed.push(at);
        Arc::make_mut(&mut self.view)
            .components
            .get_mut(at)
            .map(Arc::make_mut)
    }

    /// A component; one that the board has not described is derived from its
    /// key.
    pub(super) fn component(&mut self, key: &ComponentKey) -> Option<&mut ComponentView> {
        let at = self.index_or_add(key)?;
        self.changed.push(at);
        Arc::make_mut(&mut self.view)
            .components
            .get_mut(at)
            .map(Arc::make_mut)
    }

    fn index_or_add(&mut self, key: &ComponentKey) -> Option<usize> {
        if let Some(at) = index_of(&self.view.components, key) {
            return Some(at);
        }
        let components = &mut Arc::make_mut(&mut self.view).components;
        if components.len() >= bounds::COMPONENTS {
            return None;
        }
        let mut descriptor = Descriptor::new(key.kind.clone(), key.id, "");
        descriptor.name = bounds::text(key.to_string());
        components.push(Arc::new(blank(descriptor)));
        Some(components.len() - 1)
    }
}

/// The index of a component. Boards have few, so a search is cheaper than a
/// table.
fn index_of(components: &[Arc<ComponentView>], key: &ComponentKey) -> Option<usize> {
    components
        .iter()
        .position(|component| component.descriptor.key == *key)
}

fn blank(descriptor: Descriptor) -> ComponentView {
    ComponentView {
        descriptor: Arc::new(descriptor),
        reported: State::new(),
        wanted: None,
        command: CommandState::Idle,
        changed: None,
        last_event: None,
        history: Arc::default(),
    }
}

pub(super) fn set_outcome(component: &mut ComponentView, at: Instant, outcome: &Outcome) {
    component.command = match outcome {
        Outcome::Done { took, .. } => CommandState::Confirmed { took: *took, at },
        Outcome::Refused(error) => CommandState::Refused {
            error: Box::new(error.clone()),
            at,
        },
        Outcome::Unconfirmed | Outcome::LinkLost => CommandState::Unconfirmed { at },
        Outcome::NotConnected | Outcome::Superseded => return,
    };
}

/// Adds the present value to the history.
pub(super) fn add_sample(component: &ComponentView, at: SystemTime) {
    let state = &component.reported;
    let value = match component.descriptor.kind {
        Kind::Switch | Kind::BinarySensor | Kind::Light => {
            state.on().map(|on| f64::from(u8::from(on)))
        }
        Kind::Sensor | Kind::Number => state.number(),
        Kind::Cover => state.position().map(f64::from),
        Kind::Select
        | Kind::Text
        | Kind::TextSensor
        | Kind::Button
        | Kind::Event
        | Kind::Update => return,
        Kind::Unknown(_) => state
            .number()
            .or_else(|| state.on().map(|on| f64::from(u8::from(on)))),
    };
    if value.is_none() && component.history.last().is_none() {
        return;
    }
    component.history.push(Sample {
        at,
        value: value.unwrap_or(f64::NAN),
    });
}
