//! Follows a board's log over reconnects: a board that is asked again sends
//! again what it kept, and no line is told twice.

use std::time::Instant;

use protocol::{Epoch, LogFilter, NotifyLog, method};

use super::{Output, Phase, Report, Session};
use crate::link::{requests::Purpose, state::Now};
use sanitize::bounds;

/// The log as far as it is followed.
#[derive(Debug)]
pub(super) struct Following {
    wanted: LogFilter,
    /// Up to where it was told.
    told: Option<Told>,
    /// Lines of the moment that was told last which the board is going to send
    /// again.
    again: usize,
    /// The board was asked again, and what it sends may be what it sent before.
    repeats: bool,
}

/// A moment of a board's run, and how many of its lines were told.
#[derive(Debug)]
struct Told {
    epoch: Epoch,
    /// In milliseconds since boot, whatever the board's counter can hold.
    stamp: u64,
    lines: usize,
}

impl Default for Following {
    fn default() -> Self {
        Self {
            wanted: LogFilter::Off,
            told: None,
            again: 0,
            repeats: false,
        }
    }
}

impl Following {
    /// Whether a line is news; if so, it is told now.
    fn is_new(&mut self, epoch: Epoch, stamp: u64) -> bool {
        match &mut self.told {
            Some(told) if self.repeats && told.epoch == epoch && stamp < told.stamp => {
                return false;
            }
            Some(told) if told.epoch == epoch && stamp == told.stamp => {
                if self.again > 0 {
                    self.again -= 1;
                    return false;
                }
                told.lines += 1;
            }
            told => {
                *told = Some(Told {
                    epoch,
                    stamp,
                    lines: 1,
                });
            }
        }
        (self.again, self.repeats) = (0, false);
        true
    }
}

impl Session {
    /// The person wants these lines from now on, on this connection and on
    /// those to come.
    pub(super) fn follow_log(&mut self, now: Instant, wanted: LogFilter, out: &mut Vec<Output>) {
        self.log.wanted = wanted;
        if matches!(self.phase, Phase::Live(_)) {
            self.ask_for_log(now, out);
        }
    }

    /// Asks for the log where it is wanted on a connection that is new.
    pub(super) fn resume_log(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.log.wanted != LogFilter::Off {
            self.ask_for_log(now, out);
        }
    }

    fn ask_for_log(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.log.again = self.log.told.as_ref().map_or(0, |told| told.lines);
        self.log.repeats = true;
        let level = self.log.wanted.to_string();
        let params = [("level".to_owned(), level.into())].into_iter().collect();
        let (_, request) = self
            .requests
            .ask(now, Purpose::Log, method::LOG_SUBSCRIBE, params);
        out.push(Output::Send(request));
    }

    pub(super) fn logged(&mut self, now: Now, log: NotifyLog, out: &mut Vec<Output>) {
        if self.log.wanted == LogFilter::Off {
            return;
        }
        let mut lines = Vec::new();
        for line in log.lines {
            let stamp = self.clock.kept(now.instant, line.uptime_ms);
            if self.log.is_new(log.epoch, stamp) {
                let (at, _) = self.stamped(now, stamp);
                lines.push((at, line.level, bounds::text(line.message)));
            }
        }
        if log.lost > 0 || !lines.is_empty() {
            out.push(Output::Report(Report::Log {
                lost: log.lost,
                lines,
            }));
        }
    }
}
