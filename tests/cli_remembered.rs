//! The addresses that commands remember: when they are used, and when the board
//! has to be looked for all the same.
#![cfg(unix)]

mod program;

use std::{
    error::Error,
    fs,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Output, Stdio},
};

use doubles::{Announce, Wled, WledOptions};
use serde_json::Value;
use virtual_board::{Options, Profile, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

const NAME: &str = "Desk lamp";
const TYPED: &str = "desk-lamp";

/// A network with boards that are announced, one without, and a user with
/// folders of its own, which are removed at the end.
struct Desk {
    service: String,
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str, number: u8) -> Result<Self, Box<dyn Error>> {
        let process = std::process::id();
        let folder = std::env::temp_dir().join(format!("switchboard-found-{name}-{process}"));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            // RFC 6763, section 7, allows 15 characters.
            service: format!("_sbr{number}-{process:x}._tcp.local."),
            folder,
        })
    }

    fn options(&self) -> Options {
        Options {
            profile: Profile::Lamp,
            service: self.service.clone(),
            ..Options::default()
        }
    }

    fn lamp(&self) -> Result<VirtualBoards, Box<dyn Error>> {
        Ok(VirtualBoards::start(self.options())?)
    }

    fn run_with(&self, service: &str, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(program::switchboard()
            .args(words)
            .env("SWITCHBOARD_SERVICE", service)
            .env("SWITCHBOARD_KEYS", self.folder.join("keys"))
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .stdin(Stdio::null())
            .output()?)
    }

    /// Runs a command where the boards are announced.
    fn run(&self, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        self.run_with(&self.service, words)
    }

    /// Runs a command where no board is announced: it can only use what is
    /// remembered.
    fn run_alone(&self, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        self.run_with("_sbr-nothing._tcp.local.", words)
    }

    /// Toggles the lamp where it is announced; whether that was done.
    fn toggles(&self, typed: &str) -> Result<bool, Box<dyn Error>> {
        done(&self.run(&["toggle", &format!("{typed}/light:0")])?)
    }

    /// The same by what is remembered only.
    fn toggles_alone(&self, typed: &str) -> Result<bool, Box<dyn Error>> {
        done(&self.run_alone(&["toggle", &format!("{typed}/light:0")])?)
    }

    fn cache(&self) -> PathBuf {
        let caches = match cfg!(target_os = "macos") {
            true => "Library/Caches",
            false => "cache",
        };
        self.folder.join(caches).join("switchboard/addresses.json")
    }

    fn remembered(&self) -> Result<Value, Box<dyn Error>> {
        Ok(serde_json::from_slice(&fs::read(self.cache())?)?)
    }

    /// Whether the light of the board at this address is on.
    fn is_on(&self, address: &str) -> Result<bool, Box<dyn Error>> {
        let shown = self.run_alone(&["show", address, "--json"])?;
        let board: Value = serde_json::from_slice(&shown.stdout)?;
        let components = board["components"].as_array().ok_or("no components")?;
        let light = components
            .iter()
            .find(|one| one["descriptor"]["key"] == "light:0");
        Ok(light.ok_or("no light")?["state"]["on"] == true)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a command succeeded; it says nothing if it did.
fn done(output: &Output) -> Result<bool, Box<dyn Error>> {
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) if said.is_empty() => Ok(true),
        Some(0) => Err(format!("it says {said}").into()),
        _ => Ok(false),
    }
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id, the address and the port of the only board.
fn only(boards: &VirtualBoards) -> Result<(String, String, u16), Box<dyn Error>> {
    let board = boards.list().into_iter().next().ok_or("no board")?;
    Ok((board.id, board.address.to_string(), board.address.port()))
}

#[test]
fn the_second_command_needs_no_announcement() -> Tested {
    let desk = Desk::new("second", 1)?;
    let boards = desk.lamp()?;
    let (id, address, _) = only(&boards)?;
    assert!(!desk.toggles_alone(TYPED)?, "it is not known yet");
    let before = desk.is_on(&address)?;
    assert!(desk.toggles(TYPED)?);
    assert!(desk.toggles_alone(TYPED)?);
    assert!(desk.toggles_alone(TYPED)?);
    assert_ne!(desk.is_on(&address)?, before, "toggled three times");
    assert!(
        !desk.toggles_alone("Desk Lamp")?,
        "another text was not looked for"
    );
    let remembered = desk.remembered()?;
    assert_eq!(
        (&remembered[0]["id"], &remembered[0]["address"]),
        (&id.as_str().into(), &address.into())
    );
    assert!(desk.toggles(&id)?);
    assert!(desk.toggles_alone(&id)?);
    // The start of a name may mean another board tomorrow.
    assert!(desk.toggles("desk")?);
    assert!(!desk.toggles_alone("desk")?);
    Ok(())
}

#[test]
fn a_board_that_moved_is_found_again() -> Tested {
    let desk = Desk::new("moved", 2)?;
    let boards = desk.lamp()?;
    let (id, before, _) = only(&boards)?;
    assert!(desk.toggles(TYPED)?);
    boards.stop(&id)?;
    boards.start_again_on(&id, 0)?;
    let (_, after, _) = only(&boards)?;
    assert_ne!(before, after);
    assert!(desk.toggles(TYPED)?);
    assert_eq!(desk.remembered()?[0]["address"], after.as_str());
    assert!(desk.toggles_alone(TYPED)?);
    Ok(())
}

#[test]
fn another_board_at_the_address_is_not_commanded_even_if_it_has_the_name() -> Tested {
    let desk = Desk::new("replaced", 3)?;
    let boards = desk.lamp()?;
    let (id, address, port) = only(&boards)?;
    assert!(desk.toggles(TYPED)? && desk.toggles(&id)?);
    drop(boards);
    let other = VirtualBoards::start(Options {
        port,
        mdns: false,
        ..desk.options()
    })?;
    let board = other.list().into_iter().next().ok_or("no board")?;
    assert_eq!(
        (&*board.name, board.address.to_string()),
        (NAME, address.clone())
    );
    assert_ne!(board.id, id);
    let before = desk.is_on(&address)?;
    assert!(!desk.toggles_alone(TYPED)?);
    assert!(!desk.toggles_alone(&id)?);
    assert_eq!(desk.is_on(&address)?, before);
    Ok(())
}

#[test]
fn a_board_that_was_renamed_is_not_commanded_by_its_old_name() -> Tested {
    let desk = Desk::new("renamed", 4)?;
    let boards = desk.lamp()?;
    let (id, address, _) = only(&boards)?;
    assert!(desk.toggles(TYPED)? && desk.toggles(&id)?);
    boards.rename(&id, "Ceiling")?;
    let before = desk.is_on(&address)?;
    assert!(!desk.toggles_alone(TYPED)?);
    assert_eq!(desk.is_on(&address)?, before);
    assert!(desk.toggles_alone(&id)?);
    Ok(())
}

#[test]
fn two_boards_with_one_name_are_refused_and_nothing_is_remembered() -> Tested {
    let desk = Desk::new("two", 5)?;
    let (_one, _other) = (desk.lamp()?, desk.lamp()?);
    let output = desk.run(&["toggle", &format!("{TYPED}/light:0")])?;
    assert!(
        error(&output).contains("is ambiguous"),
        "{}",
        error(&output)
    );
    assert!(!desk.cache().exists());
    Ok(())
}

#[test]
fn a_discovery_that_sees_a_namesake_forgets_the_address() -> Tested {
    let desk = Desk::new("namesake", 6)?;
    let first = desk.lamp()?;
    let (id, ..) = only(&first)?;
    assert!(desk.toggles(TYPED)? && desk.toggles(&id)?);
    let _second = desk.lamp()?;
    let listed = desk.run(&["list"])?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert_eq!(listed.matches(NAME).count(), 2, "{listed}");
    assert!(!desk.toggles_alone(TYPED)?);
    assert!(!desk.toggles(TYPED)?, "it is ambiguous");
    assert!(desk.toggles_alone(&id)?, "an id means one board");
    Ok(())
}

#[test]
fn a_name_is_looked_for_again_after_an_hour() -> Tested {
    let desk = Desk::new("hour", 7)?;
    let _boards = desk.lamp()?;
    assert!(desk.toggles(TYPED)?);
    let mut remembered = desk.remembered()?;
    let at = remembered[0]["at"].as_u64().ok_or("no time")?;
    remembered[0]["at"] = (at - 3_601).into();
    fs::write(desk.cache(), remembered.to_string())?;
    assert!(!desk.toggles_alone(TYPED)?);
    // Nor is an entry of the future used: the clock was set.
    remembered[0]["at"] = (at + 600).into();
    fs::write(desk.cache(), remembered.to_string())?;
    assert!(!desk.toggles_alone(TYPED)?);
    assert!(desk.toggles(TYPED)? && desk.toggles_alone(TYPED)?);
    Ok(())
}

#[test]
fn a_cache_that_is_invalid_or_cannot_be_written_is_no_error() -> Tested {
    let desk = Desk::new("invalid", 8)?;
    let _boards = desk.lamp()?;
    let folder = desk.cache();
    let folder = folder.parent().ok_or("no folder")?;
    fs::create_dir_all(folder)?;
    for text in ["{", "[7]", "[{\"typed\":\"desk-lamp\"}]"] {
        fs::write(desk.cache(), text)?;
        assert!(desk.toggles(TYPED)?, "{text}");
        assert!(desk.toggles_alone(TYPED)?, "{text}");
    }
    fs::remove_dir_all(folder)?;
    fs::write(folder, "a file in place of the folder")?;
    assert!(desk.toggles(TYPED)?);
    assert!(!desk.toggles_alone(TYPED)?);
    Ok(())
}

#[test]
fn a_locked_board_is_remembered_too_and_needs_its_key() -> Tested {
    let desk = Desk::new("locked", 9)?;
    let keys = desk.folder.join("keys-of-boards");
    let boards = VirtualBoards::start(Options {
        keys: Some(keys.clone()),
        ..desk.options()
    })?;
    let (id, ..) = only(&boards)?;
    fs::copy(keys.join(format!("{id}.key")), desk.folder.join("keys"))?;
    assert!(desk.toggles(TYPED)? && desk.toggles_alone(TYPED)?);
    fs::remove_file(desk.folder.join("keys"))?;
    assert!(!desk.toggles_alone(TYPED)?);
    Ok(())
}

#[test]
fn a_board_of_another_family_is_remembered_too() -> Tested {
    let desk = Desk::new("family", 10)?;
    // A port that is free, so that the double can come back to it.
    let bind = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let wled = |name: &str, mac| {
        Wled::start(WledOptions {
            name: name.to_owned(),
            bind,
            mac: Some(mac),
            announce: Announce::As(desk.service.clone()),
            ..WledOptions::default()
        })
    };
    let service = format!("wled={}", desk.service);
    let strip = wled("Shelf", [2, 0, 0, 0, 0, 1])?;
    let toggle = ["toggle", "shelf/light:0"];
    assert!(done(&desk.run_with(&service, &toggle)?)?);
    assert!(done(&desk.run_alone(&toggle)?)?);
    drop(strip);
    let _other = wled("Shelf", [2, 0, 0, 0, 0, 2])?;
    assert!(!done(&desk.run_alone(&toggle)?)?, "it has another id");
    Ok(())
}
