//! What several boards have in common: components of one kind and name, their
//! common value, and what their sensors measure together.

use std::{cmp::Reverse, collections::HashMap};

use protocol::{ComponentKey, Descriptor, EntityCategory, Kind, State};

use disk::documents::settable;

use crate::model::{
    action::BoardCommand,
    batch::{Batch, BatchStep, Operation},
};
use fleet::{BoardKey, BoardView, ComponentView};

/// Components of one kind and name, on several boards.
pub(super) struct ComponentGroup<'a> {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// In the order of the boards; a board may have several.
    pub(super) on_boards: Vec<(BoardKey, &'a ComponentView)>,
}

/// `1 board`, `2 boards`.
pub(super) fn count(boards: usize) -> String {
    text::count(boards as u64, "board")
}

/// A value of several components.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Common<T> {
    /// All have this one.
    Same(T),
    /// They differ.
    Mixed,
    /// None has one.
    Unknown,
}

impl<T: PartialEq> Common<T> {
    pub(super) fn of(values: impl IntoIterator<Item = Option<T>>) -> Self {
        let mut common = Self::Unknown;
        for (at, value) in values.into_iter().enumerate() {
            common = match (common, value) {
                (Self::Unknown, None) => Self::Unknown,
                (Self::Unknown, Some(value)) if at == 0 => Self::Same(value),
                (Self::Same(one), Some(other)) if one == other => Self::Same(one),
                _ => return Self::Mixed,
            };
        }
        common
    }

    pub(super) fn same(self) -> Option<T> {
        match self {
            Self::Same(value) => Some(value),
            Self::Mixed | Self::Unknown => None,
        }
    }

    /// What is shown without a common value.
    pub(super) fn absent(&self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Same(_) | Self::Unknown => "unknown",
        }
    }
}

/// The extremes and the mean of several values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) mean: f64,
    /// How many values are known.
    pub(super) count: usize,
}

impl Spread {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sum: Option<Self> = None;
        for value in values.into_iter().filter(|value| value.is_finite()) {
            let sum = sum.get_or_insert(Self {
                low: value,
                high: value,
                mean: 0.0,
                count: 0,
            });
            sum.low = sum.low.min(value);
            sum.high = sum.high.max(value);
            sum.count += 1;
            sum.mean += (value - sum.mean) / sum.count as f64;
        }
        sum
    }
}

impl ComponentGroup<'_> {
    /// How many boards have one.
    pub(super) fn boards(&self) -> usize {
        self.on_boards.chunk_by(|a, b| a.0 == b.0).count()
    }

    pub(super) fn views(&self) -> impl Iterator<Item = &ComponentView> {
        self.on_boards.iter().map(|(_, view)| *view)
    }

    pub(super) fn common<T: PartialEq>(&self, of: impl Fn(&State) -> Option<T>) -> Common<T> {
        Common::of(self.views().map(|view| of(&view.shown())))
    }

    /// The lowest and the highest of a number.
    pub(super) fn spread(&self, of: impl Fn(&State) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.views().filter_map(|view| of(&view.shown())))
    }

    pub(super) fn batch(
        &self,
        title: String,
        what: impl Fn(ComponentKey) -> Operation,
    ) -> BoardCommand {
        let steps = self.on_boards.iter();
        let steps = steps.map(|(board, view)| BatchStep {
            board: *board,
            what: what(view.descriptor.key.clone()),
        });
        BoardCommand::Send(Batch::new(title, steps.collect()))
    }

    /// Sets one field on all of them.
    pub(super) fn set(&self, title: String, change: &State) -> BoardCommand {
        self.batch(title, |key| Operation::Set(key, change.clone()))
    }

    pub(super) fn has(&self, view: &ComponentView) -> bool {
        let first = self.views().next().map(|view| &view.descriptor);
        first.is_some_and(|first| {
            (&view.descriptor.kind, &view.descriptor.name) == (&first.kind, &first.name)
        })
    }
}

/// What the boards have in common.
#[derive(Default)]
pub(super) struct Groups<'a> {
    /// What can be controlled.
    pub(super) controlled: Vec<ComponentGroup<'a>>,
    /// What is measured, diagnostics last.
    pub(super) measured: Vec<ComponentGroup<'a>>,
}

impl<'a> Groups<'a> {
    /// What most boards have comes first, and otherwise in the order of the
    /// boards.
    pub(super) fn of(boards: impl Iterator<Item = &'a BoardView>) -> Self {
        let mut places: HashMap<(&Kind, &str), usize> = HashMap::new();
        let mut groups: Vec<ComponentGroup<'a>> = Vec::new();
        for board in boards {
            for view in &board.components {
                let descriptor = &view.descriptor;
                let kind = &descriptor.kind;
                if matches!(kind, Kind::Update | Kind::Event | Kind::Unknown(_))
                    || is_uptime(descriptor)
                {
                    continue;
                }
                let place = *places.entry((kind, &descriptor.name)).or_insert_with(|| {
                    groups.push(ComponentGroup {
                        kind: kind.clone(),
                        name: text::plain(&descriptor.name),
                        on_boards: Vec::new(),
                    });
                    groups.len() - 1
                });
                if let Some(group) = groups.get_mut(place) {
                    group.on_boards.push((board.key, view.as_ref()));
                }
            }
        }
        groups.sort_by_cached_key(|group| {
            let diagnostic = Some(EntityCategory::Diagnostic);
            let last = group
                .views()
                .all(|view| view.descriptor.entity_category == diagnostic);
            (last, Reverse(group.boards()))
        });
        let (controlled, measured) = groups
            .into_iter()
            .partition(|group| group.kind == Kind::Button || !settable(&group.kind).is_empty());
        Self {
            controlled,
            measured,
        }
    }
}

/// Uptimes cannot be compared: they are reported too rarely.
fn is_uptime(descriptor: &Descriptor) -> bool {
    descriptor.device_class.as_deref() == Some("duration")
        && descriptor.entity_category == Some(EntityCategory::Diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_value_is_one_that_all_have() {
        assert_eq!(Common::of([Some(60), Some(60)]), Common::Same(60));
        assert_eq!(Common::of([Some(60), Some(40)]), Common::Mixed);
        assert_eq!(Common::of([Some(60), None]), Common::Mixed);
        assert_eq!(Common::of([None, Some(60)]), Common::Mixed);
        assert_eq!(Common::<u8>::of([None, None]), Common::Unknown);
    }

    #[test]
    fn a_spread_ignores_what_is_unknown() {
        let spread = Spread::of([20.0, f64::NAN, 23.0, 26.0])
            .map(|spread| (spread.low, spread.mean, spread.high, spread.count));
        assert_eq!(spread, Some((20.0, 23.0, 26.0, 3)));
        assert_eq!(Spread::of([f64::NAN]), None);
    }
}
