//! A board that has called, and the task that reads and writes for it once the fleet goes on with its connection. Bounded as links that
//! this program makes are.

use std::{fmt, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::link::{
    bounds,
    socket::{Socket, SocketEvent, Teller, ToSend, Unread},
    state::Ending,
};

/// How long a board may keep a message waiting.
const WRITE: Duration = Duration::from_secs(30);

/// How long it is waited for a close frame to leave.
const CLOSE: Duration = Duration::from_millis(500);

/// Why a call is declined, for the board's log.
const DECLINED: &str = "there is a link to this board, or none can be had";

type Stream = WebSocketStream<TcpStream>;

/// A board that has called. Dropped, it is told that its call is declined.
pub(crate) struct Arrival {
    /// The id that it says it has.
    pub(crate) id: String,
    /// It says that it speaks only encrypted.
    pub(crate) locked: bool,
    /// Where it comes from.
    pub(crate) from: SocketAddr,
    /// Until it is accepted or declined.
    socket: Option<Stream>,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrival({} from {})", self.id, self.from)
    }
}

impl Arrival {
    pub(super) fn new(id: String, locked: bool, from: SocketAddr, socket: Stream) -> Self {
        Self { id, locked, from, socket: Some(socket) }
    }

    /// Goes on with it; `tell` gets what comes, on the thread of the runtime. For each event the reader calls [`Unread::read`].
    pub(crate) fn accept(mut self, unread: Unread, tell: impl Fn(SocketEvent) + Send + 'static) -> Socket {
        let (sender, to_send) = unbounded_channel();
        let teller = Teller::new(tell, unread);
        match self.socket.take() {
            Some(socket) => drop(tokio::spawn(serve(socket, to_send, teller))),
            None => teller.end(Ending::Closed),
        }
        Socket::Accepted(sender)
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let Some(mut socket) = self.socket.take() else { return };
        // At the end of the program there is no runtime any more; then the socket is closed as it is.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let frame = CloseFrame { code: CloseCode::Again, reason: DECLINED.into() };
                let _ = timeout(CLOSE, socket.close(Some(frame))).await;
            });
        }
    }
}

/// Reads and writes until either side ends it.
async fn serve<F: Fn(SocketEvent)>(mut socket: Stream, mut to_send: UnboundedReceiver<ToSend>, teller: Teller<F>) {
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => teller.tell(SocketEvent::Text(text)),
                Some(Ok(Message::Binary(bytes))) => teller.tell(SocketEvent::Binary(bytes)),
                Some(Ok(Message::Ping(_))) => teller.tell(SocketEvent::Ping),
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => teller.tell(SocketEvent::Pong),
                // tungstenite answers a close frame of itself; what follows is the end.
                Some(Ok(Message::Close(_))) => {}
                Some(Err(error)) => return teller.end(ending(&error)),
                None => return teller.end(Ending::Closed),
            },
            message = to_send.recv() => {
                let message = match message {
                    Some(ToSend::Text(text)) => Message::Text(text),
                    Some(ToSend::Binary(bytes)) => Message::Binary(bytes),
                    // Nobody wants it any more.
                    None => break,
                };
                if !matches!(timeout(WRITE, socket.send(message)).await, Ok(Ok(()))) {
                    return teller.end(Ending::Closed);
                }
            }
        }
        // More came than is read: it is cut off, and has been told so.
        if teller.has_ended() {
            break;
        }
    }
    let _ = timeout(CLOSE, socket.close(None)).await;
}

fn ending(error: &Error) -> Ending {
    match error {
        // Nobody did wrong: a board whose power was cut.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Closed,
        Error::Protocol(_) | Error::Capacity(_) | Error::Utf8 => Ending::Misbehaved(bounds::text(error.to_string())),
        _ => Ending::Closed,
    }
}
