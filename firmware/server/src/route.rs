//! Decides what is done with a request from its head alone. Owns no socket and
//! asks no board.

use board::{SideChannelKind, locked, no_telemetry};
use edge_http::Method;
use protocol::{Level, SUBPROTOCOL, limits};

use crate::{
    http::{BadUpgrade, Body, PageRequest, Request, Resource, Upgrade},
    origin::Origin,
    origin_check,
    response::{Refusal, Response},
};

/// What the routes depend on besides the request.
pub(crate) struct RouteContext<'a> {
    pub(crate) board_id: &'a str,
    /// Whether clients need a key.
    pub(crate) locked: bool,
    /// Whether the board takes samples.
    pub(crate) has_telemetry: bool,
    /// Origins of web pages that may control the board.
    pub(crate) allowed_origins: &'a [Origin],
}

/// What is done with a request. `accept` is the value for
/// `Sec-WebSocket-Accept`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'r> {
    /// Send the page that controls the board.
    ControlPage,
    /// The client has that page.
    ControlPageUnchanged,
    /// Send the description of the board, to a client without gzip.
    Description,
    /// Send the page of a locked board.
    LockedPage,
    /// Read a JSON-RPC request of this many bytes and answer it.
    Post { length: usize },
    /// Become the control channel of an open board.
    Control {
        accept: &'r str,
        subprotocol: Option<&'static str>,
    },
    /// Become the control channel of a locked board: first the client has to
    /// prove a key.
    LockedControl {
        accept: &'r str,
        subprotocol: Option<&'static str>,
    },
    /// Become a side channel.
    SideChannel {
        accept: &'r str,
        side: SideChannelKind,
    },
    /// Pair with a controller, if the board allows that now.
    Pair { accept: &'r str },
    /// Send this response.
    Refuse(Response),
}

/// Decides what is done with a request.
pub(crate) fn route<'r>(request: &'r Request, context: &RouteContext<'_>) -> Route<'r> {
    if let Some(response) = origin_check::refuse(request, context.board_id, context.allowed_origins)
    {
        return Route::Refuse(response);
    }
    match (request.resource, request.method) {
        (Resource::Page, Method::Get | Method::Head) if context.locked => Route::LockedPage,
        (Resource::Page, Method::Get | Method::Head) => match request.page {
            PageRequest { gzip: false, .. } => Route::Description,
            PageRequest { current: true, .. } => Route::ControlPageUnchanged,
            PageRequest { .. } => Route::ControlPage,
        },
        (Resource::Page, _) => refuse(Refusal::MethodOfPage),
        // 403 and 404 precede errors of the handshake and of the body.
        (Resource::Rpc, Method::Post)
        | (Resource::Echo | Resource::Log | Resource::Telemetry, Method::Get)
            if context.locked =>
        {
            Route::Refuse(Response::forbidden(locked()))
        }
        (Resource::Telemetry, Method::Get) if !context.has_telemetry => {
            Route::Refuse(Response::not_found(no_telemetry()))
        }
        (Resource::Rpc, Method::Post) => post(request.body),
        (Resource::Rpc, Method::Get) => upgraded(request, |upgrade| control(upgrade, context)),
        (Resource::Rpc, _) => refuse(Refusal::MethodOfRpc),
        (Resource::Echo, Method::Get) => {
            upgraded(request, |upgrade| side(upgrade, SideChannelKind::Echo))
        }
        (Resource::Telemetry, Method::Get) => {
            upgraded(request, |upgrade| side(upgrade, SideChannelKind::Telemetry))
        }
        (Resource::Log, Method::Get) => upgraded(request, |upgrade| match level(request) {
            Ok(level) => side(upgrade, SideChannelKind::Log(level)),
            Err(refusal) => refuse(refusal),
        }),
        (Resource::Pair, Method::Get) => {
            upgraded(request, |Upgrade { accept, .. }| Route::Pair { accept })
        }
        (Resource::Echo | Resource::Log | Resource::Telemetry | Resource::Pair, _) => {
            refuse(Refusal::MethodOfSideChannel)
        }
        (Resource::Unknown, _) => refuse(Refusal::NotFound),
    }
}

fn refuse(refusal: Refusal) -> Route<'static> {
    Route::Refuse(Response::refusal(refusal))
}

fn post(body: Body) -> Route<'static> {
    match body {
        Body::Length(length) if length <= limits::MESSAGE_INTO_BOARD => Route::Post { length },
        Body::Length(_) => refuse(Refusal::BodyTooLong),
        Body::Compressed => refuse(Refusal::Compressed),
        Body::None | Body::Encoded => refuse(Refusal::LengthRequired),
    }
}

/// The route of a WebSocket's opening handshake.
fn upgraded<'r>(request: &'r Request, route: impl FnOnce(&'r Upgrade) -> Route<'r>) -> Route<'r> {
    match &request.upgrade {
        None => refuse(Refusal::NoUpgrade),
        Some(Err(BadUpgrade::Version)) => refuse(Refusal::UpgradeVersion),
        Some(Err(BadUpgrade::Key)) => refuse(Refusal::UpgradeKey),
        Some(Err(BadUpgrade::Body)) => refuse(Refusal::UpgradeBody),
        Some(Ok(upgrade)) => route(upgrade),
    }
}

/// A client that offers no subprotocol (websocat) gets version 1 and a response
/// without a subprotocol: naming one that was not offered would fail the
/// handshake (RFC 6455, section 4.1).
fn control<'r>(
    Upgrade { accept, protocols }: &'r Upgrade,
    context: &RouteContext<'_>,
) -> Route<'r> {
    let subprotocol = if protocols.is_empty() {
        None
    } else if protocols.iter().any(|offered| offered == SUBPROTOCOL) {
        Some(SUBPROTOCOL)
    } else {
        return Route::Refuse(Response::unsupported_version());
    };
    if context.locked {
        Route::LockedControl {
            accept,
            subprotocol,
        }
    } else {
        Route::Control {
            accept,
            subprotocol,
        }
    }
}

fn side(Upgrade { accept, .. }: &Upgrade, side: SideChannelKind) -> Route<'_> {
    Route::SideChannel { accept, side }
}

/// The lowest level of the log that is requested.
fn level(request: &Request) -> Result<Level, Refusal> {
    request
        .parameter("level")
        .map_or(Ok(Level::Info), str::parse)
        .map_err(|_| Refusal::Level)
}

#[cfg(test)]
mod tests {
    use alloc::{
        format,
        string::{String, ToString},
    };

    use super::*;
    use crate::http;

    /// A board's route for a request, in short.
    fn routed(locked: bool, request: &str) -> String {
        let head = format!("{request}\r\n\r\n");
        let request = http::parse(head.as_bytes()).expect("a request");
        let context = RouteContext {
            board_id: "bench-1",
            locked,
            has_telemetry: true,
            allowed_origins: &["http://panel.example".parse().expect("an origin")],
        };
        match route(&request, &context) {
            Route::ControlPage => "control page".to_string(),
            Route::ControlPageUnchanged => "unchanged".to_string(),
            Route::Description => "description".to_string(),
            Route::LockedPage => "locked page".to_string(),
            Route::Post { length } => format!("post {length}"),
            Route::Control { subprotocol, .. } => format!("control {subprotocol:?}"),
            Route::LockedControl { subprotocol, .. } => format!("locked control {subprotocol:?}"),
            Route::SideChannel { side, .. } => format!("{side:?}"),
            Route::Pair { .. } => "pair".to_string(),
            Route::Refuse(response) => response.status.0.to_string(),
        }
    }

    /// Fields of an opening handshake.
    const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: \
                           13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    /// What an open and a locked board do with a request.
    fn check(method_and_path: &str, fields: &str, open: &str, locked: &str) {
        let request = format!("{method_and_path} HTTP/1.1\r\nHost: bench-1\r\n{fields}");
        let request = request.trim_end();
        assert_eq!(routed(false, request), open, "open: {request}");
        assert_eq!(routed(true, request), locked, "locked: {request}");
    }

    #[test]
    fn each_request_has_one_route() {
        for (method_and_path, fields, open, locked) in [
            ("GET /", "", "description", "locked page"),
            ("HEAD /", "", "description", "locked page"),
            (
                "GET /",
                "Accept-Encoding: gzip",
                "control page",
                "locked page",
            ),
            (
                "HEAD /",
                "Accept-Encoding: deflate, GZip;q=0.5",
                "control page",
                "locked page",
            ),
            (
                "GET /",
                "Accept-Encoding: gzip\r\nIf-None-Match: *",
                "unchanged",
                "locked page",
            ),
            ("GET /", "If-None-Match: *", "description", "locked page"),
            ("POST /", "", "405", "405"),
            ("POST /rpc", "Content-Length: 5", "post 5", "403"),
            ("POST /rpc", "Content-Length: 999999", "413", "403"),
            ("POST /rpc", "Content-Encoding: gzip", "415", "403"),
            ("POST /rpc", "Transfer-Encoding: chunked", "411", "403"),
            ("POST /rpc", "", "411", "403"),
            ("PUT /rpc", "Content-Length: 5", "405", "405"),
            ("POST /log", "Content-Length: 5", "405", "405"),
            ("POST /pair", "", "405", "405"),
            ("GET /missing", "", "404", "404"),
        ] {
            check(method_and_path, fields, open, locked);
        }
    }

    #[test]
    fn each_opening_handshake_has_one_route() {
        for (path, open, locked) in [
            ("/rpc", "control None", "locked control None"),
            ("/ws", "Echo", "403"),
            ("/telemetry", "Telemetry", "403"),
            ("/log", "Log(Info)", "403"),
            ("/log?level=debug", "Log(Debug)", "403"),
            ("/log?level=loud", "400", "403"),
            ("/pair", "pair", "pair"),
        ] {
            let request = format!("GET {path}");
            check(&request, UPGRADE, open, locked);
            // That the board is locked precedes errors of the handshake.
            let or_locked = |status| if locked == "403" { "403" } else { status };
            check(&request, "", "426", or_locked("426"));
            let version = UPGRADE.replace("13", "8");
            check(&request, &version, "426", or_locked("426"));
            let key = UPGRADE.replace("==", "");
            check(&request, &key, "400", or_locked("400"));
            let body = format!("{UPGRADE}Content-Length: 5");
            check(&request, &body, "400", or_locked("400"));
            let origin = format!("{UPGRADE}Origin: http://stranger.example");
            check(&request, &origin, "403", "403");
            let origin = format!("{UPGRADE}Origin: http://panel.example");
            check(&request, &origin, open, locked);
            let host = UPGRADE.to_string() + "X: y";
            let elsewhere = format!("{request} HTTP/1.1\r\nHost: stranger.example\r\n{host}");
            assert_eq!(routed(false, &elsewhere), "421");
        }
    }

    #[test]
    fn the_control_channel_has_the_subprotocol_that_both_ends_know() {
        for (offered, expected) in [
            ("switchboard.v1", "control Some(\"switchboard.v1\")"),
            ("other, switchboard.v1", "control Some(\"switchboard.v1\")"),
            ("switchboard.v2", "400"),
        ] {
            let fields = format!("{UPGRADE}Sec-WebSocket-Protocol: {offered}");
            let locked = expected.replace("control", "locked control");
            check("GET /rpc", &fields, expected, &locked);
        }
    }
}
