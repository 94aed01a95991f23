//! A picker of boards, for pages that show one of them. Boards that a page
//! cannot use are listed last, disabled, with the reason.

use std::{cmp::Reverse, sync::Arc};

use eframe::egui::{
    Align2, Button, CornerRadius, Id, Key, Popup, PopupCloseBehavior, RichText, ScrollArea, Sense,
    TextEdit, Ui, WidgetInfo, accesskit::Role, class::HasClasses as _, pos2, vec2,
};

use crate::{
    model::{boards::Model, ranking::Ranking},
    widgets::{
        icon,
        layout::{Within as _, between},
        status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView};

/// The width of the button, and of the list below it.
const WIDTH: f32 = 184.0;
const LIST: f32 = 304.0;

/// With more boards than this, they can be searched.
const FEW: usize = 8;

/// The board that a page shows: the one chosen there, else the selected one,
/// else the first.
pub(crate) fn shown(model: &Model, chosen: Option<BoardKey>) -> Option<&Arc<BoardView>> {
    chosen
        .and_then(|key| model.board(key))
        .or_else(|| model.selected())
        .or_else(|| model.in_order().next())
}

/// Shows the picker, named `Board`; returns a newly chosen board. `why_not`
/// says why a board cannot be chosen.
pub(crate) fn show(
    ui: &mut Ui,
    model: &Model,
    shown: Option<&BoardView>,
    why_not: impl Fn(&BoardView) -> Option<&'static str>,
) -> Option<BoardKey> {
    let title = shown.map_or_else(|| "No board".to_owned(), |board| model.title(board));
    let mut button = Button::new("").min_size(vec2(WIDTH, theme::LINE));
    button.add_class(theme::FIELD);
    let button = ui.add(button);
    button.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), "Board");
        info.current_text_value = Some(title.clone());
        info
    });
    let inner = button.rect.inset(vec2(UNIT, 0.0));
    let (font, color) = (theme::body(), palette(ui).text);
    let caret = text_line::paint(
        ui,
        inner,
        Align2::RIGHT_CENTER,
        icon::CARET_DOWN,
        font.clone(),
        color,
    );
    let mut place = inner.until_x(caret.left() - HALF);
    if let Some(board) = shown {
        status_icons::link(ui, pos2(place.left() + HALF, place.center().y), &board.link);
        place = place.after_x(place.left() + UNIT * 2.0);
    }
    text_line::paint(ui, place, Align2::LEFT_CENTER, &title, font, color);
    let button = button.on_hover_text("The board that this page uses");
    let chosen = Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| list(ui, model, shown, why_not))
        .and_then(|shown| shown.inner);
    if chosen.is_some() {
        ui.ctx().request_repaint();
    }
    chosen
}

/// A board in the list.
struct Found<'a> {
    board: &'a BoardView,
    title: String,
    /// Why it cannot be chosen.
    why_not: Option<&'static str>,
    /// How well it matches what was typed.
    score: u32,
}

/// The boards: a field to search them, and their rows.
fn list(
    ui: &mut Ui,
    model: &Model,
    shown: Option<&BoardView>,
    why_not: impl Fn(&BoardView) -> Option<&'static str>,
) -> Option<BoardKey> {
    ui.set_width(LIST);
    let (mut typed, mut enter) = (String::new(), false);
    if model.len() > FEW {
        (typed, enter) = find_field(ui);
    }
    let mut ranking = Ranking::new(&typed);
    let mut found: Vec<Found<'_>> = model
        .in_order()
        .filter_map(|board| {
            let title = model.title(board);
            Some(Found {
                score: ranking.score(&title)?,
                title,
                why_not: why_not(board),
                board,
            })
        })
        .collect();
    found.sort_by_key(|found| (found.why_not.is_some(), Reverse(found.score)));
    if found.is_empty() {
        let words = "No board matches.";
        text_line::label(ui, words, words, theme::body(), palette(ui).weak);
    }
    let mut chosen = found
        .first()
        .filter(|found| enter && found.why_not.is_none())
        .map(|found| found.board.key);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("boards to choose from")
        .max_height(theme::COMMANDS[1])
        .show_rows(ui, theme::COMMAND_ROW, found.len(), |ui, rows| {
            for found in found.get(rows).unwrap_or_default() {
                let key = found.board.key;
                if found.row(ui, shown.is_some_and(|shown| shown.key == key)) {
                    chosen = Some(key);
                }
            }
        });
    if chosen.is_some() {
        ui.close();
    }
    chosen
}

/// The search field; returns its text, and whether Enter was pressed in it.
fn find_field(ui: &mut Ui) -> (String, bool) {
    let key = Id::unique("board choice");
    let pass = ui.ctx().cumulative_pass_nr();
    let (mut text, last): (String, u64) = ui.data(|data| data.get_temp(key).unwrap_or_default());
    let opens = last + 1 < pass;
    if opens {
        text.clear();
    }
    let edit = TextEdit::singleline(&mut text)
        .hint_text(RichText::new("Find a board").color(palette(ui).weak))
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, theme::LINE))
        .align(Align2::LEFT_CENTER);
    let field = ui.add(edit).accessible_name("Find a board to choose");
    if opens && !ui.is_sizing_pass() {
        field.request_focus();
    }
    let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(HALF);
    ui.data_mut(|data| data.insert_temp(key, (text.clone(), pass)));
    (text, enter)
}

impl Found<'_> {
    /// Shows the row; whether it was clicked.
    fn row(&self, ui: &mut Ui, is_shown: bool) -> bool {
        let Self {
            board,
            title,
            why_not,
            ..
        } = self;
        let able = why_not.is_none();
        let size = vec2(ui.available_width(), theme::COMMAND_ROW);
        let sense = if able { Sense::click() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(size, sense);
        response.widget_info(|| {
            let mut info = WidgetInfo::selected(Role::ListBoxOption, able, is_shown, title);
            info.current_text_value = why_not.map(str::to_owned);
            info
        });
        let palette = palette(ui);
        let plate = match (is_shown || response.has_focus(), response.hovered() && able) {
            (true, _) => Some(palette.chosen),
            (_, true) => Some(palette.control),
            _ => None,
        };
        if let Some(color) = plate {
            let radius = CornerRadius::same(theme::CONTROL_RADIUS);
            ui.painter().rect_filled(rect, radius, color);
        }
        let inner = rect.inset(vec2(UNIT, 0.0));
        status_icons::link(ui, pos2(inner.left() + HALF, rect.center().y), &board.link);
        let why = why_not.unwrap_or_default();
        let right = Align2::RIGHT_CENTER;
        let taken = text_line::paint(ui, inner, right, why, theme::small(), palette.weak);
        let place = between(
            pos2(inner.left() + UNIT * 2.0, rect.top()),
            pos2(taken.left() - UNIT, rect.bottom()),
        );
        let color = if able { palette.text } else { palette.weak };
        text_line::paint(ui, place, Align2::LEFT_CENTER, title, theme::body(), color);
        response.clicked()
    }
}
