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
        .with("components", table);
    match project.language {
        Language::Rust => rust::values(project, values),
        Language::MicroPython => micropython::values(project, values),
        Language::C | Language::Arduino => c::values(project, values),
    }
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
