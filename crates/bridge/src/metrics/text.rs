//! Writes the text format of OpenMetrics 1.0: the samples of a family stand
//! together, below its type, its unit and its help.
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>)

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    fmt::Write,
};

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Info,
    StateSet,
    Summary,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::Summary => "summary",
        }
    }
}

/// A family of metrics.
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// Its name; ends with its unit.
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    /// Its unit; empty if it has none.
    pub(super) unit: &'static str,
    pub(super) help: Cow<'static, str>,
}

impl Family {
    /// A family whose name and help are known here.
    pub(super) const fn new(
        kind: Kind,
        name: &'static str,
        unit: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            unit,
            help: Cow::Borrowed(help),
        }
    }
}

/// Label names and values.
pub(super) type Labels<'a> = [(&'a str, &'a str)];

/// All families with their samples, by name.
#[derive(Default)]
pub(super) struct Families(BTreeMap<Cow<'static, str>, String>);

impl Families {
    /// Adds a sample. `suffix` is that of the type: `_total` of a counter. What
    /// is no finite number is left out.
    pub(super) fn add(&mut self, family: &Family, suffix: &str, labels: &Labels<'_>, value: f64) {
        if !value.is_finite() {
            return;
        }
        let samples = match self.0.entry(family.name.clone()) {
            Entry::Occupied(samples) => samples.into_mut(),
            Entry::Vacant(place) => place.insert(head(family)),
        };
        samples.push_str(&family.name);
        samples.push_str(suffix);
        for (at, (name, value)) in labels.iter().enumerate() {
            samples.push(if at == 0 { '{' } else { ',' });
            samples.push_str(name);
            samples.push_str("=\"");
            escape(value, samples);
            samples.push('"');
        }
        if !labels.is_empty() {
            samples.push('}');
        }
        // Writing to a String does not fail.
        let _ = writeln!(samples, " {value}");
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        let mut text = String::with_capacity(self.0.values().map(String::len).sum::<usize>() + 8);
        for samples in self.0.values() {
            text.push_str(samples);
        }
        text.push_str("# EOF\n");
        text
    }
}

fn head(family: &Family) -> String {
    let (name, kind) = (&family.name, family.kind.as_str());
    let mut head = format!("# TYPE {name} {kind}\n");
    if !family.unit.is_empty() {
        let _ = writeln!(head, "# UNIT {name} {}", family.unit);
    }
    head.push_str("# HELP ");
    head.push_str(name);
    head.push(' ');
    escape(&family.help, &mut head);
    head.push('\n');
    head
}

/// A backslash, a quote and a line break are escaped.
fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_of_a_family_stand_together_and_labels_are_escaped() {
        let on = Family::new(Kind::Gauge, "on", "", "On or off.");
        let taken = Family::new(Kind::Counter, "taken_seconds", "seconds", "Time \"taken\".");
        let mut families = Families::default();
        families.add(&taken, "_total", &[], 1.5);
        families.add(&on, "", &[("board", "a\"b\\c\nd"), ("site", "x")], 1.0);
        families.add(&taken, "_total", &[("board", "a")], f64::NAN);
        families.add(&on, "", &[("board", "e")], 0.0);
        assert_eq!(
            families.finish(),
            "# TYPE on gauge\n# HELP on On or off.\n\
             on{board=\"a\\\"b\\\\c\\nd\",site=\"x\"} 1\non{board=\"e\"} 0\n\
             # TYPE taken_seconds counter\n# UNIT taken_seconds seconds\n\
             # HELP taken_seconds Time \\\"taken\\\".\ntaken_seconds_total 1.5\n# EOF\n"
        );
    }
}
