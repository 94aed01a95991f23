//! Standard output and standard error. Everything passes through
//! [`plain`](sanitize::plain), so no command can forget to escape text from a
//! board. The exception is `channel`, which writes messages to a pipe
//! unchanged.

use std::{
    fmt,
    io::{self, Stderr, StderrLock, StdoutLock, Write},
};

use sanitize::plain::Plain;

/// Standard output, locked until this is dropped.
pub(super) fn out() -> Plain<StdoutLock<'static>> {
    Plain::new(io::stdout().lock())
}

/// Standard output without escaping, for another program to read.
pub(super) fn bytes() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// Standard error.
pub(super) fn err() -> Plain<Stderr> {
    Plain::new(io::stderr())
}

/// Standard error without escaping, for a line that is redrawn.
pub(super) fn raw_err() -> StderrLock<'static> {
    io::stderr().lock()
}

/// Prints a message on standard error, which may be closed.
pub(super) fn say(message: impl fmt::Display) {
    let _ = writeln!(err(), "switchboard: {message}");
}

/// Prints progress for people on standard error, which may be closed.
pub(super) fn tell(line: &str) {
    let _ = writeln!(err(), "{line}");
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn every_command_prints_through_this_module() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "output.rs") {
                    let text = fs::read_to_string(&path).expect("a source");
                    for bypass in [
                        "println!",
                        "print!(",
                        "stdout().lock",
                        "stderr().lock",
                        "!(io::std",
                    ] {
                        assert!(!text.contains(bypass), "{} uses {bypass}", path.display());
                    }
                    files += 1;
                }
            }
        }
        assert!(files > 15, "{files}");
    }
}
