//! Links over ewebsock, for connections of this program. The one file that
//! knows the library. It must run on a `current_thread` runtime: on another one
//! ewebsock reorders what is sent.
//!
//! What ewebsock 0.8 cannot do: end an attempt before its handshake is over, so
//! that the socket of one that is given up stays until the other side or the
//! system ends it; bound a message in fragments below 64 MiB; turn off Nagle's
//! algorithm; send a close frame after an error; say what went wrong other than
//! by a text; take a connection over, or connect to one address of several. So
//! where a board has several addresses, the one that answers first is looked
//! for before, with a connection that is closed again; and a link-local IPv6
//! address, which no URL can have, is refused.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};

use ewebsock::{Options, WsEvent, WsMessage};
use protocol::SUBPROTOCOL;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    Opening, SocketEvent, Teller, ToSend, attempts::Held, given_up, refused_with, slot, unreached,
};
use crate::{dial::find, link::state::Ending};
use sanitize::bounds;

/// Makes one attempt, and hands over what is sent until the socket is not
/// wanted any more.
pub(super) async fn run<F: Fn(SocketEvent) + Send + Sync + 'static>(
    opening: Opening,
    mut to_send: UnboundedReceiver<ToSend>,
    teller: Teller<F>,
    held: Held,
) {
    let Opening {
        to,
        path,
        subprotocol,
        attempts,
        standing,
        ..
    } = opening;
    let host = to.host();
    let slot = tokio::select! {
        slot = slot(&attempts, &host, standing, &teller) => slot,
        () = given_up(&mut to_send) => return,
    };
    match slot {
        // The socket may outlast it: it cannot be known when an attempt that is
        // given up ends.
        Ok(slot) => held.hold(slot),
        Err(ending) => return teller.end(ending),
    }
    let address = tokio::select! {
        found = find(&to.addresses, &to.last) => match found.map_err(unreached) {
            Ok(address) if address.has_zone() => {
                let why = "ewebsock cannot connect to a link-local IPv6 address; the transport \
                     tungstenite can";
                return teller.end(Ending::NoConnection(why.to_owned()));
            }
            Ok(address) => address,
            Err(ending) => return teller.end(ending),
        },
        () = given_up(&mut to_send) => return,
    };
    teller.tell(SocketEvent::Reached(address.to_string()));
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
                teller.tell(SocketEvent::Opened);
            }
            WsEvent::Message(WsMessage::Text(text)) => teller.tell(SocketEvent::Text(text)),
            WsEvent::Message(WsMessage::Binary(bytes)) => teller.tell(SocketEvent::Binary(bytes)),
            WsEvent::Message(WsMessage::Ping(_)) => teller.tell(SocketEvent::Ping),
            WsEvent::Message(WsMessage::Pong(_) | WsMessage::Unknown(_)) => {
                teller.tell(SocketEvent::Pong);
            }
            WsEvent::Closed => teller.end(Ending::Closed),
            WsEvent::Error(text) => teller.end(classify(&text, opened.load(Ordering::Relaxed))),
        }
        ControlFlow::Continue(())
    };
    // On this runtime it cannot fail; what becomes of the attempt is an event.
    if let Ok(mut sender) = ewebsock::ws_connect(
        format!("ws://{}{path}", address.authority()),
        options,
        Box::new(on_event),
    ) {
        while let Some(message) = to_send.recv().await {
            sender.send(match message {
                ToSend::Text(text) => WsMessage::Text(text),
                ToSend::Binary(bytes) => WsMessage::Binary(bytes),
            });
        }
    }
}

/// ewebsock passes on what tungstenite 0.24 prints (its `src/error.rs`); there
/// is nothing better than the text.
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
        assert_eq!(
            classify("HTTP error: 503 Service Unavailable", false),
            Ending::AllPlacesTaken
        );
        assert!(matches!(classify("HTTP error: 404 Not \
                 Found", false), Ending::NotWebSocket(text) if text.contains("404")));
        let subprotocol = "WebSocket protocol error: SubProtocol error: Server sent no subprotocol";
        assert!(matches!(
            classify(subprotocol, false),
            Ending::OtherSubprotocol(_)
        ));
        let refused = "IO error: Connection refused (os error 111)";
        assert_eq!(
            classify(refused, false),
            Ending::NoConnection("Connection refused (os error 111)".into())
        );
    }

    #[test]
    fn a_lost_connection_is_told_apart_from_a_broken_protocol() {
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
