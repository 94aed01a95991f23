//! The care of boards on the command line: backups, restoring them on another
//! board, and factory resets, also of locked boards.
#![cfg(unix)]

mod program;

use std::{
    error::Error,
    fs,
    path::PathBuf,
    process::{Output, Stdio},
};

use doubles::{Wled, WledOptions};
use noise::Role;
use serde_json::Value;
use virtual_board::{Options, Profile, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

/// Boards, their addresses, and a folder that is removed at the end.
struct Desk {
    boards: VirtualBoards,
    addresses: Vec<String>,
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str, profile: Profile, boards: usize) -> Result<Self, Box<dyn Error>> {
        let boards = VirtualBoards::start(Options {
            boards,
            profile,
            mdns: false,
            ..Options::default()
        })?;
        let folder =
            std::env::temp_dir().join(format!("switchboard-care-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            addresses: boards
                .list()
                .iter()
                .map(|board| board.address.to_string())
                .collect(),
            boards,
            folder,
        })
    }

    fn run(&self, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(program::switchboard()
            .args(words)
            .env("XDG_CONFIG_HOME", &self.folder)
            .env("SWITCHBOARD_KEYS", self.folder.join("keys"))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()?)
    }

    /// Runs a command that must end with this status; returns what it printed
    /// and said.
    fn ends(&self, status: i32, words: &[&str]) -> Result<(String, String), Box<dyn Error>> {
        let output = self.run(words)?;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{words:?}: {out}{err}");
        Ok((out, err))
    }

    fn done(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        Ok(self.ends(0, words)?.0)
    }

    fn shows(&self, board: &str) -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_str(
            &self.done(&["show", board, "--json"])?,
        )?)
    }

    fn settings(&self) -> Result<Value, Box<dyn Error>> {
        let file = fs::read(self.folder.join("switchboard/settings.json"))?;
        Ok(serde_json::from_slice(&file)?)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The state of a component, as `show --json` has it.
fn state(board: &Value, key: &str) -> Value {
    let components = board["components"].as_array().cloned().unwrap_or_default();
    let found = components
        .into_iter()
        .find(|one| one["descriptor"]["key"] == key);
    found.map_or(Value::Null, |one| one["state"].clone())
}

#[test]
fn a_backup_moves_name_labels_and_settings_to_a_replacement() -> Tested {
    let desk = Desk::new("move", Profile::Everything, 2)?;
    let [old, new] = [&desk.addresses[0], &desk.addresses[1]];
    desk.done(&["call", old, "Device.SetName", r#"{"name":"Rig"}"#])?;
    for (component, value) in [
        ("number:0", "value=15"),
        ("select:0", "value=night"),
        ("text:0", "value=Shelf 3"),
        ("light:0", "on=true"),
        ("switch:1", "on=true"),
    ] {
        desk.done(&["set", &format!("{old}/{component}"), value])?;
    }
    // The two switches are interlocked: one has to go off before the other.
    desk.done(&["set", &format!("{new}/switch:0"), "on=true"])?;
    let id = desk.shows(old)?["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    fs::create_dir_all(desk.folder.join("switchboard"))?;
    fs::write(
        desk.folder.join("switchboard/settings.json"),
        format!(r#"{{"notes":{{"{id}":{{"room":"Workshop","tags":["bench","red"]}}}}}}"#),
    )?;

    let said = desk.done(&["backup", old, "rig.json"])?;
    assert!(
        said.contains("saved the name and 8 settings of Rig"),
        "{said}"
    );
    let saved = fs::read_to_string(desk.folder.join("rig.json"))?;
    for secret in ["wifi", "ssid", "psk", "outbound", "key:1"] {
        assert!(!saved.to_lowercase().contains(secret), "{secret}: {saved}");
    }

    let printed = desk.done(&["restore", new, "rig.json"])?;
    assert!(
        printed.contains("Workshop, bench, red") && !printed.contains("not restored"),
        "{printed}"
    );
    let (before, after) = (desk.shows(old)?, desk.shows(new)?);
    assert_eq!(after["name"], "Rig");
    for key in [
        "number:0", "select:0", "text:0", "light:0", "switch:0", "switch:1",
    ] {
        assert_eq!(state(&after, key), state(&before, key), "{key}");
        assert!(!state(&after, key).is_null(), "{key}: {after}");
    }
    let other = after["id"].as_str().unwrap_or_default();
    assert_ne!(other, id);
    let settings = desk.settings()?;
    for label in ["room", "tags"] {
        let (before, after) = (
            &settings["notes"][&id][label],
            &settings["notes"][other][label],
        );
        assert!(!before.is_null() && before == after, "{label}: {settings}");
    }
    Ok(())
}

#[test]
fn a_backup_of_another_kind_changes_nothing_unless_told() -> Tested {
    let desk = Desk::new("kind", Profile::Mixed, 2)?;
    let [lamp, strip] = [&desk.addresses[0], &desk.addresses[1]];
    desk.done(&["call", lamp, "Device.SetName", r#"{"name":"Old"}"#])?;
    desk.done(&["backup", lamp, "lamp.json"])?;
    let before = desk.shows(strip)?;
    let (_, said) = desk.ends(1, &["restore", strip, "lamp.json"])?;
    for part in [
        "nothing was changed",
        "another kind of board: ",
        "light:0 (Light) is missing",
        "switch:0 (Outlet 1) is not in the backup",
        "--partial",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(desk.shows(strip)?["name"], before["name"]);

    let printed = desk.done(&["restore", "--partial", strip, "lamp.json"])?;
    assert!(
        printed.contains("Old") && printed.contains("light:0 (Light) is missing"),
        "{printed}"
    );
    assert_eq!(desk.shows(strip)?["name"], "Old");
    Ok(())
}

#[test]
fn a_value_that_does_not_fit_is_named_and_the_others_can_be_restored() -> Tested {
    let desk = Desk::new("value", Profile::Everything, 1)?;
    let board = &desk.addresses[0];
    desk.done(&["backup", board, "b.json"])?;
    let mut saved: Value = serde_json::from_slice(&fs::read(desk.folder.join("b.json"))?)?;
    let components = saved["components"].as_array_mut().ok_or("a list")?;
    for component in components {
        match component["key"].as_str() {
            Some("number:0") => component["set"]["value"] = 1_000.into(),
            Some("select:0") => component["set"]["value"] = "never".into(),
            Some("text:0") => component["set"]["value"] = "Restored".into(),
            _ => {}
        }
    }
    fs::write(desk.folder.join("b.json"), saved.to_string())?;
    let (_, said) = desk.ends(1, &["restore", board, "b.json"])?;
    assert!(
        said.contains("number:0 (Speed): 1000 is not within 0 and 100"),
        "{said}"
    );
    assert!(
        said.contains("\"never\" is not one of its options"),
        "{said}"
    );
    desk.done(&["restore", "--partial", board, "b.json"])?;
    assert_eq!(state(&desk.shows(board)?, "text:0")["value"], "Restored");
    Ok(())
}

#[test]
fn a_damaged_or_newer_file_is_a_usage_error_before_a_board_is_looked_for() -> Tested {
    let desk = Desk::new("damaged", Profile::Lamp, 1)?;
    let board = &desk.addresses[0];
    desk.done(&["backup", board, "b.json"])?;
    let whole = fs::read_to_string(desk.folder.join("b.json"))?;
    for (contents, said) in [
        (&whole[..whole.len() / 3], "not JSON"),
        (
            &*whole.replace("\"version\": 1", "\"version\": 9"),
            "newer version",
        ),
        (
            r#"{"switchboard":"scene","version":1}"#,
            "a scene, not a backup",
        ),
    ] {
        fs::write(desk.folder.join("bad.json"), contents)?;
        let (_, found) = desk.ends(2, &["restore", "no-such-board", "bad.json"])?;
        assert!(found.contains(said), "{found}");
    }
    let (_, found) = desk.ends(2, &["restore", board, "absent.json"])?;
    assert!(found.contains("absent.json"), "{found}");
    Ok(())
}

#[test]
fn a_board_of_another_family_is_backed_up_as_far_as_its_components_allow() -> Tested {
    let desk = Desk::new("family", Profile::Lamp, 1)?;
    let wled = Wled::start(WledOptions::default())?;
    let address = format!("wled://{}", wled.address());
    desk.done(&[
        "set",
        &format!("{address}/light:0"),
        "on=true",
        "brightness=50",
    ])?;
    desk.done(&["backup", &address, "wled.json"])?;
    desk.done(&["set", &format!("{address}/light:0"), "on=false"])?;
    let printed = desk.done(&["restore", &address, "wled.json"])?;
    assert!(
        printed.contains("its name: WLED keeps its name"),
        "{printed}"
    );
    assert_eq!(state(&desk.shows(&address)?, "light:0")["on"], true);
    let (_, said) = desk.ends(1, &["restore", &desk.addresses[0], "wled.json"])?;
    assert!(said.contains("another kind of board: WLED"), "{said}");
    let (_, said) = desk.ends(1, &["factory-reset", "--yes", &address])?;
    assert!(said.contains("on its web page"), "{said}");
    Ok(())
}

#[test]
fn a_factory_reset_needs_confirmation_and_erases_what_the_board_stores() -> Tested {
    let desk = Desk::new("reset", Profile::Lamp, 1)?;
    let board = &desk.addresses[0];
    desk.done(&["call", board, "Device.SetName", r#"{"name":"Mine"}"#])?;
    let (_, said) = desk.ends(2, &["factory-reset", board])?;
    assert!(
        said.contains("nothing was changed") && said.contains("--yes"),
        "{said}"
    );
    assert_eq!(desk.shows(board)?["name"], "Mine");
    let printed = desk.done(&["factory-reset", "--yes", board])?;
    assert!(printed.contains("Mine  erased"), "{printed}");
    assert_eq!(renamed(&desk, board)?, "Desk lamp");
    Ok(())
}

#[test]
fn a_locked_board_is_reset_by_control_keys_only_and_is_open_then() -> Tested {
    let desk = Desk::new("locked", Profile::Lamp, 1)?;
    let board = &desk.addresses[0];
    let add = |key: &str| -> Tested {
        fs::write(desk.folder.join("one.key"), format!("{key}\n"))?;
        desk.done(&["keys", "add", "one.key"])?;
        Ok(())
    };
    desk.done(&["call", board, "Device.SetName", r#"{"name":"Mine"}"#])?;
    let control = desk.boards.add_key("Mine", "Owner", Role::Control)?;
    let view = desk.boards.add_key("Mine", "Guest", Role::View)?;
    add(&view)?;
    let (_, said) = desk.ends(1, &["factory-reset", "--yes", board])?;
    assert!(said.contains("may only view"), "{said}");
    add(&control)?;
    let (_, said) = desk.ends(0, &["factory-reset", "--yes", board])?;
    assert!(
        said.contains("no longer works") && said.contains("keys forget"),
        "{said}"
    );
    let id = desk.boards.list()[0].id.clone();
    desk.done(&["keys", "forget", &id])?;
    assert_eq!(renamed(&desk, board)?, "Desk lamp");
    Ok(())
}

/// The name of a board that restarts.
fn renamed(desk: &Desk, board: &str) -> Result<String, Box<dyn Error>> {
    let mut last = String::new();
    for _ in 0..50 {
        let output = desk.run(&["show", board, "--json"])?;
        if let Ok(shown) = serde_json::from_slice::<Value>(&output.stdout)
            && shown["name"] != "Mine"
        {
            return Ok(shown["name"].as_str().unwrap_or_default().to_owned());
        }
        last = text(&output.stderr);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(last.into())
}
