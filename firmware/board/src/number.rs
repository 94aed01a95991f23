//! Decimal numbers as they stand in messages. Rounding goes by decimal text: exact, and `core` has no `round`.

use alloc::{format, string::ToString};

use serde_json::Value;

/// From here on not every whole number is an `f64`; nothing is gained by writing such a number without a point.
const WHOLE: f64 = 1e15;

/// `value` with so many digits after the point.
pub(crate) fn rounded(value: f64, decimals: usize) -> f64 {
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

/// A number in the one form that it has in states, so that equal numbers are equal values: `24`, not `24.0`.
/// What is no number is `null`, unknown.
pub(crate) fn json(value: f64) -> Value {
    if value.abs() < WHOLE
        && rounded(value, 0) == value
        && let Ok(whole) = format!("{value:.0}").parse::<i64>()
    {
        return Value::from(whole);
    }
    Value::from(value)
}

/// A whole number of no sign, also where it is written as `60.0`: JSON does not tell the two apart (RFC 8259, section 6).
pub(crate) fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| json(value.as_f64()?).as_u64())
}

/// The multiple of `step` from `min` on that is nearest to `value`.
pub(crate) fn stepped(value: f64, min: f64, max: f64, step: f64) -> f64 {
    let steps = rounded((value - min) / step, 0);
    let exact = min + steps * step;
    // The last step may lie beyond `max` where the range is no multiple of it.
    let within = if exact > max { exact - step } else { exact };
    rounded(within, decimals(step).max(decimals(min)))
}

/// How many digits after the point a number needs.
fn decimals(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, digits)| digits.len())
}
