//! Links over tokio-tungstenite: connects, reads and writes, for connections of
//! this program and for those that boards make to it. The one file of `link`
//! that knows the library. Everything of a connection is in one task, and the
//! socket is in the task: when it ends, the socket is closed, whether it was
//! connecting, in the handshake or open.

use std::{io, time::Duration};

use futures_util::{SinkExt, StreamExt};
use protocol::SUBPROTOCOL;
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::yield_now,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        error::ProtocolError,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    Opening, Socket, SocketEvent, Teller, ToSend, Unread, attempts::Held, given_up, head::Head,
    refused_with, slot, unreached,
};
use crate::{
    dial::{Reached, reach},
    link::state::Ending,
};
use sanitize::bounds;

/// How long a board may leave a message unread before its connection ends.
const WRITE: Duration = Duration::from_secs(30);

/// How long a close frame may take to leave, and how long its answer is waited
/// for.
const CLOSE: Duration = Duration::from_millis(500);

/// After so many messages in a row every other task has its turn, the reader of
/// these among them.
const TURN: u32 = 64;

/// Messages that wait together leave in one write, up to so many bytes.
const WRITE_TOGETHER: usize = 4 * 1_024;

/// What is discarded of a connection that ends, in bytes. Who goes on sending
/// has the connection reset.
const DISCARDED: usize = 1_024 * 1_024;

/// A WebSocket to a board, inbound or outbound.
pub(crate) type Stream = WebSocketStream<TcpStream>;

/// Makes one attempt, and serves the connection until either side ends it.
pub(super) async fn run<F: Fn(SocketEvent)>(
    opening: Opening,
    mut to_send: UnboundedReceiver<ToSend>,
    teller: Teller<F>,
    held: Held,
) {
    let connected = tokio::select! {
        // Boxed, so that what connecting takes is freed once the link is open.
        connected = Box::pin(attempt(opening, &teller, &held)) => connected,
        () = given_up(&mut to_send) => return,
    };
    match connected {
        Ok(socket) => {
            teller.tell(SocketEvent::Opened);
            serve(socket, to_send, teller).await;
        }
        Err(ending) => teller.end(ending),
    }
}

/// Goes on with a connection that a board made; `tell` gets what arrives, on a
/// thread of the runtime. For each event the reader calls [`Unread::read`].
pub(crate) fn adopt(
    socket: Stream,
    unread: Unread,
    tell: impl Fn(SocketEvent) + Send + Sync + 'static,
) -> Socket {
    let (sender, to_send) = unbounded_channel();
    tokio::spawn(serve(socket, to_send, Teller::new(tell, unread)));
    Socket {
        to_send: sender,
        slot: Held::default(),
    }
}

/// Ends a connection that a board made: the board may try again later.
pub(crate) fn decline(socket: Stream, why: &'static str) {
    // At the end of the program there is no runtime any more; then the socket
    // is closed without a word.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(end(socket, Farewell::Because(CloseCode::Again, why), ()));
    }
}

async fn attempt<F: Fn(SocketEvent)>(
    opening: Opening,
    teller: &Teller<F>,
    held: &Held,
) -> Result<Stream, Ending> {
    let Opening {
        to,
        path,
        subprotocol,
        attempts,
        standing,
        ..
    } = opening;
    held.hold(slot(&attempts, &to.host(), standing, teller).await?);
    let Reached { stream, address } = reach(&to.addresses, &to.last).await.map_err(unreached)?;
    teller.tell(SocketEvent::Reached(address.to_string()));
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
    let limits = WebSocketConfig {
        write_buffer_size: WRITE_TOGETHER,
        ..net::handshake::limits()
    };
    Ok(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(limits)).await)
}

fn unreachable(error: &io::Error) -> Ending {
    Ending::NoConnection(bounds::text(error.to_string()))
}

/// Why a handshake came to nothing.
fn refused(error: Error) -> Ending {
    match error {
        Error::Http(response) => {
            refused_with(response.status().as_u16(), &response.status().to_string())
        }
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
    mut to_send: UnboundedReceiver<ToSend>,
    teller: Teller<F>,
) {
    let mut turn = 0;
    let farewell = loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => teller.tell(SocketEvent::Text(text)),
                Some(Ok(Message::Binary(bytes))) => teller.tell(SocketEvent::Binary(bytes)),
                Some(Ok(Message::Ping(_))) => teller.tell(SocketEvent::Ping),
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => teller.tell(SocketEvent::Pong),
                Some(Ok(Message::Close(_))) => {
                    teller.end(Ending::Closed);
                    break Farewell::Answer;
                }
                Some(Err(error)) => match broken(&error) {
                    Some((code, why)) => {
                        teller.end(Ending::Misbehaved(bounds::text(why)));
                        break Farewell::Because(code, "");
                    }
                    None => return teller.end(Ending::Closed),
                },
                None => return teller.end(Ending::Closed),
            },
            message = to_send.recv() => {
                // The socket is not wanted any more.
                let Some(message) = message else { break Farewell::Plain };
                if !matches!(timeout(WRITE, write(&mut socket, message, &mut to_send)).await, Ok(Ok(()))) {
                    return teller.end(Ending::Closed);
                }
            }
        }
        // More arrived than is read, which the teller has reported.
        if teller.has_ended() {
            break Farewell::Because(CloseCode::Policy, "too many messages");
        }
        turn += 1;
        if turn == TURN {
            turn = 0;
            yield_now().await;
        }
    };
    // Boxed, since it is rare and the task of every link would have room for
    // it.
    Box::pin(end(socket, farewell, teller)).await;
}

/// Writes a message, and those that wait behind it.
async fn write(
    socket: &mut Stream,
    first: ToSend,
    to_send: &mut UnboundedReceiver<ToSend>,
) -> Result<(), Error> {
    let mut message = Some(first);
    while let Some(next) = message.take() {
        socket
            .feed(match next {
                ToSend::Text(text) => Message::Text(text),
                ToSend::Binary(bytes) => Message::Binary(bytes),
            })
            .await?;
        message = to_send.try_recv().ok();
    }
    socket.flush().await
}

/// The close code for an error that is the other side's fault (RFC 6455,
/// section 7.4.1), and what it did.
fn broken(error: &Error) -> Option<(CloseCode, String)> {
    match error {
        // Not its fault: a board whose power was cut.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some((CloseCode::Protocol, error.to_string())),
        Error::Capacity(error) => Some((CloseCode::Size, error.to_string())),
        Error::Utf8 => Some((CloseCode::Invalid, "a text that is not UTF-8".to_owned())),
        _ => None,
    }
}

/// How a connection is closed.
enum Farewell {
    /// The other side closes it: the library has queued the answer.
    Answer,
    /// With a close frame that says nothing.
    Plain,
    /// With a close frame that says why.
    Because(CloseCode, &'static str),
}

/// Sends what closes a connection, then waits a moment for the other side to
/// end it. `reported` is dropped once that has left.
async fn end<T>(mut socket: Stream, farewell: Farewell, reported: T) {
    let leave = async {
        match farewell {
            Farewell::Answer => socket.flush().await,
            Farewell::Plain => socket.close(None).await,
            Farewell::Because(code, reason) => {
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
    // To close a connection with bytes that were not read resets it, and a
    // reset overtakes the close frame (RFC 1122, 4.2.2.13).
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
    use crate::{
        address::{Address, Candidates},
        link::target::Destination,
    };

    #[test]
    fn a_connection_does_not_hold_small_messages_back() {
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
            };
            let serve = async {
                let (stream, _) = listener.accept().await.expect("a client");
                tokio_tungstenite::accept_async(stream)
                    .await
                    .expect("a handshake")
            };
            let (teller, held) = (Teller::new(drop, Unread::default()), Held::default());
            let (stream, _served) =
                tokio::join!(attempt(Opening::alone(to, "/rpc"), &teller, &held), serve);
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
    fn a_refusal_is_told_by_its_status_or_by_what_is_wrong_with_the_handshake() {
        use tokio_tungstenite::tungstenite::{error::SubProtocolError, http::Response};
        let status = |status: u16| {
            let response = Response::builder().status(status).body(None);
            refused(Error::Http(response.expect("a response")))
        };
        assert_eq!(status(503), Ending::AllPlacesTaken);
        assert!(matches!(status(403), Ending::Forbidden(text) if text.contains("403 Forbidden")));
        assert!(matches!(status(400), Ending::OtherSubprotocol(_)));
        assert!(matches!(status(421), Ending::NotWebSocket(text) if text.contains(".local")));
        assert!(
            matches!(status(404), Ending::NotWebSocket(text) if text.contains("404 Not Found"))
        );
        let none = ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol);
        assert!(matches!(
            refused(Error::Protocol(none)),
            Ending::OtherSubprotocol(_)
        ));
        assert!(matches!(
            refused(Error::Protocol(ProtocolError::HandshakeIncomplete)),
            Ending::NoConnection(_)
        ));
    }

    #[test]
    fn a_lost_connection_is_told_apart_from_a_broken_protocol() {
        let reset = Error::Protocol(ProtocolError::ResetWithoutClosingHandshake);
        assert_eq!(broken(&reset), None);
        assert_eq!(
            broken(&Error::Io(io::ErrorKind::ConnectionReset.into())),
            None
        );
        let invalid = broken(&Error::Protocol(ProtocolError::NonZeroReservedBits));
        assert!(matches!(invalid, Some((CloseCode::Protocol, _))));
        assert!(matches!(
            broken(&Error::Utf8),
            Some((CloseCode::Invalid, _))
        ));
    }
}
