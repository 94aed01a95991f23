//! Decides which clients are admitted: those with the token, except web pages.
//! A slot is taken only after the token was checked.

use std::time::Duration;

use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::{StatusCode, header},
    },
};

use super::{Slot, Slots};
use net::handshake::{is_of_a_web_page, limits, refuse, take_subprotocol};

/// How long a client may take to send its request. It is on the same computer.
const KNOCK: Duration = Duration::from_secs(10);

/// The fewest bytes of a token: it is for one run, on this computer.
const LEAST: usize = 8;

/// A password for one run of a proxy.
pub type Token = net::token::Token<LEAST>;

/// Why a text is not the token of a proxy.
pub type TokenError = net::token::TokenError<LEAST>;

/// Performs a client's opening handshake and gives it a slot; `None` if it was
/// refused.
pub(super) async fn admit(
    stream: TcpStream,
    token: &Token,
    slots: &Slots,
) -> Option<(WebSocketStream<TcpStream>, Slot)> {
    let _ = stream.set_nodelay(true);
    let mut place = None;
    #[expect(clippy::result_large_err, reason = "tungstenite's own type")]
    let judge = |request: &Request, response: Response| {
        let (response, taken) = judge(request, response, token, slots)?;
        place = Some(taken);
        Ok(response)
    };
    let accepted = timeout(
        KNOCK,
        accept_hdr_async_with_config(stream, judge, Some(limits())),
    )
    .await
    .ok()?
    .ok()?;
    Some((accepted, place?))
}

#[expect(clippy::result_large_err, reason = "tungstenite's own type")]
fn judge(
    request: &Request,
    mut response: Response,
    token: &Token,
    slots: &Slots,
) -> Result<(Response, Slot), ErrorResponse> {
    let headers = request.headers();
    if is_of_a_web_page(request) {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "web pages cannot use this proxy",
        ));
    }
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer);
    let query = request.uri().query().unwrap_or_default();
    let in_query = query
        .split('&')
        .find_map(|part| part.strip_prefix("token="));
    if !bearer.or(in_query).is_some_and(|said| token.is(said)) {
        let why = "the token is missing or wrong; use Authorization: Bearer TOKEN, or ?token=TOKEN \
             in the URL";
        return Err(refuse(StatusCode::UNAUTHORIZED, why));
    }
    take_subprotocol(request, &mut response)?;
    match slots.take() {
        Some(place) => Ok((response, place)),
        None => Err(refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "this proxy has no free slots",
        )),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    // RFC 9110, section 11.1: the scheme is case-insensitive.
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(
        uri: &str,
        headers: &[(&str, &str)],
        slots: &Slots,
    ) -> Result<StatusCode, Box<dyn std::error::Error>> {
        let token: Token = "0123456789abcdef".parse()?;
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = judge(&request.body(())?, Response::new(()), &token, slots);
        Ok(match answer {
            Ok(_) => StatusCode::SWITCHING_PROTOCOLS,
            Err(refusal) => refusal.status(),
        })
    }

    #[test]
    fn only_clients_with_the_token_that_are_not_web_pages_are_admitted()
    -> Result<(), Box<dyn std::error::Error>> {
        let right = ("Authorization", "Bearer 0123456789abcdef");
        let in_url = "/rpc?a=b&token=0123456789abcdef";
        for (uri, headers, expected) in [
            ("/", &[right][..], 101),
            ("/", &[("authorization", "bearer 0123456789abcdef")], 101),
            (in_url, &[], 101),
            ("/", &[], 401),
            ("/?token=", &[], 401),
            ("/?token=0123456789abcdeg", &[], 401),
            ("/?xtoken=0123456789abcdef", &[], 401),
            ("/", &[("Authorization", "Basic 0123456789abcdef")], 401),
            (in_url, &[("Authorization", "Bearer wrong")], 401),
            (in_url, &[("Origin", "http://127.0.0.1")], 403),
            ("/", &[right, ("Origin", "null")], 403),
            (
                "/",
                &[right, ("Sec-WebSocket-Protocol", "other, switchboard.v1")],
                101,
            ),
            (
                "/",
                &[right, ("Sec-WebSocket-Protocol", "switchboard.v2")],
                400,
            ),
        ] {
            assert_eq!(
                status(uri, headers, &Slots::default())?.as_u16(),
                expected,
                "{uri} {headers:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn only_clients_with_the_token_take_a_slot() -> Result<(), Box<dyn std::error::Error>> {
        let (slots, with_token) = (Slots::default(), "/?token=0123456789abcdef");
        let taken: Vec<_> = (0..super::super::CLIENTS)
            .filter_map(|_| slots.take())
            .collect();
        assert_eq!(status(with_token, &[], &slots)?.as_u16(), 503);
        assert_eq!(
            status("/", &[], &slots)?.as_u16(),
            401,
            "clients without the token do not learn that"
        );
        drop(taken);
        for _ in 0..100 {
            assert_eq!(status("/", &[], &slots)?.as_u16(), 401);
        }
        assert_eq!(slots.0.get(), 0);
        Ok(())
    }

    #[test]
    fn a_token_is_what_goes_into_a_url_and_is_not_shown() {
        for text in [
            "",
            "short",
            "with space in it",
            "percent%20percent",
            &"x".repeat(129),
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
        assert_eq!(
            format!("{:?}", "0123456789".parse::<Token>()),
            "Ok(Token(..))"
        );
    }
}
