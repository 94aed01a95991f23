//! Standard output and standard error. Everything that is printed goes through [`plain`](crate::plain), so that no text of a board can
//! steer a terminal, whoever prints it. The one exception is what a channel receives, which a pipe gets as it is.

use std::{
    fmt,
    io::{self, Stderr, StderrLock, StdoutLock, Write},
};

use crate::plain::Plain;

/// Standard output, until this is dropped.
pub(super) fn out() -> Plain<StdoutLock<'static>> {
    Plain::new(io::stdout().lock())
}

/// Standard output for bytes that a program reads as they are.
pub(super) fn bytes() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// Standard error.
pub(super) fn err() -> Plain<Stderr> {
    Plain::new(io::stderr())
}

/// Standard error for what steers a terminal on purpose: a line that is drawn over.
pub(super) fn steering() -> StderrLock<'static> {
    io::stderr().lock()
}

/// Says something on standard error. Where that cannot be written nobody reads it.
pub(super) fn say(words: impl fmt::Display) {
    let _ = writeln!(err(), "switchboard: {words}");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn no_command_prints_past_the_one_place_that_makes_texts_safe() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "output.rs") {
                    let text = fs::read_to_string(&path).expect("a source");
                    for past in ["println!", "print!(", "stdout().lock", "stderr().lock", "!(io::std"] {
                        assert!(!text.contains(past), "{} has {past}", path.display());
                    }
                    files += 1;
                }
            }
        }
        assert!(files > 15, "{files}");
    }
}
