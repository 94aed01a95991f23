//! The files of a project: the templates of its language, filled in, and the
//! library files.

mod c;
mod library;
mod micropython;
mod rust;

use crate::{
    Component, File, Kind, Language, Project,
    template::{Parts, Values, fill},
};

/// Every embedded file: its path below `templates` or `libraries`, and its
/// text.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The files of a project.
///
/// # Errors
/// The template and the placeholder that stands for nothing in it: a fault of
/// this program.
pub fn files(project: &Project) -> Result<Vec<File>, String> {
    let language = project.language;
    let folder = format!("templates/{}/", language.word());
    let parts = Parts {
        of: &|component| part(language, component.kind),
        values: &|component| component_values(project, component),
    };
    let values = values(project);
    let templates = EMBEDDED
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, *text)))
        .filter(|(path, _)| !path.starts_with("parts/"));
    let mut files = Vec::new();
    for (path, template) in templates {
        let text = fill(template, &values, &project.components, &parts)
            .map_err(|name| format!("{folder}{path}: {name}"))?;
        let path = destination(path, project);
        let text = match language {
            Language::Rust => rust::tidy(&path, text),
            _ => text,
        };
        let text = match path.ends_with(".md") {
            true => paragraphs(&text),
            false => text,
        };
        // The last section may end with blank lines.
        let text = format!("{}\n", text.trim_end());
        files.push(File { path, text });
    }
    files.extend(library::files(language));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// What a kind of component adds to the files of a language.
fn part(language: Language, kind: Kind) -> &'static str {
    let wanted = format!("templates/{}/parts/{}.", language.word(), kind.word());
    EMBEDDED
        .iter()
        .find(|(path, _)| path.starts_with(&wanted))
        .map_or("", |(_, text)| text)
}

/// Where the file of a template goes. Names that mean something to tools of
/// this repository are written differently there.
fn destination(path: &str, project: &Project) -> String {
    let path = path.strip_suffix(".in").unwrap_or(path);
    match path {
        "gitignore" => ".gitignore".to_owned(),
        "sketch.ino" => format!("{}.ino", project.folder),
        path => path.to_owned(),
    }
}

/// What placeholders stand for outside of parts.
fn values(project: &Project) -> Values {
    let mut table = "| component | name |\n| -- | -- |\n".to_owned();
    for one in &project.components {
        table.push_str(&format!("| `{}` | {} |\n", one.key(), one.name));
    }
    let values = Values::default()
        .with("name", &project.name)
        .with("id", &project.id)
        .with("folder", &project.folder)
        .with("package", project.package())
        .with("identifier", project.identifier())
        .with("count", project.components.len().to_string())
        .with("components", table)
        .with("commands", commands(project));
    match project.language {
        Language::Rust => rust::values(project, values),
        Language::MicroPython => micropython::values(project, values),
        Language::C | Language::Arduino => c::values(project, values),
    }
}

/// A page with one blank line where paragraphs were left out.
fn paragraphs(page: &str) -> String {
    let mut text = page.to_owned();
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text
}

/// Lines for the standard input of a board on a computer: one for the first
/// component of each kind that takes one.
fn commands(project: &Project) -> String {
    let mut lines = Vec::new();
    for one in project.components.iter().filter(|one| one.number == 0) {
        let (word, change) = match one.kind {
            Kind::Button => ("press", ""),
            Kind::Event => ("press", " triggered"),
            Kind::Switch | Kind::Light => ("set", " on=true"),
            Kind::Sensor => ("set", " value=21.5"),
            Kind::Number => ("set", " value=40"),
            _ => continue,
        };
        lines.push(format!("{word} {} {}{change}", project.id, one.key()));
    }
    lines.push("quit".to_owned());
    lines.join("\n")
}

/// What placeholders stand for in the part of a component.
fn component_values(project: &Project, component: &Component) -> Values {
    let class = component.class;
    let (low, high) = class.range;
    let in_unit = match class.unit {
        "" => String::new(),
        unit => format!(" in {unit}"),
    };
    let values = Values::default()
        .with("key", component.key())
        .with("number", component.number.to_string())
        .with("name", &component.name)
        .with("identifier", component.identifier())
        .with("IDENTIFIER", component.identifier().to_uppercase())
        .with("class", class.name)
        .with("unit", class.unit)
        .with("in_unit", in_unit)
        .with("decimals", class.decimals.to_string())
        .with("low", format!("{low:?}"))
        .with("high", format!("{high:?}"));
    match project.language {
        Language::MicroPython => micropython::component_values(project, component, values),
        Language::C | Language::Arduino => {
            c::component_values(&project.components, component, values)
        }
        Language::Rust => values,
    }
}

/// Buttons and what a press of each toggles: the first button the first light
/// or switch, and so on.
fn bindings(components: &[Component]) -> Vec<(&Component, &Component)> {
    let buttons = components.iter().filter(|one| one.kind == Kind::Button);
    let targets = components
        .iter()
        .filter(|one| matches!(one.kind, Kind::Light | Kind::Switch));
    buttons.zip(targets).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::components;

    fn project(language: Language, list: &str) -> Project {
        let components = components(list).expect(list);
        Project::new(Path::new("desk-lamp"), language, components, None, None).expect("a project")
    }

    /// What is embedded is part of the published crate, where there is no clone
    /// around it.
    #[cfg(unix)]
    #[test]
    fn the_package_contains_what_is_embedded() {
        let output = std::process::Command::new(env!("CARGO"))
            .args([
                "package",
                "--list",
                "--no-verify",
                "--allow-dirty",
                "--offline",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        let list = String::from_utf8_lossy(&output.stdout);
        let packaged: Vec<_> = list.lines().collect();
        for (path, _) in EMBEDDED {
            // The licenses are those of the crate.
            let path = path.strip_prefix("libraries/c/../../").unwrap_or(path);
            assert!(packaged.contains(&path), "{path}: {output:?}");
        }
        for needed in [
            "libraries/micropython/switchboard.py",
            "libraries/c/src/board.c",
        ] {
            assert!(EMBEDDED.iter().any(|(path, _)| *path == needed), "{needed}");
        }
    }

    fn text(files: &[File], path: &str) -> String {
        let file = files.iter().find(|file| file.path == path);
        file.expect(path).text.clone()
    }

    #[test]
    fn every_template_is_filled_in_for_every_kind_and_class() {
        for language in Language::ALL {
            for kind in Kind::ALL {
                let mut list = kind.word().to_owned();
                for class in kind.classes() {
                    list = format!("{list},{}:{}", kind.word(), class.name);
                }
                let words: Vec<_> = list.split(',').collect();
                for list in words.chunks(crate::MAX_COMPONENTS) {
                    let files = files(&project(language, &list.join(","))).expect("files");
                    assert!(
                        files.iter().any(|file| file.path == "README.md"),
                        "{language}"
                    );
                    assert!(!part(language, kind).is_empty(), "{language}: {kind:?}");
                }
            }
        }
    }

    #[test]
    fn a_project_names_only_what_its_board_has() {
        for language in [Language::C, Language::Rust] {
            let readme =
                |list: &str| text(&files(&project(language, list)).expect(list), "README.md");
            let with = readme("light,button,sensor,sensor,event");
            for line in [
                "set desk-lamp light:0 on=true\n",
                "press desk-lamp button:0\n",
                "set desk-lamp sensor:0 value=21.5\n",
                "press desk-lamp event:0 triggered\n",
                "lasts until the next measurement",
            ] {
                assert!(with.contains(line), "{line}: {with}");
            }
            let without = readme("text");
            assert!(!without.contains("\n\n\n"), "{without}");
            for absent in ["press desk-lamp", "set desk-lamp", "measurement."] {
                assert!(!without.contains(absent), "{absent}: {without}");
            }
        }
        let readme = |list: &str| {
            let files = files(&project(Language::MicroPython, list)).expect(list);
            text(&files, "README.md")
        };
        assert!(readme("light,button").contains("Type `button:0` to press the button."));
        assert!(readme("event").contains("Type `event:0` to trigger the event."));
        assert!(!readme("light").contains("Type `"));
    }

    /// Arduino inserts prototypes of all functions before the first one; they
    /// have to know every type.
    #[test]
    fn the_types_of_a_sketch_precede_its_functions() {
        let files = files(&project(Language::Arduino, "light,cover,cover")).expect("files");
        let sketch = text(&files, "desk-lamp.ino");
        let place = |text: &str| sketch.find(text);
        assert_eq!(sketch.matches("\nstruct ").count(), 1, "{sketch}");
        assert!(
            place("\nstruct ").is_some() && place("\nstruct ") < place("\nvoid "),
            "{sketch}"
        );
    }

    #[test]
    fn any_name_of_a_folder_makes_a_board() {
        let folder = format!("line\nfeed {}", "x".repeat(100));
        for language in Language::ALL {
            let components = components("light").expect("a list");
            let name = Some("Lamp".to_owned());
            let made = Project::new(Path::new(&folder), language, components, name, None);
            let Ok(project) = made else {
                assert_eq!(language, Language::Arduino);
                continue;
            };
            let files = files(&project).expect("files");
            let board = files.iter().filter(|file| {
                ["main/board.c", "board.py", "src/board.rs"].contains(&file.path.as_str())
            });
            let boards: Vec<_> = board.map(|file| file.text.as_str()).collect();
            assert_eq!(boards.len(), 1, "{language}");
            assert!(!boards[0].contains("line\nfeed"), "{}", boards[0]);
            assert!(!boards[0].contains(&"x".repeat(64)), "{}", boards[0]);
        }
    }

    #[test]
    fn a_button_toggles_the_light_or_switch_that_comes_with_it() {
        let components = components("button,sensor,light,button,button,switch").expect("a list");
        let bound: Vec<_> = bindings(&components)
            .iter()
            .map(|(button, target)| (button.key(), target.key()))
            .collect();
        let pair = |button: &str, target: &str| (button.to_owned(), target.to_owned());
        assert_eq!(
            bound,
            [pair("button:0", "light:0"), pair("button:1", "switch:0")]
        );
    }
}
