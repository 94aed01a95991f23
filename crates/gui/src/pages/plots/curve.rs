//! A curve of the page of plots: what is plotted, and how its values read.

use std::collections::HashMap;

use protocol::Kind;

use super::streams::Streams;
use crate::{
    model::{
        frame_context::FrameContext,
        page_context::PageContext,
        pin::{ChannelPin, Pin, component_name},
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

/// What is visible.
pub(super) struct Visible {
    pub(super) range: Range,
    /// The time that can be told apart, in seconds.
    pub(super) width: f64,
    /// The markers A and B.
    pub(super) markers: [Option<f64>; 2],
}

/// What is plotted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plotted {
    /// A component.
    Component(Pin),
    /// A telemetry channel of a board.
    Channel(ChannelPin),
}

/// A curve to draw.
pub(super) struct Curve {
    /// The number in the list, from 0, which determines the color.
    pub(super) number: usize,
    /// What it is and where: `Temperature / Weather station`.
    pub(super) title: String,
    /// What it is: `Temperature`; with its board if another curve has this
    /// name.
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
    fn new(number: usize, (name, board): (String, String)) -> Self {
        Self {
            number,
            title: format!("{name} / {board}"),
            name,
            unit: None,
            decimals: None,
            is_on_off: false,
            board: None,
            buckets: Vec::new(),
            marked: [None; 2],
            kept_since: None,
            newest: None,
            problem: None,
        }
    }

    /// The curve of what is plotted.
    pub(super) fn of(
        number: usize,
        plotted: &Plotted,
        streams: &Streams,
        view: &Visible,
        context: &PageContext<'_>,
    ) -> Self {
        match plotted {
            Plotted::Component(pin) => Self::of_component(number, pin, view, context),
            Plotted::Channel(pin) => Self::of_channel(number, pin, streams, view, context),
        }
    }

    fn of_component(
        number: usize,
        pin: &Pin,
        visible: &Visible,
        context: &PageContext<'_>,
    ) -> Self {
        let range = visible.range;
        let mut curve = Self::new(number, names(pin, context));
        curve.is_on_off = matches!(
            pin.component.kind,
            Kind::Switch | Kind::BinarySensor | Kind::Light
        );
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
        curve.unit = text::unit(&view.descriptor).map(str::to_owned);
        curve.decimals = view.descriptor.accuracy_decimals;
        if scale != 1.0 {
            curve.unit = Some("KiB".to_owned());
            curve.decimals = Some(1);
        }
        curve.buckets = view.history.between(range.from, range.to, until);
        for bucket in &mut curve.buckets {
            bucket.scale(scale);
        }
        curve.marked = visible.markers.map(|at| {
            let at = at?;
            let found = view.history.between(at, at, until);
            value_at(&found, at).map(|bucket| bucket.mean * scale)
        });
        curve.kept_since = view.history.since();
        curve.newest = view.history.last().map(|last| last.value * scale);
        curve
    }

    fn of_channel(
        number: usize,
        pin: &ChannelPin,
        streams: &Streams,
        visible: &Visible,
        context: &PageContext<'_>,
    ) -> Self {
        let Range { from, to } = visible.range;
        let Some(board) = context.model.channel_board(pin) else {
            let names = (pin.channel.clone(), pin.board_name.clone());
            let mut curve = Self::new(number, names);
            curve.problem = Some("Board not found".to_owned());
            return curve;
        };
        let names = (pin.channel.clone(), context.model.title(board));
        let mut curve = Self::new(number, names);
        context.shows(board.key);
        curve.board = Some(board.key);
        curve.problem = streams.problem(board.key);
        let Some(history) = streams.history(board.key) else {
            return curve;
        };
        let Some((channel, described)) = history.channel(&pin.channel) else {
            if !history.channels().is_empty() {
                curve.problem = Some("The board has no such channel.".to_owned());
            }
            return curve;
        };
        curve.unit.clone_from(&described.unit_of_measurement);
        curve.decimals = described.accuracy_decimals;
        curve.buckets = history.between(channel, from, to, visible.width);
        curve.marked = visible.markers.map(|at| {
            let at = at?;
            let found = history.between(channel, at, at, 0.0);
            value_at(&found, at).map(|bucket| bucket.mean)
        });
        curve.kept_since = history.since(channel);
        curve.newest = history.newest(channel);
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
        let looks_back = cursor.is_some() || !is_live;
        if let Some(problem) = &self.problem
            && (!looks_back || self.buckets.is_empty())
        {
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

    /// The smallest difference that its values show; zero if that is not known.
    pub(super) fn resolution(&self) -> f64 {
        self.decimals
            .map_or(0.0, |decimals| 10_f64.powi(-i32::from(decimals)))
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
        let sign = match by {
            0.0 => "",
            by if by < 0.0 => "−",
            _ => "+",
        };
        format!("{sign}{}", self.words(by.abs()))
    }
}

/// Adds the board to the names that several curves share.
pub(super) fn tell_apart(curves: &mut [Curve]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for curve in curves.iter() {
        *count.entry(curve.name.clone()).or_default() += 1;
    }
    for curve in curves {
        if count.get(&curve.name).is_some_and(|count| *count > 1) {
            curve.name.clone_from(&curve.title);
        }
    }
}

/// The names of a component and of its board.
fn names(pin: &Pin, context: &PageContext<'_>) -> (String, String) {
    if let Some((board, view)) = context.model.pinned(pin) {
        return (component_name(board, view), context.model.title(board));
    }
    let words = pin.words();
    match words.split_once(": ") {
        Some((board, name)) => (name.to_owned(), board.to_owned()),
        None => (words, pin.board.clone()),
    }
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
