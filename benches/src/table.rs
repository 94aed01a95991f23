//! The output: one line for each of our figures and each peer's next to it, or
//! the same as JSON.

use serde::Serialize;

use crate::figures::Figure;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// At most so many times the peer's.
    Ratio(f64),
    /// At most this, in the figure's unit.
    AtMost(f64),
    /// There is no target.
    Stated,
}

/// One of our figures next to a peer's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) row: &'static str,
    pub(crate) what: String,
    pub(crate) ours: Figure,
    /// The peer's name and figure.
    pub(crate) peer: Option<(String, Figure)>,
    pub(crate) target: Target,
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        let (_, peer) = self.peer.as_ref()?;
        (peer.median > 0.0).then(|| self.ours.median / peer.median)
    }

    /// `None` without a target, or without a peer to compare with.
    fn met(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(most) => Some(self.ratio()? <= most),
            Target::AtMost(most) => Some(self.ours.median <= most),
            Target::Stated => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let peer = self
            .peer
            .as_ref()
            .map_or("-".to_owned(), |(who, figure)| format!("{who}: {figure}"));
        let ratio = self
            .ratio()
            .map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        let target = match self.target {
            Target::Ratio(most) => format!("<= {most}x"),
            Target::AtMost(most) => format!(
                "<= {}",
                Figure {
                    median: most,
                    least: most,
                    most,
                    ..self.ours
                }
            ),
            Target::Stated => "stated".to_owned(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "-",
        };
        [
            self.what.clone(),
            self.ours.to_string(),
            peer,
            ratio,
            target,
            met.to_owned(),
        ]
    }
}

const TITLES: [&str; 6] = ["what", "ours", "peer", "ratio", "target", "met"];

/// The table as Markdown, with aligned columns.
pub(crate) fn markdown(lines: &[Line]) -> String {
    let mut rows = vec![TITLES.map(str::to_owned)];
    rows.extend(lines.iter().map(Line::cells));
    let widths: [usize; 6] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    });
    rows.insert(1, widths.map(|width| "-".repeat(width)));
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(&format!("| {cell:<width$} "));
        }
        text.push_str("|\n");
    }
    text
}

/// The same as JSON: a list of objects with computed `ratio` and `met`.
pub(crate) fn json(lines: &[Line]) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct WithVerdict<'a> {
        #[serde(flatten)]
        line: &'a Line,
        ratio: Option<f64>,
        met: Option<bool>,
    }
    let lines_with_verdict: Vec<_> = lines
        .iter()
        .map(|line| WithVerdict {
            line,
            ratio: line.ratio(),
            met: line.met(),
        })
        .collect();
    serde_json::to_string_pretty(&lines_with_verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Unit;

    fn line(ours: f64, target: Target) -> Line {
        let figure = |median| Figure {
            median,
            least: median,
            most: median,
            unit: Unit::Microseconds,
        };
        Line {
            row: "command",
            what: "a command".into(),
            ours: figure(ours),
            peer: Some(("them".into(), figure(10.0))),
            target,
        }
    }

    #[test]
    fn a_target_is_met_or_missed_by_the_ratio_to_the_peer() {
        assert_eq!(line(15.0, Target::Ratio(1.5)).met(), Some(true));
        assert_eq!(line(16.0, Target::Ratio(1.5)).met(), Some(false));
        assert_eq!(line(16.0, Target::AtMost(20.0)).met(), Some(true));
        assert_eq!(line(16.0, Target::Stated).met(), None);
        assert_eq!(
            Line {
                peer: None,
                ..line(1.0, Target::Ratio(1.5))
            }
            .met(),
            None
        );
    }

    #[test]
    fn the_table_names_the_peer_and_the_verdict() {
        let table = markdown(&[line(16.0, Target::Ratio(1.5))]);
        assert!(
            table.contains("| 16.0 µs | them: 10.0 µs | 1.60  | <= 1.5x | MISSED |"),
            "{table}"
        );
    }
}
