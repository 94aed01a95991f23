//! A curve of the page of plots: which component, how it is drawn, and how its
//! values read.

use std::sync::Arc;

use protocol::Kind;

use crate::model::pin::Pin;
use fleet::{BoardView, Bucket, ComponentView};

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line from value to value.
    Line,
    /// Steps: a value is valid until the next one.
    Steps,
    /// On or off: steps in a row of their own.
    OnOff,
}

/// A curve to draw.
pub(super) struct Curve<'a> {
    /// The number in the list, from 0, which determines the color.
    pub(super) number: usize,
    pub(super) pin: &'a Pin,
    pub(super) title: String,
    pub(super) view: Option<(&'a Arc<BoardView>, &'a Arc<ComponentView>)>,
    /// The values of the visible time range.
    pub(super) buckets: Vec<Bucket>,
}

impl Curve<'_> {
    pub(super) fn unit(&self) -> Option<&str> {
        self.view
            .and_then(|(_, view)| view.descriptor.unit_of_measurement.as_deref())
    }

    pub(super) fn shape(&self) -> Shape {
        match self.pin.component.kind {
            Kind::Switch | Kind::BinarySensor | Kind::Light => Shape::OnOff,
            Kind::Number => Shape::Steps,
            _ => Shape::Line,
        }
    }

    /// Formats a value without its unit.
    pub(super) fn number_words(&self, value: f64) -> String {
        let decimals = self
            .view
            .and_then(|(_, view)| view.descriptor.accuracy_decimals);
        match self.shape() {
            Shape::OnOff => self.words(value),
            Shape::Line | Shape::Steps => text::quantity(value, decimals, None),
        }
    }

    /// Formats a value with its unit.
    pub(super) fn words(&self, value: f64) -> String {
        if self.shape() == Shape::OnOff && (value == 0.0 || value == 1.0) {
            return if value == 1.0 { "on" } else { "off" }.to_owned();
        }
        let decimals = self
            .view
            .and_then(|(_, view)| view.descriptor.accuracy_decimals);
        match self.shape() {
            Shape::OnOff => format!("{:.0} % on", value * 100.0),
            Shape::Line | Shape::Steps => text::quantity(value, decimals, self.unit()),
        }
    }
}

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
