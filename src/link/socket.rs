//! The one file that knows ewebsock: opens a socket, hands over what arrives, and puts its error texts into an [`Ending`].
//! Decides nothing about links. Needs an entered `current_thread` runtime: on another one ewebsock reorders what is sent.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ewebsock::{Options, WsEvent, WsMessage};
use protocol::SUBPROTOCOL;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{bounds, state::Ending, target::Destination};
use crate::dial::{Unreached, reach};

/// What of one socket may wait to be read, in bytes. A board sends a few messages a second, of 4 KiB at most; one that sends
/// thousands is cut off.
const UNREAD: usize = 1_024 * 1_024;

/// What an event costs beside its payload, in bytes: so 1,024 empty ones may wait.
const EVENT: usize = 1_024;

/// What a socket tells.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// This address answered.
    Reached(String),
    /// It is open.
    Opened,
    /// A text message came.
    Text(String),
    /// A binary message came: of a locked board.
    Binary(Vec<u8>),
    /// A ping came, and is answered by the library.
    Ping,
    /// A pong came.
    Pong,
    /// It ended, or never opened. Nothing comes after it.
    Ended(Ending),
}

impl SocketEvent {
    /// In bytes, roughly.
    fn cost(&self) -> usize {
        EVENT
            + match self {
                Self::Text(text) => text.len(),
                Self::Binary(bytes) => bytes.len(),
                Self::Reached(_) | Self::Opened | Self::Ping | Self::Pong | Self::Ended(_) => 0,
            }
    }
}

/// Shared between a socket and its reader: how many bytes were told and not yet read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// An event was read. What is told once, at the end, is not counted.
    pub(crate) fn read(&self, event: &SocketEvent) {
        if !matches!(event, SocketEvent::Ended(_)) {
            self.0.fetch_sub(event.cost(), Ordering::Relaxed);
        }
    }

    /// Notes an event that is told, unless that would be too much.
    fn add(&self, event: &SocketEvent) -> bool {
        let cost = event.cost();
        let bounded = |unread: usize| unread.checked_add(cost).filter(|unread| *unread <= UNREAD);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, bounded).is_ok()
    }
}

/// A socket. Dropped, it sends a close frame and goes.
pub(crate) enum Socket {
    /// A board connected to this program; who writes is given what to send.
    Accepted(UnboundedSender<ToSend>),
}

/// A message to be sent.
#[derive(Debug)]
pub(crate) enum ToSend {
    Text(String),
    Binary(Vec<u8>),
}

impl Socket {
    /// Starts to open a socket, for this subprotocol where there is one. `tell` gets what comes of it, on the thread of the runtime; for each event the
    /// reader calls [`Unread::read`].
    pub(crate) fn open(
        to: Destination,
        path: impl Into<String>,
        subprotocol: Option<&'static str>,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + Sync + 'static,
    ) -> Self {
        let (path, (sender, mut to_send)) = (path.into(), unbounded_channel());
        let teller = Teller::new(tell, unread);
        tokio::spawn(async move {
            let reached = tokio::select! {
                reached = reach(&to.addresses, &to.last) => reached,
                _ = to_send.recv() => return,
            };
            let address = match reached {
                Ok(reached) => reached.address,
                Err(Unreached::Elsewhere { addresses }) => return teller.end(Ending::Elsewhere(addresses)),
                Err(error) => return teller.end(Ending::NoConnection(bounds::text(error.to_string()))),
            };
            teller.tell(SocketEvent::Reached(address.to_string()));
            let options = Options {
                max_incoming_frame_size: bounds::MESSAGE,
                subprotocols: subprotocol.map(str::to_owned).into_iter().collect(),
                ..Options::default()
            };
            let on_event = move |event| {
                teller.event(event);
                ControlFlow::Continue(())
            };
            let url = format!("ws://{}{path}", address.authority());
            let Ok(mut sender) = ewebsock::ws_connect(url, options, Box::new(on_event)) else { return };
            while let Some(message) = to_send.recv().await {
                sender.send(match message {
                    ToSend::Text(text) => WsMessage::Text(text),
                    ToSend::Binary(bytes) => WsMessage::Binary(bytes),
                });
            }
        });
        Self::Accepted(sender)
    }

    pub(crate) fn send(&mut self, text: String) {
        let Self::Accepted(sender) = self;
        drop(sender.send(ToSend::Text(text)));
    }

    pub(crate) fn send_binary(&mut self, bytes: Vec<u8>) {
        let Self::Accepted(sender) = self;
        drop(sender.send(ToSend::Binary(bytes)));
    }
}

/// Tells what comes of a socket, within its bounds. Lives in the socket's task; that it is dropped is the only sign of some endings.
pub(crate) struct Teller<F: Fn(SocketEvent)> {
    tell: F,
    unread: Unread,
    opened: AtomicBool,
    ended: AtomicBool,
}

impl<F: Fn(SocketEvent)> Teller<F> {
    /// For a socket that is not open yet.
    pub(crate) fn new(tell: F, unread: Unread) -> Self {
        Self { tell, unread, opened: AtomicBool::new(false), ended: AtomicBool::new(false) }
    }

    fn event(&self, event: WsEvent) {
        match event {
            WsEvent::Opened => {
                self.opened.store(true, Ordering::Relaxed);
                self.tell(SocketEvent::Opened);
            }
            WsEvent::Message(WsMessage::Text(text)) => self.tell(SocketEvent::Text(text)),
            WsEvent::Message(WsMessage::Binary(bytes)) => self.tell(SocketEvent::Binary(bytes)),
            WsEvent::Message(WsMessage::Ping(_)) => self.tell(SocketEvent::Ping),
            WsEvent::Message(WsMessage::Pong(_) | WsMessage::Unknown(_)) => self.tell(SocketEvent::Pong),
            WsEvent::Closed => self.end(Ending::Closed),
            WsEvent::Error(text) => self.end(classify(&text, self.opened.load(Ordering::Relaxed))),
        }
    }

    /// Tells an event; one that is too much is the end. Nothing is told after that.
    pub(crate) fn tell(&self, event: SocketEvent) {
        if self.ended.load(Ordering::Relaxed) {
            return;
        }
        if event.cost() > EVENT + bounds::MESSAGE {
            let length = event.cost() - EVENT;
            return self.end(Ending::Misbehaved(format!("a message of {length} bytes is too long")));
        }
        if !self.unread.add(&event) {
            return self.end(Ending::Misbehaved("messages came faster than they were read".to_owned()));
        }
        (self.tell)(event);
    }

    /// Whether the end was told.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Tells the end, once.
    pub(crate) fn end(&self, ending: Ending) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            (self.tell)(SocketEvent::Ended(ending));
        }
    }
}

impl<F: Fn(SocketEvent)> Drop for Teller<F> {
    fn drop(&mut self) {
        self.end(Ending::Closed);
    }
}

/// ewebsock hands on what tungstenite 0.24 prints (its `src/error.rs`); there is nothing better than the text.
fn classify(text: &str, opened: bool) -> Ending {
    let rest = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned);
    if opened {
        let misbehaved = rest("WebSocket protocol error: ")
            .filter(|reason| !reason.contains("without closing handshake"))
            .or_else(|| rest("Space limit exceeded: "))
            .or_else(|| text.starts_with("UTF-8").then(|| text.to_owned()));
        return misbehaved.map_or(Ending::Closed, |reason| Ending::Misbehaved(bounds::text(reason)));
    }
    if let Some(status) = rest("HTTP error: ") {
        return match status.get(..3) {
            Some("503") => Ending::AllPlacesTaken,
            Some("403") => Ending::Forbidden(format!("it answers HTTP {status}")),
            // This program's handshake is a valid one: what can be wrong with it is the subprotocol it names.
            Some("400" | "426") => Ending::OtherSubprotocol(format!("another subprotocol (HTTP {status})")),
            // RFC 9110, section 15.5.20. A board cannot tell a name of DNS from one that a stranger had point at it.
            Some("421") => Ending::NotWebSocket(format!(
                "it does not go by that name, use its IP address or a name under .local (HTTP {status})"
            )),
            _ => Ending::NotWebSocket(format!("it answers HTTP {status}")),
        };
    }
    if text.contains("SubProtocol error") {
        return Ending::OtherSubprotocol(format!("a subprotocol other than {SUBPROTOCOL}"));
    }
    if let Some(reason) = rest("IO error: ") {
        return Ending::NoConnection(bounds::text(reason));
    }
    if text.contains("Handshake not finished") {
        return Ending::NoConnection("the connection was closed before it was open".to_owned());
    }
    Ending::NotWebSocket(bounds::text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{Ipv4Addr, TcpListener},
        thread,
        time::Duration,
    };

    use tokio::{runtime::Builder, sync::mpsc, time::timeout};

    use super::*;

    /// How it ended with a server that takes one connection, sends these bytes and waits.
    fn sent(bytes: Vec<u8>) -> Option<Ending> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            let mut served = tungstenite::accept(stream).expect("a handshake");
            // The client may be gone before all of it was sent.
            let _ = served.get_mut().write_all(&bytes);
            let _ = served.read();
        });
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let ending = runtime.block_on(async {
            let (tell, mut told) = mpsc::unbounded_channel();
            let tell = move |event| drop(tell.send(event));
            let addresses = crate::address::Candidates::given(address.to_string().parse().expect("an address"));
            let to = Destination { addresses, last: Vec::new() };
            let _socket = Socket::open(to, "/", None, Unread::default(), tell);
            let ended = async {
                loop {
                    match told.recv().await {
                        Some(SocketEvent::Ended(ending)) => return Some(ending),
                        Some(_) => {}
                        None => return None,
                    }
                }
            };
            timeout(Duration::from_secs(10), ended).await.unwrap_or_default()
        });
        drop(runtime);
        server.join().expect("the server ends");
        ending
    }

    /// A frame of a server: 64 KiB, which a frame may have.
    fn frame(first: u8) -> Vec<u8> {
        let length = u64::try_from(bounds::MESSAGE).expect("it fits").to_be_bytes();
        [&[first, 127][..], &length, &vec![b'x'; bounds::MESSAGE]].concat()
    }

    const TEXT_THAT_GOES_ON: u8 = 0x01;
    const CONTINUATION: u8 = 0x00;
    const LAST: u8 = 0x80;

    #[test]
    fn a_message_that_never_ends_is_cut_off_at_what_tungstenite_gathers() {
        let mut fragments = frame(TEXT_THAT_GOES_ON);
        fragments.extend(frame(CONTINUATION).repeat(64 * 1_024 * 1_024 / bounds::MESSAGE));
        let ending = sent(fragments);
        assert!(matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("too long")), "{ending:?}");
    }

    #[test]
    fn a_message_in_fragments_that_is_longer_than_any_that_is_read_ends_the_link() {
        let fragments = [frame(TEXT_THAT_GOES_ON), frame(CONTINUATION), frame(LAST)].concat();
        let ending = sent(fragments);
        assert!(matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("196608 bytes")), "{ending:?}");
    }

    #[test]
    fn a_frame_longer_than_any_message_is_refused_from_its_header() {
        let ending = sent(vec![0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]);
        assert!(matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("too long")), "{ending:?}");
    }

    #[test]
    fn what_waits_to_be_read_is_bounded_in_bytes() {
        let unread = Unread::default();
        let small = SocketEvent::Ping;
        let large = SocketEvent::Text("x".repeat(bounds::MESSAGE));
        let added = (0..100).take_while(|_| unread.add(&large)).count();
        assert_eq!(added, 15);
        assert!(unread.add(&small));
        unread.read(&large);
        assert!(unread.add(&large) && !unread.add(&large));
        let unread = Unread::default();
        assert_eq!((0..2_000).take_while(|_| unread.add(&small)).count(), 1_024);
    }

    #[test]
    fn a_refusal_is_told_by_what_tungstenite_prints() {
        assert_eq!(classify("HTTP error: 503 Service Unavailable", false), Ending::AllPlacesTaken);
        assert!(
            matches!(classify("HTTP error: 404 Not Found", false), Ending::NotWebSocket(text) if text.contains("404"))
        );
        let subprotocol = "WebSocket protocol error: SubProtocol error: Server sent no subprotocol";
        assert!(matches!(classify(subprotocol, false), Ending::OtherSubprotocol(_)));
        let refused = "IO error: Connection refused (os error 111)";
        assert_eq!(classify(refused, false), Ending::NoConnection("Connection refused (os error 111)".into()));
    }

    #[test]
    fn a_lost_connection_is_told_apart_from_a_broken_protocol() {
        let reset = "WebSocket protocol error: Connection reset without closing handshake";
        assert_eq!(classify(reset, true), Ending::Closed);
        assert_eq!(classify("IO error: Connection reset by peer (os error 104)", true), Ending::Closed);
        let invalid = "WebSocket protocol error: Reserved bits are non-zero";
        assert!(matches!(classify(invalid, true), Ending::Misbehaved(_)));
    }
}
