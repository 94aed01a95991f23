//! `switchboard telemetry`: follows a board's samples and prints a summary once
//! per second, or every frame.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::telemetry::{Channel, Telemetry};
use serde_json::{Value, json};

use super::{Failure, client::Client, output};
use disk::keys::Store;
use sanitize::plain;
use telemetry::{
    Item, ReceivedFrame, TelemetryClient, TelemetryCounts, TelemetryState, TelemetryUpdate,
};

/// The interval of the summary lines.
const SECOND: Duration = Duration::from_secs(1);

/// How long the first connection may take: longer than one attempt.
const PATIENCE: Duration = Duration::from_secs(11);

/// Runs the command.
pub(super) fn telemetry(
    keys: &Store,
    board: &str,
    wait: Option<Duration>,
    json: bool,
    csv: Option<&Path>,
) -> Result<(), Failure> {
    let client = Client::connect_ours(keys, board)?;
    let view = client.board()?;
    // The connection was needed only to find the board; free its slot.
    drop(client);
    let name = text::plain(&view.name);
    if view.held.is_some() {
        let why = "locked boards do not provide telemetry, because its channel is not encrypted";
        return Err(Failure::Usage(format!("{name}: {why}")));
    }
    let table = csv.map(Table::create).transpose()?;
    let following = TelemetryClient::start(&view.address, Arc::new(|| {})).map_err(|error| {
        Failure::NoAnswer(format!("cannot follow the telemetry of {name}: {error}"))
    })?;
    let mut printer = Follower {
        name,
        json,
        table,
        described: None,
        second: Vec::new(),
        before: TelemetryCounts::default(),
    };
    let begun = Instant::now();
    let end = wait.map(|wait| begun + wait);
    let mut next = begun + SECOND;
    let mut known = TelemetryState::Connecting;
    loop {
        let now = Instant::now();
        let until = end.map_or(next, |end| next.min(end));
        following.wait(&known, until.saturating_duration_since(now));
        let TelemetryUpdate {
            state,
            items,
            counts,
        } = following.take();
        for item in items {
            printer.item(item)?;
        }
        if state != known {
            printer.state(&state, counts)?;
            known = state;
        }
        let now = Instant::now();
        if counts.connections == 0 && now >= begun + PATIENCE {
            return Err(Failure::NoAnswer(format!(
                "{}: no connection within {} s",
                printer.name,
                PATIENCE.as_secs()
            )));
        }
        let over = end.is_some_and(|end| now >= end);
        if now >= next || over {
            printer.summary(counts)?;
            next = now.max(next + SECOND);
        }
        if over {
            return printer.finish(counts, begun.elapsed());
        }
    }
}

/// Prints received samples.
struct Follower {
    name: String,
    json: bool,
    table: Option<Table>,
    described: Option<Arc<Telemetry>>,
    /// What each channel has received in this second.
    second: Vec<Sum>,
    before: TelemetryCounts,
}

#[derive(Clone, Copy)]
struct Sum {
    least: f64,
    most: f64,
    sum: f64,
    count: u32,
}

impl Sum {
    const EMPTY: Self = Self {
        least: f64::INFINITY,
        most: f64::NEG_INFINITY,
        sum: 0.0,
        count: 0,
    };

    fn add(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.sum += value;
        self.count += 1;
    }
}

impl Follower {
    fn item(&mut self, item: Item) -> Result<(), Failure> {
        match item {
            Item::Described(described) => {
                if self.json {
                    writeln!(output::out(), "{}", plain::json(&*described))?;
                }
                if let Some(table) = &mut self.table {
                    table.describe(&described)?;
                }
                self.second = vec![Sum::EMPTY; described.channels.len()];
                self.described = Some(described);
                Ok(())
            }
            Item::Frame(arrived) => self.frame(&arrived),
        }
    }

    fn frame(&mut self, ReceivedFrame { frame, lost }: &ReceivedFrame) -> Result<(), Failure> {
        let Some(described) = &self.described else {
            return Ok(());
        };
        let channels = usize::from(frame.channels);
        let scale = |at: usize| {
            described
                .channels
                .get(at % channels)
                .map_or(1.0, |channel| channel.scale)
        };
        let values =
            (0..frame.samples.len()).filter_map(|at| Some(frame.samples.get(at)? * scale(at)));
        if self.json {
            let rounded: Vec<Value> = values
                .clone()
                .map(|value| json!(text::rounded_sample(value)))
                .collect();
            let rows: Vec<&[Value]> = rounded.chunks(channels).collect();
            let line = json!({
                "sequence": frame.sequence, "time_us": frame.time_us,
                "interval_us": frame.interval_us, "lost": lost, "gap": frame.gap,
                "samples": rows,
            });
            writeln!(output::out(), "{}", plain::json(&line))?;
        }
        if let Some(table) = &mut self.table {
            let mut values = values.clone();
            for row in 0..frame.rows() as u64 {
                let time = frame.time_us + row * u64::from(frame.interval_us);
                table.row(time, values.by_ref().take(channels))?;
            }
        }
        for (at, value) in values.enumerate().filter(|(_, value)| value.is_finite()) {
            if let Some(sum) = self.second.get_mut(at % channels) {
                sum.add(value);
            }
        }
        Ok(())
    }

    fn state(&self, state: &TelemetryState, counts: TelemetryCounts) -> Result<(), Failure> {
        let notice = match state {
            TelemetryState::Connecting | TelemetryState::Open => return Ok(()),
            TelemetryState::Refused { why } => {
                return Err(Failure::Usage(format!("{}: {why}", self.name)));
            }
            TelemetryState::Waiting { why } if counts.connections == 0 => {
                return Err(Failure::NoAnswer(format!(
                    "{}: {}",
                    self.name,
                    text::plain(why)
                )));
            }
            TelemetryState::Waiting { why } => {
                format!("{}: {}; reconnecting", self.name, text::plain(why))
            }
        };
        Ok(writeln!(output::err(), "switchboard: {notice}")?)
    }

    fn summary(&mut self, counts: TelemetryCounts) -> Result<(), Failure> {
        let before = std::mem::replace(&mut self.before, counts);
        let sums = std::mem::take(&mut self.second);
        self.second = vec![Sum::EMPTY; sums.len()];
        let (Some(described), false) = (&self.described, self.json) else {
            return Ok(());
        };
        let mut line = format!(
            "{:>5} samples/s  {:>3} frames/s  lost {}  dropped {}",
            counts.samples - before.samples,
            counts.frames - before.frames,
            counts.lost,
            counts.dropped,
        );
        for (channel, sum) in described.channels.iter().zip(&sums) {
            line += &format!("   {}", words_of(channel, sum));
        }
        let mut out = output::out();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    fn finish(mut self, counts: TelemetryCounts, took: Duration) -> Result<(), Failure> {
        if let Some(table) = self.table.take() {
            table.finish()?;
        }
        let seconds = took.as_secs_f64();
        let mut out = output::out();
        if self.json {
            let line = json!({
                "seconds": seconds, "frames": counts.frames, "samples": counts.samples,
                "bytes": counts.bytes, "lost": counts.lost, "gaps": counts.gaps,
                "dropped": counts.dropped, "broken": counts.malformed,
                "connections": counts.connections,
            });
            return Ok(writeln!(out, "{}", plain::json(&line))?);
        }
        let gaps = if counts.gaps == 0 {
            String::new()
        } else {
            format!(", {} gaps in sampling", counts.gaps)
        };
        let malformed = if counts.malformed == 0 {
            String::new()
        } else {
            format!(", {} invalid", counts.malformed)
        };
        Ok(writeln!(
            out,
            "{} samples in {} frames, {} bytes, in {seconds:.1} s; {} frames lost by the board, \
             {} dropped here{gaps}{malformed}",
            counts.samples, counts.frames, counts.bytes, counts.lost, counts.dropped,
        )?)
    }
}

fn words_of(channel: &Channel, sum: &Sum) -> String {
    let (name, unit) = (
        text::plain(&channel.name),
        text::plain(channel.unit_of_measurement.as_deref().unwrap_or("")),
    );
    if sum.count == 0 {
        return format!("{name} -");
    }
    let quantity = |value| text::quantity(value, channel.accuracy_decimals, None);
    let mean = sum.sum / f64::from(sum.count);
    format!(
        "{name} {} / {} / {} {unit}",
        quantity(sum.least),
        quantity(mean),
        quantity(sum.most)
    )
}

/// A table of samples (RFC 4180).
struct Table {
    out: BufWriter<File>,
    path: String,
    columns: Option<Vec<String>>,
}

impl Table {
    fn create(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        match files::stream(path) {
            Ok(file) => Ok(Self {
                out: BufWriter::new(file),
                path: shown,
                columns: None,
            }),
            Err(error) => Err(Failure::Usage(format!("{shown}: {error}"))),
        }
    }

    fn describe(&mut self, described: &Telemetry) -> Result<(), Failure> {
        let column = |channel: &Channel| match &channel.unit_of_measurement {
            Some(unit) => format!("{} ({unit})", channel.name),
            None => channel.name.clone(),
        };
        let columns: Vec<String> = described.channels.iter().map(column).collect();
        match &self.columns {
            None => {
                let quoted = columns
                    .iter()
                    .map(|name| format!("\"{}\"", plain::cell(name).replace('"', "\"\"")));
                let head: Vec<String> = std::iter::once("time_us".to_owned())
                    .chain(quoted)
                    .collect();
                self.columns = Some(columns);
                self.write(&head.join(","))
            }
            Some(before) if *before == columns => Ok(()),
            Some(_) => Err(Failure::NoAnswer(format!(
                "{}: the board's channels have changed",
                self.path
            ))),
        }
    }

    fn row(&mut self, time_us: u64, values: impl Iterator<Item = f64>) -> Result<(), Failure> {
        let mut line = time_us.to_string();
        for value in values {
            line += &format!(",{}", text::sample(value));
        }
        self.write(&line)
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        write!(self.out, "{line}\r\n").map_err(|error| self.failed(&error))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.out.flush().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::Usage(format!("{}: {error}", self.path))
    }
}
