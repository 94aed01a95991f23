//! Projects in C and sketches: built for this computer, and their chips' side
//! against the imitation of ESP-IDF and of Arduino's core.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    program::switchboard,
    project::{LISTS, Project, folder, skip},
    running::Running,
};

fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok()
}

/// Gives the event a pin, as the README says.
fn connect_pin(project: &Path) {
    let path = ["main/hardware.c", "config.h"]
        .map(|path| project.join(path))
        .into_iter()
        .find(|path| path.is_file())
        .expect("a file with pins");
    let text = fs::read_to_string(&path).expect("a file");
    let connected = text
        .replace("DOORBELL_PIN -1", "DOORBELL_PIN 7")
        .replace("DOORBELL_PIN = -1", "DOORBELL_PIN = 7");
    assert_ne!(text, connected);
    fs::write(&path, connected).expect("a file");
}

/// Builds a project with a script of `libraries/c/stubs`, runs it, and checks
/// it; the first list also by what it does.
fn imitated(project: &Project, script: &str, is_first: bool) {
    let stubs = Path::new(env!("CARGO_MANIFEST_DIR")).join("libraries/c/stubs");
    let program: PathBuf = project.folder.join("on-this-computer");
    if is_first {
        connect_pin(&project.folder);
    }
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
    let mut board = Running::start(Command::new(&program).env("PORT", "0"));
    let checked = switchboard()
        .args(["check", &board.address, "--allow-changes"])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    project.passed(&checked);
    if is_first {
        board.behaves(false, "gpio 7 0");
    }
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
        if number == 0 {
            let mut program = project.command(project.folder.join("host/build/board"));
            Running::start(program.arg("--no-mdns")).behaves(true, "press c-0 event:0 triggered");
        }
    }
    for number in [0, 2] {
        let project = Project {
            folder: folder(&format!("c-{number}")),
        };
        imitated(&project, "build-idf", number == 0);
    }
}

#[test]
fn sketches_pass_the_check_with_imitated_hardware() {
    if !["gcc", "g++"].into_iter().all(has) {
        return skip("arduino", "gcc and g++ are not installed");
    }
    for (number, list) in [(0, LISTS[0]), (2, LISTS[2])] {
        let project = Project::new(folder(&format!("arduino-{number}")), "arduino", list);
        imitated(&project, "build-sketch", number == 0);
    }
}
