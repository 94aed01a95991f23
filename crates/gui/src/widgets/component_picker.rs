//! The component picker: finds components of all boards by a few letters and
//! adds several at once, to a dashboard, a scene or plots. It stays open until
//! it is closed.

mod found;

use eframe::egui::{
    Align, Align2, Button, Frame, Id, Key, Layout, Modal, Modifiers, Rect, RichText, ScrollArea,
    Sense, TextEdit, Ui, WidgetInfo, accesskit::Role, style::ScrollAnimation, vec2,
};

use self::found::Found;
pub(crate) use self::found::{Offer, Picked};
use crate::{
    model::page_context::PageContext,
    widgets::{
        document_bar::first_button,
        icon,
        layout::left_of,
        shortcut, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The picker of a page.
#[derive(Debug, Default)]
pub(crate) struct ComponentPicker(Option<Open>);

/// The picker while it is open.
#[derive(Debug, Default)]
struct Open {
    text: String,
    found: Found,
    /// The index of the chosen row.
    chosen: usize,
    /// Whether the chosen row has to be scrolled into view.
    reveal: bool,
    focused: bool,
    /// The frame that showed it last.
    shown: Option<u64>,
}

/// What the keys ask for.
#[derive(Default)]
struct Keys {
    step: isize,
    enter: bool,
    close: bool,
}

impl ComponentPicker {
    /// Opens it.
    pub(crate) fn open(&mut self) {
        self.0 = Some(Open::default());
    }

    /// The button *Add…*, with this accessible name.
    pub(crate) fn button(&mut self, ui: &mut Ui, name: &str) {
        let add = ui.add(Button::new(format!("{}  Add…", icon::PLUS)));
        add.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if add.clicked() {
            self.open();
        }
    }

    /// The button *Add…* of an empty page, with this accessible name.
    pub(crate) fn first_button(&mut self, ui: &mut Ui, name: &str) {
        if first_button(ui, "Add…", name) {
            self.open();
        }
    }

    /// Shows it above everything else while it is open; returns what was
    /// picked.
    pub(crate) fn show(
        &mut self,
        ui: &Ui,
        context: &PageContext<'_>,
        offer: &Offer<'_>,
    ) -> Option<Picked> {
        let open = self.0.as_mut()?;
        // It is closed when its page is left.
        let frame = ui.ctx().cumulative_frame_nr();
        if open.shown.is_some_and(|shown| frame > shown + 1) {
            self.0 = None;
            return None;
        }
        open.shown = Some(frame);
        let mut close = false;
        let window = ui.ctx().content_rect().size();
        let response = Modal::new(Id::unique("component picker"))
            .frame(Frame::popup(ui.style()).inner_margin(12))
            .show(ui.ctx(), |ui| {
                ui.set_width(theme::COMMANDS[0].min(left_of(window.x, UNIT * 6.0)));
                ui.set_height(theme::PICKER_HEIGHT.min(left_of(window.y, UNIT * 6.0)));
                open.contents(ui, context, offer, &mut close)
            });
        if close || response.should_close() {
            self.0 = None;
            ui.ctx().request_repaint();
        }
        response.inner
    }
}

impl Open {
    fn contents(
        &mut self,
        ui: &mut Ui,
        context: &PageContext<'_>,
        offer: &Offer<'_>,
        close: &mut bool,
    ) -> Option<Picked> {
        text_line::label(
            ui,
            offer.title,
            offer.title,
            theme::strong(),
            palette(ui).text,
        );
        ui.add_space(HALF);
        let keys = keys(ui);
        self.field(ui);
        if self.found.update(&self.text, context.model, offer.fits) {
            self.chosen = self.found.first();
            self.reveal = true;
        }
        if keys.step != 0 {
            self.chosen = self.found.step(self.chosen, keys.step);
            self.reveal = true;
        }
        ui.add_space(HALF);
        let footer = theme::LINE + UNIT;
        let clicked = self.rows(ui, context, offer, footer);
        *close = keys.close | self.footer(ui);
        let row = match clicked {
            Some(row) => Some(row),
            None if keys.enter => Some(self.chosen),
            None => None,
        };
        let picked = self.found.rows().get(row?)?.picked(context.model, offer)?;
        if keys.enter {
            // The next Enter adds the next one.
            self.chosen = self.found.step(self.chosen, 1);
            self.reveal = true;
        }
        ui.ctx().request_repaint();
        Some(picked)
    }

    fn field(&mut self, ui: &mut Ui) {
        let edit = TextEdit::singleline(&mut self.text)
            .id(field_id())
            .hint_text(
                RichText::new("Type part of a board or component name").color(palette(ui).weak),
            )
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, 32.0))
            .align(Align2::LEFT_CENTER);
        let field = ui.add(edit).accessible_name("Find a component");
        if !std::mem::replace(&mut self.focused, true) {
            field.request_focus();
        }
    }

    /// The rows; returns the index of the one that was clicked.
    fn rows(
        &mut self,
        ui: &mut Ui,
        context: &PageContext<'_>,
        offer: &Offer<'_>,
        footer: f32,
    ) -> Option<usize> {
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let rows = self.found.rows();
        let height = left_of(ui.available_height(), footer);
        if rows.is_empty() {
            let size = vec2(ui.available_width(), height);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let words = match self.text.trim().is_empty() {
                true => "No components yet. They appear once boards connect.",
                false => "No matches",
            };
            let look = (theme::body(), palette(ui).weak);
            text_line::field(ui, rect, Align2::CENTER_CENTER, words, words, look);
            return None;
        }
        let area = ScrollArea::vertical()
            .id_salt("components")
            .auto_shrink(false)
            .max_height(height);
        let reveal = std::mem::take(&mut self.reveal);
        area.show_rows(ui, theme::COMMAND_ROW, rows.len(), |ui, range| {
            if reveal {
                let above = self.chosen as f32 - range.start as f32;
                let top = ui.max_rect().left_top() + vec2(0.0, above * theme::COMMAND_ROW);
                // With the heading that may be above it.
                let rect = Rect::from_min_size(top, vec2(1.0, theme::COMMAND_ROW));
                let rect = rect.with_min_y(rect.top() - theme::COMMAND_ROW);
                ui.scroll_to_rect_animation(rect, None, ScrollAnimation::none());
            }
            for at in range {
                let Some(row) = rows.get(at) else { continue };
                if row.show(ui, context, offer, at == self.chosen) {
                    clicked = Some(at);
                }
            }
        });
        clicked
    }

    /// What the keys do, and the button that closes it; whether it was clicked.
    fn footer(&self, ui: &mut Ui) -> bool {
        let mut close = false;
        ui.add_space(UNIT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            close = ui.button("Done").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let keys = shortcut::name(ui.ctx(), &shortcut::SEND);
                let words = format!("Enter adds or removes  ·  {keys} also closes  ·  Esc closes");
                text_line::label(ui, &words, &words, theme::small(), palette(ui).weak);
            });
        });
        close
    }
}

fn field_id() -> Id {
    Id::unique("find a component")
}

/// Takes the keys that choose and pick, unless a button has the focus.
fn keys(ui: &Ui) -> Keys {
    let focused = ui.ctx().memory(|memory| memory.focused());
    if focused.is_some_and(|focused| focused != field_id()) {
        return Keys::default();
    }
    ui.input_mut(|input| {
        let mut pressed = |modifiers, key| input.consume_key(modifiers, key);
        let close = pressed(shortcut::SEND.modifiers, shortcut::SEND.logical_key);
        let page = 8;
        Keys {
            step: isize::from(pressed(Modifiers::NONE, Key::ArrowDown))
                - isize::from(pressed(Modifiers::NONE, Key::ArrowUp))
                + page * isize::from(pressed(Modifiers::NONE, Key::PageDown))
                - page * isize::from(pressed(Modifiers::NONE, Key::PageUp)),
            enter: pressed(Modifiers::NONE, Key::Enter) || close,
            close,
        }
    })
}
