//! Painted icons: the state of a link as a shape and a color, the logo, the
//! theme.

use std::f32::consts::TAU;

use eframe::egui::{
    Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, epaint::CircleShape, pos2, vec2,
};

use crate::{
    model::link_kind::LinkKind,
    widgets::theme::{self, BREATH, Palette, palette},
};
use fleet::LinkState;

/// Three lines: opens a list.
pub(crate) fn lines(painter: &Painter, center: Pos2, stroke: Stroke) {
    for y in [-4.5, 0.0, 4.5] {
        painter.line_segment([center + vec2(-6.5, y), center + vec2(6.5, y)], stroke);
    }
}

/// A magnifying glass.
pub(crate) fn magnifier(painter: &Painter, center: Pos2, stroke: Stroke) {
    painter.circle_stroke(center - vec2(1.5, 1.5), 4.5, stroke);
    painter.line_segment([center + vec2(1.9, 1.9), center + vec2(6.0, 6.0)], stroke);
}

/// The color of text about a link's state.
pub(crate) fn link_color(palette: &Palette, link: &LinkState) -> Color32 {
    match LinkKind::of(link) {
        LinkKind::Announced => palette.weak,
        LinkKind::Connecting => palette.underway,
        LinkKind::Connected => palette.good,
        LinkKind::Stale | LinkKind::Locked => palette.doubtful,
        LinkKind::Unreachable => palette.bad,
    }
}

/// The shape of a link's state.
pub(crate) fn link(ui: &Ui, center: Pos2, link: &LinkState) {
    link_kind(ui, center, LinkKind::of(link));
}

/// The shape of a link's state, eight points wide: a disc is connected, half a
/// disc connecting, a ring announced, a triangle stale, a padlock locked, a
/// cross unreachable.
pub(crate) fn link_kind(ui: &Ui, center: Pos2, kind: LinkKind) {
    let palette = palette(ui);
    let color = match kind {
        LinkKind::Announced => palette.weak,
        LinkKind::Connecting => palette.signs.underway,
        LinkKind::Connected => palette.signs.good,
        LinkKind::Stale | LinkKind::Locked => palette.signs.doubtful,
        LinkKind::Unreachable => palette.signs.bad,
    };
    let painter = ui.painter();
    let stroke = Stroke::new(1.5, color);
    match kind {
        LinkKind::Connected => {
            painter.circle_filled(center, 4.5, color);
        }
        LinkKind::Announced => {
            painter.circle_stroke(center, 4.0, stroke);
        }
        LinkKind::Connecting => {
            painter.circle_stroke(center, 4.0, stroke);
            painter.add(half_disc(center, 4.0, color));
        }
        LinkKind::Stale => triangle(painter, center, color),
        LinkKind::Locked => padlock(painter, center, color),
        LinkKind::Unreachable => cross(painter, center, 3.6, Stroke::new(2.0, color)),
    }
}

/// A triangle: what is doubtful.
pub(crate) fn triangle(painter: &Painter, center: Pos2, color: Color32) {
    let points = vec![
        center + vec2(0.0, -4.8),
        center + vec2(5.2, 4.0),
        center + vec2(-5.2, 4.0),
    ];
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// A closed padlock.
fn padlock(painter: &Painter, center: Pos2, color: Color32) {
    let body = Rect::from_center_size(center + vec2(0.0, 2.0), vec2(10.0, 7.0));
    painter.rect_filled(body, 1.5, color);
    let arch = |step: u8| {
        let angle = TAU / 2.0 * (1.0 + f32::from(step) / 12.0);
        center + vec2(0.0, -2.2) + 2.9 * vec2(angle.cos(), angle.sin())
    };
    let mut shackle = vec![pos2(center.x - 2.9, body.top())];
    shackle.extend((0..=12).map(arch));
    shackle.push(pos2(center.x + 2.9, body.top()));
    painter.add(Shape::line(shackle, Stroke::new(1.6, color)));
}

fn half_disc(center: Pos2, radius: f32, color: Color32) -> Shape {
    let point = |step: u8| {
        let angle = TAU / 4.0 + TAU / 2.0 * f32::from(step) / 12.0;
        center + radius * vec2(angle.cos(), angle.sin())
    };
    Shape::convex_polygon((0..=12).map(point).collect(), color, Stroke::NONE)
}

/// A cross; also the close icon.
pub(crate) fn cross(painter: &Painter, center: Pos2, reach: f32, stroke: Stroke) {
    painter.line_segment(
        [center - vec2(reach, reach), center + vec2(reach, reach)],
        stroke,
    );
    painter.line_segment(
        [center + vec2(-reach, reach), center + vec2(reach, -reach)],
        stroke,
    );
}

/// A plus.
pub(crate) fn plus(painter: &Painter, center: Pos2, reach: f32, stroke: Stroke) {
    painter.line_segment(
        [center - vec2(reach, 0.0), center + vec2(reach, 0.0)],
        stroke,
    );
    painter.line_segment(
        [center - vec2(0.0, reach), center + vec2(0.0, reach)],
        stroke,
    );
}

/// A disc that is half dark: the theme.
pub(crate) fn half_dark(painter: &Painter, center: Pos2, color: Color32) {
    painter.circle_stroke(center, 6.0, Stroke::new(1.5, color));
    painter.add(half_disc(center, 6.0, color));
}

/// The logo: two rows of sockets, and a cord between two of them.
pub(crate) fn mark(ui: &Ui, rect: Rect) {
    let palette = palette(ui);
    let painter = ui.painter();
    let at = |x: f32, y: f32| {
        pos2(
            rect.left() + x * rect.width(),
            rect.top() + y * rect.height(),
        )
    };
    for y in [0.22, 0.78] {
        for x in [0.15, 0.5, 0.85] {
            painter.circle_stroke(at(x, y), rect.width() * 0.1, Stroke::new(1.5, palette.weak));
        }
    }
    let (from, to) = (at(0.15, 0.22), at(0.85, 0.78));
    for end in [from, to] {
        painter.add(CircleShape::filled(
            end,
            rect.width() * 0.12,
            palette.accent,
        ));
    }
    painter.line_segment([from, to], Stroke::new(2.0, palette.accent));
}

/// A dot that pulses while something is pending. The caller requests the next
/// frame.
pub(crate) fn pulse(ui: &Ui, center: Pos2, color: Color32) {
    if !theme::moves(ui) {
        return breathing(ui.painter(), center, 0.5, color);
    }
    let phase = ui.input(|input| input.time) % f64::from(BREATH) / f64::from(BREATH);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction between 0 and 1"
    )]
    breathing(ui.painter(), center, phase as f32, color);
}

/// A dot that pulses while something is pending; `phase` from 0 to 1.
fn breathing(painter: &Painter, center: Pos2, phase: f32, color: Color32) {
    let breath = 0.5 - 0.5 * (phase * TAU).cos();
    painter.circle_filled(
        center,
        2.2 + 1.3 * breath,
        color.gamma_multiply(0.55 + 0.45 * breath),
    );
}
