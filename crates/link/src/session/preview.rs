//! Follows the live preview of a board across reconnects, where its family has
//! one.

use families::preview;
use web_time::Instant;

use super::{Phase, Session};
use crate::requests::Purpose;

impl Session {
    /// The preview is wanted from now on, on this connection and later ones; or
    /// no longer.
    pub(super) fn follow_preview(&mut self, now: Instant, wanted: bool) {
        let changed = self.preview_wanted != wanted;
        self.preview_wanted = wanted;
        if changed && matches!(self.phase, Phase::Live(_)) {
            self.request_preview(now);
        }
    }

    /// Requests the preview on a new connection, if it is wanted.
    pub(super) fn resume_preview(&mut self, now: Instant) {
        if self.preview_wanted {
            self.request_preview(now);
        }
    }

    fn request_preview(&mut self, now: Instant) {
        if !self.family.has_preview() {
            return;
        }
        let on = self.preview_wanted.into();
        let params = [("on".to_owned(), on)].into_iter().collect();
        if let Some(connection) = self.phase.connection_mut() {
            let method = preview::FOLLOW;
            connection.request(now, Purpose::Preview, method, params, &mut self.out);
        }
    }
}
