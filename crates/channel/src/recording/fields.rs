//! Parses a line of a recording. Only the fields that this program uses are
//! kept; lists and objects are skipped without building them, so memory stays
//! proportional to the length of the line whatever it contains.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The fields that are used.
const USED: [&str; 19] = [
    "what",
    "version",
    "address",
    "at",
    "offset_ms",
    "way",
    "text",
    "hex",
    "round_trip_ms",
    "protocol",
    "for_ms",
    "entries",
    "cause",
    "words",
    "by",
    "code",
    "reason",
    "status",
    "said",
];

/// More of them, for lines that report an end.
const END_FIELDS: [&str; 2] = ["limit", "silent_ms"];

/// The used fields of a line that are strings or numbers.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Scalar<'a>)>);

impl<'a> Fields<'a> {
    /// Parses a line.
    ///
    /// # Errors
    /// If the line is not a JSON object.
    pub(super) fn read(line: &'a str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| format!("it is not JSON: {error}"))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match *self.get(name)? {
            Scalar::Whole(number) => Some(number as f64),
            Scalar::Number(number) => Some(number),
            Scalar::Text(_) | Scalar::Other => None,
        }
    }

    /// An integer that is not negative.
    pub(super) fn whole(&self, name: &str) -> Option<u64> {
        match *self.get(name)? {
            Scalar::Whole(number) => Some(number),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Scalar<'a>> {
        // If a name occurs twice, the last value counts, as in `serde_json`.
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

/// A value: a string, a number or something else.
#[derive(Debug)]
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(u64),
    Number(f64),
    Other,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Line;

        impl<'de> Visitor<'de> for Line {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<Scalar<'de>>()? {
                    match name {
                        // A line that repeats a name does not grow the list.
                        Scalar::Text(name)
                            if USED.contains(&&*name) || END_FIELDS.contains(&&*name) =>
                        {
                            let value = map.next_value()?;
                            fields.retain(|(known, _)| *known != name);
                            fields.push((name, value));
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Line)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Whole(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Number(number as f64))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Other)
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar<'de>, E> {
                Ok(Scalar::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_read_and_everything_else_is_ignored() {
        let line = r#"{"what":"a\nb","at":"x","offset_ms":1.5,"code":1000,"limit":-2,"text":[1,{"a":[]}],"by":{"what":"c"},"new":[[]],"hex":null,"way":true,"at":"y"}"#;
        let fields = Fields::read(line).expect("an object");
        assert_eq!(
            (fields.text("what"), fields.text("at"), fields.text("text")),
            (Some("a\nb"), Some("y"), None)
        );
        assert_eq!(
            (
                fields.number("offset_ms"),
                fields.whole("code"),
                fields.number("code")
            ),
            (Some(1.5), Some(1000), Some(1000.0))
        );
        assert_eq!(
            (
                fields.whole("limit"),
                fields.number("limit"),
                fields.text("by"),
                fields.text("new")
            ),
            (None, Some(-2.0), None, None)
        );
        for line in ["", "[]", "1", "{", "{\"a\":}", "{} {}"] {
            assert!(
                Fields::read(line).is_err_and(|why| why.contains("not JSON")),
                "{line}"
            );
        }
    }
}
