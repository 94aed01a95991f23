//! Relays messages between one client and its connection to the board: plain
//! JSON on one side, encrypted on the other. Nothing is queued except in the
//! sockets: data is not read for a side that does not read, and that side is
//! disconnected after a while.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::{Response, RpcError};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::{
    Settings,
    locked::{Locked, Said},
};

/// How long one side may keep a message waiting.
const WRITE: Duration = Duration::from_secs(30);

type Client = WebSocketStream<TcpStream>;

/// Relays until either side closes.
pub(super) async fn relay(mut client: Client, settings: &Settings) {
    let mut board = match Locked::open(&settings.board, &settings.key).await {
        Ok(board) => board,
        Err(error) => return refuse(client, error).await,
    };
    let why = loop {
        tokio::select! {
            said = client.next() => match said {
                Some(Ok(Message::Text(text))) => {
                    if !matches!(timeout(WRITE, board.say(&text)).await, Ok(Ok(()))) {
                        let reason = "the board did not accept the message".to_owned();
                        break Some((CloseCode::Error, reason));
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    break Some((CloseCode::Unsupported, "only text messages".to_owned()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => break broken(&error),
                Some(Ok(Message::Close(_))) | None => break None,
            },
            said = board.hear() => match said {
                Ok(Said::Text(text)) => {
                    let sent = timeout(WRITE, client.send(Message::text(text))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        break None;
                    }
                }
                Ok(Said::Closed(Some(CloseFrame { code, reason }))) => {
                    break Some((code, reason.to_string()));
                }
                Ok(Said::Closed(None)) => {
                    let reason = "the board closed the connection".to_owned();
                    break Some((CloseCode::Error, reason));
                }
                Err(error) => {
                    let _ = timeout(WRITE, board.close()).await;
                    return refuse(client, error).await;
                }
            },
        }
    };
    let _ = timeout(WRITE, board.close()).await;
    if let Some((code, reason)) = why {
        let _ = timeout(
            WRITE,
            client.close(Some(CloseFrame {
                code,
                reason: reason.into(),
            })),
        )
        .await;
    } else {
        // The client's own close is answered while reading.
        let _ = timeout(WRITE, async {
            while let Some(Ok(_)) = client.next().await {}
        })
        .await;
    }
}

/// The close frame for a client that violated the WebSocket protocol; `None` if
/// the connection is gone.
fn broken(error: &Error) -> Option<(CloseCode, String)> {
    let code = match error {
        Error::Protocol(_) => CloseCode::Protocol,
        Error::Utf8(_) => CloseCode::Invalid,
        Error::Capacity(_) => CloseCode::Size,
        _ => return None,
    };
    Some((code, error.to_string()))
}

/// Reports why there is no connection to the board, in the form of a board's
/// own refusal.
async fn refuse(mut client: Client, error: RpcError) {
    let text = Response {
        id: None,
        outcome: Err(error),
    }
    .to_json();
    let _ = timeout(WRITE, client.send(Message::text(text))).await;
    let frame = CloseFrame {
        code: CloseCode::Policy,
        reason: "no connection to the board".into(),
    };
    let _ = timeout(WRITE, client.close(Some(frame))).await;
}
