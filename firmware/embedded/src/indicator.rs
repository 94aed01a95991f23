//! What the board's one LED shows: its light, or for a while something that the
//! board has to tell. Drives no LED and reads no clock.

use core::time::Duration;

use board::PairingDisplay;

use crate::colour::Pixel;

/// How long identifying takes.
const IDENTIFY: Duration = Duration::from_secs(5);
/// How long it is shown that everything was forgotten.
const ERASED: Duration = Duration::from_secs(2);
/// Half a blink.
const SLOW: Duration = Duration::from_millis(250);
const FAST: Duration = Duration::from_millis(100);

/// Half a blink while pairing is open.
const PAIRING: Duration = Duration::from_millis(500);

/// A quarter of all that the LED can give: it is looked at from near.
const WHITE: Pixel = Pixel::new(64, 64, 64);
const RED: Pixel = Pixel::new(64, 0, 0);
const GREEN: Pixel = Pixel::new(0, 64, 0);
const BLUE: Pixel = Pixel::new(0, 0, 64);

/// A code begins with a long blue flash; each digit is as many white flashes,
/// or a long one for 0. All is counted and nothing told by color alone, so that
/// everyone can compare it.
const BEGINS: Duration = Duration::from_millis(1_500);
const ZERO: Duration = Duration::from_millis(1_000);
const COUNTED: Duration = Duration::from_millis(200);
const BETWEEN_FLASHES: Duration = Duration::from_millis(250);
const BETWEEN_DIGITS: Duration = Duration::from_millis(1_200);
const BETWEEN_GROUPS: Duration = Duration::from_millis(2_000);

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// "It is me": blinks white for five seconds.
    Identify,
    /// The button is held, and everything will be forgotten: blinks red,
    /// quickly, until something else is told.
    EraseWarning,
    /// Everything was forgotten: red for two seconds.
    Erased,
}

/// How pairing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairing {
    /// Controllers may ask: blinks blue.
    Open,
    /// One asks: flashes this code, over and over.
    Code([u8; 6]),
    /// The code was confirmed: green.
    Confirmed,
}

impl Pairing {
    /// What is to be shown; `None` where pairing is closed.
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
    pairing: Option<(Pairing, Duration)>,
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

    /// Shows how pairing goes from now on.
    pub fn pairing(&mut self, now: Duration, pairing: Option<Pairing>) {
        self.pairing = pairing.map(|pairing| (pairing, now));
    }

    /// What the LED shows at `now`, and when that changes on its own.
    pub fn shown(&mut self, now: Duration) -> (Pixel, Option<Duration>) {
        // What a controller asks for, or sets, does not hide a code.
        let identifies = matches!(self.notice, None | Some((Notice::Identify, _)));
        if let Some((pairing, since)) = self.pairing.filter(|_| identifies) {
            return shown_of_pairing(now, pairing, since);
        }
        let Some((notice, since)) = self.notice else {
            return (self.light, None);
        };
        let passed = now.saturating_sub(since);
        let (colour, half, ends) = match notice {
            Notice::Identify => (WHITE, Some(SLOW), Some(IDENTIFY)),
            Notice::EraseWarning => (RED, Some(FAST), None),
            Notice::Erased => (RED, None, Some(ERASED)),
        };
        if ends.is_some_and(|ends| passed >= ends) {
            self.notice = None;
            return self.shown(now);
        }
        let Some(half) = half else {
            return (colour, ends.map(|ends| since + ends));
        };
        blinks(now, since, half, colour)
    }
}

fn blinks(
    now: Duration,
    since: Duration,
    half: Duration,
    colour: Pixel,
) -> (Pixel, Option<Duration>) {
    let passed = now.saturating_sub(since);
    let halves = u32::try_from(passed.as_millis() / half.as_millis()).unwrap_or(u32::MAX);
    let pixel = if halves % 2 == 0 { colour } else { Pixel::DARK };
    (
        pixel,
        Some(since + half.saturating_mul(halves.saturating_add(1))),
    )
}

fn shown_of_pairing(now: Duration, pairing: Pairing, since: Duration) -> (Pixel, Option<Duration>) {
    match pairing {
        Pairing::Open => blinks(now, since, PAIRING, BLUE),
        Pairing::Confirmed => (GREEN, None),
        Pairing::Code(digits) => {
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

/// A code once, as what is shown for how long.
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
