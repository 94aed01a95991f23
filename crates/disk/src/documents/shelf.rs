//! Documents of one sort, in an order. One that this program cannot read,
//! perhaps of a newer version, stays on the shelf unread.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// Something that has a name.
pub trait Shelved {
    /// An empty one.
    fn new(name: String) -> Self;
    /// What it is called.
    fn name(&self) -> &str;
    /// Calls it so.
    fn rename(&mut self, name: String);
}

/// Documents of one sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelf<T> {
    /// Those that can be read.
    pub items: Vec<T>,
    /// The others, as they came.
    unread: Vec<Value>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unread: Vec::new(),
        }
    }
}

impl<T: Shelved> Shelf<T> {
    /// A name like this one that none has: `Evening`, `Evening 2`.
    pub fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.items.iter().any(|item| item.name() == name);
        let mut name = wanted.to_owned();
        let mut number = 2;
        while taken(&name) {
            name = format!("{wanted} {number}");
            number += 1;
        }
        name
    }
}

impl<T: Serialize> Serialize for Shelf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Any<'a, T> {
            Item(&'a T),
            Unread(&'a Value),
        }
        let unread = self.unread.iter().map(Any::Unread);
        serializer.collect_seq(self.items.iter().map(Any::Item).chain(unread))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Shelf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut shelf = Self::default();
        for value in Vec::<Value>::deserialize(deserializer)? {
            match T::deserialize(&value) {
                Ok(item) => shelf.items.push(item),
                Err(_) => shelf.unread.push(value),
            }
        }
        Ok(shelf)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Scene, Shelf};

    #[test]
    fn what_cannot_be_read_stays_where_it_is() -> Result<(), serde_json::Error> {
        let stored = r#"[{"name":"Evening","steps":[]},{"name":"Newer","acts":[1]}]"#;
        let shelf: Shelf<Scene> = serde_json::from_str(stored)?;
        assert_eq!(shelf.items.len(), 1);
        assert!(serde_json::to_string(&shelf)?.contains(r#"{"acts":[1],"name":"Newer"}"#));
        assert_eq!(
            (&*shelf.free_name("Evening"), &*shelf.free_name("Night")),
            ("Evening 2", "Night")
        );
        Ok(())
    }
}
