//! `/log`, over real sockets.

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
fn a_reader_is_sent_what_was_kept_and_then_each_line_as_it_comes() -> Outcome {
    let board = Served::start()?;
    let _first = board.controller()?;
    let mut log = reader(&board, "")?;
    assert_eq!(
        line(&mut log)?,
        "info  Switchboard 0.1.0 on test (none); reset reason: unknown"
    );
    assert_eq!(line(&mut log)?, "info  controller 1 connected");
    // Channels are numbered as they come; the reader of the log is the second.
    let second = board.controller()?;
    assert_eq!(line(&mut log)?, "info  controller 3 connected");
    drop(second);
    assert_eq!(line(&mut log)?, "info  controller 3 disconnected");
    Ok(())
}

#[test]
fn who_asks_for_debug_is_told_of_commands() -> Outcome {
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
fn a_level_that_is_none_is_refused_with_those_that_there_are() -> Outcome {
    let board = Served::start()?;
    let (response, _) = board.websocket("/log?level=verbose", "")?;
    assert_eq!(
        (response.status, response.body.as_str()),
        (400, "level is error, warn, info or debug.\n")
    );
    Ok(())
}

#[test]
fn a_reader_is_answered_its_pings_and_let_go_when_it_wants_or_the_board_restarts() -> Outcome {
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
fn readers_of_the_log_and_echoes_share_two_places() -> Outcome {
    let board = Served::start()?;
    let (_one, (echo, _two)) = (reader(&board, "")?, board.websocket("/ws", "")?);
    assert_eq!(echo.status, 101);
    assert_eq!(board.websocket("/log", "")?.0.status, 503);
    Ok(())
}
