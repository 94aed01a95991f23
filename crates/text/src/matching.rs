//! Decides how well a typed text matches the name or id of a board, a scene or
//! a key.
//!
//! A name may be typed as a slug, `desk-lamp` for `Desk lamp`. Slugs drop emoji
//! and punctuation, so a text is compared as a slug only if it contains
//! neither: `🚀` never matches a board named `💡`.

use unicode_normalization::UnicodeNormalization;

use sanitize::names;

use crate::slug;

/// How well a text matches, best first. Only the best matches among several
/// boards count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The id, character by character.
    Id,
    /// The name, character by character.
    Name,
    /// The name or id ignoring case, with hyphens for spaces, or as a slug.
    Alike,
    /// A prefix of the name or id.
    Start,
}

/// A typed text.
#[derive(Debug, Clone)]
pub struct Typed {
    exact: String,
    folded: String,
    /// The text as a slug, if nothing is lost.
    slug: Option<String>,
}

impl Typed {
    /// Prepares a text that was typed.
    pub fn new(text: &str) -> Self {
        let exact = shown(text);
        let folded = fold(&exact);
        let slug = Some(slug(&exact)).filter(|slug| !slug.is_empty() && *slug == folded);
        Self {
            exact,
            folded,
            slug,
        }
    }

    /// How well it matches; `None` if it does not. An empty text matches
    /// nothing.
    pub fn fit(&self, id: &str, name: &str) -> Option<Fit> {
        if self.exact.is_empty() {
            return None;
        }
        if id == self.exact {
            return Some(Fit::Id);
        }
        let name = shown(name);
        if name == self.exact {
            return Some(Fit::Name);
        }
        let texts = [fold(&name), fold(id)];
        let slugs = [slug(&name), slug(id)];
        let any = |fits: &dyn Fn(&str, &str) -> bool| {
            let by_slug = |typed: &String| slugs.iter().any(|text| fits(text, typed));
            texts.iter().any(|text| fits(text, &self.folded))
                || self.slug.as_ref().is_some_and(by_slug)
        };
        if any(&|text, typed| text == typed) {
            Some(Fit::Alike)
        } else if any(&|text, typed| text.starts_with(typed)) {
            Some(Fit::Start)
        } else {
            None
        }
    }

    /// The edit distance to the name or id, whichever is smaller.
    pub fn distance(&self, id: &str, name: &str) -> usize {
        let to = |text: &str| strsim::damerau_levenshtein(&self.folded, &fold(&shown(text)));
        to(name).min(to(id))
    }
}

/// Normalized like displayed names and to NFC (Unicode Standard Annex 15): `ü`
/// typed as two characters equals `ü`.
fn shown(text: &str) -> String {
    names::shown(&text.nfc().collect::<String>())
}

/// In lower case, with a hyphen for each run of spaces, hyphens and
/// underscores.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.to_lowercase().nfc() {
        let separates = c.is_whitespace() || matches!(c, '-' | '_');
        match (separates, folded.ends_with('-')) {
            (false, _) => folded.push(c),
            (true, false) => folded.push('-'),
            (true, true) => {}
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(typed: &str, name: &str) -> Option<Fit> {
        Typed::new(typed).fit("sb-7e7291", name)
    }

    #[test]
    fn an_id_takes_precedence_over_a_name_and_a_whole_name_over_the_start_of_one() {
        assert_eq!(fit("sb-7e7291", "Lamp"), Some(Fit::Id));
        assert_eq!(fit("SB-7E7291", "Lamp"), Some(Fit::Alike));
        assert_eq!(fit("Desk lamp", "Desk lamp"), Some(Fit::Name));
        for typed in ["desk lamp", "DESK-LAMP", "desk_lamp", "Desk  Lamp"] {
            assert!(
                matches!(fit(typed, "Desk lamp"), Some(Fit::Alike | Fit::Name)),
                "{typed}"
            );
        }
        assert_eq!(fit("desk-lamp", "Desk lamp!"), Some(Fit::Alike));
        assert_eq!(
            (fit("desk", "Desk lamp"), fit("sb-7e", "Lamp")),
            (Some(Fit::Start), Some(Fit::Start))
        );
        assert_eq!(fit("desk", "💡 Desk lamp"), Some(Fit::Start));
        assert!(Fit::Id < Fit::Name && Fit::Name < Fit::Alike && Fit::Alike < Fit::Start);
    }

    #[test]
    fn emoji_and_punctuation_that_were_typed_must_match() {
        for (typed, name) in [
            ("🚀", "💡"),
            ("🚀 lamp", "💡 lamp"),
            ("lamp 🚀", "lamp 💡"),
            ("lamp!", "lamp?"),
            ("Lamp+", "Lamp"),
            ("Lamp-", "Lamp+"),
            ("!!!", "Lamp"),
            ("!", "💡"),
            ("", "💡"),
            ("", ""),
            (" ", "💡"),
            ("_", "💡"),
            ("lamp/", "lamp"),
            ("C#", "C"),
        ] {
            assert_eq!(fit(typed, name), None, "{typed:?} and {name:?}");
        }
        assert_eq!(fit("🚀", "🚀"), Some(Fit::Name));
        assert_eq!(fit("🚀", "🚀 lamp"), Some(Fit::Start));
    }

    #[test]
    fn a_name_is_found_in_every_normalization_form() {
        assert_eq!(fit("Bu\u{308}ro", "B\u{fc}ro"), Some(Fit::Name));
        assert_eq!(fit("B\u{fc}ro", "Bu\u{308}ro"), Some(Fit::Name));
        assert_eq!(fit("bu\u{308}", "B\u{dc}RO"), Some(Fit::Start));
        assert_eq!(fit("u\u{308}", "unit"), None);
    }
}
