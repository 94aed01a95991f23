//! The library files of a language, which are copied unchanged. For C, the
//! library's own lists (`files.txt`) say what goes where.

use super::EMBEDDED;
use crate::{File, Language};

/// Where embedded files of the C library are.
const C: &str = "libraries/c/";

/// The library files of a project in this language.
pub(super) fn files(language: Language) -> Vec<File> {
    match language {
        Language::MicroPython => EMBEDDED
            .iter()
            .filter(|(path, _)| *path == "libraries/micropython/switchboard.py")
            .map(|(_, text)| file("switchboard.py".to_owned(), text))
            .collect(),
        Language::C => {
            let mut files = listed("esp-idf", |to| Some(to));
            files.extend(on_linux());
            for file in &mut files {
                file.path.insert_str(0, "components/switchboard/");
            }
            files
        }
        Language::Arduino => {
            // A sketch has the sources only, in one folder below `src`, which
            // the IDE compiles.
            let mut files = listed("arduino", |to| {
                let to = to.strip_prefix("src/")?;
                Some(to.strip_prefix("core/").unwrap_or(to))
            });
            for file in &mut files {
                file.path.insert_str(0, "src/switchboard/");
            }
            files
        }
        Language::Rust => Vec::new(),
    }
}

/// What runs a board on Linux, without the bench program of the tests.
fn on_linux() -> impl Iterator<Item = File> {
    EMBEDDED.iter().filter_map(|(path, text)| {
        let path = path.strip_prefix(C)?;
        let is_one = fits("linux/*.[ch]", path)
            && path != "linux/main.c"
            && !path.starts_with("linux/bench.");
        is_one.then(|| file(path.to_owned(), text))
    })
}

fn file(path: String, text: &str) -> File {
    File {
        path,
        text: text.to_owned(),
    }
}

/// The files that `files.txt` in this folder of the C library lists, where it
/// puts them; `within` may leave some out.
fn listed(folder: &str, within: impl Fn(&str) -> Option<&str>) -> Vec<File> {
    let name = format!("{C}{folder}/files.txt");
    let list = EMBEDDED.iter().find(|(path, _)| *path == name);
    let lines = list.map_or("", |(_, text)| text).lines();
    let pairs = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '));
    let mut files = Vec::new();
    for (pattern, destination) in pairs {
        for (path, text) in EMBEDDED {
            let Some(path) = path.strip_prefix(C).filter(|path| fits(pattern, path)) else {
                continue;
            };
            let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
            let to = match destination.ends_with('/') {
                true => format!("{destination}{name}"),
                false => destination.to_owned(),
            };
            if let Some(to) = within(&to) {
                files.push(file(to.to_owned(), text));
            }
        }
    }
    files
}

/// Whether a path fits a pattern of a shell: the same folder, and a name with
/// at most one `*`, and perhaps `[ch]` at the end.
fn fits(pattern: &str, path: &str) -> bool {
    if let Some(stem) = pattern.strip_suffix("[ch]") {
        return ["c", "h"]
            .iter()
            .any(|end| fits(&format!("{stem}{end}"), path));
    }
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => {
            let rest = path
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            rest.is_some_and(|rest| !rest.contains('/'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_that_of_a_shell() {
        assert!(fits("src/*.[ch]", "src/board.c") && fits("src/*.[ch]", "src/core.h"));
        assert!(!fits("src/*.[ch]", "src/a/board.c") && !fits("src/*.[ch]", "sockets/a.c"));
        assert!(fits(
            "esp-idf/src/sb_esp_chip.[ch]",
            "esp-idf/src/sb_esp_chip.h"
        ));
        assert!(fits("../../LICENSE-MIT", "../../LICENSE-MIT"));
        assert!(!fits("include/*.h", "include/h"));
    }
}
