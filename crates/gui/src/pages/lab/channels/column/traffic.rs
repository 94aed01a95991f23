//! The traffic of a channel in one direction, on one line.

use eframe::egui::{Align2, Rect, Sense, Ui, pos2, vec2};

use super::super::list::rate;

use crate::widgets::{
    layout::left_of,
    text_line,
    theme::{self, HALF, Palette},
};
use channel::TrafficTotal;

/// The traffic in one direction: rates and total.
pub(super) fn show(ui: &mut Ui, mark: &str, word: &str, sum: &TrafficTotal, palette: &Palette) {
    let TrafficTotal {
        messages,
        bytes,
        wire,
        rate: throughput,
    } = sum;
    let first = format!("{}/s", rate(throughput.messages));
    let rest = [
        format!("{}/s", text::bytes(throughput.bytes)),
        format!("TCP {}/s", text::bytes(throughput.wire)),
        text::grouped(*messages),
    ];
    let name = format!("{word}: {first}, {} in total", rest.join(", "));
    let size = vec2(ui.available_width(), 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    text_line::name_label(ui, &response, &name);
    let cells = [0.19, 0.22, 0.35, 0.24].map(|part| left_of(rect.width(), 18.0).min(480.0) * part);
    let sign = Rect::from_min_size(rect.min, vec2(16.0, 16.0));
    text_line::paint(
        ui,
        sign,
        Align2::LEFT_CENTER,
        mark,
        theme::small(),
        palette.weak,
    );
    let mut left = rect.left() + 18.0;
    for (place, (words, width)) in [first].iter().chain(&rest).zip(cells).enumerate() {
        let color = if place == 0 {
            palette.text
        } else {
            palette.weak
        };
        let cell = Rect::from_min_size(
            pos2(left, rect.top()),
            vec2(left_of(width, HALF), rect.height()),
        );
        text_line::paint(ui, cell, Align2::LEFT_CENTER, words, theme::small(), color);
        left += width;
    }
    response.on_hover_text(format!(
        "Messages {word}: {}, {} of data, {} over TCP with frame headers, pings and TLS. Rates are \
             averages over three seconds.",
        text::grouped(*messages),
        text::bytes(*bytes as f64),
        text::bytes(*wire as f64)
    ));
}
