//! Exports the plotted values as CSV (RFC 4180): one row per value, or per
//! bucket of older values.

use std::io::{self, Write};

use sanitize::plain::cell;

use super::{curve::Plotted, streams::Streams};
use crate::model::{boards::Model, file_task::WriteFile};
use fleet::{Bucket, Timeline, time};

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    board: String,
    component: String,
    name: String,
    unit: String,
    bucket: Bucket,
}

/// The rows of a time range, curve by curve, oldest first, with times as this
/// computer's clock showed them.
pub(crate) fn rows(
    model: &Model,
    curves: &[Plotted],
    streams: &Streams,
    [from, to, now]: [f64; 3],
    timeline: &Timeline,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for plotted in curves {
        let Some((like, buckets)) = values(model, plotted, streams, [from, to, now]) else {
            continue;
        };
        for bucket in buckets {
            if bucket.to < from || bucket.from > to {
                continue;
            }
            rows.push(Row {
                bucket: Bucket {
                    from: timeline.shown_seconds(bucket.from),
                    to: timeline.shown_seconds(bucket.to),
                    ..bucket
                },
                ..like.clone()
            });
        }
    }
    rows
}

/// The values of a curve, and a row that tells what they are.
fn values(
    model: &Model,
    plotted: &Plotted,
    streams: &Streams,
    [from, to, now]: [f64; 3],
) -> Option<(Row, Vec<Bucket>)> {
    let row = |board: &str, component: String, name: String, unit: Option<String>| Row {
        board: board.to_owned(),
        component,
        name,
        unit: unit.unwrap_or_default(),
        bucket: Bucket {
            from,
            to,
            low: f64::NAN,
            high: f64::NAN,
            mean: f64::NAN,
            count: 0,
        },
    };
    match plotted {
        Plotted::Component(pin) => {
            let (_, view) = model.pinned(pin)?;
            let unit = text::unit(&view.descriptor).map(str::to_owned);
            let component = pin.component.to_string();
            let row = row(&pin.board, component, model.pin_title(pin), unit);
            Some((row, view.history.between(from, to, now)))
        }
        Plotted::Channel(pin) => {
            let board = model.channel_board(pin)?;
            let history = streams.history(board.key)?;
            let (channel, described) = history.channel(&pin.channel)?;
            let unit = described.unit_of_measurement.clone();
            let name = format!("{}: {}", model.title(board), pin.channel);
            let row = row(&pin.board, "telemetry".to_owned(), name, unit);
            // Every sample that is kept.
            Some((row, history.between(channel, from, to, 0.0)))
        }
    }
}

impl WriteFile for Vec<Row> {
    fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        write(file, self)
    }
}

/// Writes the rows with a header. Times are RFC 3339 in UTC; a gap has no
/// values.
fn write(file: impl Write, rows: &[Row]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record([
        "time",
        "until",
        "board",
        "component",
        "name",
        "unit",
        "mean",
        "low",
        "high",
        "values",
    ])?;
    for Row {
        board,
        component,
        name,
        unit,
        bucket,
    } in rows
    {
        let number = |value: f64| {
            if value.is_finite() {
                text::quantity_exact(value)
            } else {
                String::new()
            }
        };
        table.write_record([
            &*stamp(bucket.from),
            &stamp(bucket.to),
            &cell(board),
            &cell(component),
            &cell(name),
            &cell(unit),
            &number(bucket.mean),
            &number(bucket.low),
            &number(bucket.high),
            &bucket.count.to_string(),
        ])?;
    }
    table.flush()
}

fn stamp(seconds: f64) -> String {
    let stamp = time(seconds).and_then(text::timestamp);
    stamp.map(|stamp| format!("{stamp:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_row_without_values_and_names_are_not_formulas() -> io::Result<()> {
        let bucket = |from: f64, mean: f64, count| Bucket {
            from,
            to: from + 1.5,
            low: mean,
            high: mean,
            mean,
            count,
        };
        let row = |name: &str, bucket| Row {
            board: "desk-1".to_owned(),
            component: "sensor:0".to_owned(),
            name: name.to_owned(),
            unit: "°C".to_owned(),
            bucket,
        };
        let mut table = Vec::new();
        let name = "Desk, left: Temperature";
        let formula = "=HYPERLINK(\"http://a\")";
        write(
            &mut table,
            &[
                row(name, bucket(0.0, 21.5, 1)),
                row(name, bucket(1.5, f64::NAN, 0)),
                row(formula, bucket(3.0, -1.5e-9, 1)),
            ],
        )?;
        let table = String::from_utf8(table).map_err(io::Error::other)?;
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[0],
            "time,until,board,component,name,unit,mean,low,high,values"
        );
        assert_eq!(
            lines[1],
            "1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.500Z,desk-1,sensor:0,\"Desk, left: \
                 Temperature\",°C,21.5,21.5,21.5,1"
        );
        assert!(lines[2].ends_with(",°C,,,,0"), "{}", lines[2]);
        // A name must not become a formula; a negative number stays a number.
        assert!(
            lines[3].ends_with(",\"'=HYPERLINK(\"\"http://a\"\")\",°C,-1.5e-9,-1.5e-9,-1.5e-9,1"),
            "{}",
            lines[3]
        );
        Ok(())
    }
}
