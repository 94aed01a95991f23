//! The text that a search looks in, and the order of names.

use std::collections::BTreeSet;

use crate::model::arrangement::Labels;
use fleet::BoardView;

/// The text that the search box searches: name, address, id, kinds of
/// components, room and tags, in lower case.
pub(super) fn haystack(view: &BoardView, labels: Option<&Labels>) -> String {
    let mut words = vec![
        &*view.name,
        &view.address,
        view.id.as_deref().unwrap_or_default(),
    ];
    let kinds: BTreeSet<String> = view
        .components
        .iter()
        .map(|view| view.descriptor.kind.to_string())
        .collect();
    words.extend(kinds.iter().map(String::as_str));
    if let Some(labels) = labels {
        words.push(&labels.room);
        words.extend(labels.tags.iter().map(String::as_str));
    }
    words.join("\n").to_lowercase()
}

/// A key that sorts numbers by value and letters without case.
pub(super) fn natural_sort_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            flush(&mut key, &mut digits);
            key.extend(c.to_lowercase());
        }
    }
    flush(&mut key, &mut digits);
    key
}

fn flush(key: &mut String, digits: &mut String) {
    if !digits.is_empty() {
        // The number of digits before the digits: 2 before 10, and names that
        // differ stay different.
        key.push_str(&format!("{:03}", digits.len()));
        key.push_str(digits);
        digits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::natural_sort_key;

    #[test]
    fn names_sort_as_people_sort_them() {
        let mut names = ["bench 10", "Bench 2", "bench 2b", "Atelier"];
        names.sort_by_key(|name| natural_sort_key(name));
        assert_eq!(names, ["Atelier", "Bench 2", "bench 2b", "bench 10"]);
        assert_ne!(natural_sort_key("lamp 1"), natural_sort_key("lamp 01"));
    }
}
