//! Fields by name, as the states of components have them: a handful, of which
//! most have one. A tree of `serde_json` takes 600 bytes for the first field;
//! this takes what its fields need, on a chip and for a thousand boards.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::Object;

/// So many get no more room than they need; of more than any component has,
/// room is made for many at once.
const A_HANDFUL: usize = 16;

/// Named values in the order of their names, each name once.
#[derive(Clone, Default, PartialEq)]
pub struct Fields(Vec<(String, Value)>);

impl Fields {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(field, _)| field.as_str().cmp(name))
    }

    /// A field as it came.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.find(name).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// Whether there is a field of that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets a field; what it was before.
    pub fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        match self.find(&name) {
            Ok(at) => self
                .0
                .get_mut(at)
                .map(|(_, old)| core::mem::replace(old, value)),
            Err(at) => {
                // A state gets its fields once and keeps them.
                self.0.reserve_exact(1);
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Sets a field, whose name is only copied where it is new.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.find(name).ok().and_then(|at| self.0.get_mut(at)) {
            Some((_, old)) => *old = value,
            None => drop(self.insert(name.into(), value)),
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.find(name).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Keeps the fields for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The names, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    /// All of them, in the order of their names, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&*name, value))
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }
}

/// The fields of [`Fields::iter`].
#[expect(
    unreachable_pub,
    reason = "it is the type of a public iterator, named by nobody"
)]
pub type Iter<'a> = core::iter::Map<
    core::slice::Iter<'a, (String, Value)>,
    fn(&(String, Value)) -> (&String, &Value),
>;

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a String, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl IntoIterator for Fields {
    type Item = (String, Value);
    type IntoIter = alloc::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        let mut all = Self::new();
        // One by one: sorting is 2 kB of a chip's flash wherever it is done.
        for (name, value) in fields {
            all.insert(name, value);
        }
        all
    }
}

impl From<Object> for Fields {
    fn from(object: Object) -> Self {
        let mut fields = Vec::new();
        fields.reserve_exact(object.len());
        // In the order of names already: `serde_json` keeps them so.
        fields.extend(object);
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

impl Fields {
    /// Reads them where a map begins. Boards send them in the order of their
    /// names; others go through a tree, so that no order costs more than
    /// another.
    pub(crate) fn read<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut fields = Self::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.0.last().is_some_and(|(last, _)| *last >= name) {
                let mut object = Object::from(fields);
                object.insert(name, value);
                while let Some((name, value)) = map.next_entry()? {
                    object.insert(name, value);
                }
                return Ok(object.into());
            }
            if fields.len() < A_HANDFUL {
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
    fn fields_are_read_and_written_as_a_map_is() -> Result<(), serde_json::Error> {
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
    fn the_last_of_a_name_counts_and_order_is_that_of_names() -> Result<(), serde_json::Error> {
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
    fn what_is_no_map_is_no_fields() {
        for text in ["[]", "1", "null", r#""a""#, r#"{"a"}"#] {
            assert!(serde_json::from_str::<Fields>(text).is_err(), "{text}");
        }
    }
}
