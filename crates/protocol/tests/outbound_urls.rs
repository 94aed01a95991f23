//! URLs of outbound connections.

use proptest::prelude::*;
use switchboard_protocol::{
    limits,
    outbound::{OutboundUrl, OutboundUrlError},
};

#[test]
fn a_url_is_parsed_and_formatted() -> Result<(), OutboundUrlError> {
    for (text, host, port, path, authority) in [
        (
            "ws://192.168.1.5:7433/",
            "192.168.1.5",
            7433,
            "/",
            "192.168.1.5:7433",
        ),
        ("ws://192.168.1.5", "192.168.1.5", 80, "/", "192.168.1.5"),
        (
            "WS://Bench.Example.org/boards?room=4",
            "bench.example.org",
            80,
            "/boards?room=4",
            "bench.example.org",
        ),
        (
            "ws://[fd00::5]:7433/a",
            "fd00::5",
            7433,
            "/a",
            "[fd00::5]:7433",
        ),
        ("ws://bench:80?a=b", "bench", 80, "/?a=b", "bench"),
    ] {
        let url: OutboundUrl = text.parse()?;
        assert_eq!(
            (url.host(), url.port(), url.path()),
            (host, port, path),
            "{text}"
        );
        assert_eq!(url.authority(), authority, "{text}");
        assert_eq!(url.to_string().parse(), Ok(url), "{text}");
    }
    Ok(())
}

#[test]
fn an_invalid_url_is_refused_with_a_reason() {
    let long = format!("ws://bench/{}", "x".repeat(limits::OUTBOUND_URL));
    for (text, error) in [
        ("wss://bench", OutboundUrlError::Tls),
        ("http://bench", OutboundUrlError::Scheme),
        ("192.168.1.5:7433", OutboundUrlError::Scheme),
        ("", OutboundUrlError::Scheme),
        ("ws://", OutboundUrlError::Host),
        ("ws://:80", OutboundUrlError::Host),
        ("ws://user:secret@bench", OutboundUrlError::Port),
        ("ws://user@bench", OutboundUrlError::Host),
        ("ws://[fd00::5", OutboundUrlError::Host),
        ("ws://[bench]", OutboundUrlError::Host),
        ("ws://bench:0", OutboundUrlError::Port),
        ("ws://bench:65536", OutboundUrlError::Port),
        ("ws://bench:", OutboundUrlError::Port),
        ("ws://bench:+80", OutboundUrlError::Port),
        ("ws://bench/a b", OutboundUrlError::Path),
        ("ws://bench/#top", OutboundUrlError::Path),
        ("ws://bench/\r\nHost: other", OutboundUrlError::Path),
        (long.as_str(), OutboundUrlError::Length),
    ] {
        assert_eq!(text.parse::<OutboundUrl>(), Err(error), "{text:?}");
    }
}

proptest! {
    #[test]
    fn an_accepted_url_round_trips_and_fits_into_a_request_line(text in "(ws://)?[ -~]{0,40}") {
        if let Ok(url) = text.parse::<OutboundUrl>() {
            let written = url.to_string();
            prop_assert!(!written.contains(|c: char| c.is_control() || c == ' '));
            prop_assert!(url.path().starts_with('/'));
            prop_assert_eq!(written.parse::<OutboundUrl>(), Ok(url));
        }
    }
}
