//! What this window knows about a missing board: that it was forgotten here, or
//! that it is hidden. No network has to be examined for that.

use eframe::egui::{
    Button, Frame, Label, Margin, RichText, Stroke, Ui, WidgetInfo, accesskit::Role, vec2,
};

use super::parts::{field, line};
use crate::{
    model::{
        action::{Action, WindowAction},
        arrangement::LabelsChange,
        boards::Model,
        forgotten::{ForgottenBoard, forgotten_at, forgotten_name},
        page_context::PageContext,
    },
    widgets::{
        icon,
        theme::{self, UNIT, palette},
    },
};
use fleet::BoardView;

/// How many boards are shown.
const SHOWN: usize = 20;

/// Why a board is not in the list of this window.
pub(super) enum Reason<'a> {
    Forgotten(&'a ForgottenBoard),
    Hidden(&'a BoardView),
}

/// The boards with this name, id or address that this window does not list;
/// `None`: all of them.
pub(super) fn look<'a>(model: &'a Model, wanted: Option<&str>) -> Vec<Reason<'a>> {
    let hidden = model.hidden(wanted).into_iter().map(Reason::Hidden);
    let forgotten = model.forgotten_called(wanted).map(Reason::Forgotten);
    hidden.chain(forgotten).take(SHOWN).collect()
}

/// A card with the reason, and the button that brings the board back.
pub(super) fn card(ui: &mut Ui, reason: &Reason<'_>, context: &PageContext<'_>) {
    let palette = palette(ui);
    let Words {
        title,
        observed,
        button,
        name,
        action,
    } = words(reason, context);
    let frame = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.accent))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 10));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            let sign = RichText::new(icon::EYE_SLASH).font(theme::icon());
            ui.label(sign.color(palette.accent));
            let words = RichText::new(&title).font(theme::strong());
            let heading = ui.add(Label::new(words.color(palette.text)).wrap());
            heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &title));
        });
        field(ui, "Tried", |ui| {
            line(ui, "the list of boards in this window", palette.weak);
        });
        field(ui, "Observed", |ui| line(ui, &observed, palette.text));
        field(ui, "To do", |ui| {
            let words = RichText::new(button).color(palette.on_accent);
            let button = Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(0.0, 28.0));
            let button = ui.add(button);
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            if button.clicked() {
                context.push(action.clone());
            }
        });
    });
    ui.add_space(UNIT);
}

struct Words {
    title: String,
    observed: String,
    button: &'static str,
    /// The accessible name of the button.
    name: String,
    action: Action,
}

fn words(reason: &Reason<'_>, context: &PageContext<'_>) -> Words {
    match reason {
        Reason::Forgotten(forgotten) => {
            let name = forgotten_name(&forgotten.board);
            let age = text::ago(context.wall_age(forgotten_at(forgotten)));
            Words {
                title: format!("{name} was forgotten {age}"),
                observed: "It stays away from this window, even while it announces itself, until \
                    it is restored."
                    .to_owned(),
                button: "Restore",
                name: format!("Restore {name}"),
                action: WindowAction::Restore(forgotten.board.clone()).into(),
            }
        }
        Reason::Hidden(board) => {
            let name = context.model.title(board);
            let hidden = LabelsChange::Hidden(false);
            Words {
                title: format!("{name} is hidden in this window"),
                observed: format!(
                    "It is {}, but hidden boards are not listed.",
                    text::link_of(board)
                ),
                button: "Show in list",
                name: format!("Show {name} in the list"),
                action: WindowAction::SetLabels(vec![board.key], hidden).into(),
            }
        }
    }
}
