//! The second line of a row: what the board is doing, or why that is not known.

use std::time::Duration;

use eframe::egui::Color32;

use crate::{
    model::{
        link_kind::LinkKind,
        main_component::{activity, main_component},
        page_context::PageContext,
    },
    widgets::theme::Palette,
};
use fleet::{BoardView, CommandState, LinkProblem, LinkState};

/// How long a refusal is shown in place of what the board is doing.
const REFUSAL: Duration = Duration::from_secs(10);

/// A color of the theme.
type TextColor = fn(&Palette) -> Color32;

/// The second line of a row.
pub(super) struct StatusLine {
    pub(super) words: String,
    /// `None` for ordinary text.
    pub(super) color: Option<TextColor>,
    /// A command is pending: show a pulsing dot before the text.
    pub(super) pulses: bool,
}

/// What the board is doing, or why that is not known.
pub(super) fn status(board: &BoardView, context: &PageContext<'_>) -> StatusLine {
    let line = |words: String, color| StatusLine {
        words,
        color,
        pulses: false,
    };
    let age = |since| text::length(context.age(since));
    match &board.link {
        LinkState::Connected => doing(board, context),
        LinkState::Connecting => {
            let words = format!("Connecting for {}", age(board.link_since));
            line(words, Some(|palette| palette.underway))
        }
        LinkState::Announced => line("Announced".to_owned(), None),
        // Each failed attempt to connect restarts the state; what matters is
        // how long the board has been silent.
        LinkState::Stale => {
            let heard = board.last_heard.unwrap_or(board.link_since);
            let words = format!("Stale for {}", age(heard));
            line(words, Some(|palette| palette.doubtful))
        }
        LinkState::Unreachable { problem, .. } => {
            if let Some(asks) = text::credential(board) {
                let words = text::capitalized(asks);
                return line(words, Some(|palette| palette.doubtful));
            }
            let (word, color): (_, TextColor) = match problem {
                LinkProblem::Locked => ("Locked: no key", |palette| palette.doubtful),
                LinkProblem::WrongKey => ("Locked: wrong key", |palette| palette.doubtful),
                LinkProblem::AwaitingInbound(_) => ("Waiting", |palette| palette.bad),
                _ => ("Unreachable", |palette| palette.bad),
            };
            match board.last_heard {
                Some(heard) if LinkKind::of(&board.link) != LinkKind::Locked => {
                    line(format!("{word} for {}", age(heard)), Some(color))
                }
                _ => line(word.to_owned(), Some(color)),
            }
        }
    }
}

/// What a connected board is doing; a command for its main component comes
/// first until it is settled.
fn doing(board: &BoardView, context: &PageContext<'_>) -> StatusLine {
    let words = activity(board).unwrap_or_else(|| "Connected".to_owned());
    let (words, color, pulses): (_, Option<TextColor>, _) =
        match main_component(board).map(|view| &view.command) {
            Some(CommandState::Pending { .. }) => {
                context.moving();
                (words, Some(|palette| palette.underway), true)
            }
            Some(CommandState::Unconfirmed { .. }) => {
                let words = format!("Unconfirmed · {words}");
                (words, Some(|palette| palette.doubtful), false)
            }
            Some(CommandState::Refused { error, at }) if context.age(*at) < REFUSAL => {
                let words = format!("Refused: {}", text::plain(&error.message));
                (words, Some(|palette| palette.bad), false)
            }
            _ => (words, None, false),
        };
    StatusLine {
        words,
        color,
        pulses,
    }
}
