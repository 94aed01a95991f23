//! The opening handshake that the WebSocket servers of this program share:
//! which requests are refused, and which subprotocol is selected. The servers
//! are for programs and boards, never for web pages.

use std::net::IpAddr;

use protocol::{SUBPROTOCOL, limits::MESSAGE_INTO_CONTROLLER};
use tokio_tungstenite::tungstenite::{
    handshake::server::{ErrorResponse, Request, Response},
    http::{HeaderValue, StatusCode, header, uri::Authority},
    protocol::WebSocketConfig,
};

/// The buffer that each connection reads into. It grows with the longest
/// message, and stays as long as the connection: most messages of a board have
/// some hundred bytes.
const READ_BUFFER: usize = 1_024;

/// The longest message, and the sizes of the buffers.
pub fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_INTO_CONTROLLER))
        .max_frame_size(Some(MESSAGE_INTO_CONTROLLER))
        .read_buffer_size(READ_BUFFER)
        .max_write_buffer_size(4 * MESSAGE_INTO_CONTROLLER)
        .write_buffer_size(0)
}

/// Whether a request comes from a web page: browsers always send `Origin` (RFC
/// 6455, section 10.2). Some programs send it too, with the address that they
/// connect to. A page from that address could only be this program's own, and
/// it has none.
pub fn is_of_a_web_page(request: &Request) -> bool {
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => false,
        (Some(origin), None) => !is_own(request, origin).unwrap_or(false),
        (Some(_), Some(_)) => true,
    }
}

/// Whether an origin is the host that the request names, and that host cannot
/// be redirected by others: a DNS name can (DNS rebinding), an address cannot.
/// `None` if either cannot be parsed.
fn is_own(request: &Request, origin: &HeaderValue) -> Option<bool> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    // RFC 9112, section 3.2.2: the authority of a target in absolute form takes
    // precedence.
    let host: Authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => host?.to_str().ok()?.parse().ok()?,
    };
    let origin: Authority = origin
        .to_str()
        .ok()?
        .strip_prefix("http://")?
        .parse()
        .ok()?;
    let name = host.host();
    let address = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .is_ok();
    let fixed = address || name.eq_ignore_ascii_case("localhost");
    // `Authority` includes the user, and an invalid port as text.
    let plain = [&host, &origin].iter().all(|it| !it.as_str().contains('@'));
    let ports = [
        host.port_u16().unwrap_or(80),
        origin.port_u16().unwrap_or(80),
    ];
    Some(
        fixed
            && plain
            && other.is_none()
            && name.eq_ignore_ascii_case(origin.host())
            && ports[0] == ports[1],
    )
}

/// Selects `switchboard.v1` if it is offered, and none if none is offered.
///
/// # Errors
///
/// A refusal if only others are offered.
#[expect(clippy::result_large_err, reason = "tungstenite's own type")]
pub fn take_subprotocol(request: &Request, response: &mut Response) -> Result<(), ErrorResponse> {
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
        return Err(refuse(
            StatusCode::BAD_REQUEST,
            "the only supported subprotocol is switchboard.v1",
        ));
    }
    response.headers_mut().insert(
        header::SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(SUBPROTOCOL),
    );
    Ok(())
}

/// A refusal with a message.
pub fn refuse(status: StatusCode, why: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(format!("{why}\n")));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_send_the_address_it_connects_to_as_its_origin()
    -> Result<(), Box<dyn std::error::Error>> {
        for (uri, host, origin, expected) in [
            ("/", "127.0.0.1:8080", None, false),
            ("/", "127.0.0.1:8080", Some("http://127.0.0.1:8080"), false),
            ("/", "127.0.0.1", Some("http://127.0.0.1:80"), false),
            ("/", "[::1]:8080", Some("http://[::1]:8080"), false),
            ("/", "LocalHost:8080", Some("http://localhost:8080"), false),
            (
                "http://127.0.0.1:8080/",
                "elsewhere",
                Some("http://127.0.0.1:8080"),
                false,
            ),
            ("/", "127.0.0.1:8080", Some("null"), true),
            ("/", "127.0.0.1:8080", Some(""), true),
            ("/", "127.0.0.1:8080", Some("http://127.0.0.1"), true),
            ("/", "127.0.0.1:8080", Some("http://127.0.0.1:8081"), true),
            ("/", "127.0.0.1:8080", Some("https://127.0.0.1:8080"), true),
            ("/", "127.0.0.1:8080", Some("http://127.0.0.1:8080/"), true),
            (
                "/",
                "127.0.0.1:8080",
                Some("http://user@127.0.0.1:8080"),
                true,
            ),
            (
                "/",
                "127.0.0.1:8080",
                Some("http://127.0.0.1:8080.stranger.example"),
                true,
            ),
            (
                "/",
                "stranger.example:8080",
                Some("http://stranger.example:8080"),
                true,
            ),
            (
                "/",
                "localhost.stranger.example",
                Some("http://localhost.stranger.example"),
                true,
            ),
            (
                "http://stranger.example/",
                "127.0.0.1",
                Some("http://127.0.0.1"),
                true,
            ),
        ] {
            let mut request = Request::builder().uri(uri).header(header::HOST, host);
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            assert_eq!(
                is_of_a_web_page(&request.body(())?),
                expected,
                "{uri} {host} {origin:?}"
            );
        }
        let twice = Request::builder().uri("/").header(header::HOST, "[::1]");
        let twice = twice
            .header(header::ORIGIN, "http://[::1]")
            .header(header::ORIGIN, "http://[::1]")
            .body(())?;
        assert!(is_of_a_web_page(&twice));
        Ok(())
    }
}
