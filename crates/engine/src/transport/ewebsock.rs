//! Outbound links over ewebsock. The only file that uses the library. It must
//! run on a `current_thread` runtime: on another one ewebsock reorders
//! messages.
//!
//! Limits of ewebsock 0.8: it cannot cancel an attempt before its handshake is
//! over, so the socket stays until the peer or the system closes it; bound a
//! fragmented message below 64 MiB; turn off Nagle's algorithm; send a close
//! frame after an error; report errors other than as text; take over a
//! connection; or try several addresses. So if a board has several addresses,
//! the one that answers first is found with a connection that is closed again;
//! and a link-local IPv6 address, which a URL cannot contain, is refused.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};

use ewebsock::{Options, WsEvent, WsMessage};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use link::socket::Ending;
use net::client::find;
use protocol::SUBPROTOCOL;
use sanitize::bounds;

use super::{
    Attempt, Payload, Reporter, Request, SocketEvent, canceled, refused_with, slot, unreached,
};

/// Makes one attempt, and forwards messages until the socket is dropped.
pub(super) async fn run<F: Fn(SocketEvent) + Send + Sync + 'static>(
    attempt: Attempt,
    request: Request,
    mut to_send: UnboundedReceiver<Payload>,
    reporter: Reporter<F>,
) {
    let Attempt {
        to,
        attempts,
        priority,
        held,
    } = attempt;
    let Request { path, subprotocol } = request;
    let host = to.host();
    let slot = tokio::select! {
        slot = slot(&attempts, &host, priority, &reporter) => slot,
        () = canceled(&mut to_send) => return,
    };
    match slot {
        // The socket may outlast it: ewebsock does not report when a canceled
        // attempt ends.
        Ok(slot) => held.hold(slot),
        Err(ending) => return reporter.end(ending),
    }
    let address = tokio::select! {
        found = find(&to.addresses, &to.last) => match found.map_err(unreached) {
            Ok(address) if address.has_zone() => {
                let why = "ewebsock cannot connect to a link-local IPv6 address; the transport \
                     tungstenite can";
                return reporter.end(Ending::NoConnection(why.to_owned()));
            }
            Ok(address) => address,
            Err(ending) => return reporter.end(ending),
        },
        () = canceled(&mut to_send) => return,
    };
    reporter.tell(SocketEvent::Reached(address.to_string()));
    let options = Options {
        max_incoming_frame_size: protocol::limits::MESSAGE_INTO_CONTROLLER,
        subprotocols: subprotocol.map(str::to_owned).into_iter().collect(),
        ..Options::default()
    };
    let opened = AtomicBool::new(false);
    let on_event = move |event| {
        match event {
            WsEvent::Opened => {
                opened.store(true, Ordering::Relaxed);
                reporter.tell(SocketEvent::Opened);
            }
            WsEvent::Message(WsMessage::Text(text)) => reporter.tell(SocketEvent::Text(text)),
            WsEvent::Message(WsMessage::Binary(bytes)) => reporter.tell(SocketEvent::Binary(bytes)),
            WsEvent::Message(WsMessage::Ping(_)) => reporter.tell(SocketEvent::Ping),
            WsEvent::Message(WsMessage::Pong(_) | WsMessage::Unknown(_)) => {
                reporter.tell(SocketEvent::Pong);
            }
            WsEvent::Closed => reporter.end(Ending::Closed),
            WsEvent::Error(text) => reporter.end(classify(&text, opened.load(Ordering::Relaxed))),
        }
        ControlFlow::Continue(())
    };
    // On this runtime it cannot fail; the outcome of the attempt is an event.
    if let Ok(mut sender) = ewebsock::ws_connect(
        format!("ws://{}{path}", address.authority()),
        options,
        Box::new(on_event),
    ) {
        while let Some(message) = to_send.next().await {
            sender.send(match message {
                Payload::Text(text) => WsMessage::Text(text),
                Payload::Binary(bytes) | Payload::Mqtt { payload: bytes, .. } => {
                    WsMessage::Binary(bytes)
                }
            });
        }
    }
}

/// ewebsock reports only the text that tungstenite 0.24 prints (its
/// `src/error.rs`).
fn classify(text: &str, opened: bool) -> Ending {
    let rest = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned);
    if opened {
        let misbehaved = rest("WebSocket protocol error: ")
            .filter(|reason| !reason.contains("without closing handshake"))
            .or_else(|| rest("Space limit exceeded: "))
            .or_else(|| text.starts_with("UTF-8").then(|| text.to_owned()));
        return misbehaved.map_or(Ending::Closed, |reason| {
            Ending::Misbehaved(bounds::text(reason))
        });
    }
    if let Some(shown) = rest("HTTP error: ") {
        let status = shown
            .get(..3)
            .and_then(|status| status.parse().ok())
            .unwrap_or_default();
        return refused_with(status, &shown);
    }
    // Boards of ours choose the subprotocol (docs/protocol.md, "HTTP").
    if text.contains("Server sent no subprotocol") {
        return Ending::NotWebSocket(format!("it does not choose the subprotocol {SUBPROTOCOL}"));
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
    fn a_refusal_is_classified_by_the_text_of_tungstenite() {
        assert_eq!(
            classify("HTTP error: 503 Service Unavailable", false),
            Ending::AllSlotsTaken
        );
        assert!(matches!(classify("HTTP error: 404 Not \
                 Found", false), Ending::NotWebSocket(text) if text.contains("404")));
        let subprotocol = "WebSocket protocol error: SubProtocol error: Server sent no subprotocol";
        assert!(matches!(
            classify(subprotocol, false),
            Ending::NotWebSocket(_)
        ));
        let refused = "IO error: Connection refused (os error 111)";
        assert_eq!(
            classify(refused, false),
            Ending::NoConnection("Connection refused (os error 111)".into())
        );
    }

    #[test]
    fn a_lost_connection_is_distinguished_from_a_protocol_violation() {
        let reset = "WebSocket protocol error: Connection reset without closing handshake";
        assert_eq!(classify(reset, true), Ending::Closed);
        assert_eq!(
            classify("IO error: Connection reset by peer (os error 104)", true),
            Ending::Closed
        );
        let invalid = "WebSocket protocol error: Reserved bits are non-zero";
        assert!(matches!(classify(invalid, true), Ending::Misbehaved(_)));
    }
}
