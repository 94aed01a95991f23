//! Projects in C and sketches: built for this computer, and their chips' side
//! against the imitation of ESP-IDF and of Arduino's core.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    program::switchboard,
    project::{LISTS, Project, folder, skip},
};

fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok()
}

/// A board that runs until this is dropped.
struct Board(Child);

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds a project with a script of `libraries/c/stubs`, runs it, and checks
/// it.
fn imitated(project: &Project, script: &str) {
    let stubs = Path::new(env!("CARGO_MANIFEST_DIR")).join("libraries/c/stubs");
    let program: PathBuf = project.folder.join("on-this-computer");
    let output = Command::new(stubs.join(script))
        .args([&project.folder, &program])
        .output()
        .expect("the script runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {said}",
        project.folder.display()
    );
    let mut board = Command::new(&program)
        .env("PORT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the board runs");
    let output = board.stdout.take().expect("its output");
    let board = Board(board);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("a line");
    let listening: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let address = listening["address"].as_str().expect("an address");
    let checked = switchboard()
        .args(["check", address, "--allow-changes"])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    project.passed(&checked);
    drop(board);
}

#[test]
fn projects_in_c_pass_their_check_here_and_with_imitated_hardware() {
    if !["cc", "make"].into_iter().all(has) {
        return skip("c", "cc and make are not installed");
    }
    for (number, list) in LISTS.iter().enumerate() {
        let project = Project::new(folder(&format!("c-{number}")), "c", list);
        project.passes(|command| {
            command.env("CFLAGS", "-O0 -Wall -Wextra -Werror");
        });
    }
    for number in [0, 3] {
        let project = Project {
            folder: folder(&format!("c-{number}")),
        };
        imitated(&project, "build-idf");
    }
}

#[test]
fn sketches_pass_the_check_with_imitated_hardware() {
    if !["gcc", "g++"].into_iter().all(has) {
        return skip("arduino", "gcc and g++ are not installed");
    }
    for (number, list) in LISTS.iter().enumerate() {
        let project = Project::new(folder(&format!("arduino-{number}")), "arduino", list);
        imitated(&project, "build-sketch");
    }
}
