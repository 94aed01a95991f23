//! The toolbar of the page: time ranges, moving, measuring, and saving.

use eframe::egui::{Button, Popup, Ui, WidgetInfo, accesskit::Role};

use super::{Plots, table, visible_range::MIN_OFFERED};
use crate::{
    model::{
        action::Task,
        file_task::{Content, FileTask},
        page_context::PageContext,
    },
    widgets::{
        chart::time_axis,
        icon,
        icon_button::icon_button,
        shortcut, text_line,
        theme::{self, HALF, UNIT, palette},
        verb::entry,
    },
};
use fleet::seconds;

/// The time ranges, in seconds.
const SPANS: [(f64, &str); 6] = [
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "24 h"),
];

impl Plots {
    /// Shows the toolbar; values are kept since `since`.
    pub(super) fn toolbar(&mut self, ui: &mut Ui, since: f64, context: &PageContext<'_>) {
        let now = seconds(context.wall);
        ui.horizontal_wrapped(|ui| {
            ui.heading("Plots");
            ui.add_space(UNIT);
            self.spans(ui, since, now, context);
            ui.add_space(UNIT);
            self.moves(ui, since, now);
            self.pause(ui, now);
            ui.add_space(UNIT);
            self.measuring(ui);
            ui.checkbox(&mut self.events, "Events")
                .on_hover_text("Show button events and lost links");
            ui.add_space(UNIT);
            self.saving(ui, now, context);
        });
    }

    /// The time ranges. What is longer than what is kept is offered once, so
    /// that everything can be seen.
    fn spans(&mut self, ui: &mut Ui, since: f64, now: f64, context: &PageContext<'_>) {
        let words = format!("since {}", time_axis::minute(since, context));
        let hint = format!("Values are kept {words}.");
        let kept = (now - since).max(MIN_OFFERED);
        let mut shorter = 0.0;
        for (span, word) in SPANS {
            let is_kept = shorter < kept;
            shorter = span;
            let chosen = (self.range.span - span).abs() < span * 0.01;
            let button = ui.add_enabled(is_kept, Button::selectable(chosen, word));
            button.widget_info(|| WidgetInfo::selected(Role::Button, is_kept, chosen, word));
            let button = button
                .on_hover_text("Show this time range")
                .on_disabled_hover_text(&hint);
            if button.clicked() {
                self.range.show_span(span, now);
            }
        }
        if !self.curves.is_empty() {
            ui.add_space(HALF);
            text_line::label(ui, &words, &words, theme::small(), palette(ui).weak)
                .on_hover_text(hint);
        }
    }

    fn moves(&mut self, ui: &mut Ui, since: f64, now: f64) {
        let earlier = "Show earlier values (Left, or drag the plot)";
        if icon_button(ui, icon::CARET_LEFT, "Earlier", earlier).clicked() {
            self.range.move_by(-0.5, since, now);
        }
        let later = "Show later values (Right, or drag the plot)";
        if icon_button(ui, icon::CARET_RIGHT, "Later", later).clicked() {
            self.range.move_by(0.5, since, now);
        }
        let wheel = shortcut::wheel(ui.ctx());
        let zoom_in = format!("Show a shorter time range (+, or {wheel})");
        if icon_button(ui, icon::MAGNIFYING_GLASS_PLUS, "Zoom in", &zoom_in).clicked() {
            self.range.zoom(0.5, since, now);
        }
        let zoom_out = format!("Show a longer time range (-, or {wheel})");
        if icon_button(ui, icon::MAGNIFYING_GLASS_MINUS, "Zoom out", &zoom_out).clicked() {
            self.range.zoom(2.0, since, now);
        }
    }

    fn pause(&mut self, ui: &mut Ui, now: f64) {
        let (sign, word, hint) = match self.range.is_live() {
            true => (
                icon::PAUSE,
                "Pause",
                "Pause the plots; recording continues (Space)",
            ),
            false => (icon::PLAY, "Resume", "Show new values again (Space)"),
        };
        let pause = ui.add(Button::new(format!("{sign} {word}")));
        pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
        if pause.on_hover_text(hint).clicked() {
            self.range.toggle_pause(now);
        }
    }

    fn measuring(&mut self, ui: &mut Ui) {
        let is_on = self.measure.by_click || !self.measure.is_empty();
        let measure = ui.add(Button::selectable(is_on, "Measure"));
        measure.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, "Measure"));
        let hint = "Compare two points: click the plot for the markers A and B. Shift+click, or A \
             and B, place them at any time; Escape removes them.";
        if measure.on_hover_text(hint).clicked() {
            self.measure.clear();
            self.measure.by_click = !is_on;
        }
    }

    fn saving(&mut self, ui: &mut Ui, now: f64, context: &PageContext<'_>) {
        let any = !self.curves.is_empty();
        let save = ui.add_enabled(any, Button::new(format!("{} Save", icon::FLOPPY_DISK)));
        save.widget_info(|| WidgetInfo::labeled(Role::Button, any, "Save plots"));
        Popup::menu(&save).show(|ui| {
            ui.set_min_width(200.0);
            if entry(ui, icon::FLOPPY_DISK, "Save CSV…") {
                let range = self.range.at(now);
                let rows = table::rows(
                    context.model,
                    &self.curves,
                    &self.streams,
                    [range.from, range.to, now],
                    &context.timeline,
                );
                context.push(Task::File(FileTask::SaveTable(Content::new(rows))));
            }
            if entry(ui, icon::FLOPPY_DISK, "Save PNG…") && self.screenshot.is_none() {
                self.screenshot.start(ui);
            }
        });
        save.on_hover_text("Save the visible values as a table, or a picture of the plots");
    }
}
