//! The live preview on the card of a light: what its LEDs show at this moment,
//! as one strip of color, or as a field of cells for a matrix. The board is
//! asked for it only while the card is in sight.

use eframe::egui::{
    Color32, CornerRadius, Mesh, Rect, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};
use protocol::Kind;
use web_time::Instant;

use super::card::Card;
use crate::widgets::{
    layout::Within as _,
    theme::{self, HALF, palette},
};
use fleet::{LinkState, Preview};

/// The height of a strip.
const STRIP: f32 = 16.0;

/// The largest height of a matrix, and of one of its cells.
const MATRIX: f32 = 128.0;
const CELL: f32 = 16.0;

/// Between the edge of the board and its LEDs.
const EDGE: f32 = 3.0;

/// Whether the preview is on this card: that of the light that stands for all
/// LEDs of the board.
fn has_preview(card: &Card<'_>) -> bool {
    let key = &card.component.descriptor.key;
    key.kind == Kind::Light
        && !card.page.in_tile
        && card
            .page
            .board
            .previewed()
            .is_some_and(|light| light == key)
}

/// What is shown, unless it has ended.
fn shown<'a>(card: &'a Card<'_>, now: Instant) -> Option<&'a Preview> {
    let preview = card.page.board.preview.as_deref()?;
    (now.saturating_duration_since(preview.at()) < Preview::LASTS).then_some(preview)
}

/// The height that it takes in a card of this width, with the gap below.
pub(super) fn height(card: &Card<'_>, width: f32) -> f32 {
    if !has_preview(card) {
        return 0.0;
    }
    let preview = shown(card, card.page.context.now);
    let rows = preview.map_or(1, |preview| preview.rows().len());
    let columns = preview.and_then(|preview| preview.rows().next().map(<[_]>::len));
    if rows < 2 {
        return STRIP + HALF;
    }
    let cell = (width - 2.0 * EDGE) / columns.unwrap_or(1) as f32;
    (cell.min(CELL) * rows as f32 + 2.0 * EDGE).clamp(STRIP, MATRIX) + HALF
}

/// Shows it, where the card has one.
pub(super) fn show(ui: &mut Ui, card: &Card<'_>) {
    if !has_preview(card) {
        return;
    }
    let context = card.page.context;
    let height = height(card, ui.available_width()) - HALF;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let live = card.page.board.link == LinkState::Connected;
    if live && ui.is_rect_visible(rect) {
        context.shows_preview(card.page.board.key);
    }
    let preview = shown(card, context.now).filter(|_| live);
    let name = card.name("live preview");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), &name));
    let words = preview.map_or_else(|| "unknown".to_owned(), in_words);
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_value(words.as_str()));
    let palette = palette(ui);
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    let edge = Stroke::new(1.0, palette.border);
    if let Some(preview) = preview {
        let left =
            Preview::LASTS.saturating_sub(context.now.saturating_duration_since(preview.at()));
        context.again_in(left);
        let painter = ui.painter();
        painter.rect(rect, radius, Color32::BLACK, edge, StrokeKind::Inside);
        let inner = rect.inset(vec2(EDGE, EDGE));
        let mesh = match preview.rows().len() {
            1 => preview.rows().next().map(|leds| strip(leds, inner)),
            _ => Some(matrix(preview, inner)),
        };
        painter.add(Shape::mesh(mesh.unwrap_or_default()));
        response.on_hover_text(format!("What the LEDs show: {words}"));
    } else {
        ui.painter()
            .rect(rect, radius, Color32::TRANSPARENT, edge, StrokeKind::Inside);
        response.on_hover_text(
            "What the LEDs show is unknown. The board sends it to one client at a time: a page or \
             a program that was opened later may have it",
        );
    }
}

/// `60 LEDs, on average #ff8000`.
fn in_words(preview: &Preview) -> String {
    let (mut leds, mut sums) = (0_usize, [0_usize; 3]);
    for color in preview.rows().flatten() {
        leds += 1;
        for (sum, channel) in sums.iter_mut().zip(color) {
            *sum += usize::from(*channel);
        }
    }
    let [red, green, blue] = sums.map(|sum| sum / leds.max(1));
    let unit = if leds == 1 { "LED" } else { "LEDs" };
    format!("{leds} {unit}, on average #{red:02x}{green:02x}{blue:02x}")
}

/// Each LED at the middle of its share of the strip, and a gradient in between.
fn strip(leds: &[[u8; 3]], rect: Rect) -> Mesh {
    let mut mesh = Mesh::default();
    let share = rect.width() / leds.len().max(1) as f32;
    let ends = [leds.first(), leds.last()];
    let middle = |(at, color)| (rect.left() + share * (at as f32 + 0.5), color);
    let [first, last] = ends;
    let stops = first
        .map(|color| (rect.left(), color))
        .into_iter()
        .chain(leds.iter().enumerate().map(middle))
        .chain(last.map(|color| (rect.right(), color)));
    for (at, (x, [red, green, blue])) in (0_u32..).zip(stops) {
        let color = Color32::from_rgb(*red, *green, *blue);
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
        if let Some(before) = at.checked_sub(1) {
            let (old, new) = (2 * before, 2 * at);
            mesh.add_triangle(old, old + 1, new);
            mesh.add_triangle(old + 1, new, new + 1);
        }
    }
    mesh
}

/// A square per LED, in the middle of `rect`.
fn matrix(preview: &Preview, rect: Rect) -> Mesh {
    let mut mesh = Mesh::default();
    let rows = preview.rows().len();
    let columns = preview.rows().next().map_or(1, <[_]>::len);
    let cell = (rect.width() / columns as f32).min(rect.height() / rows as f32);
    let size = vec2(cell * columns as f32, cell * rows as f32);
    let start = rect.center() - size / 2.0;
    for (row, leds) in preview.rows().enumerate() {
        for (column, [red, green, blue]) in leds.iter().enumerate() {
            let corner = start + vec2(column as f32, row as f32) * cell;
            let square = Rect::from_min_size(corner, vec2(cell, cell));
            mesh.add_colored_rect(square, Color32::from_rgb(*red, *green, *blue));
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(colors: Vec<[u8; 3]>, columns: Option<usize>) -> Preview {
        Preview::new(colors, columns, Instant::now()).expect("a preview")
    }

    #[test]
    fn it_is_said_in_words() {
        let two = preview(vec![[255, 0, 0], [0, 0, 1]], None);
        assert_eq!(in_words(&two), "2 LEDs, on average #7f0000");
        let one = preview(vec![[1, 2, 3]], None);
        assert_eq!(in_words(&one), "1 LED, on average #010203");
    }

    #[test]
    fn a_strip_fills_its_place_and_a_matrix_has_square_cells_within_it() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(100.0, 10.0));
        let mesh = strip(&[[255, 0, 0], [0, 255, 0]], rect);
        assert_eq!(mesh.calc_bounds(), rect);
        assert_eq!(mesh.vertices.len(), 8);
        assert!(mesh.is_valid());
        let field = matrix(&preview(vec![[9; 3]; 6], Some(3)), rect);
        let bounds = field.calc_bounds();
        assert_eq!(bounds.size(), vec2(15.0, 10.0));
        assert_eq!(bounds.center(), rect.center());
        assert!(field.is_valid());
    }
}
