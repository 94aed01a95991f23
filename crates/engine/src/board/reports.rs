//! What a board does with its session's reports: what of them concerns other
//! boards, who is waiting for them, and which are logged.

use std::time::SystemTime;

use link::{
    input::Announced,
    output::{Output, Report},
    state::{LinkState, Now, Outcome},
};

use super::{Board, Effects};
use crate::{context::Context, live_ids::Owner};
use fleet::{BoardView, ChangeScope, LogEvent};

impl Board {
    /// How much of the board an output changes; `None` if nothing but its
    /// traffic.
    pub(super) fn scope_of(&self, now: Now, output: &Output) -> Option<ChangeScope> {
        match output {
            Output::Send(_) | Output::Decrypted(_) => None,
            // The same colors many times per second are no change.
            Output::Report(Report::Notification { method, params }) => self
                .state
                .new_preview(now.instant, method, params)
                .map(|_| ChangeScope::Components),
            Output::Report(Report::RoundTrip { .. }) => Some(ChangeScope::RoundTrip),
            Output::Report(
                Report::Changed { .. }
                | Report::Events { .. }
                | Report::Snapshot { .. }
                | Report::Log { .. }
                | Report::NoLog(_)
                | Report::Unreadable(_)
                | Report::Pending { .. }
                | Report::CommandDone { .. },
            ) => Some(ChangeScope::Components),
            _ => Some(ChangeScope::Board),
        }
    }

    pub(super) fn report(
        &mut self,
        now: Now,
        report: Report,
        effects: &mut Effects,
        ctx: &Context,
    ) -> Vec<(SystemTime, LogEvent)> {
        log_report(self.view(), &report);
        let stated = match &report {
            Report::Info(info) => Some((info.id.clone(), Some(info.epoch))),
            // A board that has proved that it has the key states its id and its
            // epoch next.
            Report::Locked(id) if !self.session.is_encrypted() => Some((id.clone(), None)),
            _ => None,
        };
        if let Some((id, epoch)) = stated {
            if let Owner::Another(owner) = ctx.live_ids.owner(self.view().key, &id, epoch) {
                // Nothing it states is believed.
                effects.taken = Some((id, owner));
                return Vec::new();
            }
            effects.identified = Some((id, self.view().id.clone()));
        }
        match &report {
            Report::Open if effects.taken.is_some() => return Vec::new(),
            Report::Verified => {
                let suspects = std::mem::take(&mut self.suspects);
                return suspects
                    .into_iter()
                    .flat_map(|address| self.state.claimed(now, address))
                    .collect();
            }
            Report::IdClaimed(address) => return self.state.claimed(now, address.clone()),
            Report::Link(link) => self.link_changed(link, effects),
            Report::CommandDone { id, outcome, .. } => {
                if let Some(reply) = self.replies.remove(id) {
                    self.outcomes.push((reply, outcome.clone()));
                }
            }
            _ => {}
        }
        self.state.apply(now, report)
    }

    fn link_changed(&mut self, link: &LinkState, effects: &mut Effects) {
        let was_up = self.view().link.is_up();
        if let LinkState::Unreachable { retry_at, .. } = link {
            effects.lost |= was_up;
            effects.failed |= retry_at.is_some();
        }
        if *link != LinkState::Connected {
            self.suspects.clear();
            return;
        }
        if self.view().inbound_from.is_none() {
            let address = &self.view().address;
            let here = |(_, announced): &(String, Announced)| announced.addresses.have(address);
            let good = self.in_use.clone().filter(here);
            self.last_good = good.or_else(|| self.last_good.take());
        }
        if let Some((_, socket)) = &self.socket {
            socket.settled();
        }
    }
}

/// Logs a report for `--log`, if it is rare enough.
fn log_report(board: &BoardView, report: &Report) {
    let name = format_args!(
        "{} ({})",
        board.name,
        board.id.as_deref().unwrap_or(&board.address)
    );
    match report {
        Report::Link(LinkState::Unreachable { problem, .. }) => {
            log::info!("{name}: unreachable: {problem}");
        }
        Report::Link(link) => log::info!("{name}: {link:?}"),
        Report::Info(info) => log::debug!(
            "{name}: is {:?} {}, epoch {}",
            info.board,
            info.version,
            info.epoch
        ),
        Report::Renamed(new) => log::info!("{name}: is now {new:?}"),
        Report::Locked(id) => log::debug!("{name}: is locked, with id {id}"),
        Report::IdClaimed(address) => {
            log::warn!("{name}: {address} claims the id of this board, which is connected");
        }
        Report::Resync(cause) => log::info!("{name}: resynchronizes: {cause:?}"),
        Report::CommandDone {
            method, outcome, ..
        } => match outcome {
            Outcome::Done { took, .. } => log::debug!("{name}: {method} done in {took:?}"),
            outcome => log::info!("{name}: {method}: {outcome:?}"),
        },
        Report::Update(update) => log::debug!("{name}: firmware: {update:?}"),
        Report::Unreadable(value) => log::warn!("{name}: sent an unreadable value: {value:?}"),
        Report::NoLog(error) => log::debug!("{name}: provides no log: {error:?}"),
        Report::RoundTrip { took, .. } => log::trace!("{name}: round trip {took:?}"),
        Report::Components(components) => log::debug!("{name}: {} components", components.len()),
        Report::Open
        | Report::Family(_)
        | Report::Notification { .. }
        | Report::Verified
        | Report::Snapshot { .. }
        | Report::Changed { .. }
        | Report::Events { .. }
        | Report::Log { .. }
        | Report::Pending { .. } => {}
    }
}
