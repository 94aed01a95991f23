//! A simulated cover: a motor that takes seconds from closed to open.

use std::time::Duration;

use board::Movement;
use protocol::State;

/// How long the whole way takes.
const TRAVEL: Duration = Duration::from_secs(10);

/// A cover with its motor, closed by default.
#[derive(Debug, Clone, Default)]
pub struct Motor {
    /// 0 is closed, 100 open.
    position: f64,
    /// Where it stops; `None` while it stands still.
    target: Option<f64>,
    /// The time of `position`.
    at: Duration,
}

impl Motor {
    /// Stands still at this position, 0 (closed) to 100 (open).
    #[must_use]
    pub fn new(position: f64) -> Self {
        Self {
            position,
            target: None,
            at: Duration::ZERO,
        }
    }

    /// Starts or stops it.
    pub fn told(&mut self, now: Duration, movement: Movement) {
        self.advance(now);
        self.target = match movement {
            Movement::Open => Some(100.0),
            Movement::Close => Some(0.0),
            Movement::To(position) => Some(f64::from(position.min(100))),
            Movement::Stop => None,
        };
        // It may be there already.
        self.advance(now);
    }

    /// What it is doing.
    pub fn state(&mut self, now: Duration) -> State {
        self.advance(now);
        let word = match self.target {
            Some(target) if target > self.position => "opening",
            Some(_) => "closing",
            None if self.position > 0.0 => "open",
            None => "closed",
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100 %"
        )]
        let position = self.position.round() as u8;
        State::new().with("state", word).with("position", position)
    }

    fn advance(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at);
        self.at = now;
        let Some(target) = self.target else { return };
        let way = 100.0 * passed.as_secs_f64() / TRAVEL.as_secs_f64();
        let left = target - self.position;
        if left.abs() <= way {
            self.position = target;
            self.target = None;
        } else {
            self.position += way * left.signum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(motor: &mut Motor, seconds: f64) -> (String, u8) {
        let state = motor.state(Duration::from_secs_f64(seconds));
        let word = state.movement().unwrap_or_default().to_owned();
        (word, state.position().unwrap_or(u8::MAX))
    }

    #[test]
    fn it_takes_its_time_and_stops_where_it_was_told() {
        let mut motor = Motor::new(100.0);
        assert_eq!(seen(&mut motor, 5.0), ("open".to_owned(), 100));
        motor.told(Duration::from_secs(10), Movement::To(40));
        assert_eq!(seen(&mut motor, 10.0), ("closing".to_owned(), 100));
        assert_eq!(seen(&mut motor, 13.0), ("closing".to_owned(), 70));
        assert_eq!(seen(&mut motor, 16.5), ("open".to_owned(), 40));
        motor.told(Duration::from_secs(20), Movement::Open);
        motor.told(Duration::from_secs(22), Movement::Stop);
        assert_eq!(seen(&mut motor, 30.0), ("open".to_owned(), 60));
        motor.told(Duration::from_secs(30), Movement::Close);
        assert_eq!(seen(&mut motor, 40.0), ("closed".to_owned(), 0));
        motor.told(Duration::from_secs(41), Movement::Close);
        assert_eq!(seen(&mut motor, 41.0), ("closed".to_owned(), 0));
    }
}
