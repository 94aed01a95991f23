//! What the server answers over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "each test uses a part")]
mod support;

use serve::Options;
use support::{CONTROL, Lab, options};

/// The value of a header in a response.
fn header<'a>(response: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = response.split_once("\r\n\r\n")?;
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn the_window_is_sent_compressed_and_kept_by_its_hash() {
    let lab = Lab::start().await;
    let index = lab.get("/", "accept-encoding: gzip, br\r\n").await;
    assert!(index.starts_with("HTTP/1.1 200"), "{index}");
    assert_eq!(body(&index), "index in br");
    assert_eq!(header(&index, "content-encoding"), Some("br"));
    assert_eq!(
        header(&index, "content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(header(&index, "cache-control"), Some("no-cache"));
    assert_eq!(header(&index, "vary"), Some("accept-encoding"));
    assert_eq!(body(&lab.get("/index.html", "").await), "<p>the window</p>");

    let wasm = lab
        .get("/window-0123456789abcdef.wasm", "accept-encoding: gzip\r\n")
        .await;
    assert_eq!(body(&wasm), "wasm in gzip");
    assert_eq!(header(&wasm, "content-type"), Some("application/wasm"));
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(header(&wasm, "cache-control"), Some(forever));
    let plain = lab
        .get(
            "/window-0123456789abcdef.wasm",
            "accept-encoding: identity\r\n",
        )
        .await;
    assert!(plain.starts_with("HTTP/1.1 406"), "{plain}");

    let tag = header(&index, "etag").unwrap();
    let known = format!("accept-encoding: br\r\nif-none-match: {tag}\r\n");
    let again = lab.get("/", &known).await;
    assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    assert_eq!(body(&again), "");
}

#[tokio::test]
async fn pages_are_protected_from_other_pages() {
    let lab = Lab::start().await;
    for path in ["/", "/window-0123456789abcdef.wasm", "/healthz"] {
        let response = lab.get(path, "").await;
        assert_eq!(
            header(&response, "x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            header(&response, "referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        let policy = header(&response, "content-security-policy").unwrap();
        let socket = format!("connect-src 'self' ws://{0} wss://{0};", lab.address);
        for part in [
            "default-src 'none'",
            "'wasm-unsafe-eval'",
            "frame-ancestors 'none'",
            &socket,
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
    }
}

#[tokio::test]
async fn only_reading_is_possible_and_only_what_exists() {
    let lab = Lab::start().await;
    let absent = lab.get("/absent.js", "").await;
    assert!(absent.starts_with("HTTP/1.1 404"), "{absent}");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "//index.html"] {
        let response = lab.get(path, "").await;
        assert!(response.starts_with("HTTP/1.1 404"), "{path}: {response}");
    }
    let host = lab.address;
    for (path, status) in [
        ("/", 405),
        ("/healthz", 405),
        ("/fleet", 405),
        ("/absent", 404),
    ] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        let response = lab.raw(&request).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{path}: {response}"
        );
        if status == 405 {
            assert_eq!(header(&response, "allow"), Some("GET, HEAD"), "{path}");
        }
    }
    let plain = lab.get("/fleet", "").await;
    assert!(plain.starts_with("HTTP/1.1 426"), "{plain}");
    assert_eq!(header(&plain, "upgrade"), Some("websocket"));
    let head = format!("HEAD / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let head = lab.raw(&head).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(header(&head, "content-length"), Some("17"));
    assert_eq!(body(&head), "");
}

#[tokio::test]
async fn health_counts_and_names_nothing() {
    let lab = Lab::start().await;
    let health =
        |response: &str| serde_json::from_str::<serde_json::Value>(body(response)).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let expected = |boards: u32, clients: u32| {
        serde_json::json!({
            "status": "ok", "version": version,
            "boards": { "known": boards, "connected": boards }, "clients": clients,
        })
    };
    let response = lab.get("/healthz", "").await;
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_eq!(health(&response), expected(0, 0));
    lab.publish("Desk lamp");
    let _client = lab.admitted(CONTROL).await;
    let mut response = lab.get("/healthz", "").await;
    // The board is counted soon.
    while health(&response) != expected(1, 1) {
        response = lab.get("/healthz", "").await;
    }
    assert!(!response.contains("lamp"), "{response}");
}

#[tokio::test]
async fn without_the_window_the_page_says_what_to_do() {
    let lab = Lab::with(Options {
        files: &[],
        ..options()
    })
    .await;
    let page = lab.get("/", "accept-encoding: gzip, br\r\n").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for part in ["scripts/web", "switchboard --connect"] {
        assert!(body(&page).contains(part), "{page}");
    }
}
