//! Links over a plain TCP stream, for families without WebSockets. One task
//! owns the socket: when the task ends, the socket is closed.

use std::time::Duration;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use link::socket::Ending;
use net::client::Reached;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::yield_now,
    time::timeout,
};

use super::{Attempt, Payload, Reporter, SocketEvent, canceled};

/// How long a board may leave bytes unread before its connection ends.
const WRITE: Duration = Duration::from_secs(30);

/// How many bytes are read at once.
const READ: usize = 4 * 1_024;

/// Makes one attempt, and serves the connection until either side ends it.
pub(super) async fn run<F: Fn(SocketEvent)>(
    attempt: Attempt,
    mut to_send: UnboundedReceiver<Payload>,
    reporter: Reporter<F>,
) {
    let reached = tokio::select! {
        reached = Box::pin(attempt.reach(&reporter)) => reached,
        () = canceled(&mut to_send) => return,
    };
    match reached {
        Ok(Reached { stream, .. }) => {
            reporter.tell(SocketEvent::Opened);
            serve(stream, to_send, &reporter).await;
        }
        Err(ending) => reporter.end(ending),
    }
}

async fn serve<F: Fn(SocketEvent)>(
    mut stream: TcpStream,
    mut to_send: UnboundedReceiver<Payload>,
    reporter: &Reporter<F>,
) {
    let mut buffer = vec![0; READ];
    while !reporter.has_ended() {
        tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(count @ 1..) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    reporter.tell(SocketEvent::Binary(bytes.to_vec()));
                    yield_now().await;
                }
                Ok(0) | Err(_) => return reporter.end(Ending::Closed),
            },
            message = to_send.next() => {
                // The socket was dropped.
                let Some(message) = message else { break };
                let bytes = match &message {
                    Payload::Text(text) => text.as_bytes(),
                    Payload::Binary(bytes) | Payload::Mqtt { payload: bytes, .. } => {
                        bytes.as_slice()
                    }
                };
                if !matches!(timeout(WRITE, stream.write_all(bytes)).await, Ok(Ok(()))) {
                    return reporter.end(Ending::Closed);
                }
            }
        }
    }
    let _ = timeout(WRITE, stream.shutdown()).await;
}
