//! Which addresses a board can be told to call.

use proptest::prelude::*;
use switchboard_protocol::{
    limits,
    outbound::{CallUrl, CallUrlError},
};

#[test]
fn a_url_is_taken_apart_and_put_together() -> Result<(), CallUrlError> {
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
        let url: CallUrl = text.parse()?;
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
fn what_is_no_such_address_is_told_why() {
    let long = format!("ws://bench/{}", "x".repeat(limits::CALL_URL));
    for (text, error) in [
        ("wss://bench", CallUrlError::Tls),
        ("http://bench", CallUrlError::Scheme),
        ("192.168.1.5:7433", CallUrlError::Scheme),
        ("", CallUrlError::Scheme),
        ("ws://", CallUrlError::Host),
        ("ws://:80", CallUrlError::Host),
        ("ws://user:secret@bench", CallUrlError::Port),
        ("ws://user@bench", CallUrlError::Host),
        ("ws://[fd00::5", CallUrlError::Host),
        ("ws://[bench]", CallUrlError::Host),
        ("ws://bench:0", CallUrlError::Port),
        ("ws://bench:65536", CallUrlError::Port),
        ("ws://bench:", CallUrlError::Port),
        ("ws://bench:+80", CallUrlError::Port),
        ("ws://bench/a b", CallUrlError::Path),
        ("ws://bench/#top", CallUrlError::Path),
        ("ws://bench/\r\nHost: other", CallUrlError::Path),
        (long.as_str(), CallUrlError::Length),
    ] {
        assert_eq!(text.parse::<CallUrl>(), Err(error), "{text:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_stays_the_same_and_fits_into_a_line_of_a_request(text in "(ws://)?[ -~]{0,40}") {
        if let Ok(url) = text.parse::<CallUrl>() {
            let written = url.to_string();
            prop_assert!(!written.contains(|c: char| c.is_control() || c == ' '));
            prop_assert!(url.path().starts_with('/'));
            prop_assert_eq!(written.parse::<CallUrl>(), Ok(url));
        }
    }
}
