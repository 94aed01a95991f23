//! What the board's one LED shows: its light, or for a while something that the board has to tell. Drives no LED and reads no clock.

use core::time::Duration;

use crate::colour::Pixel;

/// How long identifying takes.
const IDENTIFY: Duration = Duration::from_secs(5);
/// How long it is shown that everything was forgotten.
const ERASED: Duration = Duration::from_secs(2);
/// Half a blink.
const SLOW: Duration = Duration::from_millis(250);
const FAST: Duration = Duration::from_millis(100);

/// A quarter of all that the LED can give: it is looked at from near.
const WHITE: Pixel = Pixel::new(64, 64, 64);
const RED: Pixel = Pixel::new(64, 0, 0);

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// "It is me": blinks white for five seconds.
    Identify,
    /// The button is held, and everything will be forgotten: blinks red, quickly, until something else is told.
    EraseAhead,
    /// Everything was forgotten: red for two seconds.
    Erased,
}

/// The LED.
#[derive(Debug, Clone, Default)]
pub struct Indicator {
    light: Pixel,
    notice: Option<(Notice, Duration)>,
}

impl Indicator {
    /// What the light gives, to be shown whenever nothing is told.
    pub fn light(&mut self, pixel: Pixel) {
        self.light = pixel;
    }

    /// Tells something from now on.
    pub fn tell(&mut self, now: Duration, notice: Notice) {
        self.notice = Some((notice, now));
    }

    /// There is nothing to tell any more.
    pub fn be_quiet(&mut self) {
        self.notice = None;
    }

    /// What the LED shows at `now`, and when that changes by itself.
    pub fn shown(&mut self, now: Duration) -> (Pixel, Option<Duration>) {
        let Some((notice, since)) = self.notice else { return (self.light, None) };
        let passed = now.saturating_sub(since);
        let (colour, half, ends) = match notice {
            Notice::Identify => (WHITE, Some(SLOW), Some(IDENTIFY)),
            Notice::EraseAhead => (RED, Some(FAST), None),
            Notice::Erased => (RED, None, Some(ERASED)),
        };
        if ends.is_some_and(|ends| passed >= ends) {
            self.notice = None;
            return (self.light, None);
        }
        let Some(half) = half else { return (colour, ends.map(|ends| since + ends)) };
        let halves = u32::try_from(passed.as_millis() / half.as_millis()).unwrap_or(u32::MAX);
        let pixel = if halves % 2 == 0 { colour } else { Pixel::DARK };
        (pixel, Some(since + half.saturating_mul(halves.saturating_add(1))))
    }
}
