//! Checks topics and their levels (MQTT 3.1.1, 4.7).

/// The longest level, in bytes.
pub const LONGEST_LEVEL: usize = 128;

/// The longest topic, in bytes; MQTT would allow 65,535.
pub const LONGEST: usize = 1024;

/// Why a text cannot be one level of a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// It has no characters.
    #[error("a name in a topic must not be empty")]
    Empty,
    /// It is too long.
    #[error("a name in a topic has at most {LONGEST_LEVEL} bytes; this one has {0}")]
    TooLong(usize),
    /// It contains a character with a meaning in topics.
    #[error(
        "{text:?} contains {character:?}, which has a special meaning in MQTT topics. Use a name \
         without #, +, / and control characters"
    )]
    Character {
        /// The text.
        text: String,
        /// The character.
        character: char,
    },
}

/// Checks a text that becomes one level of a topic.
///
/// # Errors
/// If it is empty, longer than [`LONGEST_LEVEL`], or contains `#`, `+`, `/` or
/// a control character.
pub fn level(text: &str) -> Result<&str, LevelError> {
    if text.is_empty() {
        return Err(LevelError::Empty);
    }
    if text.len() > LONGEST_LEVEL {
        return Err(LevelError::TooLong(text.len()));
    }
    let bad = |character: &char| matches!(character, '#' | '+' | '/') || character.is_control();
    match text.chars().find(bad) {
        Some(character) => Err(LevelError::Character {
            text: text.to_owned(),
            character,
        }),
        None => Ok(text),
    }
}

/// Checks several levels, as in a prefix: `building/switchboard`.
///
/// # Errors
/// As [`level`], for the first level that is wrong.
pub fn levels(text: &str) -> Result<&str, LevelError> {
    if text.len() > LONGEST_LEVEL {
        return Err(LevelError::TooLong(text.len()));
    }
    for one in text.split('/') {
        level(one)?;
    }
    Ok(text)
}

/// Whether a message can be published to this topic.
pub fn can_publish(topic: &str) -> bool {
    let bad = |character: char| matches!(character, '#' | '+' | '\0');
    !topic.is_empty() && topic.len() <= LONGEST && !topic.contains(bad)
}

/// Whether a topic matches a filter (MQTT 3.1.1, 4.7.1 and 4.7.2).
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_has_no_character_with_a_meaning_in_topics() {
        for good in ["lab", "room 1.14", "$bridge", "Küche", "a:b"] {
            assert_eq!(level(good), Ok(good));
        }
        for bad in ["a/b", "#", "a+b", "a\0", "a\nb"] {
            assert!(
                matches!(level(bad), Err(LevelError::Character { .. })),
                "{bad:?}"
            );
        }
        assert_eq!(level(""), Err(LevelError::Empty));
        assert_eq!(level(&"x".repeat(129)), Err(LevelError::TooLong(129)));
        assert_eq!(levels("a/b"), Ok("a/b"));
        assert_eq!(levels("a//b"), Err(LevelError::Empty));
    }

    #[test]
    fn a_filter_matches_as_the_specification_has_it() {
        for (filter, topic, expected) in [
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("a/+", "a", false),
            ("a/+", "a/b/c", false),
            ("#", "$SYS/a", false),
            ("+/a", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true),
            ("#", "a/$b", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }
}
