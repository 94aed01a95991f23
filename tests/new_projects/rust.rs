//! Projects in Rust, built with what this repository's build has built.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    program::switchboard,
    project::{LISTS, Project, folder},
    running::Running,
};

#[test]
fn projects_build_without_a_warning_and_pass_their_check() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = PathBuf::from(switchboard().get_program());
    let target = program.ancestors().nth(2).expect("the target folder");
    // Without a network, and with this repository's crates as it compiles them.
    let path = env::var_os("PATH").unwrap_or_default();
    let path = [root.join("tests/guide")]
        .into_iter()
        .chain(env::split_paths(&path));
    let path = env::join_paths(path).expect("a path");
    for list in LISTS {
        // The same folder, so that only the project itself is compiled again.
        let project = Project::new(folder("rust-board"), "rust", list);
        let formatted = project
            .command("rustfmt")
            .args(["--check", "--edition", "2024", "src/main.rs"])
            .output();
        if let Ok(formatted) = formatted {
            assert!(formatted.status.success(), "{list}: {formatted:?}");
        }
        project.passes(|command| {
            command
                .env("CARGO_TARGET_DIR", target)
                .env("REAL_CARGO", env!("CARGO"))
                .env("PATH", &path);
        });
        if list == LISTS[0] {
            let mut program = project.command(target.join("debug/rust-board"));
            Running::start(program.arg("--no-mdns"))
                .behaves(true, "press rust-board event:0 triggered");
        }
    }
}
