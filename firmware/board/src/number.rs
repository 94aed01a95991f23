//! Decimal numbers in messages. `core` has no `round`, and its formatting of
//! floating-point numbers takes 30 kB of flash, so both are done here.

use serde_json::Value;

/// Numbers from here on are not written as integers: an `f64` cannot hold all
/// of them exactly.
const WHOLE: f64 = 1e15;

/// An `f64` has at most 15 significant decimal digits.
const POWERS: [f64; 16] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

/// `value` rounded to this many decimals. A number without the precision for it
/// is returned unchanged.
pub(crate) fn rounded(value: f64, decimals: usize) -> f64 {
    match POWERS.get(decimals) {
        Some(power) if (value * power).abs() < WHOLE => nearest(value * power) as f64 / power,
        _ => value,
    }
}

/// The whole number nearest to `value`, which is less than [`WHOLE`]; ties go
/// to even (IEEE 754, section 4.3.1).
#[expect(
    clippy::cast_possible_truncation,
    reason = "less than `WHOLE`, and its fraction is looked at"
)]
fn nearest(value: f64) -> i64 {
    let towards_zero = value as i64;
    let rest = (value - towards_zero as f64).abs();
    if rest > 0.5 || (rest == 0.5 && towards_zero % 2 != 0) {
        towards_zero + if value < 0.0 { -1 } else { 1 }
    } else {
        towards_zero
    }
}

/// A number in its canonical form, so that equal numbers are equal values:
/// `24`, not `24.0`. NaN and infinity are `null`, unknown.
pub(crate) fn json(value: f64) -> Value {
    if value.abs() < WHOLE && rounded(value, 0) == value {
        return Value::from(nearest(value));
    }
    Value::from(value)
}

/// A whole number of at least 0, also if it is written as `60.0`: JSON does not
/// distinguish the two (RFC 8259, section 6). A number beyond 64 bits counts as
/// [`u64::MAX`].
pub(crate) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| unsigned(value.as_f64()?))
}

/// Whether a number is a negative whole number.
pub(crate) fn is_negative_whole(value: &Value) -> bool {
    value
        .as_f64()
        .is_some_and(|number| number < 0.0 && unsigned(-number).is_some())
}

/// `number` if it is whole. From 2^53 on, every `f64` is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number out of range saturates, as intended"
)]
fn unsigned(number: f64) -> Option<u64> {
    let whole = number as u64;
    (number >= 0.0 && (whole as f64 == number || whole == u64::MAX)).then_some(whole)
}

/// The value nearest to `value` among `min`, `min + step` and so on.
pub(crate) fn stepped(value: f64, min: f64, max: f64, step: f64) -> f64 {
    let steps = rounded((value - min) / step, 0);
    let decimals = decimals(step).max(decimals(min));
    let exact = rounded(min + steps * step, decimals);
    // The last step may exceed `max` if the range is not a multiple of it;
    // 3 * 0.1 exceeds 0.3 only until it is rounded.
    if exact > max {
        rounded(exact - step, decimals)
    } else {
        exact
    }
}

/// The number of decimals that a number needs.
fn decimals(value: f64) -> usize {
    (0..POWERS.len())
        .find(|decimals| rounded(value, *decimals) == value)
        .unwrap_or(POWERS.len())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn rounding_is_that_of_decimal_text() {
        for value in [
            0.0,
            0.5,
            1.5,
            2.5,
            -0.5,
            -1.5,
            22.449,
            22.45,
            -54.3,
            1e-9,
            123_456.789,
            999.999_5,
            1e14,
            1e300,
            -7.25,
        ] {
            for decimals in 0..6 {
                let text: f64 = format!("{value:.decimals$}").parse().unwrap_or(f64::NAN);
                assert_eq!(rounded(value, decimals), text, "{value} to {decimals}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_told_from_fractions_however_they_are_written() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("60", Some(60)),
            ("60.0", Some(60)),
            ("6e1", Some(60)),
            ("18446744073709551615", Some(u64::MAX)),
            ("1e300", Some(u64::MAX)),
            ("60.5", None),
            ("1e-9", None),
            ("-1", None),
            ("\"60\"", None),
            ("true", None),
            ("null", None),
        ] {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            assert_eq!(whole(&value), expected, "{text}");
        }
        for (text, expected) in [
            ("-1", true),
            ("-1.0", true),
            ("-1e300", true),
            ("-0.5", false),
            ("1", false),
            ("0", false),
        ] {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            assert_eq!(is_negative_whole(&value), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_rounded_to_the_nearest_step_up_to_their_maximum() {
        let cases = include_str!("../../../tests/boards/exchanges/steps.txt");
        for case in cases.lines().filter(|line| !line.starts_with('#')) {
            let numbers: alloc::vec::Vec<f64> = case
                .split_whitespace()
                .map(|number| number.parse().unwrap_or(f64::NAN))
                .collect();
            assert_eq!(numbers.len(), 5, "not a case: {case}");
            if let [value, min, max, step, expected] = numbers[..] {
                assert_eq!(stepped(value, min, max, step), expected, "{case}");
            }
        }
    }

    #[test]
    fn a_step_has_the_digits_that_it_is_written_with() {
        for (value, digits) in [
            (1.0, 0),
            (0.5, 1),
            (0.1, 1),
            (0.07, 2),
            (0.125, 3),
            (2.5e-4, 5),
            (1e-6, 6),
            (1e300, 0),
        ] {
            assert_eq!(decimals(value), digits, "{value}");
        }
    }
}
