//! Follows what the browser prefers: a dark or a light theme, reduced motion,
//! and whether its main pointer is a finger.

use web_sys::MediaQueryList;

use crate::model::desktop_preferences::DesktopPreferences;

/// Follows the browser.
pub(super) struct BrowserFollower {
    dark: Option<MediaQueryList>,
    reduced_motion: Option<MediaQueryList>,
    touch: Option<MediaQueryList>,
    known: Option<DesktopPreferences>,
}

impl Default for BrowserFollower {
    fn default() -> Self {
        let ask = |query| web_sys::window()?.match_media(query).ok().flatten();
        Self {
            dark: ask("(prefers-color-scheme: dark)"),
            reduced_motion: ask("(prefers-reduced-motion: reduce)"),
            touch: ask("(pointer: coarse)"),
            known: None,
        }
    }
}

impl BrowserFollower {
    /// What changed since the last call.
    pub(super) fn take(&mut self) -> Option<DesktopPreferences> {
        let is = |list: &Option<MediaQueryList>| list.as_ref().map(MediaQueryList::matches);
        let now = DesktopPreferences {
            dark: is(&self.dark),
            reduced_motion: is(&self.reduced_motion).unwrap_or_default(),
            touch: is(&self.touch).unwrap_or_default(),
        };
        (self.known != Some(now)).then(|| *self.known.insert(now))
    }
}
