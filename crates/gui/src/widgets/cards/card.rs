//! What one card shows, and what all cards of a page share.

use std::collections::HashMap;

use eframe::egui::{Color32, Response, Ui, lerp};
use protocol::{ComponentKey, State};
use web_time::Instant;

use crate::{
    model::{
        action::BoardCommand,
        metering::Metering,
        pace::READINGS,
        page_context::PageContext,
        parts,
        pin::{Pin, component_name},
    },
    widgets::{
        theme::{self, palette},
        verb,
    },
};
use fleet::{BoardKey, BoardView, ComponentView};

/// Whether a board's components can be operated.
pub(crate) enum Availability {
    /// Yes.
    Operable,
    /// No: its values are current and its controls disabled, for this reason.
    ViewOnly(&'static str),
    /// No: its values are outdated and its controls disabled.
    Off {
        /// The reason, for a tooltip.
        reason: String,
        /// When its values were last known to be current.
        heard: Option<Instant>,
    },
}

/// What all cards on a page share.
pub(crate) struct CardContext<'a> {
    pub(crate) board: &'a BoardView,
    pub(crate) context: &'a PageContext<'a>,
    pub(crate) availability: &'a Availability,
    /// The component to scroll to.
    pub(crate) reveal: Option<&'a ComponentKey>,
    /// The cards are tiles of a dashboard, whose size people choose.
    pub(crate) in_tile: bool,
}

/// One card.
pub(super) struct Card<'a> {
    pub(super) page: &'a CardContext<'a>,
    pub(super) component: &'a ComponentView,
    /// The component's name, made unique within the board: the first part of
    /// every accessible name on the card.
    pub(super) label: String,
    /// The reported state, overlaid with pending changes.
    pub(super) state: State,
    /// The sensors that measure it, which have no card of their own.
    pub(super) meters: Vec<&'a ComponentView>,
    /// Numbers that set something of it, which have no card of their own.
    pub(super) parts: Vec<&'a ComponentView>,
}

impl<'a> Card<'a> {
    /// The card of a component with this name and without meters.
    pub(super) fn new(page: &'a CardContext<'a>, component: &'a ComponentView, name: &str) -> Self {
        Self {
            page,
            component,
            label: name.to_owned(),
            state: component.shown(),
            meters: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// The card with the meters of an outlet, if it is one.
    pub(super) fn with_meters(mut self, metering: &Metering<'a>) -> Self {
        self.meters = metering.meters(self.component);
        self
    }

    /// The card with its parts, if it has any.
    pub(super) fn with_parts(mut self) -> Self {
        self.parts = parts::of(self.page.board, self.component);
        self
    }

    /// The card of one of its meters or parts.
    pub(super) fn meter(&self, sensor: &'a ComponentView) -> Self {
        let name = component_name(self.page.board, sensor);
        Self::new(self.page, sensor, &name)
    }

    /// Whether a component is on this card.
    pub(super) fn shows(&self, key: &ComponentKey) -> bool {
        self.component.descriptor.key == *key
            || self
                .meters
                .iter()
                .chain(&self.parts)
                .any(|other| other.descriptor.key == *key)
    }

    /// The accessible name of a control or value of this card.
    pub(super) fn name(&self, field: &str) -> String {
        format!("{}: {field}", self.label)
    }

    /// Refers to this component.
    pub(super) fn pin(&self) -> Option<Pin> {
        let key = &self.component.descriptor.key;
        self.page.context.model.pin(self.page.board.key, key)
    }

    pub(super) fn flash(&self) -> f32 {
        flash(
            self.page.context,
            self.page.board.key,
            &self.component.descriptor.key,
        )
    }

    /// Whether its values are current.
    pub(super) fn live(&self) -> bool {
        !matches!(self.page.availability, Availability::Off { .. })
    }

    /// Whether it can be operated.
    pub(super) fn is_operable(&self) -> bool {
        matches!(self.page.availability, Availability::Operable)
    }

    /// The color of a value; subdued if it is outdated.
    pub(super) fn value_color(&self, ui: &Ui) -> Color32 {
        if self.live() {
            palette(ui).text
        } else {
            palette(ui).weak
        }
    }

    pub(super) fn set(&self, change: State) -> BoardCommand {
        BoardCommand::Set {
            board: self.page.board.key,
            component: self.component.descriptor.key.clone(),
            change,
        }
    }

    /// Adds controls, which are disabled if it cannot be operated. Values next
    /// to them keep their color.
    pub(super) fn operable<R>(&self, ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
        ui.add_enabled_ui(self.is_operable(), add).inner
    }

    /// Adds a tooltip to a disabled control that says why.
    pub(super) fn explain(&self, response: Response) -> Response {
        match self.page.availability {
            Availability::Operable => response,
            Availability::ViewOnly(reason) => verb::explained(response, Some(reason)),
            Availability::Off { reason, .. } => response.on_disabled_hover_text(reason),
        }
    }
}

pub(super) fn card<'a>(
    page: &'a CardContext<'a>,
    component: &'a ComponentView,
    labels: &HashMap<&str, usize>,
) -> Card<'a> {
    let descriptor = &component.descriptor;
    let name = descriptor.name.as_str();
    let label = match labels.get(name) {
        Some(1) if !name.is_empty() => name.to_owned(),
        _ if name.is_empty() => descriptor.key.to_string(),
        _ => format!("{name} ({})", descriptor.key),
    };
    Card::new(page, component, &label)
}

/// How often each name occurs on the board.
pub(super) fn labels(board: &BoardView) -> HashMap<&str, usize> {
    let mut labels = HashMap::new();
    for component in &board.components {
        *labels
            .entry(component.descriptor.name.as_str())
            .or_default() += 1;
    }
    labels
}

/// How strongly a card is highlighted after a push: 1 at first, then fading
/// to 0.
pub(crate) fn flash(context: &PageContext<'_>, board: BoardKey, component: &ComponentKey) -> f32 {
    let Some(lit) = context.model.lit(board, component) else {
        return 0.0;
    };
    let age = context.now.saturating_duration_since(lit.at).as_secs_f32();
    if age >= theme::FLASH {
        return 0.0;
    }
    // A value that keeps changing stays lit, with little to animate.
    match lit.again {
        true => context.again_in(READINGS),
        false => context.moving(),
    }
    lerp(1.0..=0.0, age / theme::FLASH)
}
