//! The command palette (Ctrl+K): finds any verb of any menu, any board and any
//! component by a few letters. It offers actions and carries out none.

mod board_verbs;
mod entry;
mod facts;
mod search;
mod values;
mod window_verbs;

use eframe::egui::{
    Align2, CornerRadius, Frame, Id, Key, Modal, Modifiers, Rect, Response, RichText, ScrollArea,
    Sense, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

pub(crate) use self::facts::WindowFacts;

use self::{
    entry::Entry,
    search::{Row, find},
};
use crate::{
    model::{action::WindowAction, boards::Model, page_context::PageContext},
    widgets::{
        layout::{Within as _, left_of},
        shortcut, text_line,
        theme::{self, UNIT, palette},
    },
};

/// The palette while it is open.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    text: String,
    /// The text that `found` matches.
    looked_for: Option<String>,
    found: Vec<Row>,
    /// The index of the chosen row.
    chosen: usize,
    /// How far the rows are scrolled, and how high they are.
    scrolled: [f32; 2],
    opened: bool,
}

impl Commands {
    /// Shows it above everything else; reports the chosen action and that it
    /// closes.
    pub(crate) fn show(&mut self, ui: &Ui, context: &PageContext<'_>, facts: &WindowFacts) {
        let frame = Frame::popup(ui.style()).inner_margin(12);
        let response = Modal::new(Id::unique("commands"))
            .frame(frame)
            .show(ui.ctx(), |ui| {
                let room = ui.ctx().content_rect().size();
                ui.set_width(theme::COMMANDS[0].min(left_of(room.x, UNIT * 6.0)));
                ui.set_height(theme::COMMANDS[1].min(left_of(room.y, UNIT * 6.0)));
                self.contents(ui, context, facts);
            });
        if response.should_close() {
            context.push(WindowAction::CloseDialog);
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>, facts: &WindowFacts) {
        let step = steps(ui);
        let enter = ui.input(|input| input.key_pressed(Key::Enter));
        self.field(ui);
        if self.looked_for.as_ref() != Some(&self.text) {
            self.found = find(&self.text, context, facts);
            for row in &mut self.found {
                if let Row::Entry(entry) = row
                    && let Some(why_not) = context.model.why_not(&entry.actions)
                {
                    entry.why_not = Some(why_not.to_owned());
                }
            }
            self.looked_for = Some(self.text.clone());
            (self.chosen, self.scrolled[0]) = (0, 0.0);
            self.choose(1, 0);
        }
        if step != 0 {
            self.choose(step.signum(), step.unsigned_abs());
        }
        if enter && let Some(Row::Entry(entry)) = self.found.get(self.chosen) {
            run(entry, context);
        }
        ui.add_space(UNIT);
        if self.found.is_empty() {
            let words = "No command matches. Try the name of a board or a component, or a word \
                like theme.";
            text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        }
        self.rows(ui, context, step != 0);
    }

    fn field(&mut self, ui: &mut Ui) {
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text(
                RichText::new("For example \"desk lamp 60 %\" or \"rename\"")
                    .color(palette(ui).weak),
            )
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, 32.0))
            .align(Align2::LEFT_CENTER);
        let field = ui.add(edit).accessible_name("Command");
        if !self.opened || field.lost_focus() {
            self.opened = true;
            field.request_focus();
        }
    }

    /// Moves the choice by `many` entries, headings not counted; with none, to
    /// the nearest entry.
    fn choose(&mut self, way: isize, many: usize) {
        let is_entry = |at: &usize| matches!(self.found.get(*at), Some(Row::Entry(_)));
        let mut entries: Vec<usize> = (0..self.found.len()).filter(is_entry).collect();
        if way < 0 {
            entries.reverse();
        }
        let beyond = |at: &usize| match way < 0 {
            true => *at < self.chosen,
            false => *at > self.chosen,
        };
        let next = match many {
            0 => entries.iter().find(|at| **at >= self.chosen),
            many => {
                let ahead: Vec<&usize> = entries.iter().filter(|at| beyond(at)).collect();
                ahead.get(many - 1).or(ahead.last()).copied()
            }
        };
        if let Some(next) = next {
            self.chosen = *next;
        }
    }

    fn rows(&mut self, ui: &mut Ui, context: &PageContext<'_>, moved: bool) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = theme::COMMAND_ROW;
        let mut area = ScrollArea::vertical()
            .id_salt(("commands", self.looked_for.clone()))
            .auto_shrink(false);
        if moved {
            // A heading above the first entry stays visible.
            let top = match self.chosen {
                0 | 1 => 0.0,
                at => at as f32 * height,
            };
            let [offset, room] = self.scrolled;
            let bottom = left_of(top + height, room);
            area = area.vertical_scroll_offset(offset.clamp(bottom.min(top), top.max(bottom)));
        }
        let output = area.show_rows(ui, height, self.found.len(), |ui, range| {
            for at in range {
                match self.found.get(at) {
                    Some(Row::Heading(words)) => heading(ui, words),
                    Some(Row::Entry(entry)) => {
                        let response = row(ui, entry, context.model, at == self.chosen);
                        if response.clicked() {
                            run(entry, context);
                        }
                    }
                    None => {}
                }
            }
        });
        self.scrolled = [output.state.clamped_offset().y, output.inner_rect.height()];
    }
}

/// How far the pressed keys move the choice.
fn steps(ui: &Ui) -> isize {
    const PAGE: isize = 10;
    ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        let down = pressed(Key::ArrowDown);
        let up = pressed(Key::ArrowUp);
        let (page_down, page_up) = (pressed(Key::PageDown), pressed(Key::PageUp));
        match (down, up, page_down, page_up) {
            (true, ..) => 1,
            (_, true, ..) => -1,
            (_, _, true, _) => PAGE,
            (_, _, _, true) => -PAGE,
            _ => 0,
        }
    })
}

fn run(entry: &Entry, context: &PageContext<'_>) {
    if entry.why_not.is_none() {
        context.push(WindowAction::CloseDialog);
        context.extend(entry.actions.clone());
    }
}

fn heading(ui: &mut Ui, words: &str) {
    let size = vec2(ui.available_width(), theme::COMMAND_ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    text_line::name_label(ui, &response, words);
    let place = rect.inset(vec2(UNIT, 0.0));
    let (font, color) = (theme::small(), palette(ui).weak);
    text_line::paint(ui, place, Align2::LEFT_BOTTOM, words, font, color);
}

fn row(ui: &mut Ui, entry: &Entry, model: &Model, chosen: bool) -> Response {
    let size = vec2(ui.available_width(), theme::COMMAND_ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let able = entry.why_not.is_none();
    let state = entry.state(model);
    response.widget_info(|| {
        let mut info = WidgetInfo::selected(Role::MenuItem, able, chosen, &entry.words);
        info.current_text_value = (!state.is_empty()).then(|| state.clone());
        info
    });
    let palette = palette(ui);
    let plate = match (chosen || response.has_focus(), response.hovered()) {
        (true, _) => Some(palette.chosen),
        (_, true) => Some(palette.control),
        _ => None,
    };
    if let Some(color) = plate {
        let radius = CornerRadius::same(theme::CONTROL_RADIUS);
        ui.painter().rect_filled(rect, radius, color);
    }
    texts(ui, rect, entry, &state);
    response
}

/// The icon, the words, the state and the shortcut, which never overlap: the
/// words are the last to be cut.
fn texts(ui: &Ui, rect: Rect, entry: &Entry, state: &str) {
    let palette = palette(ui);
    let inner = rect.inset(vec2(UNIT, 0.0));
    let left = Align2::LEFT_CENTER;
    text_line::paint(ui, inner, left, entry.sign, theme::icon(), palette.weak);
    let right = Align2::RIGHT_CENTER;
    let keys = entry.keys.map(|keys| shortcut::name(ui.ctx(), &keys));
    let keys = keys.unwrap_or_default();
    let keys = text_line::paint(ui, inner, right, &keys, theme::small(), palette.weak);
    let room = inner
        .after_x(inner.left() + 28.0)
        .until_x(keys.left() - UNIT);
    let color = match entry.why_not {
        Some(_) => palette.weak,
        None => palette.text,
    };
    let words = text_line::paint(ui, room, left, &entry.words, theme::body(), color);
    let rest = room.after_x(words.right() + UNIT * 2.0);
    text_line::paint(ui, rest, right, state, theme::body(), palette.weak);
}
