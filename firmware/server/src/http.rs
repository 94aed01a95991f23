//! Parses and validates the HTTP/1.1 requests (RFC 9112) that a board needs.
//! edge-http splits the head into fields; their values are checked here. Owns
//! no socket.

use alloc::{borrow::ToOwned, string::String, vec::Vec};

use edge_http::{
    Method, RequestHeaders,
    io::Error as ParseError,
    ws::{MAX_BASE64_KEY_RESPONSE_LEN, sec_key_response},
};
use embassy_futures::poll_once;
use protocol::{ECHO_PATH, LOG_PATH, PAIR_PATH, RPC_PATH, TELEMETRY_PATH};

use crate::page;

/// Header fields in a request; browsers send about twenty.
const FIELDS: usize = 40;

/// A request, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The request method.
    pub method: Method,
    /// The resource.
    pub resource: Resource,
    /// The authority, from an absolute target or from the field `Host`; `None`
    /// only in HTTP/1.0.
    pub host: Option<String>,
    /// The unparsed field `Origin`, which browsers send for web pages; `None`
    /// if it is absent. A value that is invalid UTF-8 or was given twice is
    /// kept in a form that matches no valid origin.
    pub origin: Option<String>,
    /// The part of the target after `?`, not decoded.
    pub query: String,
    /// Whether the client keeps the connection for further requests.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body
    /// (RFC 9110, section 10.1.1; never in HTTP/1.0).
    pub expects_continue: bool,
    /// What it says about the form of a page.
    pub page: PageRequest,
    /// How its body is delimited.
    pub body: Body,
    /// The WebSocket handshake; `None` if the request has no upgrade, or in
    /// HTTP/1.0, whose upgrades are ignored (RFC 9110, section 7.8).
    pub upgrade: Option<Result<Upgrade, BadUpgrade>>,
}

/// A resource of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `/`: the page.
    Page,
    /// `/rpc`: control.
    Rpc,
    /// `/ws`: echo.
    Echo,
    /// `/log`: the board's log.
    Log,
    /// `/telemetry`: the board's samples.
    Telemetry,
    /// `/pair`: pairing, which gives a controller a key.
    Pair,
    /// Any other path.
    Unknown,
}

/// What a client can show, and what it has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Whether it accepts gzip (RFC 9110, section 12.5.3).
    pub gzip: bool,
    /// Whether `If-None-Match` names the control page of this firmware.
    pub current: bool,
}

/// A request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// No body: neither a length nor an encoding is given.
    None,
    /// `Content-Length`.
    Length(usize),
    /// `Transfer-Encoding`, which a board does not support.
    Encoded,
    /// `Content-Encoding` other than `identity`, which a board does not support
    /// either.
    Compressed,
}

/// A WebSocket's opening handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The value for `Sec-WebSocket-Accept`.
    pub accept: String,
    /// The subprotocols that the client offers, in its order.
    pub protocols: Vec<String>,
}

/// Why an opening handshake is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadUpgrade {
    /// A version other than 13 (RFC 6455, section 4.4).
    Version,
    /// The key is not 16 bytes in base64, or was given twice (RFC 6455, section
    /// 11.3.1).
    Key,
    /// The request has a body, which would not be read.
    Body,
}

/// Why a request head is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHead {
    /// More header fields than a board reads.
    TooManyFields,
    /// It breaks RFC 9112.
    Malformed,
}

impl Request {
    /// The value of a query parameter, `name=value` between `&` (WHATWG URL,
    /// section 5.1), without decoding.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    }
}

/// The end of a request's head in `bytes`. The search starts at `from`, where
/// the last one stopped. An end written with bare LFs is found too, so that
/// such a request is refused at once instead of timing out.
pub fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let start = from.saturating_sub(b"\n\r".len());
    let rest = bytes.get(start..)?;
    let end = |at: usize| match rest.get(at..)? {
        [b'\n', b'\n', ..] => Some(start + at + 2),
        [b'\n', b'\r', b'\n', ..] => Some(start + at + 3),
        _ => None,
    };
    (0..rest.len()).find_map(end)
}

/// Whether these bytes cannot be the start of a request: a method is a token
/// (RFC 9112, section 3.1), which a TLS record is not.
pub fn is_no_request(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| !first.is_ascii_graphic())
}

/// Parses a head, including its final empty line.
///
/// # Errors
/// [`BadHead`] if it is malformed, contradictory, or has too many fields.
pub fn parse(head: &[u8]) -> Result<Request, BadHead> {
    let mut copy = alloc::vec![0; head.len()];
    let mut headers = RequestHeaders::<FIELDS>::new();
    // edge-http reads a socket byte by byte to stop at the end of the head.
    // Reading from a slice is cheap and never waits.
    let core::task::Poll::Ready(received) = poll_once(headers.receive(&mut copy, head, true))
    else {
        return Err(BadHead::Malformed);
    };
    match received {
        // Remaining bytes mean that edge-http found the end early: some lines
        // end with a bare LF.
        Ok((_, 0)) => {}
        Err(ParseError::TooManyHeaders) => return Err(BadHead::TooManyFields),
        Ok(_) | Err(_) => return Err(BadHead::Malformed),
    }
    // RFC 9112, section 3.2: exactly one Host field.
    let mut hosts = raw(&headers, "Host");
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(
            core::str::from_utf8(host)
                .map_err(|_| BadHead::Malformed)?
                .trim()
                .to_owned(),
        ),
        (None, _) if !headers.http11 => None,
        _ => return Err(BadHead::Malformed),
    };
    let target = headers.path.split('#').next().unwrap_or_default();
    let (host, target) = match absolute(target) {
        Some((authority, target)) => (Some(authority.to_owned()), target),
        None => (host, target),
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Request {
        method: headers.method,
        resource: match path {
            // RFC 9110, section 4.2.3: an empty path is equivalent to `/`.
            "/" | "" => Resource::Page,
            RPC_PATH => Resource::Rpc,
            ECHO_PATH => Resource::Echo,
            LOG_PATH => Resource::Log,
            TELEMETRY_PATH => Resource::Telemetry,
            PAIR_PATH => Resource::Pair,
            _ => Resource::Unknown,
        },
        host,
        origin: origin(&headers),
        query: query.to_owned(),
        keep_alive: headers.http11 && !has_token(&headers, "Connection", "close"),
        expects_continue: headers.http11 && has_token(&headers, "Expect", "100-continue"),
        page: PageRequest {
            gzip: accepts_gzip(&headers),
            current: values(&headers, "If-None-Match").any(page::is_control),
        },
        body: body(&headers)?,
        upgrade: (headers.http11 && asks_for_websocket(&headers)).then(|| match body(&headers) {
            Ok(Body::None | Body::Length(0)) => upgrade(&headers),
            _ => Err(BadUpgrade::Body),
        }),
    })
}

/// The authority of a target in absolute form, and the rest of it (RFC 9112,
/// section 3.2.2: a server must accept it, and ignore `Host`). A target with an
/// unsupported scheme is returned whole as the authority, which matches no
/// board (RFC 9110, section 7.4).
fn absolute(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("ws") {
        return Some((target, "/"));
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

type Head<'b> = RequestHeaders<'b, FIELDS>;

fn values<'h>(head: &'h Head<'_>, name: &'h str) -> impl Iterator<Item = &'h str> {
    head.headers
        .iter()
        .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn raw<'h>(head: &'h Head<'_>, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    head.headers
        .iter_raw()
        .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// All values joined: if unreadable ones were skipped, the request would be
/// admitted.
fn origin(head: &Head<'_>) -> Option<String> {
    raw(head, "Origin")
        .map(|value| String::from_utf8_lossy(value).trim().to_owned())
        .reduce(|all, next| all + ", " + &next)
}

/// The members of a list field (RFC 9110, section 5.6.1).
fn tokens<'h>(head: &'h Head<'_>, name: &'h str) -> impl Iterator<Item = &'h str> {
    values(head, name)
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

fn has_token(head: &Head<'_>, name: &str, wanted: &str) -> bool {
    tokens(head, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

/// Whether `Accept-Encoding` lists gzip. Without the field a server may send
/// any coding, but programs like curl could not show it; the same goes for `*`.
fn accepts_gzip(head: &Head<'_>) -> bool {
    tokens(head, "Accept-Encoding").any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        // RFC 9110, section 12.4.2: a weight of 0 means not acceptable.
        let refused = parts.any(|part| {
            part.split_once('=').is_some_and(|(name, weight)| {
                name.eq_ignore_ascii_case("q") && weight.bytes().all(|b| b"0.".contains(&b))
            })
        });
        (name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip")) && !refused
    })
}

/// edge-http's own parser panics if `Content-Length` is not a number.
fn body(head: &Head<'_>) -> Result<Body, BadHead> {
    if values(head, "Transfer-Encoding").next().is_some() {
        return Ok(Body::Encoded);
    }
    if tokens(head, "Content-Encoding").any(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Ok(Body::Compressed);
    }
    let mut lengths = raw(head, "Content-Length");
    let Some(length) = lengths.next() else {
        return Ok(Body::None);
    };
    let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
    // RFC 9112, section 6.3: an invalid or repeated length closes the
    // connection.
    if !digits || lengths.next().is_some() {
        return Err(BadHead::Malformed);
    }
    let length = core::str::from_utf8(length)
        .ok()
        .and_then(|digits| digits.parse().ok());
    Ok(Body::Length(length.unwrap_or(usize::MAX)))
}

/// edge-http's own check accepts only `Connection: Upgrade`, but Firefox sends
/// `keep-alive, Upgrade`.
fn asks_for_websocket(head: &Head<'_>) -> bool {
    head.method == Method::Get
        && has_token(head, "Connection", "upgrade")
        && has_token(head, "Upgrade", "websocket")
}

fn upgrade(head: &Head<'_>) -> Result<Upgrade, BadUpgrade> {
    let once = |name| {
        let mut all = raw(head, name);
        match (all.next(), all.next()) {
            (Some(value), None) => core::str::from_utf8(value)
                .map(str::trim)
                .unwrap_or_default(),
            _ => "",
        }
    };
    if once("Sec-WebSocket-Version") != "13" {
        return Err(BadUpgrade::Version);
    }
    let key = once("Sec-WebSocket-Key");
    // 16 bytes are 22 base64 digits and two padding characters.
    let digits = key
        .strip_suffix("==")
        .filter(|digits| digits.len() == 22)
        .unwrap_or_default();
    if digits.is_empty()
        || !digits
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    {
        return Err(BadUpgrade::Key);
    }
    let mut buffer = [0; MAX_BASE64_KEY_RESPONSE_LEN];
    let accept = sec_key_response(key, &mut buffer).to_owned();
    Ok(Upgrade {
        accept,
        protocols: tokens(head, "Sec-WebSocket-Protocol")
            .map(str::to_owned)
            .collect(),
    })
}
