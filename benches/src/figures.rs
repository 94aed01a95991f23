//! Figures of several rounds: their median and spread.

use std::{fmt, time::Duration};

use serde::Serialize;

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
    Kilobytes,
    /// Of one core, in percent.
    Percent,
    Instructions,
    Count,
}

impl Unit {
    fn sign(self) -> &'static str {
        match self {
            Self::Microseconds => " µs",
            Self::Milliseconds => " ms",
            Self::Kilobytes => " kB",
            Self::Percent => " %",
            Self::Instructions | Self::Count => "",
        }
    }
}

/// The median of the rounds, with their minimum and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) unit: Unit,
}

impl Figure {
    /// Measured once.
    pub(crate) fn one(value: f64, unit: Unit) -> Self {
        Self {
            median: value,
            least: value,
            most: value,
            unit,
        }
    }

    /// From the measurements of all rounds; `None` without rounds.
    pub(crate) fn of(rounds: &[f64], unit: Unit) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: quantile(&sorted, 0.5)?,
            least: *sorted.first()?,
            most: *sorted.last()?,
            unit,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            most,
            unit,
        } = *self;
        let sign = unit.sign();
        if least == most {
            return write!(f, "{}{sign}", Short(median));
        }
        write!(
            f,
            "{}{sign} ({}–{})",
            Short(median),
            Short(least),
            Short(most)
        )
    }
}

/// A number with three significant digits.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.abs() {
            size if size >= 100.0 => write!(f, "{:.0}", self.0),
            size if size >= 10.0 => write!(f, "{:.1}", self.0),
            _ => write!(f, "{:.2}", self.0),
        }
    }
}

/// The quantile of sorted values. `None` if there are none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a list that is far shorter than 2^52"
    )]
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied()
}

/// The median and the 99th percentile, in microseconds.
pub(crate) fn median_and_p99(mut times: Vec<Duration>) -> Option<(f64, f64)> {
    times.sort_unstable();
    let micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    Some((quantile(&micros, 0.5)?, quantile(&micros, 0.99)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_with_the_rounds_around_it() {
        let figure =
            Figure::of(&[3.0, 1.0, 200.0], Unit::Microseconds).map(|figure| figure.to_string());
        assert_eq!(figure.as_deref(), Some("3.00 µs (1.00–200)"));
        assert_eq!(Figure::of(&[], Unit::Count), None);
    }

    #[test]
    fn the_99th_of_a_hundred_is_not_the_worst() {
        let times = (1..=101).map(Duration::from_micros).collect();
        assert_eq!(median_and_p99(times), Some((51.0, 100.0)));
    }
}
