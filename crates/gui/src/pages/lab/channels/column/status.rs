//! The status of a channel: its state, its pings and its recording.

use eframe::egui::{Color32, Label, RichText, Ui};

use super::super::{
    list,
    pane::{ChannelPane, Source},
};
use super::{connections, traffic};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        icon, text_line,
        theme::{self, palette},
    },
};
use channel::{ChannelState, ChannelStatus, Direction};

/// The status of the channel.
pub(super) fn show(ui: &mut Ui, pane: &ChannelPane, context: &FrameContext) {
    let palette = palette(ui);
    let small = |ui: &mut Ui, words: &str, color: Color32| {
        text_line::label(ui, words, words, theme::small(), color).on_hover_text(words)
    };
    if let Some(problem) = &pane.problem {
        ui.add(
            Label::new(
                RichText::new(problem)
                    .font(theme::small())
                    .color(palette.bad),
            )
            .wrap(),
        );
    }
    let (host, _) = list::parts(&pane.title);
    let Some(status) = &pane.status else {
        match &pane.source {
            Source::Recorded(path) => {
                small(ui, &format!("recording {}", path.display()), palette.weak);
                for (way, word) in [(Direction::In, "in"), (Direction::Out, "out")] {
                    let (messages, bytes) = pane.rows.sum(way);
                    let words = format!(
                        "{} {word}, {}",
                        text::grouped(messages),
                        text::bytes(bytes as f64)
                    );
                    small(ui, &words, palette.weak);
                }
            }
            _ => {
                let words = if pane.is_example {
                    "an example, not open"
                } else {
                    "not open"
                };
                small(ui, &format!("{host}, {words}"), palette.weak);
            }
        }
        return;
    };
    ui.horizontal(|ui| {
        let words = state(status, context);
        text_line::label(ui, &words, &words, theme::small(), palette.text).on_hover_text(&host);
        connections::show(ui, pane, status, context);
    });
    if let (false, Some(connection)) = (status.state.is_open(), status.past.last()) {
        let color = if connection.cause.is_normal() {
            palette.weak
        } else {
            palette.bad
        };
        let words = text::plain(&connection.cause.to_string());
        ui.add(Label::new(RichText::new(words).font(theme::small()).color(color)).wrap());
    }
    let sent = text::count(status.pings.sent, "ping");
    if status.state.is_open() || status.pings.sent > 0 {
        small(ui, &pings(status), palette.weak)
            .on_hover_text(format!("{sent} sent, {} answered", status.pings.answered));
    }
    traffic::show(ui, icon::ARROW_DOWN, "in", &status.received, palette);
    traffic::show(ui, icon::ARROW_UP, "out", &status.sent, palette);
    if status.unsent > 0 {
        small(
            ui,
            &format!(
                "{} not sent because the connection ended",
                text::count(status.unsent, "message")
            ),
            palette.doubtful,
        );
    }
    if let Some(recording) = &status.recording {
        let (words, color) = match &recording.problem {
            None => (
                format!("recorded: {} lines", text::grouped(recording.lines)),
                palette.underway,
            ),
            Some(problem) => (problem.clone(), palette.bad),
        };
        small(ui, &words, color);
    }
}

fn state(status: &ChannelStatus, context: &FrameContext) -> String {
    let age = text::length(context.age(status.since));
    match &status.state {
        ChannelState::Connecting => format!("connecting for {age}"),
        ChannelState::Open(None) => format!("open for {age}"),
        ChannelState::Open(Some(protocol)) => format!("open for {age}, {}", text::plain(protocol)),
        ChannelState::Waiting(until) => {
            format!("reconnecting in {}", text::length(context.until(*until)))
        }
        ChannelState::Closed => format!("closed for {age}"),
    }
}

fn pings(status: &ChannelStatus) -> String {
    match (
        status.pings.last(),
        status.pings.median(),
        status.pings.worst(),
    ) {
        (Some(last), Some(median), Some(worst)) => {
            format!(
                "ping {}, median {}, worst {}",
                text::short(last),
                text::short(median),
                text::short(worst)
            )
        }
        _ if status.pings.sent > 0 => "no answer yet".to_owned(),
        _ => "no ping yet".to_owned(),
    }
}
