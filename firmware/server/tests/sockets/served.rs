//! A board on its own thread, served on a free port of the loopback interface,
//! and a minimal client that exchanges bytes over TCP.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use async_io::{Async, Timer};
use board::{Component, Hardware, Identity, PairingDisplay, Plan, SampleSource};
use edge_nal::TcpAccept;
use edge_nal_std::TcpSocket;
use protocol::{ComponentKey, Epoch, RpcError, State};
use switchboard_server::{Clock, ServerSettings, Shared};

use crate::telemetry::Flood;

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The timeout of a client's reads.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct DeskClock(pub(crate) Instant);

impl Clock for DeskClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep_until(&self, at: Duration) {
        Timer::at(self.0 + at).await;
    }
}

struct Acceptor(Async<TcpListener>);

impl TcpAccept for Acceptor {
    type Error = io::Error;
    type Socket<'a> = TcpSocket;

    async fn accept(&self) -> io::Result<(SocketAddr, TcpSocket)> {
        let (socket, peer) = self.0.accept().await?;
        // As small as on a chip, so that a client that does not read is
        // detected after kilobytes rather than megabytes.
        socket2::SockRef::from(socket.get_ref()).set_send_buffer_size(4_096)?;
        Ok((peer, TcpSocket::new(socket)))
    }
}

/// Hardware that supports everything and reports its restarts.
pub(crate) struct Willing {
    pub(crate) restarted: mpsc::Sender<()>,
    drawn: u64,
    codes: mpsc::Sender<String>,
    /// The source of its samples; none by default.
    pub(crate) samples: Option<Flood>,
}

impl Willing {
    /// Hardware that reports its restarts and pairing codes to these channels.
    pub(crate) fn new(restarted: mpsc::Sender<()>, codes: mpsc::Sender<String>) -> Self {
        Self {
            restarted,
            drawn: 1,
            codes,
            samples: None,
        }
    }
}

impl Hardware for Willing {
    fn set_output(&mut self, _: &ComponentKey, _: &State) -> Result<(), RpcError> {
        Ok(())
    }
    fn read_input(&mut self, _: Duration, _: &ComponentKey) -> Option<State> {
        None
    }
    fn identify(&mut self) {}
    fn reboot(&mut self) {
        let _ = self.restarted.send(());
    }
    fn free_memory(&self) -> Option<u32> {
        None
    }
    fn rssi(&self) -> Option<i8> {
        None
    }
    fn sample_source(&mut self) -> Option<&mut dyn SampleSource> {
        self.samples
            .as_mut()
            .map(|samples| samples as &mut dyn SampleSource)
    }
    /// Not secret, but never repeated.
    fn random(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            self.drawn = self
                .drawn
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = self.drawn.to_be_bytes()[0];
        }
        true
    }
    fn supports_outbound(&self) -> bool {
        true
    }
    fn show_pairing(&mut self, shown: PairingDisplay<'_>) {
        if let PairingDisplay::Code(code) = shown {
            let _ = self.codes.send(code.to_owned());
        }
    }
}

pub(crate) fn plan(controllers: usize) -> Result<Plan, serde_json::Error> {
    let component = |descriptor: &str, state: &str| {
        Ok::<_, serde_json::Error>(Component::new(
            serde_json::from_str(descriptor)?,
            State(serde_json::from_str(state)?),
        ))
    };
    Ok(Plan {
        identity: Identity {
            id: "bench-1".into(),
            name: "Bench <1> & \"lamp\"".into(),
            mac: "02:00:00:00:00:01".into(),
            version: "0.1.0".into(),
            platform: "test".into(),
            board: "none".into(),
        },
        components: vec![
            component(
                r#"{"key":"switch:0","kind":"switch","name":"Switch"}"#,
                r#"{"on":false}"#,
            )?,
            component(
                r#"{"key":"button:0","kind":"button","name":"Button"}"#,
                "{}",
            )?,
            component(
                r#"{"key":"text:0","kind":"text","name":"Text"}"#,
                r#"{"value":""}"#,
            )?,
        ],
        bindings: vec![],
        controllers,
    })
}

type Hand = Box<dyn FnOnce(&Shared<Willing, DeskClock>) + Send>;

/// A served board.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// Receives a value when the hardware is restarted.
    pub(crate) restarted: mpsc::Receiver<()>,
    /// The codes shown during pairing.
    pub(crate) codes: mpsc::Receiver<String>,
    /// Physical operations at the board.
    hands: async_channel::Sender<Hand>,
    thread: Option<JoinHandle<()>>,
    stop: async_channel::Sender<()>,
}

impl Served {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        Self::with(4, |_| {})
    }

    pub(crate) fn with(
        controllers: usize,
        change: impl FnOnce(&mut ServerSettings),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.get_ref().local_addr()?;
        let mut settings = ServerSettings::for_controllers(controllers);
        change(&mut settings);
        let plan = plan(controllers)?;
        let (told, restarted) = mpsc::channel();
        let (shown, codes) = mpsc::channel();
        let (hands, hand) = async_channel::unbounded::<Hand>();
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let thread = thread::spawn(move || {
            let hardware = Willing::new(told, shown);
            let shared = Shared::new(plan, &[], Epoch(1), hardware, DeskClock(Instant::now()))
                .expect("the plan is valid");
            async_io::block_on(async {
                let acceptor = Acceptor(listener);
                let network = edge_nal_std::Stack::new();
                let serving = embassy_futures::select::select(
                    switchboard_server::serve(&acceptor, &shared, &settings),
                    switchboard_server::run_outbound(&network, &shared),
                );
                let serving = embassy_futures::select::select(serving, async {
                    while let Ok(hand) = hand.recv().await {
                        hand(&shared);
                    }
                    core::future::pending::<()>().await;
                });
                embassy_futures::select::select(serving, stopped.recv()).await;
            });
        });
        Ok(Self {
            address,
            restarted,
            codes,
            hands,
            thread: Some(thread),
            stop,
        })
    }

    /// Runs a physical operation on the board's thread and returns its result.
    pub(crate) fn by_hand<R: Send + 'static>(
        &self,
        act: impl FnOnce(&Shared<Willing, DeskClock>) -> R + Send + 'static,
    ) -> Result<R, Box<dyn std::error::Error>> {
        let (done, outcome) = mpsc::channel();
        self.hands
            .send_blocking(Box::new(move |shared| drop(done.send(act(shared)))))?;
        Ok(outcome.recv_timeout(PATIENCE)?)
    }

    /// Adds a key; the first one locks the board.
    pub(crate) fn key(
        &self,
        name: &'static str,
        role: noise::Role,
    ) -> Result<noise::Key, Box<dyn std::error::Error>> {
        Ok(self.by_hand(move |shared| shared.add_key(name, role))??)
    }

    pub(crate) fn client(&self) -> io::Result<Client> {
        Client::of(TcpStream::connect(self.address)?)
    }

    /// Opens a WebSocket on `path`, with these subprotocols offered, if any.
    pub(crate) fn websocket(&self, path: &str, protocols: &str) -> io::Result<(Response, Client)> {
        let mut client = self.client()?;
        let offered = if protocols.is_empty() {
            String::new()
        } else {
            format!("Sec-WebSocket-Protocol: {protocols}\r\n")
        };
        client.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: board.local\r\n\
                 Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offered}\r\n"
            )
            .as_bytes(),
        )?;
        let response = client.response()?;
        Ok((response, client))
    }

    /// Connects a controller.
    pub(crate) fn controller(&self) -> io::Result<Client> {
        let (response, client) = self.websocket("/rpc", "")?;
        if response.status == 101 {
            Ok(client)
        } else {
            Err(io::Error::other(format!("{response:?}")))
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(field, _)| *field == name)
            .map(|(_, v)| v)
    }
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
pub(crate) const FIN: u8 = 0x80;

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// A client on an established connection.
    pub(crate) fn of(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: Vec::new(),
        })
    }

    /// The head, up to and including the empty line.
    pub(crate) fn head(&mut self) -> io::Result<String> {
        let end = loop {
            if let Some(end) = self
                .unread
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break end + 4;
            }
            self.read_more()?;
        };
        Ok(String::from_utf8_lossy(&self.take(end)?).into_owned())
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads exactly `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < length {
            self.read_more()?;
        }
        let rest = self.unread.split_off(length);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4_096];
        match self.stream.read(&mut chunk)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.unread.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }

    pub(crate) fn response(&mut self) -> io::Result<Response> {
        let head = self.head()?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_default();
        let mut response = Response {
            status,
            head,
            body: String::new(),
        };
        let length = response
            .field("Content-Length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        response.body = String::from_utf8_lossy(&self.take(length)?).into_owned();
        Ok(response)
    }

    /// Sends a request and reads its response.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Response> {
        self.send(request.as_bytes())?;
        self.response()
    }

    pub(crate) fn post(&mut self, body: &str) -> io::Result<Response> {
        self.ask(&format!(
            "POST /rpc HTTP/1.1\r\nHost: board.local\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Whether the server has closed the connection.
    pub(crate) fn has_ended(&mut self) -> bool {
        let mut chunk = [0; 64];
        self.unread.is_empty() && matches!(self.stream.read(&mut chunk), Ok(0))
    }

    /// A masked frame; `first` is its first byte.
    pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..=125 => frame.push(0x80 | u8::try_from(short).unwrap_or_default()),
            long => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(long).unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        frame.extend(mask);
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        frame
    }

    pub(crate) fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.send(&Self::frame(FIN | TEXT, text.as_bytes()))
    }

    /// The next frame's opcode and payload.
    pub(crate) fn read_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let header = self.take(2)?;
        let length = match header[1] {
            126 => {
                let length = self.take(2)?;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            127 => return Err(io::Error::other("longer than any test expects")),
            short => usize::from(short),
        };
        Ok((header[0] & 0x0f, self.take(length)?))
    }

    pub(crate) fn send_binary(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send(&Self::frame(FIN | BINARY, payload))
    }

    /// The next binary message.
    pub(crate) fn binary(&mut self) -> io::Result<Vec<u8>> {
        match self.read_frame()? {
            (BINARY, payload) => Ok(payload),
            other => Err(io::Error::other(format!(
                "{other:?} instead of a binary message"
            ))),
        }
    }

    /// The next text message.
    pub(crate) fn text(&mut self) -> io::Result<String> {
        match self.read_frame()? {
            (TEXT, payload) => Ok(String::from_utf8_lossy(&payload).into_owned()),
            other => Err(io::Error::other(format!("{other:?} instead of a text"))),
        }
    }

    /// Reads up to the close frame and returns its code; `None` if the
    /// connection ends without one.
    pub(crate) fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.read_frame() {
                Ok((CLOSE, payload)) => {
                    return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    pub(crate) fn call(&mut self, request: &str) -> io::Result<String> {
        self.send_text(request)?;
        self.text()
    }
}

/// `Sys.Ping` with this id.
pub(crate) fn ping(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"Sys.Ping"}}"#)
}
