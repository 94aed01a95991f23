//! Prints the entries of a live channel or a recording, in the same format.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use super::{super::output, args::ChannelArgs};
use channel::{Content, Direction, Entry, EntryKind, Pointer, hex, to_line};
use sanitize::plain;

/// Prints a channel's entries.
pub(super) struct Printer {
    json: bool,
    hex: bool,
    path: Option<Pointer>,
    /// Longer messages are not searched: once parsed, a message takes up many
    /// times its length.
    largest: usize,
    print_pings: bool,
    print_ends: bool,
    /// Messages are escaped on a terminal; a pipe receives them unchanged, as
    /// from websocat or curl.
    on_terminal: bool,
}

impl Printer {
    pub(super) fn new(args: &ChannelArgs) -> Self {
        let on_terminal = io::stdout().is_terminal();
        Self {
            json: args.json,
            hex: args.hex || on_terminal,
            path: args.path.clone(),
            largest: args.largest,
            print_pings: args.print_pings,
            print_ends: args.reconnect && !args.json,
            on_terminal,
        }
    }

    /// Prints an entry, and returns whether it is a received message that
    /// counts.
    pub(super) fn entry(&self, entry: &Entry, out: &mut impl Write) -> io::Result<bool> {
        let found = match (&self.path, entry.message()) {
            (Some(path), Some((_, content))) => match parts(path, content, self.largest) {
                Some(found) => Some(found),
                None => return Ok(false),
            },
            _ => None,
        };
        let received = matches!(entry.kind, EntryKind::Message(Direction::In, _));
        if self.json {
            writeln!(out, "{}", to_line(entry, found))?;
        } else if let (true, Some((_, content))) = (received, entry.message()) {
            self.message(content, found, out)?;
        } else {
            self.notice(entry);
        }
        Ok(received)
    }

    fn message(
        &self,
        content: &Content,
        found: Option<Vec<Value>>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match (found, content) {
            (Some(found), _) => found
                .iter()
                .try_for_each(|value| writeln!(out, "{}", plain::json(value))),
            (None, Content::Text(text)) => self.text(text, out),
            (None, Content::Binary(bytes)) if self.hex => writeln!(out, "{}", hex(bytes)),
            (None, Content::Binary(bytes)) => out.write_all(bytes),
        }
    }

    fn text(&self, text: &str, out: &mut impl Write) -> io::Result<()> {
        if self.on_terminal {
            return text
                .lines()
                .try_for_each(|line| writeln!(out, "{}", text::plain(line)));
        }
        writeln!(out, "{text}")
    }

    /// Prints events other than messages on standard error.
    fn notice(&self, entry: &Entry) {
        let notice = match &entry.kind {
            EntryKind::Pong(took) if self.print_pings => {
                // Standard error may be closed; the channel goes on.
                let _ = writeln!(output::err(), "round trip {}", text::short(*took));
                return;
            }
            EntryKind::End(cause) if self.print_ends => text::plain(&cause.to_string()),
            EntryKind::Waiting(time) if self.print_ends => {
                format!("reconnecting in {}", text::short(*time))
            }
            EntryKind::Missing(entries) => format!("{entries} entries are missing here"),
            _ => return,
        };
        output::say(notice);
    }
}

/// The parts of a JSON message that the pointer selects, if there are any.
fn parts(path: &Pointer, content: &Content, largest: usize) -> Option<Vec<Value>> {
    let text = content.text().filter(|text| text.len() <= largest)?;
    let value: Value = serde_json::from_str(text).ok()?;
    let found: Vec<Value> = path.select(&value).into_iter().cloned().collect();
    (!found.is_empty()).then_some(found)
}
