//! The list of boards at the left: state as shape and colour, name, address, round trip. Only rows in view are drawn.

use eframe::egui::{
    Align2, CornerRadius, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::{
    action::Action,
    model::Model,
    moment::Moment,
    signs, text,
    theme::{self, UNIT, palette},
    words,
};
use crate::fleet::{BoardView, LinkState};

/// Shows the list; `reveal` scrolls to the chosen board.
pub(super) fn show(ui: &mut Ui, model: &Model, moment: &Moment, reveal: bool, actions: &mut Vec<Action>) {
    let palette = palette(ui);
    ui.add_space(UNIT);
    ui.horizontal(|ui| {
        ui.add_space(UNIT + 4.0);
        let heading = if model.listed() == model.len() {
            format!("{}", model.len())
        } else {
            format!("{} of {}", model.listed(), model.len())
        };
        text::label(ui, "Boards", "Boards", theme::strong(), palette.text);
        text::label(ui, &heading, &format!("Boards: {heading}"), theme::body(), palette.weak);
    });
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    if model.listed() == 0 && !model.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(UNIT + 4.0);
            text::label(ui, "No board is called that.", "No board is called that.", theme::body(), palette.weak);
        });
        return;
    }
    let mut area = ScrollArea::vertical().id_salt("boards").auto_shrink(false);
    if let (true, Some(at)) = (reveal, model.selected().and_then(|board| model.position(board.key))) {
        let height = ui.available_height();
        let top = at as f32 * theme::LIST_ROW;
        let offset = ui.ctx().data_mut(|data| *data.get_temp_mut_or_default::<f32>(ui.scope_id().with("offset")));
        if top < offset {
            area = area.vertical_scroll_offset(top);
        } else if top + theme::LIST_ROW > offset + height {
            area = area.vertical_scroll_offset(top + theme::LIST_ROW - height);
        }
    }
    let output = area.show_rows(ui, theme::LIST_ROW, model.listed(), |ui, rows| {
        for row in rows {
            let Some(board) = model.listed_at(row).and_then(|key| model.board(key)) else { continue };
            let selected = model.selected().is_some_and(|selected| selected.key == board.key);
            let names = Names { shown: board.name.clone(), whole: model.title(board) };
            if show_row(ui, board, &names, selected, moment).clicked() {
                actions.push(Action::Select(board.key));
            }
        }
    });
    let offset = output.state.clamped_offset().y;
    ui.ctx().data_mut(|data| data.insert_temp(ui.scope_id().with("offset"), offset));
}

/// What a row calls its board.
struct Names {
    shown: String,
    /// With the id, where another board has the same name.
    whole: String,
}

fn show_row(ui: &mut Ui, board: &BoardView, names: &Names, selected: bool, moment: &Moment) -> Response {
    let title = names.whole.as_str();
    let size = vec2(ui.available_width(), theme::LIST_ROW);
    let (rect, response) = ui.push_id(("board", board.key.0), |ui| ui.allocate_exact_size(size, Sense::click())).inner;
    let name = format!("{title}: {}", words::link(&board.link));
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = palette(ui);
    let plate = rect.shrink2(vec2(6.0, 1.0));
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if selected {
        ui.painter().rect_filled(plate, radius, palette.chosen);
    } else if response.hovered() {
        ui.painter().rect_filled(plate, radius, palette.control);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(plate, radius, Stroke::new(1.5, palette.accent), StrokeKind::Inside);
    }
    signs::link(ui, pos2(plate.left() + 14.0, plate.top() + 15.0), &board.link);

    let inner = Rect::from_min_max(pos2(plate.left() + 28.0, plate.top() + 4.0), plate.max - vec2(8.0, 4.0));
    let (upper, lower) = inner.split_top_bottom_at_fraction(0.52);
    let right = right_column(board);
    let taken = text::paint(ui, upper, Align2::RIGHT_CENTER, &right, theme::small(), palette.weak);
    let left = upper.with_max_x(if right.is_empty() { upper.right() } else { taken.left() - UNIT });
    text::paint(ui, left, Align2::LEFT_CENTER, &names.shown, theme::strong(), palette.text);

    let lower_text = match &board.link {
        LinkState::Connected => None,
        // Each vain attempt to connect begins the state anew; what one wants to know is how long the board is silent.
        LinkState::Unreachable { .. } => Some(match board.last_heard {
            Some(heard) => format!("unreachable {}", words::length(moment.age(heard))),
            None => "unreachable".to_owned(),
        }),
        state => Some(format!("{} {}", words::link(state), words::length(moment.age(board.link_since)))),
    };
    let address = match lower_text {
        Some(state) => {
            let colour = signs::link_colour(palette, &board.link);
            let taken = text::paint(ui, lower, Align2::RIGHT_CENTER, &state, theme::small(), colour);
            lower.with_max_x(taken.left() - UNIT)
        }
        None => lower,
    };
    // Of two with one name the id comes first, so that it is not cut off.
    let where_it_is = match &board.id {
        Some(id) if names.shown != names.whole => format!("{id}  {}", board.address),
        _ => board.address.clone(),
    };
    text::paint(ui, address, Align2::LEFT_CENTER, &where_it_is, theme::monospace_small(), palette.weak);
    response.on_hover_text(format!("{title}\n{}\n{}", board.address, words::link(&board.link)))
}

/// The round trip, while it means something.
fn right_column(board: &BoardView) -> String {
    match (&board.link, board.round_trip) {
        (LinkState::Connected, Some(round_trip)) => words::short(round_trip),
        _ => String::new(),
    }
}
