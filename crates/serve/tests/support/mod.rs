//! A real server on loopback, and bare clients.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use fleet::{
    BoardChange, BoardKey, BoardView, Candidates, ChangeScope, Fleet, LinkState, Published,
};
use futures_util::{SinkExt, StreamExt};
use remote::wire::{FromWindow, Hello, Token, VERSION, encode};
use serve::{Access, Embedded, Limits, Options, Server, Tls};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderName, StatusCode},
    },
};

/// A test that takes longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const CONTROL: &str = "control-token-0123456789";
pub(crate) const VIEW: &str = "view-token-0123456789";

/// The window's files.
pub(crate) static FILES: &[Embedded] = &[
    Embedded {
        name: "index.html",
        plain: Some(b"<p>the window</p>"),
        brotli: Some(b"index in br"),
        gzip: Some(b"index in gzip"),
    },
    Embedded {
        name: "window-0123456789abcdef.wasm",
        plain: None,
        brotli: Some(b"wasm in br"),
        gzip: Some(b"wasm in gzip"),
    },
];

pub(crate) fn options() -> Options {
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        access: Access {
            control: Some(CONTROL.parse().unwrap()),
            view: Some(VIEW.parse().unwrap()),
        },
        tls: None,
        hosts: Vec::new(),
        limits: Limits::default(),
        files: FILES,
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    pub(crate) published: Published,
    end: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Lab {
    pub(crate) async fn with(options: Options) -> Self {
        let published = Published::default();
        let (fleet, requests) = Fleet::new(published.clone());
        let server = Server::bind(options, Arc::new(fleet)).await.unwrap();
        let address = server.address();
        let (end, ended) = oneshot::channel();
        let running = tokio::spawn(async move {
            let _requests = requests;
            server.run(async { drop(ended.await) }).await;
        });
        Self {
            address,
            published,
            end: Some(end),
            running,
        }
    }

    pub(crate) async fn start() -> Self {
        Self::with(options()).await
    }

    /// Adds a connected board.
    pub(crate) fn publish(&self, name: &str) {
        let key = self.published.new_key();
        let board = Arc::new(board(key, name));
        let change = BoardChange {
            board: &board,
            scope: ChangeScope::Board,
            components: &[],
        };
        self.published.board(change, Vec::new());
    }

    /// Ends the server and waits for that.
    pub(crate) async fn end(mut self) {
        drop(self.end.take());
        timeout(PATIENCE, self.running).await.unwrap().unwrap();
    }

    /// What the server answers to a request, until it closes the connection.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let stream = TcpStream::connect(self.address).await.unwrap();
        exchange(stream, request).await
    }

    /// What it answers to a GET with these further lines in the head.
    pub(crate) async fn get(&self, path: &str, more: &str) -> String {
        let host = self.address;
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n"
        ))
        .await
    }

    /// Opens a WebSocket with these headers.
    ///
    /// # Errors
    /// The status, and the sentence of the refusal.
    pub(crate) async fn open(
        &self,
        headers: &[(&str, &str)],
    ) -> Result<Client, (StatusCode, String)> {
        let mut request = format!("ws://{}/fleet", self.address)
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match timeout(PATIENCE, client_async(request, stream))
            .await
            .unwrap()
        {
            Ok((socket, _)) => Ok(Client(socket)),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status(), String::from_utf8(body).unwrap()))
            }
            Err(error) => unreachable!("{error}"),
        }
    }

    /// A client with this first message.
    pub(crate) async fn client(&self, hello: Vec<u8>) -> Client {
        let mut client = self.open(&[]).await.unwrap();
        client.send(Message::binary(hello)).await;
        client
    }

    /// A client that was admitted, after its first message from the server.
    pub(crate) async fn admitted(&self, token: &str) -> Client {
        let mut client = self.client(hello(Some(token))).await;
        client.binary().await;
        client
    }
}

/// A bare client.
pub(crate) struct Client<S = TcpStream>(pub(crate) WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, message: Message) {
        timeout(PATIENCE, self.0.send(message))
            .await
            .unwrap()
            .unwrap();
    }

    /// The next binary message.
    pub(crate) async fn binary(&mut self) -> Vec<u8> {
        loop {
            match timeout(PATIENCE, self.0.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap()
            {
                Message::Binary(bytes) => return bytes.to_vec(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => unreachable!("{other:?}"),
            }
        }
    }

    /// The code and the reason with which the server closes.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match timeout(PATIENCE, self.0.next()).await.unwrap() {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => unreachable!("closed without a reason: {other:?}"),
            }
        }
    }
}

/// Sends a request and reads until the server closes.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> String {
    let answered = async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    };
    timeout(PATIENCE, answered).await.unwrap()
}

/// A client's first message.
pub(crate) fn hello(token: Option<&str>) -> Vec<u8> {
    hello_of(VERSION, token.unwrap_or_default())
}

/// A client's first message in a version that does not exist yet.
pub(crate) fn newer_hello() -> Vec<u8> {
    hello_of(VERSION + 1, CONTROL)
}

fn hello_of(version: u16, token: &str) -> Vec<u8> {
    let hello = Hello {
        version,
        token: Token::from(token),
        name: "Anna".to_owned(),
    };
    encode(&FromWindow::Hello(hello)).unwrap()
}

/// A self-signed certificate, and its file.
pub(crate) fn certificate() -> (tempfile::TempDir, PathBuf, Tls) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificate.pem");
    let tls = Tls::self_signed(&path, vec!["127.0.0.1".to_owned()]).unwrap();
    (folder, path, tls)
}

fn board(key: BoardKey, name: &str) -> BoardView {
    BoardView {
        id: Some(format!("sb-{:06x}", key.0).into()),
        name: name.into(),
        address: "127.0.0.1:80".into(),
        locked: Some(false),
        link: LinkState::Connected,
        ..BoardView::new(Instant::now(), key, Candidates::default(), false)
    }
}
