//! Checks that docs/cli.md is what the command line's own help says.
//! `UPDATE=1 cargo test --test documents` rewrites it.

use std::{env, fmt::Write, fs, path::Path};

use clap::{Arg, Command, builder::StyledStr};

/// The width of Markdown, in columns.
const WIDTH: usize = 80;

#[test]
fn the_page_about_the_command_line_is_current() {
    let mut command = switchboard::cli::command();
    command.build();
    let page = page(&command);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).expect("docs/cli.md can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = page
        .lines()
        .zip(found.lines())
        .position(|(new, old)| new != old);
    assert!(
        page == found,
        "docs/cli.md is not current, from line {}; run: UPDATE=1 cargo test --test documents",
        differs.unwrap_or_else(|| page.lines().count().min(found.lines().count())) + 1,
    );
}

fn page(root: &Command) -> String {
    let mut page = "# The command line\n".to_owned();
    paragraph(
        &mut page,
        "",
        "This page is generated from `switchboard --help` and the help of each command. `UPDATE=1 \
         cargo test --test documents` rewrites it.",
    );
    section(&mut page, root, 1);
    page
}

/// A command, its options, and its subcommands as sections of their own.
fn section(page: &mut String, command: &Command, level: usize) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    if level > 1 {
        let _ = writeln!(page, "\n{} {name}", "#".repeat(level));
    }
    let about = command.get_long_about().or(command.get_about());
    help(page, "", &sentence(about));
    let mut usage = command.clone();
    let usage = usage.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = writeln!(page, "\n```text\n{}\n```", wrapped_usage(usage));
    let shown = |arg: &&Arg| {
        !arg.is_hide_set()
            && !matches!(arg.get_id().as_str(), "help" | "version")
            && (level == 1 || !arg.is_global_set())
    };
    let (positional, options): (Vec<_>, Vec<_>) = command
        .get_arguments()
        .filter(shown)
        .partition(|arg| arg.is_positional());
    let items: Vec<_> = positional
        .into_iter()
        .chain(options)
        .map(argument)
        .collect();
    // A list with an item of several paragraphs has blank lines between all.
    let is_loose = items.iter().any(|item| item.contains("\n\n"));
    for (at, item) in items.iter().enumerate() {
        if at == 0 || is_loose {
            page.push('\n');
        }
        page.push_str(item);
    }
    if let Some(after) = command.get_after_help() {
        let _ = writeln!(page, "\n```text\n{}\n```", after.to_string().trim());
    }
    for subcommand in command.get_subcommands() {
        if subcommand.get_name() != "help" && !subcommand.is_hide_set() {
            section(page, subcommand, level + 1);
        }
    }
}

/// A help text with the period that clap removes from a single sentence.
fn sentence(text: Option<&StyledStr>) -> String {
    let mut text = text.map(ToString::to_string).unwrap_or_default();
    if !text.is_empty() && !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A list item about an argument.
fn argument(arg: &Arg) -> String {
    let values: Vec<_> = arg
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(|name| format!("<{name}>"))
        .collect();
    let values = values.join(" ");
    let form = match arg.get_long() {
        None => values,
        Some(long) if !arg.get_action().takes_values() => format!("--{long}"),
        Some(long) => format!("--{long} {values}"),
    };
    let mut text = sentence(arg.get_long_help().or(arg.get_help()));
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        text = format!("{text} Default: `{}`.", defaults.join(","));
    }
    let mut item = String::new();
    help(&mut item, &format!("- `{form}`: "), &text);
    item
}

/// The paragraphs of a help text; the first begins with `lead`, the others are
/// indented below it.
fn help(page: &mut String, lead: &str, text: &str) {
    for (at, part) in text.split("\n\n").enumerate() {
        match (at, lead.is_empty()) {
            (_, true) => paragraph(page, "", part),
            (0, false) => wrap(page, &format!("{lead}{part}"), "  "),
            (_, false) => paragraph(page, "  ", part),
        }
    }
}

fn paragraph(page: &mut String, indent: &str, text: &str) {
    page.push('\n');
    wrap(page, &format!("{indent}{text}"), indent);
}

/// Wraps a text at 80 columns; code spans are not broken.
fn wrap(page: &mut String, text: &str, indent: &str) {
    let mut words: Vec<String> = Vec::new();
    let mut in_code = false;
    for word in escaped(text).split(' ') {
        match words.last_mut() {
            Some(last) if in_code => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        in_code ^= word.matches('`').count() % 2 == 1;
    }
    let start = text.len() - text.trim_start().len();
    let mut line = " ".repeat(start);
    for word in words.iter().filter(|word| !word.is_empty()) {
        let is_start = line.trim().is_empty();
        if !is_start && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(page, "{line}");
            line = format!("{indent}{word}");
        } else {
            if !is_start {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let _ = writeln!(page, "{line}");
}

/// Escapes what Markdown would take as a tag or as emphasis, outside code
/// spans.
fn escaped(text: &str) -> String {
    let mut in_code = false;
    text.chars().fold(String::new(), |mut out, c| {
        in_code ^= c == '`';
        if !in_code && matches!(c, '<' | '*') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// Breaks a usage line that is too long.
fn wrapped_usage(usage: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in usage.split(' ') {
        if width > 0 && width + 1 + word.len() > WIDTH {
            lines.push_str("\n    ");
            width = 4;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += word.len();
    }
    lines
}
