//! Projects in Rust.

use super::bindings;
use crate::{Project, Source, template::Values};

/// What placeholders of this language stand for.
pub(super) fn values(project: &Project, values: Values) -> Values {
    let pairs: Vec<_> = bindings(&project.components)
        .iter()
        .map(|(button, target)| format!("({:?}, {:?})", button.key(), target.key()))
        .collect();
    let source = match &project.source {
        Some(Source::Git(url)) => format!("{{ git = {url:?} }}"),
        Some(Source::Clone(folder)) => {
            format!(
                "{{ path = {:?} }}",
                format!("{folder}/firmware/virtual-board")
            )
        }
        None => "\"0.1\"".to_owned(),
    };
    values
        .with("bindings", pairs.join(", "))
        .with("source", source)
}

/// A file as rustfmt would leave it: without blank lines at the start of a
/// block, and without empty blocks over two lines.
pub(super) fn tidy(path: &str, text: String) -> String {
    if !path.ends_with(".rs") {
        return text;
    }
    text.replace("{\n\n", "{\n").replace(" {\n}\n", " {}\n")
}
