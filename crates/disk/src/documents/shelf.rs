//! An ordered collection of documents of one kind. Entries that cannot be read,
//! perhaps because a newer version wrote them, are kept unchanged.

use super::NAME;
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
    /// A similar name that is not in use, nor too long: `Evening`, `Evening 2`.
    pub fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.items.iter().any(|item| item.name() == name);
        let mut name = shortened(wanted, NAME).to_owned();
        let (stem, mut number) = numbered(&name);
        let stem = stem.to_owned();
        while taken(&name) {
            number += 1;
            let end = format!(" {number}");
            name = shortened(&stem, NAME - end.len()).to_owned() + &end;
        }
        name
    }
}

/// The first characters of a name.
fn shortened(name: &str, most: usize) -> &str {
    let end = name
        .char_indices()
        .nth(most)
        .map_or(name.len(), |(at, _)| at);
    match name.get(..end) {
        Some(start) if end < name.len() => start.trim_end(),
        _ => name,
    }
}

/// A name without its number, and the number: 1 if it has none.
fn numbered(name: &str) -> (&str, u64) {
    let number = |(stem, number): (_, &str)| Some((stem, number.parse::<u32>().ok()?.into()));
    name.rsplit_once(' ').and_then(number).unwrap_or((name, 1))
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
    use super::{
        super::{Scene, check_name},
        Shelf, Shelved,
    };

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

    #[test]
    fn a_name_in_use_is_counted_up() {
        let mut shelf = Shelf::<Scene>::default();
        let mut add = |wanted: &str| {
            let name = shelf.free_name(wanted);
            shelf.items.push(Shelved::new(name.clone()));
            name
        };
        assert_eq!(
            [(); 3].map(|()| add("Scene 1")),
            ["Scene 1", "Scene 2", "Scene 3"]
        );
        assert_eq!(
            [(); 3].map(|()| add("Evening")),
            ["Evening", "Evening 2", "Evening 3"]
        );
        assert_eq!([add("2026"), add("2026")], ["2026", "2026 2"]);
    }

    #[test]
    fn a_name_that_is_too_long_is_shortened() {
        let mut shelf = Shelf::<Scene>::default();
        let long = "ä".repeat(63);
        for end in ["ä", " 2", " 3"] {
            let name = shelf.free_name(&long);
            assert_eq!(
                (check_name(&name), name.ends_with(end)),
                (Ok(()), true),
                "{name}"
            );
            shelf.items.push(Shelved::new(name));
        }
    }
}
