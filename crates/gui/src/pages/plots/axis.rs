//! The time axis: ticks at round times of day, and formatted times. The axis is
//! monotonic; round times shift where daylight saving time begins or ends, and
//! where this computer's clock was set.

use egui_plot::{GridInput, GridMark};
use jiff::{Timestamp, tz::TimeZone};

use crate::model::frame_context::FrameContext;
use fleet::Timeline;

/// Distances between ticks, in seconds; each divides a day.
const STEPS: [f64; 17] = [
    0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0,
    10_800.0, 21_600.0, 86_400.0,
];

/// Changes of the local time that are considered: more than a day can have.
const MAX_CHANGES: usize = 64;

/// A part of the axis with a constant offset from local time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    from: f64,
    to: f64,
    /// Local time minus axis time.
    offset: f64,
}

/// Ticks at round local times, of at most three sizes.
pub(super) fn marks(input: &GridInput, context: &FrameContext) -> Vec<GridMark> {
    let first = STEPS
        .iter()
        .position(|step| *step >= input.base_step_size)
        .unwrap_or(STEPS.len() - 1);
    let (from, to) = input.bounds;
    let segments = segments(from, to, &context.timeline, &context.zone);
    let mut marks = Vec::new();
    for step in STEPS.iter().skip(first).step_by(2).take(3) {
        for Segment {
            from,
            to: end,
            offset,
        } in &segments
        {
            let mut number = ((from + offset) / step).ceil();
            let mut value = number * step - offset;
            // A tick at the boundary belongs to the next segment.
            while (value < *end || (value <= to && *end >= to)) && marks.len() < 2_000 {
                marks.push(GridMark {
                    value,
                    step_size: *step,
                });
                number += 1.0;
                value = number * step - offset;
            }
        }
    }
    marks
}

/// The segments between two times on the axis.
fn segments(from: f64, to: f64, timeline: &Timeline, zone: &TimeZone) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (begin, end, clock) in timeline.stretches(from, to) {
        let mut begin = begin;
        while segments.len() < MAX_CHANGES {
            let Some(at) = stamp(begin + clock) else {
                break;
            };
            let offset = clock + f64::from(zone.to_offset(at).seconds());
            let change = zone
                .following(at)
                .next()
                .map(|change| change.timestamp().as_microsecond() as f64 / 1e6 - clock);
            let next = change
                .filter(|change| *change > begin && *change < end)
                .unwrap_or(end);
            segments.push(Segment {
                from: begin,
                to: next,
                offset,
            });
            if next >= end {
                break;
            }
            begin = next;
        }
    }
    segments
}

fn stamp(at: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and jiff rejects what is out of range"
    )]
    Timestamp::from_microsecond((at * 1e6).round() as i64).ok()
}

/// The label of a tick, as precise as its step.
pub(super) fn words(mark: GridMark, context: &FrameContext) -> String {
    let format = match mark.step_size {
        step if step < 1.0 => "%H:%M:%S%.1f",
        step if step < 60.0 => "%H:%M:%S",
        step if step < 86_400.0 => "%H:%M",
        _ => "%b %-d",
    };
    format_time(mark.value, format, context)
}

/// Formats a time, to a tenth of a second.
pub(super) fn at(at: f64, context: &FrameContext) -> String {
    format_time(at, "%b %-d %H:%M:%S%.1f", context)
}

fn format_time(at: f64, format: &str, context: &FrameContext) -> String {
    let stamp = stamp(context.timeline.shown_seconds(at));
    stamp
        .map(|stamp| {
            stamp
                .to_zoned(context.zone.clone())
                .strftime(format)
                .to_string()
        })
        .unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use fleet::time;

    fn frame(zone: TimeZone, wall: f64) -> FrameContext {
        FrameContext::new(Instant::now(), time(wall).unwrap(), zone)
    }

    /// The times and labels of the ticks with this step.
    fn marked(bounds: (f64, f64), step: f64, context: &FrameContext) -> Vec<(f64, String)> {
        let marks = marks(
            &GridInput {
                bounds,
                base_step_size: step,
            },
            context,
        );
        marks
            .iter()
            .filter(|mark| mark.step_size == step)
            .map(|mark| (mark.value, words(*mark, context)))
            .collect()
    }

    #[test]
    fn ticks_are_at_round_times_of_the_zone() {
        let zone =
            TimeZone::fixed(jiff::tz::offset(5).saturating_add(jiff::Span::new().minutes(30)));
        let frame = frame(zone, 1_000_000.0);
        let marks = marks(
            &GridInput {
                bounds: (1_000_000.0, 1_010_000.0),
                base_step_size: 700.0,
            },
            &frame,
        );
        assert!(!marks.is_empty());
        for mark in marks {
            assert!(
                matches!(&words(mark, &frame)[3..], "00" | "30"),
                "{}",
                words(mark, &frame)
            );
        }
    }

    #[test]
    fn days_of_23_and_25_hours_have_ticks_at_midnight_and_at_round_hours() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        // Midnight of the local day before, in 2026: March 28 and October 24.
        for (begin, hours, days) in [
            (
                1_774_652_400.0,
                23.0,
                ["Mar 28", "Mar 29", "Mar 30", "Mar 31"],
            ),
            (
                1_792_792_800.0,
                25.0,
                ["Oct 24", "Oct 25", "Oct 26", "Oct 27"],
            ),
        ] {
            let frame = frame(zone.clone(), begin);
            let seen = marked((begin, begin + 3.2 * 86_400.0), 86_400.0, &frame);
            let long = hours * 3_600.0;
            let ends =
                [0.0, 86_400.0, 86_400.0 + long, 2.0 * 86_400.0 + long].map(|after| begin + after);
            assert_eq!(
                seen,
                ends.into_iter()
                    .zip(days.map(str::to_owned))
                    .collect::<Vec<_>>()
            );
            for (_, words) in marked((begin, begin + 3.0 * 86_400.0), 10_800.0, &frame) {
                let hour: u32 = words[..2].parse().unwrap();
                assert!(hour.is_multiple_of(3) && &words[2..] == ":00", "{words}");
            }
        }
    }

    #[test]
    fn ticks_before_the_clock_was_set_are_round_in_the_earlier_time() {
        let begin = 1_000_020.0;
        let mut timeline = Timeline::new(time(begin).unwrap());
        // After 10 min 30 s the clock is set back by 2 h 17 s.
        timeline.observe(
            Duration::from_secs(630),
            time(begin + 630.0 - 7_217.0).unwrap(),
        );
        let frame = frame(TimeZone::UTC, begin).with_timeline(timeline);
        let seen = marked((begin, begin + 1_200.0), 300.0, &frame);
        let words: Vec<&str> = seen.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(words, ["13:50", "13:55", "12:00", "12:05"], "{seen:?}");
        assert!(
            seen.is_sorted_by(|one, other| one.0 < other.0),
            "the axis is monotonic: {seen:?}"
        );
    }
}
