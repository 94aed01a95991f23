//! What the dialog says before a backup is restored: what does not fit, and
//! what will be set.

use backup::Plan;
use eframe::egui::{Label, RichText, Ui};

use crate::widgets::{
    icon,
    theme::{self, UNIT, palette},
};

/// Shows the plan.
pub(super) fn show(ui: &mut Ui, plan: &Plan) {
    let palette = palette(ui);
    if !plan.misfits.is_empty() {
        ui.label(RichText::new("This backup does not fit the board:").color(palette.text));
        for misfit in &plan.misfits {
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(icon::WARNING).color(palette.doubtful));
                ui.add(Label::new(RichText::new(misfit).color(palette.text)).wrap());
            });
        }
        ui.add_space(UNIT);
    }
    let what = match plan.steps.len() {
        0 => "Nothing in it can be set on this board.".to_owned(),
        _ => "These settings will be sent to the board. Outputs may turn on or off.".to_owned(),
    };
    ui.label(RichText::new(what).color(palette.weak));
    ui.add_space(theme::HALF);
    let labels = [("Room", plan.labels.room.clone()), ("Tags", tags(plan))];
    let rows = plan
        .steps
        .iter()
        .map(|step| (step.title.as_str(), step.value.clone()))
        .chain(labels.into_iter().filter(|(_, value)| !value.is_empty()));
    for (title, value) in rows {
        let line = format!("{title}: {}", text::plain(&value));
        ui.add(Label::new(RichText::new(line).color(palette.text)).wrap());
    }
    for why in &plan.unsupported {
        let line = format!("Not restored: {why}");
        ui.add(Label::new(RichText::new(line).color(palette.weak)).wrap());
    }
}

/// The tags as a person types them.
pub(super) fn tags(plan: &Plan) -> String {
    let tags: Vec<&str> = plan.labels.tags.iter().map(String::as_str).collect();
    tags.join(", ")
}
