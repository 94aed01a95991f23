//! What a session does with a firmware update: it ends with the link, but not
//! with the restart that it brings about.

use std::time::{Duration, Instant};

use protocol::{ComponentKey, Epoch, Kind, Object, RpcError, Snapshot, limits, method};
use serde_json::Value;

use super::{Output, Phase, Report, Session};
use crate::link::{
    requests::Purpose,
    update::{Image, Next, Transfer, UpdateProblem, UpdateState},
};
use sanitize::bounds;

/// How long an answer is awaited: a chip erases flash for a write, and reads
/// all of it back for a commit.
const ANSWER: Duration = Duration::from_secs(15);

/// How long a board may be away after it took an image: until it would have
/// gone back to the one before, and a minute more.
const BACK: Duration = limits::UPDATE_TRIAL.saturating_add(Duration::from_secs(60));

/// The update of a board by this program.
#[derive(Debug, Default)]
pub(super) enum Updating {
    /// None.
    #[default]
    No,
    /// The file of this order is being read.
    Reading(u64),
    /// The image is on its way.
    Sending(Box<Transfer>),
    /// The board took it, or may have, and starts anew.
    Restarting {
        /// Its run before.
        epoch: Option<Epoch>,
        since: Instant,
        before: Option<String>,
        /// What it is if the board never restarted.
        otherwise: UpdateProblem,
    },
}

impl Updating {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        match self {
            Self::No | Self::Reading(_) => None,
            Self::Sending(transfer) => Some(transfer.asked + ANSWER),
            Self::Restarting { since, .. } => Some(*since + BACK),
        }
    }
}

impl Session {
    /// The person wants an update; its image is being read. One that is under
    /// way goes on.
    pub(super) fn update_wanted(&mut self, order: u64, out: &mut Vec<Output>) {
        if matches!(self.updating, Updating::No) {
            self.updating = Updating::Reading(order);
            say(UpdateState::Reading, out);
        }
    }

    /// The image was read, or cannot be.
    pub(super) fn update_read(
        &mut self,
        now: Instant,
        order: u64,
        image: Result<Image, String>,
        before: Option<String>,
        out: &mut Vec<Output>,
    ) {
        // It may have been cancelled meanwhile.
        if !matches!(self.updating, Updating::Reading(current) if current == order) {
            return;
        }
        let image = match image {
            Ok(image) => image,
            Err(reason) => return self.update_failed(UpdateProblem::File(reason), out),
        };
        if !matches!(&self.phase, Phase::Live(live) if live.rereading.is_none()) {
            return self.update_failed(UpdateProblem::NotConnected, out);
        }
        let (transfer, next) = Transfer::begin(now, image, before);
        say(transfer.state(), out);
        self.updating = Updating::Sending(Box::new(transfer));
        self.update_goes_on(now, next, out);
    }

    pub(super) fn update_answered(
        &mut self,
        now: Instant,
        request: i64,
        outcome: Result<Value, RpcError>,
        out: &mut Vec<Output>,
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
        // Faces are woken once a per cent, not once a kilobyte.
        if state.percent() != before.percent() {
            say(state, out);
        }
        self.update_goes_on(now, next, out);
    }

    fn update_goes_on(&mut self, now: Instant, next: Next, out: &mut Vec<Output>) {
        match next {
            Next::Ask(method, params) => {
                let (request, text) = self.requests.ask(now, Purpose::Update, method, params);
                if let Updating::Sending(transfer) = &mut self.updating {
                    transfer.request = request;
                    transfer.asked = now;
                }
                out.push(Output::Send(text));
            }
            Next::Committed => self.update_restarts(now, out),
            Next::Failed(problem) => self.update_failed(problem, out),
        }
    }

    fn update_restarts(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Updating::Sending(transfer) = std::mem::take(&mut self.updating) {
            let (before, otherwise) = (transfer.before.clone(), transfer.lost());
            self.updating = Updating::Restarting {
                epoch: self.epoch,
                since: now,
                before,
                otherwise,
            };
            say(UpdateState::Restarting, out);
        }
    }

    /// The connection ended, or the board was reset under it.
    pub(super) fn update_lost(&mut self, out: &mut Vec<Output>) {
        let Updating::Sending(transfer) = &self.updating else {
            return;
        };
        if transfer.may_be_committed() {
            // The answer was lost, perhaps not the image: which of the two, the
            // board's next run tells.
            let asked = transfer.asked;
            self.update_restarts(asked, out);
        } else {
            let problem = transfer.lost();
            self.update_failed(problem, out);
        }
    }

    /// The board is read again: whether it runs the new image.
    pub(super) fn update_seen(&mut self, snapshot: &Snapshot, out: &mut Vec<Output>) {
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
            return self.update_failed(problem, out);
        }
        let before = before.clone();
        let firmware = snapshot.components.get(&ComponentKey::new(Kind::Update, 0));
        let text = |text: &str| bounds::text(text.to_owned());
        if let Some(error) = firmware.and_then(|firmware| firmware.last_error()) {
            let problem = UpdateProblem::CameBack(text(error));
            return self.update_failed(problem, out);
        }
        self.updating = Updating::No;
        let after = firmware
            .and_then(|firmware| firmware.installed_version())
            .map(text);
        say(UpdateState::Done { before, after }, out);
    }

    /// The person does not want it any more. What the board has taken it keeps.
    pub(super) fn update_cancelled(&mut self, now: Instant, out: &mut Vec<Output>) {
        match &self.updating {
            Updating::No | Updating::Restarting { .. } => {}
            // The board may restart with it at any moment, and says so itself.
            Updating::Sending(transfer) if transfer.may_be_committed() => {}
            Updating::Reading(_) => self.update_failed(UpdateProblem::Cancelled, out),
            Updating::Sending(_) => {
                self.abort(now, out);
                self.update_failed(UpdateProblem::Cancelled, out);
            }
        }
    }

    pub(super) fn update_tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self
            .updating
            .next_deadline()
            .is_none_or(|deadline| now < deadline)
        {
            return;
        }
        if matches!(self.updating, Updating::Restarting { .. }) {
            self.update_failed(UpdateProblem::NotBack, out);
        } else {
            self.abort(now, out);
            self.update_failed(UpdateProblem::NoAnswer, out);
        }
    }

    /// Tells the board not to wait for more; whether it hears that changes
    /// nothing here.
    fn abort(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Updating::Sending(transfer) = &self.updating {
            self.requests.give_up(transfer.request);
        }
        let (_, text) = self
            .requests
            .ask(now, Purpose::Update, method::OTA_ABORT, Object::new());
        out.push(Output::Send(text));
    }

    fn update_failed(&mut self, problem: UpdateProblem, out: &mut Vec<Output>) {
        self.updating = Updating::No;
        say(UpdateState::Failed(problem), out);
    }
}

fn say(state: UpdateState, out: &mut Vec<Output>) {
    out.push(Output::Report(Report::Update(state)));
}
