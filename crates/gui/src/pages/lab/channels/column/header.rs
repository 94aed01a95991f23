//! The address of a channel, and the buttons that open, record and hide it.

use eframe::egui::{Align, Button, Layout, Ui, WidgetInfo, accesskit::Role, vec2};

use super::super::{
    list::{self, ChannelRequest},
    options,
    pane::{ChannelPane, Source},
};

use crate::{
    model::{action::Task, file_task::FileTask, page_context::PageContext},
    widgets::{
        icon,
        icon_button::icon_button,
        text_line,
        theme::{self, HALF, palette},
    },
};

/// The address and its buttons.
pub(super) fn show(
    ui: &mut Ui,
    pane: &mut ChannelPane,
    context: &PageContext<'_>,
) -> Option<ChannelRequest> {
    let palette = palette(ui);
    let mut request = None;
    let address = pane.title.clone();
    ui.horizontal(|ui| {
        let (mark, color, _) = list::state(pane, palette);
        let font = if mark == icon::DOT {
            theme::icon()
        } else {
            theme::body()
        };
        text_line::label(ui, mark, &format!("{address}: status"), font, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = HALF;
            if icon_button(
                ui,
                icon::X,
                &format!("Hide {address}"),
                "Hide this column; the channel stays open",
            )
            .clicked()
            {
                request = Some(ChannelRequest::ToggleShown(pane.id));
            }
            if !matches!(pane.source, Source::Recorded(_)) {
                let live = pane.is_live();
                let button = icon_button(
                    ui,
                    icon::SLIDERS_HORIZONTAL,
                    &format!("Options of {address}"),
                    "Options for opening the channel",
                );
                options::below(&button, &mut pane.options, live);
                record(ui, pane, context);
                let (word, hint) = if live {
                    ("Close", "Close the channel with code 1000")
                } else {
                    ("Open", "Open the channel")
                };
                let button = ui.add(Button::new(word).min_size(vec2(52.0, theme::LINE)));
                button.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, format!("{word} {address}"))
                });
                if button.on_hover_text(hint).clicked() {
                    request = Some(ChannelRequest::ToggleOpen(pane.id));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (_, title) = list::parts(&address);
                text_line::label(ui, &title, &address, theme::strong(), palette.text)
                    .on_hover_text(&address);
            });
        });
    });
    request
}

/// The button that starts or stops a recording.
fn record(ui: &mut Ui, pane: &ChannelPane, context: &PageContext<'_>) {
    let recording = pane
        .status
        .as_ref()
        .and_then(|status| status.recording.as_ref());
    let Some(channel) = pane
        .channel()
        .filter(|_| pane.is_live() || recording.is_some())
    else {
        return;
    };
    if recording.is_some() {
        let button = icon_button(
            ui,
            icon::STOP,
            &format!("Stop recording {}", pane.title),
            "Stop recording",
        );
        if button.clicked() {
            // Its thread writes the rest.
            drop(channel.record(None));
        }
    } else if icon_button(
        ui,
        icon::RECORD,
        &format!("Record {}", pane.title),
        "Record all messages and events to a JSON Lines file",
    )
    .clicked()
    {
        context.push(Task::File(FileTask::Record(pane.id, pane.title.clone())));
    }
}
