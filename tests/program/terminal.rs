//! Runs a shell command on a terminal made by util-linux's `script`.

use std::{
    io::{self, Write},
    process::{Output, Stdio},
};

use crate::program::switchboard;

/// Runs a shell command in which `$SWITCHBOARD` is the program, with this
/// variable in its environment; returns `None`, and prints a line that
/// `./check` counts, if there is no `script`.
pub(crate) fn on_a_terminal(command: &str, (name, value): (&str, &str)) -> Option<Output> {
    let program = switchboard();
    let mut script = std::process::Command::new("script");
    script
        .args(["-qec", command, "/dev/null"])
        .stdin(Stdio::null())
        .env(name, value);
    script.env("SWITCHBOARD", program.get_program());
    script.envs(
        program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = script.output();
    if output.is_err() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(
            io::stderr(),
            "SKIPPED terminal: {test}: it needs script (util-linux)"
        );
    }
    output.ok()
}
