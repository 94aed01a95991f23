//! The command line and boards with outbound connections: output, waiting and
//! exit statuses.

mod program;

use std::{
    collections::VecDeque,
    error::Error,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use virtual_board::{Options, Profile, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

fn switchboard(words: &[&str]) -> Command {
    let mut command = program::switchboard();
    command.args(words).stdin(Stdio::null());
    command
}

fn lamp(call: Option<String>) -> Result<VirtualBoards, Box<dyn Error>> {
    let call = call.map(|url| url.parse()).transpose()?;
    Ok(VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: false,
        call,
        ..Options::default()
    })?)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Killed at the end of the test.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn listen_prints_its_address_the_boards_that_connect_and_their_pushes() -> Tested {
    let mut child = switchboard(&["listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let _listening = Listening(child);
    let mut lines = BufReader::new(out).lines();
    let mut next = || -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&lines.next().ok_or("it ended")??)?)
    };
    let first = next()?;
    let address = first["listening"]
        .as_str()
        .ok_or("it does not say where")?
        .to_owned();
    assert_eq!(first["urls"][0], format!("ws://{address}/"));
    let boards = lamp(Some(format!("ws://{address}")))?;
    let connected = next()?;
    assert_eq!(
        (&connected["board"], &connected["link"]["state"]),
        (&"Desk lamp".into(), &"connected".into())
    );
    boards.press("Desk lamp", &"button:0".parse()?, "press")?;
    while next()?["component"] != "button:0" {}
    Ok(())
}

/// Connects as the board with this id, repeatedly, until the returned value is
/// dropped.
fn claim(address: &str, id: &str) -> Arc<()> {
    let wanted = Arc::new(());
    let (still, address) = (Arc::downgrade(&wanted), address.to_owned());
    let request = format!(
        "GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSwitchboard-Id: {id}\r\n\r\n"
    );
    thread::spawn(move || {
        let mut connections = VecDeque::new();
        while still.strong_count() > 0 {
            let connection = TcpStream::connect(&address).and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                Ok(stream)
            });
            connections.extend(connection.ok());
            connections.truncate(64);
            thread::sleep(Duration::from_millis(250));
        }
    });
    wanted
}

#[test]
fn other_claims_of_a_boards_id_are_printed_and_listed() -> Tested {
    let mut child = switchboard(&["listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let listening = Listening(child);
    let mut lines = BufReader::new(out).lines();
    let mut next = || -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&lines.next().ok_or("it ended")??)?)
    };
    let address = next()?["listening"]
        .as_str()
        .ok_or("it does not say where")?
        .to_owned();
    let boards = lamp(Some(format!("ws://{address}/")))?;
    while next()?["link"]["state"] != "connected" {}
    let _claims = claim(&address, &boards.list()[0].id);
    let claimed = loop {
        let line = next()?;
        if line["what"] == "id_claimed" {
            break line;
        }
    };
    assert!(
        claimed["address"]
            .as_str()
            .is_some_and(|claimed| claimed.starts_with("127.0.0.1:")),
        "{claimed}"
    );
    drop(listening);
    for words in [
        &["list", "--for", "5s", "--json"][..],
        &["list", "--for", "5s"],
    ] {
        let output = switchboard(&["--listen", &address]).args(words).output()?;
        let listed = text(&output);
        let said = if words.contains(&"--json") {
            "\"id_claimed_by\":[\"127.0.0.1:"
        } else {
            "claims the same id"
        };
        assert!(
            output.status.success() && listed.contains(said),
            "{}: {listed}",
            output.status
        );
    }
    Ok(())
}

#[test]
fn a_command_waits_for_an_inbound_connection() -> Tested {
    // A free port, which is most likely still free a moment later: the command
    // does not print its port.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .to_string();
    let _boards = lamp(Some(format!("ws://{address}")))?;
    let set = switchboard(&[
        "--listen",
        &address,
        "set",
        "desk-lamp/light:0",
        "brightness=44",
    ])
    .output()?;
    assert_eq!(set.status.code(), Some(0), "{}: {}", set.status, text(&set));
    let show = text(&switchboard(&["--listen", &address, "show", "Desk lamp"]).output()?);
    assert!(
        show.contains("connected, inbound") && show.contains(" · 44 %"),
        "{show}"
    );
    Ok(())
}

#[test]
fn listen_with_an_unusable_address_or_an_unsupported_command_is_2() -> Tested {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = taken.local_addr()?.to_string();
    for (words, said) in [
        (&["listen", address.as_str()][..], "cannot listen at"),
        (&["listen", "nowhere"], "0.0.0.0:7433 (every interface)"),
        (
            &["--listen", "127.0.0.1:0", "keys", "list"],
            "--listen works only with",
        ),
    ] {
        let output = switchboard(words).output()?;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output).contains(said), "{words:?}: {}", text(&output));
    }
    Ok(())
}
