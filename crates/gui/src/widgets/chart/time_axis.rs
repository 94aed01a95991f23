//! The time axis: ticks at round times of day, and formatted times. The axis is
//! monotonic; round times shift where daylight saving time begins or ends, and
//! where this computer's clock was set.

use jiff::{Timestamp, tz::TimeZone};

use super::scale::{Span, Tick};
use crate::model::frame_context::FrameContext;
use fleet::Timeline;

/// Distances between ticks, in seconds; each divides a day.
const STEPS: [f64; 21] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    1_800.0, 3_600.0, 10_800.0, 21_600.0, 86_400.0,
];

/// Ticks are at least this many points apart, so that their labels do not
/// touch.
const APART: f64 = 90.0;

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

/// Ticks at round local times, on an axis of this many points.
pub(crate) fn ticks(span: Span, room: f32, context: &FrameContext) -> Vec<Tick> {
    let least = span.length() / f64::from(room.max(1.0)) * APART;
    let step = STEPS
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or_else(|| (least / 86_400.0).ceil() * 86_400.0);
    let marks = marks(span, step, context).into_iter();
    marks
        .map(|at| Tick {
            at,
            words: words(at, step, context),
        })
        .collect()
}

/// The round local times at this distance.
fn marks(span: Span, step: f64, context: &FrameContext) -> Vec<f64> {
    let Span {
        low: from,
        high: to,
    } = span;
    let segments = segments(from, to, &context.timeline, &context.zone);
    let mut marks = Vec::new();
    for Segment {
        from,
        to: end,
        offset,
    } in &segments
    {
        let mut number = ((from + offset) / step).ceil();
        let mut at = number * step - offset;
        // A tick at the boundary belongs to the next segment.
        while (at < *end || (at <= to && *end >= to)) && marks.len() < 2_000 {
            marks.push(at);
            number += 1.0;
            at = number * step - offset;
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

/// The label of a tick, as precise as the distance of ticks.
fn words(at: f64, step: f64, context: &FrameContext) -> String {
    let format = match step {
        step if step < 0.1 => "%H:%M:%S%.2f",
        step if step < 1.0 => "%H:%M:%S%.1f",
        step if step < 60.0 => "%H:%M:%S",
        step if step < 86_400.0 => "%H:%M",
        _ => "%b %-d",
    };
    format_time(at, format, context)
}

/// Formats a time of day, as precise as a distance on the axis.
pub(crate) fn precise(at: f64, per_point: f64, context: &FrameContext) -> String {
    let format = match per_point {
        point if point < 0.003 => "%H:%M:%S%.3f",
        point if point < 0.5 => "%H:%M:%S%.1f",
        _ => "%H:%M:%S",
    };
    format_time(at, format, context)
}

/// Formats a time of day without seconds.
pub(crate) fn minute(at: f64, context: &FrameContext) -> String {
    format_time(at, "%H:%M", context)
}

/// Formats a time, to a tenth of a second.
pub(crate) fn at(at: f64, context: &FrameContext) -> String {
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
    use std::time::Duration;

    use web_time::Instant;

    use super::*;
    use fleet::time;

    fn frame(zone: TimeZone, wall: f64) -> FrameContext {
        FrameContext::new(Instant::now(), time(wall).unwrap(), zone)
    }

    /// The times and labels of the ticks with this step.
    fn marked(bounds: (f64, f64), step: f64, context: &FrameContext) -> Vec<(f64, String)> {
        let span = Span {
            low: bounds.0,
            high: bounds.1,
        };
        marks(span, step, context)
            .into_iter()
            .map(|at| (at, words(at, step, context)))
            .collect()
    }

    #[test]
    fn ticks_are_at_round_times_of_the_zone() {
        let zone =
            TimeZone::fixed(jiff::tz::offset(5).saturating_add(jiff::Span::new().minutes(30)));
        let frame = frame(zone, 1_000_000.0);
        let span = Span {
            low: 1_000_000.0,
            high: 1_010_000.0,
        };
        let ticks = ticks(span, 600.0, &frame);
        assert!(!ticks.is_empty());
        for Tick { words, .. } in ticks {
            assert!(matches!(&words[3..], "00" | "30"), "{words}");
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
