//! A tile of a dashboard: a header with its board, by which it is moved, above
//! the card of its component.

use eframe::egui::{
    Align, Align2, Button, Color32, CornerRadius, CursorIcon, EventFilter, Id, Key, Layout, Popup,
    Rect, ScrollArea, Sense, Stroke, StrokeKind, Style, Ui, UiBuilder, Vec2, Visuals, WidgetInfo,
    WidgetText, accesskit::Role, pos2, vec2,
};
use egui_tiles::{
    Behavior, EditAction, LinearDir, ResizeState, SimplificationOptions, TileId, UiResponse,
};

use super::tree::{self, Direction};
use crate::{
    model::{action::WindowAction, page_context::PageContext, pin::Pin},
    pages::board_page::availability,
    widgets::{
        cards::{self, CardContext},
        document_bar::entry,
        icon,
        layout::{Within as _, between, left_of},
        status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::LinkState;

/// The minimum width of a tile.
pub(super) const LEAST: f32 = 208.0;

/// The height of the header.
pub(super) const HEAD: f32 = 24.0;

/// The height of a tile whose board is not available.
const ABSENT: f32 = 88.0;

/// An edit of a tile, from its menu or by keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Edit {
    Shift(Direction),
    Resize(LinearDir, f32),
    Remove,
}

/// Draws tiles and collects edits.
pub(super) struct Tiler<'a> {
    pub(super) context: &'a PageContext<'a>,
    /// The visible part of the page.
    pub(super) viewport: Rect,
    pub(super) edits: Vec<(TileId, Edit)>,
    /// Whether a tile was dragged or resized.
    pub(super) edited: bool,
}

/// The size that a component needs in a tile.
pub(super) fn size(ui: &Ui, context: &PageContext<'_>, pin: &Pin) -> Vec2 {
    let Some((board, component)) = context.model.pinned(pin) else {
        return vec2(LEAST, ABSENT);
    };
    let availability = availability(board, "");
    let page = CardContext {
        board,
        context,
        availability: &availability,
        reveal: None,
        in_tile: true,
    };
    vec2(LEAST, HEAD + cards::height_in_tile(ui, &page, component))
}

impl Behavior<Pin> for Tiler<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, id: TileId, pin: &mut Pin) -> UiResponse {
        let rect = ui.max_rect();
        ui.shrink_clip_rect(self.viewport);
        if !ui.is_rect_visible(rect) {
            return UiResponse::None;
        }
        let title = self.context.model.pin_title(pin);
        let builder = UiBuilder::new()
            .id_salt(("tile", &pin.board, pin.component.to_string()))
            .max_rect(rect)
            .layout(Layout::top_down(Align::Min))
            .accessibility_role(Role::Group)
            .accessibility_label(title.as_str());
        let mut ui = ui.new_child(builder);
        let ui = &mut ui;
        let (fill, border) = (palette(ui).card, palette(ui).border);
        let radius = CornerRadius::same(theme::CARD_RADIUS);
        let found = self.context.model.pinned(pin);
        let lit = found.map_or(0.0, |(board, view)| {
            cards::flash(self.context, board.key, &view.descriptor.key)
        });
        let fill = fill.lerp_to_gamma(palette(ui).lit, lit);
        ui.painter().rect(
            rect,
            radius,
            fill,
            Stroke::new(1.0, border),
            StrokeKind::Inside,
        );
        if let Some((board, _)) = found {
            self.context.shows(board.key);
        }
        let dragged = self.head(ui, rect, id, pin, &title);
        let inner = rect
            .after_y(rect.top() + HEAD)
            .inset(vec2(theme::CARD_PADDING, 0.0));
        match found {
            Some((board, component)) => {
                let availability = availability(board, &self.context.model.title(board));
                let page = CardContext {
                    board,
                    context: self.context,
                    availability: &availability,
                    reveal: None,
                    in_tile: true,
                };
                let needs = cards::height_in_tile(ui, &page, component);
                // The menu of the card is next to the key, in the padding.
                let inner = between(inner.min, rect.max - vec2(2.0, UNIT));
                let mut body = ui.new_child(UiBuilder::new().id_salt("body").max_rect(inner));
                ScrollArea::vertical()
                    .id_salt("tile")
                    .auto_shrink(false)
                    .show(&mut body, |ui| {
                        let size = vec2(
                            left_of(ui.available_width(), theme::CARD_PADDING - 2.0),
                            inner.height().max(needs - UNIT),
                        );
                        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                        cards::in_tile(ui, &page, component, &title, rect);
                    });
            }
            None => {
                let words = match self.context.model.pinned_board(pin) {
                    Some(board) if !matches!(board.link, LinkState::Connected) => {
                        "The components of this board are not known yet."
                    }
                    Some(_) => "The board has no such component.",
                    None => "This board is not available.",
                };
                let name = format!("{title}: {words}");
                text_line::field(
                    ui,
                    inner,
                    Align2::LEFT_CENTER,
                    words,
                    &name,
                    (theme::body(), palette(ui).weak),
                );
            }
        }
        if dragged {
            UiResponse::DragStarted
        } else {
            UiResponse::None
        }
    }

    fn tab_title_for_pane(&mut self, pin: &Pin) -> WidgetText {
        self.context.model.pin_title(pin).into()
    }

    fn simplification_options(&self) -> SimplificationOptions {
        tree::rules()
    }

    fn gap_width(&self, _style: &Style) -> f32 {
        UNIT
    }

    fn min_size(&self) -> f32 {
        HEAD * 2.0
    }

    fn resize_stroke(&self, style: &Style, state: ResizeState) -> Stroke {
        match state {
            // The gap between two tiles shows the page.
            ResizeState::Idle => Stroke::NONE,
            ResizeState::Hovering => {
                Stroke::new(2.0, style.visuals.widgets.hovered.bg_stroke.color)
            }
            ResizeState::Dragging => Stroke::new(2.0, style.visuals.widgets.active.bg_stroke.color),
        }
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        visuals.panel_fill
    }

    fn drag_preview_stroke(&self, visuals: &Visuals) -> Stroke {
        visuals.widgets.active.bg_stroke
    }

    fn drag_preview_color(&self, visuals: &Visuals) -> Color32 {
        visuals.widgets.active.bg_stroke.color.gamma_multiply(0.25)
    }

    fn on_edit(&mut self, _action: EditAction) {
        self.edited = true;
    }
}

impl Tiler<'_> {
    /// The line above the card; whether it is being dragged from now on.
    fn head(&mut self, ui: &mut Ui, rect: Rect, id: TileId, pin: &Pin, title: &str) -> bool {
        let palette = palette(ui);
        let strip = between(rect.min, pos2(rect.right(), rect.top() + HEAD)).inset(vec2(HALF, 2.0));
        let menu = strip.after_x(strip.right() - HEAD);
        let handle = strip.until_x(menu.left());
        let response = ui.interact(
            handle,
            Id::unique(("move", &pin.board, pin.component.to_string())),
            Sense::drag(),
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}: move")));
        if response.has_focus() {
            self.keys(ui, id, response.id);
            let outline = Stroke::new(1.5, palette.accent);
            ui.painter().rect_stroke(
                handle,
                CornerRadius::same(theme::CONTROL_RADIUS),
                outline,
                StrokeKind::Inside,
            );
        }
        let sign = handle.until_x(handle.left() + 20.0);
        text_line::paint(
            ui,
            sign,
            Align2::CENTER_CENTER,
            icon::DOTS_SIX_VERTICAL,
            theme::body(),
            palette.outline,
        );
        let mut left = sign.right() + HALF;
        let name = match self.context.model.pinned_board(pin) {
            Some(board) => {
                if !matches!(board.link, LinkState::Connected) {
                    status_icons::link(ui, pos2(left + 6.0, handle.center().y), &board.link);
                    left += 18.0;
                }
                match &board.link {
                    LinkState::Connected => self.context.model.title(board),
                    link => format!("{}: {}", self.context.model.title(board), text::link(link)),
                }
            }
            None => title.to_owned(),
        };
        let place = handle.after_x(left);
        text_line::paint(
            ui,
            place,
            Align2::LEFT_CENTER,
            &name,
            theme::small(),
            palette.weak,
        );
        let hint = "Drag to move the tile. When it has the focus, the arrow keys move it, and with \
            Shift they resize it";
        let response = response
            .on_hover_cursor(CursorIcon::Grab)
            .on_hover_text(hint);
        self.menu(ui, menu, id, pin, title);
        response.drag_started()
    }

    fn keys(&mut self, ui: &Ui, id: TileId, handle: Id) {
        let arrows = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(handle, arrows));
        let keys = [
            (
                Key::ArrowLeft,
                Direction::Left,
                LinearDir::Horizontal,
                1.0 / 1.1,
            ),
            (
                Key::ArrowRight,
                Direction::Right,
                LinearDir::Horizontal,
                1.1,
            ),
            (Key::ArrowUp, Direction::Up, LinearDir::Vertical, 1.0 / 1.1),
            (Key::ArrowDown, Direction::Down, LinearDir::Vertical, 1.1),
        ];
        for (key, direction, dir, factor) in keys {
            if ui.input(|input| input.key_pressed(key)) {
                let shift = ui.input(|input| input.modifiers.shift);
                self.edits.push((
                    id,
                    if shift {
                        Edit::Resize(dir, factor)
                    } else {
                        Edit::Shift(direction)
                    },
                ));
            }
        }
        if ui.input(|input| input.key_pressed(Key::Delete)) {
            self.edits.push((id, Edit::Remove));
        }
    }

    fn menu(&mut self, ui: &mut Ui, rect: Rect, id: TileId, pin: &Pin, title: &str) {
        let more = ui.put(
            rect,
            Button::new(icon::DOTS_THREE).frame_when_inactive(false),
        );
        more.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}: tile")));
        Popup::menu(&more).show(|ui| {
            ui.set_min_width(200.0);
            if let Some((board, component)) = self.context.model.pinned(pin)
                && entry(ui, icon::ARROW_RIGHT, "Show on its board")
            {
                let component = Some(component.descriptor.key.clone());
                self.context.push(WindowAction::Show {
                    board: board.key,
                    component,
                });
            }
            let edits = [
                (icon::CARET_LEFT, "Move left", Edit::Shift(Direction::Left)),
                (
                    icon::CARET_RIGHT,
                    "Move right",
                    Edit::Shift(Direction::Right),
                ),
                (icon::CARET_UP, "Move up", Edit::Shift(Direction::Up)),
                (icon::CARET_DOWN, "Move down", Edit::Shift(Direction::Down)),
                (icon::X, "Remove from this page", Edit::Remove),
            ];
            for (sign, words, edit) in edits {
                if entry(ui, sign, words) {
                    self.edits.push((id, edit));
                }
            }
        });
    }
}
