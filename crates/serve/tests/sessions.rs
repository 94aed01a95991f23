//! What admitted clients are told without asking.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "each test uses a part")]
mod support;

use remote::wire::{FromServer, FromWindow, Welcome, decode, encode};
use support::{CONTROL, Client, Lab, VIEW, hello};
use tokio_tungstenite::tungstenite::Message;

async fn welcomed(lab: &Lab, token: &str) -> (Client, Welcome) {
    let mut client = lab.client(hello(Some(token))).await;
    match decode(&client.binary().await).unwrap() {
        FromServer::Welcome(welcome) => (client, welcome),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_change_reaches_every_client_at_once() {
    let lab = Lab::start().await;
    let (control, _) = welcomed(&lab, CONTROL).await;
    let (view, _) = welcomed(&lab, VIEW).await;
    lab.publish("Desk lamp");
    for mut client in [control, view] {
        loop {
            let message = decode(&client.binary().await).unwrap();
            if let FromServer::Changes(changes) = message
                && !changes.boards.is_empty()
            {
                assert_eq!(changes.boards.len(), 1);
                break;
            }
        }
    }
}

#[tokio::test]
async fn only_one_who_manages_ends_a_session_and_it_is_told() {
    let lab = Lab::start().await;
    let (mut control, first) = welcomed(&lab, CONTROL).await;
    let (mut view, second) = welcomed(&lab, VIEW).await;
    assert_eq!((first.manages, second.manages), (true, false));
    let end = |number| Message::binary(encode(&FromWindow::EndSession(number)).unwrap());
    view.send(end(first.number)).await;
    // The session goes on: it is told of a board.
    lab.publish("Desk lamp");
    loop {
        let message = decode(&control.binary().await).unwrap();
        if matches!(message, FromServer::Changes(changes) if !changes.boards.is_empty()) {
            break;
        }
    }
    control.send(end(second.number)).await;
    let (code, reason) = view.closed().await;
    assert_eq!(
        (code, reason.contains("was ended")),
        (4410, true),
        "{reason}"
    );
}

#[tokio::test]
async fn a_refusal_is_also_a_message() {
    let lab = Lab::start().await;
    let mut client = lab.client(hello(None)).await;
    match decode(&client.binary().await).unwrap() {
        FromServer::Refused(code, why) => {
            assert_eq!((code, why.contains("needs a token")), (4401, true), "{why}");
        }
        other => unreachable!("{other:?}"),
    }
    assert_eq!(client.closed().await.0, 4401);
}
