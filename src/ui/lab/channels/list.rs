//! The addresses: which there are, how each is, and which are shown side by
//! side.

use eframe::egui::{
    Align2, CornerRadius, Popup, Rect, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::lane::{Lane, Source};
use crate::ui::room::{Within as _, between};
use crate::{
    channel::ChannelState,
    ui::{
        icon, text,
        theme::{self, HALF, Palette, UNIT, palette},
        words,
    },
};

/// What is asked of the list.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    /// Show only this.
    Only(u64),
    /// Show this beside the others, or no more.
    Beside(u64),
    /// Open or close it.
    Toggle(u64),
    /// Take it off.
    Remove(u64),
}

/// Shows it.
pub(super) fn show(ui: &mut Ui, lanes: &[Lane]) -> Option<Asked> {
    let mut asked = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    ScrollArea::vertical()
        .id_salt("addresses")
        .auto_shrink(false)
        .show(ui, |ui| {
            for lane in lanes {
                asked = row(ui, lane).or(asked.take());
            }
            if lanes.is_empty() {
                let words = "No address yet.";
                text::label(ui, words, words, theme::body(), palette(ui).weak);
            }
        });
    asked
}

fn row(ui: &mut Ui, lane: &Lane) -> Option<Asked> {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LIST_ROW - 4.0);
    let (rect, response) = ui
        .push_id(("lane", lane.id), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let (sign, color, state) = state(lane, palette);
    let (host, title) = parts(&lane.title);
    let name = format!("{}: {state}", lane.title);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, lane.shown, &name));
    let mut asked = None;
    Popup::context_menu(&response).show(|ui| {
        let mut entry = |words: &str, what: Asked| {
            if ui.button(words).clicked() {
                asked = Some(what);
                ui.close();
            }
        };
        entry(
            if lane.is_live() { "Close" } else { "Open" },
            Asked::Toggle(lane.id),
        );
        entry(
            if lane.shown {
                "Do not show"
            } else {
                "Show beside"
            },
            Asked::Beside(lane.id),
        );
        entry("Remove from the list", Asked::Remove(lane.id));
    });
    let beside = between(pos2(rect.right() - 28.0, rect.top()), rect.right_bottom());
    let eye = ui.interact(beside, response.id.with("eye"), Sense::click());
    let words = if lane.shown {
        "Do not show"
    } else {
        "Show beside the others"
    };
    eye.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{words}: {}", lane.title)));
    if lane.shown || response.has_focus() {
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
    text::paint(ui, mark, Align2::CENTER_CENTER, sign, font, color);
    let first = line(HALF, beside.left());
    let titled = text::paint(
        ui,
        first,
        Align2::LEFT_CENTER,
        &title,
        theme::strong(),
        palette.text,
    );
    let rest = first.after_x((titled.right() + UNIT).min(first.right()));
    if host != title && rest.width() > 40.0 {
        text::paint(
            ui,
            rest,
            Align2::LEFT_CENTER,
            &host,
            theme::small(),
            palette.weak,
        );
    }
    text::paint(
        ui,
        line(22.0, beside.left()),
        Align2::LEFT_CENTER,
        &state,
        theme::small(),
        palette.weak,
    );
    let (sign, color) = match (lane.shown, eye.hovered()) {
        (true, _) => (icon::EYE, palette.accent),
        (false, true) => (icon::EYE, palette.text),
        (false, false) => (icon::EYE_SLASH, palette.outline),
    };
    text::paint(
        ui,
        beside,
        Align2::CENTER_CENTER,
        sign,
        theme::body(),
        color,
    );
    let multiple = ui.input(|input| input.modifiers.command);
    if eye.on_hover_text(words).clicked() {
        asked = Some(Asked::Beside(lane.id));
    } else if response.double_clicked() {
        asked = Some(Asked::Toggle(lane.id));
    } else if response.on_hover_text(&lane.title).clicked() {
        asked = Some(if multiple {
            Asked::Beside(lane.id)
        } else {
            Asked::Only(lane.id)
        });
    }
    asked
}

/// The sign, its color and the words for how a channel is.
pub(super) fn state(
    lane: &Lane,
    palette: &Palette,
) -> (&'static str, eframe::egui::Color32, String) {
    let signs = palette.signs;
    if let Source::Recorded(path) = &lane.source {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        return (
            icon::RECORD,
            signs.underway,
            format!("recording {}", words::plain(&name)),
        );
    }
    let Some(view) = &lane.view else {
        let words = if lane.is_example {
            "example, not open"
        } else {
            "not open"
        };
        return (icon::DOT, palette.weak, words.to_owned());
    };
    match &view.state {
        ChannelState::Connecting => (icon::PLUGS, signs.underway, "connecting".to_owned()),
        ChannelState::Open(_) => {
            let (down, up) = (view.received.rate.messages, view.sent.rate.messages);
            let words = format!("open, {}/s in, {}/s out", rate(down), rate(up));
            (icon::PLUGS_CONNECTED, signs.good, words)
        }
        ChannelState::Waiting(_) => (icon::CLOCK, signs.doubtful, "waits to try again".to_owned()),
        ChannelState::Closed => {
            let in_order = view
                .past
                .last()
                .is_none_or(|connection| connection.cause.is_normal());
            match in_order {
                true => (icon::DOT, palette.weak, "closed".to_owned()),
                false => (
                    icon::WARNING,
                    signs.bad,
                    view.past
                        .last()
                        .map(|l| l.cause.to_string())
                        .unwrap_or_default(),
                ),
            }
        }
    }
}

/// A rate without digits that mean nothing.
pub(super) fn rate(number: f64) -> String {
    match number {
        n if n < 9.95 => words::short_number((n * 10.0).round() / 10.0),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a rate is positive and small"
        )]
        n => words::grouped(n.round() as u64),
    }
}

/// The host of an address, and what tells channels of one host apart: the path,
/// or else the host again.
pub(super) fn parts(address: &str) -> (String, String) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest
        .find(['/', '?'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let title = if path.len() > 1 { path } else { host };
    (words::plain(host), words::plain(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_called_by_its_path_and_else_by_its_host() {
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
    fn a_rate_has_no_digits_that_mean_nothing() {
        assert_eq!(
            [0.0, 0.333, 2.0, 9.9, 5_000.4].map(rate),
            ["0", "0.3", "2", "9.9", "5,000"]
        );
    }
}
