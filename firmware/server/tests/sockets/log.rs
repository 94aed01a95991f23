//! `/log` over real sockets.

use std::net::Shutdown;

use crate::served::{CLOSE, Client, FIN, Outcome, PING, PONG, Served, TEXT};

fn reader(board: &Served, query: &str) -> std::io::Result<Client> {
    let (response, client) = board.websocket(&format!("/log{query}"), "")?;
    if response.status == 101 {
        Ok(client)
    } else {
        Err(std::io::Error::other(format!("{response:?}")))
    }
}

/// The next line without its time.
fn line(client: &mut Client) -> std::io::Result<String> {
    let line = client.text()?;
    Ok(line
        .split_once(' ')
        .map(|(_, rest)| rest.to_owned())
        .unwrap_or(line))
}

#[test]
fn a_reader_receives_the_kept_lines_and_then_each_new_line() -> Outcome {
    let board = Served::start()?;
    let _first = board.controller()?;
    let mut log = reader(&board, "")?;
    assert_eq!(
        line(&mut log)?,
        "info  Switchboard 0.1.0 on test (none); reset reason: unknown"
    );
    assert_eq!(line(&mut log)?, "info  controller 1 connected");
    // Channels are numbered in order; the reader of the log is the second.
    let second = board.controller()?;
    assert_eq!(line(&mut log)?, "info  controller 3 connected");
    drop(second);
    assert_eq!(line(&mut log)?, "info  controller 3 disconnected");
    Ok(())
}

#[test]
fn the_debug_level_includes_commands() -> Outcome {
    let board = Served::start()?;
    let mut log = reader(&board, "?level=debug")?;
    line(&mut log)?;
    let mut client = board.client()?;
    client.post(r#"{"jsonrpc":"2.0","id":1,"method":"Switch.Set","params":{"id":0,"on":true}}"#)?;
    assert_eq!(
        line(&mut log)?,
        r#"debug client:0 Switch.Set {"id":0,"on":true}"#
    );
    Ok(())
}

#[test]
fn an_unknown_level_is_refused_with_the_valid_ones() -> Outcome {
    let board = Served::start()?;
    let (response, _) = board.websocket("/log?level=verbose", "")?;
    assert_eq!(
        (response.status, response.body.as_str()),
        (400, "level is error, warn, info or debug.\n")
    );
    Ok(())
}

#[test]
fn pings_of_a_reader_are_answered_and_it_is_closed_on_request_or_restart() -> Outcome {
    let board = Served::start()?;
    let (mut one, mut other) = (
        reader(&board, "?level=error")?,
        reader(&board, "?level=error")?,
    );
    one.send(&Client::frame(FIN | TEXT, b"passed over"))?;
    one.send(&Client::frame(FIN | PING, b"there?"))?;
    assert_eq!(one.read_frame()?, (PONG, b"there?".to_vec()));
    one.send(&Client::frame(FIN | CLOSE, b""))?;
    assert_eq!(one.read_frame()?, (CLOSE, vec![]));
    assert!(one.has_ended());
    board
        .client()?
        .post(r#"{"jsonrpc":"2.0","id":1,"method":"Device.Reboot"}"#)?;
    assert_eq!(other.close_code(), Some(1012));
    other.stream.shutdown(Shutdown::Write)?;
    Ok(())
}

#[test]
fn log_readers_and_echoes_share_two_slots() -> Outcome {
    let board = Served::start()?;
    let (_one, (echo, _two)) = (reader(&board, "")?, board.websocket("/ws", "")?);
    assert_eq!(echo.status, 101);
    assert_eq!(board.websocket("/log", "")?.0.status, 503);
    Ok(())
}
