//! A curve of the page of plots: what is plotted, and how its values read.

use protocol::Kind;

use crate::{
    model::{
        frame_context::FrameContext,
        page_context::PageContext,
        pin::{Pin, component_name},
    },
    widgets::chart::value_at,
};
use fleet::{BoardKey, BoardView, Bucket, seconds};

/// The visible time range, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Range {
    pub(super) fn span(self) -> f64 {
        self.to - self.from
    }
}

/// A curve to draw.
pub(super) struct Curve {
    /// The number in the list, from 0, which determines the color.
    pub(super) number: usize,
    /// What it is and where: `Temperature / Weather station`.
    pub(super) title: String,
    /// What it is: `Temperature`.
    pub(super) name: String,
    pub(super) unit: Option<String>,
    decimals: Option<u8>,
    /// It is drawn in a row of its own.
    pub(super) is_on_off: bool,
    pub(super) board: Option<BoardKey>,
    /// The values of the visible time range.
    pub(super) buckets: Vec<Bucket>,
    /// The values at the markers A and B, which may be out of sight.
    pub(super) marked: [Option<f64>; 2],
    /// The oldest time that is kept.
    pub(super) kept_since: Option<f64>,
    /// The newest value; NaN if it is unknown.
    pub(super) newest: Option<f64>,
    /// Why there are no values, or no new ones.
    pub(super) problem: Option<String>,
}

impl Curve {
    /// The curve of a component.
    pub(super) fn of_pin(
        number: usize,
        pin: &Pin,
        range: Range,
        markers: [Option<f64>; 2],
        context: &PageContext<'_>,
    ) -> Self {
        let (title, name) = titles(pin, context);
        let mut curve = Self {
            number,
            title,
            name,
            unit: None,
            decimals: None,
            is_on_off: matches!(
                pin.component.kind,
                Kind::Switch | Kind::BinarySensor | Kind::Light
            ),
            board: None,
            buckets: Vec::new(),
            marked: [None; 2],
            kept_since: None,
            newest: None,
            problem: None,
        };
        let Some((board, view)) = context.model.pinned(pin) else {
            curve.problem = Some("Board not found".to_owned());
            return curve;
        };
        context.shows(board.key);
        let until = known_until(board, context);
        // Bytes read better in units of 1,024.
        let scale = match view.descriptor.unit_of_measurement.as_deref() {
            Some("B") => 1.0 / 1_024.0,
            _ => 1.0,
        };
        curve.board = Some(board.key);
        curve.unit.clone_from(&view.descriptor.unit_of_measurement);
        curve.decimals = view.descriptor.accuracy_decimals;
        if scale != 1.0 {
            curve.unit = Some("KiB".to_owned());
            curve.decimals = Some(1);
        }
        curve.buckets = view.history.between(range.from, range.to, until);
        for bucket in &mut curve.buckets {
            bucket.scale(scale);
        }
        curve.marked = markers.map(|at| {
            let at = at?;
            let found = view.history.between(at, at, until);
            value_at(&found, at).map(|bucket| bucket.mean * scale)
        });
        curve.kept_since = view.history.since();
        curve.newest = view.history.last().map(|last| last.value * scale);
        curve
    }

    /// The value at a time, as text.
    pub(super) fn words_at(&self, at: f64) -> String {
        value_at(&self.buckets, at)
            .map_or_else(|| "no data".to_owned(), |bucket| self.words(bucket.mean))
    }

    /// What the list says: the value under the cursor, while the view is paused
    /// the value at its right edge, and otherwise the newest.
    pub(super) fn shown_value(&self, cursor: Option<f64>, range: Range, is_live: bool) -> String {
        if let Some(problem) = &self.problem {
            return problem.clone();
        }
        match (cursor, is_live, self.newest) {
            (Some(cursor), ..) => self.words_at(cursor),
            (None, false, _) => self.words_at(range.to),
            (None, true, Some(value)) if value.is_finite() => self.words(value),
            (None, true, Some(_)) => "unknown".to_owned(),
            (None, true, None) => "no value yet".to_owned(),
        }
    }

    /// Formats a value without its unit.
    pub(super) fn number_words(&self, value: f64) -> String {
        if self.is_on_off {
            self.words(value)
        } else {
            text::quantity(value, self.decimals, None)
        }
    }

    /// Formats a value with its unit.
    pub(super) fn words(&self, value: f64) -> String {
        match (self.is_on_off, value) {
            (true, 0.0) => "Off".to_owned(),
            (true, 1.0) => "On".to_owned(),
            (true, share) => format!("{:.0} % on", share * 100.0),
            _ => text::quantity(value, self.decimals, self.unit.as_deref()),
        }
    }

    /// Formats a difference of two values, with its sign.
    pub(super) fn difference(&self, from: f64, to: f64) -> String {
        if self.is_on_off {
            return format!("{} to {}", self.words(from), self.words(to));
        }
        let by = to - from;
        let sign = if by < 0.0 { "−" } else { "+" };
        format!("{sign}{}", self.words(by.abs()))
    }
}

/// The name of a component, and the same with its board.
pub(super) fn titles(pin: &Pin, context: &PageContext<'_>) -> (String, String) {
    let (board, name) = match context.model.pinned(pin) {
        Some((board, view)) => (context.model.title(board), component_name(board, view)),
        None => {
            let words = pin.words();
            match words.split_once(": ") {
                Some((board, name)) => (board.to_owned(), name.to_owned()),
                None => (pin.board.clone(), words),
            }
        }
    };
    (format!("{name} / {board}"), name)
}

/// Until when the last value of a board is valid: while a link is stale, only
/// until the board was last heard.
fn known_until(board: &BoardView, context: &FrameContext) -> f64 {
    let now = seconds(context.wall);
    match (&board.link, board.last_heard) {
        (fleet::LinkState::Stale, Some(heard)) => {
            now - context.now.saturating_duration_since(heard).as_secs_f64()
        }
        _ => now,
    }
}
