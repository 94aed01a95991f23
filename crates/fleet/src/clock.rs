//! The clock of everything that is kept over time: values, events, ages. It is
//! steady: it starts at the system time and advances evenly, whatever the
//! system clock is set to later. Displayed times are converted back, so that
//! each event is shown with the system time at that moment.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use link::state::Now;
use web_time::{Instant, SystemTime};

use super::history::{seconds, time};

/// A smaller difference from the expected system time is a delayed reading.
const TOLERANCE: f64 = 0.05;

/// A larger difference means that the system clock was set; a smaller one is a
/// correction, which leaves no gap.
const JUMP: f64 = 1.0;

/// How many corrections are remembered: ten days with one per hour.
const PIECES: usize = 256;

/// From when on the system time was how far ahead of the steady time.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: f64,
    ahead: f64,
    /// By how much the clock was set at its beginning.
    jump: Option<f64>,
}

/// The system clock was set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jump {
    /// When, in steady seconds since 1970.
    pub at: f64,
    /// By how many seconds: below 0 it was set back.
    pub by: f64,
}

/// Converts the steady time of one run to system time. Reads no clock itself.
#[derive(Debug, Clone)]
pub struct Timeline {
    began: SystemTime,
    pieces: VecDeque<Piece>,
}

impl Timeline {
    /// A steady time that starts at this system time.
    pub fn new(system: SystemTime) -> Self {
        let first = Piece {
            from: f64::NEG_INFINITY,
            ahead: 0.0,
            jump: None,
        };
        Self {
            began: system,
            pieces: [first].into(),
        }
    }

    /// The steady time this long after the start, at the system time `system`.
    pub fn observe(&mut self, elapsed: Duration, system: SystemTime) -> SystemTime {
        let steady = self.began.checked_add(elapsed).unwrap_or(self.began);
        let ahead = seconds(system) - seconds(steady);
        let last = self.pieces.back().map_or(0.0, |piece| piece.ahead);
        let by = ahead - last;
        if by.abs() > TOLERANCE {
            if self.pieces.len() == PIECES {
                self.pieces.pop_front();
            }
            let jump = (by.abs() > JUMP).then_some(by);
            self.pieces.push_back(Piece {
                from: seconds(steady),
                ahead,
                jump,
            });
        }
        steady
    }

    /// The system time at a steady time. Times before the run are those of the
    /// first system clock.
    pub fn shown(&self, steady: SystemTime) -> SystemTime {
        let ahead = self.ahead(seconds(steady));
        let by = Duration::try_from_secs_f64(ahead.abs()).unwrap_or_default();
        let shown = if ahead < 0.0 {
            steady.checked_sub(by)
        } else {
            steady.checked_add(by)
        };
        shown.unwrap_or(steady)
    }

    /// The same in seconds since 1970.
    pub fn shown_seconds(&self, steady: f64) -> f64 {
        steady + self.ahead(steady)
    }

    /// How far the system time was ahead at a steady time, in seconds.
    fn ahead(&self, steady: f64) -> f64 {
        let piece = self
            .pieces
            .iter()
            .rev()
            .find(|piece| piece.from <= steady)
            .or(self.pieces.front());
        piece.map_or(0.0, |piece| piece.ahead)
    }

    /// The periods between two steady times, in seconds since 1970, in which
    /// the system clock advanced evenly: from, to, and how far it was ahead.
    pub fn stretches(&self, from: f64, to: f64) -> Vec<(f64, f64, f64)> {
        let ends = self
            .pieces
            .iter()
            .skip(1)
            .map(|piece| piece.from)
            .chain([f64::INFINITY]);
        let begins = [f64::NEG_INFINITY]
            .into_iter()
            .chain(self.pieces.iter().skip(1).map(|piece| piece.from));
        let stretches = begins.zip(ends).zip(&self.pieces);
        let within =
            stretches.map(|((begin, end), piece)| (begin.max(from), end.min(to), piece.ahead));
        within
            .filter(|(begin, end, _)| begin < end || from == to)
            .collect()
    }

    /// When the system clock was set, oldest first.
    pub fn jumps(&self) -> impl DoubleEndedIterator<Item = Jump> + '_ {
        self.pieces.iter().filter_map(|piece| {
            Some(Jump {
                at: piece.from,
                by: piece.jump?,
            })
        })
    }
}

/// The clocks of this computer.
#[derive(Debug)]
pub struct Clock(Mutex<Running>);

#[derive(Debug)]
struct Running {
    began: Elapsed,
    timeline: Timeline,
    /// How far the system clock that it follows is ahead of this computer's,
    /// in seconds.
    ahead: f64,
}

impl Default for Clock {
    fn default() -> Self {
        Self::start()
    }
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self(Mutex::new(Running {
            began: Elapsed::now(),
            timeline: Timeline::new(SystemTime::now()),
            ahead: 0.0,
        }))
    }

    /// From now on it is the clock of another computer, which reads this steady
    /// time and this system time at the moment.
    pub fn follow(&self, steady: SystemTime, system: SystemTime) {
        let ahead = seconds(system) - seconds(SystemTime::now());
        let mut timeline = Timeline::new(steady);
        timeline.observe(Duration::ZERO, system);
        *self.lock() = Running {
            began: Elapsed::now(),
            timeline,
            ahead,
        };
    }

    /// The time, on the steady scale.
    pub fn read(&self) -> Now {
        Now {
            instant: Instant::now(),
            wall: self.now(),
        }
    }

    /// The steady time now.
    pub fn now(&self) -> SystemTime {
        let mut running = self.lock();
        let (elapsed, own) = (running.began.elapsed(), SystemTime::now());
        // Without the rounding of a conversion where it is this computer's.
        let system = match running.ahead {
            0.0 => own,
            ahead => time(seconds(own) + ahead).unwrap_or(own),
        };
        running.timeline.observe(elapsed, system)
    }

    /// The system time at a steady time.
    pub fn shown(&self, steady: SystemTime) -> SystemTime {
        self.lock().timeline.shown(steady)
    }

    /// The conversion to system time, as far as it is known now.
    pub fn timeline(&self) -> Timeline {
        self.lock().timeline.clone()
    }

    /// When the system clock was last set.
    pub fn last_jump(&self) -> Option<Jump> {
        self.lock().timeline.jumps().next_back()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // A panic leaves no piece half added.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that cannot be set, and that advances while the computer sleeps, if
/// the system has one.
#[derive(Debug, Clone, Copy)]
struct Elapsed {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    boot: Duration,
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    instant: Instant,
}

impl Elapsed {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn now() -> Self {
        // Instant stops while the computer sleeps (clock_gettime(2),
        // CLOCK_MONOTONIC); a sleep would look as if the clock had been set.
        let boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Self {
            boot: Duration::try_from(boot).unwrap_or_default(),
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn elapsed(self) -> Duration {
        Self::now().boot.saturating_sub(self.boot)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn now() -> Self {
        Self {
            instant: Instant::now(),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn elapsed(self) -> Duration {
        self.instant.elapsed()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        time(seconds).unwrap()
    }

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_steady_time() {
        let mut line = Timeline::new(at(100_000.0));
        assert_eq!(line.observe(after(60), at(100_060.0)), at(100_060.0));
        assert_eq!(line.observe(after(61), at(92_861.0)), at(100_061.0));
        assert_eq!(line.observe(after(120), at(92_920.0)), at(100_120.0));
        assert_eq!(
            line.jumps().collect::<Vec<_>>(),
            [Jump {
                at: 100_061.0,
                by: -7_200.0
            }]
        );
        assert_eq!(
            line.shown(at(100_060.0)),
            at(100_060.0),
            "the system time at that moment"
        );
        assert_eq!(line.shown(at(100_120.0)), at(92_920.0));
    }

    #[test]
    fn a_clock_that_is_set_forward_makes_nothing_older() {
        let mut line = Timeline::new(at(0.0));
        let before = line.observe(after(10), at(10.0));
        let now = line.observe(after(190), at(7_390.0));
        assert_eq!(now.duration_since(before).unwrap(), after(180));
        assert_eq!(line.shown(now), at(7_390.0));
    }

    #[test]
    fn a_small_correction_is_followed_without_a_jump() {
        let mut line = Timeline::new(at(0.0));
        line.observe(after(10), at(10.4));
        line.observe(after(20), at(20.4));
        assert_eq!(line.jumps().count(), 0);
        assert_eq!(line.shown(at(15.0)), at(15.4));
        assert_eq!(
            line.stretches(5.0, 15.0),
            [(5.0, 10.0, 0.0), (10.0, 15.0, 10.4 - 10.0)]
        );
    }

    #[test]
    fn a_clock_that_is_set_all_the_time_costs_bounded_memory() {
        let mut line = Timeline::new(at(0.0));
        for second in 0..10_000 {
            line.observe(after(second), at(if second % 2 == 0 { 1e6 } else { 2e6 }));
        }
        assert!(line.pieces.len() <= PIECES);
        assert_eq!(
            line.stretches(0.0, 20_000.0)
                .first()
                .map(|(from, ..)| *from),
            Some(0.0),
            "no period is missing"
        );
    }
}
