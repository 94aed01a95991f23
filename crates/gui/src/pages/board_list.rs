//! The list of boards on the left: state as shape and color, name, address,
//! round trip. Only visible rows are drawn.

use std::collections::BTreeSet;

use eframe::egui::{
    Align, Align2, Button, CornerRadius, Key, Layout, Modifiers, Popup, Rect, Response, ScrollArea,
    Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{
    model::{
        action::{Overlay, RenameTarget, WindowAction},
        arrangement::{Arrangement, Grouping, ListRow, Sorting, grouping_word, sorting_word},
        page_context::PageContext,
    },
    pages::board_menu,
    widgets::{
        icon,
        layout::{Within as _, between},
        rename, status_icons, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView, LinkState};

/// Shows the list; `reveal` scrolls to the selected board.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, reveal: bool) {
    let palette = palette(ui);
    ui.add_space(UNIT);
    ui.horizontal(|ui| {
        ui.add_space(UNIT + 4.0);
        let heading = if context.model.list().listed == context.model.len() {
            format!("{}", context.model.len())
        } else {
            format!("{} of {}", context.model.list().listed, context.model.len())
        };
        text_line::label(ui, "Boards", "Boards", theme::strong(), palette.text);
        text_line::label(
            ui,
            &heading,
            &format!("Boards: {heading}"),
            theme::body(),
            palette.weak,
        );
        if context.model.list().hidden > 0 {
            let words = format!("{} hidden", context.model.list().hidden);
            text_line::label(ui, &words, &words, theme::body(), palette.weak);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(UNIT);
            arrange_button(ui, context);
        });
    });
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    if context.model.list().rows.is_empty() && !context.model.is_empty() {
        ui.horizontal(|ui| {
            ui.add_space(UNIT + 4.0);
            text_line::label(
                ui,
                "No board matches.",
                "No board matches.",
                theme::body(),
                palette.weak,
            );
        });
        return;
    }
    let mut area = ScrollArea::vertical().id_salt("boards").auto_shrink(false);
    // A new search starts at the top.
    let query = ui.scope_id().with("query");
    if ui.ctx().data_mut(|data| {
        data.get_temp::<String>(query).unwrap_or_default() != context.model.query()
    }) {
        ui.ctx()
            .data_mut(|data| data.insert_temp(query, context.model.query().to_owned()));
        area = area.vertical_scroll_offset(0.0);
    }
    let list = context.model.list();
    let revealed = context.model.selected().filter(|_| reveal);
    let at = revealed.and_then(|board| {
        list.rows
            .iter()
            .position(|row| *row == ListRow::Board(board.key))
    });
    if let Some(top) = at.and_then(|at| list.tops.get(at).copied()) {
        let height = ui.available_height();
        let offset = ui
            .ctx()
            .data_mut(|data| *data.get_temp_mut_or_default::<f32>(ui.scope_id().with("offset")));
        if top < offset {
            area = area.vertical_scroll_offset(top);
        } else if top + theme::LIST_ROW > offset + height {
            area = area.vertical_scroll_offset(top + theme::LIST_ROW - height);
        }
    }
    let output = area.show_viewport(ui, |ui, viewport| {
        ui.set_height(list.height);
        ui.set_width(ui.available_width());
        let origin = ui.min_rect().min;
        for at in list.rows_between(viewport.top(), viewport.bottom()) {
            let (Some(row), Some(top)) = (list.rows.get(at), list.tops.get(at)) else {
                continue;
            };
            let rect = Rect::from_min_size(
                origin + vec2(0.0, *top),
                vec2(ui.available_width(), row.height()),
            );
            ui.scope_builder(
                UiBuilder::new().max_rect(rect).id_salt(at),
                |ui| match row {
                    ListRow::Heading {
                        words,
                        boards,
                        folded,
                    } => group_heading(ui, context, words, *boards, *folded),
                    ListRow::Board(key) => board_row(ui, context, *key),
                },
            );
        }
    });
    let offset = output.state.clamped_offset().y;
    ui.ctx()
        .data_mut(|data| data.insert_temp(ui.scope_id().with("offset"), offset));
}

fn board_row(ui: &mut Ui, context: &PageContext<'_>, key: BoardKey) {
    let Some(board) = context.model.board(key) else {
        return;
    };
    context.shows_round_trip(key);
    let names = Names {
        shown: board.name.clone(),
        whole: context.model.title(board),
    };
    let response = show_row(ui, board, &names, context.model.is_selected(key), context);
    if response.clicked() {
        let modifiers = ui.input(|input| input.modifiers);
        context.push(match modifiers {
            modifiers if modifiers.shift => WindowAction::SelectRange(key),
            modifiers if modifiers.command => WindowAction::ToggleSelection(key),
            _ => WindowAction::Select(key),
        });
    }
    let by_key = asks_for_menu(
        ui,
        &response,
        context
            .model
            .selected()
            .is_some_and(|board| board.key == key),
    );
    board_menu::of_row(&response, by_key).show(|ui| {
        let selection: Vec<BoardKey> = context.model.selection().collect();
        let boards = if selection.contains(&key) {
            selection
        } else {
            vec![key]
        };
        board_menu::show(ui, context, &boards);
    });
}

/// Whether the menu key is meant for this row: it has the focus, or nothing has
/// and its board is selected.
fn asks_for_menu(ui: &Ui, row: &Response, selected: bool) -> bool {
    let (focused, laid_over) =
        ui.memory(|memory| (memory.focused(), memory.top_modal_layer().is_some()));
    if laid_over || !(row.has_focus() || (selected && focused.is_none())) {
        return false;
    }
    ui.input_mut(|input| {
        input.consume_key(Modifiers::SHIFT, Key::F10)
            || input.consume_key(Modifiers::NONE, Key::Menu)
    })
}

/// A heading, which folds and unfolds its boards.
fn group_heading(ui: &mut Ui, context: &PageContext<'_>, words: &str, boards: usize, folded: bool) {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme::LIST_HEADING),
        Sense::click(),
    );
    let count = if boards == 1 {
        "1 board".to_owned()
    } else {
        format!("{boards} boards")
    };
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, !folded, format!("{words}: {count}"))
    });
    let inner = rect.inset(vec2(UNIT + 4.0, 0.0));
    let sign = if folded {
        icon::CARET_RIGHT
    } else {
        icon::CARET_DOWN
    };
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(
            rect.inset(vec2(6.0, 1.0)),
            theme::CONTROL_RADIUS,
            palette.control,
        );
    }
    text_line::paint(
        ui,
        inner,
        Align2::LEFT_CENTER,
        sign,
        theme::body(),
        palette.weak,
    );
    let number = text_line::paint(
        ui,
        inner,
        Align2::RIGHT_CENTER,
        &boards.to_string(),
        theme::small(),
        palette.weak,
    );
    let place = inner
        .after_x(inner.left() + 20.0)
        .until_x(number.left() - UNIT);
    text_line::paint(
        ui,
        place,
        Align2::LEFT_CENTER,
        words,
        theme::body(),
        palette.weak,
    );
    if response.clicked() {
        let mut arrangement = context.model.arrangement().clone();
        if !arrangement.folded.remove(words) {
            arrangement.folded.insert(words.to_owned());
        }
        context.push(WindowAction::Arrange(arrangement));
    }
}

/// The menu for groups, order and hidden boards.
fn arrange_button(ui: &mut Ui, context: &PageContext<'_>) {
    let button = ui.add(Button::new(icon::SLIDERS_HORIZONTAL).frame_when_inactive(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "List options"));
    let button = button.on_hover_text("Groups, order and hidden boards");
    Popup::menu(&button).show(|ui| {
        ui.set_min_width(160.0);
        let now = context.model.arrangement();
        let choose = |ui: &mut Ui, chosen: bool, words: &str, to: Arrangement| {
            if ui.add(Button::selectable(chosen, words)).clicked() {
                context.push(WindowAction::Arrange(to));
                ui.close();
            }
        };
        for grouping in Grouping::ALL {
            let to = Arrangement {
                grouping,
                folded: BTreeSet::new(),
                ..now.clone()
            };
            choose(ui, now.grouping == grouping, grouping_word(grouping), to);
        }
        ui.separator();
        for sorting in Sorting::ALL {
            choose(
                ui,
                now.sorting == sorting,
                sorting_word(sorting),
                Arrangement {
                    sorting,
                    ..now.clone()
                },
            );
        }
        ui.separator();
        let to = Arrangement {
            with_hidden: !now.with_hidden,
            ..now.clone()
        };
        choose(ui, now.with_hidden, "Show hidden boards", to);
        let forgotten = context.model.forgotten().len();
        if forgotten > 0
            && ui
                .button(format!("Forgotten boards ({forgotten})…"))
                .clicked()
        {
            context.push(WindowAction::OpenOverlay(Overlay::Forgotten));
            ui.close();
        }
    });
}

/// The names of a board in its row.
struct Names {
    shown: String,
    /// With the id, if another board has the same name.
    whole: String,
}

fn show_row(
    ui: &mut Ui,
    board: &BoardView,
    names: &Names,
    selected: bool,
    context: &PageContext<'_>,
) -> Response {
    let title = names.whole.as_str();
    let size = vec2(ui.available_width(), theme::LIST_ROW);
    let (rect, response) = ui
        .push_id(("board", board.key.0), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let claimed = if board.claims.is_empty() {
        ""
    } else {
        "; another device claims its id"
    };
    let name = format!("{title}: {}{claimed}", text::link_of(board));
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, selected, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = palette(ui);
    let plate = rect.inset(vec2(6.0, 1.0));
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if selected {
        ui.painter().rect_filled(plate, radius, palette.chosen);
    } else if response.hovered() {
        ui.painter().rect_filled(plate, radius, palette.control);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(
            plate,
            radius,
            Stroke::new(1.5, palette.accent),
            StrokeKind::Inside,
        );
    }
    status_icons::link(
        ui,
        pos2(plate.left() + 14.0, plate.top() + 15.0),
        &board.link,
    );

    let inner = between(
        pos2(plate.left() + 28.0, plate.top() + 4.0),
        plate.max - vec2(8.0, 4.0),
    );
    let (upper, lower) = inner.split_top_bottom_at_fraction(0.52);
    let right = right_column(board);
    let taken = text_line::paint(
        ui,
        upper,
        Align2::RIGHT_CENTER,
        &right,
        theme::small(),
        palette.weak,
    );
    let left = upper.until_x(if right.is_empty() {
        upper.right()
    } else {
        taken.left() - UNIT
    });
    let target = RenameTarget::Board(board.key);
    if !rename::in_row(ui, &response, left, target, context) {
        text_line::paint(
            ui,
            left,
            Align2::LEFT_CENTER,
            &names.shown,
            theme::strong(),
            palette.text,
        );
    }

    let lower_text = match &board.link {
        LinkState::Connected => None,
        // Each failed attempt to connect restarts the state; what matters is
        // how long the board has been silent.
        LinkState::Unreachable { .. } => Some(match board.last_heard {
            Some(heard) => format!(
                "{} {}",
                text::link(&board.link),
                text::length(context.age(heard))
            ),
            None => text::link(&board.link).to_owned(),
        }),
        state => Some(format!(
            "{} {}",
            text::link(state),
            text::length(context.age(board.link_since))
        )),
    };
    let address = match lower_text {
        Some(state) => {
            let color = status_icons::link_color(palette, &board.link);
            let taken = text_line::paint(
                ui,
                lower,
                Align2::RIGHT_CENTER,
                &state,
                theme::small(),
                color,
            );
            lower.until_x(taken.left() - UNIT)
        }
        None => lower,
    };
    // If two boards have one name, the id comes first, so that it is not cut
    // off.
    let where_it_is = match &board.id {
        Some(id) if names.shown != names.whole => format!("{id}  {}", board.address),
        _ => board.address.clone(),
    };
    text_line::paint(
        ui,
        address,
        Align2::LEFT_CENTER,
        &where_it_is,
        theme::monospace_small(),
        palette.weak,
    );
    response.on_hover_text(format!(
        "{title}\n{}\n{}{claimed}",
        board.address,
        text::link_of(board)
    ))
}

/// The round trip while connected, after a warning if another device claims the
/// board's id.
fn right_column(board: &BoardView) -> String {
    let warning = if board.claims.is_empty() {
        ""
    } else {
        icon::WARNING
    };
    match (&board.link, board.round_trip) {
        (LinkState::Connected, Some(round_trip)) => {
            format!("{warning} {}", text::short(round_trip))
                .trim_start()
                .to_owned()
        }
        _ => warning.to_owned(),
    }
}
