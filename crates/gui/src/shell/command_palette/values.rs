//! Typed values: `desk lamp 60 %` sets the brightness of the lamp.

use protocol::{Kind, State};

use super::{
    board_verbs::command,
    entry::{Entry, Subject},
};
use crate::{
    model::{batch::Operation, boards::Model, pin::component_name},
    widgets::icon,
};
use fleet::{BoardView, ComponentView};

/// A number in a typed text.
#[derive(Debug, PartialEq)]
pub(super) struct TypedValue {
    number: f64,
    /// Its unit in lower case; empty if none was typed.
    unit: String,
    /// The text without both.
    pub(super) rest: String,
    /// Which words of the text are the number and its unit: a bit each.
    pub(super) words: u64,
}

impl TypedValue {
    /// The last number of a text, if there is one.
    pub(super) fn find(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (at, (number, unit)) = words
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, word)| Some((at, split(word)?)))?;
        let mut rest = words.clone();
        rest.remove(at);
        let mut bits = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
        let mut unit = unit.to_lowercase();
        if unit.is_empty()
            && let Some(next) = words.get(at + 1).filter(|next| is_unit(next))
        {
            unit = next.to_lowercase();
            rest.remove(at);
            bits |= bits << 1;
        }
        Some(Self {
            number,
            unit,
            rest: rest.join(" "),
            words: bits,
        })
    }

    /// Whether its unit says that it is a value.
    pub(super) fn has_unit(&self) -> bool {
        !self.unit.is_empty()
    }
}

/// A number and the unit directly after it.
fn split(word: &str) -> Option<(f64, &str)> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+');
    let end = word.find(|c| !digits(c)).unwrap_or(word.len());
    let (number, unit) = word.split_at(end);
    let number = number.replace(',', ".").parse().ok()?;
    (unit.is_empty() || is_unit(unit)).then_some((number, unit))
}

/// Whether a word can be a unit rather than part of a name.
fn is_unit(word: &str) -> bool {
    let units = [
        "%", "percent", "k", "kelvin", "°c", "c", "°f", "f", "w", "v", "a", "hz", "s", "ms", "lx",
        "hpa", "°",
    ];
    units.contains(&word.to_lowercase().as_str())
}

/// What the value can mean for a component.
pub(super) fn of_component(
    model: &Model,
    board: &BoardView,
    view: &ComponentView,
    value: &TypedValue,
) -> Vec<Entry> {
    if !board.link.is_up() {
        return Vec::new();
    }
    let meanings = match view.descriptor.kind {
        Kind::Light => light(view, value),
        Kind::Number => number(view, value).into_iter().collect(),
        Kind::Cover => position(view, value).into_iter().collect(),
        _ => Vec::new(),
    };
    let title = model.title(board);
    let name = component_name(board, view);
    let key = &view.descriptor.key;
    let entry = |Meaning {
                     words,
                     change,
                     why_not,
                 }| {
        let set = command(model, board.key, Operation::Set(key.clone(), change));
        Entry::new(
            icon::SLIDERS_HORIZONTAL,
            format!("{title}: set {name} to {words}"),
            set,
        )
        .about(Subject::Component(board.key, key.clone()))
        .unless(why_not)
    };
    meanings.into_iter().map(entry).collect()
}

struct Meaning {
    /// The value with its unit.
    words: String,
    change: State,
    why_not: Option<String>,
}

/// Brightness, or color temperature.
fn light(view: &ComponentView, value: &TypedValue) -> Vec<Meaning> {
    let caps = &view.descriptor.caps;
    let mut meanings = Vec::new();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded by the ranges below"
    )]
    let whole = value.number.round().clamp(-1.0, 100_000.0) as i64;
    let is = |units: &[&str]| units.contains(&value.unit.as_str());
    if caps.brightness && (is(&["%", "percent"]) || (is(&[""]) && value.number <= 100.0)) {
        let fits = (0.0..=100.0).contains(&value.number);
        let mut change = State::new().with("brightness", whole);
        if whole > 0 && view.shown().on() != Some(true) {
            change = change.with("on", true);
        }
        meanings.push(Meaning {
            words: format!("{whole} %"),
            change,
            why_not: (!fits).then(|| "0 to 100 %".to_owned()),
        });
    }
    if let Some([one, other]) = caps.ct_k
        && (is(&["k", "kelvin"]) || (is(&[""]) && value.number >= 1_000.0))
    {
        let range = f64::from(one.min(other))..=f64::from(one.max(other));
        let why_not = (!range.contains(&value.number))
            .then(|| format!("{} to {} K", range.start(), range.end()));
        meanings.push(Meaning {
            words: format!("{whole} K"),
            change: State::new().with("ct_k", whole),
            why_not,
        });
    }
    meanings
}

/// The position of a cover.
fn position(view: &ComponentView, value: &TypedValue) -> Option<Meaning> {
    let is_percent = ["", "%", "percent"].contains(&value.unit.as_str());
    if !is_percent || !view.descriptor.caps.position {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the range")]
    let whole = value.number.round().clamp(-1.0, 101.0) as i64;
    let fits = (0.0..=100.0).contains(&value.number);
    Some(Meaning {
        words: format!("{whole} %"),
        change: State::new().with("position", whole),
        why_not: (!fits).then(|| "0 to 100 %".to_owned()),
    })
}

/// A number, within its range and on one of its steps.
fn number(view: &ComponentView, value: &TypedValue) -> Option<Meaning> {
    let descriptor = &view.descriptor;
    let unit = descriptor.unit_of_measurement.as_deref();
    let known = unit.unwrap_or_default().to_lowercase();
    let is_meant = !value.has_unit()
        || known == value.unit
        || known.trim_start_matches('°') == value.unit
        || (known == "%" && value.unit == "percent");
    if !is_meant {
        return None;
    }
    let format = |number: f64| text::quantity(number, descriptor.accuracy_decimals, unit);
    let why_not = view.shown().range().and_then(|[min, max, step]| {
        let steps = (value.number - min) / step;
        let is_on_step = step <= 0.0 || (steps - steps.round()).abs() < 1e-6;
        let fits = (min..=max).contains(&value.number) && is_on_step;
        (!fits).then(|| match step > 0.0 {
            true => format!("{} to {}, in steps of {step}", format(min), format(max)),
            false => format!("{} to {}", format(min), format(max)),
        })
    });
    Some(Meaning {
        words: format(value.number),
        change: State::new().with("value", value.number),
        why_not,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_last_number_and_its_unit() {
        for (text, number, unit, rest, words) in [
            ("desk lamp 60 %", 60.0, "%", "desk lamp", 0b1100),
            ("desk lamp 60%", 60.0, "%", "desk lamp", 0b100),
            ("60 % desk lamp", 60.0, "%", "desk lamp", 0b11),
            ("lamp 2 3000 K", 3_000.0, "k", "lamp 2", 0b1100),
            ("setpoint 21,5", 21.5, "", "setpoint", 0b10),
            ("setpoint 21.5°C", 21.5, "°c", "setpoint", 0b10),
            ("lamp 2 on", 2.0, "", "lamp on", 0b10),
            ("60 percent", 60.0, "percent", "", 0b11),
        ] {
            let found = TypedValue::find(text);
            let wanted = TypedValue {
                number,
                unit: unit.to_owned(),
                rest: rest.to_owned(),
                words,
            };
            assert_eq!(found, Some(wanted), "{text}");
        }
        for text in ["desk lamp", "", "lamp2b", "%"] {
            assert_eq!(TypedValue::find(text), None, "{text}");
        }
    }
}
