//! An ordered collection of documents of one kind. Entries that cannot be read,
//! perhaps because a newer version wrote them, are kept unchanged.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

/// A document with a name.
pub trait Shelved {
    /// An empty document.
    fn new(name: String) -> Self;
    /// Its name.
    fn name(&self) -> &str;
    /// Changes its name.
    fn rename(&mut self, name: String);
}

/// An ordered collection of documents of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelf<T> {
    /// The entries that can be read.
    pub items: Vec<T>,
    /// The other entries, unchanged.
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
    /// A similar name that is not in use: `Evening`, `Evening 2`.
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
    fn unreadable_entries_are_kept() -> Result<(), serde_json::Error> {
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
