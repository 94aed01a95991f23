//! Standard output and standard error. Everything goes through
//! [`plain`](crate::plain), so no command can forget to escape what a board
//! says. The exception is `channel`, whose messages a pipe receives unchanged.

use std::{
    fmt,
    io::{self, Stderr, StderrLock, StdoutLock, Write},
};

use crate::plain::Plain;

/// Standard output, locked until this is dropped.
pub(super) fn out() -> Plain<StdoutLock<'static>> {
    Plain::new(io::stdout().lock())
}

/// Standard output without escaping, for bytes that another program reads.
pub(super) fn bytes() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// Standard error.
pub(super) fn err() -> Plain<Stderr> {
    Plain::new(io::stderr())
}

/// Standard error without escaping, for a line that is redrawn.
pub(super) fn steering() -> StderrLock<'static> {
    io::stderr().lock()
}

/// Prints a message on standard error. A failure to write it has no one to be
/// reported to.
pub(super) fn say(words: impl fmt::Display) {
    let _ = writeln!(err(), "switchboard: {words}");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn every_command_prints_through_the_module_that_escapes() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "output.rs") {
                    let text = fs::read_to_string(&path).expect("a source");
                    for past in [
                        "println!",
                        "print!(",
                        "stdout().lock",
                        "stderr().lock",
                        "!(io::std",
                    ] {
                        assert!(!text.contains(past), "{} has {past}", path.display());
                    }
                    files += 1;
                }
            }
        }
        assert!(files > 15, "{files}");
    }
}
