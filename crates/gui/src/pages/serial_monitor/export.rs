//! Saves lines of a serial port as text, as `switchboard monitor` prints them.
//! Keys of boards are removed: people send such files to others.

use std::{
    io::{self, Write},
    sync::Arc,
};

use jiff::tz::TimeZone;
use sanitize::redact::redacted;
use serial::{Line, Meaning};

use crate::model::file_task::WriteFile;

/// Lines, oldest first.
pub(super) struct SavedLines {
    pub(super) lines: Vec<Arc<Line>>,
    pub(super) zone: TimeZone,
}

impl WriteFile for SavedLines {
    fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        for line in &self.lines {
            writeln!(file, "{}", text_of(line, &self.zone))?;
        }
        Ok(())
    }
}

/// A line with its date and time, and what it means.
fn text_of(line: &Line, zone: &TimeZone) -> String {
    let at = text::timestamp(line.at)
        .map(|at| at.to_zoned(zone.clone()))
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
        .unwrap_or_default();
    let word = match line.meaning {
        Meaning::Output => "",
        other => other.word(),
    };
    let mut text = format!("{at}  {word:<7}  {}", redacted(&line.text));
    if let Some(explanation) = &line.explanation {
        text.push_str(&format!("  ({explanation})"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use web_time::SystemTime;

    use super::*;

    #[test]
    fn a_saved_line_has_its_date_and_meaning_and_no_key() {
        let line = Line {
            number: 0,
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500),
            text: "rst:0x3 (SW) switchboard-key:1:desk-lamp:secret".to_owned(),
            meaning: Meaning::Reset,
            explanation: Some("Reset by the firmware".to_owned()),
            continues: false,
        };
        assert_eq!(
            text_of(&line, &TimeZone::UTC),
            "1970-01-01 00:00:01.500  reset    rst:0x3 (SW) switchboard-key:…  (Reset by the \
             firmware)"
        );
    }
}
