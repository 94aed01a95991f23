//! The column of a channel: its status, its entries, the selected message in
//! full, and the form that sends.

mod connections;
mod entries;
mod entry_row;
mod header;
mod selected_message;
mod status;
mod toolbar;
mod traffic;

use eframe::egui::{Align, Button, Layout, Panel, Ui, Vec2, WidgetInfo, accesskit::Role};

use super::{
    list::ChannelRequest,
    pane::{ChannelPane, Source},
};

use crate::{
    model::page_context::PageContext,
    widgets::{
        icon, text_line,
        theme::{self, HALF, palette},
    },
};

/// Below this height the list gets more of the space.
const LOW: f32 = 520.0;

/// Shows the column.
pub(super) fn show(
    ui: &mut Ui,
    pane: &mut ChannelPane,
    context: &PageContext<'_>,
) -> Option<ChannelRequest> {
    let is_low = ui.available_height() < LOW;
    let request = header::show(ui, pane, context);
    status::show(ui, pane, context);
    plot(
        ui,
        pane,
        if is_low {
            theme::PLOT_STRIP * 0.6
        } else {
            theme::PLOT_STRIP
        },
    );
    if !matches!(pane.source, Source::Recorded(_)) {
        Panel::bottom("send")
            .frame(eframe::egui::Frame::new())
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(HALF);
                let ChannelPane {
                    sender,
                    status,
                    source,
                    ..
                } = pane;
                let channel = if let Source::Live(channel) = source {
                    Some(&*channel)
                } else {
                    None
                };
                sender.show(ui, channel, status.as_ref(), if is_low { 1 } else { 2 });
            });
    }
    selected_message::show(ui, pane, context);
    toolbar::show(ui, pane);
    entries::show(ui, pane, context);
    request
}

/// The plotted number.
fn plot(ui: &mut Ui, pane: &mut ChannelPane, height: f32) {
    let Some(plotted) = &pane.plotted else { return };
    let palette = palette(ui);
    let mut end = false;
    ui.horizontal(|ui| {
        let words = format!("{}  {}", plotted.pointer, plotted.words());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = Button::new(icon::X).small().frame(false);
            let button = ui.add(button.min_size(Vec2::splat(theme::LINE)));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Remove the plot"));
            end = button.on_hover_text("Remove the plot").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text_line::label(
                    ui,
                    &words,
                    &format!("plotted: {words}"),
                    theme::small(),
                    palette.text,
                );
            });
        });
    });
    let is_live = !matches!(pane.source, Source::Recorded(_));
    plotted.show(ui, height, is_live);
    if end {
        pane.plotted = None;
    }
}
