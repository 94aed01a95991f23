//! How names that boards give themselves and their components may look. Names
//! are not unique and a face tells those apart that are alike; so two names
//! that look alike must be alike: what nobody sees in a name is made visible or
//! left out.

/// A name as it is shown: one space between words and none around them,
/// whatever sort of space it was, and a mark for each character that is not
/// seen itself or turns the direction of others.
pub fn shown(name: &str) -> String {
    visible(name)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text with a mark for each character that is not seen.
pub fn visible(text: &str) -> String {
    seen(text)
        .map(|(c, safe)| if safe { c } else { '\u{fffd}' })
        .collect()
}

/// Each character, and whether it is seen and steers nothing. Line breaks and
/// tabs are whitespace here.
pub fn seen(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut symbol = false;
    text.chars().map(move |c| {
        // An emoji may be made of several characters, which these two join:
        // ❤️‍🔥.
        if symbol && matches!(c, '\u{200d}' | '\u{fe0f}') {
            return (c, true);
        }
        let unseen = unseen(c) || (c.is_control() && !c.is_whitespace());
        symbol = !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !unseen;
        (c, !unseen)
    })
}

/// Unicode's default ignorable code points and those that steer the direction
/// of text (Unicode Standard Annex 9, section 2; Unicode Technical Report 36,
/// section 2.5: they make one text look like another).
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
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
    fn a_name_cannot_turn_what_stands_beside_it() {
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
