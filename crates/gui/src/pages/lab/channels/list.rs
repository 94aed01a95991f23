//! The list of addresses: their states, and which are shown side by side.

use eframe::egui::{
    Align2, CornerRadius, Popup, Rect, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::pane::{ChannelPane, Source};
use crate::widgets::{
    icon,
    layout::{Within as _, between},
    text_line,
    theme::{self, HALF, Palette, UNIT, palette},
};
use channel::ChannelState;

/// What a person requests for a channel.
#[derive(Clone, Copy)]
pub(super) enum ChannelRequest {
    /// Show only this channel.
    ShowOnly(u64),
    /// Show or hide it next to the others.
    ToggleShown(u64),
    /// Open or close it.
    ToggleOpen(u64),
    /// Remove it from the list.
    Remove(u64),
}

/// Shows the list.
pub(super) fn show(ui: &mut Ui, panes: &[ChannelPane]) -> Option<ChannelRequest> {
    let mut request = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    ScrollArea::vertical()
        .id_salt("addresses")
        .auto_shrink(false)
        .show(ui, |ui| {
            for pane in panes {
                request = row(ui, pane).or(request.take());
            }
            if panes.is_empty() {
                let words = "No addresses yet.";
                text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            }
        });
    request
}

fn row(ui: &mut Ui, pane: &ChannelPane) -> Option<ChannelRequest> {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LIST_ROW - 4.0);
    let (rect, response) = ui
        .push_id(("channel", pane.id), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let (sign, color, state) = state(pane, palette);
    let (host, title) = parts(&pane.title);
    let name = format!("{}: {state}", pane.title);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, pane.shown, &name));
    let mut request = None;
    Popup::context_menu(&response).show(|ui| {
        let mut entry = |words: &str, what: ChannelRequest| {
            if ui.button(words).clicked() {
                request = Some(what);
                ui.close();
            }
        };
        entry(
            if pane.is_live() { "Close" } else { "Open" },
            ChannelRequest::ToggleOpen(pane.id),
        );
        entry(
            if pane.shown {
                "Hide"
            } else {
                "Show next to the others"
            },
            ChannelRequest::ToggleShown(pane.id),
        );
        entry("Remove from the list", ChannelRequest::Remove(pane.id));
    });
    let eye_rect = between(pos2(rect.right() - 28.0, rect.top()), rect.right_bottom());
    let eye = ui.interact(eye_rect, response.id.with("eye"), Sense::click());
    let words = if pane.shown {
        "Hide"
    } else {
        "Show next to the others"
    };
    eye.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{words}: {}", pane.title)));
    if pane.shown || response.has_focus() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.chosen,
        );
    } else if response.hovered() || eye.hovered() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control,
        );
    }
    let left = rect.left() + UNIT;
    let line = |top: f32, right: f32| {
        between(
            pos2(left + 20.0, rect.top() + top),
            pos2(right, rect.top() + top + 18.0),
        )
    };
    let mark = Rect::from_min_size(pos2(left - HALF, rect.top() + HALF), vec2(20.0, 18.0));
    let font = if sign == icon::DOT {
        theme::icon()
    } else {
        theme::body()
    };
    text_line::paint(ui, mark, Align2::CENTER_CENTER, sign, font, color);
    let first = line(HALF, eye_rect.left());
    let titled = text_line::paint(
        ui,
        first,
        Align2::LEFT_CENTER,
        &title,
        theme::strong(),
        palette.text,
    );
    let rest = first.after_x((titled.right() + UNIT).min(first.right()));
    if host != title && rest.width() > 40.0 {
        text_line::paint(
            ui,
            rest,
            Align2::LEFT_CENTER,
            &host,
            theme::small(),
            palette.weak,
        );
    }
    text_line::paint(
        ui,
        line(22.0, eye_rect.left()),
        Align2::LEFT_CENTER,
        &state,
        theme::small(),
        palette.weak,
    );
    let (sign, color) = match (pane.shown, eye.hovered()) {
        (true, _) => (icon::EYE, palette.accent),
        (false, true) => (icon::EYE, palette.text),
        (false, false) => (icon::EYE_SLASH, palette.outline),
    };
    text_line::paint(
        ui,
        eye_rect,
        Align2::CENTER_CENTER,
        sign,
        theme::body(),
        color,
    );
    let multiple = ui.input(|input| input.modifiers.command);
    if eye.on_hover_text(words).clicked() {
        request = Some(ChannelRequest::ToggleShown(pane.id));
    } else if response.double_clicked() {
        request = Some(ChannelRequest::ToggleOpen(pane.id));
    } else if response.on_hover_text(&pane.title).clicked() {
        request = Some(if multiple {
            ChannelRequest::ToggleShown(pane.id)
        } else {
            ChannelRequest::ShowOnly(pane.id)
        });
    }
    request
}

/// The icon, color and text for the state of a channel.
pub(super) fn state(
    pane: &ChannelPane,
    palette: &Palette,
) -> (&'static str, eframe::egui::Color32, String) {
    let signs = palette.signs;
    if let Source::Recorded(path) = &pane.source {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        return (
            icon::RECORD,
            signs.underway,
            format!("recording {}", text::plain(&name)),
        );
    }
    let Some(status) = &pane.status else {
        let words = match (&pane.board, pane.is_example) {
            (Some(board), _) => format!("{board}, not open"),
            (None, true) => "public example, not open".to_owned(),
            (None, false) => "not open".to_owned(),
        };
        return (icon::DOT, palette.weak, words);
    };
    match &status.state {
        ChannelState::Connecting => (icon::PLUGS, signs.underway, "connecting".to_owned()),
        ChannelState::Open(_) => {
            let (down, up) = (status.received.rate.messages, status.sent.rate.messages);
            let words = format!("open, {}/s in, {}/s out", rate(down), rate(up));
            (icon::PLUGS_CONNECTED, signs.good, words)
        }
        ChannelState::Waiting(_) => (
            icon::CLOCK,
            signs.doubtful,
            "waiting to reconnect".to_owned(),
        ),
        ChannelState::Closed => {
            let is_normal = status
                .past
                .last()
                .is_none_or(|connection| connection.cause.is_normal());
            match is_normal {
                true => (icon::DOT, palette.weak, "closed".to_owned()),
                false => (
                    icon::WARNING,
                    signs.bad,
                    status
                        .past
                        .last()
                        .map(|l| l.cause.to_string())
                        .unwrap_or_default(),
                ),
            }
        }
    }
}

/// Formats a rate without insignificant digits.
pub(super) fn rate(number: f64) -> String {
    match number {
        n if n < 9.95 => text::short_number((n * 10.0).round() / 10.0),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a rate is positive and small"
        )]
        n => text::grouped(n.round() as u64),
    }
}

/// The host of an address, and a title: the path, or the host without a path.
pub(super) fn parts(address: &str) -> (String, String) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest
        .find(['/', '?'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let title = if path.len() > 1 { path } else { host };
    (text::plain(host), text::plain(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_titled_by_its_path_or_its_host() {
        let of = |address: &str| {
            let (host, title) = parts(address);
            format!("{host} {title}")
        };
        assert_eq!(
            of("wss://stream.example:9443/ws/a@b"),
            "stream.example:9443 /ws/a@b"
        );
        assert_eq!(of("192.168.1.17/"), "192.168.1.17 192.168.1.17");
        assert_eq!(of("ws://[::1]:80?x=1"), "[::1]:80 ?x=1");
    }

    #[test]
    fn a_rate_has_no_insignificant_digits() {
        assert_eq!(
            [0.0, 0.333, 2.0, 9.9, 5_000.4].map(rate),
            ["0", "0.3", "2", "9.9", "5,000"]
        );
    }
}
