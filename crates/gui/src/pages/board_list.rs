//! The list of boards on the left: what each board is doing, with the switch of
//! its main component; rooms, and boards dragged into them. Only visible rows
//! are drawn.

mod drag;
mod heading;
mod options;
mod row;
mod status;

use eframe::egui::{
    Align, Button, Layout, Rect, ScrollArea, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{
    model::{action::WindowAction, arrangement::ListRow, page_context::PageContext},
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};

/// Shows the list; `reveal` scrolls to the selected board.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, reveal: bool) {
    ui.add_space(UNIT);
    title(ui, context);
    filter(ui, context);
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    if context.model.list().rows.is_empty() && !context.model.is_empty() {
        no_match(ui);
        return;
    }
    let dragged = drag::dragged(ui);
    let targets = dragged.as_ref().map_or(0.0, |_| drag::height(context));
    let whole = ui.available_rect_before_wrap();
    let split = whole.top() + left_of(whole.height(), targets);
    let list = Rect::from_min_max(whole.min, pos2(whole.right(), split));
    ui.scope_builder(UiBuilder::new().max_rect(list).id_salt("rows"), |ui| {
        rows(ui, context, reveal, dragged.is_some());
    });
    if let Some(dragged) = dragged {
        let below = Rect::from_min_max(pos2(whole.left(), split), whole.max);
        ui.scope_builder(UiBuilder::new().max_rect(below).id_salt("targets"), |ui| {
            drag::targets(ui, context);
        });
        drag::ghost(ui, context, &dragged);
    }
}

/// The heading of the list, with the number of boards.
fn title(ui: &mut Ui, context: &PageContext<'_>) {
    let palette = palette(ui);
    let list = context.model.list();
    ui.horizontal(|ui| {
        ui.add_space(UNIT + 4.0);
        let heading = if list.listed == context.model.len() {
            format!("{}", context.model.len())
        } else {
            format!("{} of {}", list.listed, context.model.len())
        };
        text_line::label(ui, "Boards", "Boards", theme::strong(), palette.text);
        text_line::label(
            ui,
            &heading,
            &format!("Boards: {heading}"),
            theme::body(),
            palette.weak,
        );
        if list.hidden > 0 {
            let words = format!("{} hidden", list.hidden);
            text_line::label(ui, &words, &words, theme::body(), palette.weak);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(UNIT);
            options::button(ui, context);
        });
    });
}

/// The state that the list is filtered by, which a click removes.
fn filter(ui: &mut Ui, context: &PageContext<'_>) {
    let Some(kind) = context.model.filter() else {
        return;
    };
    ui.horizontal(|ui| {
        ui.add_space(UNIT + 4.0);
        let words = format!("Only {}", kind.word());
        let button = Button::new(format!("{words}  {}", icon::X)).fill(palette(ui).chosen);
        let button = ui.add(button);
        let name = format!("{words}: show all boards");
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if button.on_hover_text("Show all boards").clicked() {
            context.push(WindowAction::FilterList(None));
        }
    });
}

fn no_match(ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.add_space(UNIT + 4.0);
        let (words, color) = ("No matches.", palette(ui).weak);
        text_line::label(ui, words, words, theme::body(), color);
    });
}

/// The rows that are in view.
fn rows(ui: &mut Ui, context: &PageContext<'_>, reveal: bool, dragging: bool) {
    let mut area = ScrollArea::vertical().id_salt("boards").auto_shrink(false);
    // A new search starts at the top.
    let query = ui.scope_id().with("query");
    let now = (context.model.query().to_owned(), context.model.filter());
    if ui
        .ctx()
        .data_mut(|data| data.get_temp(query) != Some(now.clone()))
    {
        ui.ctx().data_mut(|data| data.insert_temp(query, now));
        area = area.vertical_scroll_offset(0.0);
    }
    let list = context.model.list();
    let offset = ui.scope_id().with("offset");
    if let Some(top) = context
        .model
        .selected()
        .filter(|_| reveal)
        .and_then(|board| list.top_of(board.key))
    {
        let height = ui.available_height();
        let offset = ui
            .ctx()
            .data_mut(|data| *data.get_temp_mut_or_default::<f32>(offset));
        if top < offset {
            area = area.vertical_scroll_offset(top);
        } else if top + theme::LIST_ROW > offset + height {
            area = area.vertical_scroll_offset(top + theme::LIST_ROW - height);
        }
    }
    let output = area.show_viewport(ui, |ui, viewport| {
        ui.set_height(list.height);
        ui.set_width(ui.available_width());
        if dragging {
            drag::scroll(ui, context);
        }
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
                    ListRow::Heading(group) => {
                        if let Some(group) = list.groups.get(*group) {
                            heading::show(ui, context, group);
                        }
                    }
                    ListRow::Board(key, group) => row::show(ui, context, *key, *group),
                },
            );
        }
    });
    let scrolled = output.state.clamped_offset().y;
    ui.ctx().data_mut(|data| data.insert_temp(offset, scrolled));
}
