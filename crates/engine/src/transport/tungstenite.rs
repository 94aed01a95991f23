//! Links over tokio-tungstenite, outbound and inbound. The only file of the
//! fleet that uses the library for links. Each connection is one task that owns
//! the socket: when the task ends, the socket is closed, in whatever state it
//! is.

use std::{io, time::Duration};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::{SinkExt, StreamExt};
use link::socket::Ending;
use net::client::Reached;
use protocol::SUBPROTOCOL;
use sanitize::bounds;
use tokio::{net::TcpStream, task::yield_now, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        error::{ProtocolError, SubProtocolError},
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use super::{
    Attempt, Payload, Reporter, Request, Socket, SocketEvent, Unread, attempts::HeldSlot, canceled,
    head::Head, refused_with,
};

/// How long a board may leave a message unread before its connection ends.
const WRITE: Duration = Duration::from_secs(30);

/// How long a close frame may take to be sent, and its answer to arrive.
const CLOSE: Duration = Duration::from_millis(500);

/// After this many messages in a row the task yields, for their reader among
/// others.
const TURN: u32 = 64;

/// The same after messages of this many bytes: long ones take their reader
/// longer.
const TURN_BYTES: usize = 8 * 1_024;

/// Queued messages are written together, up to this many bytes.
const WRITE_TOGETHER: usize = 4 * 1_024;

/// How many bytes of a connection that ends are discarded. After that it is
/// reset.
const DISCARDED: usize = 1_024 * 1_024;

/// A WebSocket to a board, inbound or outbound. Boxed, because the task of a
/// link would otherwise have room for several of them, one for each function
/// that it passes through.
pub(crate) type Stream = Box<WebSocketStream<TcpStream>>;

/// Makes one attempt, and serves the connection until either side ends it.
pub(super) async fn run<F: Fn(SocketEvent)>(
    attempt: Attempt,
    request: Request,
    mut to_send: UnboundedReceiver<Payload>,
    reporter: Reporter<F>,
) {
    let connected = tokio::select! {
        // Boxed, so that its memory is freed once the link is open.
        connected = Box::pin(open(&attempt, request, &reporter)) => connected,
        () = canceled(&mut to_send) => return,
    };
    match connected {
        Ok(socket) => {
            reporter.tell(SocketEvent::Opened);
            serve(socket, to_send, reporter).await;
        }
        Err(ending) => reporter.end(ending),
    }
}

/// Goes on with an inbound connection, from which the `first` message was read
/// already, if any. `tell` gets its events, on a thread of
/// the runtime; for each event the reader calls [`Unread::read`].
pub(crate) fn adopt(
    socket: Stream,
    first: Option<String>,
    unread: Unread,
    tell: impl Fn(SocketEvent) + Send + Sync + 'static,
) -> Socket {
    let (sender, to_send) = unbounded();
    let reporter = Reporter::new(tell, unread);
    if let Some(first) = first {
        reporter.tell(SocketEvent::Text(first));
    }
    tokio::spawn(serve(socket, to_send, reporter));
    Socket::own(sender, HeldSlot::default())
}

/// Ends an inbound connection: the board may retry later.
pub(crate) fn decline(socket: Stream, why: &'static str) {
    // At the end of the program there is no runtime; then the socket is closed
    // without a close frame.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(end(socket, CloseReason::Because(CloseCode::Again, why), ()));
    }
}

async fn open<F: Fn(SocketEvent)>(
    attempt: &Attempt,
    request: Request,
    reporter: &Reporter<F>,
) -> Result<Stream, Ending> {
    let Request { path, subprotocol } = request;
    let Reached { stream, address } = attempt.reach(reporter).await?;
    let bad = |error: Error| Ending::NotWebSocket(bounds::text(error.to_string()));
    let mut request = format!("ws://{}{path}", address.authority())
        .into_client_request()
        .map_err(bad)?;
    if let Some(subprotocol) = subprotocol {
        request.headers_mut().insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(subprotocol),
        );
    }
    let mut head = Head::of(stream);
    client_async_with_config(request, &mut head, Some(net::handshake::limits()))
        .await
        .map_err(refused)?;
    let (stream, rest) = head.into_parts();
    let limits = net::handshake::limits().write_buffer_size(WRITE_TOGETHER);
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(limits));
    Ok(Box::new(socket.await))
}

fn unreachable(error: &io::Error) -> Ending {
    Ending::NoConnection(bounds::text(error.to_string()))
}

/// Why a handshake failed.
fn refused(error: Error) -> Ending {
    match error {
        Error::Http(response) => {
            refused_with(response.status().as_u16(), &response.status().to_string())
        }
        // Boards of ours choose the subprotocol (docs/protocol.md, "HTTP").
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::NoSubProtocol,
        )) => Ending::NotWebSocket(format!("it does not choose the subprotocol {SUBPROTOCOL}")),
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            Ending::OtherSubprotocol(format!("a subprotocol other than {SUBPROTOCOL}"))
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            Ending::NoConnection("the connection was closed before it was open".to_owned())
        }
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            Ending::NotWebSocket(error.to_string())
        }
        Error::Io(error) => unreachable(&error),
        error => Ending::NotWebSocket(bounds::text(error.to_string())),
    }
}

/// Reads and writes until either side ends it.
async fn serve<F: Fn(SocketEvent)>(
    mut socket: Stream,
    mut to_send: UnboundedReceiver<Payload>,
    reporter: Reporter<F>,
) {
    let (mut turn, mut bytes) = (0, 0);
    let reason = loop {
        tokio::select! {
            message = socket.next() => match message.inspect(|message| bytes += size(message)) {
                // Copied: a part of the buffer would keep the whole of it.
                Some(Ok(Message::Text(text))) => {
                    reporter.tell(SocketEvent::Text(text.as_str().to_owned()));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    reporter.tell(SocketEvent::Binary(bytes.to_vec()));
                }
                Some(Ok(Message::Ping(_))) => reporter.tell(SocketEvent::Ping),
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => reporter.tell(SocketEvent::Pong),
                Some(Ok(Message::Close(_))) => {
                    reporter.end(Ending::Closed);
                    break CloseReason::Answer;
                }
                Some(Err(error)) => match violation(&error) {
                    Some((code, why)) => {
                        reporter.end(Ending::Misbehaved(bounds::text(why)));
                        break CloseReason::Because(code, "");
                    }
                    None => return reporter.end(Ending::Closed),
                },
                None => return reporter.end(Ending::Closed),
            },
            message = to_send.next() => {
                // The socket was dropped.
                let Some(message) = message else { break CloseReason::Plain };
                let written = timeout(WRITE, write(&mut socket, message, &mut to_send)).await;
                if !matches!(written, Ok(Ok(()))) {
                    return reporter.end(Ending::Closed);
                }
            }
        }
        // The bounds were exceeded, which the reporter has reported.
        if reporter.has_ended() {
            break CloseReason::Because(CloseCode::Policy, "too many messages");
        }
        turn += 1;
        if turn == TURN || bytes >= TURN_BYTES {
            (turn, bytes) = (0, 0);
            yield_now().await;
        }
    };
    // Boxed, because it is rare and would otherwise enlarge the task of every
    // link.
    Box::pin(end(socket, reason, reporter)).await;
}

/// The size of a message that arrived.
fn size(message: &Result<Message, Error>) -> usize {
    message.as_ref().map_or(0, Message::len)
}

/// Writes a message, and those that are queued behind it.
async fn write(
    socket: &mut Stream,
    first: Payload,
    to_send: &mut UnboundedReceiver<Payload>,
) -> Result<(), Error> {
    let mut message = Some(first);
    while let Some(next) = message.take() {
        socket
            .feed(match next {
                Payload::Text(text) => Message::text(text),
                Payload::Binary(bytes) | Payload::Mqtt { payload: bytes, .. } => {
                    Message::binary(bytes)
                }
            })
            .await?;
        message = to_send.try_recv().ok();
    }
    socket.flush().await
}

/// The close code for an error of the peer (RFC 6455, section 7.4.1), and what
/// it was.
fn violation(error: &Error) -> Option<(CloseCode, String)> {
    match error {
        // Not a violation: the board lost its power.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some((CloseCode::Protocol, error.to_string())),
        Error::Capacity(error) => Some((CloseCode::Size, error.to_string())),
        Error::Utf8(_) => Some((CloseCode::Invalid, "a text that is not UTF-8".to_owned())),
        _ => None,
    }
}

/// How a connection is closed.
enum CloseReason {
    /// The peer closed it: the library has queued the answer.
    Answer,
    /// With an empty close frame.
    Plain,
    /// With a close frame that states the reason.
    Because(CloseCode, &'static str),
}

/// Sends the close frame, then waits a moment for the peer to end the
/// connection. `reported` is dropped once the frame was sent.
async fn end<T>(mut socket: Stream, reason: CloseReason, reported: T) {
    let socket = &mut *socket;
    let leave = async {
        match reason {
            CloseReason::Answer => socket.flush().await,
            CloseReason::Plain => socket.close(None).await,
            CloseReason::Because(code, reason) => {
                socket
                    .close(Some(CloseFrame {
                        code,
                        reason: reason.into(),
                    }))
                    .await
            }
        }
    };
    if !matches!(timeout(CLOSE, leave).await, Ok(Ok(()))) {
        return;
    }
    drop(reported);
    // Closing a connection with unread bytes resets it, and a reset overtakes
    // the close frame (RFC 1122, 4.2.2.13).
    let stream = socket.get_mut();
    let _ = timeout(CLOSE, discard(stream)).await;
}

async fn discard(stream: &mut TcpStream) -> io::Result<()> {
    let (mut buffer, mut discarded) = ([0; 1_024], 0);
    while discarded < DISCARDED {
        stream.readable().await?;
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => discarded += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use address::{Address, Candidates};
    use link::target::Destination;

    use crate::transport::{Attempts, Priority};

    #[test]
    fn small_messages_are_not_delayed() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            let address = Address::from_socket(listener.local_addr().expect("an address"));
            let to = Destination {
                addresses: Candidates::given(address),
                last: Vec::new(),
                via: None,
            };
            let serve = async {
                let (stream, _) = listener.accept().await.expect("a client");
                tokio_tungstenite::accept_async(stream)
                    .await
                    .expect("a handshake")
            };
            let reporter = Reporter::new(drop, Unread::default());
            let attempt = Attempt {
                to,
                attempts: Attempts::default(),
                priority: Priority::Trusted,
                held: HeldSlot::default(),
            };
            let request = Request {
                path: "/rpc".to_owned(),
                subprotocol: None,
            };
            let (stream, _served) = tokio::join!(open(&attempt, request, &reporter), serve);
            // RFC 1122, section 4.2.3.4: Nagle's algorithm delays a small
            // message while another is not acknowledged.
            assert!(
                stream
                    .expect("a connection")
                    .get_ref()
                    .nodelay()
                    .expect("an option")
            );
        });
    }

    #[test]
    fn a_refusal_is_classified_by_its_status_or_its_handshake_error() {
        use tokio_tungstenite::tungstenite::{error::SubProtocolError, http::Response};
        let status = |status: u16| {
            let response = Response::builder().status(status).body(None);
            refused(Error::Http(Box::new(response.expect("a response"))))
        };
        assert_eq!(status(503), Ending::AllSlotsTaken);
        assert!(matches!(status(403), Ending::Forbidden(text) if text.contains("403 Forbidden")));
        assert!(matches!(status(400), Ending::OtherSubprotocol(_)));
        assert!(matches!(status(421), Ending::NotWebSocket(text) if text.contains(".local")));
        assert!(
            matches!(status(404), Ending::NotWebSocket(text) if text.contains("404 Not Found"))
        );
        let none = ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol);
        assert!(matches!(
            refused(Error::Protocol(none)),
            Ending::NotWebSocket(_)
        ));
        let other =
            ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::InvalidSubProtocol);
        assert!(matches!(
            refused(Error::Protocol(other)),
            Ending::OtherSubprotocol(_)
        ));
        assert!(matches!(
            refused(Error::Protocol(ProtocolError::HandshakeIncomplete)),
            Ending::NoConnection(_)
        ));
    }

    #[test]
    fn a_lost_connection_is_distinguished_from_a_protocol_violation() {
        let reset = Error::Protocol(ProtocolError::ResetWithoutClosingHandshake);
        assert_eq!(violation(&reset), None);
        assert_eq!(
            violation(&Error::Io(io::ErrorKind::ConnectionReset.into())),
            None
        );
        let invalid = violation(&Error::Protocol(ProtocolError::NonZeroReservedBits));
        assert!(matches!(invalid, Some((CloseCode::Protocol, _))));
        assert!(matches!(
            violation(&Error::Utf8(String::new())),
            Some((CloseCode::Invalid, _))
        ));
    }
}
