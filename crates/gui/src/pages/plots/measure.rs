//! The two markers A and B, between which time and values are compared.

use super::curve::Curve;

/// The markers, as times in seconds since 1970.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    /// A click places the next marker.
    pub(super) by_click: bool,
    pub(super) a: Option<f64>,
    pub(super) b: Option<f64>,
}

impl Measure {
    /// Places the first marker that is not placed; if both are, the nearer one
    /// moves.
    pub(super) fn place(&mut self, at: f64) {
        match (self.a, self.b) {
            (None, _) => self.a = Some(at),
            (Some(_), None) => self.b = Some(at),
            (Some(a), Some(b)) if (at - a).abs() < (at - b).abs() => self.a = Some(at),
            (Some(_), Some(_)) => self.b = Some(at),
        }
    }

    /// Removes both markers.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.a.is_none() && self.b.is_none()
    }

    /// The markers with their letters.
    pub(super) fn marks(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let named = [("A", self.a), ("B", self.b)];
        named.into_iter().filter_map(|(name, at)| Some((name, at?)))
    }

    /// The time between both: `Δ 2.5 s (0.4 Hz)`.
    pub(super) fn time_words(&self) -> Option<String> {
        let by = self.b? - self.a?;
        let sign = if by < 0.0 { "−" } else { "" };
        let seconds = by.abs();
        let per_second = if seconds > 0.0 {
            format!(" ({})", frequency(1.0 / seconds))
        } else {
            String::new()
        };
        Some(format!("Δ {sign}{}{per_second}", interval(seconds)))
    }

    /// The markers A and B.
    pub(super) fn times(&self) -> [Option<f64>; 2] {
        [self.a, self.b]
    }

    /// The values of a curve at the markers, and their difference.
    pub(super) fn words(&self, curve: &Curve) -> Option<String> {
        let [from, to] = curve.marked;
        let word = |value: Option<f64>| {
            value.map_or_else(|| "no data".to_owned(), |value| curve.number_words(value))
        };
        let parts: Vec<String> = [("A", self.a, from), ("B", self.b, to)]
            .into_iter()
            .filter(|(_, at, _)| at.is_some())
            .map(|(letter, _, value)| format!("{letter} {}", word(value)))
            .chain(
                from.zip(to)
                    .map(|(from, to)| format!("Δ {}", curve.difference(from, to))),
            )
            .collect();
        (!parts.is_empty()).then(|| parts.join("   "))
    }
}

/// A time with three digits: `2.50 ms`, `12.3 s`, `3 min 20 s`.
fn interval(seconds: f64) -> String {
    let digits = |value: f64| text::short_number(text::significant(value, 3));
    match seconds {
        short if short < 1e-3 => format!("{} µs", digits(short * 1e6)),
        short if short < 1.0 => format!("{} ms", digits(short * 1e3)),
        short if short < 60.0 => format!("{} s", digits(short)),
        long if long < 3_600.0 => {
            let whole = long.round();
            format!("{} min {} s", (whole / 60.0).floor(), whole % 60.0)
        }
        long => {
            let whole = (long / 60.0).round();
            format!("{} h {} min", (whole / 60.0).floor(), whole % 60.0)
        }
    }
}

fn frequency(hertz: f64) -> String {
    let (value, unit) = match hertz {
        low if low < 0.1 => (low * 1e3, "mHz"),
        high if high >= 1e3 => (high / 1e3, "kHz"),
        middle => (middle, "Hz"),
    };
    format!("{} {unit}", text::short_number(text::significant(value, 3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_then_b_then_the_nearer_one() {
        let mut measure = Measure::default();
        for at in [10.0, 20.0, 22.0, 11.0] {
            measure.place(at);
        }
        assert_eq!((measure.a, measure.b), (Some(11.0), Some(22.0)));
        measure.clear();
        assert!(measure.is_empty());
    }

    #[test]
    fn the_time_between_markers_reads_with_its_frequency() {
        let words = |a, b| {
            let measure = Measure {
                a: Some(a),
                b: Some(b),
                ..Measure::default()
            };
            measure.time_words().unwrap_or_default()
        };
        assert_eq!(words(1.0, 3.5), "Δ 2.5 s (0.4 Hz)");
        assert_eq!(words(0.02, 0.0), "Δ −20 ms (50 Hz)");
        assert_eq!(words(0.0, 200.0), "Δ 3 min 20 s (5 mHz)");
        assert_eq!(words(4.0, 4.0), "Δ 0 µs");
    }
}
