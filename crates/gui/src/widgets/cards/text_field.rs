//! Texts: a field that sends on Enter. A draft survives pushes of the board
//! until Enter sends it or Escape discards it.

use eframe::egui::{Align2, Id, Key, TextEdit, Ui, vec2};
use protocol::{State, limits};

use super::card::Card;
use crate::widgets::{
    text_line,
    theme::{self, palette},
};

/// The field.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let reported = card.state.text();
    let kept = Id::unique((
        "draft",
        card.page.board.key.0,
        card.component.descriptor.key.to_string(),
    ));
    let draft = ui.ctx().data(|data| data.get_temp::<String>(kept));
    let mut typed = draft
        .clone()
        .unwrap_or_else(|| reported.unwrap_or_default().to_owned());
    let edit = TextEdit::singleline(&mut typed)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, theme::LINE))
        .align(Align2::LEFT_CENTER)
        .char_limit(limits::TEXT_VALUE)
        .hint_text(if reported.is_none() { "unknown" } else { "" });
    let response = card
        .operable(ui, |ui| ui.add(edit))
        .accessible_name(card.name("value"));

    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let escape = (response.has_focus() || response.lost_focus())
        && ui.input(|input| input.key_pressed(Key::Escape));
    let draft = if enter {
        if Some(typed.as_str()) != reported {
            card.page
                .context
                .push(card.set(State::new().with("value", typed.as_str())));
        }
        None
    } else if escape {
        None
    } else if response.changed() || draft.is_some() {
        Some(typed).filter(|typed| Some(typed.as_str()) != reported || response.has_focus())
    } else {
        None
    };
    if draft.is_some() {
        let words = "Enter to send, Esc to discard";
        let under = response.rect.translate(vec2(0.0, response.rect.height()));
        text_line::paint(
            ui,
            under,
            Align2::RIGHT_TOP,
            words,
            theme::small(),
            palette(ui).weak,
        );
    }
    ui.ctx().data_mut(|data| match draft {
        Some(draft) => {
            data.insert_temp(kept, draft);
        }
        None => data.remove::<String>(kept),
    });
    card.explain(response);
}
