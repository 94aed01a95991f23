//! Decides how times, quantities and states are put into words, the same for
//! every face. It reads no clock and paints nothing; only [`local_zone`] asks
//! the system.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, tz::TimeZone};
use protocol::{Descriptor, Kind, State, Unreadable};
use serde_json::Value;

pub(crate) use crate::plain::plain;
use crate::{
    comparison::{Cost, FollowMode, Follower, Measurements, Row, Stage},
    fleet::{
        BoardView, LinkProblem, LinkState, LogEvent, Origin, Outcome, ResyncCause, UpdateState,
    },
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time in at most two units: `4 s`, `3 min`, `2 h 5 min`, `2 d 4
/// h`.
pub(crate) fn length(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..MINUTE => format!("{s} s"),
        MINUTE..HOUR => format!("{} min", s / MINUTE),
        HOUR..DAY => format!("{} h {} min", s / HOUR, s % HOUR / MINUTE),
        _ => format!("{} d {} h", s / DAY, s % DAY / HOUR),
    }
}

/// How long [`length`] of a time that grows stays what it is; never zero.
#[cfg_attr(
    not(any(feature = "window", test)),
    expect(dead_code, reason = "only the window shows ages that grow")
)]
pub(crate) fn length_holds(time: Duration) -> Duration {
    let step = match time.as_secs() {
        0..MINUTE => 1,
        MINUTE..DAY => MINUTE,
        _ => HOUR,
    };
    let into = Duration::new(time.as_secs() % step, time.subsec_nanos());
    // A little later than the change, so that the new text is there when it is
    // asked for.
    Duration::from_secs(step).saturating_sub(into) + Duration::from_millis(2)
}

/// An age: `now` within the first second, then `4 s ago`.
#[cfg_attr(
    not(any(feature = "window", test)),
    expect(dead_code, reason = "only the window shows ages that grow")
)]
pub(crate) fn ago(age: Duration) -> String {
    if age.as_secs() == 0 {
        "now".to_owned()
    } else {
        format!("{} ago", length(age))
    }
}

/// A short time with the digits that mean something: `0.4 ms`, `12 ms`, `1.2
/// s`.
pub(crate) fn short(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1_000.0;
    if ms < 9.95 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

/// How a board is followed: `push`, `poll every 1 s`, `poll every 100 ms,
/// reconnecting, TLS`.
pub(crate) fn follower(Follower { mode, tls }: Follower) -> String {
    let words = match mode {
        FollowMode::Push => "push".to_owned(),
        FollowMode::Poll {
            every,
            keep_alive: true,
        } => format!("poll every {}", round(every)),
        FollowMode::Poll {
            every,
            keep_alive: false,
        } => format!("poll every {}, reconnecting", round(every)),
    };
    if tls { words + ", TLS" } else { words }
}

/// A time that a person chose, as short as it is exact: `1 s`, `250 ms`.
pub(crate) fn round(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// How far a comparison is.
pub(crate) fn stage(record: &Measurements) -> String {
    match &record.stage {
        Stage::Preparing => "Connecting, and trying what the button changes".to_owned(),
        Stage::Together => "All follow at once".to_owned(),
        Stage::Waiting => "Waiting for the slowest poll".to_owned(),
        Stage::Alone { follower: None } => "The board's process without a follower".to_owned(),
        Stage::Alone {
            follower: Some(place),
        } => {
            let words = record
                .followers
                .get(*place)
                .map(|followed| follower(followed.follower))
                .unwrap_or_default();
            format!("The board's process with one follower alone: {words}")
        }
        Stage::Done => "Done".to_owned(),
        Stage::Failed(problem) => problem.clone(),
    }
}

/// What is summed up of a follower: the headings of [`sums`].
pub(crate) const SUMS: [&str; 11] = [
    "",
    "Seen",
    "Missed",
    "Delay",
    "p99",
    "Requests",
    "Connections",
    "To connect",
    "Sent",
    "Received",
    "Board's CPU",
];

/// A row of the table of a comparison, under [`SUMS`].
pub(crate) fn sums(row: &Row) -> [String; 11] {
    let time = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), short);
    [
        follower(row.follower),
        row.seen.to_string(),
        row.missed.to_string(),
        time(row.median),
        time(row.p99),
        row.requests.to_string(),
        row.connections.to_string(),
        time(row.connect),
        bytes(row.sent),
        bytes(row.received),
        cost(row.cost),
    ]
}

/// What a follower costs the board's process: `1.2 ms/s`.
fn cost(cost: Cost) -> String {
    match cost {
        Cost::Unmeasured | Cost::Unknown(_) => "-".to_owned(),
        Cost::PerSecond(cost) => format!("{:.2} ms/s", cost.as_secs_f64() * 1e3),
    }
}

/// A number of bytes with the digits that mean something: `812 B`, `4.1 kB`,
/// `598 kB`, `2.3 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..10_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        10_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// The time zone of the person, and what is wrong with `TZ` where it is not
/// known; then it is UTC.
pub(crate) fn local_zone() -> (TimeZone, Option<String>) {
    match (TimeZone::try_system(), std::env::var("TZ")) {
        (Ok(zone), _) => (zone, None),
        // Without TZ a computer that does not say where it is has no other time
        // than UTC.
        (Err(_), Ok(name)) if !name.is_empty() => {
            let problem = format!(
                "TZ={name:?} is no time zone that is known, so times are in UTC. Accepted: a name \
                     of the IANA database, for example \
                 Europe/Berlin, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
            );
            (TimeZone::UTC, Some(problem))
        }
        (Err(_), _) => (TimeZone::UTC, None),
    }
}

/// A time of day with milliseconds, `12:04:31.220`.
pub(crate) fn time_of_day(time: SystemTime, zone: &TimeZone) -> String {
    match Timestamp::try_from(time) {
        Ok(stamp) => stamp
            .to_zoned(zone.clone())
            .strftime("%H:%M:%S%.3f")
            .to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// A number with its unit. Without a precision it has the digits that mean
/// something, at most seven.
pub(crate) fn quantity(value: f64, decimals: Option<u8>, unit: Option<&str>) -> String {
    let number = match decimals {
        Some(decimals) => format!("{value:.*}", usize::from(decimals.min(9))),
        None => short_number(value),
    };
    match unit {
        Some(unit) if !unit.is_empty() => format!("{number} {unit}"),
        _ => number,
    }
}

/// A number without the dust of binary fractions: seven significant digits, as
/// few as it takes. What is small stays what it is: `1.5e-9`.
pub(crate) fn short_number(value: f64) -> String {
    quantity_exact(significant(value, SIGNIFICANT))
}

/// The nearest number with so many significant digits.
pub(crate) fn significant(value: f64, digits: usize) -> f64 {
    let rounded = format!("{value:.*e}", digits.saturating_sub(1))
        .parse()
        .unwrap_or(value);
    // There is no negative zero for people.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// A sample as it was measured: the shortest number that is the same
/// single-precision one, which both formats of samples fit into.
pub(crate) fn sample(value: f64) -> String {
    quantity_exact(rounded_sample(value))
}

/// A sample without the dust that its scale brings.
pub(crate) fn rounded_sample(value: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what does not fit is seen below"
    )]
    let single = value as f32;
    if single.is_normal() {
        // The shortest digits of the single number are those of the double one
        // that is next to them.
        single.to_string().parse().unwrap_or(value)
    } else {
        significant(value, SIGNIFICANT)
    }
}

/// Digits of a number that mean something: single precision has seven.
const SIGNIFICANT: usize = 7;

/// A number with all its digits, and none that means nothing: `0.00251`.
pub(crate) fn quantity_exact(value: f64) -> String {
    let plain = value == 0.0 || (1e-6..1e15).contains(&value.abs());
    if plain {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// An amount of bytes that may be large or a rate: `0 B`, `940 B`, `1.2 kB`,
/// `598 kB`, `1.2 MB`.
#[cfg_attr(
    not(any(feature = "window", test)),
    expect(dead_code, reason = "only the window shows rates")
)]
pub(crate) fn amount(bytes: f64) -> String {
    match bytes {
        b if b < 999.5 => format!("{b:.0} B"),
        b if b < 9_950.0 => format!("{:.1} kB", b / 1e3),
        b if b < 999_500.0 => format!("{:.0} kB", b / 1e3),
        b if b < 9_950_000.0 => format!("{:.1} MB", b / 1e6),
        b if b < 999_500_000.0 => format!("{:.0} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// A whole number with a comma before each three digits: `5,000`.
#[cfg_attr(
    not(any(feature = "window", test)),
    expect(dead_code, reason = "only the window shows large counts")
)]
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut words = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// Who did it.
pub(crate) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::ThisProgram => "this window".to_owned(),
        Origin::OtherController(number) => format!("another controller ({number})"),
        Origin::ByHand => "by hand".to_owned(),
        Origin::Board => "the board itself".to_owned(),
        Origin::Unknown => "source unknown".to_owned(),
    }
}

/// Who changed a component: what a sensor sees is no hand.
pub(crate) fn cause(kind: &Kind, who: &Origin) -> String {
    match (kind, who) {
        (_, Origin::ThisProgram | Origin::OtherController(_)) => origin(who),
        (Kind::Sensor | Kind::BinarySensor, _) => "measured".to_owned(),
        _ => origin(who),
    }
}

/// One word for a link.
pub(crate) fn link(state: &LinkState) -> &'static str {
    match state {
        LinkState::Announced => "announced",
        LinkState::Connecting => "connecting",
        LinkState::Connected => "connected",
        LinkState::Stale => "stale",
        LinkState::Unreachable {
            problem: LinkProblem::Locked | LinkProblem::WrongKey,
            ..
        } => "locked",
        LinkState::Unreachable {
            problem: LinkProblem::AwaitsCall(_),
            ..
        } => "waiting",
        LinkState::Unreachable { .. } => "unreachable",
    }
}

/// How a board's link is, and whether the board made it.
pub(crate) fn link_of(board: &BoardView) -> String {
    match board.caller {
        Some(_) => format!("{}, it called", link(&board.link)),
        None => link(&board.link).to_owned(),
    }
}

/// That another peer claims a board's id.
pub(crate) fn also_claimed(address: &str) -> String {
    format!("another device at {} claims the same id", plain(address))
}

/// Why there is no link, as a sentence about the board.
pub(crate) fn problem(problem: &LinkProblem) -> String {
    let text = plain(&problem.to_string());
    match problem {
        LinkProblem::UnsupportedVersion { .. } | LinkProblem::NotABoard(_) => format!("it {text}"),
        about_keys if about_keys.is_about_keys() => format!("it {text}"),
        _ => text,
    }
}

/// How an update does, in one line.
pub(crate) fn update(state: &UpdateState) -> String {
    match state {
        UpdateState::Reading => "reading the file".to_owned(),
        UpdateState::Sending { sent, size } => {
            format!(
                "{} %  {} of {}",
                state.percent().unwrap_or(0),
                bytes(u64::from(*sent)),
                bytes(u64::from(*size))
            )
        }
        UpdateState::Checking => "the board checks the image".to_owned(),
        UpdateState::Restarting => "the board restarts with the new image".to_owned(),
        UpdateState::Done { before, after } => {
            let version =
                |version: &Option<String>| version.clone().unwrap_or_else(|| "unknown".to_owned());
            format!("firmware {} -> {}", version(before), version(after))
        }
        UpdateState::Failed(problem) => problem.to_string(),
    }
}

/// A name as it is typed without quotes: `Desk lamp` is `desk-lamp`.
pub(crate) fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// The fields of a state, with the unit and the precision that the component
/// describes: `on brightness=60%`, `24.6 °C`.
pub(crate) fn fields(state: &State, descriptor: Option<&Descriptor>) -> String {
    if descriptor.is_none_or(|descriptor| descriptor.kind == Kind::Update)
        && let Some(firmware) = firmware(state)
    {
        return firmware;
    }
    let field = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        (name, Value::Null) if name != "value" => format!("{}=unknown", plain(name)),
        ("on", Value::Bool(on)) => if *on { "on" } else { "off" }.to_owned(),
        ("value", value) => measured(value, descriptor),
        ("rgb", value) => match state.rgb() {
            Some([red, green, blue]) => format!("rgb=#{red:02x}{green:02x}{blue:02x}"),
            None => format!("rgb={}", plain(&value.to_string())),
        },
        ("brightness", Value::Number(percent)) => format!("brightness={percent}%"),
        ("ct_k", Value::Number(kelvin)) => format!("{kelvin} K"),
        ("options", Value::Array(_)) => format!(
            "of {}",
            state.options().map(plain).collect::<Vec<_>>().join("|")
        ),
        (name, Value::String(text)) => format!("{}={}", plain(name), plain(text)),
        (name, value) => format!("{}={}", plain(name), plain(&value.to_string())),
    };
    // What a component is comes before how it is limited.
    let (first, rest): (Vec<_>, Vec<_>) = state
        .0
        .iter()
        .partition(|(name, _)| matches!(name.as_str(), "on" | "value"));
    first
        .into_iter()
        .chain(rest)
        .map(field)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What an update reports, or what of it changed: `0.1.0`, `updating to 0.2.0
/// 43 %`. `None` where the state is of something else.
fn firmware(state: &State) -> Option<String> {
    const FIELDS: [&str; 3] = ["installed_version", "in_progress", "update_percentage"];
    if !FIELDS.iter().any(|field| state.get(field).is_some()) {
        return None;
    }
    let mut parts: Vec<String> = state.installed_version().map(plain).into_iter().collect();
    match (state.in_progress(), state.latest_version()) {
        (Some(true), Some(version)) => parts.push(format!("updating to {}", plain(version))),
        (Some(true), None) => parts.push("updating".to_owned()),
        (Some(false), _) if parts.is_empty() => parts.push("no update".to_owned()),
        _ => {}
    }
    parts.extend(
        state
            .update_percentage()
            .map(|percent| format!("{percent} %")),
    );
    parts.extend(
        state
            .last_error()
            .map(|error| format!("(the last update failed: {})", plain(error))),
    );
    Some(parts.join(" "))
}

fn measured(value: &Value, descriptor: Option<&Descriptor>) -> String {
    let unit = descriptor
        .and_then(|descriptor| descriptor.unit_of_measurement.as_deref())
        .map(plain);
    let decimals = descriptor.and_then(|descriptor| descriptor.accuracy_decimals);
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => format!("{:?}", plain(text)),
        other => other.as_f64().map_or_else(
            || plain(&other.to_string()),
            |n| quantity(n, decimals, unit.as_deref()),
        ),
    }
}

/// A event as the columns of a line: of what, what, by whom, how late.
pub(crate) struct Line {
    pub(crate) subject: String,
    pub(crate) what: String,
    pub(crate) source: String,
    pub(crate) timing: String,
}

impl Line {
    /// Without source and timing.
    fn about(subject: &str, what: String) -> Self {
        Self {
            subject: subject.to_owned(),
            what,
            source: String::new(),
            timing: String::new(),
        }
    }
}

/// A event in words; `about` describes the component, where that is known.
pub(crate) fn event(event: &LogEvent, about: Option<&Descriptor>) -> Line {
    let lateness = |late: &Option<Duration>| {
        late.map(|late| format!("{} late", short(late)))
            .unwrap_or_default()
    };
    match event {
        LogEvent::Changed {
            component,
            change,
            origin: who,
            late,
        } => Line {
            subject: plain(&component.to_string()),
            what: fields(change, about),
            source: cause(&component.kind, who),
            timing: lateness(late),
        },
        LogEvent::Event {
            component,
            event,
            origin: who,
            late,
        } => Line {
            subject: plain(&component.to_string()),
            what: plain(&event.replace('_', " ")),
            source: origin(who),
            timing: lateness(late),
        },
        LogEvent::Command {
            component,
            method,
            outcome,
        } => Line {
            subject: component
                .as_ref()
                .map_or_else(String::new, |component| plain(&component.to_string())),
            what: format!("{}: {}", plain(method), answer(outcome)),
            source: origin(&Origin::ThisProgram),
            timing: match outcome {
                Outcome::Done { took, .. } => short(*took),
                _ => String::new(),
            },
        },
        LogEvent::Log { level, message } => Line::about(&format!("log {level}"), plain(message)),
        LogEvent::LogLost(lines) => Line::about(
            "log",
            format!("{lines} lines were lost: they came faster than they were read"),
        ),
        LogEvent::NoLog(error) => {
            Line::about("log", format!("not given: {}", plain(&error.message)))
        }
        LogEvent::Link(state) => Line::about(
            "link",
            match state {
                LinkState::Unreachable {
                    problem: cause @ LinkProblem::AwaitsCall(_),
                    ..
                } => problem(cause),
                LinkState::Unreachable { problem: cause, .. } => {
                    format!("unreachable: {}", problem(cause))
                }
                other => link(other).to_owned(),
            },
        ),
        LogEvent::Unreadable(Unreadable {
            component,
            field,
            found,
        }) => {
            let subject = component
                .as_ref()
                .map_or_else(|| "message".to_owned(), ToString::to_string);
            let field = if field.is_empty() {
                String::new()
            } else {
                format!("{}: ", plain(field))
            };
            Line::about(
                &subject,
                format!("{field}cannot be read, shown as unknown: {}", plain(found)),
            )
        }
        LogEvent::IdClaimed(address) => Line::about("id", also_claimed(address)),
        LogEvent::Resync(cause) => Line::about(
            "state",
            match cause {
                ResyncCause::NewEpoch => "asked for anew: the board was reset",
                ResyncCause::Gap => "asked for anew: a push was missed",
            }
            .to_owned(),
        ),
    }
}

/// How many there are of something.
pub(crate) fn count(number: u64, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {what}{many}")
}

/// What came of a command.
pub(crate) fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Refused(error) => format!("refused: {}", plain(&error.message)),
        Outcome::Unconfirmed => "not confirmed: no answer in 5 s".to_owned(),
        Outcome::LinkLost => "not confirmed: the link went down".to_owned(),
        Outcome::NotConnected => "not sent: no link".to_owned(),
        Outcome::Superseded => "replaced by a newer one".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_length_is_right_until_it_is_asked_for_again() {
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
    fn short_times_keep_two_digits_that_mean_something() {
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
    fn quantities_keep_the_precision_of_the_board() {
        assert_eq!(quantity(24.64, Some(1), Some("°C")), "24.6 °C");
        assert_eq!(quantity(24.0, Some(1), None), "24.0");
        assert_eq!(quantity(60.0, None, Some("%")), "60 %");
        assert_eq!(quantity(0.125, None, None), "0.125");
        assert_eq!(quantity(1_013.0, Some(0), Some("hPa")), "1013 hPa");
        assert_eq!(quantity(1.5e-9, None, Some("A")), "1.5e-9 A");
        assert_eq!(quantity(0.1 + 0.2, None, None), "0.3");
        assert_eq!(quantity(-0.0, None, None), "0");
    }

    #[test]
    fn amounts_and_counts_are_short_and_numbers_exact() {
        assert_eq!(
            [0.0, 940.0, 1_240.0, 598_000.0, 1_200_000.0].map(amount),
            ["0 B", "940 B", "1.2 kB", "598 kB", "1.2 MB"]
        );
        assert_eq!(
            [0, 999, 5_000, 1_234_567].map(grouped),
            ["0", "999", "5,000", "1,234,567"]
        );
        assert_eq!(
            [0.00251, 24.0, 1e20].map(quantity_exact),
            ["0.00251", "24", "1e20"]
        );
    }

    #[test]
    fn small_and_large_numbers_keep_their_digits() {
        for (value, words) in [
            (1.5e-9, "1.5e-9"),
            (-1.5e-9, "-1.5e-9"),
            (1.234_567_89e-12, "1.234568e-12"),
            (0.000_012_345_678, "0.00001234568"),
            (123_456_789.0, "123456800"),
            (6.02e23, "6.02e23"),
            (21.5, "21.5"),
            (0.0, "0"),
        ] {
            assert_eq!(short_number(value), words);
        }
        for value in [
            1.5e-9_f32,
            0.1,
            -1.0e-30,
            3.402_823_5e38,
            16_777_217.0,
            1.0e-45,
            21.37,
        ] {
            let text = sample(value.into());
            assert_eq!(
                text.parse::<f32>().map(f32::to_bits),
                Ok(value.to_bits()),
                "{text}"
            );
        }
        assert_eq!(
            [
                sample(f64::from(0.1_f32)),
                sample(1234.0 * 0.001),
                sample(1e300)
            ],
            ["0.1", "1.234", "1e300"]
        );
        assert_eq!(rounded_sample(1.5e-9), 1.5e-9);
    }

    #[test]
    fn a_time_of_day_has_milliseconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(43_471_220);
        assert_eq!(time_of_day(time, &TimeZone::UTC), "12:04:31.220");
    }

    #[test]
    fn an_unknown_value_is_called_unknown() {
        let state = State::new()
            .with("on", true)
            .with("value", Value::Null)
            .with("ct_k", Value::Null);
        assert_eq!(fields(&state, None), "on unknown ct_k=unknown");
    }

    #[test]
    fn a_state_has_the_units_and_the_precision_of_its_component() {
        let mut temperature = Descriptor::new(Kind::Sensor, 0, "Temperature");
        temperature.unit_of_measurement = Some("°C".to_owned());
        temperature.accuracy_decimals = Some(1);
        assert_eq!(
            fields(&State::new().with("value", 24), Some(&temperature)),
            "24.0 °C"
        );
        let light = State::new()
            .with("on", false)
            .with("brightness", 60)
            .with("rgb", vec![255, 80, 0]);
        assert_eq!(fields(&light, None), "off brightness=60% rgb=#ff5000");
    }

    #[test]
    fn what_a_board_says_cannot_steer_a_terminal() {
        assert_eq!(
            fields(&State::new().with("value", "a\u{1b}[2Jb"), None),
            "\"a\u{fffd}[2Jb\""
        );
    }

    #[test]
    fn what_is_said_of_firmware_is_short() {
        let firmware = State::new()
            .with("installed_version", "0.1.0")
            .with("latest_version", Value::Null);
        let idle = firmware
            .with("in_progress", false)
            .with("update_percentage", Value::Null)
            .with("last_error", Value::Null);
        assert_eq!(fields(&idle, None), "0.1.0");
        let mut updating = idle.clone();
        updating.merge(
            &State::new()
                .with("in_progress", true)
                .with("update_percentage", 43)
                .with("latest_version", "0.2.0"),
        );
        assert_eq!(fields(&updating, None), "0.1.0 updating to 0.2.0 43 %");
        assert_eq!(
            fields(&State::new().with("update_percentage", 44), None),
            "44 %"
        );
        let failed = idle.with("last_error", "aborted");
        assert_eq!(
            fields(&failed, None),
            "0.1.0 (the last update failed: aborted)"
        );
    }
}
