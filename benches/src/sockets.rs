//! The bare peer: tokio-tungstenite with Nagle's algorithm off.

use std::future::Future;

use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::Outcome;

/// A WebSocket over TCP.
pub(crate) type WebSocket = WebSocketStream<TcpStream>;

/// Runs everything on this thread, as a board and the fleet do.
pub(crate) fn run<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// Connects to `host:port` and a path.
pub(crate) async fn connect(address: &str, path: &str) -> Outcome<WebSocket> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}{path}");
    let (socket, _) = client_async(url, stream).await?;
    Ok(socket)
}

/// Listens on a free port of this computer and prints the address.
pub(crate) async fn listen() -> Outcome<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}/", listener.local_addr()?);
    Ok(listener)
}

/// The text of a message, if it is one.
pub(crate) fn text(message: &Message) -> Option<&str> {
    match message {
        Message::Text(text) => Some(text.as_str()),
        _ => None,
    }
}

/// `host:port` of `ws://host:port/`.
pub(crate) fn place(url: &str) -> &str {
    url.trim_start_matches("ws://").trim_end_matches('/')
}
