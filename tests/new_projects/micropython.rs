//! Projects in MicroPython, run by the real interpreter for Linux.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::project::{LISTS, Project, folder, skip};

/// Where `libraries/micropython/check` keeps the interpreter.
fn interpreter() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))?;
    let program = cache.join("switchboard/micropython/bin/micropython");
    program.is_file().then_some(program)
}

#[test]
fn projects_pass_their_check() {
    let Some(interpreter) = interpreter() else {
        skip(
            "micropython",
            "the interpreter is not installed; ./check micropython gets it",
        );
        return;
    };
    for (number, list) in LISTS.iter().enumerate() {
        let project = Project::new(
            folder(&format!("micropython-{number}")),
            "micropython",
            list,
        );
        project.passes(|command| {
            command.env("MICROPYTHON", &interpreter);
        });
    }
}
