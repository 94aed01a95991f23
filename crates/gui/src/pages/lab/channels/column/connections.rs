//! Buttons for the connection of a channel, and its past connections.

use eframe::egui::{Label, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui};

use super::super::pane::ChannelPane;

use crate::{
    model::frame_context::FrameContext,
    widgets::theme::{self, palette},
};
use channel::{ChannelState, ChannelStatus, PastConnection};

/// Buttons for the connection, and the list of past connections.
pub(super) fn show(
    ui: &mut Ui,
    pane: &ChannelPane,
    status: &ChannelStatus,
    context: &FrameContext,
) {
    if status.state.is_open()
        && let Some(channel) = pane.channel()
        && ui
            .small_button("Ping")
            .on_hover_text("Send a ping now")
            .clicked()
    {
        // It may have ended in the meantime.
        let _ = channel.ping();
    }
    if matches!(status.state, ChannelState::Waiting(_))
        && let Some(channel) = pane.channel()
        && ui.small_button("Connect now").clicked()
    {
        channel.retry_now();
    }
    if status.ended == 0 {
        return;
    }
    let words = match status.ended {
        1 => "1 past connection".to_owned(),
        more => format!("{} past connections", text::grouped(more)),
    };
    let button = ui.small_button(&words);
    let popup = Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(420.0);
        ScrollArea::vertical()
            .id_salt("past connections")
            .max_height(280.0)
            .show(ui, |ui| {
                for connection in status.past.iter().rev() {
                    let words = past_connection_text(connection, context);
                    ui.add(
                        Label::new(
                            RichText::new(words)
                                .font(theme::small())
                                .color(palette(ui).text),
                        )
                        .wrap(),
                    );
                }
            });
    });
}

fn past_connection_text(connection: &PastConnection, context: &FrameContext) -> String {
    let began = text::time_of_day(connection.began, &context.zone);
    let lasted = connection
        .lasted
        .map_or("never opened".to_owned(), |lasted| {
            format!(
                "open for {}, {} in, {} out",
                text::short(lasted),
                connection.messages[0],
                connection.messages[1]
            )
        });
    format!(
        "{began}  {lasted}: {}",
        text::plain(&connection.cause.to_string())
    )
}
