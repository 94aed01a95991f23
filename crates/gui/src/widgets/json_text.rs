//! JSON in color: names, strings, numbers and literals differ. Invalid JSON is
//! colored too.

use std::{ops::Range, sync::Arc};

use eframe::egui::{
    Align2, Color32, FontId, Galley, Rect, TextFormat, Ui,
    text::{LayoutJob, TextWrapping},
};

use crate::widgets::theme::{Palette, palette};

/// The parts that have a color of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The name of a field.
    Name,
    Text,
    Number,
    /// `true`, `false` and `null`.
    Word,
    /// Brackets, commas and whitespace.
    Rest,
}

/// The color of each part, on every background that JSON is shown on.
fn color(part: Part, palette: &Palette) -> Color32 {
    match part {
        Part::Name => palette.underway,
        Part::Text => palette.good,
        Part::Number => palette.doubtful,
        Part::Word => palette.word,
        Part::Rest => palette.weak,
    }
}

/// Lays JSON out; it wraps at `width`.
pub(crate) fn galley(ui: &Ui, text: &str, font: &FontId, width: f32) -> Arc<Galley> {
    let mut job = job(text, font, palette(ui));
    job.wrap.max_width = width;
    ui.painter().layout_job(job)
}

/// Paints JSON on one line within `rect`, cut where it is too long.
pub(crate) fn paint_line(ui: &Ui, rect: Rect, text: &str, font: &FontId) {
    // More does not fit on any screen.
    const MOST: usize = 600;
    let end = text
        .char_indices()
        .nth(MOST)
        .map_or(text.len(), |(at, _)| at);
    let mut job = job(&text[..end], font, palette(ui));
    job.wrap = TextWrapping {
        max_width: rect.width(),
        max_rows: 1,
        break_anywhere: true,
        ..TextWrapping::default()
    };
    let galley = ui.painter().layout_job(job);
    let place = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(place.min, galley, palette(ui).weak);
}

fn job(text: &str, font: &FontId, palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (part, range) in parts(text) {
        let format = TextFormat::simple(font.clone(), color(part, palette));
        job.append(&text[range], 0.0, format);
    }
    if text.is_empty() {
        // An empty text is as high as a line, too.
        job.append("", 0.0, TextFormat::simple(font.clone(), palette.text));
    }
    job
}

/// The parts of a text, in order and without gaps.
fn parts(text: &str) -> Vec<(Part, Range<usize>)> {
    if !text.trim_start().starts_with(['{', '[']) {
        // A sentence, or what is not JSON yet.
        return vec![(Part::Rest, 0..text.len())];
    }
    let mut parts: Vec<(Part, Range<usize>)> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (part, end) = match byte {
            b'"' => {
                let end = string_end(bytes, at);
                let name = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace());
                let part = match name {
                    Some(b':') => Part::Name,
                    _ => Part::Text,
                };
                (part, end)
            }
            b'-' | b'0'..=b'9' => (Part::Number, run(bytes, at, is_of_number)),
            b'a'..=b'z' => (
                Part::Word,
                run(bytes, at, |byte| byte.is_ascii_alphabetic()),
            ),
            _ => (Part::Rest, run(bytes, at, is_rest)),
        };
        match parts.last_mut() {
            Some((last, range)) if *last == part => range.end = end,
            _ => parts.push((part, at..end)),
        }
        at = end;
    }
    parts
}

/// The end of the string that begins here, or of the text.
fn string_end(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of the bytes that belong to the one at `begin`.
fn run(bytes: &[u8], begin: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let more = bytes[begin + 1..].iter().take_while(|byte| belongs(**byte));
    begin + 1 + more.count()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
}

/// Brackets, whitespace and everything that is not JSON, such as the rest of a
/// character of several bytes.
fn is_rest(byte: u8) -> bool {
    !matches!(byte, b'"' | b'-' | b'0'..=b'9' | b'a'..=b'z')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(Part, &str)> {
        let parts = parts(text).into_iter();
        parts.map(|(part, range)| (part, &text[range])).collect()
    }

    #[test]
    fn names_texts_numbers_and_words_are_told_apart() {
        assert_eq!(
            told(r#"{"id" : 0,"on":true,"name":"a\"b"}"#),
            [
                (Part::Rest, "{"),
                (Part::Name, r#""id""#),
                (Part::Rest, " : "),
                (Part::Number, "0"),
                (Part::Rest, ","),
                (Part::Name, r#""on""#),
                (Part::Rest, ":"),
                (Part::Word, "true"),
                (Part::Rest, ","),
                (Part::Name, r#""name""#),
                (Part::Rest, ":"),
                (Part::Text, r#""a\"b""#),
                (Part::Rest, "}"),
            ]
        );
    }

    #[test]
    fn any_text_is_divided_without_gaps() {
        for text in [
            "",
            "{\"",
            "[\"\\",
            "{\\\"é",
            "{ Ünïcode {\"ä\":\"日本\"} 12e-3 nul",
            "[-",
            "[é\"é\\\"é\"é",
            "WebSocket ping",
        ] {
            let parts = parts(text);
            let mut end = 0;
            for (_, range) in &parts {
                assert_eq!(range.start, end, "{text}");
                assert!(text.get(range.clone()).is_some(), "{text}: {range:?}");
                end = range.end;
            }
            assert_eq!(end, text.len(), "{text}");
        }
    }
}
