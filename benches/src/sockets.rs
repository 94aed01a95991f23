//! The bare peer: tokio-tungstenite as one would use it, with Nagle off.

use std::future::Future;

use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::Outcome;

/// A WebSocket over TCP.
pub(crate) type WebSocket = WebSocketStream<TcpStream>;

/// The buffer that tungstenite's documentation recommends to programs with many connections, in bytes; its default is 128 KiB.
pub(crate) const SMALL_BUFFER: usize = 4_096;

/// Runs everything on this thread, as a board and the fleet do.
pub(crate) fn run<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// tungstenite's settings with this buffer for reading, `None` being its default.
pub(crate) fn settings(read_buffer: Option<usize>) -> WebSocketConfig {
    let default = WebSocketConfig::default();
    read_buffer.map_or(default, |size| default.read_buffer_size(size))
}

/// Connects to `host:port` and a path.
pub(crate) async fn connect(address: &str, path: &str, read_buffer: Option<usize>) -> Outcome<WebSocket> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}{path}");
    let (socket, _) = client_async_with_config(url, stream, Some(settings(read_buffer))).await?;
    Ok(socket)
}

/// Listens on a free port of this computer and says where, on a line.
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
