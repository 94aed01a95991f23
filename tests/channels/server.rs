//! A server on loopback with manners, good and bad: tokio-tungstenite's side
//! that accepts, on a thread of its own; and somebody who waits on a channel.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use switchboard::channel::{
    Cause, Channel, Content, DRAWING, Direction, Entry, Full, Host, Settings, View, What,
};
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

/// Long enough for a loaded machine; what passes takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// How a server behaves.
#[derive(Clone)]
pub(crate) enum Manner {
    /// It sends back what comes.
    Echo,
    /// It sends back what comes, so many milliseconds later.
    EchoAfter(u64),
    /// It says `hello N`, the number of the connection, and closes with this
    /// code and reason.
    Close(u16, &'static str),
    /// It says hello and resets the connection.
    Reset,
    /// It takes the connection and says nothing.
    Mute,
    /// It opens the channel and reads nothing.
    Deaf,
    /// It sends a text of so many bytes, in fragments.
    Large(usize),
    /// It answers this in HTTP.
    Http(&'static str),
    /// It sends the headers of the request, one a message, and chooses this
    /// subprotocol.
    Headers(Option<&'static str>),
    /// It sends so many numbered messages as fast as they are taken, then
    /// closes.
    Flood(u32),
}

/// A server; it ends with this.
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
        let (ready, told) = sync_channel(1);
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
            address: told.recv_timeout(SOON).expect("the server listens"),
            _end: end,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.url().parse().expect("an address"))
    }
}

async fn serve(listener: TcpListener, manner: Manner, tls: Option<Arc<ServerConfig>>) {
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        number += 1;
        let (manner, tls) = (manner.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => behave(stream, manner, number).await,
                Some(config) => {
                    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                        behave(stream, manner, number).await;
                    }
                }
            }
        });
    }
}

/// What can be cut off.
trait Resets {
    fn resets(&self);
}

impl Resets for TcpStream {
    fn resets(&self) {
        #[expect(deprecated, reason = "a lingering time of zero never blocks")]
        self.set_linger(Some(Duration::ZERO))
            .expect("an option of the socket");
    }
}

impl Resets for tokio_rustls::server::TlsStream<TcpStream> {
    fn resets(&self) {
        self.get_ref().0.resets();
    }
}

async fn behave<S: AsyncRead + AsyncWrite + Unpin + Resets>(
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
    let look = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
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
    let Ok(mut socket) = accept_hdr_async(stream, look).await else {
        return;
    };
    let hello = Message::Text(format!("hello {number}"));
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
            socket.get_ref().resets();
        }
        Manner::Deaf => std::future::pending().await,
        Manner::Large(bytes) => {
            let _ = socket.send(Message::Text("x".repeat(bytes))).await;
            echo(socket).await;
        }
        Manner::Headers(_) => {
            for header in headers {
                let _ = socket.send(Message::Text(header)).await;
            }
            echo(socket).await;
        }
        Manner::Flood(messages) => {
            for number in 0..messages {
                if socket
                    .feed(Message::Text(format!("{{\"n\":{number}}}")))
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

/// Somebody who waits on a channel.
pub(crate) struct Waiting {
    pub(crate) channel: Channel,
    woken: Receiver<()>,
    next: u64,
    pub(crate) seen: Vec<Arc<Entry>>,
    pub(crate) forgotten: u64,
}

impl Waiting {
    pub(crate) fn open(host: &Host, settings: Settings) -> Self {
        let (wake, woken) = sync_channel(1);
        // Who must have everything takes it as it comes; who looks on is woken
        // as a window is.
        let every = if settings.keep.full == Full::Wait {
            Duration::ZERO
        } else {
            DRAWING
        };
        let channel = host.open(settings, every, move || {
            let _ = wake.try_send(());
        });
        Self {
            channel,
            woken,
            next: 0,
            seen: Vec::new(),
            forgotten: 0,
        }
    }

    /// Looks each time that it is woken, until what is there passes.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&View, &[Arc<Entry>]) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            let view = self.channel.view();
            let since = self.channel.since(self.next, usize::MAX);
            self.next = since.next;
            self.forgotten += since.forgotten;
            self.seen.extend(since.entries);
            if let Some(found) = find(&view, &self.seen) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.woken.recv_timeout(left).is_err() {
                let last: Vec<_> = self.seen.iter().rev().take(20).collect();
                panic!("not within {SOON:?}: {what}; {view:#?}; newest first: {last:#?}");
            }
        }
    }

    pub(crate) fn is_open(&mut self) {
        self.until("it is open", |view, _| view.state.is_open().then_some(()));
    }

    pub(crate) fn hears(&mut self, text: &str) {
        self.until(text, |_, seen| {
            came(seen)
                .any(|content| content.text() == Some(text))
                .then_some(())
        });
    }

    /// Why the first, the second and so on life ended, `nth` from 0.
    pub(crate) fn end(&mut self, nth: usize) -> Cause {
        self.until("it ends", |view, _| {
            view.lives.get(nth).map(|life| life.cause.clone())
        })
    }
}

/// The messages that came.
pub(crate) fn came(seen: &[Arc<Entry>]) -> impl Iterator<Item = &Content> {
    seen.iter().filter_map(|entry| match &entry.what {
        What::Message(Direction::In, content) => Some(content),
        _ => None,
    })
}

pub(crate) fn text(text: &str) -> Content {
    Content::Text(text.into())
}
