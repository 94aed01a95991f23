//! A bar on standard error that is redrawn in place.

use std::io::{self, Write};

use super::output;

/// The width of the progress bar in columns, if there is room.
const BAR: usize = 32;

/// The bar is left out if it would be narrower than this.
const NARROWEST: usize = 8;

/// The assumed width of a terminal that does not report one.
const COLUMNS: usize = 80;

/// A bar on a terminal.
#[derive(Debug, Default)]
pub(super) struct ProgressBar {
    /// The line that is shown.
    drawn: String,
}

impl ProgressBar {
    /// Shows a bar and a text. The text must be escaped.
    pub(super) fn draw(&mut self, percent: u8, text: &str) -> io::Result<()> {
        let columns = terminal_size::terminal_size_of(io::stderr())
            .map_or(0, |(width, _)| usize::from(width.0));
        // If the terminal does not know its size, the shell may.
        let from_shell = || {
            std::env::var("COLUMNS")
                .ok()?
                .parse()
                .ok()
                .filter(|columns| *columns > 0)
        };
        let columns = if columns == 0 {
            from_shell().unwrap_or(COLUMNS)
        } else {
            columns
        };
        let bar = bar(percent, text, columns);
        if bar == self.drawn {
            return Ok(());
        }
        // Overwrite the rest of the previous bar, within the line.
        let before = self.drawn.chars().count().min(columns.saturating_sub(1));
        let rest = " ".repeat(before.saturating_sub(bar.chars().count()));
        // The carriage return is the only control character.
        let mut err = output::raw_err();
        write!(err, "\r{bar}{rest}")?;
        self.drawn = bar;
        err.flush()
    }

    /// Moves to the line after the bar.
    pub(super) fn end(&self) -> io::Result<()> {
        if self.drawn.is_empty() {
            return Ok(());
        }
        writeln!(output::err())
    }
}

/// A bar and a text that fit on one line of a terminal. The last column stays
/// empty, because some terminals wrap after it.
fn bar(percent: u8, text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let length = text.chars().count();
    // Two brackets and a space.
    let width = room.saturating_sub(length + 3).min(BAR);
    if width >= NARROWEST {
        let filled = usize::from(percent.min(100)) * width / 100;
        return format!(
            "[{}{}] {text}",
            "#".repeat(filled),
            " ".repeat(width - filled)
        );
    }
    if length <= room {
        return text.to_owned();
    }
    text.chars()
        .take(room.saturating_sub(1))
        .chain((room > 0).then_some('\u{2026}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_and_its_text_fit_on_one_line_of_any_terminal() {
        let texts = [
            "43 %  251 KiB of 584 KiB",
            "the board is restarting with the new image",
            "",
        ];
        for (text, columns) in texts
            .iter()
            .flat_map(|text| (0..=120).map(move |columns| (text, columns)))
        {
            for percent in [0, 43, 100, 255] {
                let line = bar(percent, text, columns);
                assert!(
                    line.chars().count() <= columns.saturating_sub(1),
                    "{columns}: {line}"
                );
            }
        }
        assert_eq!(
            bar(50, "50 %", 80),
            format!("[{}{}] 50 %", "#".repeat(16), " ".repeat(16))
        );
        assert_eq!(
            bar(43, texts[0], 40),
            format!("[{}{}] {}", "#".repeat(5), " ".repeat(7), texts[0])
        );
        assert_eq!(bar(0, texts[1], 20), "the board is resta\u{2026}");
    }
}
