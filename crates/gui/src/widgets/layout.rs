//! How much room the window has, and layout arithmetic that never goes below
//! zero: in a window that is too small or zoomed in too far, more is subtracted
//! than there is, and egui panics in debug builds for negative sizes.

use eframe::egui::{Context, Pos2, Rect, Vec2};

use crate::widgets::theme;

/// How wide the window is, in points after zooming. Everything that depends on
/// it asks here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WindowSize {
    /// The list of boards is a drawer, and words in bars are icons.
    Compact,
    /// The list is next to the page.
    Regular,
    /// There is room to spare.
    Wide,
}

impl WindowSize {
    /// The size of the window that `ctx` draws.
    pub(crate) fn of(ctx: &Context) -> Self {
        let [regular, wide] = theme::WINDOW_WIDTHS;
        match ctx.content_rect().width() {
            width if width < regular => Self::Compact,
            width if width < wide => Self::Regular,
            _ => Self::Wide,
        }
    }

    /// Whether it is [`Self::Compact`].
    pub(crate) fn is_compact(ctx: &Context) -> bool {
        Self::of(ctx) == Self::Compact
    }
}

/// Whether the window is that of a phone held upright: the rail is at its
/// bottom.
pub(crate) fn is_upright(ctx: &Context) -> bool {
    let size = ctx.content_rect().size();
    size.x < theme::UPRIGHT && size.y > size.x
}

/// Whether the window is too low for panels below its pages.
pub(crate) fn is_low(ctx: &Context) -> bool {
    ctx.content_rect().height() < theme::WINDOW_LOW
}

/// What remains of `length` without `taken`.
pub(crate) fn left_of(length: f32, taken: f32) -> f32 {
    (length - taken).max(0.0)
}

/// The rectangle between two corners; empty at `min` if `max` is not beyond it.
pub(crate) fn between(min: Pos2, max: Pos2) -> Rect {
    Rect::from_min_max(min, max.max(min))
}

/// Parts of a rectangle that are never negative.
pub(crate) trait Within {
    /// The part on the left of `x`.
    fn until_x(self, x: f32) -> Rect;
    /// The part on the right of `x`.
    fn after_x(self, x: f32) -> Rect;
    /// The part above `y`.
    fn until_y(self, y: f32) -> Rect;
    /// The part below `y`.
    fn after_y(self, y: f32) -> Rect;
    /// Without a margin on each side; if the margins are larger than the
    /// rectangle, the line or point in the middle.
    fn inset(self, margin: Vec2) -> Rect;
}

impl Within for Rect {
    fn until_x(self, x: f32) -> Rect {
        self.with_max_x(x.max(self.min.x))
    }

    fn after_x(self, x: f32) -> Rect {
        self.with_min_x(x.min(self.max.x))
    }

    fn until_y(self, y: f32) -> Rect {
        self.with_max_y(y.max(self.min.y))
    }

    fn after_y(self, y: f32) -> Rect {
        self.with_min_y(y.min(self.max.y))
    }

    fn inset(self, margin: Vec2) -> Rect {
        self.shrink2(margin.min(self.size() * 0.5).max(Vec2::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{pos2, vec2};

    use super::*;

    #[test]
    fn no_part_of_a_small_rectangle_is_negative() {
        let small = Rect::from_min_max(pos2(10.0, 10.0), pos2(14.0, 12.0));
        let parts = [
            small.until_x(3.0),
            small.after_x(30.0),
            small.until_y(3.0),
            small.after_y(30.0),
            small.inset(vec2(16.0, 1.0)),
            between(pos2(10.0, 10.0), pos2(3.0, 30.0)),
        ];
        for part in parts {
            assert!(!part.is_negative(), "{part:?}");
        }
        assert_eq!(left_of(10.0, 30.0), 0.0);
    }
}
