//! Words of a shell command that the user copies.

/// Quotes a word for a POSIX shell, if necessary.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_special_characters_are_quoted() {
        assert_eq!(shell_word("sb-7e7291"), "sb-7e7291");
        assert_eq!(shell_word("Küchen Lampe"), "'Küchen Lampe'");
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_word(""), "''");
        // A shell must read the same word back.
        let word = "a'b\"c $(ls) `x` \\ ä\n*";
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", shell_word(word))])
            .output();
        assert_eq!(output.expect("a shell").stdout, word.as_bytes());
    }
}
