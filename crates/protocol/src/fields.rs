//! A compact map from names to values, for component states: they have a
//! handful of fields, most of them one. A `serde_json` map takes 600 bytes for
//! its first field; this one takes only what its fields need, which matters on
//! a chip and with a thousand boards.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess, Visitor},
};
use serde_json::Value;

use crate::Object;

/// Up to this many fields, capacity grows by exactly one; beyond it, which no
/// component needs, it doubles.
const EXACT_UP_TO: usize = 16;

/// The names of docs/protocol.md, "Components", in order. Fields share them, so
/// that neither reading nor copying a state allocates its names.
const NAMES: [&str; 23] = [
    "brightness",
    "ct_k",
    "effect",
    "in_progress",
    "installed_version",
    "last_error",
    "latest_version",
    "max",
    "min",
    "moving",
    "on",
    "options",
    "palette",
    "position",
    "rgb",
    "signature_required",
    "signed",
    "signing_key",
    "state",
    "step",
    "update_percentage",
    "value",
    "white",
];

/// The name of a field.
type Name = Cow<'static, str>;

fn known(name: &str) -> Option<Name> {
    let at = NAMES.binary_search(&name).ok()?;
    NAMES.get(at).copied().map(Cow::Borrowed)
}

fn name(name: &str) -> Name {
    known(name).unwrap_or_else(|| Cow::Owned(name.into()))
}

fn owned(name: String) -> Name {
    known(&name).unwrap_or(Cow::Owned(name))
}

/// Named values, sorted by name, each name once.
#[derive(Clone, Default, PartialEq)]
pub struct Fields(Vec<(Name, Value)>);

impl Fields {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(field, _)| (**field).cmp(name))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Whether there is a field of that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a field and returns its previous value.
    pub fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        match self.find(&name) {
            Ok(at) => self
                .0
                .get_mut(at)
                .map(|(_, old)| core::mem::replace(old, value)),
            Err(at) => {
                self.insert_at(at, owned(name), value);
                None
            }
        }
    }

    fn insert_at(&mut self, at: usize, name: Name, value: Value) {
        // A state gets its fields once and keeps them.
        self.0.reserve_exact(1);
        self.0.insert(at, (name, value));
    }

    /// Sets a field. Copies the name only if it is new, and not one of
    /// docs/protocol.md.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.find(name) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => self.insert_at(at, self::name(name), value),
        }
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.find(name).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Keeps the fields for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// All fields in order of name, mutable.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// All fields in order of name.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }
}

/// The iterator of [`Fields::iter`].
#[expect(
    unreachable_pub,
    reason = "the type of a public iterator, which callers do not name"
)]
pub type Iter<'a> =
    core::iter::Map<core::slice::Iter<'a, (Name, Value)>, fn(&(Name, Value)) -> (&str, &Value)>;

/// The iterator over owned fields.
#[expect(
    unreachable_pub,
    reason = "the type of a public iterator, which callers do not name"
)]
pub type IntoIter =
    core::iter::Map<alloc::vec::IntoIter<(Name, Value)>, fn((Name, Value)) -> (String, Value)>;

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a str, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

impl IntoIterator for Fields {
    type Item = (String, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        self.0
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value))
    }
}

impl<N: AsRef<str>> FromIterator<(N, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(fields: I) -> Self {
        let mut all = Self::new();
        // One by one: sorting would cost 2 kB of a chip's flash.
        for (name, value) in fields {
            all.set(name.as_ref(), value);
        }
        all
    }
}

impl From<Object> for Fields {
    fn from(object: Object) -> Self {
        let mut fields = Vec::new();
        fields.reserve_exact(object.len());
        // Already in order: `serde_json` keeps names sorted.
        fields.extend(object.into_iter().map(|(name, value)| (owned(name), value)));
        Self(fields)
    }
}

impl From<Fields> for Object {
    fn from(fields: Fields) -> Self {
        let mut object = Self::new();
        for (name, value) in fields {
            object.insert(name, value);
        }
        object
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fields, A::Error> {
                Fields::read(map)
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// Reads a name, which is copied only if it is not one of [`NAMES`].
struct ReadName;

impl<'de> DeserializeSeed<'de> for ReadName {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for ReadName {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
        Ok(name(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Name, E> {
        Ok(owned(text))
    }
}

impl Fields {
    /// Reads the fields of a map. Boards send them in order of name. Other
    /// orders go through a `BTreeMap`, so that none is quadratic.
    pub(crate) fn read<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut fields = Self::new();
        while let Some(name) = map.next_key_seed(ReadName)? {
            let value: Value = map.next_value()?;
            if fields.0.last().is_some_and(|(last, _)| *last >= name) {
                let mut object = Object::from(fields);
                object.insert(name.into_owned(), value);
                while let Some((name, value)) = map.next_entry()? {
                    object.insert(name, value);
                }
                return Ok(object.into());
            }
            if fields.len() < EXACT_UP_TO {
                fields.0.reserve_exact(1);
            }
            fields.0.push((name, value));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::json;

    use super::*;

    #[test]
    fn fields_serialize_like_a_map() -> Result<(), serde_json::Error> {
        for text in [
            "{}",
            r#"{"on":true}"#,
            r#"{"a":[1,{"b":null}],"c":"d","e":1.5}"#,
        ] {
            let fields: Fields = serde_json::from_str(text)?;
            assert_eq!(serde_json::to_string(&fields)?, text);
            let object: Object = serde_json::from_str(text)?;
            assert_eq!(Fields::from(object.clone()), fields);
            assert_eq!(Object::from(fields), object);
        }
        Ok(())
    }

    #[test]
    fn names_are_sorted_and_the_last_value_counts() -> Result<(), serde_json::Error> {
        let mut fields: Fields = serde_json::from_str(r#"{"b":1,"a":2,"b":3}"#)?;
        assert_eq!(serde_json::to_string(&fields)?, r#"{"a":2,"b":3}"#);
        assert_eq!(fields.insert("a".to_string(), json!(4)), Some(json!(2)));
        fields.set("c", json!(5));
        fields.set("c", json!(6));
        assert_eq!(fields.get("c"), Some(&json!(6)));
        assert_eq!(
            (fields.remove("b"), fields.remove("b")),
            (Some(json!(3)), None)
        );
        fields.retain(|name, _| name != "a");
        assert_eq!(
            (
                fields.len(),
                fields.contains_key("c"),
                fields.contains_key("a")
            ),
            (1, true, false)
        );
        Ok(())
    }

    #[test]
    fn known_names_are_in_order_and_not_copied() -> Result<(), serde_json::Error> {
        assert!(NAMES.is_sorted());
        let mut fields: Fields = serde_json::from_str(r#"{"on":true,"other":1,"value":2}"#)?;
        fields.set("brightness", json!(50));
        let shared = fields
            .0
            .iter()
            .map(|(name, _)| (&**name, matches!(name, Cow::Borrowed(_))));
        assert_eq!(
            shared.collect::<Vec<_>>(),
            [
                ("brightness", true),
                ("on", true),
                ("other", false),
                ("value", true)
            ]
        );
        Ok(())
    }

    #[test]
    fn a_value_that_is_not_a_map_is_refused() {
        for text in ["[]", "1", "null", r#""a""#, r#"{"a"}"#] {
            assert!(serde_json::from_str::<Fields>(text).is_err(), "{text}");
        }
    }
}
