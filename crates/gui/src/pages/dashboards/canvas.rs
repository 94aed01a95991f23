//! The grid of a dashboard on the screen: which cell is where, and how tiles
//! are moved and resized with the mouse and the keyboard. `grid` decides where
//! all other tiles go.

use eframe::egui::{
    CornerRadius, Id, Key, Pos2, Rect, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2,
    vec2,
};

use disk::documents::{Dashboard, Place};

use super::{
    cells::{Cells, columns},
    grid::{self, Direction},
    tile::{self, TileAction},
};
use crate::{
    model::{
        action::{DocumentChange, WindowAction},
        page_context::PageContext,
        pin::Pin,
    },
    widgets::{
        cards::ROW,
        focus,
        layout::left_of,
        theme::{self, UNIT, palette},
    },
};

/// Room for the scroll bar next to the tiles.
pub(super) const SCROLL_BAR: f32 = 12.0;

/// What a person drags.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Grip {
    /// The title line, at this distance from the corner of the tile.
    Title(Vec2),
    /// The lower right corner, at this distance from the pointer.
    Corner(Vec2),
}

/// A tile that is being dragged or resized.
#[derive(Debug)]
struct Drag {
    tile: usize,
    grip: Grip,
    /// The places when it began.
    before: Vec<Place>,
}

/// What the canvas keeps between frames.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    drag: Option<Drag>,
    /// The tile to scroll to.
    reveal: Option<usize>,
    /// The stored places, the columns of the window, and the places shown.
    shown: (Vec<Place>, u16, Vec<Place>),
}

impl Canvas {
    /// Where the tiles are in a window with this many columns.
    fn places(&mut self, dashboard: &Dashboard, columns: u16) -> Vec<Place> {
        let stored = stored(dashboard);
        if self.shown.0 != stored || self.shown.1 != columns {
            let shown = grid::folded(&grid::settled(&stored), columns);
            self.shown = (stored, columns, shown);
        }
        self.shown.2.clone()
    }

    /// Shows the tiles of the dashboard with this index. Asks for what a person
    /// changes.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        at: usize,
        dashboard: &Dashboard,
        context: &PageContext<'_>,
    ) {
        let width = left_of(ui.available_width(), SCROLL_BAR);
        let columns = columns(width);
        let before = self.places(dashboard, columns);
        let viewport = ui.available_rect_before_wrap();
        if self.drag.as_ref().is_some_and(|drag| drag.before != before) {
            self.drag = None;
        }
        let change = ScrollArea::vertical()
            .id_salt(("dashboard", at))
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.shrink_clip_rect(viewport);
                let cells = Cells::new(ui.next_widget_position(), width, columns);
                self.tiles(ui, cells, dashboard, &before, context)
            })
            .inner;
        if let Some((title, dashboard)) = change {
            let change = DocumentChange::dashboard(at, dashboard, title);
            context.push(WindowAction::ChangeDocument(change));
            ui.ctx().request_repaint();
        }
    }

    /// Draws the tiles; returns a changed dashboard and what was changed.
    fn tiles(
        &mut self,
        ui: &mut Ui,
        cells: Cells,
        dashboard: &Dashboard,
        before: &[Place],
        context: &PageContext<'_>,
    ) -> Option<(String, Dashboard)> {
        let pointer = ui.ctx().pointer_interact_pos();
        let after = match (&self.drag, pointer) {
            (Some(drag), Some(pointer)) => drag.result(cells, pointer),
            _ => before.to_vec(),
        };
        let rows = grid::height(&after).saturating_add(u16::from(self.drag.is_some()));
        let size = vec2(ui.available_width(), f32::from(rows) * ROW);
        ui.allocate_exact_size(size, Sense::hover());
        let dragged = self.drag.as_ref().map(|drag| drag.tile);
        let mut change = None;
        for tile in grid::in_order(&after) {
            if Some(tile) == dragged {
                continue;
            }
            let rect = cells.rect(after[tile]);
            let asked = self.tile(ui, cells, dashboard, before, tile, rect, context);
            change = change.or(asked);
        }
        if let (Some(drag), Some(pointer)) = (&self.drag, pointer) {
            let (tile, rect) = (drag.tile, drag.rect(cells, pointer));
            drop_place(ui, cells.rect(after[tile]));
            ui.scroll_to_rect(Rect::from_center_size(pointer, vec2(1.0, ROW)), None);
            self.tile(ui, cells, dashboard, before, tile, rect, context);
            change = change.or(self.released(ui, dashboard, before, &after, context));
        }
        change
    }

    /// Ends the drag if the button was released or Escape pressed.
    fn released(
        &mut self,
        ui: &Ui,
        dashboard: &Dashboard,
        before: &[Place],
        after: &[Place],
        context: &PageContext<'_>,
    ) -> Option<(String, Dashboard)> {
        let (escape, down) =
            ui.input(|input| (input.key_pressed(Key::Escape), input.pointer.any_down()));
        if escape {
            ui.ctx().stop_dragging();
            self.drag = None;
            ui.ctx().request_repaint();
            return None;
        }
        if down {
            return None;
        }
        let drag = self.drag.take()?;
        ui.ctx().request_repaint();
        let verb = match drag.grip {
            Grip::Title(_) => "Move",
            Grip::Corner(_) => "Resize",
        };
        (after != before).then(|| arranged(verb, dashboard, drag.tile, after, context))
    }

    /// Draws a tile and takes what is done to it.
    #[expect(clippy::too_many_arguments, reason = "one tile of many in one frame")]
    fn tile(
        &mut self,
        ui: &mut Ui,
        cells: Cells,
        dashboard: &Dashboard,
        before: &[Place],
        number: usize,
        rect: Rect,
        context: &PageContext<'_>,
    ) -> Option<(String, Dashboard)> {
        let pin = &dashboard.tiles.get(number)?.pin;
        let title = context.model.pin_title(pin);
        let handle = tile::handle(ui, rect, pin, &title);
        if self.reveal == Some(number) || handle.gained_focus() {
            ui.scroll_to_rect(rect.expand(UNIT), None);
            self.reveal = None;
        }
        let mut asked = None;
        if handle.has_focus() {
            asked = keys(ui, handle.id);
        }
        if ui.is_rect_visible(rect) {
            let corner = corner(ui, rect, pin);
            if handle.drag_started() {
                self.begin(ui, number, before, |press| Grip::Title(press - rect.min));
            } else if corner.drag_started() {
                self.begin(ui, number, before, |press| Grip::Corner(rect.max - press));
            }
            asked = tile::show(ui, rect, pin, &title, &handle, context).or(asked);
            tile::paint_corner(ui, rect, &corner);
        }
        let columns = cells.columns;
        let place = before.get(number)?;
        let (verb, after) = match asked? {
            TileAction::Shift(direction) => {
                ("Move", grid::stepped(before, number, direction, columns))
            }
            TileAction::Resize([w, h]) => {
                let size = [
                    place.w.saturating_add_signed(w),
                    place.h.saturating_add_signed(h),
                ];
                ("Resize", grid::resized(before, number, size, columns))
            }
            TileAction::NaturalSize => {
                let size = tile::natural_size(context.model, pin);
                ("Resize", grid::resized(before, number, size, columns))
            }
            TileAction::Remove => return Some(removed(dashboard, number, context)),
        };
        self.reveal = Some(number);
        (after != before).then(|| arranged(verb, dashboard, number, &after, context))
    }

    fn begin(&mut self, ui: &Ui, tile: usize, before: &[Place], grip: impl FnOnce(Pos2) -> Grip) {
        if let Some(press) = ui.input(|input| input.pointer.press_origin()) {
            self.drag = Some(Drag {
                tile,
                grip: grip(press),
                before: before.to_vec(),
            });
            ui.ctx().request_repaint();
        }
    }
}

impl Drag {
    /// The tile while it is under the pointer.
    fn rect(&self, cells: Cells, pointer: Pos2) -> Rect {
        let before = self.before.get(self.tile).copied();
        let rect = before.map_or(Rect::NOTHING, |place| cells.rect(place));
        match self.grip {
            Grip::Title(distance) => Rect::from_min_size(pointer - distance, rect.size()),
            Grip::Corner(distance) => {
                let [w, h] = grid::LEAST.map(f32::from);
                let least = vec2(w * cells.pitch - UNIT, h * ROW - UNIT);
                Rect::from_min_max(rect.min, (pointer + distance).max(rect.min + least))
            }
        }
    }

    /// The places if the button is released now.
    fn result(&self, cells: Cells, pointer: Pos2) -> Vec<Place> {
        let rect = self.rect(cells, pointer);
        match self.grip {
            Grip::Title(_) => {
                grid::moved(&self.before, self.tile, cells.cell(rect.min), cells.columns)
            }
            Grip::Corner(_) => {
                let size = cells.cell(cells.origin + rect.size() + Vec2::splat(UNIT));
                grid::resized(&self.before, self.tile, size, cells.columns)
            }
        }
    }
}

/// The stored places of the tiles.
pub(super) fn stored(dashboard: &Dashboard) -> Vec<Place> {
    dashboard.tiles.iter().map(|tile| tile.place).collect()
}

/// The dashboard with these places.
fn arranged(
    verb: &str,
    dashboard: &Dashboard,
    tile: usize,
    after: &[Place],
    context: &PageContext<'_>,
) -> (String, Dashboard) {
    let mut changed = dashboard.clone();
    for (tile, place) in changed.tiles.iter_mut().zip(after) {
        tile.place = *place;
    }
    let name = dashboard.tiles.get(tile);
    let name = name.map(|tile| context.model.pin_title(&tile.pin));
    (format!("{verb} {}", name.unwrap_or_default()), changed)
}

/// The dashboard without a tile.
pub(super) fn removed(
    dashboard: &Dashboard,
    tile: usize,
    context: &PageContext<'_>,
) -> (String, Dashboard) {
    let mut changed = dashboard.clone();
    let removed = changed.tiles.remove(tile);
    let places = grid::settled(&stored(&changed));
    for (tile, place) in changed.tiles.iter_mut().zip(places) {
        tile.place = place;
    }
    let name = context.model.pin_title(&removed.pin);
    (format!("Remove {name} from {}", dashboard.name), changed)
}

/// Shows where a dragged tile will be.
fn drop_place(ui: &Ui, rect: Rect) {
    let accent = palette(ui).accent;
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::CARD_RADIUS),
        accent.gamma_multiply(0.12),
        Stroke::new(1.5, accent),
        StrokeKind::Inside,
    );
}

/// The corner that resizes a tile.
fn corner(ui: &Ui, rect: Rect, pin: &Pin) -> Response {
    let area = Rect::from_min_max(rect.max - Vec2::splat(tile::CORNER), rect.max);
    let id = Id::unique(("resize", &pin.board, pin.component.to_string()));
    ui.interact(area, id, Sense::DRAG)
}

/// What the keys ask for while the title line has the focus.
fn keys(ui: &Ui, handle: Id) -> Option<TileAction> {
    focus::keep_arrows(ui, handle);
    let keys = [
        (Key::ArrowLeft, Direction::Left, [-1, 0]),
        (Key::ArrowRight, Direction::Right, [1, 0]),
        (Key::ArrowUp, Direction::Up, [0, -1]),
        (Key::ArrowDown, Direction::Down, [0, 1]),
    ];
    ui.input(|input| {
        let arrow = keys.iter().find(|(key, ..)| input.key_pressed(*key));
        match arrow {
            Some((_, _, size)) if input.modifiers.shift => Some(TileAction::Resize(*size)),
            Some((_, direction, _)) => Some(TileAction::Shift(*direction)),
            None => input.key_pressed(Key::Delete).then_some(TileAction::Remove),
        }
    })
}
