//! Where the cells of a dashboard are on the screen, and how many columns a
//! window has room for.

use eframe::egui::{Pos2, Rect, Vec2, emath::GuiRounding as _, vec2};

use disk::documents::{COLUMNS, Place};

use crate::widgets::{cards::ROW, theme::UNIT};

/// A tile of three columns, which most are, is never narrower than this: there
/// are fewer columns in a narrower window.
const THREE_LEAST: f32 = 248.0;

/// And never wider than this, so that a control stays near its name.
const THREE_MOST: f32 = 480.0;

/// How many columns are shown in this width.
pub(super) fn columns(width: f32) -> u16 {
    let fit = |columns: &u16| {
        let threes = f32::from(columns / 3);
        threes * (THREE_LEAST + UNIT) - UNIT <= width
    };
    (3..=COLUMNS).rev().step_by(3).find(fit).unwrap_or(3)
}

/// Where cells are on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells {
    /// The upper left corner of the first one.
    pub(super) origin: Pos2,
    /// The width of a column with the gap on its right.
    pub(super) pitch: f32,
    /// How many columns there are.
    pub(super) columns: u16,
}

impl Cells {
    /// The cells of a grid of this width.
    pub(super) fn new(origin: Pos2, width: f32, columns: u16) -> Self {
        let most = f32::from(columns) * (THREE_MOST + UNIT) / 3.0;
        let pitch = (width + UNIT).min(most) / f32::from(columns);
        Self {
            origin,
            pitch,
            columns,
        }
    }

    /// The rectangle of a tile.
    pub(super) fn rect(self, place: Place) -> Rect {
        let corner = |x, y| {
            let distance = vec2(f32::from(x) * self.pitch, f32::from(y) * ROW);
            self.origin + distance
        };
        let end = corner(place.x + place.w, place.y.saturating_add(place.h));
        Rect::from_min_max(corner(place.x, place.y), end - Vec2::splat(UNIT)).round_ui()
    }

    /// The cell whose upper left corner is nearest.
    pub(super) fn cell(self, at: Pos2) -> [u16; 2] {
        let distance = at - self.origin;
        [whole(distance.x / self.pitch), whole(distance.y / ROW)]
    }
}

fn whole(value: f32) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number within u16; a cast saturates"
    )]
    let whole = value.round() as u16;
    whole
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn a_narrow_window_shows_fewer_columns() {
        for (width, expected) in [
            (2_460.0, 12),
            (1_056.0, 12),
            (1_015.0, 9),
            (788.0, 9),
            (759.0, 6),
            (400.0, 3),
            (0.0, 3),
        ] {
            assert_eq!(columns(width), expected, "{width}");
        }
    }

    #[test]
    fn cells_and_points_agree() {
        let cells = Cells::new(pos2(20.0, 50.0), 1_056.0, 12);
        for place in [
            Place {
                x: 0,
                y: 0,
                w: 3,
                h: 1,
            },
            Place {
                x: 9,
                y: 7,
                w: 3,
                h: 2,
            },
        ] {
            let rect = cells.rect(place);
            assert_eq!(cells.cell(rect.min), [place.x, place.y]);
            assert_eq!(rect.height(), f32::from(place.h) * ROW - UNIT);
        }
        assert_eq!(cells.cell(pos2(-500.0, -500.0)), [0, 0]);
        // In a very wide window a tile keeps a width that can be read.
        let wide = Cells::new(pos2(0.0, 0.0), 5_000.0, 12);
        let tile = wide.rect(Place {
            x: 0,
            y: 0,
            w: 3,
            h: 1,
        });
        assert_eq!(tile.width(), THREE_MOST);
    }
}
