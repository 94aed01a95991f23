//! Starts another program without a console and says why it failed: what
//! `switchboard-window.exe` does on Windows.

use std::{
    env,
    ffi::OsString,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How much of what the program reported is kept: the end, in bytes.
const KEPT: usize = 2_000;

/// The command-line program: in `bin` next to this one, as in the archive for
/// Windows, or in the same folder.
///
/// # Errors
/// If the path of this program is unknown, or there is no such file; a message.
pub(crate) fn program() -> Result<PathBuf, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    program_of(&own, &format!("switchboard{}", env::consts::EXE_SUFFIX))
}

fn program_of(own: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = own.parent().unwrap_or(Path::new(""));
    let places = [folder.join("bin").join(name), folder.join(name)];
    let missing = format!(
        "{} was not found. Extract the whole archive first.",
        places[0].display()
    );
    // In the archive this program is Switchboard.exe. Without bin, the second
    // place is this program itself, since Windows ignores case: it would start
    // itself forever.
    let itself = |place: &Path| place.as_os_str().eq_ignore_ascii_case(own.as_os_str());
    places
        .into_iter()
        .find(|place| place.is_file() && !itself(place))
        .ok_or(missing)
}

/// Runs a program until it ends.
///
/// # Errors
/// If it could not be started or failed; a message with the end of what it
/// wrote to standard error.
pub(crate) fn run(program: &Path, arguments: impl Iterator<Item = OsString>) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    without_console(&mut command);
    let started = command.spawn();
    let mut child =
        started.map_err(|error| format!("cannot start {}: {error}", program.display()))?;
    let said = child.stderr.take().map(end_of).unwrap_or_default();
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let mut message = String::from_utf8_lossy(&said).trim().to_owned();
    if message.is_empty() {
        message = format!("{} ended with {status}", program.display());
    }
    Err(message)
}

/// Reads until the end, and keeps the last bytes.
fn end_of(mut from: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return kept,
            Ok(read) => {
                kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
                kept.drain(..kept.len().saturating_sub(KEPT));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return kept,
        }
    }
}

#[cfg(windows)]
fn without_console(command: &mut Command) {
    use std::os::windows::process::CommandExt;

    /// `CREATE_NO_WINDOW` of `CreateProcess`.
    const NO_CONSOLE: u32 = 0x0800_0000;
    command.creation_flags(NO_CONSOLE);
}

#[cfg(not(windows))]
fn without_console(_: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    fn shell(script: &str) -> Result<(), String> {
        run(
            Path::new("/bin/sh"),
            ["-c", script].into_iter().map(OsString::from),
        )
    }

    #[test]
    fn a_failure_is_told_in_the_words_of_the_program() {
        assert_eq!(shell("echo fine >&2"), Ok(()));
        assert_eq!(
            shell("echo no display >&2; exit 1"),
            Err("no display".to_owned())
        );
        let silent = shell("exit 3").expect_err("a failure");
        assert!(
            silent.contains("/bin/sh ended with exit status: 3"),
            "{silent}"
        );
        let missing = run(Path::new("/no/such/program"), std::iter::empty());
        assert!(missing.is_err_and(|said| said.contains("cannot start /no/such/program")));
    }

    #[test]
    fn the_program_is_looked_for_in_bin_first() {
        let missing = program().expect_err("none is next to the tests");
        assert!(
            missing.contains("bin/switchboard was not found"),
            "{missing}"
        );
    }

    #[test]
    fn the_launcher_does_not_start_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join("Switchboard");
        let same = folder.path().join("switchboard");
        let program = || program_of(&own, "switchboard");
        // As Windows finds the launcher itself by this name.
        fs::write(&same, "").expect("a file");
        assert!(program().is_err());
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        fs::write(bin.join("switchboard"), "").expect("a file");
        assert_eq!(program(), Ok(bin.join("switchboard")));
        // In one folder, the launcher has a name of its own.
        let own = folder.path().join("switchboard-window");
        fs::remove_dir_all(bin).expect("removed");
        assert_eq!(program_of(&own, "switchboard"), Ok(same));
    }

    #[test]
    fn only_the_end_of_a_long_report_is_kept() {
        let said = shell("head -c 100000 /dev/zero | tr '\\0' a >&2; echo end >&2; exit 1")
            .expect_err("a failure");
        assert!(
            said.ends_with("aend") && said.len() < KEPT,
            "{}",
            said.len()
        );
    }
}
