//! What is printed: tables for people, one JSON object a line for programs. Decides nothing but how it looks.

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, SystemTime},
};

use protocol::{ComponentKey, Descriptor, State};
use serde_json::{Value, json};

use super::result_line;
use crate::fleet::{BoardView, ComponentView, Happening, LinkState, LogEntry, Origin, ResyncCause};

/// Writes to standard output, and reports where nobody reads it any more.
pub(super) struct Printer {
    json: bool,
}

impl Printer {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// A list of boards.
    pub(super) fn boards(&mut self, boards: &[Arc<BoardView>]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return boards.iter().try_for_each(|board| writeln!(out, "{}", board_json(board)));
        }
        if boards.is_empty() {
            return Ok(());
        }
        let mut rows = vec![["NAME", "ID", "ADDRESS", "STATE", "FIRMWARE", "BOARD"].map(str::to_owned)];
        rows.extend(boards.iter().map(|board| {
            let announcement = board.announcement.as_ref().map(|(announcement, _)| announcement);
            let info = board.info.as_ref();
            let version = info.map(|i| &i.version).or(announcement.map(|a| &a.version));
            let product = info.map(|i| &i.board).or(announcement.map(|a| &a.board));
            [
                plain(&board.name),
                plain(board.id.as_deref().unwrap_or("-")),
                board.address.clone(),
                link(&board.link),
                plain(version.map_or("-", String::as_str)),
                plain(product.map_or("-", String::as_str)),
            ]
        }));
        table(&mut out, &rows)
    }

    /// Everything about a board.
    pub(super) fn board(&mut self, board: &BoardView) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", board_json(board));
        }
        let id = board.id.as_deref().unwrap_or("-");
        writeln!(out, "{}  {}  {}  {}", plain(&board.name), plain(id), board.address, link(&board.link))?;
        if let Some(info) = &board.info {
            let up = Duration::from_millis(info.uptime_ms);
            writeln!(
                out,
                "{} on {}, firmware {}, up {}",
                plain(&info.board),
                plain(&info.platform),
                plain(&info.version),
                span(up)
            )?;
        }
        writeln!(out)?;
        let rows: Vec<_> = board
            .components
            .iter()
            .map(|component| {
                let descriptor = &component.descriptor;
                [descriptor.key.to_string(), plain(&descriptor.name), shown(component)]
            })
            .collect();
        table(&mut out, &rows)
    }

    /// What came of a command.
    pub(super) fn done(
        &mut self,
        board: &BoardView,
        component: &ComponentKey,
        result: &Value,
        took: Duration,
    ) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", result_line(&board.name, &component.to_string(), result, took));
        }
        let shown = board.components.iter().find(|c| c.descriptor.key == *component).map(|c| shown(c));
        let shown = shown.filter(|shown| !shown.is_empty()).unwrap_or_else(|| "done".to_owned());
        writeln!(out, "{}/{component}  {shown}  ({})", plain(&board.name), millis(took))
    }

    /// One line of `watch`.
    pub(super) fn happening(&mut self, board: Option<&Arc<BoardView>>, entry: &LogEntry) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", entry_json(board, entry));
        }
        let (subject, what, origin, late) = match &entry.what {
            Happening::Changed { component, change, origin, late } => {
                let descriptor = board.and_then(|board| descriptor(board, component));
                (component.to_string(), fields(descriptor, change), origin_name(origin), *late)
            }
            Happening::Event { component, event, origin, late } => {
                (component.to_string(), plain(event), origin_name(origin), *late)
            }
            Happening::Link(state) => ("link".to_owned(), link(state), String::new(), None),
            Happening::Resync(cause) => ("link".to_owned(), resync(*cause).to_owned(), String::new(), None),
            Happening::Command { component, method, .. } => {
                (component.as_ref().map(ToString::to_string).unwrap_or_default(), plain(method), String::new(), None)
            }
        };
        let late = late.map(|late| format!("{} late", millis(late))).unwrap_or_default();
        let line = format!(
            "{}  {:<16} {:<18} {:<28} {:<16} {}",
            time_of_day(entry.at),
            plain(&entry.board_name),
            subject,
            what,
            origin,
            late
        );
        writeln!(out, "{}", line.trim_end())?;
        out.flush()
    }

    /// Some lines of `watch` are gone.
    pub(super) fn missed(&mut self, entries: u64) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            return writeln!(out, "{}", json!({ "missed": entries }));
        }
        writeln!(out, "({entries} more came faster than they could be printed)")
    }
}

/// Columns as wide as their widest cell.
fn table<const N: usize>(out: &mut impl Write, rows: &[[String; N]]) -> io::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A text of a board, without what would move a terminal's cursor or colour it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn link(link: &LinkState) -> String {
    match link {
        LinkState::Announced => "announced".to_owned(),
        LinkState::Connecting => "connecting".to_owned(),
        LinkState::Connected => "connected".to_owned(),
        LinkState::Stale => "stale".to_owned(),
        LinkState::Unreachable { problem, .. } => format!("unreachable: {}", plain(&problem.to_string())),
    }
}

const fn resync(cause: ResyncCause) -> &'static str {
    match cause {
        ResyncCause::NewEpoch => "the board was reset; everything is read anew",
        ResyncCause::Gap => "something was missed; everything is read anew",
    }
}

fn origin_name(origin: &Origin) -> String {
    match origin {
        Origin::ThisProgram => "this program".to_owned(),
        Origin::OtherController(number) => format!("controller {number}"),
        Origin::ByHand => "by hand".to_owned(),
        Origin::Board => "the board".to_owned(),
        Origin::Unknown => String::new(),
    }
}

fn descriptor<'a>(board: &'a BoardView, key: &ComponentKey) -> Option<&'a Descriptor> {
    board.components.iter().map(|component| component.descriptor.as_ref()).find(|descriptor| descriptor.key == *key)
}

fn shown(component: &ComponentView) -> String {
    fields(Some(&component.descriptor), &component.shown())
}

/// A state, with the unit and the precision that the component describes.
fn fields(descriptor: Option<&Descriptor>, state: &State) -> String {
    let field = |(name, value): (&String, &Value)| match (name.as_str(), value) {
        ("on", Value::Bool(on)) => if *on { "on" } else { "off" }.to_owned(),
        ("value", value) => measured(descriptor, value),
        ("rgb", value) => match state.rgb() {
            Some([red, green, blue]) => format!("rgb=#{red:02x}{green:02x}{blue:02x}"),
            None => format!("rgb={value}"),
        },
        ("brightness", Value::Number(percent)) => format!("brightness={percent}%"),
        ("ct_k", Value::Number(kelvin)) => format!("{kelvin} K"),
        ("options", Value::Array(_)) => format!("of {}", state.options().map(plain).collect::<Vec<_>>().join("|")),
        (name, Value::String(text)) => format!("{name}={}", plain(text)),
        (name, value) => format!("{}={}", plain(name), plain(&value.to_string())),
    };
    // What a component is comes before how it is limited.
    let (first, rest): (Vec<_>, Vec<_>) = state.0.iter().partition(|(name, _)| matches!(name.as_str(), "on" | "value"));
    first.into_iter().chain(rest).map(field).collect::<Vec<_>>().join(" ")
}

fn measured(descriptor: Option<&Descriptor>, value: &Value) -> String {
    let unit = descriptor.and_then(|d| d.unit_of_measurement.as_deref()).map(|unit| format!(" {}", plain(unit)));
    let unit = unit.unwrap_or_default();
    match (value, descriptor.and_then(|d| d.accuracy_decimals)) {
        (Value::Null, _) => "unknown".to_owned(),
        (Value::Number(number), Some(decimals)) => {
            let decimals = usize::from(decimals.min(9));
            format!("{:.decimals$}{unit}", number.as_f64().unwrap_or(f64::NAN))
        }
        (Value::String(text), _) => format!("{:?}", plain(text)),
        (other, _) => format!("{other}{unit}"),
    }
}

fn millis(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    if millis < 10.0 { format!("{millis:.1} ms") } else { format!("{millis:.0} ms") }
}

fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn time_of_day(at: SystemTime) -> String {
    let zoned = jiff::Timestamp::try_from(at).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map_or_else(|_| "--:--:--".to_owned(), |at| at.strftime("%H:%M:%S%.3f").to_string())
}

/// Seconds since 1970, as programs like them.
fn unix_seconds(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn link_json(link: &LinkState) -> Value {
    match link {
        LinkState::Announced => json!({ "state": "announced" }),
        LinkState::Connecting => json!({ "state": "connecting" }),
        LinkState::Connected => json!({ "state": "connected" }),
        LinkState::Stale => json!({ "state": "stale" }),
        LinkState::Unreachable { problem, .. } => json!({ "state": "unreachable", "problem": problem.to_string() }),
    }
}

fn board_json(board: &BoardView) -> Value {
    let components: Vec<_> = board
        .components
        .iter()
        .map(|component| json!({ "descriptor": *component.descriptor, "state": component.reported }))
        .collect();
    let announced = board.announcement.as_ref().map(|(announcement, _)| {
        let pairs = announcement.to_txt().into_iter().map(|(key, value)| (key.to_owned(), Value::String(value)));
        Value::Object(pairs.collect())
    });
    json!({
        "id": board.id,
        "name": board.name,
        "address": board.address,
        "link": link_json(&board.link),
        "round_trip_ms": board.round_trip.map(|took| took.as_secs_f64() * 1e3),
        "announcement": announced,
        "info": board.info.as_deref(),
        "components": components,
    })
}

fn entry_json(board: Option<&Arc<BoardView>>, entry: &LogEntry) -> Value {
    let late_ms = |late: &Option<Duration>| late.map(|late| late.as_secs_f64() * 1e3);
    let mut line = match &entry.what {
        Happening::Changed { component, change, origin, late } => {
            json!({ "what": "changed", "component": component, "change": change, "origin": origin_json(origin), "late_ms": late_ms(late) })
        }
        Happening::Event { component, event, origin, late } => {
            json!({ "what": "event", "component": component, "event": event, "origin": origin_json(origin), "late_ms": late_ms(late) })
        }
        Happening::Link(link) => json!({ "what": "link", "link": link_json(link) }),
        Happening::Resync(ResyncCause::NewEpoch) => json!({ "what": "resync", "cause": "new_epoch" }),
        Happening::Resync(ResyncCause::Gap) => json!({ "what": "resync", "cause": "gap" }),
        Happening::Command { component, method, .. } => {
            json!({ "what": "command", "component": component, "method": method })
        }
    };
    if let Some(fields) = line.as_object_mut() {
        fields.insert("at".to_owned(), json!(unix_seconds(entry.at)));
        fields.insert("board".to_owned(), json!(&*entry.board_name));
        fields.insert("id".to_owned(), json!(board.and_then(|board| board.id.as_deref())));
    }
    line
}

fn origin_json(origin: &Origin) -> Value {
    match origin {
        Origin::ThisProgram => json!("this_program"),
        Origin::OtherController(number) => json!(format!("client:{number}")),
        Origin::ByHand => json!("physical"),
        Origin::Board => json!("board"),
        Origin::Unknown => Value::Null,
    }
}
