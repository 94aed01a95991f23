//! What a board's only LED shows: its light, or for a while a notice or the
//! state of pairing. Drives no LED and reads no clock.

use core::time::Duration;

use board::PairingDisplay;

use crate::color::Pixel;

/// How long [`Notice::Identify`] is shown.
const IDENTIFY: Duration = Duration::from_secs(5);
/// How long [`Notice::Erased`] is shown.
const ERASED: Duration = Duration::from_secs(2);
/// Half the period of a blink.
const SLOW: Duration = Duration::from_millis(250);
const FAST: Duration = Duration::from_millis(100);

/// Half the period of a blink while pairing is open.
const PAIRING: Duration = Duration::from_millis(500);

/// A quarter of the LED's full brightness, which is enough from close by.
const WHITE: Pixel = Pixel::new(64, 64, 64);
const RED: Pixel = Pixel::new(64, 0, 0);
const GREEN: Pixel = Pixel::new(0, 64, 0);
const BLUE: Pixel = Pixel::new(0, 0, 64);

/// A code starts with a long blue flash; each digit is that number of white
/// flashes, or a long one for 0. Flashes are counted and no color has to be
/// recognized, so that color-blind users can compare the code.
const BEGINS: Duration = Duration::from_millis(1_500);
const ZERO: Duration = Duration::from_millis(1_000);
const COUNTED: Duration = Duration::from_millis(200);
const BETWEEN_FLASHES: Duration = Duration::from_millis(250);
const BETWEEN_DIGITS: Duration = Duration::from_millis(1_200);
const BETWEEN_GROUPS: Duration = Duration::from_millis(2_000);

/// A notice to the user at the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Identifies the board: blinks white for five seconds.
    Identify,
    /// The button is held, and a factory reset will follow: blinks red quickly
    /// until the next notice.
    EraseWarning,
    /// The board was reset to factory settings: red for two seconds.
    Erased,
}

/// The state of pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingIndicator {
    /// Controllers may request a key: blinks blue.
    Open,
    /// A controller requests a key: flashes this code repeatedly.
    Code([u8; 6]),
    /// The code was confirmed: green.
    Confirmed,
}

impl PairingIndicator {
    /// What is shown for a state; `None` if pairing is closed.
    pub fn of(shown: PairingDisplay<'_>) -> Option<Self> {
        match shown {
            PairingDisplay::Nothing => None,
            PairingDisplay::Open => Some(Self::Open),
            PairingDisplay::Confirmed => Some(Self::Confirmed),
            PairingDisplay::Code(code) => {
                let mut digits = [0; 6];
                let shown = code
                    .bytes()
                    .filter(u8::is_ascii_digit)
                    .map(|digit| digit - b'0');
                digits
                    .iter_mut()
                    .zip(shown)
                    .for_each(|(digit, shown)| *digit = shown);
                Some(Self::Code(digits))
            }
        }
    }
}

/// The LED.
#[derive(Debug, Clone, Default)]
pub struct Indicator {
    light: Pixel,
    notice: Option<(Notice, Duration)>,
    pairing: Option<(PairingIndicator, Duration)>,
}

impl Indicator {
    /// Sets the light, which is shown when there is no notice.
    pub fn set_light(&mut self, pixel: Pixel) {
        self.light = pixel;
    }

    /// Shows a notice.
    pub fn notify(&mut self, now: Duration, notice: Notice) {
        self.notice = Some((notice, now));
    }

    /// Removes the notice.
    pub fn clear_notice(&mut self) {
        self.notice = None;
    }

    /// Shows a state of pairing; `None` ends that.
    pub fn set_pairing(&mut self, now: Duration, pairing: Option<PairingIndicator>) {
        self.pairing = pairing.map(|pairing| (pairing, now));
    }

    /// What the LED shows at `now`, and when that changes without an input.
    pub fn shown(&mut self, now: Duration) -> (Pixel, Option<Duration>) {
        // Nothing that a controller can set hides a code.
        let identifies = matches!(self.notice, None | Some((Notice::Identify, _)));
        if let Some((pairing, since)) = self.pairing.filter(|_| identifies) {
            return show_pairing(now, pairing, since);
        }
        let Some((notice, since)) = self.notice else {
            return (self.light, None);
        };
        let passed = now.saturating_sub(since);
        let (color, half, ends) = match notice {
            Notice::Identify => (WHITE, Some(SLOW), Some(IDENTIFY)),
            Notice::EraseWarning => (RED, Some(FAST), None),
            Notice::Erased => (RED, None, Some(ERASED)),
        };
        if ends.is_some_and(|ends| passed >= ends) {
            self.notice = None;
            return self.shown(now);
        }
        let Some(half) = half else {
            return (color, ends.map(|ends| since + ends));
        };
        blink(now, since, half, color)
    }
}

fn blink(
    now: Duration,
    since: Duration,
    half: Duration,
    color: Pixel,
) -> (Pixel, Option<Duration>) {
    let passed = now.saturating_sub(since);
    let halves = u32::try_from(passed.as_millis() / half.as_millis()).unwrap_or(u32::MAX);
    let pixel = if halves % 2 == 0 { color } else { Pixel::DARK };
    (
        pixel,
        Some(since + half.saturating_mul(halves.saturating_add(1))),
    )
}

fn show_pairing(
    now: Duration,
    pairing: PairingIndicator,
    since: Duration,
) -> (Pixel, Option<Duration>) {
    match pairing {
        PairingIndicator::Open => blink(now, since, PAIRING, BLUE),
        PairingIndicator::Confirmed => (GREEN, None),
        PairingIndicator::Code(digits) => {
            let whole: Duration = pattern(digits).map(|(_, lasts)| lasts).sum();
            let passed = now.saturating_sub(since);
            let rounds =
                u32::try_from(passed.as_millis() / whole.as_millis().max(1)).unwrap_or(u32::MAX);
            let mut ends = since + whole.saturating_mul(rounds);
            for (pixel, lasts) in pattern(digits) {
                ends += lasts;
                if ends > now {
                    return (pixel, Some(ends));
                }
            }
            (Pixel::DARK, Some(ends))
        }
    }
}

/// One repetition of a code: pixels and how long each is shown.
fn pattern(digits: [u8; 6]) -> impl Iterator<Item = (Pixel, Duration)> {
    let flashes = digits.into_iter().enumerate().flat_map(|(at, digit)| {
        let (number, lasts) = if digit == 0 {
            (1, ZERO)
        } else {
            (digit, COUNTED)
        };
        let pause = if at % 3 == 2 {
            BETWEEN_GROUPS
        } else {
            BETWEEN_DIGITS
        };
        (1..=number).flat_map(move |flash| {
            let dark = if flash == number {
                pause
            } else {
                BETWEEN_FLASHES
            };
            [(WHITE, lasts), (Pixel::DARK, dark)]
        })
    });
    [(BLUE, BEGINS), (Pixel::DARK, BETWEEN_DIGITS)]
        .into_iter()
        .chain(flashes)
}
