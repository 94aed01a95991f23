//! Follows a board's log across reconnects: a board that is subscribed to again
//! sends again the lines that it kept, and no line is reported twice.

use protocol::{Epoch, LogFilter, NotifyLog, method};
use sanitize::bounds;
use web_time::Instant;

use super::{Phase, Session};
use crate::{output::Report, requests::Purpose, state::Now};

/// The log as far as it is followed.
#[derive(Debug)]
pub(super) struct Following {
    wanted: LogFilter,
    reported: Option<Reported>,
    /// Lines with the timestamp of the last reported one that the board is
    /// going to repeat.
    repeated: usize,
    /// The log was subscribed to again: the board may repeat lines.
    repeating: bool,
}

/// Up to where a board's log was reported.
#[derive(Debug)]
struct Reported {
    epoch: Epoch,
    /// The last timestamp, in milliseconds since boot, laps of the board's
    /// counter included.
    stamp: u64,
    /// How many lines had this timestamp.
    lines: usize,
}

impl Default for Following {
    fn default() -> Self {
        Self {
            wanted: LogFilter::Off,
            reported: None,
            repeated: 0,
            repeating: false,
        }
    }
}

impl Following {
    /// Whether a line is new; then it counts as reported.
    fn is_new(&mut self, epoch: Epoch, stamp: u64) -> bool {
        match &mut self.reported {
            Some(reported)
                if self.repeating && reported.epoch == epoch && stamp < reported.stamp =>
            {
                return false;
            }
            Some(reported) if reported.epoch == epoch && stamp == reported.stamp => {
                if self.repeated > 0 {
                    self.repeated -= 1;
                    return false;
                }
                reported.lines += 1;
            }
            reported => {
                *reported = Some(Reported {
                    epoch,
                    stamp,
                    lines: 1,
                });
            }
        }
        (self.repeated, self.repeating) = (0, false);
        true
    }
}

impl Session {
    /// These lines are wanted from now on, on this connection and later ones.
    pub(super) fn follow_log(&mut self, now: Instant, wanted: LogFilter) {
        self.log.wanted = wanted;
        if matches!(self.phase, Phase::Live(_)) {
            self.subscribe_log(now);
        }
    }

    /// Subscribes to the log on a new connection, if it is wanted.
    pub(super) fn resume_log(&mut self, now: Instant) {
        if self.log.wanted != LogFilter::Off {
            self.subscribe_log(now);
        }
    }

    fn subscribe_log(&mut self, now: Instant) {
        self.log.repeated = self
            .log
            .reported
            .as_ref()
            .map_or(0, |reported| reported.lines);
        self.log.repeating = true;
        let level = self.log.wanted.to_string();
        let params = [("level".to_owned(), level.into())].into_iter().collect();
        if let Some(connection) = self.phase.connection_mut() {
            let subscribe = method::LOG_SUBSCRIBE;
            connection.request(now, Purpose::Log, subscribe, params, &mut self.out);
        }
    }

    pub(super) fn logged(&mut self, now: Now, log: NotifyLog) {
        if self.log.wanted == LogFilter::Off {
            return;
        }
        let mut lines = Vec::new();
        for line in log.lines {
            let stamp = self.clock.kept(now.instant, line.uptime_ms);
            if self.log.is_new(log.epoch, stamp) {
                let (at, _) = self.local_time(now, stamp);
                lines.push((at, line.level, bounds::text(line.message)));
            }
        }
        if log.lost > 0 || !lines.is_empty() {
            self.out.report(Report::Log {
                lost: log.lost,
                lines,
            });
        }
    }
}
