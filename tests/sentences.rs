//! Collects every sentence that the window and the command line can show in
//! `target/sentences.txt`, with its place in the sources, and checks it for
//! words that the project does not use.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[cfg(unix)]
use std::process::Command;

/// Calls and macros whose literals are not shown to people.
const HIDDEN: [&str; 15] = [
    "json!",
    "assert!",
    "assert_eq!",
    "log::error!",
    "log::warn!",
    "log::info!",
    "log::debug!",
    "log::trace!",
    "env!",
    "include_bytes!",
    "Id::new",
    "id_salt",
    "push_id",
    ".name",
    "strftime",
];

#[test]
fn no_sentence_contains_a_banned_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sentences = Vec::new();
    for file in sources(root) {
        let text = fs::read_to_string(&file).expect("a source file");
        let name = file
            .strip_prefix(root)
            .unwrap_or(&file)
            .display()
            .to_string();
        let name = name.replace('\\', "/");
        let labels = name.starts_with("crates/gui/");
        sentences.extend(
            literals(&text)
                .into_iter()
                .filter(|(_, text)| is_sentence(text, labels))
                .map(|(line, text)| format!("{name}:{line}: {text}")),
        );
    }
    let mut command = switchboard::cli::command();
    command.build();
    help(&command, &mut sentences);
    assert!(sentences.len() > 1_000, "{}", sentences.len());

    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let list = temporary
        .parent()
        .unwrap_or(temporary)
        .join("sentences.txt");
    fs::write(&list, sentences.join("\n") + "\n").expect("the list can be written");
    #[cfg(unix)]
    {
        let words = Command::new(root.join("scripts/words")).arg(&list).output();
        let words = words.expect("scripts/words runs");
        // Its lines are `FILE:LINE: "WORD"`.
        let found: Vec<_> = String::from_utf8_lossy(&words.stdout)
            .lines()
            .filter_map(|line| {
                let (place, word) = line.rsplit_once(": ")?;
                let number: usize = place.rsplit_once(':')?.1.parse().ok()?;
                Some(format!("{word} in {}", sentences.get(number - 1)?))
            })
            .collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
        assert!(words.status.success(), "scripts/words failed");
    }
}

/// The sources of the program, without tests.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.join("src"), root.join("crates")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The window's shortcuts have ⌘ in place of Ctrl on macOS, which only
/// `widgets/shortcut.rs` knows.
#[test]
fn no_text_of_the_window_names_ctrl() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let window = root.join("crates/gui");
    let mut named = Vec::new();
    for file in sources(root)
        .iter()
        .filter(|file| file.starts_with(&window))
    {
        let text = fs::read_to_string(file).expect("a source file");
        let with_ctrl = literals(&text)
            .into_iter()
            .filter(|(_, text)| ["Ctrl", "Cmd", "⌘"].iter().any(|name| text.contains(name)));
        named.extend(with_ctrl.map(|(line, text)| format!("{}:{line}: {text}", file.display())));
    }
    assert!(named.is_empty(), "{}", named.join("\n"));
}

/// The help of a command and of its subcommands.
fn help(command: &clap::Command, sentences: &mut Vec<String>) {
    let name = command
        .get_bin_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let of_command = [
        command.get_about(),
        command.get_long_about(),
        command.get_after_help(),
    ];
    let of_arguments = command
        .get_arguments()
        .flat_map(|argument| [argument.get_help(), argument.get_long_help()]);
    for text in of_command.into_iter().chain(of_arguments).flatten() {
        sentences.push(format!(
            "{name} --help: {}",
            text.to_string().replace('\n', " ")
        ));
    }
    for subcommand in command.get_subcommands() {
        help(subcommand, sentences);
    }
}

/// Whether a literal is text for people: at least two words, or one that begins
/// with a capital if it may be a label.
fn is_sentence(text: &str, labels: bool) -> bool {
    let mut depth = 0;
    let outside: String = text
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '{');
            depth -= i32::from(*c == '}');
            depth <= 0 && *c != '}'
        })
        .collect();
    let words = outside
        .split_whitespace()
        .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1)
        .count();
    let is_label = labels && outside.trim_start().starts_with(|c: char| c.is_uppercase());
    words > 1 || words == 1 && is_label && !outside.contains('_')
}

/// The string literals of a source file with their lines, without tests,
/// attributes other than `#[error]`, and the arguments of [`HIDDEN`].
fn literals(text: &str) -> Vec<(usize, String)> {
    // Unit tests within the file; `mod tests;` is a file of its own.
    let is_inline = |at: &usize| {
        let name = text[*at..].lines().nth(1);
        name.is_some_and(|line| line.ends_with('{'))
    };
    let end = text
        .match_indices("#[cfg(test)]\nmod ")
        .map(|(at, _)| at)
        .find(is_inline)
        .unwrap_or(text.len());
    let chars: Vec<char> = text[..end].chars().collect();
    let (mut found, mut frames, mut code) = (Vec::new(), Vec::new(), String::new());
    let (mut at, mut line) = (0, 1);
    let starts = |at: usize, what: &str| {
        what.chars()
            .enumerate()
            .all(|(n, c)| chars.get(at + n) == Some(&c))
    };
    while let Some(&c) = chars.get(at) {
        if starts(at, "//") {
            while chars.get(at).is_some_and(|c| *c != '\n') {
                at += 1;
            }
            continue;
        }
        if starts(at, "r\"") || starts(at, "r#\"") {
            let close = if starts(at, "r#") { "\"#" } else { "\"" };
            at += 1 + close.len();
            let first = line;
            let mut literal = String::new();
            while at < chars.len() && !starts(at, close) {
                line += usize::from(chars[at] == '\n');
                literal.push(chars[at]);
                at += 1;
            }
            at += close.len();
            found.push((first, literal));
            continue;
        }
        match c {
            '\'' if chars.get(at + 1) == Some(&'\\') => {
                at += 3;
                while chars.get(at).is_some_and(|c| *c != '\'') {
                    at += 1;
                }
            }
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 2,
            '(' | '[' | '{' => frames.push(frame(&code, c)),
            ')' | ']' | '}' => {
                frames.pop();
            }
            '"' => {
                let first = line;
                let (literal, lines, next) = string(&chars, at + 1);
                (at, line) = (next, line + lines);
                let hidden = match frames.iter().position(|frame| frame == "#[") {
                    Some(attribute) => !frames[attribute..].iter().any(|frame| frame == "error"),
                    None => frames
                        .iter()
                        .any(|frame| HIDDEN.iter().any(|name| frame.ends_with(name))),
                };
                if !hidden {
                    found.push((first, literal));
                }
            }
            '\n' => line += 1,
            _ => {}
        }
        if !c.is_whitespace() {
            code.push(c);
        }
        at += 1;
    }
    found
}

/// What an opening bracket belongs to: the path before it, or `#[`.
fn frame(code: &str, bracket: char) -> String {
    if bracket == '[' && code.ends_with('#') {
        return "#[".to_owned();
    }
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '!' | '.');
    let start = code.rfind(|c| !is_path(c)).map_or(0, |at| at + 1);
    code.get(start..).unwrap_or_default().to_owned()
}

/// A literal from behind its opening quote: its text on one line, the number of
/// line breaks in it, and the place of its closing quote.
fn string(chars: &[char], mut at: usize) -> (String, usize, usize) {
    let (mut text, mut lines) = (String::new(), 0);
    while let Some(&c) = chars.get(at) {
        match (c, chars.get(at + 1)) {
            ('"', _) => break,
            ('\\', Some('\n')) => {
                at += 1;
                while chars.get(at).is_some_and(|c| c.is_whitespace()) {
                    lines += usize::from(chars[at] == '\n');
                    at += 1;
                }
                continue;
            }
            ('\\', Some(escaped)) => {
                text.push(if *escaped == 'n' { ' ' } else { *escaped });
                at += 1;
            }
            ('\n', _) => {
                lines += 1;
                text.push(' ');
            }
            _ => text.push(c),
        }
        at += 1;
    }
    (text, lines, at)
}
