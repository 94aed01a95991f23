//! Opens the window where it was, as long as a screen is there.

use eframe::egui::{Pos2, Rect, Vec2, ViewportCommand, vec2};

/// The part of a window by which it is moved, from its top.
const TITLE_BAR: f32 = 32.0;
/// As much of that must be on a screen.
const REACHABLE: Vec2 = vec2(64.0, 16.0);

/// Moves a window that was opened at `position` to the first screen, unless its
/// title bar can be reached there: its screen may have been unplugged. All in
/// points of the desktop. `zoom` is that of the first frame, by which the
/// command is scaled.
pub(crate) fn bring_into_view(
    cc: &eframe::CreationContext<'_>,
    position: Option<[f32; 2]>,
    size: [f32; 2],
    zoom: f32,
) {
    let (Some(position), Some(window)) = (position, cc.winit_window()) else {
        return;
    };
    #[expect(clippy::cast_possible_truncation, reason = "a factor such as 1.5")]
    let scale = window.scale_factor() as f32;
    let screens: Vec<Rect> = window
        .available_monitors()
        .map(|screen| {
            let (at, size) = (screen.position(), screen.size());
            Rect::from_min_size(
                Pos2::new(at.x as f32, at.y as f32) / scale,
                vec2(size.width as f32, size.height as f32) / scale,
            )
        })
        .collect();
    if let Some(place) = better_place(position.into(), size.into(), &screens) {
        log::debug!("the window was at {position:?}, where no screen is; it is moved to {place:?}");
        let moved = ViewportCommand::OuterPosition(place / zoom);
        cc.egui_ctx.send_viewport_cmd(moved);
    }
}

/// Where a window should be instead, if it cannot be reached where it is:
/// centered on the first screen.
fn better_place(position: Pos2, size: Vec2, screens: &[Rect]) -> Option<Pos2> {
    let bar = Rect::from_min_size(position, vec2(size.x, TITLE_BAR));
    let is_reachable = screens.iter().any(|screen| {
        let seen = screen.intersect(bar);
        seen.width() >= REACHABLE.x && seen.height() >= REACHABLE.y
    });
    let first = screens.first()?;
    (!is_reachable).then(|| first.min + ((first.size() - size) / 2.0).max(Vec2::ZERO))
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    #[test]
    fn a_window_stays_where_it_is_unless_its_screen_is_gone() {
        let first = Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0));
        let second = Rect::from_min_size(pos2(1280.0, 0.0), vec2(1920.0, 1080.0));
        let size = vec2(800.0, 600.0);
        let there = pos2(1500.0, 100.0);
        assert_eq!(better_place(there, size, &[first, second]), None);
        assert_eq!(
            better_place(there, size, &[first]),
            Some(pos2(240.0, 100.0)),
            "its screen is gone"
        );
        let partly = pos2(-700.0, 100.0);
        assert_eq!(better_place(partly, size, &[first]), None);
        let above = pos2(0.0, -40.0);
        assert!(
            better_place(above, size, &[first]).is_some(),
            "the title bar is above the screen"
        );
        assert_eq!(better_place(there, size, &[]), None, "nothing is known");
    }
}
