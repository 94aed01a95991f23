//! Recording the session and replaying a recording, from the window.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::Queryable;
use engine::Settings;
use gui::{ReplayProgress, Replays, SettingsFile};
use record::{Item, Reader, Recorded};
use virtual_board::Profile;

use crate::{
    desk::{address, boards, key},
    window::Desktop,
};

/// What was asked of [`Stub`].
type Asked = Arc<Mutex<Vec<String>>>;

/// Runs no boards, and remembers what was asked of it.
struct Stub(Asked);

impl Stub {
    fn add(&self, what: String) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(what);
    }
}

impl Replays for Stub {
    fn start(&mut self, path: &Path, speed: f64, _: Box<dyn Fn() + Send>) -> Result<(), String> {
        let name = path.file_name().unwrap_or_default().display().to_string();
        self.add(format!("start {name} {speed}"));
        Ok(())
    }

    fn stop(&mut self) {
        self.add("stop".to_owned());
    }

    fn progress(&mut self) -> ReplayProgress {
        ReplayProgress::default()
    }
}

/// Records a session of a lamp; returns its file.
fn record(desktop: &mut Desktop, path: &Path, press: impl FnOnce()) -> Vec<Recorded> {
    desktop.click("Recordings");
    desktop.choose("Record session…");
    desktop.path(path, "Record");
    desktop.shows_about("Recording ");
    press();
    desktop.click("Activity");
    desktop.shows_about("Desk lamp, Button (button:0): press, at the board");
    desktop.command("Stop recording");
    desktop.shows_about(" records to ");
    Reader::open(path)
        .expect("a recording")
        .filter_map(|item| match item.expect("an item") {
            Item::Record(record) => Some(record.what),
            _ => None,
        })
        .collect()
}

#[test]
fn the_session_is_recorded_until_it_is_stopped() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows("Desk lamp: connected");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    let records = record(&mut desktop, &path, || {
        boards
            .press("Desk lamp", &key("button:0"), "press")
            .expect("pressed");
    });
    assert!(matches!(records.first(), Some(Recorded::Board(_))));
    assert!(
        records
            .iter()
            .any(|what| matches!(what, Recorded::Event { event, .. } if event == "press"))
    );
    assert!(
        records
            .iter()
            .any(|what| matches!(what, Recorded::Push { .. }))
    );
    assert_eq!(records.last(), Some(&Recorded::End));
}

#[test]
fn a_file_that_cannot_be_created_is_reported() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows("Desk lamp: connected");
    desktop.click("Recordings");
    desktop.choose("Record session…");
    // A folder cannot be created below a file.
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().join("lab.jsonl.gz");
    desktop.path(&path, "Record");
    let said = format!("Cannot record to {}: ", path.display());
    desktop.shows_about(&said);
}

#[test]
fn a_recording_is_replayed_at_the_speed_that_was_typed() {
    let boards = boards(Profile::Lamp, 1);
    let asked = Asked::default();
    let settings = Settings {
        discovery: None,
        addresses: vec![address(&boards)],
        ..Settings::default()
    };
    let stub = Box::new(Stub(Arc::clone(&asked)));
    let mut desktop = Desktop::replaying(settings, SettingsFile::nowhere(), Some(stub));
    desktop.shows("Desk lamp: connected");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    record(&mut desktop, &path, || {
        boards
            .press("Desk lamp", &key("button:0"), "press")
            .expect("pressed");
    });

    let text = folder.path().join("text.jsonl");
    std::fs::write(&text, "hello\n").expect("a file");
    desktop.command("Replay…");
    desktop.path(&text, "Open");
    desktop.shows_about("is not a recording of Switchboard");
    desktop.path(&path, "Open");
    desktop.until("the speed", |window| {
        let field = window.query_by_role_and_label(Role::TextInput, "Speed")?;
        field.focus();
        Some(())
    });
    desktop.window.step();
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::A);
    desktop.window.step();
    desktop.until("the speed", |window| {
        let field = window.query_by_role_and_label(Role::TextInput, "Speed")?;
        field.type_text("0");
        Some(())
    });
    desktop.window.step();
    desktop.click("Replay");
    desktop.shows_about("Enter a factor from 0.01");
    desktop.click("Speed 10×");
    desktop.click("Replay");
    desktop.shows_about("Replay of lab.jsonl.gz, 10×");
    desktop.click("Replay of lab.jsonl.gz, 10×");
    desktop.until("the end", |_| {
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        (*asked == ["start lab.jsonl.gz 10", "stop"]).then_some(())
    });
    desktop.command("Replay…");
    desktop.shows_about("Replay recording");
}
