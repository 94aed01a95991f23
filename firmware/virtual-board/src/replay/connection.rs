//! One connection to a replayed board: the opening handshake, requests and
//! answers, liveness. Decides nothing about their contents.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use protocol::limits;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{
        Semaphore,
        mpsc::{Receiver, error::TrySendError},
    },
    time::{interval, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Bytes, Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::runtime::Playing;

/// How long a client may take to send its request.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client may take to read a message.
const SEND: Duration = limits::BOARD_DROPS_AFTER;

/// How many bytes are read at a time.
const READ_BUFFER: usize = 4 << 10;

/// How many messages wait for a controller that reads slowly. A replay at a
/// high speed sends many at once.
pub(super) const QUEUED: usize = 1_024;

/// What is sent to a controller.
pub(super) enum Outgoing {
    Text(String),
    /// The connection ends, with this code.
    Close(u16),
}

/// Serves one client until either side closes.
pub(super) async fn serve(
    stream: TcpStream,
    board: Rc<RefCell<Playing>>,
    handshakes: Rc<Semaphore>,
) {
    let Ok(handshake) = handshakes.try_acquire() else {
        return;
    };
    let _ = stream.set_nodelay(true);
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits::MESSAGE_INTO_BOARD))
        .max_frame_size(Some(limits::MESSAGE_INTO_BOARD))
        .read_buffer_size(READ_BUFFER);
    let accepting = accept_hdr_async_with_config(stream, judge, Some(config));
    let Ok(Ok(mut socket)) = timeout(HANDSHAKE, accepting).await else {
        return;
    };
    drop(handshake);
    let (queue, outgoing) = tokio::sync::mpsc::channel(QUEUED);
    let Some(client) = board.borrow_mut().connect(queue) else {
        close(&mut socket, 1013).await;
        return;
    };
    exchange(&mut socket, &board, client, outgoing).await;
    board.borrow_mut().disconnect(client);
}

async fn exchange(
    socket: &mut WebSocketStream<TcpStream>,
    board: &Rc<RefCell<Playing>>,
    client: u32,
    mut outgoing: Receiver<Outgoing>,
) {
    let mut heard = Instant::now();
    let mut pings = interval(limits::BOARD_PINGS_AFTER);
    pings.tick().await;
    loop {
        tokio::select! {
            message = socket.next() => {
                heard = Instant::now();
                let answers = match message {
                    Some(Ok(Message::Text(text))) => board.borrow_mut().receive(client, &text),
                    Some(Ok(Message::Binary(_))) => return close(socket, 1003).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                for answer in answers {
                    if !send(socket, Message::text(answer), SEND).await {
                        return;
                    }
                }
            }
            sent = outgoing.recv() => match sent {
                Some(Outgoing::Text(text)) => {
                    if !send(socket, Message::text(text), SEND).await {
                        return;
                    }
                }
                Some(Outgoing::Close(code)) => return close(socket, code).await,
                // The board cannot be reached: the connection breaks.
                None => return,
            },
            _ = pings.tick() => {
                if heard.elapsed() > limits::BOARD_DROPS_AFTER {
                    return close(socket, 1001).await;
                }
                if !send(socket, Message::Ping(Bytes::new()), SEND).await {
                    return;
                }
            }
        }
    }
}

/// Sends a message; whether the client took it within this time.
async fn send<S>(socket: &mut WebSocketStream<S>, message: Message, limit: Duration) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = timeout(limit, socket.send(message)).await;
    matches!(sent, Ok(Ok(())))
}

/// Whether a message found room in a queue; otherwise the controller reads too
/// slowly.
pub(super) fn has_room(sent: &Result<(), TrySendError<Outgoing>>) -> bool {
    !matches!(sent, Err(TrySendError::Full(_)))
}

async fn close(socket: &mut WebSocketStream<TcpStream>, code: u16) {
    let frame = CloseFrame {
        code: CloseCode::from(code),
        reason: "".into(),
    };
    // The client may be gone.
    let _ = timeout(HANDSHAKE, socket.close(Some(frame))).await;
}

#[expect(clippy::result_large_err, reason = "tungstenite's own type")]
fn judge(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if request.headers().contains_key(header::ORIGIN) {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "web pages cannot use a replay",
        ));
    }
    if request.uri().path() != protocol::RPC_PATH {
        return Err(refuse(StatusCode::NOT_FOUND, "a replay has only /rpc"));
    }
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut words = offered
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    if words.peek().is_some() {
        if !words.any(|word| word == protocol::SUBPROTOCOL) {
            let message = "the subprotocol is switchboard.v1";
            return Err(refuse(StatusCode::BAD_REQUEST, message));
        }
        let chosen = HeaderValue::from_static(protocol::SUBPROTOCOL);
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    Ok(response)
}

fn refuse(status: StatusCode, message: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(message.to_owned()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_given_up() {
        let (board, _client) = tokio::io::duplex(64);
        let mut socket = WebSocketStream::from_raw_socket(board, Role::Server, None).await;
        assert!(send(&mut socket, Message::text("short"), SEND).await);
        let (long, limit) = ("x".repeat(1_000), Duration::from_millis(10));
        assert!(!send(&mut socket, Message::text(long), limit).await);
    }
}
