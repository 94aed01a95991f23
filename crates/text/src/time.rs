//! Formats lengths of time, ages and times of day. Reads no clock; only
//! [`local_zone`] asks the system.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use web_time::{SystemTime, UNIX_EPOCH};

const MINUTE: u64 = 60;

const HOUR: u64 = 60 * MINUTE;

const DAY: u64 = 24 * HOUR;

/// A length of time in at most two units: `4 s`, `3 min`, `2 h 5 min`, `2 d 4
/// h`.
pub fn length(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..MINUTE => format!("{s} s"),
        MINUTE..HOUR => format!("{} min", s / MINUTE),
        HOUR..DAY => format!("{} h {} min", s / HOUR, s % HOUR / MINUTE),
        _ => format!("{} d {} h", s / DAY, s % DAY / HOUR),
    }
}

/// How long the text of [`length`] stays valid for a growing time; never zero.
pub fn length_holds(time: Duration) -> Duration {
    let step = match time.as_secs() {
        0..MINUTE => 1,
        MINUTE..DAY => MINUTE,
        _ => HOUR,
    };
    let into = Duration::new(time.as_secs() % step, time.subsec_nanos());
    // Slightly later than the change, so that the text has changed by then.
    Duration::from_secs(step).saturating_sub(into) + Duration::from_millis(2)
}

/// An age: `now` within the first second, then `4 s ago`.
pub fn ago(age: Duration) -> String {
    if age.as_secs() == 0 {
        "now".to_owned()
    } else {
        format!("{} ago", length(age))
    }
}

/// A short time with two or three significant digits: `0.4 ms`, `12 ms`, `1.2
/// s`.
pub fn short(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 9.95 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

/// A configured time, exact and short: `1 s`, `250 ms`.
pub fn round(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// The local time zone; UTC and a message if `TZ` is invalid.
pub fn local_zone() -> (TimeZone, Option<String>) {
    match (TimeZone::try_system(), std::env::var("TZ")) {
        (Ok(zone), _) => (zone, None),

        (Err(_), Ok(name)) if !name.is_empty() => {
            let problem = format!(
                "TZ={name:?} is not a known time zone; times are in UTC. Accepted: a name from \
                 the IANA database such as Europe/Berlin, or a rule such as \
                 CET-1CEST,M3.5.0,M10.5.0/3"
            );
            (TimeZone::UTC, Some(problem))
        }
        (Err(_), _) => (TimeZone::UTC, None),
    }
}

/// A time of day with milliseconds, `12:04:31.220`.
pub fn time_of_day(time: SystemTime, zone: &TimeZone) -> String {
    match timestamp(time) {
        Some(stamp) => stamp
            .to_zoned(zone.clone())
            .strftime("%H:%M:%S%.3f")
            .to_string(),
        None => "unknown".to_owned(),
    }
}

/// A time for the calendar; `None` before the year -9999 and after 9999. Not by
/// jiff's own conversion, because a browser's clock is not that of std.
pub fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => SignedDuration::try_from(since).ok()?,
        Err(before) => SignedDuration::try_from(before.duration())
            .ok()?
            .checked_neg()?,
    };
    Timestamp::from_duration(since).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_is_a_time_too_and_one_after_9999_is_none() {
        let half = Duration::from_millis(500);
        let shown = |time| timestamp(time).map(|stamp| stamp.to_string());
        assert_eq!(
            shown(UNIX_EPOCH + half).as_deref(),
            Some("1970-01-01T00:00:00.5Z")
        );
        assert_eq!(
            shown(UNIX_EPOCH - half).as_deref(),
            Some("1969-12-31T23:59:59.5Z")
        );
        assert_eq!(
            shown(UNIX_EPOCH + Duration::from_secs(300_000_000_000)),
            None
        );
    }

    #[test]
    fn lengths_have_at_most_two_units() {
        let words = |s| length(Duration::from_secs(s));
        assert_eq!(
            [
                words(0),
                words(59),
                words(60),
                words(3_600),
                words(9_000),
                words(187_200)
            ],
            ["0 s", "59 s", "1 min", "1 h 0 min", "2 h 30 min", "2 d 4 h"]
        );
    }

    #[test]
    fn a_length_stays_valid_for_as_long_as_it_says() {
        for ms in [
            0,
            1,
            999,
            1_000,
            59_999,
            60_000,
            119_500,
            3_599_999,
            86_400_001,
            200_000_000,
        ] {
            let time = Duration::from_millis(ms);
            let holds = length_holds(time);
            assert!(holds > Duration::ZERO);
            assert_ne!(length(time), length(time + holds), "{ms} ms");
            assert_eq!(
                length(time),
                length(time + holds.saturating_sub(Duration::from_millis(3))),
                "{ms} ms"
            );
        }
    }

    #[test]
    fn short_times_keep_two_significant_digits() {
        let words = |us| short(Duration::from_micros(us));
        assert_eq!(
            [
                words(160),
                words(2_149),
                words(12_400),
                words(999_400),
                words(1_240_000)
            ],
            ["0.2 ms", "2.1 ms", "12 ms", "999 ms", "1.2 s"]
        );
    }

    #[test]
    fn a_time_of_day_has_milliseconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(43_471_220);
        assert_eq!(time_of_day(time, &TimeZone::UTC), "12:04:31.220");
    }
}
