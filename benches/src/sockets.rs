//! The bare peer: tokio-tungstenite with Nagle's algorithm off.

use std::future::Future;

use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::Outcome;

/// The small buffer that the library proposes for many connections: it reads
/// short messages faster than its default of 128 KiB, which it clears for each.
pub(crate) const SMALL_BUFFER: usize = 4 << 10;

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
    let (socket, _) = client_async_with_config(url, stream, Some(small())).await?;
    Ok(socket)
}

/// Accepts a connection; `None` if it is not a WebSocket. `read_buffer` is the
/// library's own, if it is not given.
pub(crate) async fn accept(stream: TcpStream, read_buffer: Option<usize>) -> Option<WebSocket> {
    let config = WebSocketConfig::default();
    let config = match read_buffer {
        Some(size) => config.read_buffer_size(size),
        None => config,
    };
    accept_async_with_config(stream, Some(config)).await.ok()
}

fn small() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(SMALL_BUFFER)
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
