//! Generates a project and runs its check.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::program::switchboard;

/// Every kind, with a device class where there are some; each list fits on a
/// board, and has what its button toggles. The last has the most components.
pub(crate) const LISTS: [&str; 4] = [
    "light,switch:outlet,button,sensor:temperature,binary_sensor:motion,text_sensor,number,select,\
     text,cover:blind,event:doorbell",
    "sensor",
    "button,switch,cover",
    "light,light,button,button,sensor:humidity,sensor:voltage,sensor:pm25,binary_sensor,\
     binary_sensor:door,cover:curtain,cover,event,event:motion,number,number,select",
];

/// A generated project.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
}

impl Project {
    /// Generates a project into a new folder.
    pub(crate) fn new(folder: PathBuf, language: &str, components: &str) -> Self {
        let _ = fs::remove_dir_all(&folder);
        let output = switchboard()
            .arg("new")
            .arg(&folder)
            .args(["--language", language, "--components", components])
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{language} {components}: {said}");
        Self { folder }
    }

    /// Runs a program in the project's folder, as a user of it would.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let ours = switchboard();
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(&self.folder)
            .env("SWITCHBOARD", ours.get_program())
            .stdin(Stdio::null());
        if let Some((name, Some(service))) = ours
            .get_envs()
            .find(|(name, _)| *name == "SWITCHBOARD_SERVICE")
        {
            command.env(name, service);
        }
        command
    }

    /// Runs the project's check, which has to find nothing.
    pub(crate) fn passes(&self, prepare: impl FnOnce(&mut Command)) {
        let mut command = self.command(self.folder.join("check"));
        prepare(&mut command);
        let output = command.output().expect("the check runs");
        self.passed(&output);
    }

    pub(crate) fn passed(&self, output: &Output) {
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let failures: Vec<_> = text
            .lines()
            .skip_while(|line| !line.starts_with("fail"))
            .take(12)
            .collect();
        assert!(
            output.status.success() && text.contains(" 0 failed") && !errors.contains("warning:"),
            "{}: {:?}\n{}\n{errors}",
            self.folder.display(),
            output.status,
            failures.join("\n"),
        );
    }
}

/// A folder for projects next to the build, so that what is built again is not
/// compiled again.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("new-projects")
        .join(name)
}

/// Says that a test cannot run here, as `./check` counts it.
pub(crate) fn skip(test: &str, why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED new-projects: {test}: {why}");
}
