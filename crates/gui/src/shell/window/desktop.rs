//! What the desktop prefers: its theme and how much moves. A choice in this
//! window comes first.

use disk::settings::{MotionChoice, ThemeChoice};
use eframe::egui;

use super::Window;
use crate::{model::desktop_preferences::DesktopPreferences, widgets::theme};

impl Window {
    /// Takes over what the desktop prefers now.
    pub fn follow_desktop(&mut self, ctx: &egui::Context, desktop: DesktopPreferences) {
        if self.desktop != desktop {
            self.desktop = desktop;
            self.apply_look(ctx);
        }
    }

    /// Applies the theme and the motion that are chosen.
    pub(super) fn apply_look(&self, ctx: &egui::Context) {
        let choice = match (self.theme, self.desktop.dark) {
            (ThemeChoice::System, Some(true)) => ThemeChoice::Dark,
            (ThemeChoice::System, Some(false)) => ThemeChoice::Light,
            (choice, _) => choice,
        };
        ctx.set_theme(theme::preference(choice));
        theme::set_motion(
            ctx,
            match self.motion {
                MotionChoice::System => !self.desktop.reduced_motion,
                MotionChoice::Full => true,
                MotionChoice::Reduced => false,
            },
        );
        theme::set_touch(ctx, self.desktop.touch);
        ctx.request_repaint();
    }
}
