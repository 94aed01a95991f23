//! `switchboard-window`: opens the window without a console, for shortcuts and
//! double-clicks on Windows. It waits, so that it can show a message if the
//! window cannot be opened. The program itself prints in a terminal, which
//! waits for it: Windows decides by the file whether that is so.
#![cfg_attr(windows, windows_subsystem = "windows")]

mod launcher;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let ended =
        launcher::program().and_then(|program| launcher::run(&program, env::args_os().skip(1)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tell(&problem);
            ExitCode::FAILURE
        }
    }
}

#[cfg(windows)]
fn tell(problem: &str) {
    rfd::MessageDialog::new()
        .set_level(rfd::MessageLevel::Error)
        .set_title("Switchboard")
        .set_description(problem)
        .show();
}

#[cfg(not(windows))]
fn tell(problem: &str) {
    use std::io::Write;

    // Standard error may be closed.
    let _ = writeln!(std::io::stderr(), "switchboard-window: {problem}");
}
