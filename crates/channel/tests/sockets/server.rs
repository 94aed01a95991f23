//! A WebSocket server on loopback, with tokio-tungstenite's accepting side,
//! that behaves well or badly. Runs on its own thread.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::CloseFrame,
    },
};

/// A timeout for a loaded machine; a test that passes needs milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// How the server behaves.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Sends back every message.
    Echo,
    /// Sends back every text after this many milliseconds.
    EchoAfter(u64),
    /// Sends `hello N`, with the number of the connection, and closes with this
    /// code and reason.
    Close(u16, &'static str),
    /// Sends hello and resets the connection.
    Reset,
    /// Accepts the TCP connection and sends nothing.
    Mute,
    /// Opens the WebSocket and reads nothing.
    Deaf,
    /// Sends a text of this many bytes.
    Large(usize),
    /// Sends these bytes as its answer.
    Http(&'static str),
    /// Sends the headers of the request, one per message, and chooses this
    /// subprotocol.
    Headers(Option<&'static str>),
    /// Sends this many numbered messages as fast as possible, then closes.
    Flood(u32),
}

/// A running server; dropping it stops it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl Server {
    pub(crate) fn start(manner: Manner) -> Self {
        Self::with(manner, None)
    }

    pub(crate) fn with(manner: Manner, tls: Option<Arc<ServerConfig>>) -> Self {
        let (end, ended) = oneshot::channel();
        let (ready, address) = sync_channel(1);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                    .await
                    .expect("a port");
                ready
                    .send(listener.local_addr().expect("an address"))
                    .expect("the test waits");
                tokio::select! {
                    _ = ended => {}
                    () = serve(listener, manner, tls) => {}
                }
            });
        });
        Self {
            address: address.recv_timeout(SOON).expect("the server listens"),
            _end: end,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }
}

async fn serve(listener: TcpListener, manner: Manner, tls: Option<Arc<ServerConfig>>) {
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        number += 1;
        let (manner, tls) = (manner.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve_client(stream, manner, number).await,
                Some(config) => {
                    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                        serve_client(stream, manner, number).await;
                    }
                }
            }
        });
    }
}

/// A stream whose connection can be reset.
trait Reset {
    fn reset(&self);
}

impl Reset for TcpStream {
    fn reset(&self) {
        #[expect(deprecated, reason = "a lingering time of zero never blocks")]
        self.set_linger(Some(Duration::ZERO))
            .expect("an option of the socket");
    }
}

impl Reset for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.reset();
    }
}

async fn serve_client<S: AsyncRead + AsyncWrite + Unpin + Reset>(
    mut stream: S,
    manner: Manner,
    number: u32,
) {
    match manner {
        Manner::Mute => {
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        Manner::Http(answer) => {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        _ => {}
    }
    let mut headers = Vec::new();
    let chosen = if let Manner::Headers(chosen) = manner {
        chosen
    } else {
        None
    };
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let inspect = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        for (name, value) in request.headers() {
            headers.push(format!("{name}: {}", value.to_str().unwrap_or_default()));
        }
        if let Some(chosen) = chosen {
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen.parse().expect("a value"));
        }
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, inspect).await else {
        return;
    };
    let hello = Message::text(format!("hello {number}"));
    match manner {
        Manner::Echo => echo(socket).await,
        Manner::EchoAfter(ms) => {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    let _ = socket.send(message).await;
                }
            }
        }
        Manner::Close(code, reason) => {
            let _ = socket.send(hello).await;
            let _ = socket
                .close(Some(CloseFrame {
                    code: code.into(),
                    reason: reason.into(),
                }))
                .await;
            while socket.next().await.is_some_and(|read| read.is_ok()) {}
        }
        Manner::Reset => {
            let _ = socket.send(hello).await;
            socket.get_ref().reset();
        }
        Manner::Deaf => std::future::pending().await,
        Manner::Large(bytes) => {
            let _ = socket.send(Message::text("x".repeat(bytes))).await;
            echo(socket).await;
        }
        Manner::Headers(_) => {
            for header in headers {
                let _ = socket.send(Message::text(header)).await;
            }
            echo(socket).await;
        }
        Manner::Flood(messages) => {
            for number in 0..messages {
                if socket
                    .feed(Message::text(format!("{{\"n\":{number}}}")))
                    .await
                    .is_err()
                {
                    return;
                }
            }
            let _ = socket.close(None).await;
            while socket.next().await.is_some_and(|read| read.is_ok()) {}
        }
        Manner::Mute | Manner::Http(_) => {}
    }
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}
