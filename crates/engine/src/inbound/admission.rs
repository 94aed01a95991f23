//! Decides which connections are admitted: those with the opening handshake of
//! a board (docs/protocol.md, "Outbound connections"), or with that of a Shelly
//! that then says which one it is, that do not come from a web page.

use std::{net::SocketAddr, time::Duration};

use families::Family;
use futures_util::StreamExt;
use protocol::{
    board_id,
    outbound::{ENCRYPTION_FIELD, ID_FIELD},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
    },
};

use net::handshake::{is_of_a_web_page, limits, refuse, take_subprotocol};
use sanitize::bounds;

use super::InboundSocket;
use crate::transport::tungstenite::Stream;

/// How long the opening handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The subprotocol that a Shelly offers (its documentation, "RPC channels",
/// outbound WebSocket).
const SHELLY: &str = "json-rpc";

/// What the handshake states.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stated {
    /// A board of ours.
    Board { id: String, locked: bool },
    /// A Shelly, which says only in its first message which one it is.
    Shelly,
}

/// Answers an opening handshake; `None` if it was refused or is invalid.
pub(super) async fn admit(stream: TcpStream, from: SocketAddr) -> Option<InboundSocket> {
    let _ = stream.set_nodelay(true);
    let mut stated = None;
    #[expect(clippy::result_large_err, reason = "tungstenite's own type")]
    let judge = |request: &Request, response: Response| {
        let (response, board) = judge(request, response)?;
        stated = Some(board);
        Ok(response)
    };
    let shaken = timeout(
        HANDSHAKE,
        accept_hdr_async_with_config(stream, judge, Some(limits())),
    )
    .await;
    match shaken {
        Ok(Ok(socket)) => {
            let socket = Box::new(socket);
            match stated? {
                Stated::Board { id, locked } => Some(InboundSocket::new(id, locked, from, socket)),
                Stated::Shelly => shelly(socket, from).await,
            }
        }
        Ok(Err(error)) => {
            log::info!(
                "{from} connected and was refused: {}",
                bounds::text(error.to_string())
            );
            None
        }
        Err(_) => {
            log::debug!(
                "{from} connected and did not complete the handshake within {} s",
                HANDSHAKE.as_secs()
            );
            None
        }
    }
}

/// Waits for the first message of a Shelly; `None` if it is something else.
async fn shelly(mut socket: Stream, from: SocketAddr) -> Option<InboundSocket> {
    let first = timeout(HANDSHAKE, socket.next()).await.ok()??.ok()?;
    let Message::Text(first) = first else {
        log::info!("{from} connected as a Shelly and sent no text");
        return None;
    };
    let Some(id) = families::shelly_inbound_id(&first) else {
        log::info!("{from} connected as a Shelly and did not say which one it is");
        return None;
    };
    let inbound = InboundSocket::new(id, false, from, socket);
    Some(inbound.of(Family::Shelly, first.as_str().to_owned()))
}

#[expect(clippy::result_large_err, reason = "tungstenite's own type")]
fn judge(request: &Request, mut response: Response) -> Result<(Response, Stated), ErrorResponse> {
    let headers = request.headers();
    if is_of_a_web_page(request) {
        return Err(refuse(StatusCode::FORBIDDEN, "web pages are not boards"));
    }
    if !headers.contains_key(ID_FIELD) && offers(request, SHELLY) {
        response.headers_mut().insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SHELLY),
        );
        return Ok((response, Stated::Shelly));
    }
    let id = headers
        .get(ID_FIELD)
        .and_then(|value| value.to_str().ok())
        .filter(|id| board_id(id).is_ok());
    let Some(id) = id else {
        let why = "a board states its id in Switchboard-Id: 1 to 63 lowercase letters, \
             digits and hyphens";
        return Err(refuse(StatusCode::BAD_REQUEST, why));
    };
    take_subprotocol(request, &mut response)?;
    let stated = Stated::Board {
        id: id.to_owned(),
        locked: headers.contains_key(ENCRYPTION_FIELD),
    };
    Ok((response, stated))
}

/// Whether the client offers this subprotocol.
fn offers(request: &Request, name: &str) -> bool {
    let offered = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    offered
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Result<Result<Stated, u16>, Box<dyn std::error::Error>> {
        let mut request = Request::builder().uri("/boards");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let judged = judge(&request.body(())?, Response::new(()));
        Ok(judged
            .map(|(_, stated)| stated)
            .map_err(|refusal| refusal.status().as_u16()))
    }

    #[test]
    fn a_peer_that_states_its_id_and_is_not_a_web_page_is_admitted()
    -> Result<(), Box<dyn std::error::Error>> {
        let (id, locked) = (
            ("Switchboard-Id", "lamp-0a1b2c"),
            ("switchboard-encryption", "Noise_…"),
        );
        let lamp = |locked| {
            Ok(Stated::Board {
                id: "lamp-0a1b2c".into(),
                locked,
            })
        };
        let long = "x".repeat(64);
        for (headers, expected) in [
            (&[id][..], lamp(false)),
            (&[id, locked], lamp(true)),
            (
                &[id, ("Sec-WebSocket-Protocol", "other, switchboard.v1")],
                lamp(false),
            ),
            (
                &[id, ("Sec-WebSocket-Protocol", "switchboard.v2")],
                Err(400),
            ),
            (
                &[("Sec-WebSocket-Protocol", "json-rpc")],
                Ok(Stated::Shelly),
            ),
            (
                &[("Sec-WebSocket-Protocol", "json-rpc"), ("Origin", "null")],
                Err(403),
            ),
            (&[("Sec-WebSocket-Protocol", "other")], Err(400)),
            (&[], Err(400)),
            (&[("Switchboard-Id", "")], Err(400)),
            (&[("Switchboard-Id", "Lamp")], Err(400)),
            (&[("Switchboard-Id", "lamp 1")], Err(400)),
            (&[("Switchboard-Id", long.as_str())], Err(400)),
            (&[id, ("Origin", "http://192.168.1.5")], Err(403)),
            (&[id, ("Origin", "null")], Err(403)),
        ] {
            assert_eq!(answer(headers)?, expected, "{headers:?}");
        }
        Ok(())
    }
}
