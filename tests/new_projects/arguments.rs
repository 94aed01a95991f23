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

#[cfg(unix)]
#[test]
fn on_a_terminal_it_asks_until_the_answers_are_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let answers = "taken\nlamp\n9\n3\nlight,\nlight,button\nReading lamp\n";
    let shell = format!(
        "cd \"$FOLDER\" && mkdir taken && touch taken/file && printf '{}' | \
         script -qec \"$SWITCHBOARD new\" /dev/null",
        answers.replace('\n', "\\n")
    );
    let at = folder.path().to_string_lossy();
    let Some(output) = crate::terminal::on_a_terminal(&shell, ("FOLDER", &at)) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "Folder for the project: ",
        "not empty",
        "micropython",
        "is not a language",
        "sensor        :temperature, humidity",
        "two commas",
        "Enter for Lamp",
        "Created lamp, a board in MicroPython: Light, Button",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let board = fs::read_to_string(folder.path().join("lamp/board.py")).expect("a file");
    assert!(board.contains("Board(\"Reading lamp\","), "{board}");
}
