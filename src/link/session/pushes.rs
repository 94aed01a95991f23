//! What a subscribed session does with what the board says unasked, and with a
//! whole state that it asked for.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use protocol::{
    ComponentKey, Event, NotifyEvent, NotifyStatus, Object, Snapshot, State,
    limits::CONNECT_TIMEOUT, method,
};

use super::{Output, Phase, Report, Session};
use crate::link::{
    reading::Reading,
    requests::Purpose,
    state::{Now, Origin, ResyncCause},
    sync::Verdict,
};
use net::backoff::AFTER_REBOOT;
use sanitize::bounds;

impl Session {
    pub(super) fn status(&mut self, now: Now, status: NotifyStatus, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if live.rereading.is_some() {
            return;
        }
        match live.sync.pushed(&status) {
            Verdict::Next => self.changed(now, status, out),
            Verdict::AfterGap { ask } => {
                self.changed(now, status, out);
                if ask {
                    self.resync(now.instant, out);
                }
            }
            Verdict::Old => {}
            Verdict::NewEpoch => self.reread(now.instant, out),
        }
    }

    fn changed(&mut self, now: Now, status: NotifyStatus, out: &mut Vec<Output>) {
        let origin = Origin::of(status.source.as_ref(), self.client);
        let stamp = self.clock.fresh(now.instant, status.uptime_ms);
        let (at, late) = self.stamped(now, stamp);
        let components = small(status.components);
        out.push(Output::Report(Report::Changed {
            components,
            origin,
            at,
            late,
        }));
        self.progress(now.instant, out);
    }

    pub(super) fn event(&mut self, now: Now, event: NotifyEvent, out: &mut Vec<Output>) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if event
            .events
            .iter()
            .any(|event| event.component.to_string() == "sys:0" && event.event == "rebooting")
        {
            live.restarts_until = Some(now.instant + AFTER_REBOOT);
        }
        let origin = Origin::of(event.source.as_ref(), self.client);
        let stamp = self.clock.fresh(now.instant, event.uptime_ms);
        let (at, late) = self.stamped(now, stamp);
        let events = event.events.into_iter().map(|event| Event {
            event: bounds::text(event.event),
            ..event
        });
        out.push(Output::Report(Report::Events {
            events: events.collect(),
            origin,
            at,
            late,
        }));
    }

    /// When the board did it, in this computer's time, and how long ago.
    pub(super) fn stamped(&self, now: Now, stamp_ms: u64) -> (SystemTime, Option<Duration>) {
        let late = self.clock.lateness(now.instant, stamp_ms);
        (
            late.and_then(|late| now.wall.checked_sub(late))
                .unwrap_or(now.wall),
            late,
        )
    }

    pub(super) fn believe(&mut self, now: Now, snapshot: Snapshot, out: &mut Vec<Output>) {
        let stamp = self.clock.fresh(now.instant, snapshot.uptime_ms);
        let (at, _) = self.stamped(now, stamp);
        let client = snapshot.client.or(self.client);
        out.push(Output::Report(Report::Snapshot {
            client,
            components: small(snapshot.components),
            at,
        }));
        self.progress(now.instant, out);
    }

    /// Confirms what has become visible.
    fn progress(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let Phase::Live(live) = &self.phase {
            self.lanes
                .seen(now, live.sync.seen(), &mut self.requests, out);
        }
    }

    pub(super) fn resync(&mut self, now: Instant, out: &mut Vec<Output>) {
        out.push(Output::Report(Report::Resync(ResyncCause::Gap)));
        let (_, status) = self.requests.ask(
            now,
            Purpose::Status,
            method::DEVICE_GET_STATUS,
            Object::new(),
        );
        out.push(Output::Send(status));
    }

    pub(super) fn reread(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.requests.clear();
        self.lanes.lose_all(out);
        self.update_lost(out);
        self.clock.forget();
        out.push(Output::Report(Report::Resync(ResyncCause::NewEpoch)));
        let reading = Reading::start(now, CONNECT_TIMEOUT, &mut self.requests, out);
        if let Phase::Live(live) = &mut self.phase {
            live.rereading = Some(Box::new(reading));
        }
    }
}

fn small(mut components: BTreeMap<ComponentKey, State>) -> BTreeMap<ComponentKey, State> {
    components.retain(|_, state| bounds::fits(state));
    while components.len() > bounds::COMPONENTS {
        components.pop_last();
    }
    components
}
