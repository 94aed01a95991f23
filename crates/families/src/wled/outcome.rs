//! What becomes of messages to the board: commands are confirmed by value or
//! refused, and the state is read where a push did not come.

use std::time::Duration;

use protocol::{Code, RpcError};
use serde_json::json;
use web_time::Instant;

use crate::{Actions, Shadow};

use super::{
    Wled,
    outbox::{Purpose, Settled},
};

/// A push is due within a second of a change. If none arrives, the state is
/// read.
const PUSH: Duration = Duration::from_millis(1_500);

/// The wait before the state is read again because the board was busy; it
/// doubles up to 6.4 s.
const FIRST_READ_WAIT: Duration = Duration::from_millis(100);

/// What WLED calls "busy": its JSON buffer is in use.
const BUSY: i64 = 3;

impl Wled {
    /// The board answered with an error.
    pub(super) fn failed(&mut self, now: Instant, code: i64, out: &mut Actions) {
        if code != BUSY {
            let settled = self.outbox.refused(now, code, out);
            return self.settle(now, settled, out);
        }
        if self.outbox.is_idle() {
            // It wanted to push something, and could not.
            self.read_later(now);
        }
        let settled = self.outbox.busy(now, out);
        self.settle(now, settled, out);
    }

    fn read_later(&mut self, now: Instant) {
        let wait = FIRST_READ_WAIT * 2_u32.saturating_pow(self.reads.min(6));
        self.reads = self.reads.saturating_add(1);
        self.read_at.get_or_insert(now + wait);
    }

    pub(super) fn read(&mut self, now: Instant, out: &mut Actions) {
        let text = json!({ "v": true }).to_string();
        self.outbox.push(now, text, Purpose::Read, out);
    }

    pub(super) fn settle(&mut self, now: Instant, settled: Option<Settled>, out: &mut Actions) {
        if let Some(settled) = settled {
            self.settled(now, settled, out);
        }
    }

    /// A message was dealt with.
    pub(super) fn settled(&mut self, now: Instant, settled: Settled, out: &mut Actions) {
        match settled {
            Settled::Taken(Purpose::Command { id, wanted: None })
            | Settled::Unchanged(Purpose::Command { id, wanted: None }) => {
                self.shadow.confirm(id, out);
            }
            Settled::Taken(Purpose::Command {
                id,
                wanted: Some((key, state)),
            }) => {
                if !self.shadow.shows(&key, &state) {
                    self.read_at.get_or_insert(now + PUSH);
                }
                self.shadow.confirm_when(now, id, key, state, out);
            }
            Settled::Unchanged(Purpose::Command {
                id,
                wanted: Some((key, state)),
            }) => {
                // Also for what changed without a push, as `udpn` does.
                if !self.shadow.shows(&key, &state) {
                    self.read(now, out);
                }
                self.shadow.confirm_when(now, id, key, state, out);
            }
            Settled::Busy(Purpose::Command { id, .. }) => {
                let message = "the board was busy each time; nothing was changed";
                Shadow::refuse(id, RpcError::new(Code::Busy, "busy", message), out);
            }
            Settled::Refused(Purpose::Command { id, .. }, code) => {
                let message = format!("the board answered with error {code}");
                Shadow::refuse(
                    id,
                    RpcError::new(Code::InternalError, "refused", message),
                    out,
                );
            }
            Settled::Taken(Purpose::Read) if self.known.is_some() => {}
            Settled::Taken(Purpose::Read)
            | Settled::Unchanged(Purpose::Read)
            | Settled::Busy(Purpose::Read)
            | Settled::Refused(Purpose::Read, _) => self.read_later(now),
            Settled::Taken(Purpose::Live)
            | Settled::Unchanged(Purpose::Live)
            | Settled::Busy(Purpose::Live)
            | Settled::Refused(Purpose::Live, _) => {}
        }
    }
}
