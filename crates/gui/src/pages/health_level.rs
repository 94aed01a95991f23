//! When a figure of a link is doubtful or bad, as it is colored in the table
//! and in the charts.

use std::time::Duration;

use eframe::egui::{Color32, Pos2, Stroke, Ui};

use crate::widgets::{
    chart::Zone,
    status_icons,
    theme::{Palette, palette},
};

/// How a figure is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Good,
    Doubtful,
    Bad,
}

/// The two limits of a figure; beyond the first it is doubtful, beyond the
/// second bad.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) doubtful: f64,
    pub(crate) bad: f64,
}

/// Round trips in milliseconds: a longer one is felt as a delay, and much
/// longer ones come close to the 5 s after which a command is unconfirmed.
pub(crate) const ROUND_TRIP: Limits = Limits {
    doubtful: 100.0,
    bad: 500.0,
};

/// Received signal strength in dBm: below the first, Wi-Fi repeats many
/// packets; below the second, links break.
pub(crate) const SIGNAL: Limits = Limits {
    doubtful: -70.0,
    bad: -80.0,
};

/// Free memory in KiB: a connection takes up to 10, a locked one more.
pub(crate) const MEMORY: Limits = Limits {
    doubtful: 32.0,
    bad: 16.0,
};

impl Limits {
    /// Whether small values are the bad ones.
    fn is_low_bad(self) -> bool {
        self.bad < self.doubtful
    }

    pub(crate) fn level(self, value: f64) -> Level {
        let beyond = |limit: f64| {
            if self.is_low_bad() {
                value < limit
            } else {
                value > limit
            }
        };
        match (beyond(self.bad), beyond(self.doubtful)) {
            (true, _) => Level::Bad,
            (_, true) => Level::Doubtful,
            _ => Level::Good,
        }
    }

    /// The ranges behind a chart.
    pub(crate) fn zones(self, unit: &str) -> [Zone; 2] {
        let (doubtful, bad) = (self.doubtful, self.bad);
        let (first, second) = if self.is_low_bad() {
            ((bad, doubtful), (f64::NEG_INFINITY, bad))
        } else {
            ((doubtful, bad), (bad, f64::INFINITY))
        };
        let zone = |(low, high), is_bad, limit: f64| Zone {
            low,
            high,
            is_bad,
            limit: format!("{} {unit}", text::short_number(limit)),
        };
        [zone(first, false, doubtful), zone(second, true, bad)]
    }
}

/// The level of a round trip.
pub(crate) fn of_round_trip(took: Duration) -> Level {
    ROUND_TRIP.level(took.as_secs_f64() * 1e3)
}

/// The color of a figure as text.
pub(crate) fn color(palette: &Palette, level: Level) -> Color32 {
    match level {
        Level::Good => palette.text,
        Level::Doubtful => palette.doubtful,
        Level::Bad => palette.bad,
    }
}

/// The shape of a level, at the left of a figure: none if it is good, a
/// triangle if it is doubtful, a cross if it is bad.
pub(crate) fn sign(ui: &Ui, center: Pos2, level: Level) {
    let signs = palette(ui).signs;
    let stroke = Stroke::new(1.8, signs.bad);
    match level {
        Level::Good => {}
        Level::Doubtful => status_icons::triangle(ui.painter(), center, signs.doubtful),
        Level::Bad => status_icons::cross(ui.painter(), center, 3.2, stroke),
    }
}

/// A level in words, for accessible names.
pub(crate) fn words(level: Level) -> &'static str {
    match level {
        Level::Good => "",
        Level::Doubtful => " (doubtful)",
        Level::Bad => " (bad)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_round_trips_and_low_signals_are_bad() {
        use Level::{Bad, Doubtful, Good};
        assert_eq!(
            [3.0, 100.0, 101.0, 501.0].map(|ms| ROUND_TRIP.level(ms)),
            [Good, Good, Doubtful, Bad]
        );
        assert_eq!(
            [-52.0, -70.0, -71.0, -90.0].map(|dbm| SIGNAL.level(dbm)),
            [Good, Good, Doubtful, Bad]
        );
    }
}
