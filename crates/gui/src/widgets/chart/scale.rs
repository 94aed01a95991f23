//! Ranges of an axis, and its ticks at round values.

/// A range of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Span {
    pub(crate) fn length(self) -> f64 {
        self.high - self.low
    }

    /// The range of all these values; `None` without a finite one.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold(None, |span, value| {
                let Self { low, high } = span.unwrap_or(Self {
                    low: value,
                    high: value,
                });
                Some(Self {
                    low: low.min(value),
                    high: high.max(value),
                })
            })
    }

    /// At least this long, around the same middle.
    pub(crate) fn at_least(self, length: f64) -> Self {
        let more = (length - self.length()).max(0.0) / 2.0;
        Self {
            low: self.low - more,
            high: self.high + more,
        }
    }

    /// With a margin on both sides; a single value gets a range around it.
    pub(crate) fn padded(self, share: f64) -> Self {
        let margin = if self.length() > 0.0 {
            self.length() * share
        } else if self.low == 0.0 {
            1.0
        } else {
            self.low.abs() * 0.1
        };
        Self {
            low: self.low - margin,
            high: self.high + margin,
        }
    }
}

/// A labeled line of the grid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) words: String,
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, at most `most`.
pub(crate) fn round_ticks(span: Span, most: f32) -> Vec<Tick> {
    let rough = span.length() / f64::from(most.max(1.0));
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let mut number = (span.low / step).ceil();
    let mut ticks = Vec::new();
    while number * step <= span.high && ticks.len() < 100 {
        // Multiplied, so that rounding errors do not add up.
        let at = number * step;
        ticks.push(Tick {
            at,
            words: text::short_number(at),
        });
        number += 1.0;
    }
    ticks
}

/// Ticks at every power of ten, and at 2 and 5 times each if there is room for
/// them, on an axis of logarithms.
pub(crate) fn decades(span: Span, room: f32) -> Vec<Tick> {
    // Round trips lie between a microsecond and an hour.
    let digits: &[f64] = if span.length() * 120.0 < f64::from(room) {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let of = |power: i32| {
        digits.iter().map(move |digit| Tick {
            at: f64::from(power) + digit.log10(),
            words: text::short_number(digit * 10_f64.powi(power)),
        })
    };
    (-3..=6)
        .flat_map(of)
        .filter(|tick| (span.low..=span.high).contains(&tick.at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(low: f64, high: f64, most: f32) -> Vec<String> {
        let ticks = round_ticks(Span { low, high }, most);
        ticks.into_iter().map(|tick| tick.words).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(words(20.3, 24.9, 5.0), ["21", "22", "23", "24"]);
        assert_eq!(words(-0.3, 0.31, 4.0), ["-0.2", "0", "0.2"]);
        assert_eq!(words(0.0, 1e6, 3.0), ["0", "500000", "1000000"]);
        assert!(words(5.0, 5.0, 4.0).is_empty(), "no range has no ticks");
        assert!(words(f64::NAN, 1.0, 4.0).is_empty());
    }

    #[test]
    fn a_single_value_has_a_range_around_it() {
        let single = |value| Span::of([value, f64::NAN]).map(|span| span.padded(0.1));
        assert_eq!(
            single(0.0),
            Some(Span {
                low: -1.0,
                high: 1.0
            })
        );
        assert_eq!(
            single(50.0),
            Some(Span {
                low: 45.0,
                high: 55.0
            })
        );
        assert_eq!(single(f64::NAN), None);
    }
}
