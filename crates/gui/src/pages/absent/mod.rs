//! Stands in for the pages that a browser cannot have: each says why.

pub(crate) mod doctor;
pub(crate) mod lab;
pub(crate) mod serial_monitor;

use eframe::egui::{Label, RichText, Ui};

use crate::{
    model::{abilities::Ability, page_context::PageContext},
    widgets::theme::{self, UNIT, palette},
};

/// Says why the page is not in this window.
fn show(ui: &mut Ui, heading: &str, ability: Ability, context: &PageContext<'_>) {
    ui.heading(heading);
    ui.add_space(UNIT);
    let why = context.model.abilities.check(ability).err();
    ui.scope(|ui| {
        ui.set_max_width(theme::PROSE.min(ui.available_width()));
        let words = RichText::new(why.unwrap_or_default()).color(palette(ui).weak);
        ui.add(Label::new(words).wrap());
    });
}
