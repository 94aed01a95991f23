//! Compares what a controller received with what an exchange expects. Knows no
//! socket: it is given messages in their order.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Kinds of components that may change or report at any time.
const MEASURING: [&str; 5] = ["sensor", "binary_sensor", "text_sensor", "event", "update"];

/// The fields of `NotifyStatus` that are not components.
const STATUS_FIELDS: [&str; 5] = ["epoch", "prev", "seq", "uptime_ms", "source"];

/// What one controller has learned so far.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) epoch: String,
    /// The `seq` that it was sent last.
    pub(crate) seq: u64,
    pub(crate) uptime_ms: u64,
    /// The state of each component, from pushes since the step began.
    changed: Map<String, Value>,
    /// Whether a push that was expected arrived in this step.
    pushed: bool,
}

impl Memory {
    /// After `Device.Subscribe`.
    pub(crate) fn of(snapshot: &Value) -> Self {
        let number = |field: &str| snapshot[field].as_u64().expect("a number");
        Self {
            epoch: snapshot["epoch"].as_str().expect("an epoch").to_owned(),
            seq: number("seq"),
            uptime_ms: number("uptime_ms"),
            ..Self::default()
        }
    }

    /// A step begins.
    pub(crate) fn begin(&mut self) {
        self.changed.clear();
        self.pushed = false;
    }

    /// Checks the order of a push, and remembers it.
    fn follow(&mut self, params: &Value) -> Result<(), String> {
        let number = |field: &str| {
            params[field]
                .as_u64()
                .ok_or_else(|| format!("{field} is not a whole number"))
        };
        if params["epoch"] != self.epoch.as_str() {
            return Err(format!("the epoch is not {}", self.epoch));
        }
        let (prev, seq) = (number("prev")?, number("seq")?);
        if prev != self.seq || seq <= prev {
            return Err(format!("prev must be {}, and seq larger", self.seq));
        }
        self.seq = seq;
        self.time(&params["uptime_ms"])
    }

    fn time(&mut self, value: &Value) -> Result<(), String> {
        let time = value.as_u64().ok_or("uptime_ms is not a whole number")?;
        if time < self.uptime_ms {
            return Err(format!("uptime_ms was {} before", self.uptime_ms));
        }
        self.uptime_ms = time;
        Ok(())
    }
}

/// What a message was.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The next one that was expected.
    Expected,
    /// It belongs to what is expected, and more has to follow.
    Continues,
    /// Something that a board may send at any time.
    Background,
}

/// Judges a message; `next` is what is expected, and `clients` are the numbers
/// of the controllers.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn judge(
    got: &Value,
    next: Option<&Value>,
    memory: &mut Memory,
    clients: &BTreeMap<String, u64>,
) -> Result<Verdict, String> {
    if let Some(components) = next.and_then(|next| next.get("$until")) {
        return until(got, components, memory);
    }
    let method = got["method"].as_str();
    let expected_here = next.filter(|next| next["method"].as_str() == method);
    match method {
        Some("NotifyStatus") => {
            memory.follow(&got["params"])?;
            let stripped = without_measurements(got, expected_here);
            let Some((stripped, mixed)) = stripped else {
                return Ok(Verdict::Background);
            };
            let next = expected_here.ok_or("nothing like this was expected")?;
            let mut next = next.clone();
            if mixed && stripped["params"].get("source").is_none() {
                remove(&mut next["params"], "source");
            }
            match alike(&stripped, &next, memory, clients) {
                Ok(()) => {
                    memory.pushed = true;
                    Ok(Verdict::Expected)
                }
                Err(_) if only_measurements(&stripped) => Ok(Verdict::Background),
                Err(problem) => Err(problem),
            }
        }
        Some("NotifyEvent") => {
            let rings = |event: &Value| measures(event["component"].as_str().unwrap_or_default());
            let background = got["params"]["events"]
                .as_array()
                .is_some_and(|events| events.iter().all(rings));
            match expected_here.map(|next| alike(got, next, memory, clients)) {
                Some(Ok(())) => Ok(Verdict::Expected),
                _ if background => Ok(Verdict::Background),
                Some(Err(problem)) => Err(problem),
                None => Err("nothing like this was expected".to_owned()),
            }
        }
        Some("NotifyLog") if expected_here.is_none() => Ok(Verdict::Background),
        _ => {
            let next = next.ok_or("nothing more was expected")?;
            alike(got, next, memory, clients).map(|()| Verdict::Expected)
        }
    }
}

fn until(got: &Value, components: &Value, memory: &mut Memory) -> Result<Verdict, String> {
    if got["method"] != "NotifyStatus" {
        return match got["method"].as_str() {
            Some("NotifyLog" | "NotifyEvent") => Ok(Verdict::Background),
            _ => Err("only pushes of changes were expected".to_owned()),
        };
    }
    memory.follow(&got["params"])?;
    for (key, change) in got["params"].as_object().expect("params") {
        if let Value::Object(change) = change {
            let state = memory
                .changed
                .entry(key.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(state) = state {
                state.extend(change.clone());
            }
        }
    }
    let reached = components
        .as_object()
        .expect("components")
        .iter()
        .all(|(key, state)| {
            state
                .as_object()
                .expect("a state")
                .iter()
                .all(|(field, value)| {
                    memory.changed.get(key).and_then(|s| s.get(field)) == Some(value)
                })
        });
    Ok(if reached {
        Verdict::Expected
    } else {
        Verdict::Continues
    })
}

fn measures(key: &str) -> bool {
    MEASURING.contains(&key.split(':').next().unwrap_or_default())
}

fn remove(value: &mut Value, field: &str) {
    if let Value::Object(fields) = value {
        fields.remove(field);
    }
}

fn components_of(status: &Value) -> impl Iterator<Item = &String> {
    let fields = status["params"].as_object().into_iter().flatten();
    fields
        .map(|(name, _)| name)
        .filter(|name| !STATUS_FIELDS.contains(&name.as_str()))
}

fn only_measurements(status: &Value) -> bool {
    components_of(status).all(|key| measures(key))
}

/// A status without the measurements that are not expected, and whether there
/// were any; `None` if nothing else is in it.
fn without_measurements(got: &Value, next: Option<&Value>) -> Option<(Value, bool)> {
    let mut stripped = got.clone();
    let mut mixed = false;
    for key in components_of(got) {
        let expected = next.is_some_and(|next| next["params"].get(key).is_some());
        if measures(key) && !expected {
            remove(&mut stripped["params"], key);
            mixed = true;
        }
    }
    components_of(&stripped).next()?;
    Some((stripped, mixed))
}

/// Whether a value is as expected.
///
/// # Errors
/// The first difference.
pub(crate) fn alike(
    got: &Value,
    expected: &Value,
    memory: &mut Memory,
    clients: &BTreeMap<String, u64>,
) -> Result<(), String> {
    match (got, expected) {
        (_, Value::String(text)) if text.contains('$') => placeholder(got, text, memory, clients),
        (Value::Object(got), Value::Object(expected)) => {
            let more = expected.get("$more") == Some(&Value::Bool(true));
            if let Some(name) = got
                .keys()
                .find(|name| !more && !expected.contains_key(*name))
            {
                return Err(format!("{name} was not expected"));
            }
            for (name, expected) in expected.iter().filter(|(name, _)| *name != "$more") {
                let got = got.get(name).ok_or_else(|| format!("{name} is missing"))?;
                alike(got, expected, memory, clients)
                    .map_err(|problem| format!("{name}: {problem}"))?;
            }
            Ok(())
        }
        (Value::Array(got), Value::Array(expected)) if got.len() == expected.len() => {
            for (got, expected) in got.iter().zip(expected) {
                alike(got, expected, memory, clients)?;
            }
            Ok(())
        }
        (Value::Number(got), Value::Number(expected)) if got.as_f64() == expected.as_f64() => {
            // docs/protocol.md, Messages: whole numbers have no fraction.
            if expected.is_f64() == got.is_f64() {
                Ok(())
            } else {
                Err(format!("{got} must be written as {expected}"))
            }
        }
        _ if got == expected => Ok(()),
        _ => Err(format!("{got} instead of {expected}")),
    }
}

fn placeholder(
    got: &Value,
    text: &str,
    memory: &mut Memory,
    clients: &BTreeMap<String, u64>,
) -> Result<(), String> {
    let fits = match text {
        "$any" => true,
        "$text" => got.as_str().is_some_and(|text| !text.is_empty()),
        "$number" => got.is_number(),
        "$epoch" => got.as_str() == Some(memory.epoch.as_str()),
        // Checked when the push arrived.
        "$prev" => true,
        "$seq" if memory.pushed => got.as_u64() == Some(memory.seq),
        "$seq" => got.as_u64().is_some_and(|seq| seq >= memory.seq),
        "$uptime" => return memory.time(got),
        text => {
            let (before, name) = text.split_once('$').expect("a placeholder");
            let number = clients
                .get(name)
                .ok_or_else(|| format!("what is {text}?"))?;
            if before.is_empty() {
                got.as_u64() == Some(*number)
            } else {
                got.as_str() == Some(format!("{before}{number}").as_str())
            }
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{got} is not {text}"))
    }
}
