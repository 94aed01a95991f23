//! Texts and numbers of a board, as they are passed on.

use serde_json::Value;

/// The most entries of a list of texts: options, effects, event types.
pub(super) const MOST_TEXTS: usize = 256;

/// How much such a list may take, in bytes: a state or a description has room
/// for little more ([`sanitize::bounds::fits`]).
const TEXTS: usize = 3_500;

/// A list of texts, cut where it is too long.
pub(super) fn bounded(texts: Vec<String>) -> Vec<String> {
    let mut left = TEXTS;
    texts
        .into_iter()
        .map(sanitize::bounds::text)
        .map_while(|text| {
            left = left.checked_sub(text.len() + 3)?;
            Some(text)
        })
        .collect()
}

/// A `float` with the fewest digits that identify it: `21.6` and not
/// `21.600000381469727`. `null` if it is not a number.
pub(super) fn decimal(number: f32) -> Value {
    exact(number).map_or(Value::Null, Value::from)
}

/// The same, as a number.
pub(super) fn exact(number: f32) -> Option<f64> {
    let number: f64 = number.to_string().parse().ok()?;
    number.is_finite().then_some(number)
}

/// A `float` from 0 to 1 as a whole number from 0 to `most`; `None` if it is
/// not a number.
pub(super) fn part(number: f32, most: u8) -> Option<u8> {
    if number.is_nan() {
        return None;
    }
    let scaled = (number.clamp(0.0, 1.0) * f32::from(most)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within 0 and `most`"
    )]
    Some(scaled as u8)
}

/// A text, or `null` if it is empty.
pub(super) fn or_null(text: String) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        sanitize::bounds::text(text).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_float_has_as_few_digits_as_identify_it() {
        assert_eq!(decimal(21.6), json!(21.6));
        assert_eq!(decimal(-0.1), json!(-0.1));
        assert_eq!(decimal(1e-9), json!(1e-9));
        assert_eq!(decimal(3.4e38), json!(3.4e38));
        assert_eq!(decimal(f32::NAN), Value::Null);
        assert_eq!(decimal(f32::INFINITY), Value::Null);
    }

    #[test]
    fn a_part_is_within_its_range() {
        assert_eq!(part(0.6, 100), Some(60));
        assert_eq!(part(1.5, 255), Some(255));
        assert_eq!(part(-1.0, 255), Some(0));
        assert_eq!(part(f32::NAN, 255), None);
    }

    #[test]
    fn a_list_of_texts_is_cut_where_it_is_too_long() {
        let texts = bounded(vec!["x".repeat(97); 1_000]);
        assert_eq!(texts.len(), 35);
    }
}
