//! `Clients.List` and `Clients.Close` over real sockets.

use std::io;

use serde_json::Value;

use crate::served::{Client, FIN, Outcome, PONG, Served, TEXT};

fn list(client: &mut Client) -> io::Result<Value> {
    let answer = client
        .post(r#"{"jsonrpc":"2.0","id":1,"method":"Clients.List"}"#)?
        .body;
    let answer: Value = serde_json::from_str(&answer)?;
    Ok(answer["result"].clone())
}

fn close(client: &mut Client, id: &Value) -> io::Result<String> {
    let close =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"Clients.Close","params":{{"id":{id}}}}}"#);
    Ok(client.post(&close)?.body)
}

#[test]
fn every_channel_is_listed_with_its_kind_address_and_queue() -> Outcome {
    let board = Served::start()?;
    let rpc = board.controller()?;
    let (_, log) = board.websocket("/log", "")?;
    let (_, mut echo) = board.websocket("/ws", "")?;
    echo.send(&Client::frame(FIN | TEXT, b"hello"))?;
    echo.read_frame()?;
    echo.send(&Client::frame(FIN | PONG, b""))?;
    echo.send(&Client::frame(FIN | TEXT, b"again"))?;
    echo.read_frame()?;
    let mut client = board.client()?;
    let list = list(&mut client)?;
    assert_eq!((&list["total"], &list["others"]), (&3.into(), &1.into()));
    for (at, (kind, peer)) in [("rpc", &rpc), ("log", &log), ("echo", &echo)]
        .into_iter()
        .enumerate()
    {
        let entry = &list["clients"][at];
        assert_eq!(entry["kind"], kind);
        assert_eq!(entry["from"], peer.stream.local_addr()?.to_string());
        assert!(
            entry["memory"]
                .as_u64()
                .is_some_and(|bytes| (1_000..20_000).contains(&bytes)),
            "{entry}"
        );
    }
    assert!(list["clients"][0].get("pong_ms").is_none());
    assert!(list["clients"][2]["pong_ms"].is_u64(), "{list}");
    drop((rpc, log));
    Ok(())
}

#[test]
fn each_kind_of_channel_is_closed_with_1000_and_a_reason() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    for path in ["/rpc", "/log?level=error", "/ws"] {
        let (_, mut channel) = board.websocket(path, "")?;
        let id = list(&mut client)?["clients"][0]["id"].clone();
        let answer = close(&mut client, &id)?;
        assert!(answer.contains(r#""result":{}"#), "{path}: {answer}");
        assert_eq!(channel.close_code(), Some(1000), "{path}");
        assert!(channel.has_ended(), "{path}");
        assert!(close(&mut client, &id)?.contains("not_found"), "{path}");
    }
    assert_eq!(list(&mut client)?["total"], 0);
    Ok(())
}

#[test]
fn a_controller_knows_its_own_connection_and_cannot_close_it() -> Outcome {
    let board = Served::start()?;
    let mut controller = board.controller()?;
    let answer: Value = serde_json::from_str(
        &controller.call(r#"{"jsonrpc":"2.0","id":1,"method":"Clients.List"}"#)?,
    )?;
    assert_eq!(answer["result"]["clients"][0]["you"], true);
    let own = controller
        .call(r#"{"jsonrpc":"2.0","id":2,"method":"Clients.Close","params":{"id":1}}"#)?;
    assert!(own.contains("your_own") && own.contains("-32003"), "{own}");
    Ok(())
}
