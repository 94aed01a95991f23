//! A tile of a dashboard: a title line with its board, by which it is moved,
//! above the card of its component.

use eframe::egui::{
    Align, Align2, Button, CornerRadius, CursorIcon, Id, Layout, Popup, Rect, Response, ScrollArea,
    Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::grid::Direction;
use crate::{
    model::{
        action::WindowAction,
        boards::Model,
        page_context::PageContext,
        pin::{Pin, can_be_plotted},
    },
    pages::board_page::availability,
    widgets::{
        cards::{self, CardContext},
        icon,
        layout::{Within as _, between, left_of},
        status_icons, text_line,
        theme::{self, HALF, palette},
        verb::entry,
    },
};
use fleet::LinkState;

/// The height of the title line.
const HEAD: f32 = 24.0;

/// The size of the corner that resizes a tile.
pub(super) const CORNER: f32 = 14.0;

/// What is done to a tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TileAction {
    Shift(Direction),
    /// Add these columns and rows.
    Resize([i16; 2]),
    NaturalSize,
    Remove,
}

/// The columns and rows that a component needs.
pub(super) fn natural_size(model: &Model, pin: &Pin) -> [u16; 2] {
    cards::natural_size(&pin.component.kind, model.pinned(pin))
}

/// The title line as something to drag and to focus. It also exists while the
/// tile is scrolled out of sight, so that the keyboard reaches it.
pub(super) fn handle(ui: &Ui, rect: Rect, pin: &Pin, title: &str) -> Response {
    let id = Id::unique(("move", &pin.board, pin.component.to_string()));
    let response = ui.interact(strip(rect).0, id, Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}: move")));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_description("Arrow keys move the tile; with Shift, they resize it");
    });
    response
}

/// The title line, and the menu on its right.
fn strip(rect: Rect) -> (Rect, Rect) {
    let strip = rect.until_y(rect.top() + HEAD).inset(vec2(HALF, 0.0));
    let menu = strip.after_x(strip.right() - HEAD);
    (strip.until_x(menu.left()), menu)
}

/// Draws a tile; returns what is asked for in its menu.
pub(super) fn show(
    ui: &mut Ui,
    rect: Rect,
    pin: &Pin,
    title: &str,
    handle: &Response,
    context: &PageContext<'_>,
) -> Option<TileAction> {
    let builder = UiBuilder::new()
        .id_salt(("tile", &pin.board, pin.component.to_string()))
        .max_rect(rect)
        .layout(Layout::top_down(Align::Min))
        .accessibility_role(Role::Group)
        .accessibility_label(title);
    let mut ui = ui.new_child(builder);
    let ui = &mut ui;
    let found = context.model.pinned(pin);
    let lit = found.map_or(0.0, |(board, view)| {
        cards::flash(context, board.key, &view.descriptor.key)
    });
    let palette = palette(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::CARD_RADIUS),
        palette.card.lerp_to_gamma(palette.lit, lit),
        Stroke::new(1.0, palette.border),
        StrokeKind::Inside,
    );
    if let Some(board) = context.model.pinned_board(pin) {
        context.shows(board.key);
    }
    head(ui, strip(rect).0, pin, title, handle, context);
    let action = menu(ui, strip(rect).1, pin, title, context);
    let inner = between(
        pos2(rect.left() + theme::CARD_PADDING, rect.top() + HEAD),
        pos2(rect.right() - 2.0, rect.bottom() - 6.0),
    );
    match found {
        Some((board, component)) => {
            let availability = availability(board, &context.model.title(board), context);
            let page = CardContext {
                board,
                context,
                availability: &availability,
                reveal: None,
                in_tile: true,
            };
            card(ui, inner, &page, component, title);
        }
        None => absent(ui, inner, pin, title, context),
    }
    action
}

/// The card of the component; it scrolls in a tile that is too small for it.
fn card(
    ui: &mut Ui,
    inner: Rect,
    page: &CardContext<'_>,
    component: &fleet::ComponentView,
    title: &str,
) {
    let needs = cards::height_in_tile(ui, page, component);
    let mut body = ui.new_child(UiBuilder::new().id_salt("body").max_rect(inner));
    ScrollArea::vertical()
        .id_salt("tile")
        .auto_shrink(false)
        .show(&mut body, |ui| {
            let size = vec2(
                left_of(inner.width(), theme::CARD_PADDING - 2.0),
                inner.height().max(needs),
            );
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            cards::in_tile(ui, page, component, title, rect);
        });
}

/// Why there is no card.
fn absent(ui: &mut Ui, inner: Rect, pin: &Pin, title: &str, context: &PageContext<'_>) {
    let words = match context.model.pinned_board(pin) {
        Some(board) if !matches!(board.link, LinkState::Connected) => {
            "Components appear once it connects."
        }
        Some(_) => "The board does not have this component.",
        None => "This board was not found.",
    };
    let name = format!("{title}: {words}");
    let inner = inner.until_x(inner.right() - theme::CARD_PADDING);
    let color = palette(ui).weak;
    let galley = text_line::wrapped(ui, words, theme::body(), color, inner.width());
    let place = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), inner);
    ui.painter().galley(place.min, galley, color);
    let response = ui.interact(place, ui.scope_id().with("absent"), Sense::hover());
    text_line::name_label(ui, &response, &name);
}

/// Draws the title line: the board and, unless it is connected, its state.
fn head(
    ui: &mut Ui,
    line: Rect,
    pin: &Pin,
    title: &str,
    handle: &Response,
    context: &PageContext<'_>,
) {
    let palette = palette(ui);
    if handle.has_focus() {
        ui.painter().rect_stroke(
            line,
            CornerRadius::same(theme::CONTROL_RADIUS),
            Stroke::new(1.5, palette.accent),
            StrokeKind::Inside,
        );
    }
    let sign = line.until_x(line.left() + 12.0);
    let color = match handle.hovered() || handle.dragged() {
        true => palette.text,
        false => palette.outline,
    };
    text_line::paint(
        ui,
        sign,
        Align2::CENTER_CENTER,
        icon::DOTS_SIX_VERTICAL,
        theme::body(),
        color,
    );
    let mut left = sign.right();
    let name = match context.model.pinned_board(pin) {
        Some(board) => {
            let name = context.model.title(board);
            match &board.link {
                LinkState::Connected => name,
                link => {
                    status_icons::link(ui, pos2(left + 6.0, line.center().y), link);
                    left += 18.0;
                    format!("{name}: {}", text::link(link))
                }
            }
        }
        None => title.to_owned(),
    };
    let place = line.after_x(left);
    let look = (theme::small(), palette.weak);
    text_line::paint(ui, place, Align2::LEFT_CENTER, &name, look.0, look.1);
    if !handle.dragged() {
        let hint = "Drag to move. With the focus here, the arrow keys move the tile, and Shift \
            with the arrow keys resizes it.";
        handle
            .clone()
            .on_hover_cursor(CursorIcon::Grab)
            .on_hover_text(hint);
    } else {
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    }
}

/// The menu of the tile, which also moves and resizes it without dragging.
fn menu(
    ui: &mut Ui,
    rect: Rect,
    pin: &Pin,
    title: &str,
    context: &PageContext<'_>,
) -> Option<TileAction> {
    let more = ui.put(
        rect,
        Button::new(icon::DOTS_THREE).frame_when_inactive(false),
    );
    more.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}: tile")));
    let mut action = None;
    Popup::menu(&more).show(|ui| {
        ui.set_min_width(200.0);
        if let Some((board, component)) = context.model.pinned(pin) {
            if entry(ui, icon::ARROW_RIGHT, "Show on its board") {
                context.push(WindowAction::Show {
                    board: board.key,
                    component: Some(component.descriptor.key.clone()),
                });
            }
            if can_be_plotted(&component.descriptor.kind)
                && entry(ui, icon::CHART_LINE, "Add to plots")
            {
                context.push(WindowAction::Plot(pin.clone()));
            }
            ui.separator();
        }
        let actions = [
            (
                icon::CARET_LEFT,
                "Move left",
                TileAction::Shift(Direction::Left),
            ),
            (
                icon::CARET_RIGHT,
                "Move right",
                TileAction::Shift(Direction::Right),
            ),
            (icon::CARET_UP, "Move up", TileAction::Shift(Direction::Up)),
            (
                icon::CARET_DOWN,
                "Move down",
                TileAction::Shift(Direction::Down),
            ),
            (icon::CARET_RIGHT, "Wider", TileAction::Resize([1, 0])),
            (icon::CARET_LEFT, "Narrower", TileAction::Resize([-1, 0])),
            (icon::CARET_DOWN, "Taller", TileAction::Resize([0, 1])),
            (icon::CARET_UP, "Shorter", TileAction::Resize([0, -1])),
            (icon::SQUARES_FOUR, "Natural size", TileAction::NaturalSize),
            (icon::X, "Remove", TileAction::Remove),
        ];
        for (sign, words, wanted) in actions {
            if wanted == TileAction::Remove {
                ui.separator();
            }
            if entry(ui, sign, words) {
                action = Some(wanted);
            }
        }
    });
    action
}

/// Draws the corner that resizes the tile.
pub(super) fn paint_corner(ui: &Ui, rect: Rect, corner: &Response) {
    let palette = palette(ui);
    let color = match corner.hovered() || corner.dragged() {
        true => {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeNwSe);
            palette.text
        }
        false => palette.outline,
    };
    for distance in [4.0, 8.0] {
        let end = rect.max - vec2(3.0, 3.0);
        ui.painter().line_segment(
            [end - vec2(distance, 0.0), end - vec2(0.0, distance)],
            Stroke::new(1.0, color),
        );
    }
}
