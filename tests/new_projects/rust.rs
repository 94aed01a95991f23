//! Projects in Rust, built with what this repository's build has built.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    program::switchboard,
    project::{LISTS, Project, folder},
    running::Running,
};

/// The crates of this repository that a project uses. In this repository they
/// are compiled without optimization; a project would optimize them as
/// dependencies, which takes a minute.
const CRATES: [&str; 9] = [
    "protocol",
    "image",
    "files",
    "noise",
    "board",
    "server",
    "storage",
    "provisioning",
    "virtual-board",
];

#[test]
fn projects_build_without_a_warning_and_pass_their_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = PathBuf::from(switchboard().get_program());
    let target = program.ancestors().nth(2).expect("the target folder");
    for list in LISTS {
        // The same folder, so that only the project itself is compiled again.
        let project = Project::new(folder("rust-board"), "rust", list);
        let mut config = "[net]\noffline = true\n".to_owned();
        for name in CRATES {
            let _ = write!(
                config,
                "[profile.dev.package.switchboard-{name}]\nopt-level = 0\n"
            );
        }
        fs::create_dir(project.folder.join(".cargo")).expect("a folder");
        fs::write(project.folder.join(".cargo/config.toml"), config).expect("a file");
        // The versions that were downloaded for this repository.
        fs::copy(root.join("Cargo.lock"), project.folder.join("Cargo.lock")).expect("a copy");
        let formatted = project
            .command("rustfmt")
            .args(["--check", "--edition", "2024", "src/main.rs"])
            .output();
        if let Ok(formatted) = formatted {
            assert!(formatted.status.success(), "{list}: {formatted:?}");
        }
        project.passes(|command| {
            command.env("CARGO_TARGET_DIR", target);
        });
        if list == LISTS[0] {
            let mut program = project.command(target.join("debug/rust-board"));
            Running::start(program.arg("--no-mdns")).behaves(true);
        }
    }
}
