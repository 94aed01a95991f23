//! Writes events as JSON Lines or CSV, and pictures as PNG.

use std::{
    collections::HashMap,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use eframe::egui::ColorImage;

use sanitize::plain;

use fleet::{BoardKey, BoardView, LogEntry};
use text::export as record;

/// Events to be saved, oldest first, and their boards.
#[derive(Clone)]
pub(crate) struct Lines {
    pub(crate) entries: Vec<Arc<LogEntry>>,
    pub(crate) boards: HashMap<BoardKey, Arc<BoardView>>,
}

/// Writes the events, oldest first: as CSV if the file name ends with .csv,
/// otherwise as JSON Lines.
pub(crate) fn write(name: &Path, file: &mut dyn Write, lines: &Lines) -> io::Result<()> {
    let csv = name
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    match csv {
        true => write_csv(file, lines),
        false => write_json(file, lines),
    }
}

fn write_json(file: &mut dyn Write, Lines { entries, boards }: &Lines) -> io::Result<()> {
    entries.iter().try_for_each(|entry| {
        let board = boards.get(&entry.board).map(AsRef::as_ref);
        writeln!(file, "{}", plain::json(&record::event(board, entry)))
    })
}

/// RFC 4180, with a header. Times are RFC 3339 in UTC, so that they sort and
/// every spreadsheet reads them.
fn write_csv(file: &mut dyn Write, Lines { entries, boards }: &Lines) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(file);
    rows.write_record(["time", "board", "id", "subject", "what", "source", "timing"])?;
    for entry in entries {
        let time = text::timestamp(entry.at)
            .map(|at| at.to_string())
            .unwrap_or_default();
        let id = boards
            .get(&entry.board)
            .and_then(|board| board.id.as_deref())
            .unwrap_or_default();
        let family = boards.get(&entry.board).map(|board| board.family);
        let family = family.unwrap_or_default();
        let text::Line {
            subject,
            what,
            source,
            timing,
        } = text::event(family, &entry.what, None);
        let cells = [
            &*time,
            &*entry.board_name,
            id,
            &subject,
            &what,
            &source,
            &timing,
        ]
        .map(plain::cell);
        rows.write_record(cells.iter().map(|cell| cell.as_bytes()))?;
    }
    rows.flush()
}

/// A picture as PNG.
pub(crate) fn picture(picture: &ColorImage) -> io::Result<Vec<u8>> {
    let [width, height] = picture.size;
    let pixels: Vec<u8> = picture
        .pixels
        .iter()
        .flat_map(|pixel| pixel.to_array())
        .collect();
    let size = |length: usize| u32::try_from(length).map_err(io::Error::other);
    let image = image::RgbaImage::from_raw(size(width)?, size(height)?, pixels)
        .ok_or_else(|| io::Error::other("the picture has fewer pixels than its size requires"))?;
    let mut bytes = io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}
