//! How messages become log lines.

use proptest::prelude::*;
use switchboard_protocol::{Level, LogFilter, LogLine, limits, log_message};

#[test]
fn a_line_has_its_time_and_level() {
    let line = LogLine {
        uptime_ms: 86_401_023,
        level: Level::Warn,
        message: "no address".into(),
    };
    assert_eq!(line.to_string(), "86401.023 warn  no address");
}

#[test]
fn a_filter_accepts_every_level_and_off() {
    for word in ["error", "warn", "info", "debug", "off"] {
        assert_eq!(
            word.parse::<LogFilter>().map(|filter| filter.to_string()),
            Ok(word.to_owned())
        );
    }
    let refusal = "verbose"
        .parse::<LogFilter>()
        .map_err(|error| error.to_string());
    assert_eq!(
        refusal,
        Err(r#"unknown level "verbose"; expected error, warn, info or debug"#.to_owned())
    );
}

proptest! {
    #[test]
    fn a_message_is_one_short_line(text in any::<String>()) {
        let message = log_message(&format_args!("{text}"));
        prop_assert!(message.len() <= limits::LOG_LINE);
        prop_assert!(!message.contains(char::is_control));
    }

    #[test]
    fn a_truncated_message_ends_with_an_ellipsis(text in "\\PC{100}[a-zäß漢]{200,400}") {
        let message = log_message(&format_args!("{text}"));
        let kept = message.strip_suffix('…');
        let is_start =
            |kept: &str| text.starts_with(kept) && kept.len() > limits::LOG_LINE - 8;
        prop_assert!(kept.is_some_and(is_start), "{message}");
    }
}
