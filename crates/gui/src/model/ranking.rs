//! Ranks names against typed words, for the command palette and the component
//! picker. Each typed word has to match: as part of the name, with one typing
//! error, or as letters in the same order. Wraps `nucleo-matcher`, which knows
//! only the last of these.

use std::cmp::Reverse;

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

/// What a word earns that is part of the name; more than any other match.
const CONTAINED: u32 = 1_000;

/// What a word earns that is a word of the name, or begins one.
const BEGINS: u32 = 200;
const WHOLE: u32 = 400;

/// What a name earns that begins with the whole typed text.
const PHRASE: u32 = 250;

/// What a word earns that is a word of the name with one typing error.
const MISTYPED: u32 = 700;

/// The most that a word earns whose letters occur in order.
const SCATTERED: u32 = 300;

/// From this many letters on, a word may contain a typing error.
const LONG: usize = 4;

/// From this many letters on, it suffices that they occur in order.
const MEDIUM: usize = 3;

/// Words beyond these are ignored.
const MOST_WORDS: usize = 32;

/// Typed words, prepared to be compared with many names.
pub(crate) struct Ranking {
    matcher: Matcher,
    /// The whole text in lower case.
    phrase: Vec<char>,
    words: Vec<TypedWord>,
}

struct TypedWord {
    letters: Vec<char>,
    contained: Atom,
    scattered: Atom,
}

impl TypedWord {
    fn new(word: &str) -> Self {
        let atom = |kind| {
            Atom::new(
                word,
                CaseMatching::Ignore,
                Normalization::Smart,
                kind,
                false,
            )
        };
        Self {
            letters: word.chars().flat_map(char::to_lowercase).collect(),
            contained: atom(AtomKind::Substring),
            scattered: atom(AtomKind::Fuzzy),
        }
    }
}

impl Ranking {
    /// Prepares the words of a typed text.
    pub(crate) fn new(typed: &str) -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            phrase: typed.trim().chars().flat_map(char::to_lowercase).collect(),
            words: typed
                .split_whitespace()
                // As menus show entries that ask first.
                .map(|word| word.trim_end_matches('…'))
                .filter(|word| !word.is_empty())
                .take(MOST_WORDS)
                .map(TypedWord::new)
                .collect(),
        }
    }

    /// How well a name matches, higher for better; `None` if a word of the
    /// typed text does not match at all. Without words all names are equal.
    pub(crate) fn score(&mut self, name: &str) -> Option<u32> {
        let mut letters = Vec::new();
        let haystack = Utf32Str::new(name, &mut letters);
        let mut parts: Option<Vec<Vec<char>>> = None;
        let mut sum = 0;
        for word in &self.words {
            sum += if let Some(score) = word.contained.score(haystack, &mut self.matcher) {
                let parts = parts.get_or_insert_with(|| split(name));
                CONTAINED + u32::from(score) + position(&word.letters, parts)
            } else {
                let mistyped = word.letters.len() >= LONG && {
                    let parts = parts.get_or_insert_with(|| split(name));
                    parts.iter().any(|part| one_error(&word.letters, part))
                };
                if mistyped {
                    MISTYPED
                } else if word.letters.len() >= MEDIUM {
                    let score = word.scattered.score(haystack, &mut self.matcher)?;
                    u32::from(score).min(SCATTERED)
                } else {
                    return None;
                }
            };
        }
        let mut name = name.chars().flat_map(char::to_lowercase);
        if self.phrase.iter().all(|typed| name.next() == Some(*typed)) {
            sum += PHRASE;
        }
        Some(sum)
    }

    /// Which words a name contains, with one typing error at most: a bit each.
    pub(crate) fn hits(&mut self, name: &str) -> u64 {
        let mut letters = Vec::new();
        let haystack = Utf32Str::new(name, &mut letters);
        let mut parts: Option<Vec<Vec<char>>> = None;
        let mut hits = 0;
        for (at, word) in self.words.iter().enumerate() {
            let hit = word.contained.score(haystack, &mut self.matcher).is_some()
                || (word.letters.len() >= LONG && {
                    let parts = parts.get_or_insert_with(|| split(name));
                    parts.iter().any(|part| one_error(&word.letters, part))
                });
            hits |= u64::from(hit) << at;
        }
        hits
    }

    /// What [`Ranking::hits`] is for a name that contains all words.
    pub(crate) fn all_hits(&self) -> u64 {
        (0..self.words.len()).fold(0, |all, at| all | (1 << at))
    }

    /// Whether a name contains one of the words, with one typing error at most.
    pub(crate) fn touches(&mut self, name: &str) -> bool {
        self.hits(name) != 0
    }

    /// The items whose names match, the best first; equally good ones keep
    /// their order.
    pub(crate) fn rank<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        name: impl Fn(&T) -> &str,
    ) -> Vec<T> {
        let mut ranked: Vec<(u32, T)> = items
            .into_iter()
            .filter_map(|item| Some((self.score(name(&item))?, item)))
            .collect();
        ranked.sort_by_key(|(score, _)| Reverse(*score));
        ranked.into_iter().map(|(_, item)| item).collect()
    }
}

/// The words of a name, in lower case.
fn split(name: &str) -> Vec<Vec<char>> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(|part| part.chars().flat_map(char::to_lowercase).collect())
        .collect()
}

/// What a contained word earns for where it is.
fn position(typed: &[char], parts: &[Vec<char>]) -> u32 {
    if parts.iter().any(|part| part == typed) {
        WHOLE
    } else if parts.iter().any(|part| part.starts_with(typed)) {
        BEGINS
    } else {
        0
    }
}

/// Whether a typed word is another word, or its beginning, with one typing
/// error: a letter that is wrong, missing or too many, or two that are swapped
/// (Damerau-Levenshtein distance 1).
fn one_error(typed: &[char], word: &[char]) -> bool {
    let same = typed.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (typed, word) = (&typed[same..], &word[same..]);
    // Without a difference the typed word is contained, or has a letter more.
    let Some((wrong, typed_after)) = typed.split_first() else {
        return false;
    };
    let Some((right, after)) = word.split_first() else {
        return typed_after.is_empty();
    };
    let swapped = typed_after.split_first().is_some_and(|(next, rest)| {
        let with = after.split_first();
        with.is_some_and(|(other, after)| {
            next == right && other == wrong && after.starts_with(rest)
        })
    });
    swapped
        || after.starts_with(typed_after)
        || word.starts_with(typed_after)
        || after.starts_with(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 8] = [
        "Go to Boards",
        "Lamp 12: turn Light on",
        "Lamp 2: show Button",
        "Lamp 2: turn Light on",
        "Lamp 20: turn Light on",
        "Weather station: show Temperature",
        "Desk lamp: rename…",
        "Küche: show Licht",
    ];

    fn ranked(typed: &str) -> Vec<&'static str> {
        Ranking::new(typed).rank(NAMES, |name| name)
    }

    #[test]
    fn the_words_of_a_phrase_find_one_entry_first() {
        for typed in ["lamp 2 on", "on lamp 2", "LAMP 2 On", "lamp 2 light on"] {
            assert_eq!(ranked(typed)[0], "Lamp 2: turn Light on", "{typed}");
        }
    }

    #[test]
    fn a_word_with_one_typing_error_is_found() {
        for typed in ["lmap 2 on", "lanp 2 on", "lampp 2 on", "lammp 2 on"] {
            assert_eq!(ranked(typed)[0], "Lamp 2: turn Light on", "{typed}");
        }
        for typed in ["tempreature", "temperture", "weater station"] {
            assert_eq!(
                ranked(typed)[0],
                "Weather station: show Temperature",
                "{typed}"
            );
        }
        assert_eq!(ranked("reanme desk"), ["Desk lamp: rename…"]);
    }

    #[test]
    fn short_words_and_two_errors_find_nothing() {
        for typed in ["lapm2x", "zq", "lamp 7", "pmal", "lamp no"] {
            assert_eq!(ranked(typed), [""; 0], "{typed}");
        }
    }

    #[test]
    fn letters_in_order_are_found_after_everything_else() {
        assert_eq!(ranked("wstn")[0], "Weather station: show Temperature");
        let all = Ranking::new("ren").rank(
            ["Wrench: turn on", "Desk: rename…", "Run the engine"],
            |n| n,
        );
        assert_eq!(all, ["Desk: rename…", "Wrench: turn on", "Run the engine"]);
    }

    #[test]
    fn a_name_that_begins_with_the_typed_text_is_first() {
        let names = ["Light: pin to a new dashboard", "New dashboard"];
        let found = Ranking::new("new dash").rank(names, |name| name);
        assert_eq!(found, ["New dashboard", "Light: pin to a new dashboard"]);
    }

    #[test]
    fn letters_with_and_without_accents_are_alike() {
        assert_eq!(ranked("kuche")[0], "Küche: show Licht");
        assert_eq!(ranked("KÜCHE")[0], "Küche: show Licht");
    }

    #[test]
    fn without_words_everything_is_found_in_its_order() {
        assert_eq!(ranked("  "), NAMES);
    }

    #[test]
    fn each_kind_of_typing_error_counts_once() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let one = |typed: &str, word: &str| one_error(&chars(typed), &chars(word));
        for typed in [
            "lmap", "lanp", "lampq", "laamp", "lap", "amp", "xlamp", "damp",
        ] {
            assert!(one(typed, "lamp"), "{typed}");
        }
        for typed in ["lamp", "pmal", "lpma", "lights", "xxlamp", "qamq"] {
            assert!(!one(typed, "lamp"), "{typed}");
        }
        assert!(one("tempreat", "temperature"), "the beginning of a word");
    }
}
