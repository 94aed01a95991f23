//! The command line and boards that call it: what is printed, what is waited for, how it ends.

mod program;

use std::{
    error::Error,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Output, Stdio},
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
    Ok(VirtualBoards::start(Options { profile: Profile::Lamp, mdns: false, call, ..Options::default() })?)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Ends with the test.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_listens_is_told_where_and_prints_who_calls_and_what_they_push() -> Tested {
    let mut child = switchboard(&["listen", "127.0.0.1:0", "--json"]).stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().ok_or("no output")?;
    let _listening = Listening(child);
    let mut lines = BufReader::new(out).lines();
    let mut next = || -> Result<serde_json::Value, Box<dyn Error>> {
        Ok(serde_json::from_str(&lines.next().ok_or("it ended")??)?)
    };
    let first = next()?;
    let address = first["listening"].as_str().ok_or("it does not say where")?.to_owned();
    assert_eq!(first["urls"][0], format!("ws://{address}/"));
    let boards = lamp(Some(format!("ws://{address}")))?;
    let connected = next()?;
    assert_eq!((&connected["board"], &connected["link"]["state"]), (&"Desk lamp".into(), &"connected".into()));
    boards.press("Desk lamp", &"button:0".parse()?, "press")?;
    while next()?["component"] != "button:0" {}
    Ok(())
}

#[test]
fn a_command_waits_for_a_board_that_calls() -> Tested {
    // Free, and free a moment later with all likelihood: the command does not say which port it got.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
    let _boards = lamp(Some(format!("ws://{address}")))?;
    let set = switchboard(&["--listen", &address, "set", "desk-lamp/light:0", "brightness=44"]).output()?;
    assert_eq!(set.status.code(), Some(0), "{}: {}", set.status, text(&set));
    let show = text(&switchboard(&["--listen", &address, "show", "Desk lamp"]).output()?);
    assert!(show.contains("connected, it called") && show.contains("brightness=44%"), "{show}");
    Ok(())
}

#[test]
fn an_address_that_cannot_be_listened_at_is_2_and_so_is_a_command_that_nobody_calls() -> Tested {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = taken.local_addr()?.to_string();
    for (words, said) in [
        (&["listen", address.as_str()][..], "cannot listen at"),
        (&["listen", "nowhere"], "0.0.0.0:7433 (every interface)"),
        (&["--listen", "127.0.0.1:0", "keys", "list"], "--listen is for"),
    ] {
        let output = switchboard(words).output()?;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output).contains(said), "{words:?}: {}", text(&output));
    }
    Ok(())
}
