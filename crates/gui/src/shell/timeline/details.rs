//! What a command caused, step by step: the click, the request, the board's
//! response, the push with the effect.

use std::time::Duration;

use eframe::egui::{Button, TextFormat, Ui, WidgetInfo, accesskit::Role, text::LayoutJob};

use crate::{
    model::{action::WindowAction, page_context::PageContext, timeline::TimelineRow},
    widgets::{
        icon, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{LogEvent, Trail};

/// The height of the details below a row.
pub(crate) const HEIGHT: f32 = 36.0;

/// Whether there is something to unfold.
pub(crate) fn has_some(row: &TimelineRow) -> bool {
    trail(row).is_some()
}

fn trail(row: &TimelineRow) -> Option<&Trail> {
    match &row.entry.what {
        LogEvent::Command { trail, .. } => Some(trail),
        _ => None,
    }
}

/// The steps of a command in the order of time: what it is, and the time since
/// the one before.
fn steps(trail: &Trail) -> Vec<(String, Option<Duration>)> {
    let push = match trail.seq {
        Some(seq) => format!("Push {seq} received"),
        None => "Push received".to_owned(),
    };
    let parts = [
        ("Request sent".to_owned(), trail.sent),
        ("Board responded".to_owned(), trail.answered),
        (push, trail.pushed),
    ];
    let mut parts: Vec<_> = parts
        .into_iter()
        .filter_map(|(what, at)| Some((what, at?)))
        .collect();
    parts.sort_by_key(|(_, at)| *at);
    let mut before = Duration::ZERO;
    let mut steps = vec![("Click".to_owned(), None)];
    for (what, at) in parts {
        steps.push((what, Some(at.saturating_sub(before))));
        before = at;
    }
    steps
}

/// Shows the details.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, row: &TimelineRow) {
    let Some(trail) = trail(row) else { return };
    let palette = palette(ui);
    let steps = steps(trail);
    let name = match steps.len() {
        1 => "Click, nothing was sent".to_owned(),
        _ => steps
            .iter()
            .map(|(what, after)| match after {
                Some(after) => format!("{what} after {}", text::short(*after)),
                None => what.clone(),
            })
            .collect::<Vec<_>>()
            .join(", "),
    };
    ui.horizontal_centered(|ui| {
        ui.add_space(UNIT * 3.0);
        let mut chain = LayoutJob::default();
        let mut add = |words: &str, color| {
            chain.append(words, UNIT, TextFormat::simple(theme::body(), color));
        };
        for (what, after) in &steps {
            if let Some(after) = after {
                let words = format!("{} {}", icon::ARROW_RIGHT, text::short(*after));
                add(&words, palette.weak);
            }
            add(what, palette.text);
        }
        if steps.len() == 1 {
            add("nothing was sent", palette.weak);
        }
        let chain = ui.label(chain);
        text_line::name_label(ui, &chain, &name);
        ui.add_space(UNIT);
        let frames = ui.add(Button::new("Frames"));
        let frames = frames.on_hover_text("Show the frames of this board");
        frames.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show frames"));
        if frames.clicked() {
            context.push(WindowAction::ShowFrames(row.entry.board));
        }
    });
}
