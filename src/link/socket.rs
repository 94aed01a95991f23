//! The one file that knows ewebsock: opens a socket, hands over what arrives, and puts its error texts into an [`Ending`].
//! Decides nothing about links. Needs an entered `current_thread` runtime: on another one ewebsock reorders what is sent.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use ewebsock::{Options, WsEvent, WsMessage, WsSender};
use protocol::SUBPROTOCOL;

use super::{bounds, state::Ending};

/// Messages of one socket that may wait to be read. A board sends a few a second; one that sends thousands is cut off.
const UNREAD: usize = 1_024;

/// What a socket tells.
#[derive(Debug)]
pub(crate) enum SocketEvent {
    /// It is open.
    Opened,
    /// A text message came.
    Text(String),
    /// A binary message came; this program asks for none.
    Binary(Vec<u8>),
    /// A ping came, and is answered by the library.
    Ping,
    /// A pong came.
    Pong,
    /// It ended, or never opened. Nothing comes after it.
    Ended(Ending),
}

/// Shared between a socket and its reader: how many events were told and not yet read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<AtomicUsize>);

impl Unread {
    /// An event was read. What is told once, at the end, is not counted.
    pub(crate) fn read(&self, event: &SocketEvent) {
        if !matches!(event, SocketEvent::Ended(_)) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn add_one(&self) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// A socket. Dropped, it sends a close frame and goes.
pub(crate) struct Socket {
    sender: WsSender,
}

impl Socket {
    /// Starts to open a socket. `tell` gets what comes of it, on the thread of the runtime; for each event the
    /// reader calls [`Unread::read`].
    ///
    /// # Errors
    /// In ewebsock's words.
    pub(crate) fn open(
        url: String,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + 'static,
    ) -> Result<Self, Ending> {
        let options = Options {
            max_incoming_frame_size: bounds::MESSAGE,
            subprotocols: vec![SUBPROTOCOL.to_owned()],
            ..Options::default()
        };
        let teller = Teller { tell, unread, opened: AtomicBool::new(false), ended: AtomicBool::new(false) };
        let on_event = move |event| {
            teller.event(event);
            ControlFlow::Continue(())
        };
        let sender = ewebsock::ws_connect(url, options, Box::new(on_event)).map_err(Ending::NoConnection)?;
        Ok(Self { sender })
    }

    pub(crate) fn send(&mut self, text: String) {
        self.sender.send(WsMessage::Text(text));
    }
}

/// Lives in ewebsock's task; that it is dropped is the only sign of some endings.
struct Teller<F: Fn(SocketEvent)> {
    tell: F,
    unread: Unread,
    opened: AtomicBool,
    ended: AtomicBool,
}

impl<F: Fn(SocketEvent)> Teller<F> {
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

    fn tell(&self, event: SocketEvent) {
        if self.ended.load(Ordering::Relaxed) {
            return;
        }
        if self.unread.add_one() >= UNREAD {
            return self.end(Ending::Misbehaved(format!("{UNREAD} messages came faster than they were read")));
        }
        (self.tell)(event);
    }

    fn end(&self, ending: Ending) {
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
    use super::*;

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
