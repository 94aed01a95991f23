//! Files that the program saves and reads: links, pipes, modes and byte order
//! marks; users without a home folder; and that no secret is stored.
#![cfg(unix)]

#[path = "program/closed.rs"]
mod closed;
mod program;

use std::{
    error::Error,
    fs::{self, File},
    io::Read,
    net::TcpListener,
    os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use closed::ClosedPort;
use virtual_board::{Options, Profile, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

/// A lamp, its address, and a folder that is removed at the end.
struct Desk {
    _boards: VirtualBoards,
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
            "switchboard-cli-files-{name}-{}",
            std::process::id()
        ));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            _boards: boards,
            address: lamp.address.to_string(),
            id: lamp.id,
            folder,
        })
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program::switchboard();
        command
            .args(words)
            .env("XDG_CONFIG_HOME", &self.folder)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command.env("SWITCHBOARD_KEYS", self.folder.join("keys"));
        command
    }

    fn run(&self, words: &[&str]) -> Result<Output, Box<dyn Error>> {
        Ok(self.command(words).output()?)
    }

    /// Runs a command that must succeed.
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

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
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

fn is_scene(path: &Path) -> Result<bool, Box<dyn Error>> {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(path)?)?;
    Ok(value["switchboard"] == "scene")
}

#[test]
fn a_scene_is_saved_through_a_link_with_the_files_mode() -> Tested {
    let desk = Desk::new("link")?;
    fs::create_dir(desk.at("real"))?;
    fs::write(desk.at("real/e.json"), "{}")?;
    fs::set_permissions(desk.at("real/e.json"), fs::Permissions::from_mode(0o640))?;
    symlink("real/e.json", desk.at("e.json"))?;
    desk.done(&["scene", "take", "e.json", &desk.address])?;
    assert!(fs::symlink_metadata(desk.at("e.json"))?.is_symlink());
    assert!(is_scene(&desk.at("real/e.json"))?);
    assert_eq!(
        fs::metadata(desk.at("real/e.json"))?.permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(
        fs::read_dir(desk.at("real"))?.count(),
        1,
        "no temporary file is left"
    );
    Ok(())
}

#[test]
fn a_scene_is_saved_into_a_pipe_and_to_standard_output() -> Tested {
    let desk = Desk::new("pipe")?;
    let pipe = desk.at("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || -> std::io::Result<String> {
            let mut text = String::new();
            File::open(pipe)?.read_to_string(&mut text)?;
            Ok(text)
        }
    });
    desk.done(&["scene", "take", "pipe", &desk.address, "--name", "Evening"])?;
    assert!(
        reader
            .join()
            .map_err(|_| "the reader failed")??
            .contains("\"Evening\"")
    );
    assert!(fs::symlink_metadata(&pipe)?.file_type().is_fifo());
    let piped = desk.done(&[
        "scene",
        "take",
        "/dev/stdout",
        &desk.address,
        "--name",
        "Evening",
    ])?;
    let value: serde_json::Value = serde_json::from_str(&piped)?;
    assert_eq!(value["name"], "Evening");
    let redirected = desk.at("redirected.json");
    let status = desk
        .command(&[
            "scene",
            "take",
            "/dev/stdout",
            &desk.address,
            "--name",
            "Evening",
        ])
        .stdout(File::create(&redirected)?)
        .status()?;
    assert!(status.success() && is_scene(&redirected)?);
    assert!(fs::symlink_metadata("/dev/stdout")?.is_symlink());
    Ok(())
}

#[test]
fn scenes_and_recordings_with_a_byte_order_mark_are_read() -> Tested {
    let desk = Desk::new("mark")?;
    desk.done(&["scene", "take", "e.json", &desk.address])?;
    let marked = [b"\xef\xbb\xbf".to_vec(), fs::read(desk.at("e.json"))?].concat();
    fs::write(desk.at("e.json"), marked)?;
    let applied = desk.run(&["scene", "apply", "e.json"])?;
    // The file is read; its board is not found, because this test's board is
    // not announced.
    assert_eq!(applied.status.code(), Some(3), "{}", text(&applied.stderr));
    let recording = "\u{feff}{\"what\":\"recording\",\"version\":1,\"address\":\"ws://a/\"}\n\
        {\"what\":\"message\",\"way\":\"in\",\"text\":\"hello\",\"at\":\"2026-01-01T00:00:00Z\",\"offset_ms\":0}\n";
    fs::write(desk.at("r.jsonl"), recording)?;
    assert_eq!(desk.done(&["channel", "--read", "r.jsonl"])?, "hello\n");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_user_without_a_home_folder_can_do_everything_that_needs_none() -> Tested {
    let desk = Desk::new("home")?;
    let file = desk.at("home-is-a-file");
    fs::write(&file, "")?;
    let key = desk.at("given.key");
    fs::write(
        &key,
        "switchboard-key:1:sb-000001:5f3a9107:control:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
    )?;
    let key = key.display().to_string();
    for home in ["/dev/null", &file.display().to_string(), "/nonexistent"] {
        let run = |words: &[&str]| -> Result<Output, Box<dyn Error>> {
            let mut command = desk.command(words);
            command
                .env_remove("SWITCHBOARD_KEYS")
                .env_remove("XDG_CONFIG_HOME")
                .env("HOME", home);
            Ok(command
                .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
                .output()?)
        };
        let light = format!("{}/light:0", desk.address);
        for words in [
            &["show", &desk.address][..],
            &["toggle", &light],
            &["keys", "list"],
            &["scene", "list"],
        ] {
            let output = run(words)?;
            assert_eq!(
                output.status.code(),
                Some(0),
                "{home} {words:?}: {}",
                text(&output.stderr)
            );
        }
        // Commands that must write either say why they cannot, or succeed.
        let added = run(&["keys", "add", &key])?;
        if home != "/nonexistent" {
            assert_eq!(added.status.code(), Some(2), "{home}");
            assert!(
                text(&added.stderr).contains("no home folder")
                    && text(&added.stderr).contains("--keys FILE")
            );
        }
        let named = run(&["--keys", "named", "keys", "add", &key])?;
        assert_eq!(
            named.status.code(),
            Some(0),
            "{home}: {}",
            text(&named.stderr)
        );
    }
    Ok(())
}

#[test]
fn a_token_in_an_address_is_neither_recorded_logged_nor_printed() -> Tested {
    let desk = Desk::new("token")?;
    let closed = ClosedPort::bind()?;
    let free = closed.address;
    let url = format!("ws://{free}/ws?token=a-secret-token");
    let output = desk.run(&[
        "--log",
        "trace",
        "--log-file",
        "log",
        "channel",
        &url,
        "--for",
        "2s",
        "--record",
        "r.jsonl",
    ])?;
    assert_eq!(output.status.code(), Some(4));
    let board = format!("ws://{}/ws?access_token=a-secret-token", desk.address);
    let logged = desk.run(&[
        "--log",
        "trace,tungstenite=trace,tokio_tungstenite=trace",
        "channel",
        &board,
        "--send",
        "x",
        "--count",
        "1",
    ])?;
    assert_eq!(logged.status.code(), Some(0), "{}", text(&logged.stderr));
    assert!(
        text(&logged.stderr).contains("access_token=…"),
        "the library logs the request: {}",
        text(&logged.stderr)
    );
    let recorded = fs::read_to_string(desk.at("r.jsonl"))?;
    assert!(recorded.contains("token=…"), "{recorded}");
    for said in [
        recorded,
        fs::read_to_string(desk.at("log"))?,
        text(&output.stderr),
        text(&logged.stderr),
    ] {
        assert!(!said.contains("a-secret-token"), "{said}");
    }
    assert!(!desk.id.is_empty());
    Ok(())
}

#[test]
fn headers_are_read_from_a_file_and_hidden_from_the_process_list() -> Tested {
    let desk = Desk::new("header")?;
    let server = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/", server.local_addr()?);
    fs::write(
        desk.at("headers"),
        "\u{feff}Authorization: Bearer abc\n\nX-Other: 1\n",
    )?;
    let request = thread::spawn(move || -> std::io::Result<String> {
        let (mut stream, _) = server.accept()?;
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
            request.extend(byte);
        }
        Ok(text(&request).to_lowercase())
    });
    desk.run(&["channel", &url, "--header", "@headers", "--for", "5s"])?;
    let request = request.join().map_err(|_| "the server failed")??;
    assert!(
        request.contains("authorization: bearer abc") && request.contains("x-other: 1"),
        "{request}"
    );
    fs::write(desk.at("headers"), "a-secret-without-a-colon\n")?;
    let refused = desk.run(&["channel", &url, "--header", "@headers"])?;
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("line 1") && !said.contains("a-secret"),
        "{said}"
    );
    Ok(())
}
