//! Answers requests: the window's files, `/healthz`, and `/fleet`, which
//! becomes a WebSocket. Every request must name this server.

use std::net::SocketAddr;

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    http::uri::Authority,
    upgrade::OnUpgrade,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use crate::{hosts::check_origin, refusal::RequestRefusal, server::Shared};

/// Where clients connect.
pub const FLEET: &str = "/fleet";

/// Where it is told whether the server works.
const HEALTH: &str = "/healthz";

type Answer = Response<Full<Bytes>>;

/// The response, and if the connection becomes a WebSocket, that.
pub(crate) fn respond(
    request: &mut Request<Incoming>,
    from: SocketAddr,
    shared: &Shared,
) -> (Answer, Option<OnUpgrade>) {
    let mut upgrade = None;
    let host = shared.hosts.check(request.uri(), request.headers());
    let answer = host.and_then(|host| {
        let mut answer = if request.uri().path() == FLEET {
            check_origin(request.headers(), &host)?;
            let answer = accept(request)?;
            upgrade = Some(hyper::upgrade::on(&mut *request));
            answer
        } else {
            read(request, shared)?
        };
        protect(answer.headers_mut(), &host);
        Ok(answer)
    });
    let answer = answer.unwrap_or_else(|refusal: RequestRefusal| {
        log::debug!(
            "{from}: {} {}: {refusal}",
            request.method(),
            request.uri().path()
        );
        refuse(&refusal)
    });
    (answer, upgrade)
}

fn read(request: &Request<Incoming>, shared: &Shared) -> Result<Answer, RequestRefusal> {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let respond = || match path {
        HEALTH => Ok(health(shared)),
        path => shared.pages.respond(path, request.headers()),
    };
    match respond() {
        Err(RequestRefusal::NotFound) => Err(RequestRefusal::NotFound),
        _ if !is_read => Err(RequestRefusal::Method),
        answer => answer,
    }
}

fn health(shared: &Shared) -> Answer {
    let (known, connected) = shared.boards.get();
    let health = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "boards": { "known": known, "connected": connected },
        "clients": shared.hub.sessions(),
    });
    let mut answer = text(StatusCode::OK, format!("{health}\n"), "application/json");
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Accepts a WebSocket.
fn accept(request: &Request<Incoming>) -> Result<Answer, RequestRefusal> {
    if request.method() != Method::GET {
        return Err(RequestRefusal::Method);
    }
    let not_a_socket = |error: tokio_tungstenite::tungstenite::Error| {
        RequestRefusal::NotWebSocket(error.to_string())
    };
    create_response_with_body(request, Full::default).map_err(not_a_socket)
}

/// What no other page may do with a response.
fn protect(headers: &mut HeaderMap, host: &Authority) {
    let set = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(
        headers,
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    set(
        headers,
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    // The window is WebAssembly, draws on a canvas whose size it sets by style,
    // and saves files as blobs. Not all browsers take a WebSocket for 'self'.
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' \
         'unsafe-inline'; img-src 'self' blob: data:; font-src 'self'; manifest-src 'self'; \
         worker-src 'self'; connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The response to a request that is refused.
pub(crate) fn refuse(refusal: &RequestRefusal) -> Answer {
    let mut answer = text(
        refusal.status(),
        format!("{refusal}\n"),
        "text/plain; charset=utf-8",
    );
    let headers = answer.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    match refusal {
        RequestRefusal::Method => {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        RequestRefusal::NotWebSocket(_) => {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(
                header::SEC_WEBSOCKET_VERSION,
                HeaderValue::from_static("13"),
            );
        }
        _ => {}
    }
    answer
}

fn text(status: StatusCode, text: String, kind: &'static str) -> Answer {
    let length = HeaderValue::from(text.len());
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, length);
    answer
}
