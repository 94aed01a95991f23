//! The program: a command of the command line, or the window. Decides nothing else.

use std::{io::Write, process::ExitCode};

use switchboard::cli::{self, Asked};

fn main() -> ExitCode {
    match cli::run() {
        Asked::Done(status) => status,
        Asked::Window { .. } => {
            // Where even this cannot be written there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "switchboard: the window is not built in yet; see switchboard --help");
            ExitCode::FAILURE
        }
    }
}
