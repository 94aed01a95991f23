//! Locked boards on the command line, against running virtual boards: errors
//! without a key, how to get a key, and the proxy.

mod program;

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use virtual_board::{Options, Profile, Role, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

/// A locked lamp, its address, and a folder for keys that is removed at the
/// end.
struct Desk {
    boards: VirtualBoards,
    address: String,
    id: String,
    folder: PathBuf,
}

impl Desk {
    fn new(name: &str) -> Result<Self, Box<dyn Error>> {
        let boards = VirtualBoards::start(Options {
            profile: Profile::Lamp,
            mdns: false,
            ..Options::default()
        })?;
        let lamp = boards.list().into_iter().next().ok_or("no board listens")?;
        let folder = std::env::temp_dir().join(format!(
            "switchboard-cli-keys-{name}-{}",
            std::process::id()
        ));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            boards,
            address: lamp.address.to_string(),
            id: lamp.id,
            folder,
        })
    }

    fn key(&self, role: Role) -> Result<String, Box<dyn Error>> {
        Ok(self.boards.add_key("Desk lamp", "A test", role)?)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program::switchboard();
        // Not the keys and settings of the user who runs the tests.
        command
            .args(words)
            .env("SWITCHBOARD_KEYS", self.keys())
            .env("XDG_CONFIG_HOME", &self.folder);
        command
    }

    fn run(&self, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(self.command(words).stdin(Stdio::null()).output()?)
    }

    fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Runs a command that must succeed and returns its output.
    fn done(&self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = self.run(words)?;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            text(&output.stderr)
        );
        Ok(text(&output.stdout))
    }

    fn import(&self, key: &str) -> Tested {
        let mut child = self
            .command(&["keys", "add", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        child
            .stdin
            .take()
            .ok_or("no standard input")?
            .write_all(key.as_bytes())?;
        assert_eq!(child.wait()?.code(), Some(0));
        Ok(())
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

#[cfg(unix)]
fn mode(path: &Path) -> Result<u32, Box<dyn Error>> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[test]
fn without_a_key_a_locked_board_is_1_with_advice() -> Tested {
    let desk = Desk::new("none")?;
    desk.key(Role::Control)?;
    let output = desk.run(&["show", &desk.address])?;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("locked") && said.contains("switchboard keys pair"),
        "{said}"
    );
    Ok(())
}

#[test]
fn an_imported_key_unlocks_its_board_until_it_is_forgotten() -> Tested {
    let desk = Desk::new("import")?;
    let key = desk.key(Role::Control)?;
    desk.import(&key)?;
    #[cfg(unix)]
    assert_eq!(mode(&desk.keys())?, 0o600);
    assert!(desk.done(&["show", &desk.address])?.contains("light:0"));
    desk.done(&["toggle", &format!("{}/light:0", desk.address)])?;
    let listed = desk.done(&["keys", "list"])?;
    assert!(
        listed.contains(&desk.id) && listed.contains("control"),
        "{listed}"
    );
    assert!(
        !listed.contains("switchboard-key"),
        "the secret is not listed"
    );
    assert_eq!(desk.done(&["keys", "export", &desk.id])?.trim(), key.trim());
    desk.done(&["keys", "forget", &desk.id])?;
    assert_eq!(desk.run(&["show", &desk.address])?.status.code(), Some(1));
    let again = desk.run(&["keys", "forget", &desk.id])?;
    assert_eq!(again.status.code(), Some(3), "{}", text(&again.stderr));
    Ok(())
}

#[test]
fn a_view_key_is_created_transferred_and_removed() -> Tested {
    let desk = Desk::new("make")?;
    desk.import(&desk.key(Role::Control)?)?;
    let file = desk.folder.join("anna.key");
    let path = file.display().to_string();
    desk.done(&[
        "keys",
        "add",
        &desk.address,
        "--name",
        "Anna",
        "--role",
        "view",
        "--out",
        &path,
    ])?;
    #[cfg(unix)]
    assert_eq!(mode(&file)?, 0o600);
    let listed = desk.done(&["keys", "list", &desk.address])?;
    let line = listed
        .lines()
        .find(|line| line.contains("Anna"))
        .ok_or("no key of Anna's is listed")?;
    assert!(line.contains("view"), "{line}");
    assert!(listed.contains("this computer's"), "{listed}");
    let light = format!("{}/light:0", desk.address);
    // Anna's computer may view, but not control.
    let hers = desk.folder.join("hers").display().to_string();
    desk.done(&["--keys", &hers, "keys", "add", &path])?;
    assert!(
        desk.done(&["--keys", &hers, "show", &desk.address])?
            .contains("light:0")
    );
    let refused = desk.run(&["--keys", &hers, "toggle", &light])?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("view_only"),
        "{}",
        text(&refused.stderr)
    );
    let kid = line.split_whitespace().next().ok_or("no name of a key")?;
    desk.done(&["keys", "remove", &desk.address, kid])?;
    let refused = desk.run(&["--keys", &hers, "show", &desk.address])?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("rejects the key"),
        "{}",
        text(&refused.stderr)
    );
    Ok(())
}

#[test]
fn an_invalid_key_is_2_and_says_what_is_accepted() -> Tested {
    let desk = Desk::new("usage")?;
    let file = desk.folder.join("nonsense");
    fs::write(
        &file,
        "switchboard-key:1:lamp:5f3a91c2:boss:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
    )?;
    let path = file.display().to_string();
    for (words, part) in [
        (&["keys", "add", &path][..], "control or view"),
        (&["keys", "add", "/nowhere/at/all"], "--name"),
        (&["keys", "add", &desk.address, "--name", "Anna"], "--role"),
        (
            &["keys", "add", &desk.address, "--name", "", "--role", "view"],
            "1 to 32",
        ),
        (&["keys", "remove", &desk.address, "5F3A"], "8 hexadecimal"),
        (
            &[
                "proxy",
                &desk.address,
                "--listen",
                "0.0.0.0:0",
                "--token",
                "long-enough",
            ],
            "127.0.0.1",
        ),
        (
            &[
                "proxy",
                &desk.address,
                "--listen",
                "localhost",
                "--token",
                "long-enough",
            ],
            "127.0.0.1:0",
        ),
        (&["proxy", &desk.address, "--token", "short"], "8 to 128"),
        (&["proxy", &desk.address], "--token"),
    ] {
        let output = desk.run(words)?;
        assert_eq!(
            output.status.code(),
            Some(2),
            "{words:?}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains(part),
            "{words:?}: {}",
            text(&output.stderr)
        );
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_file_of_keys_that_others_can_read_is_refused() -> Tested {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("exposed")?;
    desk.import(&desk.key(Role::Control)?)?;
    fs::set_permissions(desk.keys(), fs::Permissions::from_mode(0o644))?;
    let output = desk.run(&["show", &desk.address])?;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("chmod 600"),
        "{}",
        text(&output.stderr)
    );
    Ok(())
}

/// A pairing on the command line, up to the code that it prints.
struct Pairs {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    code: String,
}

impl Pairs {
    fn begin(desk: &Desk, more: &[&str]) -> Result<Self, Box<dyn Error>> {
        desk.boards.open_pairing("Desk lamp")?;
        let words = [&["keys", "pair", &desk.address, "--code", "-"], more].concat();
        let mut child = desk
            .command(&words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let first = lines.next().ok_or("nothing is printed")??;
        let code = first
            .split_once("code: ")
            .ok_or("no code is printed")?
            .1
            .to_owned();
        assert!(first.contains(&desk.id), "{first}");
        Ok(Self { child, lines, code })
    }

    /// The text that is read as the board's code.
    fn reads(&mut self, line: &str) -> Tested {
        Ok(writeln!(
            self.child.stdin.as_mut().ok_or("no standard input")?,
            "{line}"
        )?)
    }

    /// Its exit status, the last line it prints, and its errors.
    fn ends(mut self) -> Result<(Option<i32>, String, String), Box<dyn Error>> {
        let last = self.lines.map_while(Result::ok).last().unwrap_or_default();
        let mut errors = String::new();
        std::io::Read::read_to_string(
            &mut self.child.stderr.take().ok_or("no errors")?,
            &mut errors,
        )?;
        Ok((self.child.wait()?.code(), last, errors))
    }
}

/// The board has its code once the controller's number has arrived.
fn code_at(desk: &Desk) -> Result<String, Box<dyn Error>> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(shown) = desk.boards.pairing_code("Desk lamp") {
            return Ok(shown);
        }
        assert!(Instant::now() < end, "the board never shows a code");
        std::thread::yield_now();
    }
}

#[test]
fn a_board_is_paired_with_its_code() -> Tested {
    let desk = Desk::new("pair")?;
    let closed = desk.run(&["keys", "pair", &desk.address, "--code", "-"])?;
    assert_eq!(closed.status.code(), Some(1));
    assert!(
        text(&closed.stderr).contains("5 s"),
        "{}",
        text(&closed.stderr)
    );
    let mut pairs = Pairs::begin(&desk, &[])?;
    let shown = code_at(&desk)?;
    assert_eq!(shown, pairs.code);
    // The board's other lines are not codes.
    pairs.reads("pairing is open for 120 s")?;
    pairs.reads(&format!(
        "pairing code {shown}: if the controller shows the same"
    ))?;
    desk.boards
        .press("Desk lamp", &"button:0".parse()?, "press")?;
    let (status, last, errors) = pairs.ends()?;
    assert_eq!(status, Some(0), "{errors}");
    assert!(
        last.contains(&desk.id) && last.contains("control"),
        "{last}"
    );
    desk.done(&["show", &desk.address])?;
    Ok(())
}

#[test]
fn a_code_that_differs_stores_no_key_and_leaves_the_board_open() -> Tested {
    let desk = Desk::new("differs")?;
    let mut pairs = Pairs::begin(&desk, &[])?;
    let other = if pairs.code == "000 000" {
        "000 001"
    } else {
        "000 000"
    };
    code_at(&desk)?;
    desk.boards
        .press("Desk lamp", &"button:0".parse()?, "press")?;
    pairs.reads(other)?;
    let (status, _, errors) = pairs.ends()?;
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains("no key was stored"), "{errors}");
    assert!(!desk.keys().exists());
    desk.done(&["show", &desk.address])?;
    Ok(())
}

#[test]
fn without_a_terminal_nothing_is_paired() -> Tested {
    let desk = Desk::new("no-terminal")?;
    desk.boards.open_pairing("Desk lamp")?;
    let mut child = desk
        .command(&["keys", "pair", &desk.address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // It may have ended already.
    let _ = child
        .stdin
        .take()
        .ok_or("no standard input")?
        .write_all(b"y\ny\n");
    let output = child.wait_with_output()?;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("--code"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(
        desk.boards.pairing_code("Desk lamp"),
        None,
        "the board was not asked"
    );
    Ok(())
}

#[test]
fn keys_that_cannot_be_stored_leave_the_board_open() -> Tested {
    let desk = Desk::new("unwritable")?;
    fs::write(desk.folder.join("file"), "")?;
    let keys = desk.folder.join("file").join("keys").display().to_string();
    desk.boards.open_pairing("Desk lamp")?;
    let output = desk.run(&[
        "--keys",
        &keys,
        "keys",
        "pair",
        &desk.address,
        "--code",
        "-",
    ])?;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("cannot store the key"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(
        desk.boards.pairing_code("Desk lamp"),
        None,
        "the board was not asked"
    );
    desk.done(&["show", &desk.address])?;
    Ok(())
}

#[test]
fn a_stored_key_is_replaced_only_on_request() -> Tested {
    let desk = Desk::new("replace")?;
    desk.import(&desk.key(Role::Control)?)?;
    let before = desk.done(&["keys", "export", &desk.id])?;
    desk.boards.open_pairing("Desk lamp")?;
    let refused = desk.run(&["keys", "pair", &desk.address, "--code", "-"])?;
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("--replace"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(desk.done(&["keys", "export", &desk.id])?, before);
    let mut pairs = Pairs::begin(&desk, &["--replace"])?;
    let shown = code_at(&desk)?;
    pairs.reads(&shown)?;
    desk.boards
        .press("Desk lamp", &"button:0".parse()?, "press")?;
    assert_eq!(pairs.ends()?.0, Some(0));
    assert_ne!(desk.done(&["keys", "export", &desk.id])?, before);
    desk.done(&["show", &desk.address])?;
    Ok(())
}

/// Killed at the end of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_proxy_prints_its_address_and_an_open_board_needs_none() -> Tested {
    let desk = Desk::new("proxy")?;
    let words = ["proxy", &desk.address, "--token", "a-token-for-tests"];
    let open = desk.run(&words)?;
    assert_eq!(open.status.code(), Some(2));
    assert!(
        text(&open.stderr).contains("open and does not need a proxy"),
        "{}",
        text(&open.stderr)
    );
    desk.import(&desk.key(Role::Control)?)?;
    let mut running = Running(desk.command(&words).stdout(Stdio::piped()).spawn()?);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let url = format!("{}?token=a-token-for-tests", line.trim());
    let address = url
        .strip_prefix("ws://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or("no address")?
        .0;
    let (mut socket, _) =
        tungstenite::client(url.as_str(), std::net::TcpStream::connect(address)?)?;
    socket.send(tungstenite::Message::text(
        r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetInfo"}"#,
    ))?;
    let answer: serde_json::Value = serde_json::from_str(socket.read()?.to_text()?)?;
    assert_eq!(answer["result"]["id"], desk.id.as_str());
    Ok(())
}

/// A key for a board without keys: as if it had been locked before, or another
/// device answered in its place.
fn key_of(id: &str) -> String {
    format!("switchboard-key:1:{id}:5f3a9107:control:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n")
}

impl Desk {
    /// Like [`Self::command`], with the default key store and this D-Bus
    /// session address.
    fn with_bus(&self, bus: &str, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command
            .env_remove("SWITCHBOARD_KEYS")
            .env("DBUS_SESSION_BUS_ADDRESS", bus);
        command
    }
}

/// The address of a D-Bus session that does not exist: there is no keychain.
const NO_BUS: &str = "unix:path=/nonexistent/bus";

#[cfg(target_os = "linux")]
#[test]
fn a_board_whose_key_is_missing_never_receives_plain_text() -> Tested {
    let desk = Desk::new("fail-closed")?;
    let file = desk.folder.join("given.key");
    fs::write(&file, key_of(&desk.id))?;
    let path = file.display().to_string();
    let run = |words: &[&str]| -> Result<Output, Box<dyn Error>> {
        Ok(desk.with_bus(NO_BUS, words).stdin(Stdio::null()).output()?)
    };
    assert_eq!(run(&["keys", "add", &path])?.status.code(), Some(0));
    // The same as with a locked keychain, or in a session without one.
    fs::remove_file(desk.folder.join("switchboard").join("keys"))?;
    let light = format!("{}/light:0", desk.address);
    for words in [
        &["show", &desk.address][..],
        &["set", &light, "on=true"],
        &["toggle", &light],
    ] {
        let refused = run(words)?;
        assert_eq!(
            refused.status.code(),
            Some(1),
            "{words:?}: {}",
            text(&refused.stdout)
        );
        let said = text(&refused.stderr);
        assert!(
            said.contains("key could not be read") && said.contains("switchboard keys forget"),
            "{said}"
        );
    }
    let listed = run(&["keys", "list"])?;
    assert!(
        text(&listed.stderr).contains(&desk.id),
        "{}",
        text(&listed.stderr)
    );
    // The board is controlled again once its owner has confirmed that it has no
    // key any more.
    assert_eq!(run(&["keys", "forget", &desk.id])?.status.code(), Some(0));
    assert_eq!(run(&["toggle", &light])?.status.code(), Some(0));
    Ok(())
}

/// A D-Bus session that accepts connections but never answers, like a hanging
/// keychain.
#[cfg(target_os = "linux")]
fn silent_bus(folder: &Path) -> Result<(std::os::unix::net::UnixListener, String), Box<dyn Error>> {
    let path = folder.join("bus");
    let listener = std::os::unix::net::UnixListener::bind(&path)?;
    Ok((listener, format!("unix:path={}", path.display())))
}

#[cfg(target_os = "linux")]
#[test]
fn a_silent_keychain_is_reported_within_a_second() -> Tested {
    let desk = Desk::new("silent")?;
    let (_bus, address) = silent_bus(&desk.folder)?;
    let begun = Instant::now();
    let mut child = Running(
        desk.with_bus(&address, &["show", &desk.address])
            .stderr(Stdio::piped())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(child.0.stderr.take().ok_or("no standard error")?).read_line(&mut line)?;
    let after = begun.elapsed();
    println!("what is waited for is told after {after:?}");
    assert!(
        line.contains("waiting up to") && line.contains("keychain") && line.contains("--keys FILE"),
        "{line}"
    );
    // One second, plus the time to start the program on a loaded machine.
    assert!(after < Duration::from_secs(3), "{after:?}");
    Ok(())
}

#[test]
fn twenty_keys_added_and_removed_in_parallel_are_all_stored_and_all_removed() -> Tested {
    let desk = Desk::new("parallel")?;
    let at_once = |words: &dyn Fn(usize) -> Vec<String>| -> Tested {
        let mut children = Vec::new();
        for number in 0..20 {
            let words = words(number);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            children.push(
                desk.command(&words)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .spawn()?,
            );
        }
        for mut child in children {
            assert_eq!(child.wait()?.code(), Some(0));
        }
        Ok(())
    };
    let id = |number: usize| format!("sb-{number:06x}");
    for number in 0..20 {
        fs::write(desk.folder.join(id(number)), key_of(&id(number)))?;
    }
    at_once(&|number| {
        vec![
            "keys".to_owned(),
            "add".to_owned(),
            desk.folder.join(id(number)).display().to_string(),
        ]
    })?;
    assert_eq!(fs::read_to_string(desk.keys())?.lines().count(), 20);
    assert_eq!(desk.done(&["keys", "list"])?.lines().count(), 20);
    let known = fs::read_to_string(desk.folder.join("switchboard").join("locked-boards"))?;
    assert_eq!(
        known.lines().filter(|line| !line.starts_with('#')).count(),
        20,
        "{known}"
    );
    at_once(&|number| vec!["keys".to_owned(), "forget".to_owned(), id(number)])?;
    assert_eq!(fs::read_to_string(desk.keys())?.lines().count(), 0);
    Ok(())
}

#[test]
fn keys_with_a_byte_order_mark_or_in_utf16_are_read() -> Tested {
    let desk = Desk::new("mark")?;
    let file = desk.folder.join("marked.key");
    let path = file.display().to_string();
    let key = key_of("sb-000001");
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(key.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for bytes in [[b"\xef\xbb\xbf", key.as_bytes()].concat(), wide] {
        fs::write(&file, bytes)?;
        assert!(desk.done(&["keys", "add", &path])?.contains("sb-000001"));
        desk.done(&["keys", "forget", "sb-000001"])?;
    }
    // The key file itself, as saved by an editor.
    fs::write(desk.keys(), format!("\u{feff}{key}"))?;
    #[cfg(unix)]
    fs::set_permissions(
        desk.keys(),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )?;
    assert!(desk.done(&["keys", "list"])?.contains("sb-000001"));
    Ok(())
}

#[cfg(unix)]
#[test]
fn state_files_of_virtual_boards_become_private_to_their_owner() -> Tested {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("state")?;
    let state = desk.folder.join("state");
    let start_once = || {
        let options = Options {
            state_dir: Some(state.clone()),
            keys: Some(state.join("keys")),
            mdns: false,
            ..Options::default()
        };
        VirtualBoards::start(options)
    };
    // Processes forked by other tests hold the file open until they execute
    // their program.
    let start = || {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match start_once() {
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
                started => return started,
            }
        }
    };
    let id = start()?.list().first().ok_or("no board")?.id.clone();
    let files = || -> Result<Vec<PathBuf>, Box<dyn Error>> {
        let mut files = Vec::new();
        for folder in [&state, &state.join("keys")] {
            assert_eq!(mode(folder)?, 0o700, "{}", folder.display());
            for entry in fs::read_dir(folder)? {
                files.push(entry?.path());
            }
        }
        Ok(files.into_iter().filter(|file| file.is_file()).collect())
    };
    assert!(
        files()?
            .iter()
            .any(|file| file.to_string_lossy().contains(&id)),
        "{:?}",
        files()?
    );
    for file in files()? {
        assert_eq!(mode(&file)?, 0o600, "{}", file.display());
        // As written by an earlier version.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
    }
    drop(start()?);
    for file in files()?
        .iter()
        .filter(|file| !file.ends_with("seed") && file.extension().is_none_or(|e| e != "key"))
    {
        assert_eq!(mode(file)?, 0o600, "{}", file.display());
    }
    Ok(())
}

/// Runs `keys set` with this line on standard input.
fn set(desk: &Desk, words: &[&str], secret: &str) -> Result<Output, Box<dyn Error>> {
    let mut child = desk
        .command(&[&["keys", "set"], words].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    // A command that refuses its arguments does not read.
    let _ = writeln!(input, "{secret}");
    drop(input);
    Ok(child.wait_with_output()?)
}

#[test]
fn the_password_of_a_shelly_is_saved_used_listed_and_forgotten() -> Tested {
    let desk = Desk::new("shelly")?;
    let shelly = doubles::Shelly::start(doubles::ShellyOptions {
        password: Some("open sesame".to_owned()),
        ..doubles::ShellyOptions::default()
    })?;
    let (id, address) = (shelly.id().to_owned(), shelly.address().to_string());
    let refused = desk.run(&["show", &address])?;
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("asks for a password") && said.contains("switchboard keys set"),
        "{said}"
    );
    let saved = set(&desk, &[&address], "wrong")?;
    assert_eq!(saved.status.code(), Some(0), "{}", text(&saved.stderr));
    let refused = text(&desk.run(&["show", &address])?.stderr);
    assert!(refused.contains("rejects the password"), "{refused}");
    let saved = set(&desk, &[&id], "open sesame")?;
    assert_eq!(saved.status.code(), Some(0), "{}", text(&saved.stderr));
    assert!(desk.done(&["show", &address])?.contains("switch:"));
    let listed = desk.done(&["keys", "list"])?;
    assert!(
        listed.contains(&id) && listed.contains("password"),
        "{listed}"
    );
    assert!(!listed.contains("sesame") && !listed.contains("switchboard-password"));
    let exported = desk.done(&["keys", "export", &id])?;
    desk.done(&["keys", "forget", &id])?;
    assert_eq!(desk.run(&["show", &address])?.status.code(), Some(1));
    desk.import(&exported)?;
    assert!(desk.done(&["show", &address])?.contains("switch:"));
    Ok(())
}

#[test]
fn the_key_of_an_esphome_board_is_32_bytes_in_base64() -> Tested {
    let desk = Desk::new("esphome")?;
    let id = "esphome-0200000a1b2c";
    let refused = set(&desk, &[id], "hunter2hunter2")?;
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("32 bytes in base64"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    assert_eq!(set(&desk, &[id], key)?.status.code(), Some(0));
    let listed = desk.done(&["keys", "list"])?;
    assert!(
        listed.contains(id) && listed.contains("encryption key"),
        "{listed}"
    );
    assert!(!listed.contains("BwcHBw"), "{listed}");
    let needless = set(&desk, &["wled-0200000a1b2c"], "any")?;
    assert_eq!(needless.status.code(), Some(2));
    Ok(())
}
