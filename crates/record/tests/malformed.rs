//! What the reader says of files that are no recordings, or damaged ones.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use record::{Item, Reader};

const HEADER: &str = r#"{"switchboard_recording":1,"program":"switchboard 0.1.0","session":"s","started":1.5,"part":1}"#;

/// The first problem of a file with this content.
fn problem(content: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    fs::write(&path, content).expect("a file");
    let shown = path.display().to_string();
    first_problem(&path).replace(&shown, "FILE")
}

fn first_problem(path: &Path) -> String {
    match Reader::open(path) {
        Err(error) => error.to_string(),
        Ok(reader) => reader
            .filter_map(Result::err)
            .map(|error| error.to_string())
            .next()
            .unwrap_or_default(),
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn a_file_of_something_else_is_named_as_such() {
    let expected = "FILE is not a recording of Switchboard: its first line should begin with \
                    {\"switchboard_recording\":1";
    for content in [
        "",
        "\n",
        "hello\n",
        "{}\n",
        "[1]\n",
        "{\"what\":\"push\"}\n",
        "{\"switchboard_recording\":\"1\"}\n",
        "{\"switchboard_recording\":1}",
    ] {
        assert_eq!(problem(content.as_bytes()), expected, "{content:?}");
        assert_eq!(problem(&gzip(content)), expected, "{content:?}, compressed");
    }
    assert_eq!(problem(&[0xff; 100]), expected);
}

#[test]
fn a_newer_format_asks_for_an_update() {
    let newer = HEADER.replacen(":1", ":2", 1) + "\n";
    assert_eq!(
        problem(newer.as_bytes()),
        "FILE has version 2 of the format, and this program reads version 1: update Switchboard"
    );
}

#[test]
fn a_wrong_line_is_named_by_its_number() {
    for (line, why) in [
        ("oops", "expected value at line 1 column 1"),
        ("{\"at\":1,\"t\":0}", "missing field `what`"),
        ("{\"what\":\"end\",\"t\":0}", "missing field `at`"),
        (
            "{\"at\":1,\"t\":0,\"what\":\"link\",\"link\":5}",
            "invalid type: integer `5`",
        ),
        (
            "{\"at\":1,\"t\":0,\"what\":\"push\",\"components\":{\"nonsense\":{}}}",
            "expected a component as kind:number",
        ),
    ] {
        let end = "{\"at\":2,\"t\":1,\"what\":\"end\"}";
        let problem = problem(format!("{HEADER}\n{end}\n{line}\n{end}\n").as_bytes());
        let expected = format!("FILE, line 3: {why}");
        assert!(problem.starts_with(&expected), "{line}: {problem}");
    }
}

#[test]
fn what_a_newer_program_recorded_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl");
    let new = r#"{"at":1.5,"t":0.5,"board":"sb-1","what":"hologram","depth":3}"#;
    let extra = r#"{"at":2,"t":1,"what":"end","why":"someone pressed a key"}"#;
    fs::write(&path, format!("{HEADER}\n{new}\n\n{extra}\n")).expect("a file");
    let items: Vec<_> = Reader::open(&path)
        .expect("a recording")
        .map(|item| item.expect("an item"))
        .collect();
    let kinds: Vec<_> = items
        .iter()
        .map(|item| match item {
            Item::Record(record) => format!("{:?}", record.what),
            _ => "other".to_owned(),
        })
        .collect();
    assert_eq!(kinds, ["other", "Unknown", "End"]);
}

#[test]
fn damaged_compressed_data_are_reported_with_the_last_good_line() {
    let end = "{\"at\":2,\"t\":1,\"what\":\"end\"}\n";
    let mut bytes = gzip(&(HEADER.to_owned() + "\n" + &end.repeat(2_000)));
    // The checksum at the end (RFC 1952, section 2.3.1).
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 0xff;
    let problem = problem(&bytes);
    assert!(
        problem.starts_with("FILE is damaged after line 2001: "),
        "{problem}"
    );
    assert!(
        problem.ends_with("What precedes it can be replayed"),
        "{problem}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let problem = first_problem(Path::new("/nonexistent/lab.jsonl"));
    assert!(
        problem.starts_with("cannot read /nonexistent/lab.jsonl: "),
        "{problem}"
    );
}
