//! Follows what the desktop prefers: a dark or a light theme, reduced motion.

use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui;
use mundy::{ColorScheme, Interest, Preferences, ReducedMotion, Subscription};

use crate::model::desktop_preferences::DesktopPreferences;

/// Follows the desktop until it is dropped.
pub(crate) struct DesktopFollower {
    newest: Arc<Mutex<Option<DesktopPreferences>>>,
    _subscription: Subscription,
}

impl DesktopFollower {
    /// Asks the desktop, and to be told of changes, on a thread of its own:
    /// the portal that answers on Linux may take seconds to start.
    pub(crate) fn start(ctx: &egui::Context) -> Self {
        let newest = Arc::new(Mutex::new(None));
        let (written, ctx) = (Arc::clone(&newest), ctx.clone());
        let interest = Interest::ColorScheme | Interest::ReducedMotion;
        let subscription = Preferences::subscribe(interest, move |preferences| {
            let preferences = read(preferences);
            log::debug!("the desktop prefers {preferences:?}");
            *written.lock().unwrap_or_else(PoisonError::into_inner) = Some(preferences);
            ctx.request_repaint();
        });
        Self {
            newest,
            _subscription: subscription,
        }
    }

    /// What changed since the last call.
    pub(crate) fn take(&self) -> Option<DesktopPreferences> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.take()
    }
}

fn read(preferences: Preferences) -> DesktopPreferences {
    DesktopPreferences {
        dark: match preferences.color_scheme {
            ColorScheme::Dark => Some(true),
            ColorScheme::Light => Some(false),
            ColorScheme::NoPreference => None,
        },
        reduced_motion: preferences.reduced_motion == ReducedMotion::Reduce,
        // winit tells of touches, but of no kind of pointer.
        touch: false,
    }
}
