//! Makes names of boards and components safe to show. Names are not unique, and
//! the same names are told apart by other means; therefore two names that look
//! the same must be the same. Invisible characters in a name are made visible
//! or removed.

/// A name as it is shown: words separated by single spaces, and a replacement
/// for each character that is invisible or changes the direction of text.
pub fn shown(name: &str) -> String {
    visible(name)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text with a replacement for each invisible character.
pub fn visible(text: &str) -> String {
    seen(text)
        .map(|(c, safe)| if safe { c } else { '\u{fffd}' })
        .collect()
}

/// Each character, and whether it is visible and has no effect on others. Line
/// breaks and tabs count as whitespace here.
pub fn seen(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut symbol = false;
    text.chars().map(move |c| {
        // These two join characters to one emoji: ❤️‍🔥.
        if symbol && matches!(c, '\u{200d}' | '\u{fe0f}') {
            return (c, true);
        }
        let unseen = unseen(c) || (c.is_control() && !c.is_whitespace());
        symbol = !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !unseen;
        (c, !unseen)
    })
}

/// Unicode's default ignorable code points and those that control the direction
/// of text (Unicode Standard Annex 9, section 2; Unicode Technical Report 36,
/// section 2.5: they make one text look like another).
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_hide_in_what_it_differs_from_another() {
        for name in [
            "Desk\u{200b} lamp",
            "Desk lamp\u{feff}",
            "\u{2060}Desk lamp",
            "Desk\u{ad} lamp",
            "Desk lamp\u{e0041}",
        ] {
            assert!(shown(name).contains('\u{fffd}'), "{name:?}");
        }
        for name in [
            "Desk\u{a0}lamp",
            " Desk  lamp ",
            "Desk\u{3000}lamp",
            "Desk\u{2009}lamp\u{2003}",
        ] {
            assert_eq!(shown(name), "Desk lamp", "{name:?}");
        }
    }

    #[test]
    fn a_name_cannot_change_the_direction_of_surrounding_text() {
        assert_eq!(shown("pmal \u{202e}ksed"), "pmal \u{fffd}ksed");
        assert_eq!(shown("\u{2067}x\u{2069}"), "\u{fffd}x\u{fffd}");
    }

    #[test]
    fn names_of_any_script_and_emoji_stay_as_they_are() {
        for name in [
            "Schreibtischlampe Büro",
            "Лампа",
            "مصباح",
            "電気スタンド",
            "❤️‍🔥 oven",
            "Lamp 👩‍🔬",
            "Tüür & Tor",
        ] {
            assert_eq!(shown(name), name);
        }
    }
}
