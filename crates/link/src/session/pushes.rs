//! What a subscribed session does with the board's notifications, and with
//! whole states.

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    ComponentKey, Event, NotifyEvent, NotifyStatus, Object, Snapshot, State,
    limits::CONNECT_TIMEOUT, method,
};
use sanitize::bounds;
use serde_json::Value;
use web_time::{Instant, SystemTime};

use super::{Phase, Session};
use crate::{
    output::Report,
    reading::Reading,
    requests::Purpose,
    state::{Now, Origin, ResyncCause},
    sync::Verdict,
};

/// A board that announced its restart has this long to come back.
pub(super) const REBOOT: Duration = Duration::from_secs(5);

impl Session {
    pub(super) fn status(&mut self, now: Now, status: NotifyStatus) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if live.rereading.is_some() {
            return;
        }
        match live.sync.pushed(&status) {
            Verdict::Next => self.changed(now, status),
            Verdict::AfterGap { resync } => {
                self.changed(now, status);
                if resync {
                    self.resync(now.instant);
                }
            }
            Verdict::Old => {}
            Verdict::NewEpoch => self.reread(now.instant),
        }
    }

    fn changed(&mut self, now: Now, status: NotifyStatus) {
        let origin = Origin::of(status.source.as_ref(), self.client());
        let stamp = self.clock.fresh(now.instant, status.uptime_ms);
        let (at, delay) = self.local_time(now, stamp);
        self.out.report(Report::Changed {
            components: bounded(status.components),
            origin,
            at,
            delay,
        });
        self.confirm_commands(now.instant);
    }

    pub(super) fn event(&mut self, now: Now, event: NotifyEvent) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        let system = |event: &&Event| event.component.to_string() == "sys:0";
        for event in event.events.iter().filter(system) {
            match event.event.as_str() {
                "rebooting" => live.restarts_until = Some(now.instant + REBOOT),
                // A name is part of the device information, which is not read
                // again.
                "renamed" => {
                    if let Some(name) = event.extra.get("name").and_then(Value::as_str) {
                        self.out.report(Report::Renamed(bounds::name(name)));
                    }
                }
                _ => {}
            }
        }
        let origin = Origin::of(event.source.as_ref(), self.client());
        let stamp = self.clock.fresh(now.instant, event.uptime_ms);
        let (at, delay) = self.local_time(now, stamp);
        let events = event.events.into_iter().map(|event| Event {
            event: bounds::text(event.event),
            ..event
        });
        self.out.report(Report::Events {
            events: events.collect(),
            origin,
            at,
            delay,
        });
    }

    /// The number that the board gave to this program.
    fn client(&self) -> Option<u32> {
        match &self.phase {
            Phase::Live(live) => live.client,
            _ => None,
        }
    }

    /// A timestamp of the board in this computer's time, and how long ago that
    /// was.
    pub(super) fn local_time(&self, now: Now, stamp_ms: u64) -> (SystemTime, Option<Duration>) {
        let delay = self.clock.age(now.instant, stamp_ms);
        let at = delay.and_then(|delay| now.wall.checked_sub(delay));
        (at.unwrap_or(now.wall), delay)
    }

    /// The state of every component has arrived.
    pub(super) fn snapshot(&mut self, now: Now, snapshot: Snapshot) {
        let stamp = self.clock.fresh(now.instant, snapshot.uptime_ms);
        let (at, _) = self.local_time(now, stamp);
        self.out.report(Report::Snapshot {
            client: snapshot.client.or(self.client()),
            components: bounded(snapshot.components),
            at,
        });
        self.confirm_commands(now.instant);
    }

    /// Confirms commands whose effects are now visible.
    fn confirm_commands(&mut self, now: Instant) {
        if let Phase::Live(live) = &mut self.phase {
            let live = &mut **live;
            let seen = live.sync.seen();
            live.commands
                .seen(now, seen, &mut live.connection, &mut self.out);
        }
    }

    /// Requests the whole state, because a push was missed.
    pub(super) fn resync(&mut self, now: Instant) {
        self.out.report(Report::Resync(ResyncCause::Gap));
        if let Some(connection) = self.phase.connection_mut() {
            let status = method::DEVICE_GET_STATUS;
            connection.request(now, Purpose::Status, status, Object::new(), &mut self.out);
        }
    }

    /// Reads the board once more, because it was reset, or, if it is of another
    /// family, has other components.
    pub(super) fn reread(&mut self, now: Instant) {
        // A dialect has no epochs: it uses one to have the board read again.
        if self.is_translated() {
            self.out
                .report(Report::Resync(ResyncCause::OtherComponents));
        } else {
            if let Phase::Live(live) = &mut self.phase {
                live.connection.forget_requests();
                live.commands.lose_all(&mut self.out);
            }
            self.connection_lost();
            self.clock.forget();
            self.out.report(Report::Resync(ResyncCause::NewEpoch));
        }
        if let Phase::Live(live) = &mut self.phase {
            let reading = Reading::start(now, CONNECT_TIMEOUT, &mut live.connection, &mut self.out);
            live.rereading = Some(Box::new(reading));
        }
    }
}

/// The states that are small enough to be kept, and not too many.
fn bounded(mut components: BTreeMap<ComponentKey, State>) -> BTreeMap<ComponentKey, State> {
    components.retain(|_, state| bounds::fits(state));
    while components.len() > bounds::COMPONENTS {
        components.pop_last();
    }
    components
}
