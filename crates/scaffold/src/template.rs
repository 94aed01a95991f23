//! Fills in templates. They are the files of a project with a few placeholders:
//!
//! - `{{value}}` is a value, and `{{"value"}}` the same as a quoted literal of
//!   C, Rust, Python, JSON and TOML. Alone on a line, it may have several
//!   lines, or none;
//! - a line `{{each SECTION}}` is replaced by that section of the part of each
//!   component, with the line's indentation;
//! - a line `{{once SECTION}}` is the same, once per kind of component.
//!
//! A part is a file named after a kind of component. A line `//// SECTION`
//! begins each of its sections.

use std::collections::BTreeSet;

use crate::Component;

/// The marker of a section.
const SECTION: &str = "//// ";

/// What placeholders stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(Vec<(&'static str, String)>);

impl Values {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// The text with its values filled in.
    ///
    /// # Errors
    /// The name of a placeholder that stands for nothing.
    pub(crate) fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(after)?;
            let quoted = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
            let wanted = quoted.unwrap_or(name);
            let (_, value) = self
                .0
                .iter()
                .find(|(known, _)| *known == wanted)
                .ok_or(name)?;
            filled.push_str(before);
            match quoted {
                Some(_) => filled.push_str(&literal(value)),
                None => filled.push_str(value),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// A text without control characters as a quoted literal.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// The parts of a language: what each kind of component adds to its files.
pub(crate) struct Parts<'a> {
    /// The text of the part of a component.
    pub(crate) of: &'a dyn Fn(&Component) -> &'static str,
    /// The values of a component.
    pub(crate) values: &'a dyn Fn(&Component) -> Values,
}

/// Fills in a template.
///
/// # Errors
/// The name of a placeholder that stands for nothing.
pub(crate) fn fill(
    template: &str,
    values: &Values,
    components: &[Component],
    parts: &Parts<'_>,
) -> Result<String, String> {
    let mut out = String::new();
    for line in template.split_inclusive('\n') {
        let directive = line.trim();
        let section = |word: &str| {
            let inner = directive.strip_prefix("{{")?.strip_suffix("}}")?;
            inner.strip_prefix(word)?.strip_prefix(' ')
        };
        let indent = line
            .get(..line.len() - line.trim_start().len())
            .unwrap_or_default();
        let mut seen = BTreeSet::new();
        let (name, repeats) = match (section("each"), section("once")) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) if is_one_placeholder(directive) => {
                indented(&mut out, indent, &values.fill(directive)?);
                continue;
            }
            (None, None) => {
                out.push_str(&values.fill(line)?);
                continue;
            }
        };
        for component in components {
            if repeats || seen.insert(component.kind.word()) {
                let text = part((parts.of)(component), name);
                // A section may repeat others.
                let values = (parts.values)(component);
                let text = fill(&text, &values, components, parts)?;
                indented(&mut out, indent, &text);
            }
        }
    }
    Ok(out)
}

fn is_one_placeholder(text: &str) -> bool {
    text.starts_with("{{") && text.find("}}").is_some_and(|end| end + 2 == text.len())
}

/// Appends lines with an indentation.
fn indented(out: &mut String, indent: &str, text: &str) {
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(indent);
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// A section of a part; empty if it lacks that.
fn part(text: &str, name: &str) -> String {
    let mut found = String::new();
    let mut is_in = false;
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(SECTION) {
            Some(begun) => is_in = begun.trim() == name,
            None if is_in => found.push_str(line),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components;

    #[test]
    fn values_are_filled_in_plain_and_quoted() {
        let values = Values::default().with("name", r#"A "lamp" \ °"#);
        let filled = values.fill("say({{\"name\"}}); // {{name}}\n");
        assert_eq!(
            filled.as_deref(),
            Ok("say(\"A \\\"lamp\\\" \\\\ °\"); // A \"lamp\" \\ °\n")
        );
        assert_eq!(values.fill("{{other}}"), Err("other".to_owned()));
    }

    #[test]
    fn a_value_alone_on_a_line_may_have_several_lines_or_none() {
        let values = Values::default().with("two", "a\n  b").with("none", "");
        let parts = Parts {
            of: &|_| "",
            values: &|_| Values::default(),
        };
        let filled = fill("begin\n  {{two}}\n  {{none}}\nend\n", &values, &[], &parts);
        assert_eq!(filled.as_deref(), Ok("begin\n  a\n    b\nend\n"));
    }

    #[test]
    fn sections_are_repeated_per_component_or_once_per_kind() {
        let components = components("light,light,button").expect("components");
        let parts = Parts {
            of: &|component| match component.kind.word() {
                "light" => "//// a\nlight {{key}}\n\n  deeper\n//// b\nuse light\n",
                _ => "//// a\nbutton {{key}}\n",
            },
            values: &|component| Values::default().with("key", component.key()),
        };
        let template = "begin\n  {{each a}}\n{{once b}}\nend\n";
        assert_eq!(
            fill(template, &Values::default(), &components, &parts).as_deref(),
            Ok(concat!(
                "begin\n",
                "  light light:0\n\n    deeper\n",
                "  light light:1\n\n    deeper\n",
                "  button button:0\n",
                "use light\n",
                "end\n",
            ))
        );
    }
}
