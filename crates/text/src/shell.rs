//! Words of a shell command that the user copies.

use platform::Platform;

/// Quotes a word for this system's shell, if necessary.
pub fn shell_word(word: &str) -> String {
    Platform::HERE.shell_word(word)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_same_word_back() {
        for word in ["sb-7e7291", "", "a'b\"c $(ls) `x` \\ ä\n*"] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", shell_word(word))])
                .output();
            assert_eq!(output.expect("a shell").stdout, word.as_bytes());
        }
    }
}
