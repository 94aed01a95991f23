//! A message in full: indented JSON, plain text, or a hex dump. Numbers in JSON
//! can be clicked to plot them.

use eframe::egui::{Button, RichText, ScrollArea, Ui, WidgetInfo, accesskit::Role};
use serde_json::Value;

use super::rows::beginning;
use crate::widgets::{
    text_line,
    theme::{self, palette},
};
use channel::{Content, Pointer, number};

/// Larger messages are not parsed, and only their beginning is shown.
const MAX_PARSED: usize = 1 << 20;

/// The maximum number of lines.
const MAX_LINES: usize = 20_000;

/// The maximum length of a line, in bytes.
const MAX_WIDTH: usize = 2_000;

/// A message laid out in lines, computed once per message.
pub(super) struct Details {
    /// The number of the entry.
    number: u64,
    /// The selected part of JSON.
    path: String,
    is_narrow: bool,
    lines: Vec<Line>,
    is_cut: bool,
}

struct Line {
    /// The indentation, and the name if there is one.
    before: String,
    value: String,
    after: &'static str,
    /// The path of the value, if it is a number.
    pointer: Option<Pointer>,
}

impl Details {
    /// Lays out a message; of JSON only the selected part, if there is one.
    pub(super) fn of(number: u64, content: &Content, path: &str, is_narrow: bool) -> Self {
        let mut lines = Vec::new();
        match content {
            Content::Text(text) => match json(text) {
                Some(value) => {
                    let chosen = path.parse::<Pointer>().unwrap_or_default();
                    for (at, part) in parts(&chosen, &value) {
                        append_value(part, 0, "", "", &at, &mut lines);
                    }
                }
                None => lines.extend(
                    beginning(text, MAX_PARSED)
                        .lines()
                        .take(MAX_LINES)
                        .map(Line::plain),
                ),
            },
            Content::Binary(bytes) => {
                let width = if is_narrow { 8 } else { 16 };
                let rows = bytes.chunks(width).take(MAX_LINES).enumerate();
                lines.extend(rows.map(|(row, bytes)| dump(row * width, width, bytes)));
            }
        }
        let shown: usize = lines.len();
        Self {
            number,
            path: path.to_owned(),
            is_narrow,
            lines,
            is_cut: shown >= MAX_LINES || content.len() > MAX_PARSED,
        }
    }

    /// Whether these are the details of this message.
    pub(super) fn is_of(&self, number: u64, path: &str, is_narrow: bool) -> bool {
        self.number == number && self.path == path && self.is_narrow == is_narrow
    }

    /// Shows the message; returns the path of a number that was clicked.
    pub(super) fn show(&self, ui: &mut Ui) -> Option<Pointer> {
        let palette = palette(ui);
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().interact_size.y = theme::PUSH_ROW;
        let area = ScrollArea::both()
            .id_salt("message")
            .auto_shrink(false)
            .min_scrolled_height(0.0);
        let font = if self.is_narrow {
            theme::monospace_small()
        } else {
            theme::monospace()
        };
        area.show_rows(ui, theme::PUSH_ROW, self.lines.len(), |ui, range| {
            for line in self.lines.get(range).unwrap_or_default() {
                ui.horizontal(|ui| {
                    ui.set_min_height(theme::PUSH_ROW);
                    let mono = |words: &str| RichText::new(words).font(font.clone());
                    let Some(pointer) = &line.pointer else {
                        let whole = format!("{}{}{}", line.before, line.value, line.after);
                        ui.label(mono(&whole).color(palette.text));
                        return;
                    };
                    ui.label(mono(&line.before).color(palette.text));
                    let value = Button::new(mono(&line.value).color(palette.accent)).frame(false);
                    let value = ui.add(value);
                    value.widget_info(|| {
                        WidgetInfo::labeled(Role::Button, true, format!("Plot {pointer}"))
                    });
                    if value
                        .on_hover_text(format!("Plot {pointer} over time"))
                        .clicked()
                    {
                        clicked = Some(pointer.clone());
                    }
                    ui.label(mono(line.after).color(palette.text));
                });
            }
        });
        if self.is_cut {
            let words = "Only the beginning is shown.";
            text_line::label(ui, words, words, theme::small(), palette.doubtful);
        }
        clicked
    }
}

impl Line {
    fn plain(text: &str) -> Self {
        let value = text::plain(beginning(text, MAX_WIDTH));
        Self {
            before: String::new(),
            value,
            after: "",
            pointer: None,
        }
    }
}

/// Parses a message, if it is a JSON object or array and not too large.
pub(super) fn json(text: &str) -> Option<Value> {
    let begins = text.trim_start().starts_with(['{', '[']);
    (begins && text.len() <= MAX_PARSED)
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// The parts that a pointer selects, each with its path.
fn parts<'a>(chosen: &Pointer, value: &'a Value) -> Vec<(Pointer, &'a Value)> {
    let found = chosen.select(value);
    match found.is_empty() {
        true => vec![(Pointer::default(), value)],
        false => found
            .into_iter()
            .map(|part| (chosen.clone(), part))
            .collect(),
    }
}

/// Appends the lines of a value.
fn append_value(
    value: &Value,
    indent: usize,
    name: &str,
    after: &'static str,
    at: &Pointer,
    lines: &mut Vec<Line>,
) {
    if lines.len() >= MAX_LINES {
        return;
    }
    let space = " ".repeat(indent * 2);
    let mut line = |before: String, value: String, after, pointer| {
        lines.push(Line {
            before,
            value,
            after,
            pointer,
        });
    };
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            line(format!("{space}{name}["), String::new(), "", None);
            for (place, element) in elements.iter().enumerate() {
                let comma = if place + 1 < elements.len() { "," } else { "" };
                append_value(
                    element,
                    indent + 1,
                    "",
                    comma,
                    &at.child(&place.to_string()),
                    lines,
                );
            }
            lines.push(Line {
                before: format!("{space}]"),
                value: String::new(),
                after,
                pointer: None,
            });
        }
        Value::Object(members) if !members.is_empty() => {
            line(format!("{space}{name}{{"), String::new(), "", None);
            for (place, (key, member)) in members.iter().enumerate() {
                let comma = if place + 1 < members.len() { "," } else { "" };
                let name = format!("{}: ", Value::from(text::plain(beginning(key, MAX_WIDTH))));
                append_value(member, indent + 1, &name, comma, &at.child(key), lines);
            }
            lines.push(Line {
                before: format!("{space}}}"),
                value: String::new(),
                after,
                pointer: None,
            });
        }
        leaf => {
            let shown = leaf.to_string();
            let pointer = number(leaf).map(|_| at.clone());
            line(
                format!("{space}{name}"),
                text::plain(beginning(&shown, MAX_WIDTH)),
                after,
                pointer,
            );
        }
    }
}

/// A line of a hex dump: offset, digits, characters.
fn dump(offset: usize, width: usize, bytes: &[u8]) -> Line {
    let digits: String = (0..width)
        .map(|place| {
            let gap = if place == 8 { " " } else { "" };
            let digits = bytes
                .get(place)
                .map_or("  ".to_owned(), |byte| format!("{byte:02x}"));
            format!("{gap}{digits} ")
        })
        .collect();
    let letters: String = bytes
        .iter()
        .map(|byte| {
            if (0x20..0x7f).contains(byte) {
                char::from(*byte)
            } else {
                '.'
            }
        })
        .collect();
    Line {
        before: format!("{offset:04x}  "),
        value: format!("{digits} {letters}"),
        after: "",
        pointer: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: &Content, path: &str) -> Vec<String> {
        let details = Details::of(0, content, path, false);
        details
            .lines
            .iter()
            .map(|line| format!("{}{}{}", line.before, line.value, line.after))
            .collect()
    }

    #[test]
    fn json_is_indented_and_numbers_have_their_path() {
        let content = Content::Text(r#"{"a":[1,"2.5"],"b":{},"c":"x"}"#.into());
        let lines = shown(&content, "");
        assert_eq!(
            lines,
            [
                "{",
                "  \"a\": [",
                "    1,",
                "    \"2.5\"",
                "  ],",
                "  \"b\": {},",
                "  \"c\": \"x\"",
                "}"
            ]
        );
        let details = Details::of(0, &content, "", false);
        let pointers: Vec<String> = details
            .lines
            .iter()
            .filter_map(|line| line.pointer.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(pointers, ["/a/0", "/a/1"]);
        assert_eq!(shown(&content, "/a/0"), ["1"]);
        assert_eq!(shown(&content, "/none").len(), 8);
    }

    #[test]
    fn bytes_are_shown_as_a_hex_dump() {
        let lines = shown(&Content::Binary((0x30..0x42).collect()), "");
        assert_eq!(
            lines[0],
            "0000  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?"
        );
        let narrow = Details::of(0, &Content::Binary((0x30..0x42).collect()), "", true);
        assert_eq!(narrow.lines[1].before, "0008  ");
        assert!(
            lines[1].starts_with("0010  40 41  ") && lines[1].ends_with(" @A"),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn other_text_is_shown_by_lines_without_control_characters() {
        assert_eq!(
            shown(&Content::Text("{no\n\u{1b}[2J".into()), ""),
            ["{no", "\u{fffd}[2J"]
        );
        assert_eq!(shown(&Content::Text("".into()), ""), Vec::<String>::new());
        let large = Content::Text("x\n".repeat(1 << 20).into());
        assert!(Details::of(0, &large, "", false).is_cut);
    }
}
