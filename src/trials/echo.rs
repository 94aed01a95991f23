//! The app's own WebSocket as an echo client.

use tokio::sync::mpsc;

use crate::{
    address::{AddressError, Candidates},
    link::{
        state::Ending,
        target::Destination,
        transport::{Opening, Socket, SocketEvent, Transport, Unread},
    },
};

/// What an echo came to.
#[derive(Debug)]
pub struct Echoed {
    /// The first text message.
    pub first: Option<String>,
    /// How it ended, where that was not the server's close.
    pub problem: Option<String>,
}

/// Connects without a subprotocol and sends every message back, text and
/// binary, until the connection ends. To be called on a `current_thread`
/// runtime of tokio.
///
/// # Errors
/// Where `address` is no address.
pub async fn echo(address: &str, path: &str, transport: Transport) -> Result<Echoed, AddressError> {
    let to = Destination {
        addresses: Candidates::given(address.parse()?),
        last: Vec::new(),
    };
    let mut echoed = Echoed {
        first: None,
        problem: None,
    };
    let (events, mut arrived) = mpsc::unbounded_channel();
    let unread = Unread::default();
    let tell = move |event| drop(events.send(event));
    let socket = Socket::open(
        Opening {
            transport,
            ..Opening::alone(to, path)
        },
        unread.clone(),
        tell,
    );
    while let Some(event) = arrived.recv().await {
        unread.read(&event);
        match event {
            SocketEvent::Text(text) => {
                echoed.first.get_or_insert_with(|| text.clone());
                socket.send(text);
            }
            SocketEvent::Binary(bytes) => socket.send_binary(bytes),
            SocketEvent::Queued
            | SocketEvent::Begun(_)
            | SocketEvent::Reached(_)
            | SocketEvent::Opened
            | SocketEvent::Ping
            | SocketEvent::Pong => {}
            SocketEvent::Ended(Ending::Closed) => break,
            SocketEvent::Ended(ending) => {
                echoed.problem = Some(format!("{ending:?}"));
                break;
            }
        }
    }
    Ok(echoed)
}
