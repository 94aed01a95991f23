//! Names of entities. Home Assistant shows them behind the name of the device,
//! so they do not repeat it, and the main entity has none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a name is made of.
pub(super) struct Candidate<'a> {
    /// Names are told apart within a platform, as entity ids are.
    pub(super) platform: &'static str,
    /// The component's name.
    pub(super) name: &'a str,
    /// What is added to it: `palette`.
    pub(super) suffix: &'static str,
    /// The kind of the component and its number, for a name that is missing or
    /// not unique.
    pub(super) kind: &'a str,
    /// See `kind`.
    pub(super) id: u16,
}

/// The `name` of each entity: a text, or `null` for one that is named like its
/// board, which at most one per platform is.
pub(super) fn names(board: &str, candidates: &[Candidate<'_>]) -> Vec<Value> {
    let short: Vec<String> = candidates
        .iter()
        .map(|candidate| {
            let name = without_board(board, candidate.name);
            match candidate.suffix {
                "" => name.to_owned(),
                suffix => format!("{name} {suffix}").trim().to_owned(),
            }
        })
        .collect();
    let mut count = BTreeMap::new();
    for (candidate, name) in candidates.iter().zip(&short) {
        *count
            .entry((candidate.platform, name.as_str()))
            .or_insert(0) += 1;
    }
    let mut used = BTreeSet::new();
    candidates
        .iter()
        .zip(&short)
        .map(|(candidate, name)| {
            let unique = count.get(&(candidate.platform, name.as_str())) == Some(&1);
            let kind = candidate.kind.replace('_', " ");
            let mut text = match (name.is_empty(), unique) {
                // A name that is missing is not a name like the board's.
                (true, true) if !candidate.name.trim().is_empty() => return Value::Null,
                (true, _) => format!("{kind} {}", candidate.id),
                (false, true) => name.clone(),
                (false, false) => format!("{name} {}", candidate.id),
            };
            // "Relay 1" may be the name of another component.
            if !used.insert((candidate.platform, text.clone())) {
                text = format!("{text} ({kind} {})", candidate.id);
                used.insert((candidate.platform, text.clone()));
            }
            Value::String(text)
        })
        .collect()
}

/// The part of a component's name that follows the board's; empty if they are
/// equal.
fn without_board<'a>(board: &str, name: &'a str) -> &'a str {
    let name = name.trim();
    let board = board.trim();
    let begins = name
        .get(..board.len())
        .is_some_and(|begin| begin.to_lowercase() == board.to_lowercase());
    if board.is_empty() || !begins {
        return name;
    }
    let rest = name.get(board.len()..).unwrap_or_default();
    if rest.is_empty() {
        return rest;
    }
    let separator = |c: char| c.is_whitespace() || matches!(c, '-' | ':' | '_' | '–' | '/' | ',');
    let trimmed = rest.trim_start_matches(separator);
    // "Desklight" does not begin with the name "Desk".
    if trimmed.len() == rest.len() || trimmed.is_empty() {
        return name;
    }
    trimmed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(board: &str, components: &[(&'static str, &str, u16)]) -> Vec<Value> {
        let candidates: Vec<_> = components
            .iter()
            .map(|(platform, name, id)| Candidate {
                platform,
                name,
                suffix: "",
                kind: platform,
                id: *id,
            })
            .collect();
        names(board, &candidates)
    }

    #[test]
    fn the_name_of_the_board_is_not_repeated() {
        assert_eq!(
            of(
                "Desk",
                &[
                    ("light", "Desk", 0),
                    ("switch", "desk: Outlet", 0),
                    ("sensor", "Desklight power", 0),
                    ("button", "", 0),
                ],
            ),
            [
                Value::Null,
                "Outlet".into(),
                "Desklight power".into(),
                "button 0".into()
            ]
        );
    }

    #[test]
    fn equal_names_are_told_apart_by_their_numbers() {
        let names = of(
            "Panel",
            &[
                ("switch", "Relay", 0),
                ("switch", "Relay", 1),
                ("switch", "Relay 1", 2),
                ("light", "Panel", 0),
                ("light", "Panel", 1),
            ],
        );
        assert_eq!(
            names,
            [
                "Relay 0",
                "Relay 1",
                "Relay 1 (switch 2)",
                "light 0",
                "light 1"
            ]
        );
    }
}
