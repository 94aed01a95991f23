//! One of several texts: a combo box, which can be searched if the list is
//! long. Effects of light strips have hundreds of names.

use eframe::egui::{
    Align, Align2, ComboBox, Id, Key, PopupCloseBehavior, Response, ScrollArea, TextEdit, Ui, vec2,
};

use crate::widgets::{
    text_line,
    theme::{self, HALF, palette},
};

/// Lists of more options than this can be searched.
pub(crate) const SEARCHED: usize = 20;

/// The height of a long list.
const HEIGHT: f32 = 320.0;

/// What is chosen from.
pub(crate) struct Choice<'a> {
    /// Its accessible name.
    pub(crate) name: &'a str,
    /// Tells it apart from others on the same card.
    pub(crate) salt: &'a str,
    /// The present one; `None` if it is unknown.
    pub(crate) shown: Option<&'a str>,
    pub(crate) options: Vec<&'a str>,
    pub(crate) width: f32,
}

impl<'a> Choice<'a> {
    /// Shows it; the second is the option that the person asks for.
    pub(crate) fn show(self, ui: &mut Ui) -> (Response, Option<&'a str>) {
        let is_long = self.options.len() > SEARCHED;
        let mut combo = ComboBox::from_id_salt(self.salt)
            .width(self.width)
            .truncate()
            .selected_text(self.shown.unwrap_or("unknown"));
        if is_long {
            // The list scrolls below the field, so the popup does not.
            combo = combo
                .height(HEIGHT + 4.0 * theme::LINE)
                .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        }
        let typed = ui.scope_id().with((self.salt, "search"));
        let shown = combo.show_ui(ui, |ui| match is_long {
            true => self.searched(ui, typed),
            false => self.rows(ui, &self.options, false),
        });
        if shown.inner.is_none() {
            ui.ctx().data_mut(|data| data.remove::<String>(typed));
        }
        let response = shown.response.accessible_name(self.name);
        (response, shown.inner.flatten())
    }

    /// A field above the options that fit it. Enter takes the first.
    fn searched(&self, ui: &mut Ui, kept: Id) -> Option<&'a str> {
        let before = ui.ctx().data(|data| data.get_temp::<String>(kept));
        let opened = before.is_none();
        let mut typed = before.unwrap_or_default();
        let edit = TextEdit::singleline(&mut typed)
            .hint_text(format!("Search {}", self.options.len()))
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, theme::LINE))
            .align(Align2::LEFT_CENTER);
        let field = ui
            .add(edit)
            .accessible_name(format!("{}: search", self.name));
        if opened {
            field.request_focus();
        }
        let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.ctx()
            .data_mut(|data| data.insert_temp(kept, typed.clone()));
        let fitting = fitting(&self.options, &typed);
        ui.add_space(HALF);
        let clicked = ScrollArea::vertical()
            .max_height(HEIGHT)
            .auto_shrink([false, true])
            .show(ui, |ui| self.rows(ui, &fitting, opened))
            .inner;
        if fitting.is_empty() {
            let name = format!("{}: no matches", self.name);
            text_line::label(ui, "No matches", &name, theme::body(), palette(ui).weak);
        }
        let first = fitting.first().copied();
        let chosen = clicked.or(first.filter(|_| enter && !typed.trim().is_empty()));
        if chosen.is_some() {
            ui.close();
        }
        chosen
    }

    fn rows(&self, ui: &mut Ui, options: &[&'a str], reveal: bool) -> Option<&'a str> {
        let mut chosen = None;
        for option in options {
            let is_shown = self.shown == Some(*option);
            let row = ui.selectable_label(is_shown, *option);
            if is_shown && reveal {
                row.scroll_to_me(Some(Align::Center));
            }
            if row.clicked() {
                chosen = Some(*option);
            }
        }
        chosen
    }
}

/// The options with all typed words, in their order.
fn fitting<'a>(options: &[&'a str], typed: &str) -> Vec<&'a str> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let fits = |option: &&&str| {
        let option = option.to_lowercase();
        words.iter().all(|word| option.contains(word))
    };
    options.iter().filter(fits).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn options_fit_if_they_have_every_typed_word() {
        let options = ["Solid", "Fire 2012", "Fireworks 1D", "Color Waves"];
        for (typed, wanted) in [
            ("", &options[..]),
            ("  ", &options[..]),
            ("FIRE", &["Fire 2012", "Fireworks 1D"]),
            ("1d fire", &["Fireworks 1D"]),
            ("ice", &[]),
        ] {
            assert_eq!(fitting(&options, typed), wanted, "{typed:?}");
        }
    }
}
