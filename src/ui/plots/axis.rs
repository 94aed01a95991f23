//! The time axis: marks at round times of day, and times in words.

use egui_plot::{GridInput, GridMark};
use jiff::{Timestamp, tz::TimeZone};

/// Round lengths of time, in seconds: each divides a day.
const STEPS: [f64; 17] = [
    0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 21_600.0,
    86_400.0,
];

/// Marks of at most three thicknesses, at times that are round where the axis is read.
pub(super) fn marks(input: &GridInput, zone: &TimeZone) -> Vec<GridMark> {
    let first = STEPS.iter().position(|step| *step >= input.base_step_size).unwrap_or(STEPS.len() - 1);
    let (from, to) = input.bounds;
    let offset = offset(to, zone);
    let mut marks = Vec::new();
    for step in STEPS.iter().skip(first).step_by(2).take(3) {
        let mut number = ((from + offset) / step).ceil();
        while number * step - offset <= to && marks.len() < 2_000 {
            marks.push(GridMark { value: number * step - offset, step_size: *step });
            number += 1.0;
        }
    }
    marks
}

/// How far the zone's clocks are ahead of UTC, in seconds.
fn offset(at: f64, zone: &TimeZone) -> f64 {
    stamp(at).map_or(0.0, |stamp| f64::from(zone.to_offset(stamp).seconds()))
}

fn stamp(at: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of floating point saturates, and jiff refuses what is no time"
    )]
    Timestamp::from_microsecond((at * 1e6).round() as i64).ok()
}

/// A mark in words: as exact as its step.
pub(super) fn words(mark: GridMark, zone: &TimeZone) -> String {
    let format = match mark.step_size {
        step if step < 1.0 => "%H:%M:%S%.1f",
        step if step < 60.0 => "%H:%M:%S",
        step if step < 86_400.0 => "%H:%M",
        _ => "%b %-d",
    };
    stamp(mark.value).map(|stamp| stamp.to_zoned(zone.clone()).strftime(format).to_string()).unwrap_or_default()
}

/// A time in words, to the tenth of a second.
pub(super) fn at(at: f64, zone: &TimeZone) -> String {
    stamp(at).map(|stamp| stamp.to_zoned(zone.clone()).strftime("%b %-d %H:%M:%S%.1f").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_at_round_times_of_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(5).saturating_add(jiff::Span::new().minutes(30)));
        let marks = marks(&GridInput { bounds: (1_000_000.0, 1_010_000.0), base_step_size: 700.0 }, &zone);
        assert!(!marks.is_empty());
        for mark in marks {
            assert!(matches!(&words(mark, &zone)[3..], "00" | "30"), "{}", words(mark, &zone));
        }
    }
}
