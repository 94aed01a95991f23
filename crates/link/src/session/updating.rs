//! What a session does with a firmware update: it ends with the link, except
//! for the restart at its end.

use std::time::Duration;

use protocol::{ComponentKey, Epoch, Kind, Object, RpcError, Snapshot, limits, method};
use sanitize::bounds;
use serde_json::Value;
use web_time::Instant;

use super::{Phase, Session};
use crate::{
    output::{Outputs, Report},
    requests::Purpose,
    update::{Image, Next, Transfer, UpdateProblem, UpdateState},
};

/// How long a response may take: a chip erases flash for a write, and reads all
/// of it back for a commit.
const RESPONSE: Duration = Duration::from_secs(15);

/// How long a board may be offline after it took an image: until it would have
/// rolled back, and a minute more.
const RESTART: Duration = limits::UPDATE_TRIAL.saturating_add(Duration::from_secs(60));

/// The update of a board by this program.
#[derive(Debug, Default)]
pub(super) enum Updating {
    /// None.
    #[default]
    No,
    /// The image for this update is being read.
    Reading(u64),
    /// The image is being sent.
    Sending(Box<Transfer>),
    /// The board took the image, or may have, and restarts.
    Restarting {
        /// The epoch before the restart.
        epoch: Option<Epoch>,
        since: Instant,
        before: Option<String>,
        /// The problem if the board never restarted.
        otherwise: UpdateProblem,
    },
}

impl Updating {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        match self {
            Self::No | Self::Reading(_) => None,
            Self::Sending(transfer) => Some(transfer.sent_at + RESPONSE),
            Self::Restarting { since, .. } => Some(*since + RESTART),
        }
    }
}

impl Session {
    /// An update was requested; its image is being read. One that is running
    /// goes on.
    pub(super) fn update_requested(&mut self, update: u64) {
        if matches!(self.updating, Updating::No) {
            self.updating = Updating::Reading(update);
            report(UpdateState::Reading, &mut self.out);
        }
    }

    /// The image was read, or cannot be.
    pub(super) fn image_read(
        &mut self,
        now: Instant,
        update: u64,
        image: Result<Image, String>,
        running: Option<String>,
    ) {
        // The update may have been canceled meanwhile.
        if !matches!(self.updating, Updating::Reading(current) if current == update) {
            return;
        }
        let image = match image {
            Ok(image) => image,
            Err(reason) => return self.update_failed(UpdateProblem::File(reason)),
        };
        if !matches!(&self.phase, Phase::Live(live) if live.rereading.is_none()) {
            return self.update_failed(UpdateProblem::NotConnected);
        }
        let (transfer, next) = Transfer::begin(now, image, running);
        report(transfer.state(), &mut self.out);
        self.updating = Updating::Sending(Box::new(transfer));
        self.continue_update(now, next);
    }

    pub(super) fn update_answered(
        &mut self,
        now: Instant,
        request: i64,
        outcome: Result<Value, RpcError>,
    ) {
        let Updating::Sending(transfer) = &mut self.updating else {
            return;
        };
        if transfer.request != request {
            return;
        }
        let before = transfer.state();
        let next = transfer.answered(outcome);
        let state = transfer.state();
        // Reported per percent, not per kilobyte.
        if state.percent() != before.percent() {
            report(state, &mut self.out);
        }
        self.continue_update(now, next);
    }

    fn continue_update(&mut self, now: Instant, next: Next) {
        match next {
            Next::Request(method, params) => {
                if let Some(connection) = self.phase.connection_mut()
                    && let Updating::Sending(transfer) = &mut self.updating
                {
                    let out = &mut self.out;
                    transfer.request =
                        connection.request(now, Purpose::Update, method, params, out);
                    transfer.sent_at = now;
                }
            }
            Next::Committed => self.update_restarts(now),
            Next::Failed(problem) => self.update_failed(problem),
        }
    }

    fn update_restarts(&mut self, now: Instant) {
        if let Updating::Sending(transfer) = std::mem::take(&mut self.updating) {
            self.updating = Updating::Restarting {
                epoch: self.epoch,
                since: now,
                otherwise: transfer.lost(),
                before: transfer.before,
            };
            report(UpdateState::Restarting, &mut self.out);
        }
    }

    /// The connection ended, or the board was reset.
    pub(super) fn connection_lost(&mut self) {
        let Updating::Sending(transfer) = &self.updating else {
            return;
        };
        if transfer.may_be_committed() {
            // The response was lost, but perhaps not the image: the board's
            // next run tells.
            let sent_at = transfer.sent_at;
            self.update_restarts(sent_at);
        } else {
            let problem = transfer.lost();
            self.update_failed(problem);
        }
    }

    /// The board was read again: decides whether it runs the new image.
    pub(super) fn update_seen(&mut self, snapshot: &Snapshot) {
        let Updating::Restarting {
            epoch,
            before,
            otherwise,
            ..
        } = &self.updating
        else {
            return;
        };
        if *epoch == Some(snapshot.epoch) {
            let problem = otherwise.clone();
            return self.update_failed(problem);
        }
        let before = before.clone();
        let firmware = snapshot.components.get(&ComponentKey::new(Kind::Update, 0));
        let text = |text: &str| bounds::text(text.to_owned());
        if let Some(error) = firmware.and_then(|firmware| firmware.last_error()) {
            let problem = UpdateProblem::RolledBack(text(error));
            return self.update_failed(problem);
        }
        self.updating = Updating::No;
        let after = firmware
            .and_then(|firmware| firmware.installed_version())
            .map(text);
        report(UpdateState::Done { before, after }, &mut self.out);
    }

    /// The update is canceled. The board keeps what it has received.
    pub(super) fn cancel_update(&mut self, now: Instant) {
        match &self.updating {
            Updating::No | Updating::Restarting { .. } => {}
            // The board may restart with it at any moment, and reports that.
            Updating::Sending(transfer) if transfer.may_be_committed() => {}
            Updating::Reading(_) => self.update_failed(UpdateProblem::Canceled),
            Updating::Sending(_) => {
                self.abort_update(now);
                self.update_failed(UpdateProblem::Canceled);
            }
        }
    }

    pub(super) fn update_tick(&mut self, now: Instant) {
        if self
            .updating
            .next_deadline()
            .is_none_or(|deadline| now < deadline)
        {
            return;
        }
        if matches!(self.updating, Updating::Restarting { .. }) {
            self.update_failed(UpdateProblem::NotBack);
        } else {
            self.abort_update(now);
            self.update_failed(UpdateProblem::NoAnswer);
        }
    }

    /// Tells the board not to wait for more, whether or not that arrives.
    fn abort_update(&mut self, now: Instant) {
        let Some(connection) = self.phase.connection_mut() else {
            return;
        };
        if let Updating::Sending(transfer) = &self.updating {
            connection.forget_request(transfer.request);
        }
        let abort = method::OTA_ABORT;
        connection.request(now, Purpose::Update, abort, Object::new(), &mut self.out);
    }

    fn update_failed(&mut self, problem: UpdateProblem) {
        self.updating = Updating::No;
        report(UpdateState::Failed(problem), &mut self.out);
    }
}

fn report(state: UpdateState, out: &mut Outputs) {
    out.report(Report::Update(state));
}
