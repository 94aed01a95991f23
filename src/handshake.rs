//! What the WebSocket servers of this program have in common in their opening handshake: who is refused, and which subprotocol is taken.
//! They are for programs and boards, never for web pages.

use protocol::SUBPROTOCOL;
use tokio_tungstenite::tungstenite::{
    handshake::server::{ErrorResponse, Request, Response},
    http::{HeaderValue, StatusCode, header},
};

pub(crate) use crate::link::transport::tungstenite::limits;

/// Whether a web page asks: browsers always send `Origin`, and only they do (RFC 6455, section 10.2).
pub(crate) fn is_of_a_web_page(request: &Request) -> bool {
    request.headers().contains_key(header::ORIGIN)
}

/// Takes `switchboard.v1` where it is offered, and none where none is.
///
/// # Errors
/// The refusal, where only others are offered.
#[expect(clippy::result_large_err, reason = "tungstenite's own type")]
pub(crate) fn take_subprotocol(request: &Request, response: &mut Response) -> Result<(), ErrorResponse> {
    let mut offered = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    if offered.peek().is_none() {
        return Ok(());
    }
    if !offered.any(|name| name == SUBPROTOCOL) {
        return Err(refuse(StatusCode::BAD_REQUEST, "the subprotocol is switchboard.v1, or none"));
    }
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(())
}

/// A refusal with a sentence.
pub(crate) fn refuse(status: StatusCode, why: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(format!("{why}\n")));
    *response.status_mut() = status;
    response
}
