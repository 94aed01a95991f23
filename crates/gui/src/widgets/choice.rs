//! One of several texts: a combo box, which can be searched if the list is
//! long. Effects of light strips have hundreds of names.

use eframe::egui::{
    Align, Align2, Id, Key, Modifiers, PopupCloseBehavior, Response, ScrollArea, TextEdit, Ui, vec2,
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
    /// What is shown without one.
    pub(crate) absent: &'a str,
    /// The present one, if it is known.
    pub(crate) shown: Option<&'a str>,
    pub(crate) options: Vec<&'a str>,
    pub(crate) width: f32,
}

impl<'a> Choice<'a> {
    /// Shows it; the second is the option that the person asks for.
    pub(crate) fn show(self, ui: &mut Ui) -> (Response, Option<&'a str>) {
        let is_long = self.options.len() > SEARCHED;
        let mut combo = theme::combo_box(self.salt)
            .width(self.width)
            .truncate()
            .selected_text(self.shown.unwrap_or(self.absent));
        if is_long {
            // The list scrolls below the field, so the popup does not.
            combo = combo
                .height(HEIGHT + 4.0 * theme::LINE)
                .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        }
        let typed = ui.scope_id().with((self.salt, "search"));
        let shown = combo.show_ui(ui, |ui| match is_long {
            true => self.searched(ui, typed),
            false => self.rows(ui, &self.options, None, None),
        });
        if shown.inner.is_none() {
            ui.ctx().data_mut(|data| data.remove::<Search>(typed));
        }
        let response = shown.response.accessible_name(self.name);
        (response, shown.inner.flatten())
    }

    /// A field above the options that fit it. Enter takes the marked one: the
    /// first that fits what was typed, or one that the arrow keys reached.
    fn searched(&self, ui: &mut Ui, kept: Id) -> Option<&'a str> {
        let before = ui.ctx().data(|data| data.get_temp::<Search>(kept));
        let opened = before.is_none();
        let mut search = before.unwrap_or_default();
        let edit = TextEdit::singleline(&mut search.typed)
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
        let fitting = fitting(&self.options, &search.typed);
        if field.changed() {
            search.marked = (!search.typed.trim().is_empty()).then_some(0);
        }
        let moved = field.has_focus() && search.follow_keys(ui, &fitting, self.shown);
        let marked = search.marked.and_then(|at| fitting.get(at).copied());
        if let Some(marked) = marked {
            // Screen readers read it while the focus stays in the field.
            let words = format!("Enter takes {marked}");
            let ctx = ui.ctx();
            ctx.accesskit_node_builder(field.id, |node| node.set_description(words));
        }
        ui.ctx().data_mut(|data| data.insert_temp(kept, search));
        ui.add_space(HALF);
        let reveal = match (opened, moved) {
            (true, _) => self.shown,
            (_, true) => marked,
            _ => None,
        };
        let clicked = ScrollArea::vertical()
            .max_height(HEIGHT)
            .auto_shrink([false, true])
            .show(ui, |ui| self.rows(ui, &fitting, marked, reveal))
            .inner;
        if fitting.is_empty() {
            let name = format!("{}: no matches", self.name);
            text_line::label(ui, "No matches", &name, theme::body(), palette(ui).weak);
        }
        let chosen = clicked.or(marked.filter(|_| enter));
        if chosen.is_some() {
            ui.close();
        }
        chosen
    }

    fn rows(
        &self,
        ui: &mut Ui,
        options: &[&'a str],
        marked: Option<&str>,
        reveal: Option<&str>,
    ) -> Option<&'a str> {
        let mut chosen = None;
        for option in options {
            let row = ui.selectable_label(self.shown == Some(*option), *option);
            if reveal == Some(*option) {
                row.scroll_to_me(Some(Align::Center));
            }
            if row.clicked() {
                chosen = Some(*option);
            }
            if marked == Some(*option) {
                row.highlight();
            }
        }
        chosen
    }
}

/// What was typed into the field, and which of the options that fit is marked.
#[derive(Debug, Clone, Default)]
struct Search {
    typed: String,
    marked: Option<usize>,
}

impl Search {
    /// Moves the mark by the arrow keys; whether they did. They begin at the
    /// present option.
    fn follow_keys(&mut self, ui: &Ui, fitting: &[&str], shown: Option<&str>) -> bool {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
        if up == down || fitting.is_empty() {
            return false;
        }
        let present = || fitting.iter().position(|option| Some(*option) == shown);
        self.marked = Some(match (self.marked.or_else(present), down) {
            (None, _) => 0,
            (Some(at), true) => (at + 1).min(fitting.len() - 1),
            (Some(at), false) => at.saturating_sub(1),
        });
        true
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
