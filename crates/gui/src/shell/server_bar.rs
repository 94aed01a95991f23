//! The bar below the top bar while the server of the fleet is not connected:
//! what happens, and why.

use std::time::Duration;

use eframe::egui::{Align, Button, Frame, Label, Layout, Margin, Panel, RichText, Spinner, Ui};

use crate::{
    model::{action::Task, page_context::PageContext},
    widgets::{
        icon,
        theme::{self, UNIT, palette},
        verb,
    },
};
use fleet::{ServerState, ServerStatus};

/// Shows it, unless the server is connected.
pub(super) fn show(ui: &mut Ui, server: &ServerStatus, context: &PageContext<'_>) {
    let Some(words) = words(server, context) else {
        return;
    };
    let is_lost = matches!(server.state, ServerState::Lost { .. });
    let palette = palette(ui);
    let frame = Frame::new()
        .fill(palette.lit)
        .inner_margin(Margin::symmetric(16, 6));
    Panel::top("server").frame(frame).show(ui, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if is_lost {
                let hint = "Connect to the server now";
                verb::button(ui, Button::new("Try now"), hint, [Task::Reconnect], context);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                match is_lost {
                    true => {
                        let sign = RichText::new(icon::PLUGS).font(theme::icon());
                        ui.label(sign.color(palette.doubtful));
                    }
                    false => {
                        ui.add(Spinner::new().size(UNIT * 2.0));
                    }
                }
                ui.add(Label::new(RichText::new(&words).color(palette.text)).wrap());
            });
        });
    });
}

/// What happens; `None` while the server is connected.
fn words(server: &ServerStatus, context: &PageContext<'_>) -> Option<String> {
    let address = text::plain(&server.address);
    Some(match &server.state {
        ServerState::Connected => return None,
        ServerState::Connecting => format!("Connecting to {address}…"),
        ServerState::Lost {
            problem,
            retry_at: Some(at),
            ..
        } => {
            // Rounded up: not 0 s before the attempt.
            let left = context.until(*at) + Duration::from_millis(999);
            format!(
                "Not connected to {address}: {}. Trying again in {} s.",
                text::plain(problem),
                left.as_secs()
            )
        }
        ServerState::Lost {
            problem,
            retry_at: None,
            ..
        } => format!("{address} refused this window: {}.", text::plain(problem)),
    })
}
