//! Arguments, questions and folders.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
};

use crate::program::switchboard;

fn new(folder: &Path, words: &[&str]) -> Output {
    let mut command = switchboard();
    command.arg("new").args(words).current_dir(folder);
    command.stdin(Stdio::null()).output().expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_argument_is_explained_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |words: &[&str], parts: &[&str]| {
        let output = new(folder.path(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        for part in parts {
            assert!(said(&output).contains(part), "{words:?}: {}", said(&output));
        }
    };
    refused(
        &[],
        &["missing: FOLDER, --language, --components", "for example"],
    );
    refused(&["lamp", "--language", "c"], &["missing: --components"]);
    refused(
        &["lamp", "--language", "cobol", "--components", "light"],
        &["c, arduino, micropython, rust"],
    );
    refused(
        &["lamp", "--language", "c", "--components", "ligth"],
        &["did you mean light?", "sensor:temperature"],
    );
    refused(
        &["lamp", "--language", "c", "--components", "sensor:warmth"],
        &["not a device class", "temperature, humidity"],
    );
    let named = ["--language", "micropython", "--components", "light"];
    refused(
        &[&["lamp", "--id", "Lamp"], &named[..]].concat(),
        &["lowercase"],
    );
    refused(
        &[&["lamp", "--name", ""], &named[..]].concat(),
        &["1 to 63 bytes"],
    );
    refused(&[&["ランプ"], &named[..]].concat(), &["--id"]);
    refused(
        &[&["lamp", "--source", "."], &named[..]].concat(),
        &["--language rust"],
    );
    refused(
        &[
            "lamp",
            "--language",
            "rust",
            "--components",
            "light",
            "--source",
            ".",
        ],
        &["neither a URL nor a clone"],
    );
    refused(
        &[
            "desk lamp",
            "--language",
            "arduino",
            "--components",
            "light",
        ],
        &["Arduino IDE"],
    );
    let arduino = ["--language", "arduino", "--components", "light"];
    refused(
        &[&["lamp", "--id", "lamp"], &arduino[..]].concat(),
        &["--id does not apply to Arduino: the id is made of the chip's address"],
    );
    refused(
        &[&[""], &named[..]].concat(),
        &["a value is required for '[FOLDER]'"],
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_folder_with_files_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("mine.txt"), "mine").expect("a file");
    let words = ["--language", "micropython", "--components", "light"];
    for name in [".", "mine.txt"] {
        let output = new(folder.path(), &[&[name], &words[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(said(&output).contains("exists"), "{}", said(&output));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    let output = new(folder.path(), &[&["a/b"], &words[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert!(folder.path().join("a/b/README.md").is_file());
}

#[test]
fn the_result_says_what_was_made_and_what_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let words = [
        "--language",
        "micropython",
        "--components",
        "light,sensor:humidity",
    ];
    let output = new(folder.path(), &[&["desk-lamp"], &words[..]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("Created desk-lamp, a board in MicroPython: Light, Humidity"),
        "{text}"
    );
    assert!(
        text.contains("cd desk-lamp") && text.contains("./check"),
        "{text}"
    );
    let output = new(folder.path(), &[&["Küchen Lampe"], &words[..]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("  cd 'Küchen Lampe'\n"), "{text}");
    let output = new(
        folder.path(),
        &[&["other", "--json", "--name", "Say \"hi\""], &words[..]].concat(),
    );
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(line["name"], "Say \"hi\"");
    assert_eq!(line["id"], "other");
    assert_eq!(
        line["components"],
        serde_json::json!(["light:0", "sensor:0"])
    );
    let board = fs::read_to_string(folder.path().join("other/board.py")).expect("a file");
    assert!(board.contains(r#"Board("Say \"hi\"","#), "{board}");
}

#[test]
fn the_guide_lists_the_device_classes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("docs/guide/your-own-board.md")).expect("the guide");
    for kind in scaffold::Kind::ALL {
        let classes: Vec<_> = kind
            .classes()
            .iter()
            .map(|class| format!("`{}`", class.name))
            .collect();
        let row = format!("| `{}` | {} |", kind.word(), classes.join(", "));
        assert!(classes.is_empty() || guide.contains(&row), "{row}");
    }
}

/// What the program says on a terminal on which these lines are typed.
#[cfg(unix)]
fn asked(folder: &Path, arguments: &str, lines: &str) -> Option<String> {
    let shell = format!(
        "cd \"$FOLDER\" && printf '{}' | script -qec \"$SWITCHBOARD new {arguments}\" /dev/null",
        lines.replace('\n', "\\n")
    );
    let at = folder.to_string_lossy();
    let output = crate::terminal::on_a_terminal(&shell, ("FOLDER", &at))?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The arguments are judged before the components are asked for.
#[cfg(unix)]
#[test]
fn on_a_terminal_wrong_arguments_are_refused_before_further_questions() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, why) in [
        ("lamp --language c --id Lamp", "lowercase"),
        ("lamp --language c --source .", "--source is for"),
        ("ランプ --language c", "name one with --id"),
        ("lamp --language arduino --id lamp", "does not apply"),
    ] {
        let Some(text) = asked(folder.path(), arguments, "light\nLamp\n") else {
            return;
        };
        assert!(text.contains(why), "{arguments}: {text}");
        assert!(!text.contains("Which, for example"), "{arguments}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks_until_the_answers_are_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("taken")).expect("a folder");
    fs::write(folder.path().join("taken/file"), "").expect("a file");
    let answers = "\ntaken\nlamp\n9\n3\nlight,\nlight,button\nReading lamp\n";
    let Some(text) = asked(folder.path(), "", answers) else {
        return;
    };
    for part in [
        "Folder for the project: ",
        "name a folder, for example desk-lamp",
        "not empty",
        "micropython",
        "is not a language",
        "sensor        :temperature, humidity",
        "before or after a comma",
        "Enter for Lamp",
        "Created lamp, a board in MicroPython: Light, Button",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let board = fs::read_to_string(folder.path().join("lamp/board.py")).expect("a file");
    assert!(board.contains("Board(\"Reading lamp\","), "{board}");
}
