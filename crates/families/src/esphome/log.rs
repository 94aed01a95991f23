//! Lines of a board's log. ESPHome formats them for a terminal, with colors.

use protocol::{Level, LogFilter, log_message};

use super::wire::Fields;

/// The most lines of one message.
const LINES: usize = 64;

/// `LogLevel` of `api.proto`, of a filter.
pub(super) const fn level_number(filter: LogFilter) -> u64 {
    match filter {
        LogFilter::Off => 0,
        LogFilter::UpTo(Level::Error) => 1,
        LogFilter::UpTo(Level::Warn) => 2,
        // 4 is `CONFIG`, what components say of their configuration.
        LogFilter::UpTo(Level::Info) => 4,
        LogFilter::UpTo(Level::Debug) => 5,
    }
}

/// The level of a line.
const fn level(number: u64) -> Level {
    match number {
        1 => Level::Error,
        2 => Level::Warn,
        3 | 4 => Level::Info,
        _ => Level::Debug,
    }
}

/// The lines of a `SubscribeLogsResponse`.
pub(super) fn lines(fields: Fields<'_>) -> Vec<(Level, String)> {
    let level = level(fields.number(1));
    without_escapes(&fields.text(3))
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(LINES)
        .map(|line| (level, log_message(&format_args!("{line}"))))
        .collect()
}

/// A text without the control sequences of a terminal (ECMA-48, section 5.4).
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next_if_eq(&'[').is_some() {
            // Parameters, up to the final character.
            for c in chars.by_ref() {
                if matches!(c, '@'..='~') {
                    break;
                }
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{super::wire::Message, *};

    #[test]
    fn a_line_is_shown_without_its_colors() {
        let bytes = Message::new()
            .number(1, 5)
            .text(
                3,
                "\u{1b}[0;36m[D][switch:012]: 'Lamp' Turning ON.\u{1b}[0m\r\n",
            )
            .into_bytes();
        let fields = Fields::parse(&bytes).expect("a message");
        let line = "[D][switch:012]: 'Lamp' Turning ON.".to_owned();
        assert_eq!(lines(fields), [(Level::Debug, line)]);
    }

    #[test]
    fn a_message_of_several_lines_is_divided_and_bounded() {
        let bytes = Message::new()
            .number(1, 1)
            .text(3, &"a\n\n".repeat(1_000))
            .into_bytes();
        let lines = lines(Fields::parse(&bytes).expect("a message"));
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines.first(), Some(&(Level::Error, "a".to_owned())));
    }

    #[test]
    fn every_level_that_is_requested_is_shown() {
        for asked in Level::ALL {
            let received = level(level_number(LogFilter::UpTo(asked)));
            assert_eq!(received, asked);
        }
        assert_eq!(level_number(LogFilter::Off), 0);
        assert_eq!(level(7), Level::Debug);
        assert_eq!(without_escapes("a\u{1b}[0;3"), "a");
    }
}
